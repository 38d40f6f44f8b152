"""Instances of layers, circuits and models applied to tensors: a call of a submodule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qmlc.check.bind_arguments import bind_arguments, plain
from qmlc.check.errors.names import WrongKind
from qmlc.check.errors.types import ShapeMismatch, WrongArguments
from qmlc.check.frame import Frame, NetworkState
from qmlc.check.operate import as_node, shape_error
from qmlc.check.require_number import require_number
from qmlc.check.values import (
    Builtin,
    Instance,
    Poison,
    RecordNode,
    Stop,
    Tensor,
    Value,
    describe,
    fail,
)
from qmlc.ir.program import Call, Submodule
from qmlc.ops.changes import CHANGES
from qmlc.ops.layer_parameters import layer_parameters
from qmlc.ops.layers import LAYERS
from qmlc.ops.parameters import REQUIRED
from qmlc.syntax import tree
from qmlc.types.polynomial import Polynomial
from qmlc.types.tensors import RecordType, ShapeError, TensorType, Type, UnknownDimension


def apply_instance(
    frame: Frame,
    node: tree.Node,
    instance: Instance,
    arguments: Sequence[Value],
    keywords: dict[str, Value],
) -> Value:
    """What an instance yields for some tensors."""
    if any(isinstance(v, Poison) for v in (*arguments, *keywords.values())):
        raise Stop(None)
    if frame.network is None:
        fail(
            WrongKind,
            node,
            f"{describe(instance)} cannot be applied here",
            "a circuit is no network",
            "apply it in a layer or model; gates act on qubits",
        )
    if isinstance(instance.target, Builtin):
        return _apply_layer(frame, node, instance, arguments, keywords)
    return frame.session.apply_unit(frame, node, instance, arguments, keywords)


def _apply_layer(
    frame: Frame,
    node: tree.Node,
    instance: Instance,
    arguments: Sequence[Value],
    keywords: dict[str, Value],
) -> Value:
    """A row of `ops.layers` applied."""
    name = instance.target.name
    row = LAYERS[name]
    settings = _layer_settings(frame, node, instance)
    values = bind_arguments(node, name, row.inputs, list(arguments), keywords)
    tensors = [v if v is None else as_node(frame, node, v) for v in values.values()]
    try:
        shape = row.law([t and t.type for t in tensors], settings)
    except ShapeError as error:
        shape_error(frame, node, error, tensors)
    except UnknownDimension as error:
        require_number(frame, error.dimension, node, f"the input size of `{name}`")
        raise
    path = _hold_layer(frame, node, instance, {**shape.inferred, **settings})
    given = {key: t for key, t in zip(values, tensors, strict=True) if t is not None}
    names = {} if len(given) == len(tensors) else {"names": tuple(given)}
    return call_node(frame, path, list(given.values()), shape.output, **names)


def _layer_settings(frame: Frame, node: tree.Node, instance: Instance) -> dict[str, Any]:
    """The author's settings of a row of `ops.layers`, by name, as plain data."""
    name = instance.target.name
    rows = LAYERS[name].parameters
    bound = bind_arguments(node, name, rows, list(instance.arguments), dict(instance.keywords))
    settings = {key: plain(value) for key, value in bound.items()}
    _check_kinds(instance, settings)
    for key, value in settings.items():
        if isinstance(value, Polynomial):
            settings[key] = require_number(frame, value, node, f"`{key}` of `{name}`")
        elif not isinstance(value, int | float | str | bool | tuple | None):
            fail(
                WrongArguments,
                node,
                f"`{key}` of `{name}` must be known when compiling",
                f"this is {describe(value)}",
                f"settings first, inputs second: `{name}(…)(x)`",
            )
    return settings


def _check_kinds(instance: Instance, settings: dict[str, Any]) -> None:
    """Refuse what PyTorch takes as sizes, and stands here for `bias` or `eps`."""
    name = instance.target.name
    rows = LAYERS[name].parameters
    sizes = ", ".join(row.name for row in rows if row.default is REQUIRED)
    for row in rows:
        value = settings[row.name]
        if isinstance(row.default, bool) and not isinstance(value, bool):
            what = f"`{row.name}` of `{name}` is `true` or `false`"
        elif row.name == "eps" and isinstance(value, int | float) and value >= 1:
            what = f"`eps` of `{name}` is a small number, such as 1e-5"
        else:
            continue
        proposal = f"input sizes are inferred, and not given: `{name}({sizes})`"
        where = f"`{row.name}` is {describe(value)} here"
        fail(WrongArguments, instance.mention, what, where, proposal)


