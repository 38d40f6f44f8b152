"""What a circuit from elsewhere returns: it may say so by measuring, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from qmlc.ir.circuit import Circuit, Instruction, Result

MAX_TABLE = 30
"""The most qubits whose probabilities are a result in the language."""

SHOTS = 1024


def return_results(circuit: Circuit) -> Circuit:
    """`circuit` with the result that its measurements ask for.

    Measurements that end their qubits, into bits that nothing reads or writes later, become the
    probabilities of these qubits, in the order of the bits. Without any, a circuit returns its
    state, or, where it measures or resets on the way, the probabilities of all qubits. Of more
    qubits than a table can be made for, it returns samples.
    """
    final = _final_measurements(circuit)
    kept = [i for n, i in enumerate(circuit.instructions) if n not in final]
    while kept and kept[-1].name == "barrier":
        kept.pop()
    measured = {i.bits[0]: i.qubits[0] for i in final.values()}
    qubits = tuple(q for _, q in sorted(measured.items())) or tuple(range(circuit.num_qubits))
    exact = all(i.unitary or i.name in ("barrier", "delay", "prepare") for i in kept)
    if len(qubits) > MAX_TABLE:
        result = Result("sample", qubits=qubits, shots=SHOTS)
    else:
        result = Result("state" if exact and not measured else "probs", qubits=qubits)
    return replace(circuit, instructions=tuple(kept), results=(result,))


def _final_measurements(circuit: Circuit) -> dict[int, Instruction]:
    """The measurements that nothing depends on, by their places."""
    found: dict[int, Instruction] = {}
    used, touched = set[int](), set[int]()
    for number, instruction in reversed(list(enumerate(circuit.instructions))):
        if instruction.name == "barrier":
            continue
        last = not used & set(instruction.qubits) and not touched & set(instruction.bits)
        if instruction.name == "measure" and instruction.condition is None and last:
            found[number] = instruction
        used.update(instruction.qubits)
        touched.update(_bits(instruction))
    return found


def _bits(instruction: Instruction) -> Iterator[int]:
    yield from instruction.bits
    if instruction.condition is not None:
        yield from instruction.condition.bits
