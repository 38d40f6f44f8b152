"""Rotations in few wide stages: a diagonal, then a layer of turns that commute with each other.

Each turn and each phase goes to the earliest place that it can reach past what it commutes with.
So equal ones meet wherever that is possible, and their angles are added.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from qmlc.runtime.native.rotations import (
    Gather,
    Held,
    Item,
    Matrix,
    Phase,
    Prepare,
    Turn,
    odd,
)
from qmlc.runtime.native.split_matrix import round_angle
from qmlc.runtime.native.to_rotations import constant
from qmlc.types.polynomial import Value, total

WINDOW = 64
"""How many stages an item looks back, so that the time is linear in the number of items."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The product of the phases, then of the turns, which commute."""

    phases: tuple[Phase, ...]
    held: tuple[Held, ...]
    turns: tuple[Turn, ...]

    @property
    def items(self) -> tuple[Item, ...]:
        """All in the order in which they act."""
        return (*self.phases, *self.held, *self.turns)


Block = Matrix | Gather | Prepare


def to_stages(
    items: Iterable[Item],
    *,
    at_zero: bool = True,
    diagonal_results: bool = False,
    global_phase: bool = True,
) -> tuple[Stage | Block, ...]:
    """The stages that `items` are, `at_zero` where they act on |0...0>.

    With `diagonal_results` a diagonal at the end does not matter; without `global_phase` that
    does not. The phase of state 0 is moved from diagonal to diagonal: without it those of s and rx
    are quarter turns, and exact, where an eighth of a turn loses 3e-8 of the norm each time.
    """
    stages = _Stages(at_zero)
    for item in items:
        match item:
            case Turn():
                stages.add_turn(item)
            case Phase(mask=0):
                stages.global_angles.append(item.angle)
            case Phase() | Held():
                stages.add_phase(item)
            case _:
                stages.steps.append(_Barrier(item))
    if diagonal_results:
        stages.drop_last_phases()
    stages.move_global_phase(global_phase and not diagonal_results)
    found = [step.freeze() for step in stages.steps]
    return tuple(step for step in found if not isinstance(step, Stage) or step.items)


@dataclass
class _Sum:
    """An angle as the parts that it is the sum of."""

    number: float = 0.0
    parts: list[Value] = field(default_factory=list)

    def add(self, angle: Value) -> None:
        known = constant(angle)
        if known is None:
            self.parts.append(angle)
        else:
            self.number += known

    @property
    def vanishes(self) -> bool:
        return not self.parts and round_angle(self.number) % (2 * math.pi) == 0

    @property
    def value(self) -> Value:
        return total([*self.parts, self.number]) if self.parts else self.number


Controls = tuple[tuple[int, int], ...]


@dataclass
class _Open:
    """A stage while items join it."""

    phases: dict[tuple[int, Controls], _Sum] = field(default_factory=dict)
    turns: dict[tuple[int, int], _Sum] = field(default_factory=dict)
    read: int = 0
    """All bits that phases read."""
    flips: int = 0
    """All bits that turns flip."""
    signs: int = 0

    def phases_pass(self, flips: int) -> bool:
        """Whether all phases commute with what flips these bits."""
        if not flips & self.read:
            return True
        return not any(
            odd(flips & mask) or any(odd(flips & reads) for reads, _ in controls)
            for mask, controls in self.phases
        )

    def turns_pass(self, flips: int, signs: int) -> bool:
        """Whether all turns commute with X**flips Z**signs."""
        if not (flips & self.signs or signs & self.flips):
            return True
        return not any(odd(flips & s) ^ odd(signs & f) for f, s in self.turns)

    def add_turn(self, turn: Turn) -> None:
        key = turn.flips, turn.signs
        _add(self.turns, key, turn.angle)
        self.flips |= turn.flips
        self.signs |= turn.signs

    def add_phase(self, angle: Value, mask: int, controls: Controls) -> None:
        _add(self.phases, (mask, controls), angle)
        self.read |= mask
        for reads, _ in controls:
            self.read |= reads

    def take_number(self) -> float:
        """Take the phase of state 0 out, as far as it is known: it is what comes back."""
        plain = [angle.number for (_, controls), angle in self.phases.items() if not controls]
        offset = round_angle(math.fsum(plain))
        if offset != 0:
            self.add_phase(-offset, 0, ())
        return offset

    def freeze(self) -> Stage:
        held, phases = [], []
        for (mask, controls), angle in self.phases.items():
            value = angle.value
            if constant(value) == 0:
                continue
            if controls:
                held.append(Held(value, mask, controls))
            else:
                phases.append(Phase(value, mask))
        turns = [Turn(angle.value, *key) for key, angle in self.turns.items()]
        kept = tuple(turn for turn in turns if constant(turn.angle) != 0)
        return Stage(tuple(phases), tuple(held), kept)


