"""Rotations in storage coordinates, carried out one by one in complex128 numpy."""

from dataclasses import replace

import numpy as np

from qmlc.ir.circuit import Result
from qmlc.runtime.native.rotations import (
    Gather,
    Held,
    Matrix,
    Phase,
    Place,
    Prepare,
    Turn,
)
from qmlc.runtime.native.stages import Stage
from qmlc.runtime.native.to_rotations import to_rotations
from qmlc.runtime.normalise import normalise
from qmlc.testing.oracle import number, simulate, symbol_values


def actions_of(circuit):
    return [(a, i.condition) for i in circuit.instructions for a in normalise(i)]


def rotations_of(circuit):
    return to_rotations(actions_of(circuit), circuit.num_qubits)


def flat(stages):
    return [i for stage in stages for i in (stage.items if isinstance(stage, Stage) else [stage])]


def sample_values(circuit, seed=0):
    """Random numbers for the inputs and parameters of a circuit, by name."""
    generator = np.random.default_rng(seed)
    variables = (*circuit.inputs, *circuit.parameters)
    return {v.name: generator.normal(size=v.shape) for v in variables}


def oracle_state(circuit, values):
    """The state after a circuit, by its instructions."""
    everything = Result("state", qubits=tuple(range(circuit.num_qubits)))
    return simulate(replace(circuit, results=(everything,)), values)[0]


def run_rotations(items, circuit, values):
    """The storage after `items` on |0...0>."""
    numbers = symbol_values((*circuit.inputs, *circuit.parameters), values)
    state = np.zeros(2**circuit.num_qubits, dtype=complex)
    state[0] = 1
    for item in items:
        state = apply_item(item, state, numbers)
    return state


def logical_state(storage, frames):
    """The amplitudes in the order of the qubits' values."""
    index = np.arange(len(storage))
    place = sum((parity(index & frame.reads) ^ frame.offset) << q for q, frame in enumerate(frames))
    state = np.empty_like(storage)
    state[place] = storage
    return state


def random_basis(size, seed):
    """A random change of the bits of the index."""
    generator = np.random.default_rng(seed)
    reads = [1 << bit for bit in range(size)]
    for _ in range(4 * size if size > 1 else 0):
        one, other = generator.choice(size, 2, replace=False)
        reads[one] ^= reads[other]
    return basis_of_reads(reads)


def parity(values):
    return np.array([int(v).bit_count() & 1 for v in values])


def apply_item(item, state, numbers):
    index = np.arange(len(state))
    match item:
        case Turn(angle, flips, signs):
            assert (flips & signs).bit_count() % 2 == 1
            a = complex(number(angle, numbers)).real
            sign = 1 - 2 * parity(index & signs)
            return np.cos(a) * state - sign * np.sin(a) * state[index ^ flips]
        case Phase(angle, mask):
            a = complex(number(angle, numbers)).real
            return state * np.exp(1j * a * (1 - 2 * parity(index & mask)))
        case Held(angle, mask, controls):
            a = complex(number(angle, numbers)).real
            holds = np.all([parity(index & reads) == bit for reads, bit in controls], axis=0)
            return np.where(holds, state * np.exp(1j * a * (1 - 2 * parity(index & mask))), state)
        case Matrix(places, matrix):
            return apply_matrix(places, matrix, state)
        case Gather(places, source):
            return apply_matrix(places, np.eye(len(source))[list(source)], state)
        case Prepare(places, amplitudes):
            vector = np.array([complex(number(a, numbers)) for a in amplitudes])
            matrix = np.zeros((len(vector), len(vector)), dtype=complex)
            matrix[:, 0] = vector / np.linalg.norm(vector)
            return apply_matrix(places, matrix, state)
    raise AssertionError(item)


def apply_matrix(places, matrix, state):
    index = np.arange(len(state))
    local = sum(parity(index & place.reads) << i for i, place in enumerate(places))
    result = np.zeros_like(state)
    for change in range(len(matrix)):
        flips = 0
        for i, place in enumerate(places):
            flips ^= place.flips * (change >> i & 1)
        result += matrix[local, local ^ change] * state[index ^ flips]
    return result


def basis_of_reads(reads):
    """The change after which bit k of the index is parity(old index & reads[k]).

    ValueError where these do not tell all indices apart.
    """
    size = len(reads)
    # Gauss-Jordan elimination; each row remembers of which reads it is the sum
    rows = [(mask, 1 << k) for k, mask in enumerate(reads)]
    for bit in range(size):
        pivot = next((k for k in range(bit, size) if rows[k][0] >> bit & 1), None)
        if pivot is None:
            raise ValueError("the masks are dependent")
        rows[bit], rows[pivot] = rows[pivot], rows[bit]
        mask, parts = rows[bit]
        rows = [
            (m ^ mask, p ^ parts) if k != bit and m >> bit & 1 else (m, p)
            for k, (m, p) in enumerate(rows)
        ]
    columns = [sum((mask >> bit & 1) << k for k, mask in enumerate(reads)) for bit in range(size)]
    return tuple(Place(columns[bit], rows[bit][1]) for bit in range(size))
