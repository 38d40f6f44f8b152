"""The fewest gates on two qubits: what is done to a circuit before it is compiled for a device."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from qmlc.ir.circuit import Circuit, Instruction, Result
from qmlc.passes.collect_blocks import collect_blocks
from qmlc.passes.count_entangling_gates import count_entangling_gates
from qmlc.passes.lower_to_turns import lower_to_turns
from qmlc.passes.push_swaps import push_swaps
from qmlc.passes.resynthesise import resynthesise
from qmlc.passes.write_synthesis import exchange

TURNING = frozenset({"rxx", "ryy", "rzz", "rzx", "ms"})
"""Gates that turn about two letters by any angle."""


def optimise_for_device(circuit: Circuit, native_two_qubit: Collection[str] = ()) -> Circuit:
    """`circuit` with fewer gates on two qubits, for a device whose qubits are all connected.

    The same results, and where there are none the same unitary with its global phase, for all
    values of inputs and parameters. `native_two_qubit` names the gates of the device.
    """
    widest = 2 if TURNING & set(native_two_qubit) else 1
    found: list[Instruction] = []
    for region in _regions(circuit.instructions):
        found += _optimise(region, widest)
    instructions, at = push_swaps(found, circuit.num_qubits)
    if not circuit.results:
        instructions += exchange({place: qubit for qubit, place in enumerate(at)})
    results = tuple(_moved(result, at) for result in circuit.results)
    return replace(circuit, instructions=tuple(instructions), results=results)


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
        if lower_to_turns(instruction) is not None:
            run.append(instruction)
        else:
            yield run
            yield [instruction]
            run = []
    yield run


def _optimise(region: list[Instruction], widest: int) -> list[Instruction]:
    """The best of a region as it is, pair by pair, and as a whole."""
    if len(region) < 2:
        return region
    pairs = _by_pairs(region, widest)
    found = [region, pairs, _by_pairs(resynthesise(region, widest), widest)]
    return min(found, key=lambda each: count_entangling_gates(each, widest))


def _by_pairs(region: Sequence[Instruction], widest: int) -> list[Instruction]:
    """The gates between any two qubits, as far as they meet, written anew."""
    num_qubits = 1 + max((q for i in region for q in i.qubits), default=0)
    named, at = push_swaps(region, num_qubits)
    found = [i for block in collect_blocks(named, 2) for i in resynthesise(block, widest)]
    return found + exchange({place: qubit for qubit, place in enumerate(at)})
