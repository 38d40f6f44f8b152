"""Compare circuits of any size where all their gates are Clifford's: at multiples of pi/2.

A mean value is a polynomial in the sines and cosines of the angles. Where each of them occurs in
one rotation, it is of the first degree in each, and so are differences: one that is not zero is not
zero for half of the multiples of an angle at least, whatever the others are. Angles that occur more
often may hide a difference that is zero at all multiples of pi/2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qmlc.backends.qasm.plan_measurement import DISTRIBUTIONS, MeasurementGroup, Term
from qmlc.ir.circuit import Result, Variable
from qmlc.verify.emitted import Emitted, Numbers, Point
from qmlc.verify.lower_calls import lower_row
from qmlc.verify.read_results import number_of, result_scale
from qmlc.verify.sides import Pair, Side, source_side, text_side
from qmlc.verify.stabiliser_state import (
    NotClifford,
    StabiliserState,
    both_letters,
    pauli_bits,
    zero_stabilisers,
)
from qmlc.verify.steps import Gate, Rotation, Step
from qmlc.verify.verdict import SMALL, Certificate, Difference, Undecided

POINTS = 8
"""At how many values."""

UNITS = [(math.pi / 2, math.pi / 2), (1, math.pi / 2), (2, math.pi / 2), (math.pi / 2, 1)]
"""What inputs and parameters are whole multiples of, tried one after the other.

Products of both have to be multiples of pi/2. At multiples of pi no one could see the sign of an
angle, so these are not tried.
"""

METHOD = "stabilisers"

Where = Callable[[int], int]


def by_stabilisers(emitted: Emitted, budget: float) -> Certificate | Difference:
    """As `by_statevectors`, at values for which all gates are Clifford's; Undecided."""
    for inputs, parameters in UNITS:
        try:
            return _at_multiples(emitted, inputs, parameters, budget)
        except NotClifford as undecided:
            reason = undecided
            if not emitted.is_free:
                break
    raise reason


def _at_multiples(
    emitted: Emitted, inputs: float, parameters: float, budget: float
) -> Certificate | Difference:
    generator = np.random.default_rng(0)
    given = {v.name for v in emitted.source.inputs}

    def draw(variable: Variable, _: int) -> Any:
        unit = inputs if variable.name in given else parameters
        return unit * generator.integers(0, 4, variable.shape)

    angles = multiples_text(inputs, parameters) if emitted.is_free else ""
    found = []
    for point in emitted.points(POINTS, draw):
        source = source_side(point.source)
        texts = tuple(text_side(t, s) for t, s in zip(emitted.texts, point.texts, strict=True))
        require_stabilisers((source, *texts), budget)
        if emitted.plan is not None:
            groups = zip(emitted.plan.groups, texts, strict=True)
            equal = "results" if all(_measure_alike(source, *g) for g in groups) else None
        else:
            equal = equal_stabilisers((source, texts[0]))
        if equal in (None, "results"):
            difference = _compare_results(emitted, point, source, texts)
            if difference is not None:
                return difference
        if equal is None:
            # mean values are mostly 0 here, and equal for that
            raise Undecided("stabilisers show equal results, but of different states")
        found.append(equal)
    weakest = max(found, key=["unitary", "state", "results"].index)
    return Certificate(weakest, METHOD, angles)


def multiples_text(*units: float) -> str:
    """What a certificate says of the angles."""
    texts = ("pi/2" if unit == math.pi / 2 else f"{unit:g}" for unit in dict.fromkeys(units))
    return f"{POINTS} random assignments of multiples of {' and '.join(texts)}"


def require_stabilisers(sides: Sequence[Side], budget: float) -> None:
    """Undecided where a side measures on the way, or is too large."""
    if not all(isinstance(step, Gate | Rotation) for side in sides for step in side.before):
        raise Undecided("stabilisers are not followed through measurements on the way")
    cost = sum(10.0 * side.num_qubits * (len(side.before) + side.num_qubits**2) for side in sides)
    if cost > budget:
        raise Undecided(f"stabilisers would take {cost:.0e} operations")


def equal_stabilisers(pair: Pair) -> str | None:
    """In what two sides are equal: `unitary`, `state` or nothing; Undecided."""
    left, right = pair
    if len(left.starts) != len(right.starts) or left.readout != right.readout:
        return None
    for equal, doubled in (("unitary", True), ("state", False)):
        known = []
        for side in pair:
            state = run_stabilisers(side, doubled)
            known.append(state.reduced(both_letters([*side.ends, *_references(side, state)])))
        if np.array_equal(known[0], known[1]) and len(known[0]) == len(left.ends) * (1 + doubled):
            return equal
    return None


def _references(side: Side, state: StabiliserState) -> range:
    """The qubits that those of the circuit were entangled with, if they were."""
    return range(side.num_qubits, len(state.x))


