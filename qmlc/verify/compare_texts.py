"""Whether two texts of OpenQASM do the same."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from qmlc.verify import by_stabilisers
from qmlc.verify.by_decision_diagrams import equal_by_diagrams
from qmlc.verify.emitted import Text
from qmlc.verify.read_openqasm import read_openqasm
from qmlc.verify.read_qir import KEPT
from qmlc.verify.sides import Pair, find_equality, text_side
from qmlc.verify.verdict import (
    BUDGETS,
    METHOD,
    POINTS,
    TOLERANCE,
    Certificate,
    Difference,
    Undecided,
    Verdict,
    require_difference,
)
from qmlc.verify.written import Written

Layout = dict[str, tuple[int, int]]
"""Where each qubit starts and ends, by its name."""

MAX_BITS = 20
"""Distributions over more bits are not worked out."""


def compare_texts(left: str, right: str, effort: str = "auto") -> Verdict:
    """In what two texts are equal, or at which numbers they differ.

    Inputs are the same that have the same name, and so are qubits and bits, if both texts have the
    same names; else those in the same place. Where the head of a text says on which qubits of a
    device those of a circuit start and end, as in ours, these are compared.
    """
    try:
        return _compare(*_pair_texts(left, right), BUDGETS[effort])
    except Undecided as undecided:
        return undecided


def _pair_texts(left: str, right: str) -> tuple[Text, Text]:
    """Both texts, with qubits and bits in an order that they share; Undecided."""
    read = read_openqasm(left), read_openqasm(right)
    first, second = (_layout(t, w) for t, w in zip((left, right), read, strict=True))
    qubits = _match(list(first), list(second))
    if not qubits:
        raise Undecided("they have no qubits in common")
    names = [[bit for bit in w.bits if not bit.startswith(KEPT)] for w in read]
    bits = _match(*names) if all(names) else []
    found = []
    for i, (written, layout) in enumerate(zip(read, (first, second), strict=True)):
        starts, ends = zip(*(layout[pair[i]] for pair in qubits), strict=True)
        own = tuple(written.bits.index(pair[i]) for pair in bits)
        found.append(Text(written, starts, ends, own))
    return found[0], found[1]


def _match(left: Sequence[str], right: Sequence[str]) -> list[tuple[str, str]]:
    """Names that mean the same: equal ones if they all have a partner, else by their place."""
    if set(left) <= set(right) or set(right) <= set(left):
        return [(name, name) for name in left if name in right]
    return list(zip(left, right, strict=False))


def _layout(text: str, written: Written) -> Layout:
    """Where the qubits lie: as the head of a text says, else each in its own place."""
    started = _places(text, "layout", written)
    if not started:
        return {name: (place, place) for place, name in enumerate(written.qubits)}
    ended = _places(text, "at the end", written) or started
    return {name: (place, ended.get(name, place)) for name, place in started.items()}


def _places(text: str, title: str, written: Written) -> dict[str, int]:
    """What a comment says of where each qubit lies; `q[0] on 3 (QB4)` is `$4` or `q[3]`."""
    line = re.search(rf"^// {title} (.+)$", text, re.MULTILINE)
    if line is None:
        return {}
    found = re.findall(r"(\S+) on (\d+)(?: \([^)]*?(\d+)\))?", line[1])
    physical = written.qubits[:1] == ("$0",)
    return {name: int(number if physical and number else place) for name, place, number in found}


def _compare(left: Text, right: Text, budget: float) -> Verdict:
    names = tuple(dict.fromkeys((*left.written.inputs, *right.written.inputs)))
    generator = np.random.default_rng(0)
    points = [_draw(names, generator) for _ in range(POINTS if names else 1)]
    pairs = [_pair(left, right, point) for point in points]
    cost = sum(side.cost for pair in pairs for side in pair)
    if cost > budget:
        return _compare_large(left, right, points[0], budget)
    angles = f"{POINTS} random assignments" if names else ""
    equal, gap, worst = find_equality(pairs, generator)
    if equal is not None:
        return Certificate(equal, METHOD, angles)
    measured = any(side.measures for side in pairs[0])
    if not measured or len(left.bits) > MAX_BITS:
        require_difference(gap)
        return Difference(f"the states that they leave differ by {gap:.6g}", points[worst])
    return _compare_outcomes(pairs, points) or Certificate("results", METHOD, angles)


def _draw(names: Sequence[str], generator: np.random.Generator) -> dict[str, float]:
    return {name: float(generator.uniform(-2 * np.pi, 2 * np.pi)) for name in names}


def _pair(left: Text, right: Text, point: Mapping[str, float], fused: bool = True) -> Pair:
    first, second = (text_side(text, _lower(text, point), fused) for text in (left, right))
    return first, second


def _compare_large(left: Text, right: Text, point: Mapping[str, float], budget: float) -> Verdict:
    """What other methods than statevectors find; Undecided."""
    try:
        return _compare_multiples(left, right, list(point), budget)
    except Undecided as undecided:
        reason = undecided
    pair = _pair(left, right, point, False)
    try:
        return equal_by_diagrams(pair, bool(point), budget)
    except Undecided as undecided:
        what = "they are too large for statevectors"
        raise Undecided(f"{what}; {reason}; {undecided}") from None


def _compare_multiples(left: Text, right: Text, names: Sequence[str], budget: float) -> Verdict:
    """The same by stabilisers, at numbers for which all gates are Clifford's; Undecided."""
    generator = np.random.default_rng(0)
    found = []
    for _ in range(by_stabilisers.POINTS if names else 1):
        point = {name: np.pi / 2 * float(generator.integers(0, 4)) for name in names}
        pair = _pair(left, right, point)
        by_stabilisers.require_stabilisers(pair, budget)
        equal = by_stabilisers.equal_stabilisers(pair)
        if equal is None and any(side.measures for side in pair):
            raise Undecided("the states before the measurements differ, which bits need not show")
        if equal is None:
            return Difference("the states that they leave differ", point)
        found.append(equal)
    angles = by_stabilisers.multiples_text(np.pi / 2) if names else ""
    weakest = "state" if "state" in found else "unitary"
    return Certificate(weakest, by_stabilisers.METHOD, angles)


def _lower(text: Text, point: Mapping[str, float]) -> Any:
    try:
        return text.written.lower(point)
    except (ValueError, TypeError, ArithmeticError) as error:
        raise Undecided(f"the angles have no value: {error}") from None


def _compare_outcomes(
    pairs: Sequence[Pair], points: Sequence[Mapping[str, float]]
) -> Difference | None:
    """The bits that differ most in how likely they are."""
    for (left, right), point in zip(pairs, points, strict=True):
        chances = left.outcomes(left.bits), right.outcomes(right.bits)
        gaps = np.abs(chances[0] - chances[1])
        place = int(np.argmax(gaps))
        if gaps[place] > TOLERANCE:
            require_difference(float(gaps[place]))
            bits = f"{place:0{len(left.bits)}b}"
            what = (
                f"the bits {bits} have chances {chances[0][place]:.6g} and {chances[1][place]:.6g}"
            )
            return Difference(what, point)
    return None
