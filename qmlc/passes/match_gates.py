"""Where the left side of a rule stands in a circuit, and what comes in its place.

A rule is matched from its last gate backwards, along the wires of qubits: between two gates of the
rule nothing else may act on a qubit that they share. Whatever the gates of a place are controlled
by beyond the rule, all alike, controls its right side as well: rules keep the global phase.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise, permutations
from typing import Any

from qmlc.ir.circuit import Instruction
from qmlc.ir.rules import GateRule, gate_cost
from qmlc.ops.gates import GATES, Rotation, phase_angle
from qmlc.types.polynomial import Symbol, Value, lift
from qmlc.types.unify import unify

Control = tuple[int, str]
"""A qubit, and the state in which it must be."""


Form = tuple[tuple[Control, ...], tuple[int, ...]]
"""The controls and targets of a gate: `cz a, b` is `cz b, a`, which are two forms of it."""

Beside = tuple[str, int]
"""The name of a gate, and how many more controls it has than the one that it stands beside."""


@dataclass(frozen=True, slots=True)
class Search:
    """A rule, to be matched from one of its last gates on.

    `order` holds each gate but the first with a way to it: the gate that it follows or precedes,
    on which qubit of the rule, and by which step (1 forwards, -1 backwards).
    """

    rule: GateRule
    anchor: int
    order: tuple[tuple[int, int, int, int], ...]
    links: tuple[tuple[int, int, int], ...]
    """(gate, next gate, qubit): neighbours on a wire."""
    beside: Beside | None
    """What must stand beside the last gate; None for a rule of one gate."""
    shared: int
    """On how many qubits of the rule it must."""


@dataclass(frozen=True, slots=True)
class Found:
    """Gates that match so far: where, which qubits stand for the rule's, and common controls."""

    places: Mapping[int, int]
    qubits: Mapping[int, int]
    extra: tuple[Control, ...] | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """Places of instructions, and what may stand there instead."""

    places: tuple[int, ...]
    replacement: tuple[Instruction, ...]


Line = Sequence[Instruction | None]
"""Instructions in order; None where one was taken away."""
History = Mapping[int, Sequence[int]]
"""For each qubit the places of the instructions on it, in order."""


def searches(rule: GateRule) -> Iterator[Search]:
    """The ways to look for a rule: one for each gate that may come last."""
    wires: dict[int, list[int]] = {}
    for place, instruction in enumerate(rule.before):
        for qubit in instruction.qubits:
            wires.setdefault(qubit, []).append(place)
    links = tuple((a, b, qubit) for qubit, gates in wires.items() for a, b in pairwise(gates))
    earlier = {a for a, _, _ in links}
    for anchor in range(len(rule.before) - 1, -1, -1):
        if anchor not in earlier:
            order = tuple(_order(anchor, links))
            near = beside(rule.before[order[0][0]], rule.before[anchor]) if order else None
            shared = sum((a, b) == (order[0][0], anchor) for a, b, _ in links) if order else 0
            yield Search(rule, anchor, order, links, near, shared)


def beside(near: Instruction, instruction: Instruction) -> Beside:
    """What `near` is, seen from `instruction`: a cheap test before a search."""
    return near.name, len(near.controls) - len(instruction.controls)


def qubits_beside(search: Search, last: Instruction) -> int:
    """On how many qubits what must stand beside the last gate must do so.

    Of two gates with more controls than in the rule, nothing may stand between on those either.
    """
    if len(search.rule.before) > 2:
        return search.shared
    controls = search.rule.before[search.anchor].controls
    return search.shared + len(last.controls) - len(controls)


def _order(
    anchor: int, links: Sequence[tuple[int, int, int]]
) -> Iterator[tuple[int, int, int, int]]:
    """The way from the last gate to all the others; near ones first, which tell most."""
    reached = {anchor}
    while True:
        steps = [(b, a, q, 1) for a, b, q in links if a in reached and b not in reached]
        steps += [(a, b, q, -1) for a, b, q in links if b in reached and a not in reached]
        if not steps:
            return
        step = min(steps, key=lambda s: abs(s[0] - s[1]))
        reached.add(step[0])
        yield step


@cache
def _orders(name: str, controls: str, targets: int) -> tuple[tuple[int, ...], ...]:
    """The orders of a gate's qubits in which it means the same."""
    count = len(controls)
    here = tuple(range(count + targets))
    if name == "p" or (name in GATES and phase_angle(name) is not None):
        # it multiplies |1…1> by a phase, to which every qubit contributes alike
        ones = [i for i in range(count) if controls[i] == "1"]
        return (here, *((*here[:i], count, *here[i + 1 : count], i) for i in ones))
    row = GATES.get(name)
    found = []
    for order in permutations(range(targets)):
        alike = isinstance(row, Rotation) and [row.pauli[i] for i in order] == list(row.pauli)
        if order == tuple(range(targets)) or alike or name == "swap":
            found.append((*here[:count], *(count + i for i in order)))
    return tuple(found)


