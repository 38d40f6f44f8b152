"""What a step does, as numbers that a host's costs turn into seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from qmlc.costs.host_costs import HostCosts

Counts = Mapping[str, float]

NUMBER = 4
"""Bytes of a number in float32."""


@dataclass(frozen=True, slots=True)
class Work:
    """Work by what it costs: keys are those of the host's tables of seconds.

    `products` are the floating-point operations of matrix products, each with the harmonic mean of
    its sizes, `moved` are bytes.
    """

    calls: Counts = field(default_factory=dict)
    numbers: Counts = field(default_factory=dict)
    rows: Counts = field(default_factory=dict)
    moved: float = 0
    products: tuple[tuple[float, float], ...] = ()
    other: float = 0
    """Other floating-point operations."""
    in_rows: float = 0
    """Further bytes, whose time is that of the rows that they are."""

    @property
    def flops(self) -> float:
        """All floating-point operations."""
        return self.other + sum(count for count, _ in self.products)

    @property
    def bytes(self) -> float:
        """All bytes that are read and written."""
        return self.moved + self.in_rows

    def __add__(self, other: Work) -> Work:
        return Work(
            _sum(self.calls, other.calls),
            _sum(self.numbers, other.numbers),
            _sum(self.rows, other.rows),
            self.moved + other.moved,
            self.products + other.products,
            self.other + other.other,
            self.in_rows + other.in_rows,
        )


def mean_size(*sizes: float) -> float:
    """The harmonic mean: a product of matrices is slow where one of its sizes is small."""
    return len(sizes) / sum(1 / size for size in sizes)


def _sum(left: Counts, right: Counts) -> Counts:
    return {key: left.get(key, 0) + right.get(key, 0) for key in {**left, **right}}


def predict_seconds(work: Work, costs: HostCosts) -> float:
    """The seconds that work of one step takes: the roofline, and what each call costs.

    Products wait for the bytes that they need or for their arithmetic (Williams, Waterman and
    Patterson, Communications of the ACM 52, 2009); what is computed number by number, or row by
    row, comes on top.
    """
    arithmetic = sum(count / costs.products_a_second(size) for count, size in work.products)
    moving = work.moved / costs.bytes_a_second(work.moved)
    steps = sum(
        count * table[key]
        for counts, table in (
            (work.calls, costs.seconds),
            (work.numbers, costs.seconds_a_number),
            (work.rows, costs.seconds_a_row),
        )
        for key, count in counts.items()
    )
    return max(arithmetic, moving) + steps
