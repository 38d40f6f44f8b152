"""Functions of polynomials under their own names: `sin(2 * x[0])`, as generated circuits say it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from qmlc.types.polynomial import FUNCTIONS, Polynomial, Value


def __getattr__(name: str) -> Callable[..., Value]:
    """The function `name` of `types.polynomial.FUNCTIONS`; AttributeError where there is none."""
    if name not in FUNCTIONS:
        raise AttributeError(name)
    return partial(Polynomial.apply, name)
