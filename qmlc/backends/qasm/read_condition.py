"""What Qiskit's branches ask of classical bits, as `Condition`s."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from qiskit.circuit import ClassicalRegister, Clbit
from qiskit.circuit.classical import expr, types

from qmlc.backends.qasm.errors import NotReadable
from qmlc.ir.circuit import Condition

MAX_BITS = 16
"""All values of so many bits are gone through."""

Truths = Mapping[Clbit, Condition]
"""When each bit of Qiskit's is 1, in bits of ours."""

Reading = Callable[[Mapping[Clbit, int]], int]
"""The value of an expression for values of the bits in it."""


def read_condition(test: Any, truths: Truths) -> Condition:
    """When `test` holds: (bit or register, value), or an expression; NotReadable."""
    if isinstance(test, expr.Expr):
        return where(test, bool, truths)
    target, wanted = test
    bits = clbits_of(target)
    own = [truths[bit].bits for bit in bits]
    if all(len(o) == 1 and truths[b].values == {1} for b, o in zip(bits, own, strict=True)):
        return Condition(tuple(o[0] for o in own), frozenset({int(wanted)}))
    return where(target, lambda value: value == int(wanted), truths)


def where(target: Any, accept: Callable[[int], bool], truths: Truths) -> Condition:
    """When the value of a bit, a register or an expression is accepted; NotReadable."""
    clbits = clbits_of(target)
    bits = tuple(dict.fromkeys(bit for c in clbits for bit in truths[c].bits))
    if len(bits) > MAX_BITS:
        raise NotReadable(f"its condition depends on {len(bits)} bits, more than {MAX_BITS}")
    reading = _reading(target)
    values = set()
    for value in range(1 << len(bits)):
        numbers = {c: int(holds(truths[c], bits, value)) for c in clbits}
        if accept(reading(numbers)):
            values.add(value)
    return Condition(bits, frozenset(values))


def holds(condition: Condition, bits: tuple[int, ...], value: int) -> bool:
    """Whether `condition` holds where `bits`, least significant first, have this value."""
    own = sum((value >> bits.index(bit) & 1) << i for i, bit in enumerate(condition.bits))
    return own in condition.values


def otherwise(condition: Condition) -> Condition:
    """When `condition` does not hold; NotReadable."""
    if len(condition.bits) > MAX_BITS:
        raise NotReadable(f"an `else` depends on {len(condition.bits)} bits, more than {MAX_BITS}")
    everything = frozenset(range(1 << len(condition.bits)))
    return Condition(condition.bits, everything - condition.values)


def choose(condition: Condition, yes: Condition, no: Condition) -> Condition:
    """`yes` where `condition` holds, else `no`."""
    bits = tuple(dict.fromkeys((*condition.bits, *yes.bits, *no.bits)))
    values = frozenset(
        value
        for value in range(1 << len(bits))
        if holds(yes if holds(condition, bits, value) else no, bits, value)
    )
    return Condition(bits, values)


def clbits_of(target: Any) -> list[Clbit]:
    """The bits that a bit, a register or an expression reads."""
    return list(dict.fromkeys(_clbits(target)))


def _clbits(target: Any) -> Iterator[Clbit]:
    match target:
        case Clbit():
            yield target
        case ClassicalRegister():
            yield from target
        case expr.Var(var=Clbit() | ClassicalRegister() as var):
            yield from _clbits(var)
        case expr.Value():
            return
        case expr.Cast() | expr.Unary():
            yield from _clbits(target.operand)
        case expr.Binary():
            yield from _clbits(target.left)
            yield from _clbits(target.right)
        case expr.Index():
            yield from _clbits(target.target)
            yield from _clbits(target.index)
        case _:
            raise NotReadable(f"its condition reads `{target}`, which is no bit")


def _reading(target: Any) -> Reading:
    match target:
        case Clbit():
            return lambda bits: bits[target]
        case ClassicalRegister():
            return lambda bits: sum(bits[bit] << i for i, bit in enumerate(target))
        case expr.Var():
            return _reading(target.var)
        case expr.Value():
            return lambda bits: int(target.value)
        case expr.Cast():
            return _fitted(target.type, _reading(target.operand))
        case expr.Unary():
            inner = _reading(target.operand)
            bare = isinstance(target.type, types.Bool)  # where ~1 is 0
            unary = operator.not_ if bare else UNARY[target.op]
            return _fitted(target.type, lambda bits: unary(inner(bits)))
        case expr.Index():
            whole, place = _reading(target.target), _reading(target.index)
            return lambda bits: whole(bits) >> place(bits) & 1
    left, right, binary = _reading(target.left), _reading(target.right), BINARY[target.op]
    return _fitted(target.type, lambda bits: binary(left(bits), right(bits)))


def _fitted(kind: Any, reading: Reading) -> Reading:
    """`reading` as a value of its type: a truth value, or a number of so many bits."""
    if isinstance(kind, types.Bool):
        return lambda bits: int(bool(reading(bits)))
    if not isinstance(kind, types.Uint):
        raise NotReadable(f"its condition computes with a `{type(kind).__name__}`")
    mask = (1 << kind.width) - 1
    return lambda bits: reading(bits) & mask


UNARY: dict[Any, Callable[[int], int]] = {
    expr.Unary.Op.BIT_NOT: operator.invert,
    expr.Unary.Op.LOGIC_NOT: operator.not_,
    expr.Unary.Op.NEGATE: operator.neg,
}

BINARY: dict[Any, Callable[[int, int], int]] = {
    expr.Binary.Op.BIT_AND: operator.and_,
    expr.Binary.Op.BIT_OR: operator.or_,
    expr.Binary.Op.BIT_XOR: operator.xor,
    expr.Binary.Op.LOGIC_AND: lambda a, b: bool(a) and bool(b),
    expr.Binary.Op.LOGIC_OR: lambda a, b: bool(a) or bool(b),
    expr.Binary.Op.EQUAL: operator.eq,
    expr.Binary.Op.NOT_EQUAL: operator.ne,
    expr.Binary.Op.LESS: operator.lt,
    expr.Binary.Op.LESS_EQUAL: operator.le,
    expr.Binary.Op.GREATER: operator.gt,
    expr.Binary.Op.GREATER_EQUAL: operator.ge,
    expr.Binary.Op.SHIFT_LEFT: operator.lshift,
    expr.Binary.Op.SHIFT_RIGHT: operator.rshift,
    expr.Binary.Op.ADD: operator.add,
    expr.Binary.Op.SUB: operator.sub,
    expr.Binary.Op.MUL: operator.mul,
    expr.Binary.Op.DIV: lambda a, b: a // b if b else 0,
}
