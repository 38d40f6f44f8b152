"""The functions of the kernel language, as LLVM's instructions and intrinsics."""

from __future__ import annotations

import builtins as python
from collections.abc import Callable, Mapping
from functools import partial, reduce
from typing import Any

from qmlc.kernels import language
from qmlc.kernels.errors import KernelError
from qmlc.kernels.operations import (
    Item,
    binary,
    cast,
    common,
    compare,
    convert,
    element,
    is_number,
    value_of,
)
from qmlc.kernels.permute import permute
from qmlc.kernels.types import Type, Value
from qmlc.kernels.writer import Writer


def _wrong(writer: Writer, value: Value, name: str) -> KernelError:
    return KernelError(f"{name} of {writer.machine.name(value.type)} is not there")


def _fma(writer: Writer, a: Item, b: Item, c: Item) -> Value:
    type = common(writer, convert_pair(writer, a, b), c)
    if not type.is_real:
        raise KernelError("fma is of reals")
    name = "llvm.fma" if "fma" in writer.machine.features else "llvm.fmuladd"
    sides = [convert(writer, side, type) for side in (a, b, c)]
    return writer.call(f"{name}.{type.mark}", type, *sides)


def convert_pair(writer: Writer, a: Item, b: Item) -> Value:
    """The first of two in the type that both take."""
    return convert(writer, a, common(writer, a, b))


def _splat(writer: Writer, x: Item) -> Value:
    value = value_of(writer, x)
    goal = {
        "Int": "IntVector",
        "Word": "IntVector",
        "Real": "Vector",
        "Double": "DoubleVector",
        "Bool": "Mask",
    }
    name = writer.machine.name(value.type)
    if name not in goal:
        raise _wrong(writer, value, "splat")
    return convert(writer, x, writer.types[goal[name]])


def _exchange(writer: Writer, vector: Item, k: Item) -> Value:
    value = value_of(writer, vector)
    lanes = value.type.lanes
    if not lanes or not isinstance(k, int) or not 0 <= k < lanes:
        raise KernelError("exchange takes a vector and a compile-time lane number")
    return _shuffle(writer, value, [lane ^ k for lane in range(lanes)])


def _shuffle(writer: Writer, value: Value, lanes: list[int]) -> Value:
    order = ", ".join(f"i32 {lane}" for lane in lanes)
    text = f"shufflevector {value}, {value.type.llvm} poison, <{len(lanes)} x i32> <{order}>"
    return writer.emit(Type(value.type.element, len(lanes)), text)


def _lane_numbers(writer: Writer) -> Value:
    type = writer.types["IntVector"]
    numbers = ", ".join(f"{type.element} {lane}" for lane in range(type.lanes))
    return Value(type, f"<{numbers}>")


def _select(writer: Writer, mask: Item, a: Item, b: Item) -> Item:
    if isinstance(mask, bool):
        return a if mask else b
    condition = value_of(writer, mask)
    if not condition.type.is_truth:
        raise _wrong(writer, condition, "select")
    type = common(writer, a, b)
    lanes = condition.type.lanes
    if lanes and not type.lanes:
        type = _splat(writer, convert(writer, a, type)).type
    left, right = convert(writer, a, type), convert(writer, b, type)
    return writer.emit(type, f"select {condition}, {left}, {right}")