def _measure_alike(source: Side, group: MeasurementGroup, text: Side) -> bool:
    """Whether a text measures a group in its basis, whatever state the circuit starts in."""
    turned = replace(source, steps=(*source.before, *_turn_to_z(group)))
    known = []
    for side, wires in ((turned, group.qubits), (text, _wires(text, group))):
        state = run_stabilisers(side, True)
        letters = [*((q, "Z") for q in wires), *both_letters(_references(side, state))]
        known.append(state.reduced(letters))
    return np.array_equal(known[0], known[1])


def _turn_to_z(group: MeasurementGroup) -> Iterator[Step]:
    """The gates after which the letters of a group are Z."""
    for qubit, letter in group.basis:
        if letter == "Y":
            yield from lower_row("sdg", (), (qubit,))
        if letter != "Z":
            yield from lower_row("h", (), (qubit,))


def _wires(text: Side, group: MeasurementGroup) -> list[int]:
    """The qubit that each bit of a group is measured on; Undecided."""
    bits = range(text.num_bits - len(group.qubits), text.num_bits)
    if not set(bits) <= set(text.read):
        raise Undecided("not all bits are measured in the end")
    return [text.read[bit] for bit in bits]


def run_stabilisers(side: Side, doubled: bool = False) -> StabiliserState:
    """The state before the last measurements; Undecided.

    If `doubled`, each qubit of the circuit starts entangled with one more, which is left alone:
    then the state says what becomes of every start.
    """
    state = zero_stabilisers(side.num_qubits + doubled * len(side.starts))
    if doubled:
        for i, qubit in enumerate(side.starts):
            other = side.num_qubits + i
            state.z[[qubit, other], [qubit, other]] = False
            state.x[qubit, [qubit, other]] = True
            state.z[other, [qubit, other]] = True
    for step in side.before:
        assert isinstance(step, Gate | Rotation)
        state.apply(step)
    return state


def _compare_results(
    emitted: Emitted, point: Point, source: Side, texts: Sequence[Side]
) -> Difference | None:
    if not emitted.source.results:
        return Difference("the state that it leaves", point.scalars)
    state = run_stabilisers(source)
    for result, found in zip(emitted.source.results, _found(emitted, point, texts), strict=True):
        right = _value(result, state, point.numbers, lambda q: q)
        largest = SMALL * result_scale(result, point.numbers)
        if right.shape != found.shape or np.max(np.abs(right - found), initial=0) > largest:
            title = f"`{result.name}`, its {result.kind}," if result.name else f"its {result.kind}"
            return Difference(f"{title} is another", point.scalars)
    return None


def _found(emitted: Emitted, point: Point, texts: Sequence[Side]) -> Iterator[NDArray[Any]]:
    """The results as the texts yield them."""
    states = [run_stabilisers(side) for side in texts]
    if emitted.plan is None:
        for result in emitted.circuit.results:
            yield _value(result, states[0], point.numbers, lambda q: texts[0].ends[q])
        return
    wires = [_wires(side, g) for side, g in zip(texts, emitted.plan.groups, strict=True)]

    def total(terms: Sequence[Term]) -> float:
        return sum(
            number_of(t.coefficient, point.numbers)
            * _mean(states[t.group], [(wires[t.group][bit], "Z") for bit in t.bits])
            for t in terms
        )

    for reading in emitted.plan.readings:
        if reading.kind in DISTRIBUTIONS:
            own = wires[reading.group]
            yield _distribution(states[reading.group], [own[bit] for bit in reading.bits])
        else:
            means = np.array([total(terms) for terms in reading.sums])
            if reading.kind == "variance":
                means = np.array([total(terms) for terms in reading.squares]) - means**2
            yield means


def _value(result: Result, state: StabiliserState, numbers: Numbers, where: Where) -> NDArray[Any]:
    """A result; for a distribution what is known of it."""
    if result.kind in DISTRIBUTIONS:
        return _distribution(state, [where(q) for q in result.qubits])
    if result.kind not in ("expval", "variance"):
        raise Undecided(f"stabilisers are not made for the {result.kind}")

    def total(operator: Any) -> float:
        return sum(
            number_of(c, numbers) * _mean(state, [(where(q), letter) for q, letter in string])
            for string, c in operator.terms
        )

    means = np.array([total(o) for o in result.operators])
    if result.kind == "variance":
        means = np.array([total(o * o) for o in result.operators]) - means**2
    return means


def _mean(state: StabiliserState, string: Sequence[tuple[int, str]]) -> int:
    return state.mean(*pauli_bits(string, len(state.x)))


def _distribution(state: StabiliserState, qubits: Sequence[int]) -> NDArray[Any]:
    return state.reduced([(qubit, "Z") for qubit in qubits]).astype(float)
