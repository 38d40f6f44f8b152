"""What a branch asks of measured bits, in the language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qmlc.ir.build_circuit import conjunction
from qmlc.ir.circuit import Condition

MAX_BITS = 12
"""Conditions on more bits are not taken apart."""


def implies(inner: Condition | None, outer: Condition | None) -> bool:
    """Whether `inner` asks what `outer` does and perhaps more, so that it can stand inside."""
    if outer is None or inner == outer:
        return True
    if inner is None or len(inner.bits) > MAX_BITS or not set(outer.bits) < set(inner.bits):
        return False
    return _same(conjunction(inner, outer), inner)


def _all(condition: Condition) -> frozenset[int]:
    return frozenset(range(1 << len(condition.bits)))


def remaining(inner: Condition, outer: Condition | None) -> Condition:
    """What `inner` asks where `outer` holds already."""
    rest = tuple(bit for bit in inner.bits if outer is not None and bit not in outer.bits)
    if outer is None or not rest or len({*inner.bits, *outer.bits}) > MAX_BITS:
        return inner
    places = [inner.bits.index(bit) for bit in rest]
    values = {sum((v >> p & 1) << i for i, p in enumerate(places)) for v in inner.values}
    smaller = Condition(rest, frozenset(values))
    order = conjunction(inner, outer)
    return smaller if _same(conjunction(outer, smaller), order) else inner


def _same(left: Condition, right: Condition) -> bool:
    if set(left.bits) != set(right.bits):
        return False
    places = [left.bits.index(bit) for bit in right.bits]
    moved = {sum((v >> p & 1) << i for i, p in enumerate(places)) for v in left.values}
    return moved == right.values


def opposite(left: Condition, right: Condition) -> bool:
    """Whether one of two conditions holds exactly where the other does not."""
    if left.bits != right.bits or len(left.bits) > MAX_BITS:
        return False
    return left.values | right.values == _all(left) and not left.values & right.values


def print_condition(
    condition: Condition, bits: Mapping[int, str], registers: Mapping[tuple[int, ...], str]
) -> str:
    """The test of an `if`; an empty text where it never holds, `true` where it always does.

    `bits` names what was measured so far, `registers` those that were measured as one; all other
    bits are 0.
    """
    known = [place for place, bit in enumerate(condition.bits) if bit in bits]
    values = sorted(
        sum((value >> place & 1) << i for i, place in enumerate(known))
        for value in condition.values
        if all(place in known or not value >> place & 1 for place in range(len(condition.bits)))
    )
    names = tuple(condition.bits[place] for place in known)
    if not values:
        return ""
    if len(values) == 1 << len(known):
        return "true"
    if len(known) == 1:
        return bits[names[0]] if values == [1] else f"not {bits[names[0]]}"
    if len(values) > 1 and len(known) <= MAX_BITS:
        short = _comparison(values, names, bits, registers)
        if short:
            return short
    return " or ".join(_one(value, names, bits, registers) for value in values)


def _comparison(
    values: Sequence[int],
    names: tuple[int, ...],
    bits: Mapping[int, str],
    registers: Mapping[tuple[int, ...], str],
) -> str:
    """Several values of bits in one comparison, or a parity; an empty text where there is none."""
    count = 1 << len(names)
    missing = sorted({*range(count)} - set(values))
    if [n for n in range(count) if n.bit_count() % 2 == values[0].bit_count() % 2] == values:
        text = " != ".join(["(" * (len(names) - 2) + bits[names[0]], *_closed(names[1:], bits)])
        return text if values[0] else " == ".join(text.rsplit(" != ", 1))
    if len(names) == 2 and names not in registers:
        both = [("not " if missing[0] >> i & 1 else "") + bits[b] for i, b in enumerate(names)]
        return " or ".join(both) if len(missing) == 1 else ""
    subject = _subject(names, bits, registers)
    if len(missing) == 1:
        return f"{subject} != {missing[0]}"
    if values[-1] == len(values) - 1:
        return f"{subject} < {len(values)}"
    return f"{subject} >= {values[0]}" if values[0] == len(missing) else ""


def _closed(names: Sequence[int], bits: Mapping[int, str]) -> list[str]:
    """The bits of a parity, with the brackets that end after them."""
    return [bits[name] + ")" * (place + 1 < len(names)) for place, name in enumerate(names)]


def _subject(
    names: Sequence[int], bits: Mapping[int, str], registers: Mapping[tuple[int, ...], str]
) -> str:
    return registers.get(tuple(names)) or f"[{', '.join(bits[b] for b in names)}]"


def _one(
    value: int,
    names: tuple[int, ...],
    bits: Mapping[int, str],
    registers: Mapping[tuple[int, ...], str],
) -> str:
    if names not in registers and len(names) == 2:
        asked = [("" if value >> i & 1 else "not ") + bits[b] for i, b in enumerate(names)]
        return " and ".join(asked)
    return f"{_subject(names, bits, registers)} == {value}"
