"""Parameters reached by name: `emb.weight`, `block.linear.bias`; tied wherever they are used."""

from __future__ import annotations

from typing import NoReturn

from qmlc.check.errors.names import NotAvailable, UnknownName
from qmlc.check.errors.types import NotKnown
from qmlc.check.frame import Frame
from qmlc.check.units.apply import hides_parameters, hold_layer, register
from qmlc.check.units.hold_tensors import hold_tensors, holds_tensors
from qmlc.check.units.making import Units
from qmlc.check.values import Builtin, Inside, Instance, Tensor, Value, describe, fail
from qmlc.source.nearest import propose_nearest
from qmlc.syntax import tree


def reach(
    units: Units,
    frame: Frame,
    node: tree.Attribute | tree.Index,
    base: Instance | Inside,
    name: str,
) -> Value:
    """A parameter of an instance as a tensor, or a part of it on the way to one."""
    inside = _enter(units, frame, node, base) if isinstance(base, Instance) else base
    path = f"{inside.path}.{name}".lstrip(".")
    if path in inside.shapes:
        assert frame.network is not None
        kind = inside.shapes[path]
        full = f"{inside.module}.{path}"
        return Tensor(frame.network.graph.add("parameter", [], kind, name=full), kind)
    if any(known.startswith(f"{path}.") for known in inside.shapes):
        return Inside(inside.module, path, inside.shapes)
    _refuse(node, inside, base, name)


def _enter(units: Units, frame: Frame, node: tree.Node, instance: Instance) -> Inside:
    if frame.network is None or not instance.name:
        what = "a parameter is reached through an instance that has a name"
        proposal = f"name it first: `let f = {instance.target.name}(…)`"
        fail(NotKnown, node, what, f"this is {describe(instance)}", proposal)
    if holds_tensors(instance.target):
        return hold_tensors(units, frame, node, instance)
    if hides_parameters(instance.changes):
        what = "a parameter of what is pruned is not reached from outside"
        proposal = "prune the layer or model that holds both, as a whole"
        fail(NotAvailable, node, what, f"`{instance.name}` is pruned", proposal)
    if isinstance(instance.target, Builtin):
        hold_layer(frame, node, instance)
    path = register(frame.network, instance, instance.target.name)
    if path not in frame.network.shapes:
        what = f"the sizes of `{instance.name}` are known once it is applied"
        fail(NotKnown, node, what, "not applied yet", f"apply it above: `{instance.name}(x)`")
    return Inside(path, "", frame.network.shapes[path])


def _refuse(node: tree.Node, inside: Inside, base: Instance | Inside, name: str) -> NoReturn:
    start = f"{inside.path}." if inside.path else ""
    known = [n.removeprefix(start).partition(".")[0] for n in inside.shapes if n.startswith(start)]
    known = list(dict.fromkeys(known))
    listing = "it has " + ", ".join(f"`{n}`" for n in known) if known else "it learns nothing"
    proposal = propose_nearest(name, known, listing)
    at = node.name if isinstance(node, tree.Attribute) else node
    fail(UnknownName, at, f"{describe(base)} has no parameter `{name}`", "not there", proposal)
