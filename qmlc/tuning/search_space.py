"""What a sweep varies, and over which values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Choices:
    """One of several values."""

    name: str
    values: tuple[Any, ...]

    def suggest(self, trial: Any) -> Any:
        """The value for a trial of Optuna."""
        return trial.suggest_categorical(self.name, self.values)

    def ends(self) -> tuple[Any, Any]:
        """The first and the last value."""
        return self.values[0], self.values[-1]


@dataclass(frozen=True, slots=True)
class Interval:
    """A number from `low` to `high`, both included; a whole one where both are."""

    name: str
    low: float
    high: float
    log: bool = False
    """Whether it is drawn on a logarithmic scale."""
    step: float | None = None

    def suggest(self, trial: Any) -> Any:
        """The value for a trial of Optuna."""
        whole = all(isinstance(number, int) for number in (self.low, self.high, self.step or 1))
        draw = trial.suggest_int if whole else trial.suggest_float
        steps = {} if self.step is None else {"step": self.step}
        return draw(self.name, self.low, self.high, log=self.log, **steps)

    def ends(self) -> tuple[Any, Any]:
        """The least and the greatest value."""
        return self.low, self.high


Varied = Choices | Interval
