"""Whole numbers that have to be known when compiling."""

from __future__ import annotations

from qmlc.check.errors.types import NotKnown, UnknownDimension
from qmlc.check.frame import Frame
from qmlc.check.values import NeedsDimensions, Poison, Stop, Tensor, Value, describe, fail
from qmlc.source.span import Span
from qmlc.syntax import tree
from qmlc.types.polynomial import Polynomial


def require_number(frame: Frame, value: Value, at: tree.Node | Span, what: str) -> int:
    """`value` as a whole number; asks for the declaration's dimensions where it holds some."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, Poison):
        raise Stop(None)
    span = at if isinstance(at, Span) else at.span
    if isinstance(value, Polynomial):
        names = tuple(dict.fromkeys(s.name for s in value.symbols() if not s.index))
        if names and frame.dimensions.issuperset(names):
            raise NeedsDimensions(names, span)
    if isinstance(value, Polynomial | Tensor):
        fail(
            NotKnown,
            span,
            f"{what} must be known when compiling",
            "only running yields this",
            "make it a setting: a number in the first parameter list",
        )
    fail(UnknownDimension, span, f"{what} must be a whole number", f"this is {describe(value)}")
