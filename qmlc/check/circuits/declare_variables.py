"""`param`, `qubit` and `measure`: what a body declares."""

from __future__ import annotations

import math

from qmlc.check.bind_arguments import bind_arguments
from qmlc.check.dimensions import check_known, names_in, resolve_type
from qmlc.check.errors.names import AlreadyDeclared, UnknownName
from qmlc.check.errors.types import BadOperation, BadType, Misplaced, TooMuch, WrongArguments
from qmlc.check.evaluate import evaluate, require_value
from qmlc.check.frame import MAX_ELEMENTS, MAX_QUBITS, CircuitState, Frame, Register
from qmlc.check.require_number import require_number
from qmlc.check.resolve import candidates
from qmlc.check.values import Bits, Qubits, Tensor, Value, describe, fail
from qmlc.ir.circuit import Distribution, Instruction, Variable
from qmlc.ops.distributions import DISTRIBUTIONS
from qmlc.ops.parameters import REQUIRED, Parameter
from qmlc.source.diagnostic import Label
from qmlc.source.nearest import propose_nearest
from qmlc.syntax import tree
from qmlc.types.tensors import TensorType


def declare_parameter(frame: Frame, node: tree.Param) -> None:
    """`param w: real[n] ~ zeros`: something to learn."""
    _refuse_twice(frame, node.name)
    if frame.circuit is not None and frame.circuit.capture is not None:
        fail(
            Misplaced,
            node,
            "a gate has no parameters of its own",
            "not in a gate",
            "declare it in the circuit, and hand it over as an angle",
        )
    if (frame.circuit is None and frame.network is None) or frame.loops:
        fail(
            Misplaced,
            node,
            "`param` belongs into a circuit, layer or model, outside of loops",
            "not here",
            "give it one more dimension, for the rounds",
        )
    check_known(frame, node.type)
    kind = resolve_type(frame, node.type, {})
    if not isinstance(kind, TensorType) or kind.dtype not in ("real", "complex"):
        what = "a parameter is a `real` or `complex` tensor"
        fail(BadType, node.type, what, f"this is `{kind}`")
    if frame.circuit is not None and kind.dtype == "complex":
        what = "the numbers of a circuit are real"
        fail(BadType, node.type, what, f"this is `{kind}`", "take two: a size and a phase")
    shape = tuple(
        require_number(frame, d, node.type, "a dimension of a parameter") for d in kind.dims
    )
    check_size(node.type, shape)
    start = _distribution(frame, node)
    if start.name == "identity_blocks" and (not shape or shape[0] % 2):
        fail(
            WrongArguments,
            node.type,
            "`identity_blocks` needs an even number of rows",
            f"this is `{kind}`",
            "layers come in pairs: `layer(w[2*i]) q`, then `inv @ layer(w[2*i + 1]) q`",
        )
    if frame.network is not None:
        variable = Variable(node.name.name, shape, start, kind.dtype)
        frame.network.parameters.append(variable)
        known = TensorType(kind.dtype, shape)
        position = frame.network.graph.add("parameter", [], known, name=node.name.name)
        value: Value = Tensor(position, known)
    else:
        assert frame.circuit is not None
        value = frame.circuit.builder.parameter(node.name.name, *shape, start=start)
    frame.scope.bind(node.name.name, value, node.name.span)


def check_size(node: tree.Node, shape: tuple[int, ...]) -> None:
    """Refuse tensors that no circuit can hold."""
    if math.prod(shape) > MAX_ELEMENTS:
        fail(TooMuch, node, f"this holds {math.prod(shape):,} numbers", f"at most {MAX_ELEMENTS:,}")


def _distribution(frame: Frame, node: tree.Param) -> Distribution:
    written = node.distribution
    if written is None:
        fail(
            Misplaced,
            node,
            f"the parameter `{node.name.name}` does not say how it starts",
            "no `~` and distribution",
            "write `~ uniform(0, 2*pi)`, `~ normal(0, 0.01)`, `~ zeros`",
        )
    name = _distribution_name(written)
    rows = [
        Parameter(key, REQUIRED if default is None else default)
        for key, default in DISTRIBUTIONS[name].items()
    ]
    arguments: list[float] = []
    keywords: dict[str, float] = {}
    if isinstance(written, tree.Call):
        arguments = [_real(frame, argument) for argument in written.arguments]
        keywords = {k.name.name: _real(frame, k.value) for k in written.keywords}
    values = bind_arguments(written, name, rows, arguments, keywords)
    return Distribution(name, tuple(values.values()))


