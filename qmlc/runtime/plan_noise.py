"""From a circuit to the plan of its exact simulation on a noisy device, with density matrices.

A density matrix of n qubits is simulated as a state of 2n: the qubits of its column index, then
those of its row. A gate acts on the first, its conjugate on the second, and noise on both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from qmlc.ir.circuit import Circuit, Instruction
from qmlc.runtime.device_noise import DEPHASE, RESET, gate_noise, readout_error, superoperator
from qmlc.runtime.normal_form import (
    Action,
    Array,
    Controls,
    Dense,
    Exponential,
    Gate,
    Measure,
    PauliTurn,
    Permute,
    Phases,
    PhaseTerm,
    Prepare,
    Reset,
    Spectrum,
    Turn,
)
from qmlc.runtime.normalise import normalise, turn_matrix
from qmlc.runtime.plan import Plan
from qmlc.runtime.plan_circuit import plan_actions
from qmlc.targets.read_target import Target


def plan_noise(circuit: Circuit, target: Target) -> Plan:
    """The plan of `circuit`, which must be in the gates of `target`, under the noise of `target`.

    ValueError for results that no measurement yields.
    """
    if any(result.kind == "state" for result in circuit.results):
        raise ValueError("under noise there is no one `state`; return probs or expval")
    actions = [
        (action, None)
        for instruction in circuit.instructions
        for action in _noisy(instruction, circuit.num_qubits, target)
    ]
    width, error = 2 * circuit.num_qubits, readout_error(target)
    return plan_actions(circuit, actions, width, mixed=True, readout_error=error)


def _noisy(instruction: Instruction, width: int, target: Target) -> Iterator[Action]:
    """An instruction and its noise, as gates on a density matrix."""
    actions = list(normalise(instruction))
    if instruction.name in target.virtual or not instruction.unitary or not instruction.qubits:
        for action in actions:
            yield from _lift(action, width)
        return
    qubits = instruction.qubits
    noise = gate_noise(target, len(qubits))
    matrix = _fixed_turn(actions)
    if matrix is not None:
        yield _channel(noise @ superoperator(matrix), qubits, width)
        return
    for action in actions:
        yield from _lift(action, width)
    yield _channel(noise, qubits, width)


def _fixed_turn(actions: Sequence[Action]) -> Array | None:
    """The matrix of a one-qubit gate without symbols, which its noise can be multiplied onto."""
    match actions:
        case [Turn() as turn]:
            return turn_matrix(turn)
        case _:
            return None


def _channel(matrix: Array, qubits: tuple[int, ...], width: int) -> Dense:
    return Dense((*qubits, *(q + width for q in qubits)), matrix)


def _lift(action: Action, width: int) -> Iterator[Action]:
    """An action on a state as actions on a density matrix."""
    match action:
        case Measure(qubit):
            yield _channel(DEPHASE, (qubit,), width)
        case Reset(qubit):
            yield _channel(RESET, (qubit,), width)
        case _:
            yield action
            yield _conjugate(action, width)


def _conjugate(gate: Gate, width: int) -> Gate:
    """The complex conjugate of a gate, on the qubits of the row."""
    match gate:
        case Turn(qubit, angle, constant, cosine, sine):
            return Turn(qubit + width, angle, constant.conj(), cosine.conj(), sine.conj())
        case Phases(terms):
            return Phases(
                tuple(
                    PhaseTerm(-t.angle, t.mask << width, _shift(t.controls, width)) for t in terms
                )
            )
        case Permute(places, images):
            return Permute(tuple(p + width for p in places), images)
        case PauliTurn(angle, flips, signs, controls):
            sign = -1 if gate.ys % 2 == 0 else 1
            moved = _shift(controls, width)
            return PauliTurn(sign * angle, flips << width, signs << width, moved)
        case Dense(targets, matrix, controls):
            places = tuple(t + width for t in targets)
            return Dense(places, _conjugate_matrix(matrix), _shift(controls, width))
        case Prepare():
            raise ValueError("amplitudes that are not known cannot be prepared on a device")


def _conjugate_matrix(matrix: Array | Spectrum | Exponential) -> Array | Spectrum | Exponential:
    match matrix:
        case Spectrum(time, values, vectors):
            return Spectrum(-time, values, vectors.conj())
        case Exponential(angles, strings):
            signs = (-1 if (f & s).bit_count() % 2 == 0 else 1 for f, s in strings)
            return Exponential(tuple(s * a for s, a in zip(signs, angles, strict=True)), strings)
        case _:
            return np.conj(matrix)


def _shift(controls: Controls, width: int) -> Controls:
    return Controls(controls.mask << width, controls.value << width)
