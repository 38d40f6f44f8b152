"""Branches of OpenQASM 3 in the tests that Qiskit's importer takes: a bit, or a register that is k.

Any other test is worked out for all values of its bits, and asked bit by bit.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, NamedTuple

from openqasm3 import ast

from qmlc.backends.qasm.fold_openqasm3 import Number, constant, literal
from qmlc.backends.qasm.fold_openqasm3 import without_casts as bare

MAX_BITS = 10
"""All values of so many bits are gone through."""


class NotLowered(Exception):
    """What only a run could tell: the node, and why."""

    def __init__(self, node: ast.QASMNode, message: str) -> None:
        super().__init__(message)
        self.node, self.message = node, message


class Bits(NamedTuple):
    """What is known of a program's bits.

    `sizes` are those of registers of several; `place` is a name or an element as it is meant.
    """

    known: Mapping[str, Number]
    sizes: Mapping[str, int]
    place: Callable[[Any], Any]


def write_test(test: Any, yes: list[Any], no: list[Any], bits: Bits) -> Iterator[Any]:
    """The statements `yes` where `test` holds, else `no`; NotLowered."""
    test = bare(test)
    value = constant(test, bits.known)
    if value is not None:
        yield from yes if value else no
    elif (whole := _number_of_register(test, bits)) is not None:
        yield _if(whole, yes, no)
    else:
        places = list({_key(b): b for b in _bits_in(test, bits)}.values())
        if len(places) > MAX_BITS:
            raise NotLowered(test, f"a branch asks for {len(places)} bits, more than {MAX_BITS}")
        yield from _decide(places, _table(test, places, bits), yes, no)


def _number_of_register(test: Any, bits: Bits) -> Any:
    """`register == k` as it is, for a register of any size; None for another test."""
    if not isinstance(test, ast.BinaryExpression) or test.op.name != "==":
        return None
    left, right = bare(test.lhs), bare(test.rhs)
    if constant(left, bits.known) is not None:
        left, right = right, left
    value = constant(right, bits.known)
    subject = bits.place(left) if isinstance(left, ast.Identifier) else None
    if value is None or not isinstance(subject, ast.Identifier) or subject.name not in bits.sizes:
        return None
    return ast.BinaryExpression(test.op, subject, literal(int(value)))


def _if(test: Any, yes: list[Any], no: list[Any]) -> Any:
    if not yes and no and not isinstance(test, ast.BinaryExpression):
        return ast.BranchingStatement(ast.UnaryExpression(ast.UnaryOperator["!"], test), no, [])
    return ast.BranchingStatement(test, yes, no)


def _is_place(node: Any, bits: Bits) -> bool:
    return isinstance(node, ast.Identifier | ast.IndexExpression) and (
        constant(node, bits.known) is None
    )


def _bits_in(node: Any, bits: Bits) -> Iterator[ast.IndexedIdentifier]:
    """The bits of which an expression is made."""
    if _is_place(node, bits):
        yield from _bits_of(node, bits)
    elif isinstance(node, ast.FunctionCall):
        for argument in node.arguments:
            yield from _bits_in(argument, bits)
    elif isinstance(node, ast.Expression):
        for item in fields(node):
            yield from _bits_in(getattr(node, item.name), bits)


def _bits_of(node: Any, bits: Bits) -> list[ast.IndexedIdentifier]:
    """The bits that a name, an element or a part of a register is, least significant first."""
    match node:
        case ast.Identifier():
            place = bits.place(node)
            if isinstance(place, ast.IndexedIdentifier):
                return [place]
            if place.name in bits.sizes:
                return [_element(place, i) for i in range(bits.sizes[place.name])]
        case ast.IndexExpression(collection=ast.Identifier() as register, index=[index]):
            if isinstance(index, ast.RangeDefinition):
                return _bits_of(register, bits)[_slice(index, bits)]
            place, number = bits.place(register), constant(index, bits.known)
            if isinstance(place, ast.Identifier) and isinstance(number, int):
                return [_element(place, number % bits.sizes.get(place.name, number + 1))]
    raise NotLowered(node, "a branch asks for bits, and for what is computed from them")


def _slice(index: ast.RangeDefinition, bits: Bits) -> slice:
    """A range, whose end is in it, as a slice."""
    start, step, end = (
        None if part is None else constant(part, bits.known)
        for part in (index.start, index.step, index.end)
    )
    if not all(part is None or isinstance(part, int) for part in (start, step, end)):
        raise NotLowered(index, "which bits are meant is not known before anything is measured")
    down = step is not None and step < 0
    last = None if end is None else int(end) + (-1 if down else 1)
    return slice(start, None if last == (-1 if down else 0) else last, step)


def _element(register: ast.Identifier, index: int) -> ast.IndexedIdentifier:
    return ast.IndexedIdentifier(register, [[ast.IntegerLiteral(index)]])


def _key(bit: ast.IndexedIdentifier) -> tuple[str, int]:
    index: Any = bit.indices[0]
    return bit.name.name, index[0].value


def _table(test: Any, places: Sequence[ast.IndexedIdentifier], bits: Bits) -> list[bool]:
    """Whether a test holds, for each number that its bits may be."""
    found = []
    for number in range(1 << len(places)):
        values = {_key(bit): number >> i & 1 for i, bit in enumerate(places)}
        value = constant(_filled(test, values, bits), bits.known)
        if value is None:
            raise NotLowered(test, "a branch asks for bits, and for what is computed from them")
        found.append(bool(value))
    return found


def _filled(node: Any, values: Mapping[tuple[str, int], int], bits: Bits) -> Any:
    """An expression with numbers in the place of bits."""
    if isinstance(node, list):
        return [_filled(item, values, bits) for item in node]
    if not isinstance(node, ast.Expression):
        return node
    if _is_place(node, bits):
        own = [values[_key(bit)] for bit in _bits_of(node, bits)]
        return literal(bool(own[0]) if len(own) == 1 else sum(b << i for i, b in enumerate(own)))
    if isinstance(node, ast.UnaryExpression) and _is_place(bare(node.expression), bits):
        size = len(_bits_of(bare(node.expression), bits))
        if node.op.name == "~" and size > 1:
            every = literal((1 << size) - 1)
            inner = _filled(bare(node.expression), values, bits)
            return ast.BinaryExpression(ast.BinaryOperator["^"], every, inner)
    changed = copy.copy(node)
    for item in fields(node):
        if item.name != "name":
            setattr(changed, item.name, _filled(getattr(node, item.name), values, bits))
    return changed


def _decide(
    places: Sequence[ast.IndexedIdentifier], table: Sequence[bool], yes: list[Any], no: list[Any]
) -> Iterator[Any]:
    """The statements for each row of a table, bit by bit."""
    if all(table) or not any(table):
        yield from yes if table[0] else no
        return
    low, high = (list(_decide(places[1:], table[bit::2], yes, no)) for bit in (0, 1))
    yield from low if table[0::2] == table[1::2] else [_if(places[0], high, low)]