def _add(sums: dict[Any, _Sum], key: Any, angle: Value) -> None:
    sums.setdefault(key, _Sum()).add(angle)
    if sums[key].vanishes:
        del sums[key]


@dataclass
class _Barrier:
    """A matrix or the like: only what acts on none of its bits passes."""

    item: Block

    def phases_pass(self, flips: int) -> bool:
        return self.turns_pass(flips, 0)

    def turns_pass(self, flips: int, signs: int) -> bool:
        """Whether this commutes with X**flips Z**signs."""
        return not any(odd(flips & s) ^ odd(signs & f) for f, s in self.item.paulis)

    def freeze(self) -> Block:
        return self.item


@dataclass
class _Stages:
    at_zero: bool
    steps: list[_Open | _Barrier] = field(default_factory=list)
    global_angles: list[Value] = field(default_factory=list)

    def add_turn(self, turn: Turn) -> None:
        found = None
        flips, signs = turn.flips, turn.signs
        for step in reversed(self.steps[-WINDOW:]):
            if not step.turns_pass(flips, signs):
                break
            if isinstance(step, _Open):
                found = step
                if not step.phases_pass(flips):
                    break
        if found is None:
            found = _Open()
            self.steps.append(found)
        found.add_turn(turn)

    def add_phase(self, phase: Phase | Held) -> None:
        controls = phase.controls if isinstance(phase, Held) else ()
        masks = (phase.mask, *(reads for reads, _ in controls))
        found = None
        for step in reversed(self.steps[-WINDOW:]):
            if not all(step.turns_pass(0, mask) for mask in masks):
                break
            if isinstance(step, _Open):
                found = step
        else:
            if self.at_zero and len(self.steps) <= WINDOW:
                # on |0...0> all parities are even, on what is prepared nothing passes
                if not any(bit for _, bit in controls):
                    self.global_angles.append(phase.angle)
                return
        if found is None:
            found = _Open()
            self.steps.append(found)
        found.add_phase(phase.angle, phase.mask, controls)

    def move_global_phase(self, wanted: bool) -> None:
        """Take known phases of state 0 out of all diagonals; the last has the sum if `wanted`."""
        angle = _Sum()
        diagonals = [step for step in self.steps if isinstance(step, _Open) and step.phases]
        for part in (*self.global_angles, *(step.take_number() for step in diagonals)):
            angle.add(part)
        if wanted and not angle.vanishes:
            if not diagonals:
                diagonals = [_Open()]
                self.steps += diagonals
            diagonals[-1].add_phase(angle.value, 0, ())

    def drop_last_phases(self) -> None:
        """Remove the phases that commute with all that follows."""
        for position, step in enumerate(self.steps):
            if isinstance(step, _Open):
                following = self.steps[position:]
                for key in [k for k in step.phases if _passes_all(*k, following)]:
                    del step.phases[key]


def _passes_all(mask: int, controls: Controls, steps: Sequence[_Open | _Barrier]) -> bool:
    masks = (mask, *(reads for reads, _ in controls))
    return all(step.turns_pass(0, read) for step in steps for read in masks)
