"""A gate of Qiskit as instructions of the IR, the same matrix with the same phase."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from qiskit.circuit import AnnotatedOperation, ControlledGate, Gate, QuantumCircuit
from qiskit.circuit.annotated_operation import (
    ControlModifier,
    InverseModifier,
    Modifier,
    PowerModifier,
)
from qiskit.circuit.library import (
    CUGate,
    GlobalPhaseGate,
    PauliEvolutionGate,
    PauliGate,
    UnitaryGate,
)
from qiskit.circuit.library.standard_gates import get_standard_gate_name_mapping
from qiskit.exceptions import QiskitError
from qiskit.quantum_info import SparseObservable, SparsePauliOp
from qiskit.synthesis import LieTrotter, MatrixExponential, SuzukiTrotter

from qmlc.backends.qasm.errors import NotReadable
from qmlc.ir.circuit import Instruction
from qmlc.ir.definition import Definition
from qmlc.ir.modify_gates import control, gate_instruction, inverse, power
from qmlc.ir.operator import Operator, commute
from qmlc.ops.gates import GATES, canonical_name
from qmlc.types.polynomial import Value, lift


@dataclass(frozen=True)
class Reading:
    """How gates are read: `angle` reads a parameter."""

    angle: Callable[[Any], Value]
    kept: Mapping[str, Definition] = field(default_factory=dict)
    """Gates of the circuit's own that are instructions, and not what they are made of."""
    matrices: bool = True
    """Whether a gate that is given by its matrix stays one."""
    rows: frozenset[str] = frozenset()
    """Names that mean rows of `ops.gates`, whatever their definitions say."""


def read_gate(operation: Any, qubits: Sequence[int], reading: Reading) -> list[Instruction]:
    """The instructions that `operation` is on `qubits`.

    A gate that has no row is what its definition says, or else its matrix. NotReadable.
    """
    if isinstance(operation, AnnotatedOperation):
        return _modified(operation, qubits, reading)
    angle = reading.angle
    name = standard_names().get(operation.base_class)
    if name is None and operation.name in reading.rows:
        name = operation.name
    if name is not None and not _opened(operation):
        angles = [angle(p) for p in operation.params]
        # under further controls, a CU is to Qiskit a U with its phase as a fourth angle
        phase = global_phase(angles.pop()) if name == "u" and len(angles) == 4 else []
        return [*phase, gate_instruction(name, qubits, angles)]
    reader = _READERS.get(operation.base_class)
    if reader is not None:
        return reader(operation, tuple(qubits), reading)
    if isinstance(operation, ControlledGate):
        return _controlled(operation, qubits, reading)
    inner = _defined(operation, qubits, reading)
    return _call(operation, qubits, inner, reading) or inner


def _call(
    operation: Any, qubits: Sequence[int], inner: list[Instruction], reading: Reading
) -> list[Instruction]:
    """A gate that is kept, where its definition says what this one is."""
    definition = reading.kept.get(operation.name)
    if definition is None or len(definition.angles) != len(operation.params):
        return []
    angles = tuple(reading.angle(p) for p in operation.params)
    call = Instruction(definition.call, tuple(qubits), angles)
    body = definition.body(call)
    same = len(body) == len(inner) and all(map(alike, body, inner))
    return [call] if same else []


def alike(left: Instruction, right: Instruction) -> bool:
    """Whether two instructions differ by rounding only."""
    if replace(left, angles=()) != replace(right, angles=()):
        return False
    return len(left.angles) == len(right.angles) and all(
        all(abs(c) < 1e-12 for _, c in lift(lift(a) - b).terms)
        for a, b in zip(left.angles, right.angles, strict=True)
    )


@cache
def standard_names() -> dict[type, str]:
    """The rows of `ops.gates` by Qiskit's classes: users' gates may have any name."""
    return {
        g.base_class: canonical_name(name)
        for name, g in get_standard_gate_name_mapping().items()
        if canonical_name(name) in GATES
    }


def _opened(operation: Any) -> bool:
    """Whether a control must be in |0>."""
    return isinstance(operation, ControlledGate) and "0" in control_states(operation)


def control_states(operation: ControlledGate | ControlModifier) -> str:
    """The state of each control, the first of the qubits first."""
    state, count = operation.ctrl_state, operation.num_ctrl_qubits
    number = 2**count - 1 if state is None else int(state)
    return f"{number:0{count}b}"[::-1] if count else ""


def _controlled(
    operation: ControlledGate, qubits: Sequence[int], reading: Reading
) -> list[Instruction]:
    controls = operation.num_ctrl_qubits
    base = operation.base_gate
    if controls + base.num_qubits != operation.num_qubits:
        return _defined(operation, qubits, reading)  # it has ancillas
    inner = read_gate(base, qubits[controls:], reading)
    return control(inner, tuple(qubits[:controls]), control_states(operation))


def _modified(
    operation: AnnotatedOperation, qubits: Sequence[int], reading: Reading
) -> list[Instruction]:
    modifiers: list[Modifier] = list(operation.modifiers)
    controls = sum(m.num_ctrl_qubits for m in modifiers if isinstance(m, ControlModifier))
    if not all(isinstance(m, ControlModifier) for m in modifiers):
        reading = replace(reading, kept={})
    instructions = read_gate(operation.base_op, qubits[controls:], reading)
    for modifier in modifiers:
        match modifier:
            case InverseModifier():
                instructions = inverse(instructions)
            case PowerModifier():
                instructions = _power(instructions, reading.angle(modifier.power))
            case ControlModifier():
                # each control stands in front of those before it
                width, rest = modifier.num_ctrl_qubits, controls - modifier.num_ctrl_qubits
                places = tuple(qubits[rest:controls])
                instructions = control(instructions, places, control_states(modifier))
                controls -= width
            case _:
                raise NotReadable(f"there is no modifier `{type(modifier).__name__}`")
    return instructions


