"""What is to be proved of a compilation: that texts yield what a circuit says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qmlc.backends.qasm.bind_circuit import bind_circuit, circuit_numbers
from qmlc.backends.qasm.emit_openqasm import scalar_values
from qmlc.backends.qasm.plan_measurement import MeasurementPlan
from qmlc.ir.circuit import Circuit, Variable
from qmlc.types.polynomial import Symbol, Value
from qmlc.verify.steps import Steps
from qmlc.verify.verdict import Undecided
from qmlc.verify.written import Written

ATTEMPTS = 20
"""How often values are drawn anew where a formula has none, or one too large: 1/x at 0."""

LARGEST = 1e3
"""Of larger angles too few digits are left."""

Values = Mapping[str, Any]

Numbers = Mapping[Symbol, Value]

Draw = Callable[[Variable, int], Any]
"""Makes an array for a variable, at an attempt."""


def draw_angles(generator: np.random.Generator) -> Draw:
    """Draws angles around the circle, at later attempts nearer to 0, every other time positive."""

    def draw(variable: Variable, attempt: int) -> Any:
        reach = 2 * np.pi * 0.7**attempt
        return generator.uniform(-reach if attempt % 2 == 0 else 0.0, reach, variable.shape)

    return draw


@dataclass(frozen=True)
class Text:
    """A text, read: the qubits on which those of the circuit start and end, and its bits."""

    written: Written
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    bits: tuple[int, ...]


@dataclass(frozen=True)
class Point:
    """Circuit and steps of the texts with numbers for all that was free.

    `numbers` are those of the symbols, for coefficients of observables; `scalars` those of the
    texts' inputs.
    """

    source: Circuit
    texts: tuple[Steps, ...]
    numbers: Numbers
    scalars: Mapping[str, float]


@dataclass(frozen=True)
class Emitted:
    """The texts of a circuit: one, or with a `plan` one for each of its groups.

    `source` is the circuit as its author wrote it, `circuit` the one that was written down, over
    the same symbols. `given` are the numbers that the texts hold already.
    """

    source: Circuit
    circuit: Circuit
    given: Values
    texts: tuple[Text, ...]
    plan: MeasurementPlan | None = None

    @property
    def is_free(self) -> bool:
        """Whether some text has a free scalar."""
        return any(text.written.inputs for text in self.texts)

    def points(self, count: int, draw: Draw) -> Iterator[Point]:
        """All with values for what is free, `count` times, or once where nothing is; Undecided."""
        variables = (*self.source.inputs, *self.source.parameters)
        free = [v for v in variables if v.name not in self.given]
        for _ in range(count if self.is_free else 1):
            yield self._point(free, draw)

    def _point(self, free: Sequence[Variable], draw: Draw) -> Point:
        for attempt in range(ATTEMPTS):
            drawn = {v.name: draw(v, attempt) for v in free}
            try:
                return self._at({**self.given, **drawn})
            except (ValueError, TypeError, ArithmeticError):
                continue
        raise Undecided("no numbers were found at which all formulas have a value")

    def _at(self, values: Values) -> Point:
        scalars = scalar_values(bind_circuit(self.circuit, self.given), values)
        if any(abs(number) > LARGEST for number in scalars.values()):
            raise ValueError("an angle has too few digits")
        for unknown in {n for text in self.texts for n in text.written.inputs} - {*scalars}:
            raise Undecided(f"there is no number for the input `{unknown}`")
        texts = tuple(text.written.lower(scalars) for text in self.texts)
        shown = {name: scalars[name] for text in self.texts for name in text.written.inputs}
        numbers: dict[Symbol, Value] = dict(circuit_numbers(self.source, values))
        return Point(bind_circuit(self.source, values), texts, numbers, shown)