def hold_layer(frame: Frame, node: tree.Node, instance: Instance) -> None:
    """Hold a layer that is not applied yet, where nothing of it follows from an input."""
    row = LAYERS[instance.target.name]
    if row.order == tuple(p.name for p in row.parameters):
        _hold_layer(frame, node, instance, _layer_settings(frame, node, instance))


def _hold_layer(
    frame: Frame, node: tree.Node, instance: Instance, arguments: dict[str, Any]
) -> str:
    """The path of a layer, which is held now, with the types of its parameters."""
    assert frame.network is not None
    name = instance.target.name
    path = register(frame.network, instance, name)
    given, changes = instance.given, instance.changes
    submodule = Submodule(path, name, tuple(arguments.items()), False, given, changes)
    _hold(frame.network, node, submodule)
    shapes = layer_parameters(name, arguments)
    frame.network.shapes[path] = {n: TensorType("real", shape) for n, shape in shapes.items()}
    return path


def hides_parameters(changes: Sequence[Call]) -> bool:
    """Whether other numbers than a part's parameters are what it computes with."""
    return any(CHANGES[change.function].masks for change in changes)


def call_node(
    frame: Frame, path: str, tensors: Sequence[Any], kind: Type, **attributes: Any
) -> Value:
    """The node of a call of the submodule at `path`; see `ir.graph` for its attributes."""
    assert frame.network is not None
    graph = frame.network.graph
    node = graph.add("call", [t.node for t in tensors], kind, module=path, **attributes)
    return RecordNode(node, kind) if isinstance(kind, RecordType) else Tensor(node, kind)


def register(network: NetworkState | None, instance: Instance, name: str) -> str:
    """The path of an instance: its `let`, else its component and `_1`, `_2`; loops add an index."""
    assert network is not None
    mention = instance.mention
    place = (mention.source.name, mention.start, mention.end)
    key = (*place, instance.loops)
    if key not in network.paths:
        base = network.bases.get(place)
        if base is None:
            wanted = instance.name or name
            base, count = wanted, 0
            while base in network.taken:
                count += 1
                base = f"{wanted}_{count}"
            network.taken[base] = 1
            network.bases[place] = base
        network.paths[key] = ".".join([base, *map(str, instance.loops)])
    return network.paths[key]


def _hold(network: NetworkState | None, node: tree.Node, submodule: Submodule) -> None:
    """Add a submodule, or find that this instance has the same sizes as before."""
    assert network is not None
    earlier = network.submodules.setdefault(submodule.path, submodule)
    if earlier.changes != submodule.changes:
        function = (*submodule.changes, *earlier.changes)[0].function
        more = ", …" if CHANGES[function].parameters else ""
        fail(
            WrongKind,
            node,
            f"one instance of `{submodule.target}` is changed by `{function}` here, and not there",
            "made otherwise before",
            f"bind what is done to it, `let f = {function}({submodule.path}{more})`, and use that",
        )
    if earlier != submodule:
        old, new = dict(earlier.arguments), dict(submodule.arguments)
        changed = [f"`{k}` {old.get(k)} and {v}" for k, v in new.items() if old.get(k) != v]
        fail(
            ShapeMismatch,
            node,
            f"one instance of `{submodule.target}` takes inputs of one size",
            "differs from before in " + ", ".join(changed),
            "mention the component again for an instance of its own",
        )


def hold_part(frame: Frame, node: tree.Node, submodule: Submodule) -> None:
    """Add what another part is handed as a submodule of the unit at hand."""
    _hold(frame.network, node, submodule)


def hold_unit(
    frame: Frame, node: tree.Node, submodule: Submodule, shapes: dict[str, TensorType]
) -> None:
    """Add a unit, whose parameters have these types, as a submodule of the unit at hand."""
    assert frame.network is not None
    _hold(frame.network, node, submodule)
    frame.network.shapes[submodule.path] = shapes