def _forms(instruction: Instruction) -> Iterator[Form]:
    """The controls and targets of a gate in all orders that mean the same."""
    qubits, controls = instruction.qubits, instruction.controls
    count = len(controls)
    for order in _orders(instruction.name, controls, len(qubits) - count):
        moved = [qubits[i] for i in order]
        yield tuple(zip(moved, controls, strict=False)), tuple(moved[count:])


def find_match(search: Search, line: Line, history: History, last: int) -> Match | None:
    """The place of a rule whose last gate is `line[last]`, and its right side there."""
    rule = search.rule
    start = Found({}, {})
    for found in _extend(search, line, history, [(search.anchor, last)], start):
        equations = [
            (pattern, value)
            for gate, place in found.places.items()
            for pattern, value in zip(
                rule.before[gate].angles, _at(line, place).angles, strict=True
            )
        ]
        angles = unify(equations, {})
        if angles is not None and set(rule.symbols) <= set(angles):
            replacement = _instantiate(rule, found, angles, _at(line, last))
            places = tuple(sorted(found.places.values()))
            if gate_cost(replacement) < gate_cost(tuple(_at(line, p) for p in places)):
                return Match(places, replacement)
    return None


def _at(line: Line, place: int) -> Instruction:
    instruction = line[place]
    assert instruction is not None
    return instruction


def _extend(
    search: Search,
    line: Line,
    history: History,
    todo: list[tuple[int, int]],
    found: Found,
) -> Iterator[Found]:
    """Every way to match the gate in `todo` at its place, and after it all the others."""
    gate, place = todo[0]
    instruction = _at(line, place)
    for qubits, extra in _operands(search, gate, instruction, found):
        places = {**found.places, gate: place}
        now = Found(places, qubits, extra)
        if not all(
            _step(history, qubits[q], places[a], 1) == places[b]
            for a, b, q in search.links
            if gate in (a, b) and a in places and b in places
        ):
            continue
        if len(places) == len(search.rule.before):
            yield now
            continue
        following, near, qubit, direction = search.order[len(places) - 1]
        there = _step(history, qubits[qubit], places[near], direction)
        if there is not None and there not in places.values():
            if _at(line, there).condition == instruction.condition:
                yield from _extend(search, line, history, [(following, there)], now)


def _step(history: History, qubit: int, place: int, direction: int) -> int | None:
    """The neighbour of a place on a wire."""
    wire = history[qubit]
    index = bisect_left(wire, place) + direction
    return wire[index] if 0 <= index < len(wire) else None


def _operands(
    search: Search, gate: int, instruction: Instruction, found: Found
) -> Iterator[tuple[Mapping[int, int], tuple[Control, ...]]]:
    """Every assignment of qubits for which a gate of the rule is `instruction`."""
    pattern = search.rule.before[gate]
    if (
        pattern.name != instruction.name
        or pattern.payload != instruction.payload
        or len(pattern.controls) > len(instruction.controls)
    ):
        return
    wanted = tuple(zip(pattern.qubits, pattern.controls, strict=False))
    for controls, targets in _forms(instruction):
        qubits = dict(found.qubits)
        if all(_bind(qubits, q, a) for q, a in zip(pattern.targets, targets, strict=True)):
            yield from _controls(wanted, controls, qubits, found.extra)


def _controls(
    wanted: tuple[Control, ...],
    given: tuple[Control, ...],
    qubits: dict[int, int],
    extra: tuple[Control, ...] | None,
) -> Iterator[tuple[Mapping[int, int], tuple[Control, ...]]]:
    """Every way to find the controls of a rule among those given; the rest is `extra`."""
    if extra is not None and len(given) != len(wanted) + len(extra):
        return
    for chosen in permutations(given, len(wanted)):
        rest = tuple(c for c in given if c not in chosen)
        if extra is not None and set(rest) != set(extra):
            continue
        bound = dict(qubits)
        if all(
            state == other and _bind(bound, q, actual)
            for (q, state), (actual, other) in zip(wanted, chosen, strict=True)
        ):
            yield bound, rest if extra is None else extra


def _bind(qubits: dict[int, int], qubit: int, actual: int) -> bool:
    """Let a qubit of the rule stand for an actual one; whether that is possible."""
    if qubit in qubits:
        return qubits[qubit] == actual
    if actual in qubits.values():
        return False
    qubits[qubit] = actual
    return True


def _instantiate(
    rule: GateRule, found: Found, angles: Mapping[Symbol, Value], like: Instruction
) -> tuple[Instruction, ...]:
    """The right side of a rule on actual qubits, under the controls and condition of its place."""
    extra = found.extra or ()
    outer = tuple(q for q, _ in extra)
    states = "".join(state for _, state in extra)
    return tuple(
        replace(
            instruction,
            qubits=outer + tuple(found.qubits[q] for q in instruction.qubits),
            controls=states + instruction.controls,
            angles=tuple(_substitute(a, angles) for a in instruction.angles),
            condition=like.condition,
        )
        for instruction in rule.after
    )


def _substitute(angle: Any, angles: Mapping[Symbol, Value]) -> Value:
    return lift(angle).substitute(angles)
