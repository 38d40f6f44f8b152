"""The fewest gates on two qubits: what is done to a circuit before it is compiled for a device."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Literal

from qmlc.ir.circuit import Circuit, Instruction, Result
from qmlc.passes.synthesis.collect_blocks import collect_blocks
from qmlc.passes.synthesis.count_entangling_gates import (
    count_entangling_gates,
    entangling_cost,
)
from qmlc.passes.synthesis.lower_to_turns import is_turns
from qmlc.passes.synthesis.push_local_gates import push_local_gates
from qmlc.passes.synthesis.push_swaps import push_swaps
from qmlc.passes.synthesis.resynthesise import Ends, Letters, is_small, resynthesise
from qmlc.passes.synthesis.write_synthesis import exchange
from qmlc.types.polynomial import Polynomial

TURNING = frozenset({"rxx", "ryy", "rzz", "rzx", "ms"})
"""Gates that turn about two letters by any angle."""


LARGER = (8, 400)
"""Qubits and gates of the blocks into which large circuits are cut."""

MAX_GATES = 20_000
"""Those of longer circuits are looked at in pairs of qubits alone: larger blocks take seconds."""

FEW_GATES = 40
"""Those on two qubits of a circuit that takes no time to compile in more than one form."""

Kept = Literal["unitary", "action", "state", "results"]


def optimise_for_device(
    circuit: Circuit, native_two_qubit: Collection[str] = (), keep: Kept = "unitary"
) -> Circuit:
    """`circuit` with fewer gates on two qubits, for a device whose qubits are all connected.

    `native_two_qubit` names the gates of the device. What stays the same, for all values of inputs
    and parameters, is the unitary with its global phase; its action, without this phase; the state
    that the gates make of |0…0>, with its phase; or the results alone. Where there are results,
    qubits may end up exchanged: the results say which is which.
    """
    widest = _widest(native_two_qubit)
    regions = list(_regions(circuit.instructions))
    found: list[Instruction] = []
    for place, region in enumerate(regions):
        last = place == len(regions) - 1 and keep == "results"
        ends = Ends(
            keep in ("state", "results") and place == 0,
            _measured(circuit) if last else None,
            keep in ("unitary", "state"),
        )
        found += _optimise(region, widest, ends)
    named, at = push_swaps(found, circuit.num_qubits)
    instructions = push_local_gates(named, native_two_qubit)
    if not circuit.results:
        places = {place: qubit for qubit, place in enumerate(at)}
        instructions += exchange(places, circuit.num_qubits)
    results = tuple(_moved(result, at) for result in circuit.results)
    return replace(circuit, instructions=tuple(instructions), results=results)


def has_clearly_fewer_gates(after: Circuit, before: Circuit, native: Collection[str] = ()) -> bool:
    """Whether `after` has fewer gates on two qubits than `before` with its pairs compiled well.

    Without symbols, one gate on a pair is taken to cost two at most then, and several that meet
    three. A quarter of all may cancel out, and of a few gates more.
    """
    widest = _widest(native)
    named, _ = push_swaps(before.instructions, before.num_qubits)
    least = 0
    for block in collect_blocks(named, 2):
        costs = list(filter(None, (entangling_cost(i, widest) for i in block)))
        symbolic = any(isinstance(angle, Polynomial) for i in block for angle in i.angles)
        most = sum(costs) if symbolic else 2 if len(costs) == 1 else 3
        least += min(sum(costs), most)
    found = count_entangling_gates(after.instructions, widest)[0]
    return least > FEW_GATES and found < 0.75 * least


def _widest(native: Collection[str]) -> int:
    """The letters of the strings that a device turns about by any angle, in one gate."""
    return 2 if TURNING & set(native) else 1


def _measured(circuit: Circuit) -> Letters | None:
    """The letters of each qubit that the results are made of; None where all matters."""
    letters: dict[int, set[str]] = {}
    for result in circuit.results:
        if result.kind == "state":
            return None
        diagonal = result.kind in ("probs", "counts", "sample")
        for qubit in result.qubits:
            letters.setdefault(qubit, set()).update("Z" if diagonal else "ZX")
        for operator in result.operators:
            for string, _ in operator.terms:
                for qubit, name in string:
                    letters.setdefault(qubit, set()).add(name)
    if not circuit.results:
        return None
    return tuple(
        (qubit, "".join(names) if len(names) == 1 else "ZX")
        for qubit, names in sorted(letters.items())
    )


def _moved(result: Result, at: Sequence[int]) -> Result:
    """A result where the qubits are."""
    return replace(
        result,
        operators=tuple(operator.place(tuple(at)) for operator in result.operators),
        qubits=tuple(at[q] for q in result.qubits),
    )


def _regions(instructions: Sequence[Instruction]) -> Iterator[list[Instruction]]:
    """Runs of gates that are rotations; what is none stands alone."""
    run: list[Instruction] = []
    for instruction in instructions:
        if is_turns(instruction):
            run.append(instruction)
        else:
            yield run
            yield [instruction]
            run = []
    yield run


def _optimise(region: list[Instruction], widest: int, ends: Ends) -> list[Instruction]:
    """The best of a region as it is, pair by pair, and as a whole or in larger blocks."""
    if len(region) < 2:
        return region
    if is_small(region, widest):
        larger = resynthesise(region, widest, ends)
    else:
        short = len(region) <= MAX_GATES
        larger = _by_blocks(region, widest, *LARGER, phase=ends.phase) if short else region
    whole = [region] if larger == region else [region, larger]
    found = [region, *(_by_blocks(each, widest, 2, phase=ends.phase) for each in whole)]
    return min(found, key=lambda each: (*count_entangling_gates(each, widest), len(each)))


def _by_blocks(
    region: Sequence[Instruction],
    widest: int,
    width: int,
    length: int = 1 << 30,
    *,
    phase: bool,
) -> list[Instruction]:
    """The gates among a few qubits, as far as they meet, written anew."""
    num_qubits = 1 + max((q for i in region for q in i.qubits), default=0)
    named, at = push_swaps(region, num_qubits)
    blocks = collect_blocks(named, width, length)
    found = [i for block in blocks for i in resynthesise(block, widest, Ends(phase=phase))]
    return found + exchange({place: qubit for qubit, place in enumerate(at)}, num_qubits)
