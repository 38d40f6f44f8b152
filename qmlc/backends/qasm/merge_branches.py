"""Branches with the same body, of which one runs at most, as one branch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from qmlc.backends.qasm.read_condition import holds
from qmlc.ir.circuit import Condition, Instruction

MAX_BITS = 10
"""On so many bits may depend what was merged."""


Run = tuple[Condition | None, list[Instruction]]


def merge_branches(instructions: Sequence[Instruction]) -> list[Instruction]:
    """The same circuit: `if a { x q } else if b { x q }` is `if a or b { x q }`."""
    runs: list[Run] = []
    for condition, group in groupby(instructions, lambda i: i.condition):
        body = [replace(i, condition=None) for i in group]
        while body and condition is not None and (taken := _widen(runs, condition, body)):
            body = body[taken:]
        if body:
            runs.append((condition, body))
    return [replace(i, condition=condition) for condition, body in runs for i in body]


def _widen(runs: list[Run], condition: Condition, body: Sequence[Instruction]) -> int:
    """Let an earlier run that `body` begins with run where it does, and return its length, else 0.

    In between there are only runs for other values of the bits.
    """
    written = {bit for i in body for bit in i.bits}
    for number in reversed(range(len(runs))):
        before, other = runs[number]
        if before is None or written.intersection(before.bits, condition.bits):
            return 0
        bits = tuple(dict.fromkeys(before.bits + condition.bits))
        if len(bits) > MAX_BITS or {*bits} & {bit for i in other for bit in i.bits}:
            return 0
        old, new = (
            {n for n in range(1 << len(bits)) if holds(c, bits, n)} for c in (before, condition)
        )
        if old & new:
            return 0
        if other == body[: len(other)]:
            every = len(old | new) == 1 << len(bits)
            runs[number] = (None if every else Condition(bits, frozenset(old | new)), other)
            return len(other)
    return 0
