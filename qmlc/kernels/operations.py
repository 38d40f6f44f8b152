"""Arithmetic, comparison and memory: what the operators of the kernel language become."""

from __future__ import annotations

import ctypes
import operator
import struct
from collections.abc import Callable, Mapping
from typing import Any

from qmlc.kernels.errors import KernelError
from qmlc.kernels.types import Type, Value
from qmlc.kernels.writer import Writer

Item = Any
"""What an expression is: a Value, or what is known at translation (numbers, tuples, registers)."""

STATIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mult": operator.mul,
    "Div": operator.truediv,
    "FloorDiv": operator.floordiv,
    "Mod": operator.mod,
    "Pow": operator.pow,
    "LShift": operator.lshift,
    "RShift": operator.rshift,
    "BitAnd": operator.and_,
    "BitOr": operator.or_,
    "BitXor": operator.xor,
    "Eq": operator.eq,
    "NotEq": operator.ne,
    "Lt": operator.lt,
    "LtE": operator.le,
    "Gt": operator.gt,
    "GtE": operator.ge,
}
ON_INTS = {
    "Add": "add",
    "Sub": "sub",
    "Mult": "mul",
    "LShift": "shl",
    "RShift": "ashr",
    "BitAnd": "and",
    "BitOr": "or",
    "BitXor": "xor",
}
ON_REALS = {"Add": "fadd", "Sub": "fsub", "Mult": "fmul", "Div": "fdiv"}
ON_TRUTHS = {"BitAnd": "and", "BitOr": "or", "BitXor": "xor"}
COMPARE_INTS = {"Eq": "eq", "NotEq": "ne", "Lt": "slt", "LtE": "sle", "Gt": "sgt", "GtE": "sge"}
COMPARE_REALS = {"Eq": "oeq", "NotEq": "une", "Lt": "olt", "LtE": "ole", "Gt": "ogt", "GtE": "oge"}


def is_number(item: Item) -> bool:
    """Whether an item is a number or truth that is known at translation."""
    return isinstance(item, bool | int | float)


def constant(number: float, type: Type) -> Value:
    """A number in all lanes of a type; integers wrap, reals are rounded."""
    if type.is_real:
        rounded = ctypes.c_float(number).value if type.element == "float" else float(number)
        text = f"0x{struct.pack('>d', rounded).hex()}"
    elif type.is_int and isinstance(number, int):
        bits = 8 * type.bytes
        text = str((number + (1 << (bits - 1))) % (1 << bits) - (1 << (bits - 1)))
    elif type.is_truth and isinstance(number, bool):
        text = str(number).lower()
    else:
        raise KernelError(f"{number!r} is no {type.llvm}")
    if type.lanes:
        text = f"<{', '.join([f'{type.element} {text}'] * type.lanes)}>"
    return Value(type, text)


def value_of(writer: Writer, item: Item) -> Value:
    """An item as a value; numbers as Int, Real and Bool."""
    if isinstance(item, Value):
        return item
    if is_number(item):
        name = {bool: "Bool", int: "Int", float: "Real"}[type(item)]
        return constant(item, writer.types[name])
    raise KernelError(f"this is no value: {item!r}")


def convert(writer: Writer, item: Item, goal: Type) -> Value:
    """An item as a value of a type, where nothing is lost but what an Int has beyond its lanes."""
    if is_number(item):
        return constant(item, goal)
    value = value_of(writer, item)
    given = value.type
    if given == goal:
        return value
    if given.pointer or goal.pointer or (given.lanes and given.lanes != goal.lanes):
        raise _mismatch(writer, given, goal)
    element = Type(goal.element, given.lanes)
    if given.is_int and goal.is_int and not given.lanes:
        narrow = "trunc" if element.bytes < given.bytes else "sext"
        value = cast(writer, narrow, value, element)
    elif given.is_int and goal.is_real and not given.lanes:
        value = cast(writer, "sitofp", value, element)
    elif given.element == "float" and goal.element == "double":
        value = cast(writer, "fpext", value, element)
    elif given.element != goal.element:
        raise _mismatch(writer, given, goal)
    return splat(writer, value, goal.lanes) if goal.lanes and not given.lanes else value


def _mismatch(writer: Writer, given: Type, goal: Type) -> KernelError:
    name = writer.machine.name
    return KernelError(f"{name(given)} does not become {name(goal)} by itself")


def cast(writer: Writer, operation: str, value: Value, goal: Type) -> Value:
    """One of LLVM's conversions; none where the types agree."""
    if value.type == goal:
        return value
    return writer.emit(goal, f"{operation} {value} to {goal.llvm}")


def splat(writer: Writer, value: Value, lanes: int) -> Value:
    """A scalar in all lanes."""
    vector = Type(value.type.element, lanes)
    first = writer.emit(vector, f"insertelement {vector.llvm} poison, {value}, i64 0")
    zeros = f"<{lanes} x i32> zeroinitializer"
    return writer.emit(vector, f"shufflevector {first}, {vector.llvm} poison, {zeros}")


