"""Statements of kernels, by the kind of their node in Python's syntax tree."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from qmlc.kernels import language
from qmlc.kernels.errors import KernelError
from qmlc.kernels.expressions import condition, evaluate, read, register_number, write
from qmlc.kernels.operations import (
    Item,
    binary,
    compare,
    convert,
    element,
    is_number,
    load,
    store,
    value_of,
)
from qmlc.kernels.scope import (
    MISSING,
    Registers,
    Scope,
    Slot,
    assigned,
    assignments,
    is_static,
    kinds_of,
    known,
    names_of,
)
from qmlc.kernels.types import Type, Value


def run(scope: Scope, statements: Sequence[ast.stmt]) -> None:
    """Translate statements, up to a `return`."""
    for statement in statements:
        handler = STATEMENTS.get(type(statement))
        try:
            if handler is None:
                raise KernelError(f"kernels have no {type(statement).__name__}")
            handler(scope, statement)
        except KernelError as error:
            raise error.at(scope.place(statement), scope) from None
        except (TypeError, ValueError, ArithmeticError, AttributeError, IndexError) as error:
            raise KernelError(str(error)).at(scope.place(statement), scope) from error
        if scope.returned is not MISSING:
            return


@contextmanager
def block(scope: Scope, name: str) -> Iterator[None]:
    """A block of the function that may or may not run: what it binds ends with it."""
    before, outside = dict(scope.names), scope.outside
    scope.writer.begin(name)
    scope.depth, scope.outside = scope.depth + 1, before
    yield
    scope.depth, scope.outside = scope.depth - 1, outside
    scope.names = before | {n: item for n, item in scope.names.items() if isinstance(item, Slot)}


def assign(scope: Scope, target: ast.expr, item: Item) -> None:
    """Give a name, an element or several of them what an expression is."""
    match target:
        case ast.Name(id=name):
            _assign_name(scope, name, item)
        case ast.Subscript(value=base, slice=index):
            _assign_element(scope, evaluate(scope, base), evaluate(scope, index), item)
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            if not isinstance(item, tuple) or len(item) != len(targets):
                raise KernelError(f"{len(targets)} names take a tuple of as many")
            for part, one in zip(targets, item, strict=True):
                assign(scope, part, one)
        case _:
            raise KernelError("a name or an element is assigned")


def _assign_name(scope: Scope, name: str, item: Item) -> None:
    if name not in scope.mutable or isinstance(item, Registers):
        if isinstance(item, tuple) and not is_static(item):
            raise KernelError("a name takes one value: unpack the tuple")
        if name in scope.outside:
            raise KernelError(f"{name} changes in a loop or branch: say its type where it begins")
        scope.names[name] = item
        return
    slot = scope.names.get(name)
    if not isinstance(slot, Slot):
        slot = declare(scope, name, value_of(scope.writer, item).type)
    write(scope, slot, item)


def declare(scope: Scope, name: str, type: Type) -> Slot:
    """A variable for a name."""
    slot = Slot(type, scope.writer.slot(type).text)
    scope.names[name] = slot
    return slot


def _assign_element(scope: Scope, base: Item, index: Item, item: Item) -> None:
    if not isinstance(base, Registers):
        store(scope.writer, element(scope.writer, base, index), item)
        return
    number = register_number(base, index)
    slot = base.slots[number]
    if slot is None:
        type = value_of(scope.writer, item).type
        slot = base.slots[number] = Slot(type, scope.writer.slot(type).text)
    write(scope, slot, item)


def _assign(scope: Scope, node: ast.Assign) -> None:
    item = evaluate(scope, node.value)
    for target in node.targets:
        assign(scope, target, item)


def _annotated(scope: Scope, node: ast.AnnAssign) -> None:
    kind = scope.look_up(getattr(node.annotation, "id", "this annotation"))
    names = [k.name for k in getattr(kind, "__metadata__", ()) if isinstance(k, language.Kind)]
    if not names or node.value is None or not isinstance(node.target, ast.Name):
        raise KernelError("an annotation names a type of kernels, and a value follows")
    item = evaluate(scope, node.value)
    if names[0] == "Static":
        scope.names[node.target.id] = item
        return
    slot = scope.names.get(node.target.id)
    if not isinstance(slot, Slot):
        slot = declare(scope, node.target.id, scope.writer.types[names[0]])
    write(scope, slot, item)


def _augmented(scope: Scope, node: ast.AugAssign) -> None:
    name = type(node.op).__name__
    match node.target:
        case ast.Subscript(value=base_node, slice=index_node):
            base, index = evaluate(scope, base_node), evaluate(scope, index_node)
            if isinstance(base, Registers):
                slot = base.slots[register_number(base, index)]
                if slot is None:
                    raise KernelError(f"register {index} holds nothing yet")
                before = read(scope, slot)
            else:
                before = load(scope.writer, element(scope.writer, base, index))
            after = binary(scope.writer, name, before, evaluate(scope, node.value))
            _assign_element(scope, base, index, after)
        case ast.Name() as target:
            before = evaluate(scope, ast.Name(target.id, ast.Load()))
            after = binary(scope.writer, name, before, evaluate(scope, node.value))
            assign(scope, target, after)
        case _:
            raise KernelError("a name or an element is assigned")


def _if(scope: Scope, node: ast.If) -> None:
    choice = condition(scope, node.test)
    if isinstance(choice, bool):
        run(scope, node.body if choice else node.orelse)
        return
    scope.mutable |= assignments(node.body).keys() & assignments(node.orelse).keys()
    writer = scope.writer
    then, other, end = writer.name(), writer.name(), writer.name()
    writer.branch(choice, then, other if node.orelse else end)
    for name, body in ((then, node.body), (other, node.orelse)):
        if body:
            with block(scope, name):
                run(scope, body)
            writer.go(end)
    writer.begin(end)


def _while(scope: Scope, node: ast.While) -> None:
    writer = scope.writer
    head, body, end = writer.name(), writer.name(), writer.name()
    writer.go(head)
    with block(scope, head):
        choice = value_of(writer, condition(scope, node.test))
        writer.branch(choice, body, end)
        writer.begin(body)
        run(scope, node.body)
    writer.go(head)
    writer.begin(end)


def _for(scope: Scope, node: ast.For) -> None:
    if node.orelse:
        raise KernelError("kernels have no `else` of a loop")
    if isinstance(node.iter, ast.Call):
        called = evaluate(scope, node.iter.func)
        if called is builtins.range or called is language.unroll:
            items = [evaluate(scope, argument) for argument in node.iter.args]
            if called is builtins.range:
                _loop(scope, node, items)
            else:
                _unrolled(scope, node, range(*_whole(items)))
            return
    item = evaluate(scope, node.iter)
    if not isinstance(item, tuple):
        raise KernelError("a loop is over range, unroll or a compile-time tuple")
    _unrolled(scope, node, item)


def _whole(items: Sequence[Item]) -> Sequence[int]:
    if not all(isinstance(item, int) for item in items):
        raise KernelError("unroll takes compile-time numbers")
    return items


def _unrolled(scope: Scope, node: ast.For, items: Iterable[Item]) -> None:
    for item in items:
        assign(scope, node.target, item)
        run(scope, node.body)
        if scope.returned is not MISSING:
            return
    for name in names_of(node.target):
        scope.names.pop(name, None)


def _loop(scope: Scope, node: ast.For, items: Sequence[Item]) -> None:
    if not isinstance(node.target, ast.Name) or not 1 <= len(items) <= 3:
        raise KernelError("a loop is `for name in range(start, stop, step)`")
    writer, type = scope.writer, scope.writer.types["Int"]
    first, last = items[:2] if len(items) > 1 else (0, items[0])
    step = items[2] if len(items) == 3 else 1
    if step == 0:
        raise KernelError("a step is not 0")
    downward = is_number(step) and step < 0
    counter = Slot(type, writer.slot(type).text)
    stop, by = convert(writer, last, type), convert(writer, step, type)
    write(scope, counter, first)
    head, body, end = writer.name(), writer.name(), writer.name()
    writer.go(head)
    with block(scope, head):
        index = read(scope, counter)
        writer.branch(compare(writer, "Gt" if downward else "Lt", index, stop), body, end)
        writer.begin(body)
        _assign_name(scope, node.target.id, index)
        run(scope, node.body)
        write(scope, counter, writer.emit(type, f"add nsw {index}, {by.text}"))
    writer.go(head)
    writer.begin(end)


def _return(scope: Scope, node: ast.Return) -> None:
    if scope.depth:
        raise KernelError("`return` stands at the end, or where it is known at translation")
    scope.returned = None if node.value is None else evaluate(scope, node.value)


def _expression(scope: Scope, node: ast.Expr) -> None:
    if not isinstance(node.value, ast.Constant):
        evaluate(scope, node.value)


def _pass(scope: Scope, node: ast.Pass) -> None:
    """Nothing."""


def bind(scope: Scope, tree: ast.FunctionDef, items: Sequence[Item]) -> None:
    """Give the parameters of a kernel what it is called with, and read its body."""
    parameters = [argument.arg for argument in tree.args.args]
    if len(parameters) != len(items) or tree.args.kwonlyargs or tree.args.vararg:
        raise KernelError(f"{tree.name} takes {len(parameters)} arguments, not {len(items)}")
    kinds = kinds_of(scope.template)
    scope.mutable = {name for name, count in assigned(tree).items() if count > 1}
    for name, item in zip(parameters, items, strict=True):
        kind = kinds.get(name)
        if name in scope.mutable:
            type = scope.writer.types.get(kind or "") or value_of(scope.writer, item).type
            write(scope, declare(scope, name, type), item)
        else:
            scope.names[name] = _argument(scope, name, item, kind)


def _argument(scope: Scope, name: str, item: Item, kind: str | None) -> Item:
    if kind == "Static":
        return known(name, item)
    if kind is None or is_number(item) or not isinstance(item, Value):
        return item
    return convert(scope.writer, item, scope.writer.types[kind])


STATEMENTS: Mapping[type[ast.stmt], Callable[[Scope, Any], None]] = {
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.If: _if,
    ast.While: _while,
    ast.For: _for,
    ast.Return: _return,
    ast.Expr: _expression,
    ast.Pass: _pass,
}
