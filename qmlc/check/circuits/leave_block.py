"""The end of an inner block: its own qubits must be measured, reset, or provably back in |0>."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from qmlc.check.errors.qubits import QubitLeft
from qmlc.check.frame import CircuitState, Frame
from qmlc.ir.circuit import Instruction
from qmlc.ir.operator import Operator
from qmlc.types.polynomial import Value, lift

MAX_PROVED_QUBITS = 14
"""The most qubits on which a return to |0> is worked out."""
SAMPLES = 2
TOLERANCE = 1e-9


def leave_block(frame: Frame, registers: int, instructions: int) -> None:
    """Report the qubits declared in a block that it leaves in use.

    `registers` and `instructions` are how many were live, and were there, when it began. Those
    back in |0> are declared again by the next round.
    """
    circuit = frame.circuit
    if circuit is None or len(circuit.live) == registers:
        return
    ended = circuit.live[registers:]
    del circuit.live[registers:]
    inside = [_relative(i, circuit) for i in circuit.emitted(instructions)]
    where = "declared in an inner block" if circuit.capture is None else "declared in a gate"
    for register in ended:
        name, span, qubits = register
        last = [_last(inside, q) for q in qubits]
        left = [q for q, name in zip(qubits, last, strict=True) if name not in FREED]
        if left and not _returns_to_zero(inside, left):
            frame.session.report(
                QubitLeft(
                    span,
                    what=f"`{name}` ends with its block, but is still in use",
                    where=where,
                    proposal=f"`reset {name}` or measure it before the block ends, undo what was "
                    "done to it, or declare it outside",
                )
            )
        elif "measure" not in last:
            circuit.spare.append(register)


FREED = ("", "measure", "reset")
"""What may happen last to a qubit of a block."""


def _relative(instruction: Instruction, circuit: CircuitState) -> Instruction:
    """An instruction as seen from inside the block that ends, under the condition in force."""
    if instruction.condition is None or instruction.condition != circuit.condition:
        return instruction
    return replace(instruction, condition=None)


def _last(inside: Sequence[Instruction], qubit: int) -> str:
    """The last that happened to a qubit, for sure; "" where nothing did."""
    for instruction in reversed(inside):
        if qubit in instruction.qubits and instruction.name != "barrier":
            sure = instruction.condition is None or instruction.name == "measure"
            return instruction.name if sure else "perhaps"
    return ""


def _returns_to_zero(inside: Sequence[Instruction], qubits: list[int]) -> bool:
    """Whether the gates take |0> on `qubits` back to |0>, for random angles and all else.

    A linear map that takes a random vector to 0 takes all to 0, but for vectors of measure 0.
    """
    everything = tuple(dict.fromkeys(q for i in inside for q in i.qubits))
    if len(everything) > MAX_PROVED_QUBITS or not all(i.unitary for i in inside):
        return False
    # numpy takes longer to import than a whole check, and few programs need it
    import numpy as np

    from qmlc.ir.dense import apply_instructions

    mask = sum(1 << everything.index(q) for q in qubits)
    used = np.arange(1 << len(everything)) & mask != 0
    for seed in range(SAMPLES):
        random = Random(seed)
        numbers: dict[str, float] = {}
        gates = [_with_numbers(i, numbers, random) for i in inside]
        state = np.random.default_rng(seed).normal(size=(1 << len(everything), 1)) + 0j
        state[used] = 0
        after = apply_instructions(gates, everything, state / np.linalg.norm(state))
        if abs(after[used]).max() > TOLERANCE:
            return False
    return True


def _with_numbers(
    instruction: Instruction, numbers: dict[str, float], random: Random
) -> Instruction:
    """A gate with a random number for everything in it that is not known."""
    payload = instruction.payload
    if isinstance(payload, Operator):
        terms = ((s, _number(c, numbers, random)) for s, c in payload.terms)
        payload = Operator(tuple(terms))
    angles = tuple(_number(a, numbers, random) for a in instruction.angles)
    return replace(instruction, angles=angles, payload=payload)


def _number(value: Value, numbers: dict[str, float], random: Random) -> float:
    """A value with a random number for each symbol and function in it, the same for equal ones."""
    total = 0.0
    for monomial, coefficient in lift(value).terms:
        term = float(complex(coefficient).real)
        for atom, exponent in monomial:
            term *= numbers.setdefault(str(atom), random.uniform(0.1, 3)) ** exponent
        total += term
    return total