def common(writer: Writer, left: Item, right: Item) -> Type:
    """The type that both sides of an operator take: the one with lanes, the wider real."""
    if is_number(left) and not is_number(right):
        left, right = right, left
    first = value_of(writer, left).type
    if is_number(right):
        lifts = isinstance(right, float) and first.is_int and not first.lanes
        return writer.types["Real"] if lifts else first
    second = value_of(writer, right).type
    if first == second:
        return first
    if first.pointer or second.pointer:
        raise _mismatch(writer, second, first)
    if first.is_int and second.is_int:
        return max((first, second), key=lambda side: (side.lanes, side.bytes))
    lanes = max(first.lanes, second.lanes)
    reals = [side for side in (first, second) if side.is_real]
    if not reals or any(side.is_int and side.lanes for side in (first, second)):
        raise _mismatch(writer, second, first)
    return Type("double" if any(r.element == "double" for r in reals) else "float", lanes)


def binary(writer: Writer, name: str, left: Item, right: Item) -> Item:
    """What an operator gives, by its name in Python's syntax tree."""
    if is_number(left) and is_number(right):
        return STATIC[name](left, right)
    if isinstance(left, Value) and left.type.pointer and name in ("Add", "Sub"):
        steps = convert(writer, right, writer.types["Int"])
        return offset(writer, left, unary(writer, "USub", steps) if name == "Sub" else steps)
    type = common(writer, left, right)
    if name == "Div" and type.is_int and not type.lanes:
        type = writer.types["Real"]
    if name in ("FloorDiv", "Mod") and type.is_int:
        return _divide(writer, name, convert(writer, left, type), convert(writer, right, type))
    table = ON_REALS if type.is_real else ON_INTS if type.is_int else ON_TRUTHS
    if name not in table or type.pointer:
        raise KernelError(f"{name} of {writer.machine.name(type)} is not there")
    a, b = convert(writer, left, type), convert(writer, right, type)
    return writer.emit(type, f"{table[name]} {a}, {b.text}")


def _divide(writer: Writer, name: str, a: Value, b: Value) -> Value:
    """`//` or `%` as in Python: the quotient is rounded down (LLVM rounds it towards zero)."""
    type = a.type
    quotient = writer.emit(type, f"sdiv {a}, {b.text}")
    rest = writer.emit(type, f"srem {a}, {b.text}")
    against = compare(writer, "Lt", binary(writer, "BitXor", rest, b), 0)
    low = binary(writer, "BitAnd", against, compare(writer, "NotEq", rest, 0))
    if name == "Mod":
        more = writer.emit(type, f"select {low}, {b}, {constant(0, type)}")
        return writer.emit(type, f"add {rest}, {more.text}")
    more = cast(writer, "sext", low, type)
    return writer.emit(type, f"add {quotient}, {more.text}")


def compare(writer: Writer, name: str, left: Item, right: Item) -> Item:
    """A Bool, or a Mask if one side has lanes."""
    if is_number(left) and is_number(right):
        return STATIC[name](left, right)
    type = common(writer, left, right)
    table = COMPARE_REALS if type.is_real else COMPARE_INTS
    if name not in table or type.pointer:
        raise KernelError(f"{name} of {writer.machine.name(type)} is not there")
    a, b = convert(writer, left, type), convert(writer, right, type)
    operation = "fcmp" if type.is_real else "icmp"
    return writer.emit(type.of("i1"), f"{operation} {table[name]} {a}, {b.text}")


def unary(writer: Writer, name: str, item: Item) -> Item:
    """What `-x`, `+x`, `~x` or `not x` gives."""
    if is_number(item):
        known: dict[str, Callable[[Any], Any]] = {
            "USub": operator.neg,
            "UAdd": operator.pos,
            "Invert": operator.invert,
            "Not": operator.not_,
        }
        return known[name](item)
    value = value_of(writer, item)
    type = value.type
    if name == "UAdd" and not type.pointer:
        return value
    if name == "USub" and type.is_real:
        return writer.emit(type, f"fneg {value}")
    if name == "USub" and type.is_int:
        return writer.emit(type, f"sub {constant(0, type)}, {value.text}")
    if name == "Invert" and type.is_int:
        return writer.emit(type, f"xor {value}, {constant(-1, type).text}")
    if type.is_truth and (name == "Invert" or (name == "Not" and not type.lanes)):
        return writer.emit(type, f"xor {value}, {constant(True, type).text}")
    raise KernelError(f"{name} of {writer.machine.name(type)} is not there")


def offset(writer: Writer, pointer: Value, steps: Value) -> Value:
    """A pointer so many elements on."""
    target = pointer.type.target
    return writer.emit(pointer.type, f"getelementptr {target.llvm}, {pointer}, {steps}")


def element(writer: Writer, base: Item, index: Item) -> Value:
    """Where `base[index]` stands."""
    if not (isinstance(base, Value) and base.type.pointer):
        raise KernelError(f"{_what(writer, base)} has no elements")
    return offset(writer, base, convert(writer, index, writer.types["Int"]))


def _what(writer: Writer, item: Item) -> str:
    return writer.machine.name(item.type) if isinstance(item, Value) else repr(item)


def load(writer: Writer, pointer: Value) -> Value:
    """What stands there."""
    target = pointer.type.target
    return writer.emit(target, f"load {target.llvm}, {pointer}, align {target.bytes}")


def store(writer: Writer, pointer: Value, item: Item) -> None:
    """Write an item there."""
    target = pointer.type.target
    writer.do(f"store {convert(writer, item, target)}, {pointer}, align {target.bytes}")
