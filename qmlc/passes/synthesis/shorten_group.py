"""Short generators of a group of commuting Pauli strings."""

from __future__ import annotations

from collections.abc import Sequence

from qmlc.passes.synthesis.collect_turns import Signed
from qmlc.passes.synthesis.pauli_turns import multiply


def shorten_group(rows: Sequence[Signed]) -> list[Signed]:
    """Generators of the same group, each multiplied by others as long as it grows shorter."""
    found = list(rows)
    changed = True
    while changed:
        changed = False
        for place, row in enumerate(found):
            for other in found[:place] + found[place + 1 :]:
                shorter = product(row, other)
                if shorter[1].support.bit_count() < row[1].support.bit_count():
                    row, changed = shorter, True
            found[place] = row
    return found


def product(left: Signed, right: Signed) -> Signed:
    """The product of two signed strings that commute."""
    power, string = multiply(left[1], right[1])
    return left[0] * right[0] * (1 if power == 0 else -1), string
