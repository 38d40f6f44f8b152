"""What no simulator of states can beat on a machine: the roofline of a case.

Counted are the multiply-adds of the shortest form of a circuit that is known: turns of pairs of
amplitudes, one merged diagonal between layers of turns, CX and SWAP for nothing, the first layer
written as a product; and, where two states outgrow the second-level cache, the bytes of one sweep a
layer. A gradient costs three times as much. Nothing is charged for sines, for Python or for torch.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from benchmarks.circuits import Case, measurement_tables

DIAGONAL = {"rz", "p", "t", "cz", "crz", "rzz"}
RELABELLING = {"cx", "swap", "ccx"}
TURNS = {"crx": 1}
"""Multiply-adds for each amplitude; of other gates that turn pairs, two."""
PRODUCT, MERGED, SQUARES = 4, 4, 2
"""The same for a product state, a diagonal, and |psi|**2."""
GRADIENT = 3
"""Forward calls that values and gradients cost."""
COMPLEX = 8
"""Bytes."""


class Work(NamedTuple):
    """What the values of all samples take: multiply-adds, and layers of turns."""

    multiply_adds: float
    layers: int


def work(case: Case) -> Work:
    """The least that is known."""
    layer = [0] * case.num_qubits
    last = [""] * case.num_qubits  # the kind of gate that came last to a qubit
    cost = PRODUCT
    for name, qubits, _ in case.gates:
        if len(qubits) == 1 and name in DIAGONAL:
            continue
        kind = name if len(qubits) > 1 else "turn"
        now = max(layer[q] for q in qubits)
        if kind not in DIAGONAL | RELABELLING:
            like = all(last[q] == kind for q in qubits)  # they commute, or are one turn together
            now += not like
            on_zero = now == 1 and kind == "turn" and case.start == "zero"
            cost += 0 if on_zero or (like and kind == "turn") else TURNS.get(kind, 2)
        for q in qubits:
            layer[q], last[q] = now, kind
    cost += MERGED * max(max(layer) - 1, 0) + measurement(case)
    return Work(cost * (case.batch << case.num_qubits), max(layer))


def measurement(case: Case) -> float:
    """Multiply-adds for each amplitude; of the overlaps, half of them by symmetry."""
    if case.kind == "overlaps":
        return 2 * case.batch
    flips = sum(1 for flip in measurement_tables(case) if flip)
    return SQUARES + min(len(case.observables), case.num_qubits) + 2 * flips


class Bound(NamedTuple):
    """Seconds, and which of the machine's speeds they come from."""

    seconds: float
    speed: str


def bound(case: Case, stage: str, machine: dict[str, Any]) -> Bound:
    """The roofline of `forward` or `gradient` on a machine that `machine.py` has described."""
    times = GRADIENT if stage == "gradient" else 1
    cost, layers = work(case)
    arithmetic = Bound(times * cost / machine["multiply_adds"], "FMA")
    state = COMPLEX << case.num_qubits
    if 2 * state <= 1024 * machine["caches"].get("L2", 1024):
        return arithmetic
    speeds = {int(size): speed for size, speed in machine["bandwidth"].items()}
    speed = next(
        (v for size, v in sorted(speeds.items()) if size >= 2 * state), min(speeds.values())
    )
    moved = 2 * state * case.batch * layers * times
    return max(arithmetic, Bound(moved / speed, "bandwidth"))
