"""The fewest gates on two qubits: what is done to a circuit before it is compiled for a device."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from qmlc.ir.circuit import Circuit, Instruction, Result
from qmlc.passes.clifford_phase import clifford_phase
from qmlc.passes.collect_turns import PauliForm, collect_turns
from qmlc.passes.count_entangling_gates import count_entangling_gates
from qmlc.passes.lower_to_turns import Turns, lower_to_turns
from qmlc.passes.pauli_turns import quarters
from qmlc.passes.push_swaps import push_swaps
from qmlc.passes.synthesise_turns import synthesise_turns
from qmlc.passes.write_synthesis import exchange, write_synthesis
from qmlc.types.polynomial import Value

TURNING = frozenset({"rxx", "ryy", "rzz", "rzx", "ms"})
"""Gates that turn about two letters by any angle."""

DISCOUNTS = (0.5, 0.7)
"""By how much what comes a layer later counts less; the best of these is taken."""

MAX_TURNS = 2000
"""Rotations that are synthesised anew together; longer circuits stay as they are."""


def optimise_for_device(circuit: Circuit, native_two_qubit: Collection[str] = ()) -> Circuit:
    """`circuit` with fewer gates on two qubits, for a device whose qubits are all connected.

    The same results, and where there are none the same unitary with its global phase, for all
    values of inputs and parameters. `native_two_qubit` names the gates of the device.
    """
    widest = 2 if TURNING & set(native_two_qubit) else 1
    found: list[Instruction] = []
    for region in _regions(circuit.instructions):
        found += _optimise_region(region, circuit.num_qubits, widest)
    instructions, at = push_swaps(found, circuit.num_qubits)
    if circuit.results:
        results = tuple(_moved(result, at) for result in circuit.results)
    else:
        results = ()
        instructions += exchange({place: qubit for qubit, place in enumerate(at)})
    return replace(circuit, instructions=tuple(instructions), results=results)


def _moved(result: Result, at: Sequence[int]) -> Result:
    """A result where the qubits are."""
    return replace(
        result,
        operators=tuple(operator.place(tuple(at)) for operator in result.operators),
        qubits=tuple(at[q] for q in result.qubits),
    )


def _regions(instructions: Sequence[Instruction]) -> Iterator[tuple[list[Instruction], Turns]]:
    """Runs of gates with the rotations that they are; what is no rotation stands alone."""
    run: list[Instruction] = []
    turns = Turns()
    for instruction in instructions:
        lowered = lower_to_turns(instruction)
        if lowered is not None:
            run.append(instruction)
            turns.turns += lowered.turns
            turns.phase = turns.phase + lowered.phase
            continue
        yield run, turns
        yield [instruction], Turns()
        run, turns = [], Turns()
    yield run, turns


def _optimise_region(
    region: tuple[list[Instruction], Turns], num_qubits: int, widest: int
) -> list[Instruction]:
    """The instructions of a region, or others that cost less."""
    instructions, turns = region
    cost, depth = count_entangling_gates(instructions, widest)
    if not cost or not turns.turns:
        return instructions
    form = collect_turns(turns.turns, num_qubits)
    if len(form.turns) > MAX_TURNS:
        return instructions
    best = None
    for width in {1, widest}:
        for discount in DISCOUNTS:
            found = synthesise_turns(form, num_qubits, width, discount, cost)
            if found is not None and (found.cost, found.depth) < (cost, depth):
                best, cost, depth = found, found.cost, found.depth
    if best is None:
        return instructions
    written = write_synthesis(best, form.turns)
    return [*written, *_phase(form, turns.phase, written, num_qubits)]


def _phase(
    form: PauliForm, phase: Value, written: Sequence[Instruction], num_qubits: int
) -> list[Instruction]:
    """The global phase of `form`, beside `phase`, over what was written for it."""
    inverse = []
    for instruction in written:
        lowered = lower_to_turns(instruction)
        assert lowered is not None
        phase = phase - lowered.phase
        for pauli, angle in lowered.turns:
            count = quarters(angle)
            if count is not None:
                inverse.append((pauli, -count % 8))
    eighths = clifford_phase([*form.quarter_turns, *reversed(inverse)], num_qubits)
    phase = phase + eighths * (math.pi / 4)
    if not isinstance(phase, (int, float)):
        return [Instruction("gphase", (), (phase,))]
    rest = math.remainder(phase, 2 * math.pi)
    return [Instruction("gphase", (), (rest,))] if abs(rest) > 1e-12 else []
