"""What work costs on a host: seconds of operations, and speeds by the size of the work."""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any


@dataclass(frozen=True, slots=True)
class Curve:
    """A speed by the size of the work, given at ascending sizes; straight between in logarithms."""

    at: tuple[float, ...]
    values: tuple[float, ...]

    def __call__(self, size: float) -> float:
        """The speed at a size; below the first size and above the last, the one there."""
        if size <= self.at[0] or len(self.at) == 1:
            return self.values[0]
        if size >= self.at[-1]:
            return self.values[-1]
        right = bisect(self.at, size)
        low, high = self.at[right - 1], self.at[right]
        share = math.log(size / low) / math.log(high / low)
        left, right_value = math.log(self.values[right - 1]), math.log(self.values[right])
        return math.exp((1 - share) * left + share * right_value)


@dataclass(frozen=True, slots=True)
class HostCosts:
    """The tables of `typical_host.toml`, which says what each number means; one thread."""

    processor: str
    seconds: Mapping[str, float]
    seconds_a_number: Mapping[str, float]
    seconds_a_row: Mapping[str, float]
    bytes_a_second: Curve
    products_a_second: Curve


TABLES = ("seconds", "seconds_a_number", "seconds_a_row")
CURVES = ("bytes_a_second", "products_a_second")


def costs_from(content: Mapping[str, Any], usual: HostCosts | None = None) -> HostCosts:
    """The costs that a parsed TOML file says, the rest as `usual`; ValueError for what is wrong."""
    if unknown := set(content) - {"processor", *TABLES, *CURVES}:
        raise ValueError(f"it has `{min(unknown)}`, which no host has")
    processor = content.get("processor", usual.processor if usual else None)
    if not isinstance(processor, str):
        raise ValueError("`processor` is a text")
    tables = {name: _table(name, content, usual) for name in TABLES}
    curves = {name: _curve(name, content, usual) for name in CURVES}
    return HostCosts(processor, **tables, **curves)  # type: ignore[arg-type]


def _table(name: str, content: Mapping[str, Any], usual: HostCosts | None) -> Mapping[str, float]:
    known: Mapping[str, float] = getattr(usual, name) if usual else {}
    given = content.get(name, {})
    if not isinstance(given, dict):
        raise ValueError(f"`{name}` is a table")
    if unknown := set(given) - set(known) if usual else None:
        raise ValueError(f"`{name}` has `{min(unknown)}`: it has {', '.join(known)}")
    return {**known, **{key: _positive(f"{name}.{key}", value) for key, value in given.items()}}


def _curve(name: str, content: Mapping[str, Any], usual: HostCosts | None) -> Curve:
    if name not in content and usual is not None:
        found: Curve = getattr(usual, name)
        return found
    given = content.get(name)
    if not isinstance(given, dict) or set(given) != {"at", "values"}:
        raise ValueError(f"`{name}` has two lists, `at` and `values`")
    lists = [given[key] for key in ("at", "values")]
    if not all(isinstance(items, list) and items for items in lists) or len(lists[0]) != len(
        lists[1]
    ):
        raise ValueError(f"`{name}.at` and `{name}.values` are lists of one length")
    at, values = (tuple(_positive(name, item) for item in items) for items in lists)
    if any(low >= high for low, high in pairwise(at)):
        raise ValueError(f"`{name}.at` ascends")
    return Curve(at, values)


def _positive(name: str, value: Any) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 < value < math.inf:
        raise ValueError(f"`{name}` holds positive numbers, not `{value!r}`")
    return float(value)
