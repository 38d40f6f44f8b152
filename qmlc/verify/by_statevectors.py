"""Compare an emitted circuit with its source by statevectors at random values.

Amplitudes, and what is measured, are analytic functions of the free scalars and of the start, as
long as no formula has a step in between. Two that are not the same agree on a set of measure zero
only (as in the lemma of Schwartz and Zippel for polynomials): whoever draws the values from a
continuum and finds them equal has, with probability one, found the functions equal. What rounding
leaves of that: differences below the tolerance are not seen.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qmlc.ir.circuit import Result
from qmlc.verify.emitted import Emitted, Point, draw_angles
from qmlc.verify.read_results import result_scale, results_of_measurements, results_of_states
from qmlc.verify.sides import Side, find_equality, source_side, text_side
from qmlc.verify.verdict import (
    METHOD,
    POINTS,
    TOLERANCE,
    Certificate,
    Difference,
    Undecided,
    require_difference,
)

Pair = tuple[Point, Side, tuple[Side, ...]]
"""Source and texts at a point."""


def by_statevectors(emitted: Emitted, budget: float) -> Certificate | Difference:
    """The strongest equality that holds, or a difference in the results; Undecided.

    `budget` bounds the number of amplitudes that are computed.
    """
    generator = np.random.default_rng(0)
    pairs = [_sides(emitted, point) for point in emitted.points(POINTS, draw_angles(generator))]
    cost = sum(side.cost for _, source, texts in pairs for side in (source, *texts))
    if cost > budget:
        raise Undecided(f"statevectors would take {cost:.0e} amplitudes")
    angles = f"{len(pairs)} random assignments" if emitted.is_free else ""
    if emitted.plan is None:
        equal, gap, worst = find_equality([(s, text) for _, s, (text,) in pairs], generator)
        if equal is not None:
            return Certificate(equal, METHOD, angles)
        if not emitted.source.results:
            require_difference(gap)
            return Difference("the state that it leaves", pairs[worst][0].scalars)
    for pair in pairs:
        difference = _compare_results(emitted, pair)
        if difference is not None:
            return difference
    return Certificate("results", METHOD, angles)


def _sides(emitted: Emitted, point: Point) -> Pair:
    texts = tuple(
        text_side(text, steps) for text, steps in zip(emitted.texts, point.texts, strict=True)
    )
    return point, source_side(point.source), texts


def _compare_results(emitted: Emitted, pair: Pair) -> Difference | None:
    """The first result that differs; Undecided where it is by very little."""
    point, source, texts = pair
    wanted = results_of_states(
        point.source.results, source.run([(1, 0)] * source.num_qubits), point.numbers
    )
    results = zip(point.source.results, wanted, _found(emitted, point, texts), strict=True)
    for result, right, wrong in results:
        gap = float(np.max(np.abs(right - wrong), initial=0)) / result_scale(result, point.numbers)
        if gap > TOLERANCE:
            require_difference(gap)
            return Difference(_describe(result, right, wrong), point.scalars)
    return None


def _found(emitted: Emitted, point: Point, texts: tuple[Side, ...]) -> list[NDArray[Any]]:
    """The results as the texts yield them."""
    if emitted.plan is None:
        (text,) = texts
        mixture = text.run([(1, 0)] * len(text.starts))
        return results_of_states(emitted.circuit.results, mixture, point.numbers)
    tables = []
    for side, group in zip(texts, emitted.plan.groups, strict=True):
        tables.append(side.outcomes(range(side.num_bits - len(group.qubits), side.num_bits)))
    return results_of_measurements(emitted.plan, tables, point.numbers)


def _describe(result: Result, right: NDArray[Any], wrong: NDArray[Any]) -> str:
    place = np.unravel_index(np.argmax(np.abs(right - wrong)), right.shape)
    title = f"`{result.name}`, its {result.kind}," if result.name else f"its {result.kind}"
    where = f" at {list(map(int, place))}" if right.size > 1 else ""
    return f"{title} is {wrong[place]:.6g}{where}, and {right[place]:.6g} in the program"
