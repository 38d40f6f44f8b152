"""What a circuit does, step by step, in a form that circuits of the IR and OpenQASM share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from qmlc.ops.matrices import ComplexMatrix


@dataclass(frozen=True, slots=True, eq=False)
class Gate:
    """The unitary `matrix` on `qubits` after as many controls as `controls` has states.

    The first target is the least significant bit of the matrix's indices.
    """

    qubits: tuple[int, ...]
    matrix: ComplexMatrix
    controls: str = ""


@dataclass(frozen=True, slots=True)
class Rotation:
    """exp(-i angle/2 P), a letter of P for each qubit after the controls."""

    qubits: tuple[int, ...]
    letters: str
    angle: float
    controls: str = ""


@dataclass(frozen=True, slots=True)
class Measure:
    """The outcome of a qubit goes to a classical bit."""

    qubits: tuple[int, ...]
    bit: int


@dataclass(frozen=True, slots=True)
class Reset:
    """A qubit is measured, the outcome forgotten, and the qubit set to |0>."""

    qubits: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """`then` where the number of the bits, the first the least significant, is in `values`."""

    bits: tuple[int, ...]
    values: frozenset[int]
    then: Steps
    otherwise: Steps = ()


Step: TypeAlias = Gate | Rotation | Measure | Reset | Branch
Steps: TypeAlias = tuple[Step, ...]


def touched_qubits(steps: Steps) -> set[int]:
    """The qubits that something is done to."""
    found: set[int] = set()
    for step in steps:
        if isinstance(step, Branch):
            found |= touched_qubits(step.then) | touched_qubits(step.otherwise)
        else:
            found.update(step.qubits)
    return found


def move_qubits(steps: Steps, places: dict[int, int]) -> Steps:
    """`steps` on other qubits: those at `places[q]` in the place of `q`."""
    return tuple(_move(step, places) for step in steps)


def _move(step: Step, places: dict[int, int]) -> Step:
    if isinstance(step, Branch):
        inner = move_qubits(step.then, places), move_qubits(step.otherwise, places)
        return replace(step, then=inner[0], otherwise=inner[1])
    return replace(step, qubits=tuple(places[q] for q in step.qubits))


def split_readout(steps: Steps) -> tuple[Steps, dict[int, int]]:
    """The steps before the last measurements, and the qubit that is read into each of their bits.

    A measurement is one of the last if nothing happens to its qubit or bit afterwards.
    """
    kept: list[Step] = []
    readout: dict[int, int] = {}
    busy: set[int] = set()
    bits: set[int] = set()
    for step in reversed(steps):
        if isinstance(step, Measure) and not (step.qubits[0] in busy or step.bit in bits):
            readout[step.bit] = step.qubits[0]
        else:
            kept.append(step)
        busy |= touched_qubits((step,))
        bits |= set(_bits(step))
    return tuple(reversed(kept)), readout


def count_steps(steps: Steps) -> int:
    """How many steps there are, those in branches included."""
    return sum(
        1 + (count_steps(s.then) + count_steps(s.otherwise) if isinstance(s, Branch) else 0)
        for s in steps
    )


def count_collapses(steps: Steps) -> int:
    """How many measurements and resets there are, each of which may double the branches."""
    total = 0
    for step in steps:
        if isinstance(step, Branch):
            total += max(count_collapses(step.then), count_collapses(step.otherwise))
        elif isinstance(step, Measure | Reset):
            total += 1
    return total


def measured_bits(steps: Steps) -> set[int]:
    """The bits that some measurement writes."""
    found: set[int] = set()
    for step in steps:
        if isinstance(step, Branch):
            found |= measured_bits(step.then) | measured_bits(step.otherwise)
        elif isinstance(step, Measure):
            found.add(step.bit)
    return found


def _bits(step: Step) -> Iterator[int]:
    if isinstance(step, Branch):
        yield from step.bits
        for inner in (*step.then, *step.otherwise):
            yield from _bits(inner)
    elif isinstance(step, Measure):
        yield step.bit