def _distribution_name(written: tree.Expression) -> str:
    callee = written.function if isinstance(written, tree.Call) else written
    text = callee.span.text
    if text not in DISTRIBUTIONS:
        known = "there are " + ", ".join(DISTRIBUTIONS)
        proposal = propose_nearest(text, DISTRIBUTIONS, known)
        fail(BadType, callee, f"there is no distribution `{text}`", "not known", proposal)
    return text


def _real(frame: Frame, node: tree.Expression) -> float:
    value = require_value(frame, node)
    if isinstance(value, bool) or not isinstance(value, int | float):
        fail(BadOperation, node, "a number is needed here", f"this is {describe(value)}")
    return float(value)


def declare_qubits(frame: Frame, node: tree.Qubit) -> None:
    """`qubit a, b[2]`: registers in |0>."""
    circuit = frame.circuit
    if circuit is None:
        fail(Misplaced, node, "`qubit` belongs into a circuit", "not here")
    for register in node.registers:
        _refuse_twice(frame, register.name)
        size = _register_size(frame, register)
        if size < 0:
            fail(BadType, register, f"a register cannot have {size} qubits", "a negative size")
        entry = _take_spare(circuit, register, size) or _new_register(circuit, register, size)
        circuit.live.append(entry)
        qubits = Qubits(entry[2], register.size is not None)
        frame.scope.bind(register.name.name, qubits, register.name.span)


def _register_size(frame: Frame, node: tree.Register) -> int:
    if node.size is None:
        return 1
    known = candidates(frame)
    for name in names_in(node.size):
        if name not in known:
            proposal = f"make `{name}` a setting, or the size of an input: `x: real[{name}]`"
            fail(
                UnknownName,
                node.size,
                f"nothing says how large `{node.name.name}` is",
                f"`{name}` is not known",
                propose_nearest(name, frame.scope.names(), proposal),
            )
    value = evaluate(frame, node.size)
    return require_number(frame, value, node.size, "the size of a register")


def _take_spare(circuit: CircuitState, node: tree.Register, size: int) -> Register | None:
    """The register that an earlier round declared here, and left in |0>."""
    for position, entry in enumerate(circuit.spare):
        if entry[1] == node.span and len(entry[2]) == size:
            circuit.dirty.difference_update(entry[2])
            return circuit.spare.pop(position)
    return None


def _new_register(circuit: CircuitState, node: tree.Register, size: int) -> Register:
    total = size + sum(len(qubits) for _, _, qubits in circuit.declared)
    if total > MAX_QUBITS:
        what = f"this circuit would have {total:,} qubits"
        fail(TooMuch, node, what, f"at most {MAX_QUBITS:,} are possible")
    name = node.name.name
    taken = {n for n, _, _ in circuit.declared}
    unique = name if name not in taken else f"{name}_{len(taken)}"
    entry = (unique, node.span, circuit.builder.qubits(unique, size))
    circuit.declared.append(entry)
    return entry


def _refuse_twice(frame: Frame, name: tree.Identifier) -> None:
    scope = frame.scope.find(name.name)
    if scope is not None and (scope is frame.scope or not frame.loops):
        earlier = scope.places.get(name.name)
        related = (Label(earlier, "declared here first"),) if earlier is not None else ()
        fail(
            AlreadyDeclared,
            name,
            f"`{name.name}` is declared already",
            "again here",
            "choose another name",
            related,
        )


def measure(frame: Frame, node: tree.Measure, name: str) -> Bits:
    """Measure qubits into new bits called `name`."""
    value = require_value(frame, node.operand)
    if not isinstance(value, Qubits):
        fail(
            BadOperation, node.operand, "only qubits can be measured", f"this is {describe(value)}"
        )
    return measure_qubits(frame, node, value, name)


def measure_qubits(frame: Frame, node: tree.Node, value: Qubits, name: str) -> Bits:
    """Measure qubits into new bits called `name`, and remember that they were."""
    circuit = frame.circuit
    if circuit is None:
        fail(Misplaced, node, "`measure` belongs into a circuit", "not here")
    taken = {n for n, _ in circuit.builder.bit_names}
    unique, count = name, 1
    while unique in taken or unique in {n for n, _, _ in circuit.declared}:
        unique, count = f"{name}_{count}", count + 1
    bits = circuit.builder.bits(unique, len(value.indices))
    for qubit, bit in zip(value.indices, bits, strict=True):
        add_instruction(frame, Instruction("measure", (qubit,), bits=(bit,)))
        circuit.measured[qubit] = node.span
    circuit.mixed = circuit.mixed or node.span
    return Bits(bits, value.register)


def add_instruction(frame: Frame, instruction: Instruction) -> None:
    """Add an instruction to the circuit, or to the gate being put together."""
    assert frame.circuit is not None
    frame.session.step(frame.place)
    frame.circuit.overtake(instruction, frame.place)
    frame.circuit.add(instruction)