def _total(writer: Writer, vector: Item) -> Value:
    value = value_of(writer, vector)
    if not value.type.lanes or value.type.is_truth:
        raise _wrong(writer, value, "total")
    while (lanes := value.type.lanes) > 1:
        low = _shuffle(writer, value, list(range(lanes // 2)))
        high = _shuffle(writer, value, list(range(lanes // 2, lanes)))
        value = binary(writer, "Add", low, high)
    return writer.emit(Type(value.type.element), f"extractelement {value}, i64 0")


def _count_ones(writer: Writer, x: Item) -> Item:
    if is_number(x):
        return x.bit_count()
    value = value_of(writer, x)
    if not value.type.is_int:
        raise _wrong(writer, value, "count_ones")
    return writer.call(f"llvm.ctpop.{value.type.mark}", value.type, value)


def _parity(writer: Writer, x: Item) -> Item:
    return binary(writer, "BitAnd", _count_ones(writer, x), 1)


def _ctz(writer: Writer, x: Item) -> Item:
    value = value_of(writer, x)
    if not value.type.is_int:
        raise _wrong(writer, value, "ctz")
    no = Value(Type("i1"), "false")
    return writer.call(f"llvm.cttz.{value.type.mark}", value.type, value, no)


def _of_reals(name: str, writer: Writer, x: Item) -> Value:
    value = value_of(writer, float(x) if is_number(x) else x)
    if not value.type.is_real:
        raise _wrong(writer, value, name)
    return writer.call(f"llvm.{name}.{value.type.mark}", value.type, value)


def _abs(writer: Writer, x: Item) -> Item:
    if is_number(x):
        return abs(x)
    value = value_of(writer, x)
    if value.type.is_int:
        no = Value(Type("i1"), "false")
        return writer.call(f"llvm.abs.{value.type.mark}", value.type, value, no)
    return _of_reals("fabs", writer, value)


def _extreme(name: str, writer: Writer, first: Item, *others: Item) -> Item:
    return reduce(partial(_extreme_of_two, name, writer), others, first)


def _extreme_of_two(name: str, writer: Writer, a: Item, b: Item) -> Item:
    if is_number(a) and is_number(b):
        return min(a, b) if name == "min" else max(a, b)
    type = common(writer, a, b)
    if not (type.is_real or type.is_int):
        raise KernelError(f"{name}imum of {writer.machine.name(type)} is not there")
    left, right = convert(writer, a, type), convert(writer, b, type)
    intrinsic = f"llvm.{name}imum" if type.is_real else f"llvm.s{name}"
    return writer.call(f"{intrinsic}.{type.mark}", type, left, right)


def _to_reals(element: str, writer: Writer, x: Item) -> Value:
    value = value_of(writer, x)
    goal = Type(element, value.type.lanes)
    if value.type.is_int:
        return cast(writer, "sitofp", value, goal)
    if value.type.is_real:
        return cast(writer, "fptrunc" if element == "float" else "fpext", value, goal)
    raise _wrong(writer, value, f"to_{element}")


def _to_real(writer: Writer, x: Item) -> Value:
    return _to_reals(writer.types["Real"].element, writer, x)


def _to_int(writer: Writer, x: Item) -> Item:
    if is_number(x):
        return int(x)
    value = value_of(writer, x)
    goal = writer.types["IntVector" if value.type.lanes else "Int"]
    if value.type.is_truth:
        return cast(writer, "zext", value, goal)
    if value.type.is_real and value.type.lanes:
        return _to_ints(writer, value, goal)
    if value.type.is_real:
        name = f"llvm.fptosi.sat.{goal.mark}.{value.type.mark}"
        return writer.call(name, goal, value)
    return convert(writer, value, goal)


def _to_ints(writer: Writer, value: Value, goal: Type) -> Value:
    """What llvm.fptosi.sat does, which LLVM would do lane by lane."""
    limit = float(1 << 8 * goal.bytes - 1)
    below, above = compare(writer, "Lt", value, limit), compare(writer, "GtE", value, limit)
    inside = value_of(writer, _select(writer, below, value, 0.0))
    deep = compare(writer, "Lt", inside, -limit)
    number = cast(writer, "fptosi", value_of(writer, _select(writer, deep, -limit, inside)), goal)
    return value_of(writer, _select(writer, above, (1 << 8 * goal.bytes - 1) - 1, number))


def _to_word(writer: Writer, x: Item) -> Value:
    value = value_of(writer, x)
    if not value.type.is_int or value.type.lanes:
        raise _wrong(writer, value, "to_word")
    return convert(writer, value, writer.types["Word"])


def _bits(writer: Writer, x: Item) -> Value:
    value = value_of(writer, x)
    if not value.type.is_real:
        raise _wrong(writer, value, "bits")
    return cast(writer, "bitcast", value, value.type.of(f"i{8 * value.type.bytes}"))


def _from_bits(writer: Writer, x: Item) -> Value:
    value = value_of(writer, x)
    goal = writer.types["Vector" if value.type.lanes else "Real"]
    same = convert(writer, value, goal.of(f"i{writer.machine.real_bits}"))
    return cast(writer, "bitcast", same, goal)


def _pointer(name: str, writer: Writer, x: Item) -> Value:
    value, goal = value_of(writer, x), writer.types[name]
    if value.type.pointer:
        return Value(goal, value.text)
    return cast(writer, "inttoptr", convert(writer, value, writer.types["Int"]), goal)


def _address(writer: Writer, pointer: Item) -> Value:
    value = value_of(writer, pointer)
    if not value.type.pointer:
        raise _wrong(writer, value, "address")
    return cast(writer, "ptrtoint", value, writer.types["Int"])


def _prefetch(writer: Writer, pointer: Item, index: Item) -> None:
    at = element(writer, pointer, index)
    how = [Value(Type("i32"), number) for number in ("0", "3", "1")]
    writer.call("llvm.prefetch.p0", None, at, *how)


def _call_c(result: Type | None, writer: Writer, at: Item, *arguments: Item) -> Item:
    where = _pointer("Ints", writer, at)
    given = ", ".join(str(convert(writer, item, writer.types["Int"])) for item in arguments)
    if result:
        return writer.emit(result, f"call {result.llvm} {where.text}({given})")
    writer.do(f"call void {where.text}({given})")
    return None


def _buffer(writer: Writer, count: Item) -> Value:
    if not isinstance(count, int):
        raise KernelError("a buffer has a compile-time size")
    return writer.slot(writer.types["Vector"], count, alignment=64)


def _static(function: Callable[..., Any], writer: Writer, *items: Item) -> Item:
    if any(isinstance(item, Value) for item in items):
        raise KernelError(f"{function.__name__} is of compile-time values")
    return function(*items)


HANDLERS: Mapping[Any, Callable[..., Item]] = {
    language.fma: _fma,
    language.splat: _splat,
    language.permute: permute,
    language.exchange: _exchange,
    language.lane_numbers: _lane_numbers,
    language.select: _select,
    language.total: _total,
    language.count_ones: _count_ones,
    language.parity: _parity,
    language.ctz: _ctz,
    language.sqrt: partial(_of_reals, "sqrt"),
    language.round_even: partial(_of_reals, "roundeven"),
    language.minimum: partial(_extreme, "min"),
    language.maximum: partial(_extreme, "max"),
    language.to_real: _to_real,
    language.to_double: partial(_to_reals, "double"),
    language.to_int: _to_int,
    language.to_word: _to_word,
    language.bits: _bits,
    language.from_bits: _from_bits,
    language.ints: partial(_pointer, "Ints"),
    language.reals: partial(_pointer, "Reals"),
    language.doubles: partial(_pointer, "Doubles"),
    language.vectors: partial(_pointer, "Vectors"),
    language.int_vectors: partial(_pointer, "IntVectors"),
    language.words: partial(_pointer, "Words"),
    language.address: _address,
    language.prefetch: _prefetch,
    language.call_void: partial(_call_c, None),
    language.call_int: partial(_call_c, Type("i64")),
    language.buffer: _buffer,
    python.abs: _abs,
    python.len: partial(_static, python.len),
    python.min: partial(_extreme, "min"),
    python.max: partial(_extreme, "max"),
}
"""What each function becomes; those of Python's own that stand here, too."""
