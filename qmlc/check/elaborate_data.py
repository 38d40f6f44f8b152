"""`data` blocks: columns, and the functions that make tensors of them."""

from __future__ import annotations

from typing import Any

from qmlc.check.bind_arguments import bind_arguments
from qmlc.check.check_columns import check_columns, read_columns
from qmlc.check.errors_names import AlreadyDeclared, NotAvailable, UnknownName, WrongKind
from qmlc.check.errors_types import BadOperation, Misplaced
from qmlc.check.evaluate import evaluate
from qmlc.check.frame import Frame
from qmlc.check.values import (
    Poison,
    Stop,
    describe,
    fail,
)
from qmlc.ir.program import Call, Column, Data, Field
from qmlc.ops.data_functions import DATA_FUNCTIONS, DATA_SOURCES, stack_law
from qmlc.ops.parameters import Parameter
from qmlc.source.nearest import nearest
from qmlc.source.span import Span
from qmlc.syntax import tree
from qmlc.types.tensors import ShapeError, TensorType

ARITHMETIC = {"+": "add", "-": "sub", "*": "mul", "/": "div", "**": "pow"}


Kinds = dict[str, TensorType | None]
"""The type of each field for one example; None where it could not be made."""


def elaborate_data(frame: Frame, block: tree.DataBlock) -> tuple[Data, Kinds, dict[str, Span]]:
    """A data block, the types of its fields for one example, and where each is made."""
    recover = frame.session.recover
    source = Call("csv")
    with recover():
        source = _source(frame, block.source)
    columns = read_columns(frame.session.base, source)
    kinds: Kinds = {}
    places: dict[str, Span] = {}
    fields = []
    for statement in block.block.statements:
        if isinstance(statement, tree.Assign | tree.Let):
            name = statement.names[0]
            value, kind = None, None
            with recover():
                value, kind = _line(frame, statement, kinds)
                fields.append(Field((name.name,), value))
                if columns is not None:
                    known = set(kinds)
                    check_columns(frame, statement.value, known, columns, block.source.span)
            kinds[name.name] = kind
            places[name.name] = name.span
            continue
        with recover():
            fail(Misplaced, statement, "a data block holds lines `name = expression`", "not here")
    return Data(block.name.name, source, tuple(fields), block.doc), kinds, places


def _line(
    frame: Frame, statement: tree.Assign | tree.Let, made: Kinds
) -> tuple[Any, TensorType | None]:
    """What one line makes, and its type."""
    for name in statement.names:
        if name.name in made:
            fail(AlreadyDeclared, name, f"`{name.name}` is made twice", "again here")
    if len(statement.names) > 1:
        what = "lines that make several tensors are not there yet"
        fail(NotAvailable, statement, what, "several names")
    return _field(frame, statement.value, made)


def _source(frame: Frame, node: tree.Expression) -> Call:
    name = node.function if isinstance(node, tree.Call) else node
    if not isinstance(name, tree.Identifier) or not isinstance(node, tree.Call):
        fail(WrongKind, node, "data comes from a source", "not a source", 'write `csv("data.csv")`')
    row = DATA_SOURCES.get(name.name)
    if row is None:
        close = nearest(name.name, DATA_SOURCES)
        fail(
            UnknownName,
            name,
            f"there is no data source `{name.name}`",
            "not known",
            f"did you mean `{close}`?" if close else "there are " + ", ".join(DATA_SOURCES),
        )
    if not row.ready:
        ready = ", ".join(f"`{n}`" for n, r in DATA_SOURCES.items() if r.ready)
        fail(
            NotAvailable,
            name,
            f"the data source `{name.name}` is not there yet",
            "not readable",
            f"there are {ready}",
        )
    arguments = [evaluate(frame, a) for a in node.arguments]
    keywords = {k.name.name: evaluate(frame, k.value) for k in node.keywords}
    bind_arguments(node, name.name, row.parameters, arguments, keywords)
    return Call(name.name, tuple(arguments), tuple(keywords.items()))


