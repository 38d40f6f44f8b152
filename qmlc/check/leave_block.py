"""The end of an inner block: its own qubits must be measured, reset, or provably back in |0>."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from qmlc.check.errors_qubits import QubitLeft
from qmlc.check.frame import CircuitState, Frame
from qmlc.ir.circuit import Instruction
from qmlc.types.polynomial import Polynomial, Value, lift

MAX_PROVED_QUBITS = 8
"""The most qubits on which a return to |0> is worked out as a matrix."""
SAMPLES = 2
TOLERANCE = 1e-9


def leave_block(frame: Frame, registers: int, instructions: int) -> None:
    """Report the qubits declared since `registers` that the block leaves in use.

    `instructions` is how many there were when the block began.
    """
    circuit = frame.circuit
    if circuit is None or len(circuit.declared) == registers:
        return
    inside = circuit.builder.instructions[instructions:]
    for name, span, qubits in circuit.declared[registers:]:
        left = [q for q in qubits if not _is_free(circuit, inside, q)]
        if left and not _returns_to_zero(inside, left):
            frame.session.report(
                QubitLeft(
                    span,
                    what=f"`{name}` ends with its block, but is still in use",
                    where="declared in an inner block",
                    proposal=f"`reset {name}` or measure it before the block ends, undo what was "
                    "done to it, or declare it outside",
                )
            )


def _is_free(circuit: CircuitState, inside: tuple[Instruction, ...], qubit: int) -> bool:
    """Whether nothing acted on a qubit, or it was measured or reset last."""
    last = next((i for i in reversed(inside) if qubit in i.qubits and i.name != "barrier"), None)
    return last is None or last.name in ("measure", "reset")


def _returns_to_zero(inside: tuple[Instruction, ...], qubits: list[int]) -> bool:
    """Whether the gates take |0> on `qubits` back to |0>, for random angles and all else."""
    everything = tuple(dict.fromkeys(q for i in inside for q in i.qubits))
    if len(everything) > MAX_PROVED_QUBITS or not all(i.unitary for i in inside):
        return False
    # numpy takes longer to import than a whole check, and few programs need it
    from qmlc.ir.dense import instructions_matrix

    mask = sum(1 << everything.index(q) for q in qubits)
    for seed in range(SAMPLES):
        random = Random(seed)
        numbers: dict[str, float] = {}
        gates = [
            replace(i, angles=tuple(_number(a, numbers, random) for a in i.angles)) for i in inside
        ]
        matrix = instructions_matrix(gates, everything)
        zero = [i for i in range(len(matrix)) if not i & mask]
        used = [i for i in range(len(matrix)) if i & mask]
        if abs(matrix[used][:, zero]).max() > TOLERANCE:
            return False
    return True


def _number(value: Value, numbers: dict[str, float], random: Random) -> Value:
    """An angle with a random number for each of its symbols."""
    symbols = list(lift(value).symbols())
    for symbol in symbols:
        numbers.setdefault(str(symbol), random.uniform(0.1, 3))
    if not isinstance(value, Polynomial):
        return value
    return value.substitute({symbol: numbers[str(symbol)] for symbol in symbols})