def _power(instructions: list[Instruction], exponent: Value) -> list[Instruction]:
    try:
        return power(instructions, exponent)
    except ValueError as error:
        raise NotReadable(str(error), "bind its parameters") from None


def _defined(operation: Any, qubits: Sequence[int], reading: Reading) -> list[Instruction]:
    definition = operation.definition
    if definition is not None:
        return read_definition(definition, qubits, reading)
    try:
        return [unitary(operation.to_matrix(), qubits)]
    except (AttributeError, QiskitError, TypeError):
        proposal = "give it a definition, or a matrix"
        raise NotReadable("it has no definition and no matrix", proposal) from None


def read_definition(
    definition: QuantumCircuit, qubits: Sequence[int], reading: Reading
) -> list[Instruction]:
    """The gates of a definition, its global phase first."""
    found = global_phase(reading.angle(definition.global_phase))
    for item in definition.data:
        places = [qubits[definition.find_bit(q).index] for q in item.qubits]
        if item.operation.name == "barrier":
            found.append(Instruction("barrier", tuple(places)))
            continue
        gate = isinstance(item.operation, Gate | AnnotatedOperation)
        if not gate and item.operation.definition is None:
            raise NotReadable(f"its definition holds `{item.operation.name}`, which is no gate")
        found += read_gate(item.operation, places, reading)
    return found


def global_phase(angle: Value) -> list[Instruction]:
    """The phase exp(i angle), unless it is 1."""
    return [] if angle == 0 else [Instruction("gphase", (), (angle,))]


def unitary(matrix: Any, qubits: Sequence[int]) -> Instruction:
    """A gate given by its matrix."""
    payload = tuple(tuple(complex(v) for v in row) for row in matrix)
    return Instruction("unitary", tuple(qubits), payload=payload)


def _cu(operation: Any, qubits: tuple[int, ...], reading: Reading) -> list[Instruction]:
    states = control_states(operation)
    *angles, phase = [reading.angle(p) for p in operation.params]
    shift = Instruction("gphase", qubits[:1], (phase,), states)
    return [shift, Instruction("u", qubits, tuple(angles), states)]


def _paulis(operation: Any, qubits: tuple[int, ...], reading: Reading) -> list[Instruction]:
    letters = zip(reversed(operation.params[0]), qubits, strict=True)
    return [gate_instruction(letter.lower(), [q], []) for letter, q in letters if letter != "I"]


def _evolution(operation: Any, qubits: tuple[int, ...], reading: Reading) -> list[Instruction]:
    """exp(-iHt); a product formula only where the terms do not commute, as Qiskit runs it."""
    synthesis, hamiltonian = operation.synthesis, operation.operator
    if not isinstance(hamiltonian, list):
        found = read_operator(hamiltonian, reading.angle)
        strings = [string for string, _ in found.terms]
        exact = isinstance(synthesis, MatrixExponential)
        if exact or all(commute(a, b) for i, a in enumerate(strings) for b in strings[:i]):
            return [Instruction("evolve", qubits, (reading.angle(operation.time),), payload=found)]
    if type(synthesis) in (LieTrotter, SuzukiTrotter) and synthesis.preserve_order:
        factors = synthesis.expand(operation)
        return [i for factor in factors for i in _factor(factor, qubits, reading)]
    return _defined(operation, qubits, reading)


def _factor(factor: Any, qubits: tuple[int, ...], reading: Reading) -> list[Instruction]:
    letters, places, turn = factor
    if not letters:
        return global_phase(-0.5 * reading.angle(turn))
    targets = tuple(qubits[place] for place in places)
    return [Instruction("rotation", targets, (reading.angle(turn),), payload=letters)]


def read_operator(
    operator: SparsePauliOp | SparseObservable, angle: Callable[[Any], Value]
) -> Operator:
    """An operator of Qiskit as ours, qubit 0 the rightmost letter; NotReadable."""
    operator = sparse_operator(operator)
    labels = zip(operator.paulis.to_labels(), operator.coeffs, strict=True)
    return Operator.from_labels([(label, angle(number)) for label, number in labels])


def sparse_operator(operator: Any) -> SparsePauliOp:
    """An operator, a Pauli or a label as a SparsePauliOp; NotReadable."""
    if isinstance(operator, SparseObservable):
        return SparsePauliOp.from_sparse_observable(operator)
    try:
        return operator if isinstance(operator, SparsePauliOp) else SparsePauliOp(operator)
    except (QiskitError, TypeError, ValueError):
        what = f"`{operator!r}` is no operator"
        raise NotReadable(what, "an operator is a SparsePauliOp, a Pauli or its label") from None


_READERS: dict[type, Callable[[Any, tuple[int, ...], Reading], list[Instruction]]] = {
    CUGate: _cu,
    GlobalPhaseGate: lambda o, q, reading: [
        Instruction("gphase", (), (reading.angle(o.params[0]),))
    ],
    PauliEvolutionGate: _evolution,
    PauliGate: _paulis,
    UnitaryGate: lambda o, q, reading: (
        [unitary(o.params[0], q)] if reading.matrices else _defined(o, q, reading)
    ),
}
"""What is not a row of `ops.gates`, by Qiskit's classes."""
