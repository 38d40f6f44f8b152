"""`deploy` blocks: a part, a device, options."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qmlc.check.bind_arguments import bind_arguments
from qmlc.check.blocks.elaborate_constructor import elaborate_constructor, plain_option
from qmlc.check.blocks.read_device import read_device
from qmlc.check.errors.names import UnknownName, WrongKind
from qmlc.check.errors.targets import BeyondLimits, NotForTarget
from qmlc.check.errors.training import BadOption
from qmlc.check.errors.types import Misplaced
from qmlc.check.evaluate import evaluate
from qmlc.check.frame import Frame
from qmlc.check.units.making import Units
from qmlc.check.values import Declared, describe, fail
from qmlc.ir.circuit import Circuit
from qmlc.ir.program import Call, Deployment, Unit
from qmlc.ops.mitigations import MITIGATIONS
from qmlc.source.nearest import propose_nearest
from qmlc.syntax import tree
from qmlc.targets.exceeded_limit import exceeded_limit
from qmlc.targets.read_target import Target, read_target

OPTIONS = ("shots", "mitigation", "level", "layout")


def elaborate_deployment(units: Units, frame: Frame, block: tree.DeployBlock) -> Deployment:
    """A deploy block: the part, the device, the options."""
    unit: Unit | None = None
    with frame.session.recover():
        unit = _part(units, frame, block.part)
    target = ""
    with frame.session.recover():
        target = read_device(frame, block.device)
    if unit is not None and target:
        for circuit in _circuits(units, unit):
            with frame.session.recover():
                _check_fits(block.part, circuit, read_target(target))
    options: dict[str, Any] = {}
    for statement in block.block.statements:
        with frame.session.recover():
            key, value = _option(frame, statement)
            options[key] = value
            if key == "shots" and target:
                _check_shots(statement, read_target(target), value)
    return Deployment(block.part.span.text, target, tuple(options.items()))


def _circuits(units: Units, unit: Unit) -> Iterator[Circuit]:
    """The circuits of a unit and of the units inside of it."""
    if unit.circuit is not None:
        yield unit.circuit
    known = {made.class_name: made for made in units.order}
    for target in dict.fromkeys(part.target for part in unit.submodules if part.is_unit):
        yield from _circuits(units, known[target])


def _check_fits(part: tree.Expression, circuit: Circuit, target: Target) -> None:
    """Refuse a circuit that a device has no room or no means for."""
    name = circuit.name
    if circuit.num_qubits > target.qubits:
        what = f"`{name}` needs {circuit.num_qubits} qubits, {target.title} has {target.qubits}"
        fail(NotForTarget, part, what, "too wide", "`qmlc targets` lists the devices")
    if not target.feedforward and any(i.condition for i in circuit.instructions):
        what = f"{target.title} cannot make gates depend on measured bits, as `{name}` does"
        fail(NotForTarget, part, what, "feed-forward", "measure at the end, or choose another")
    for result in circuit.results:
        if what := exceeded_limit(target, result.shots or 0):
            fail(
                BeyondLimits, part, what, "too many", "run it several times, and add up the counts"
            )
        if result.kind in ("state", "purity", "entropy") and target.name != "simulator":
            what = f"`{name}` returns `{result.kind}`, which no device can measure"
            fail(NotForTarget, part, what, "simulators only", "return expval, variance or probs")


def _check_shots(statement: tree.Statement, target: Target, shots: int) -> None:
    """Refuse more shots than a device takes."""
    if what := exceeded_limit(target, shots):
        fail(
            BeyondLimits, statement, what, "too many", "run it several times, and add up the counts"
        )


def _part(units: Units, frame: Frame, part: tree.Expression) -> Unit | None:
    """What is deployed, where it is made; refuse what is no component, or a part of none."""
    root: tree.Node = part
    while isinstance(root, tree.Attribute | tree.Index):
        root = root.base
    callee = root.function if isinstance(root, tree.Call) else root
    if not isinstance(callee, tree.Identifier):
        what = "a model, a circuit or a part of one is deployed"
        fail(WrongKind, part, what, "neither", "write `deploy m.part to ibm(…) { … }`")
    value = evaluate(frame, callee)
    if not isinstance(value, Declared) or value.kind not in ("model", "layer", "circuit", "kernel"):
        what = "only models, layers and circuits are deployed"
        fail(WrongKind, callee, what, f"this is {describe(value)}")
    names = _names(part)
    unit = next((u for u in units.order if u.name == callee.name), None)
    while unit is not None and names:
        name = names.pop(0)
        parts = {s.path.split(".")[0]: s.target for s in unit.submodules}
        if name.name not in parts:
            has = "its parts are " + ", ".join(f"`{p}`" for p in parts)
            proposal = propose_nearest(name.name, parts, has)
            fail(UnknownName, name, f"`{unit.name}` has no part `{name.name}`", "no part", proposal)
        unit = next((u for u in units.order if u.class_name == parts[name.name]), None)
    return unit


def _names(part: tree.Expression) -> list[tree.Identifier]:
    """The names behind the first of `m.part[0].inner`."""
    if isinstance(part, tree.Attribute):
        return [*_names(part.base), part.name]
    return _names(part.base) if isinstance(part, tree.Index) else []


def _option(frame: Frame, statement: tree.Statement) -> tuple[str, Any]:
    if not isinstance(statement, tree.Assign) or len(statement.names) != 1:
        fail(Misplaced, statement, "a deploy block holds lines `option = value`", "not here")
    key = statement.names[0]
    if key.name not in OPTIONS:
        known = "there are " + ", ".join(OPTIONS)
        proposal = propose_nearest(key.name, OPTIONS, known)
        fail(BadOption, key, f"a deploy block has no option `{key.name}`", "not known", proposal)
    if key.name == "mitigation":
        return key.name, _mitigation(frame, statement.value)
    value = plain_option(frame, statement.value)
    if key.name in ("shots", "level") and (not isinstance(value, int) or isinstance(value, bool)):
        what = f"`{key.name}` is a whole number"
        fail(BadOption, statement.value, what, f"this is {describe(value)}")
    return key.name, value


def _mitigation(frame: Frame, node: tree.Expression) -> tuple[Call, ...]:
    """A list of methods with their settings, each once."""
    if not isinstance(node, tree.List):
        what, proposal = (
            "`mitigation` is a list of methods",
            "write `[readout, zne(scales=[1, 3])]`",
        )
        fail(BadOption, node, what, "no list", proposal)
    calls: dict[str, Call] = {}
    for item in node.items:
        with frame.session.recover():
            call = _method(frame, item)
            if call.function in calls:
                fail(BadOption, item, f"`{call.function}` is asked for twice", "again here")
            calls[call.function] = call
    return tuple(calls.values())


def _method(frame: Frame, node: tree.Expression) -> Call:
    """A method of error mitigation with all its settings."""
    call = elaborate_constructor(frame, node, MITIGATIONS, "mitigation")
    row = MITIGATIONS[call.function]
    keywords = dict(call.keywords)
    values = bind_arguments(node, call.function, row.parameters, call.arguments, keywords)
    if not row.fits(values):
        fail(BadOption, node, f"`{call.function}` takes {row.takes}", "does not fit")
    return Call(call.function, (), tuple(values.items()))
