"""Expressions of kernels, by the kind of their node in Python's syntax tree."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from functools import cache
from types import ModuleType
from typing import Any

from qmlc.kernels import language
from qmlc.kernels.builtins import HANDLERS
from qmlc.kernels.errors import KernelError
from qmlc.kernels.language import Template
from qmlc.kernels.operations import (
    Item,
    binary,
    compare,
    convert,
    element,
    load,
    unary,
    value_of,
)
from qmlc.kernels.scope import Registers, Scope, Slot
from qmlc.kernels.types import Type, Value


def evaluate(scope: Scope, node: ast.expr) -> Item:
    """What an expression is."""
    handler = HANDLERS_OF_NODES.get(type(node))
    if handler is None:
        raise KernelError(f"kernels have no {type(node).__name__}")
    return handler(scope, node)


def read(scope: Scope, slot: Slot) -> Value:
    """What a variable holds."""
    return scope.writer.emit(slot.type, f"load {slot.type.llvm}, ptr {slot.place}")


def write(scope: Scope, slot: Slot, item: Item) -> None:
    """Put an item into a variable."""
    scope.writer.do(f"store {convert(scope.writer, item, slot.type)}, ptr {slot.place}")


def condition(scope: Scope, node: ast.expr) -> Item:
    """A truth: known (bool), or a Bool."""
    item = evaluate(scope, node)
    if not isinstance(item, Value):
        return bool(item)
    if item.type != Type("i1"):
        raise KernelError(f"{scope.writer.machine.name(item.type)} is no Bool: compare it")
    return item


def _name(scope: Scope, node: ast.Name) -> Item:
    item = scope.look_up(node.id)
    return read(scope, item) if isinstance(item, Slot) else item


def _constant(scope: Scope, node: ast.Constant) -> Item:
    return node.value


def _attribute(scope: Scope, node: ast.Attribute) -> Item:
    base = evaluate(scope, node.value)
    if not isinstance(base, ModuleType):
        raise KernelError("only modules have attributes")
    return getattr(base, node.attr)


def _tuple(scope: Scope, node: ast.Tuple) -> Item:
    return tuple(evaluate(scope, part) for part in node.elts)


def _binary(scope: Scope, node: ast.BinOp) -> Item:
    left, right = evaluate(scope, node.left), evaluate(scope, node.right)
    return binary(scope.writer, type(node.op).__name__, left, right)


def _unary(scope: Scope, node: ast.UnaryOp) -> Item:
    return unary(scope.writer, type(node.op).__name__, evaluate(scope, node.operand))


def _compare(scope: Scope, node: ast.Compare) -> Item:
    left, result = evaluate(scope, node.left), None
    for operation, right_node in zip(node.ops, node.comparators, strict=True):
        right = evaluate(scope, right_node)
        if isinstance(operation, ast.In) and isinstance(right, tuple):
            one = left in right
        else:
            one = compare(scope.writer, type(operation).__name__, left, right)
        result = one if result is None else _both(scope, result, one)
        left = right
    return result


def _both(scope: Scope, first: Item, second: Item) -> Item:
    if isinstance(first, bool) and isinstance(second, bool):
        return first and second
    return binary(scope.writer, "BitAnd", first, second)


def _boolean(scope: Scope, node: ast.BoolOp) -> Item:
    """`and` and `or`: what need not be known is not worked out, as in Python."""
    decides = isinstance(node.op, ast.Or)
    writer = scope.writer
    first, *rest = node.values
    item = condition(scope, first)
    slot, end = None, writer.name()
    for part in rest:
        if isinstance(item, bool):
            if item == decides:
                return item
        else:
            slot = slot or Slot(Type("i1"), writer.slot(Type("i1")).text)
            write(scope, slot, item)
            more = writer.name()
            writer.branch(item, *((end, more) if decides else (more, end)))
            writer.begin(more)
        item = condition(scope, part)
        if slot and isinstance(item, bool):
            item = value_of(writer, item)
    if slot is None:
        return item
    write(scope, slot, item)
    writer.go(end)
    writer.begin(end)
    return read(scope, slot)


def _either(scope: Scope, node: ast.IfExp) -> Item:
    choice = condition(scope, node.test)
    if not isinstance(choice, bool):
        raise KernelError("`if` in an expression is decided at translation: use select")
    return evaluate(scope, node.body if choice else node.orelse)


def _subscript(scope: Scope, node: ast.Subscript) -> Item:
    base, index = evaluate(scope, node.value), evaluate(scope, node.slice)
    if isinstance(base, Registers):
        slot = base.slots[register_number(base, index)]
        if slot is None:
            raise KernelError(f"register {index} holds nothing yet")
        return read(scope, slot)
    if isinstance(base, tuple) and isinstance(index, int):
        return base[index]
    return load(scope.writer, element(scope.writer, base, index))


def register_number(base: Registers, index: Item) -> int:
    """A subscript of registers, which is known at translation."""
    if not isinstance(index, int):
        raise KernelError("registers are numbered at translation: use a buffer")
    if not 0 <= index < len(base.slots):
        raise KernelError(f"there are registers 0 to {len(base.slots) - 1}, not {index}")
    return index


def _call(scope: Scope, node: ast.Call) -> Item:
    called: Any = evaluate(scope, node.func)
    if node.keywords:
        raise KernelError("kernels are called without names of parameters")
    items = [evaluate(scope, argument) for argument in node.args]
    if isinstance(called, Template):
        return scope.call(scope, called, items)
    if called is language.registers:
        if len(items) != 1 or not isinstance(items[0], int):
            raise KernelError("registers takes a compile-time number")
        return Registers([None] * items[0])
    if called is len and items and isinstance(items[0], Registers):
        return len(items[0].slots)
    handler = HANDLERS.get(called)
    if handler is None:
        raise KernelError(f"{getattr(called, '__name__', called)} is no kernel and no builtin")
    try:
        signature(called).bind(*items)
    except TypeError as error:
        raise KernelError(f"{called.__name__}: {error}") from None
    return handler(scope.writer, *items)


@cache
def signature(called: Callable[..., Any]) -> inspect.Signature:
    """How a builtin is called; `min` and `max` of Python do not tell."""
    return inspect.signature(language.minimum if called in (min, max) else called)


HANDLERS_OF_NODES: Mapping[type[ast.expr], Callable[[Scope, Any], Item]] = {
    ast.Name: _name,
    ast.Constant: _constant,
    ast.Attribute: _attribute,
    ast.Tuple: _tuple,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.Compare: _compare,
    ast.BoolOp: _boolean,
    ast.IfExp: _either,
    ast.Subscript: _subscript,
    ast.Call: _call,
}
