"""What a circuit does and yields, worked out slowly in complex128 numpy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qmlc.ir.circuit import Circuit, Condition, Instruction, Result, Variable
from qmlc.ir.dense import apply_instructions, operator_matrix
from qmlc.ir.operator import Operator
from qmlc.ops.matrices import ComplexMatrix, embed
from qmlc.types.polynomial import Number, Symbol, Value, lift

Mixture = dict[tuple[int, ...], ComplexMatrix]
"""For each record of classical bits columns, unnormalised states, and each of them happens."""

Values = Mapping[Symbol, Number]


def simulate(circuit: Circuit, values: Mapping[str, ArrayLike]) -> list[NDArray[Any]]:
    """The results of `circuit` for one sample; `values` are its inputs and parameters by name."""
    numbers = symbol_values((*circuit.inputs, *circuit.parameters), values)
    bound = replace(circuit, instructions=tuple(bind(i, numbers) for i in circuit.instructions))
    columns = np.hstack(list(run(bound).values()))
    density = columns @ columns.conj().T
    results = []
    for result in circuit.results:
        if result.kind == "state":
            (state,) = columns.T
            results.append(np.asarray(state[_basis(result.qubits, circuit.num_qubits)[:, 0]]))
        else:
            results.append(_measure(result, density, circuit.num_qubits, numbers))
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


def run(circuit: Circuit) -> Mixture:
    """What a circuit without symbols makes of |0…0>."""
    start = np.zeros((2**circuit.num_qubits, 1), dtype=np.complex128)
    start[0] = 1
    mixture: Mixture = {(0,) * circuit.num_bits: start}
    for instruction in circuit.instructions:
        found: dict[tuple[int, ...], list[ComplexMatrix]] = {}
        for record, columns in mixture.items():
            for after, part in _step(instruction, record, columns):
                found.setdefault(after, []).append(part)
        mixture = {record: _fewer(np.hstack(parts)) for record, parts in found.items()}
    return {record: columns for record, columns in mixture.items() if columns.size}


def _step(
    instruction: Instruction, record: tuple[int, ...], columns: ComplexMatrix
) -> Iterator[tuple[tuple[int, ...], ComplexMatrix]]:
    condition, name = instruction.condition, instruction.name
    if name in ("barrier", "delay") or (condition is not None and not holds(condition, record)):
        yield record, columns
    elif name in ("measure", "reset"):
        for outcome, part in enumerate(_project(instruction, columns)):
            changed = (outcome if b in instruction.bits else v for b, v in enumerate(record))
            yield tuple(changed), part
    elif name == "prepare":
        yield record, _preparation(instruction, len(columns)) @ columns
    else:
        qubits = range(len(columns).bit_length() - 1)
        yield record, apply_instructions([replace(instruction, condition=None)], qubits, columns)


def holds(condition: Condition, record: Sequence[int]) -> bool:
    """Whether the bits of a record have one of the values that are asked for."""
    return sum(record[bit] << i for i, bit in enumerate(condition.bits)) in condition.values


def _project(instruction: Instruction, columns: ComplexMatrix) -> list[ComplexMatrix]:
    """The parts of states in which a qubit is 0 and 1, put back to 0 by a reset."""
    rows = np.arange(len(columns))
    mask = 1 << instruction.qubits[0]
    low = (rows & mask == 0)[:, None]
    zero, one = np.where(low, columns, 0), np.where(low, 0, columns)
    return [zero, one[rows ^ mask] if instruction.name == "reset" else one]


def _preparation(instruction: Instruction, size: int) -> ComplexMatrix:
    """Takes |0…0> of the qubits to a state, and is 0 on others."""
    amplitudes = np.array(instruction.angles, dtype=np.complex128)
    matrix = np.zeros((len(amplitudes), len(amplitudes)), dtype=np.complex128)
    matrix[:, 0] = amplitudes / np.linalg.norm(amplitudes)
    return embed(matrix, instruction.qubits, size.bit_length() - 1)


def _fewer(columns: ComplexMatrix) -> ComplexMatrix:
    """Columns with the same density matrix, at most as many as they are long, and none 0."""
    if columns.shape[1] > len(columns):
        weights, vectors = np.linalg.eigh(columns @ columns.conj().T)
        columns = vectors * np.sqrt(np.maximum(weights, 0))
    return columns[:, np.sum(np.abs(columns) ** 2, axis=0) > 1e-14]


def branches(circuit: Circuit) -> list[tuple[NDArray[Any], tuple[int, ...]]]:
    """(unnormalised state, classical bits) of all that `run` yields."""
    return [(state, record) for record, columns in run(circuit).items() for state in columns.T]


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
