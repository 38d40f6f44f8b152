"""`data` blocks: columns, and the functions that make tensors of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from qmlc.check.bind_arguments import bind_arguments, plain
from qmlc.check.blocks.elaborate_constructor import elaborate_constructor
from qmlc.check.blocks.read_columns import SKLEARN, Columns, read_columns
from qmlc.check.errors.names import AlreadyDeclared, UnknownName, WrongKind
from qmlc.check.errors.training import NoSuchColumn
from qmlc.check.errors.types import BadOperation, Misplaced
from qmlc.check.evaluate import evaluate, require_value
from qmlc.check.frame import Frame
from qmlc.check.values import (
    Stop,
    describe,
    fail,
)
from qmlc.ir.program import Call, Column, Data, Field
from qmlc.ops.data_functions import DATA_FUNCTIONS, DATA_SOURCES, POLICIES, DataFunction
from qmlc.ops.data_laws import stack_law
from qmlc.ops.parameters import Parameter
from qmlc.ops.tokenizers import TOKENIZERS
from qmlc.source.diagnostic import Label
from qmlc.source.nearest import propose_nearest
from qmlc.source.span import Span
from qmlc.syntax import tree
from qmlc.types.tensors import ShapeError, TensorType

ARITHMETIC = {"+": "add", "-": "sub", "*": "mul", "/": "div", "**": "pow"}


Kinds = dict[str, TensorType | None]
"""The type of each field for one example; None where it could not be made."""


@dataclass
class _Block:
    """A data block, as far as it was read."""

    frame: Frame
    source: tree.Expression
    call: Call
    columns: Columns | None
    kinds: Kinds = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)
    """The function that made each field."""


def elaborate_data(frame: Frame, block: tree.DataBlock) -> tuple[Data, Kinds, dict[str, Span]]:
    """A data block, the types of its fields for one example, and where each is made."""
    recover = frame.session.recover
    source = Call("csv")
    columns: Columns | None = None
    found = False
    with recover():
        source, found = _source(frame, block.source), True
        columns = read_columns(frame.session.base, source)
    state = _Block(frame, block.source, source, columns)
    places: dict[str, Span] = {}
    fields = []
    for statement in block.block.statements:
        if not isinstance(statement, tree.Assign | tree.Let):
            with recover():
                what = "a data block holds lines `name = expression`"
                fail(Misplaced, statement, what, "not here")
            continue
        names = tuple(name.name for name in statement.names)
        kinds: tuple[TensorType | None, ...] = (None,) * len(names)
        with recover():
            value, kinds = _line(state, statement)
            place = statement.names[0].span.to(statement.value.span)
            fields.append(Field(names, value, place))
        if not found:  # nothing follows from columns that are not known
            kinds = (None,) * len(kinds)
        for name, kind in zip(statement.names, kinds, strict=False):
            state.kinds[name.name] = kind
            places[name.name] = name.span
    data = Data(block.name.name, source, tuple(fields), block.doc, block.source.span)
    return data, state.kinds, places


def _line(
    block: _Block, statement: tree.Assign | tree.Let
) -> tuple[Any, tuple[TensorType | None, ...]]:
    """What one line makes, and the type of each result."""
    names = [name.name for name in statement.names]
    for position, name in enumerate(statement.names):
        if name.name in block.kinds or name.name in names[:position]:
            fail(AlreadyDeclared, name, f"`{name.name}` is made twice", "again here")
    value, kinds = _results(block, statement.value)
    if len(names) > len(kinds):
        extra = statement.names[len(kinds)].span.to(statement.names[-1].span)
        made = "one tensor" if len(kinds) == 1 else f"{len(kinds)} tensors"
        many = [n for n, row in DATA_FUNCTIONS.items() if len(row.results) >= len(names)]
        fail(
            BadOperation,
            extra,
            f"this makes {made}, for {len(names)} names",
            "nothing is left for this",
            "functions that make as many are " + ", ".join(f"`{n}`" for n in many) if many else "",
        )
    if isinstance(value, Call):
        block.functions |= dict.fromkeys(names, value.function)
    return value, kinds


def _source(frame: Frame, node: tree.Expression) -> Call:
    name = node.function if isinstance(node, tree.Call) else node
    if not isinstance(name, tree.Identifier) or not isinstance(node, tree.Call):
        fail(WrongKind, node, "data comes from a source", "not a source", 'write `csv("data.csv")`')
    row = DATA_SOURCES.get(name.name)
    if row is None:
        fail(
            UnknownName,
            name,
            f"there is no data source `{name.name}`",
            "not known",
            propose_nearest(name.name, DATA_SOURCES, "there are " + ", ".join(DATA_SOURCES)),
        )
    arguments = [evaluate(frame, a) for a in node.arguments]
    keywords = {k.name.name: evaluate(frame, k.value) for k in node.keywords}
    bound = bind_arguments(node, name.name, row.parameters, arguments, keywords)
    if name.name == "sklearn" and bound["name"] not in list(SKLEARN):
        what = f"{describe(bound['name'])} is no data set of scikit-learn"
        fail(UnknownName, node, what, "not known", "there are " + ", ".join(SKLEARN))
    for policy in ("missing", "broken"):
        if bound.get(policy, "error") not in POLICIES:
            what = f"`{policy}` is {describe(bound[policy])}"
            fail(UnknownName, node, what, "not known", "there are " + ", ".join(POLICIES))
    return Call(name.name, tuple(arguments), tuple(keywords.items()))


def _field(block: _Block, node: tree.Expression) -> tuple[Any, TensorType]:
    """An expression over columns as data, and its type for one example: its first result."""
    value, kinds = _results(block, node)
    return value, kinds[0]


def _results(block: _Block, node: tree.Expression) -> tuple[Any, tuple[TensorType, ...]]:
    """An expression over columns as data, and the type of each of its results."""
    match node:
        case tree.Identifier():
            value, kind = _name(block, node)
            return value, (kind,)
        case tree.Literal(value=int() | float()):
            return _number(block.frame, node)
        case tree.List(items=items):
            return _stack(node, [_field(block, item) for item in items])
        case tree.Unary(operator="-", operand=operand):
            return _data_call(block, node, "neg", (operand,), ())
        case tree.Binary(operator=symbol, left=left, right=right) if symbol in ARITHMETIC:
            return _data_call(block, node, ARITHMETIC[symbol], (left, right), ())
        case tree.Call(function=tree.Identifier(name=name), arguments=arguments, keywords=keywords):
            return _data_call(block, node, name, arguments, keywords)
    fail(
        BadOperation,
        node,
        "a line of a data block works on columns",
        "not possible here",
        "columns, lists of columns, arithmetic, and functions such as `standardize`",
    )


def _name(block: _Block, node: tree.Identifier) -> tuple[Any, TensorType]:
    """A tensor made above, a constant, or a column."""
    name = node.name
    if name in block.kinds:
        kind = block.kinds[name]
        if kind is None:
            raise Stop(None)
        return Column(name), kind
    if isinstance(block.frame.module.declared.get(name), tree.Const) or name in ("pi", "tau"):
        value, kinds = _number(block.frame, node)
        return value, kinds[0]
    if block.columns is None:
        return Column(name), TensorType("real")
    if name not in block.columns:
        with block.frame.session.recover():
            _no_column(node, block.columns, block.source.span)
        if any(kind != TensorType("real") for kind in block.columns.values()):
            raise Stop(None)  # what it would be cannot be guessed, as it can in a table
    return Column(name), block.columns.get(name, TensorType("real"))


def _no_column(node: tree.Identifier, columns: Mapping[str, Any], source: Span) -> NoReturn:
    fail(
        NoSuchColumn,
        node,
        f"the data has no column `{node.name}`",
        "no such column",
        propose_nearest(node.name, columns, "it has " + ", ".join(list(columns)[:20])),
        (Label(source, "its columns were looked up here"),),
    )


def _stack(
    node: tree.Node, parts: list[tuple[Any, TensorType]]
) -> tuple[Any, tuple[TensorType, ...]]:
    try:
        return tuple(value for value, _ in parts), (stack_law([kind for _, kind in parts]),)
    except ShapeError as error:
        fail(BadOperation, node, "a list stacks what is alike", error.message, error.proposal)


def _number(frame: Frame, node: tree.Expression) -> tuple[Any, tuple[TensorType, ...]]:
    value = evaluate(frame, node)
    if isinstance(value, bool) or not isinstance(value, int | float):
        fail(BadOperation, node, "a number is needed here", f"this is {describe(value)}")
    return value, (TensorType("real"),)


def _data_call(
    block: _Block,
    node: tree.Node,
    name: str,
    arguments: tuple[tree.Expression, ...],
    keywords: tuple[tree.Keyword, ...],
) -> tuple[Any, tuple[TensorType, ...]]:
    row = _function(block, node, name)
    given: dict[str, tuple[Any, Any]] = {}
    positional = [_argument(block, a, p) for a, p in zip(arguments, row.parameters, strict=False)]
    known = {p.name: p for p in row.parameters}
    for keyword in keywords:
        parameter = known.get(keyword.name.name, Parameter(keyword.name.name))
        given[keyword.name.name] = _argument(block, keyword.value, parameter)
    extra = [(a, a) for a in arguments[len(positional) :]]
    bound = bind_arguments(node, name, row.parameters, [*positional, *extra], given)
    if row.takes and arguments:
        _check_origin(block, arguments[0], name, row)
    types = {k: v[1] if isinstance(v, tuple) else v for k, v in bound.items()}
    try:
        kinds = row.law(types)
    except ShapeError as error:
        fail(BadOperation, node, f"`{name}` {error.message}", "does not fit", error.proposal)
    named = tuple((k, v[0]) for k, v in given.items())
    return Call(name, tuple(v for v, _ in positional), named), kinds


def _function(block: _Block, node: tree.Node, name: str) -> DataFunction:
    """The row of a data function that can be used on this source."""
    row = DATA_FUNCTIONS.get(name)
    if row is None:
        fail(
            UnknownName,
            node.function if isinstance(node, tree.Call) else node,
            f"there is no data function `{name}`",
            "not known",
            propose_nearest(name, DATA_FUNCTIONS, "there are " + ", ".join(DATA_FUNCTIONS)),
        )
    if row.source and block.call.function != row.source:
        label = (Label(block.source.span, f"this is `{block.call.function}`"),)
        what = f"`{name}` takes the lines of a text, one after another"
        fail(BadOperation, node, what, "no such lines", f'write `{row.source}("…")`', label)
    return row


def _check_origin(block: _Block, node: tree.Expression, name: str, row: DataFunction) -> None:
    made_by = block.functions.get(node.name, "") if isinstance(node, tree.Identifier) else ""
    if made_by not in row.takes:
        makers = " or ".join(f"`{n}`" for n in row.takes)
        what = f"`{name}` takes what a line above made with {makers}"
        fail(BadOperation, node, what, "not made so", "name it in a line of its own")


def _argument(block: _Block, node: tree.Expression, parameter: Parameter) -> tuple[Any, Any]:
    if parameter.tensor:
        return _field(block, node)
    if parameter.name == "tokenizer" and not isinstance(node, tree.Literal):
        call = elaborate_constructor(block.frame, node, TOKENIZERS, "tokenizer")
        return call, call
    value = require_value(block.frame, node)
    value = plain(value)
    return value, value