def _field(frame: Frame, node: tree.Expression, made: Kinds) -> tuple[Any, TensorType]:
    """An expression over columns as data, and its type for one example."""
    match node:
        case tree.Identifier(name=name):
            if name in made:
                kind = made[name]
                if kind is None:
                    raise Stop(None)
                return Column(name), kind
            scope = frame.module.declared.get(name)
            if isinstance(scope, tree.Const) or name in ("pi", "tau"):
                return _number(frame, node)
            return Column(name), TensorType("real")
        case tree.Literal(value=int() | float()):
            return _number(frame, node)
        case tree.List(items=items):
            return _stack(node, [_field(frame, item, made) for item in items])
        case tree.Unary(operator="-", operand=operand):
            value, kind = _field(frame, operand, made)
            return Call("neg", (value,)), kind
        case tree.Binary(operator=symbol, left=left, right=right) if symbol in ARITHMETIC:
            return _data_call(frame, node, ARITHMETIC[symbol], (left, right), (), made)
        case tree.Call(function=tree.Identifier(name=name), arguments=arguments, keywords=keywords):
            return _data_call(frame, node, name, arguments, keywords, made)
    fail(
        BadOperation,
        node,
        "a line of a data block works on columns",
        "not possible here",
        "columns, lists of columns, arithmetic, and functions such as `standardize`",
    )


def _stack(node: tree.Node, parts: list[tuple[Any, TensorType]]) -> tuple[Any, TensorType]:
    try:
        return tuple(value for value, _ in parts), stack_law([kind for _, kind in parts])
    except ShapeError as error:
        fail(BadOperation, node, "a list stacks what is alike", error.message)


def _number(frame: Frame, node: tree.Expression) -> tuple[Any, TensorType]:
    value = evaluate(frame, node)
    if isinstance(value, bool) or not isinstance(value, int | float):
        fail(BadOperation, node, "a number is needed here", f"this is {describe(value)}")
    return value, TensorType("real")


def _data_call(
    frame: Frame,
    node: tree.Node,
    name: str,
    arguments: tuple[tree.Expression, ...],
    keywords: tuple[tree.Keyword, ...],
    made: Kinds,
) -> tuple[Any, TensorType]:
    row = DATA_FUNCTIONS.get(name)
    if row is None:
        close = nearest(name, DATA_FUNCTIONS)
        fail(
            UnknownName,
            node.function if isinstance(node, tree.Call) else node,
            f"there is no data function `{name}`",
            "not known",
            f"did you mean `{close}`?" if close else "there are " + ", ".join(DATA_FUNCTIONS),
        )
    if row.law is None:
        fail(NotAvailable, node, f"the data function `{name}` is not there yet", "not possible yet")
    given: dict[str, tuple[Any, Any]] = {}
    positional = [
        _argument(frame, a, p, made) for a, p in zip(arguments, row.parameters, strict=False)
    ]
    known = {p.name: p for p in row.parameters}
    for keyword in keywords:
        parameter = known.get(keyword.name.name, Parameter(keyword.name.name))
        given[keyword.name.name] = _argument(frame, keyword.value, parameter, made)
    extra = [(a, a) for a in arguments[len(positional) :]]
    bound = bind_arguments(node, name, row.parameters, [*positional, *extra], given)
    types = {k: v[1] if isinstance(v, tuple) else v for k, v in bound.items()}
    try:
        kind = row.law(types)
    except ShapeError as error:
        fail(BadOperation, node, f"`{name}` {error.message}", "does not fit", error.proposal)
    named = tuple((k, v[0]) for k, v in given.items())
    return Call(name, tuple(v for v, _ in positional), named), kind


def _argument(
    frame: Frame, node: tree.Expression, parameter: Parameter, made: Kinds
) -> tuple[Any, Any]:
    if parameter.tensor:
        return _field(frame, node, made)
    value = evaluate(frame, node)
    if isinstance(value, Poison):
        raise Stop(None)
    return value, value
