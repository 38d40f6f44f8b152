"""What a circuit yields, worked out slowly in complex128 numpy with density matrices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qmlc.ir.circuit import Circuit, Condition, Instruction, Result, Variable
from qmlc.ir.dense import apply_instructions, instructions_matrix, operator_matrix
from qmlc.ir.operator import Operator
from qmlc.ops.matrices import ComplexMatrix, embed
from qmlc.types.polynomial import Number, Symbol, Value, lift

Mixture = dict[tuple[int, ...], ComplexMatrix]
"""For each record of classical bits the unnormalised density matrix."""

Values = Mapping[Symbol, Number]


def simulate(circuit: Circuit, values: Mapping[str, ArrayLike]) -> list[NDArray[Any]]:
    """The results of `circuit` for one sample; `values` are its inputs and parameters by name."""
    numbers = symbol_values((*circuit.inputs, *circuit.parameters), values)
    size = 2**circuit.num_qubits
    start = np.zeros((size, size), dtype=np.complex128)
    start[0, 0] = 1
    mixture: Mixture = {(0,) * circuit.num_bits: start}
    for instruction in circuit.instructions:
        mixture = _step(bind(instruction, numbers), mixture, circuit.num_qubits)
    total = sum(mixture.values())
    assert isinstance(total, np.ndarray)
    results = []
    for result in circuit.results:
        if result.kind == "state":
            results.append(_state(circuit, numbers, result.qubits))
        else:
            results.append(_measure(result, total, circuit.num_qubits, numbers))
    return results


def symbol_values(
    variables: Iterable[Variable], values: Mapping[str, ArrayLike]
) -> dict[Symbol, Number]:
    """The number of each element of `variables`."""
    numbers: dict[Symbol, Number] = {}
    for variable in variables:
        array = np.asarray(values[variable.name], dtype=np.float64).reshape(variable.shape)
        for index in np.ndindex(*variable.shape):
            numbers[Symbol(variable.name, tuple(map(int, index)))] = float(array[index])
    return numbers


def number(value: Value, values: Values) -> Number:
    """`value` with numbers in the place of all symbols."""
    result = lift(lift(value).substitute(values)).constant
    assert result is not None
    return result


def bind(instruction: Instruction, values: Values) -> Instruction:
    """`instruction` with numbers for angles and coefficients."""
    angles = tuple(number(angle, values) for angle in instruction.angles)
    payload = instruction.payload
    if isinstance(payload, Operator):
        payload = bind_operator(payload, values)
    return replace(instruction, angles=angles, payload=payload)


def bind_operator(operator: Operator, values: Values) -> Operator:
    """`operator` with numbers for coefficients."""
    return Operator(tuple((string, number(c, values)) for string, c in operator.terms))


def _step(instruction: Instruction, mixture: Mixture, num_qubits: int) -> Mixture:
    condition = instruction.condition
    after: Mixture = {}
    for record, density in mixture.items():
        if condition is not None and not holds(condition, record):
            _add(after, record, density)
            continue
        for bits, kraus in _kraus(instruction, num_qubits):
            changed = list(record)
            for bit in instruction.bits:
                changed[bit] = bits
            _add(after, tuple(changed), kraus @ density @ kraus.conj().T)
    return after


def holds(condition: Condition, record: Sequence[int]) -> bool:
    """Whether the bits of a record have one of the values that are asked for."""
    return sum(record[bit] << i for i, bit in enumerate(condition.bits)) in condition.values


def _add(mixture: Mixture, record: tuple[int, ...], density: ComplexMatrix) -> None:
    mixture[record] = mixture[record] + density if record in mixture else density


def _kraus(instruction: Instruction, num_qubits: int) -> list[tuple[int, ComplexMatrix]]:
    """(outcome, Kraus operator) pairs of an instruction."""
    qubits = instruction.qubits
    zero, one = (np.diag([1.0 + 0j, 0]), np.diag([0, 1.0 + 0j]))
    match instruction.name:
        case "barrier" | "delay":
            return [(0, np.eye(2**num_qubits, dtype=np.complex128))]
        case "measure":
            return [(0, embed(zero, qubits, num_qubits)), (1, embed(one, qubits, num_qubits))]
        case "reset":
            lower = np.array([[0, 1], [0, 0]], dtype=np.complex128)
            return [(0, embed(zero, qubits, num_qubits)), (0, embed(lower, qubits, num_qubits))]
        case "prepare":
            amplitudes = np.array(instruction.angles, dtype=np.complex128)
            matrix = np.zeros((len(amplitudes), len(amplitudes)), dtype=np.complex128)
            matrix[:, 0] = amplitudes / np.linalg.norm(amplitudes)
            return [(0, embed(matrix, qubits, num_qubits))]
        case _:
            return [(0, instructions_matrix([instruction], range(num_qubits)))]


Branch = tuple[NDArray[Any], tuple[int, ...]]
"""An unnormalised state, and the classical bits."""


def branches(circuit: Circuit) -> list[Branch]:
    """What a circuit without symbols makes of |0…0>: a branch for each way to measure and reset."""
    start = np.zeros(2**circuit.num_qubits, dtype=np.complex128)
    start[0] = 1
    found: list[Branch] = [(start, (0,) * circuit.num_bits)]
    for instruction in circuit.instructions:
        found = [new for state, bits in found for new in _branch(circuit, instruction, state, bits)]
    return found


def _branch(
    circuit: Circuit, instruction: Instruction, state: NDArray[Any], bits: tuple[int, ...]
) -> list[Branch]:
    condition = instruction.condition
    if condition is not None and not holds(condition, bits):
        return [(state, bits)]
    if instruction.name in ("barrier", "delay"):
        return [(state, bits)]
    if instruction.name in ("measure", "reset"):
        parts = _project(instruction, state)
        return [
            (part, tuple(outcome if b in instruction.bits else v for b, v in enumerate(bits)))
            for outcome, part in enumerate(parts)
            if np.vdot(part, part).real > 1e-14
        ]
    if instruction.name == "prepare":
        ((_, kraus),) = _kraus(instruction, circuit.num_qubits)
        return [(kraus @ state, bits)]
    gate = replace(instruction, condition=None)
    after = apply_instructions([gate], range(circuit.num_qubits), state[:, None])
    return [(after[:, 0], bits)]


def _project(instruction: Instruction, state: NDArray[Any]) -> list[NDArray[Any]]:
    """The parts of a state in which a qubit is 0 and 1, put back to 0 by a reset."""
    low = np.arange(len(state)) & (1 << instruction.qubits[0]) == 0
    zero, one = np.where(low, state, 0), np.where(low, 0, state)
    if instruction.name == "reset":
        one = one[np.arange(len(state)) ^ (1 << instruction.qubits[0])]
    return [zero, one]


def _state(circuit: Circuit, values: Values, qubits: tuple[int, ...]) -> NDArray[Any]:
    state = np.zeros(2**circuit.num_qubits, dtype=np.complex128)
    state[0] = 1
    for instruction in circuit.instructions:
        ((_, kraus),) = _kraus(bind(instruction, values), circuit.num_qubits)
        state = kraus @ state
    return np.asarray(state[_basis(qubits, circuit.num_qubits)[:, 0]])


def _basis(qubits: tuple[int, ...], num_qubits: int) -> NDArray[np.int64]:
    """Basis indices, `[states of qubits, states of the others]`."""
    others = [q for q in range(num_qubits) if q not in qubits]
    rows = [sum((i >> b & 1) << q for b, q in enumerate(qubits)) for i in range(2 ** len(qubits))]
    rest = [sum((i >> b & 1) << q for b, q in enumerate(others)) for i in range(2 ** len(others))]
    return np.array(rows, dtype=np.int64)[:, None] | np.array(rest, dtype=np.int64)[None, :]


def _measure(
    result: Result, density: ComplexMatrix, num_qubits: int, values: Values
) -> NDArray[Any]:
    if result.kind in ("expval", "variance"):
        means = []
        for operator in result.operators:
            matrix = operator_matrix(bind_operator(operator, values), num_qubits)
            mean = np.trace(matrix @ density).real
            if result.kind == "variance":
                mean = np.trace(matrix @ matrix @ density).real - mean**2
            means.append(mean)
        return np.array(means).reshape(result.shape)
    basis = _basis(result.qubits, num_qubits)
    reduced = np.array([[np.sum(density[a, b]) for b in basis] for a in basis])
    if result.kind == "probs":
        return np.asarray(np.diag(reduced).real)
    if result.kind == "purity":
        return np.asarray(np.trace(reduced @ reduced).real)
    eigenvalues = np.linalg.eigvalsh(reduced)
    kept = eigenvalues[eigenvalues > 1e-15]
    return np.asarray(-np.sum(kept * np.log(kept)))
