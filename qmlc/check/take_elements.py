"""Elements of what is known when compiling: of registers, bits, lists and arrays of numbers."""

from __future__ import annotations

from typing import Any

from qmlc.check.errors.types import BadIndex, BadOperation
from qmlc.check.values import Bits, Qubits, Value, describe, fail
from qmlc.ir.array import Array, ArrayError
from qmlc.ops.indexing import Slice
from qmlc.syntax import tree


def take_elements(node: tree.Index, base: Value, items: tuple[Any, ...]) -> Value:
    """What the subscripts `items` of `node` choose from `base`."""
    plain = items if _WHOLE.issuperset(map(type, items)) else _plain(node, items)
    if isinstance(base, (Qubits, Bits)):
        return _take(node, base, plain)
    if isinstance(base, Array):
        try:
            return base[_without_ellipsis(plain, len(base.shape))]
        except ArrayError as error:
            fail(BadIndex, node, str(error), f"the tensor is {describe(base)}")
    if isinstance(base, (tuple, range)):
        return _element(node, tuple(base), plain)
    fail(BadOperation, node.base, f"{describe(base)} has no elements", "cannot be indexed")


def _element(node: tree.Index, sequence: tuple[Value, ...], items: tuple[Any, ...]) -> Value:
    """`list[1]`, `list[1:]`."""
    if len(items) != 1 or items[0] is None or items[0] is ...:
        fail(BadIndex, node, "a list has one index", "too many")
    pick = items[0]
    if isinstance(pick, int) and not -len(sequence) <= pick < len(sequence):
        what = f"there is no element {pick} in a list of {len(sequence)}"
        fail(BadIndex, node, what, "out of range", _numbered(len(sequence)))
    return sequence[pick]


def _numbered(size: int) -> str:
    return f"they are numbered from 0 to {size - 1}" if size else "it is empty"


_WHOLE = frozenset({int})
"""What most subscripts are."""


def _plain(node: tree.Index, items: tuple[Any, ...]) -> tuple[Any, ...]:
    """Subscripts with Python's own slices; Stop where one is no subscript."""
    plain = tuple(slice(i.start, i.stop, i.step) if isinstance(i, Slice) else i for i in items)
    for item, subscript in zip(plain, node.subscripts, strict=True):
        _check_subscript(item, subscript)
    return plain


def _check_subscript(item: Any, node: tree.Node) -> None:
    parts = (item.start, item.stop, item.step) if isinstance(item, slice) else (item,)
    for part in parts:
        if part == 0 and isinstance(item, slice) and part is item.step:
            fail(BadIndex, node, "the step of a slice is not 0", "this selects nothing")
        if part is not None and part is not ... and not isinstance(part, int):
            fail(
                BadIndex,
                node,
                "an index is a whole number, known when compiling",
                f"this is {describe(part)}",
            )


def _without_ellipsis(items: tuple[Any, ...], axes: int) -> tuple[Any, ...]:
    if ... not in items:
        return items
    place = items.index(...)
    used = sum(i is not None and i is not ... for i in items)
    return (*items[:place], *[slice(None)] * max(0, axes - used), *items[place + 1 :])


def _take(node: tree.Index, base: Qubits | Bits, items: tuple[Any, ...]) -> Value:
    kind = "qubit" if isinstance(base, Qubits) else "bit"
    size = len(base.indices)
    if not base.register:
        fail(
            BadIndex,
            node,
            f"a single {kind} has no elements",
            "not a register",
            f"declare a register: `{kind} {node.base.span.text}[2]`",
        )
    if len(items) != 1 or items[0] is None or items[0] is ...:
        fail(BadIndex, node, "a register has one index", "too many")
    pick = items[0]
    if isinstance(pick, slice):
        _check_bounds(node, pick, size)
        return type(base)(base.indices[pick], True)
    if not -size <= pick < size:
        fail(
            BadIndex,
            node,
            f"there is no {kind} {pick} in a register of {size}",
            "out of range",
            _numbered(size),
        )
    return type(base)((base.indices[pick],), False)


def _check_bounds(node: tree.Index, pick: slice, size: int) -> None:
    """A slice of a register lies inside, as one of a tensor does."""
    for bound in (pick.start, pick.stop):
        if bound is not None and not -size <= bound <= size:
            what = f"there is no slice to {bound} in a register of {size}"
            proposal = f"bounds are from 0 to {size}; leave it out to go to the end"
            fail(BadIndex, node, what, "out of range", proposal)
