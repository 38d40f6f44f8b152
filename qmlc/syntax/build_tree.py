"""From grammar rules to syntax-tree nodes: one method a rule."""

from __future__ import annotations

import ast
from typing import Any

from lark import Token, Transformer, v_args
from lark.tree import Meta

from qmlc.source.span import Source, Span
from qmlc.syntax import tree

KEPT = frozenset(
    "NAME NUMBER STRING COMPARE PLUS MINUS STAR POWER SLASH FLOOR PERCENT AND OR NOT TRUE FALSE "
    "NONE CIRCUIT KERNEL LAYER MODEL".split()
)
Children = list[Any]


@v_args(meta=True)
class TreeBuilder(Transformer[Token, Any]):
    """The callbacks of the parser; `source` is set before each text."""

    source: Source

    def __default__(self, data: str, children: Children, meta: Meta) -> Any:
        return _kept(children)

    def _span(self, meta: Meta) -> Span:
        return Span(self.source, meta.start_pos, meta.end_pos)

    def _name(self, token: Token) -> tree.Identifier:
        start = token.start_pos or 0
        return tree.Identifier(Span(self.source, start, start + len(token)), str(token))

    # declarations

    def start(self, meta: Meta, children: Children) -> Any:
        return children[-1]

    def use(self, meta: Meta, children: Children) -> tree.Use:
        path, names = _kept(children)
        is_file = isinstance(path, Token)
        return tree.Use(self._span(meta), _unquote(path) if is_file else path, is_file, names)

    def module(self, meta: Meta, children: Children) -> str:
        return ".".join(map(str, children))

    def name_list(self, meta: Meta, children: Children) -> tuple[tree.Identifier, ...]:
        return tuple(self._name(t) for t in children)

    def const(self, meta: Meta, children: Children) -> tree.Const:
        name, value = _kept(children)
        return tree.Const(self._span(meta), self._name(name), value)

    def function(self, meta: Meta, children: Children) -> tree.Component:
        return self._component("fn", meta, _kept(children))

    def gate(self, meta: Meta, children: Children) -> tree.Component:
        return self._component("gate", meta, _kept(children))

    def hamiltonian(self, meta: Meta, children: Children) -> tree.Component:
        return self._component("hamiltonian", meta, _kept(children))

    def component(self, meta: Meta, children: Children) -> tree.Component:
        kind, *rest = _kept(children)
        return self._component(str(kind), meta, rest)

    def extern(self, meta: Meta, children: Children) -> tree.Component:
        rest = [c for c in _kept(children) if not (isinstance(c, Token) and c.type == "LAYER")]
        target = tree.Literal(self._name(rest[-1]).span, _unquote(rest[-1]))
        return self._component("extern", meta, [*rest[:-1], target])

    def _component(self, kind: str, meta: Meta, rest: Children) -> tree.Component:
        name, *middle, body = rest
        lists = [c for c in middle if isinstance(c, Parameters)]
        registers = next((c for c in middle if isinstance(c, Registers)), ())
        result = next((c for c in middle if isinstance(c, tree.Node)), None)
        settings = tuple(lists[0]) if len(lists) == 2 else None
        inputs = tuple(lists[-1]) if lists else ()
        assert result is None or isinstance(result, tree.TypeName | tree.TypeRecord)
        return tree.Component(
            self._span(meta),
            kind,
            self._name(name),
            settings,
            inputs,
            tuple(registers),
            result,
            body,
        )

    def result(self, meta: Meta, children: Children) -> Any:
        return children[-1]

    def body(self, meta: Meta, children: Children) -> Any:
        return children[0]

    def expression_body(self, meta: Meta, children: Children) -> Any:
        return _kept(children)[0]

    def rewrite_gates(self, meta: Meta, children: Children) -> tree.Rewrite:
        name, inputs, registers, before, after = _kept(children)
        return tree.Rewrite(
            self._span(meta), self._name(name), tuple(inputs), tuple(registers), before, after
        )

    def rewrite_expression(self, meta: Meta, children: Children) -> tree.Rewrite:
        name, inputs, before, after = _kept(children)
        return tree.Rewrite(self._span(meta), self._name(name), tuple(inputs), (), before, after)

    def data(self, meta: Meta, children: Children) -> tree.DataBlock:
        name, source, block = _kept(children)
        return tree.DataBlock(self._span(meta), self._name(name), source, block)

    def train(self, meta: Meta, children: Children) -> tree.TrainBlock:
        model, *data, block = _kept(children)
        return tree.TrainBlock(
            self._span(meta), model, self._name(data[0]) if data else None, block
        )

    def deploy(self, meta: Meta, children: Children) -> tree.DeployBlock:
        part, device, block = _kept(children)
        return tree.DeployBlock(self._span(meta), part, device, block)

    def parameters(self, meta: Meta, children: Children) -> Parameters:
        return Parameters(children)

    def parameter(self, meta: Meta, children: Children) -> tree.Parameter:
        name, *rest = children
        kind = next((c for c in rest if isinstance(c, tree.TypeName | tree.TypeRecord)), None)
        default = next((c for c in rest if c is not kind), None)
        return tree.Parameter(self._span(meta), self._name(name), kind, default)

    def registers(self, meta: Meta, children: Children) -> Registers:
        return Registers(children)

    def register(self, meta: Meta, children: Children) -> tree.Register:
        size = children[1] if len(children) > 1 else None
        return tree.Register(self._span(meta), self._name(children[0]), size)

    def tensor_type(self, meta: Meta, children: Children) -> tree.TypeName:
        return tree.TypeName(self._span(meta), self._name(children[0]), tuple(children[1:]))

    def record_type(self, meta: Meta, children: Children) -> tree.TypeRecord:
        return tree.TypeRecord(self._span(meta), tuple(children))

    def type_field(self, meta: Meta, children: Children) -> Any:
        return self._name(children[0]), children[1]

    # statements

    def block(self, meta: Meta, children: Children) -> tree.Block:
        return tree.Block(self._span(meta), tuple(_kept(children)))

    def let(self, meta: Meta, children: Children) -> tree.Let:
        names, value = _kept(children)
        return tree.Let(self._span(meta), names, value)

    def assign(self, meta: Meta, children: Children) -> tree.Assign:
        names, value = _kept(children)
        return tree.Assign(self._span(meta), names, value)

    def param(self, meta: Meta, children: Children) -> tree.Param:
        name, kind, *distribution = _kept(children)
        start = distribution[0] if distribution else None
        return tree.Param(self._span(meta), self._name(name), kind, start)

    def qubit(self, meta: Meta, children: Children) -> tree.Qubit:
        return tree.Qubit(self._span(meta), tuple(_kept(children)[0]))

    def for_(self, meta: Meta, children: Children) -> tree.For:
        names, iterable, body = _kept(children)
        return tree.For(self._span(meta), names, iterable, body)

    def if_(self, meta: Meta, children: Children) -> tree.If:
        condition, then, *rest = _kept(children)
        otherwise = rest[0] if rest else None
        if isinstance(otherwise, tree.If):
            otherwise = tree.Block(otherwise.span, (otherwise,))
        return tree.If(self._span(meta), condition, then, otherwise)

    def return_(self, meta: Meta, children: Children) -> tree.Return:
        return tree.Return(self._span(meta), _kept(children)[0])

    def apply(self, meta: Meta, children: Children) -> tree.Apply:
        parts = _kept(children)
        operands = parts.pop() if isinstance(parts[-1], tuple) else ()
        *modifiers, gate = parts
        end = operands[-1].span if operands else gate.span
        span = parts[0].span.to(end)
        return tree.Apply(span, tuple(modifiers), gate, operands)

    def head(self, meta: Meta, children: Children) -> tree.Head:
        arguments = children[1] if len(children) > 1 else None
        positional, keywords = _split(arguments or ())
        return tree.Head(
            self._span(meta), self._name(children[0]), positional, keywords, arguments is not None
        )

    def operands(self, meta: Meta, children: Children) -> tuple[Any, ...]:
        return tuple(children)

    # expressions

    def name(self, meta: Meta, children: Children) -> tree.Identifier:
        return self._name(children[0])

    def number(self, meta: Meta, children: Children) -> tree.Literal:
        text = str(children[0])
        digits = text.lstrip("0")
        if text.isdigit():
            text = digits or "0"
        value = int(text) if text.isdigit() and len(text) < 4000 else _number(text)
        return tree.Literal(self._span(meta), value)

    def string(self, meta: Meta, children: Children) -> tree.Literal:
        return tree.Literal(self._span(meta), _unquote(children[0]))

    def constant(self, meta: Meta, children: Children) -> tree.Literal:
        value = {"TRUE": True, "FALSE": False, "NONE": None}[children[0].type]
        return tree.Literal(self._span(meta), value)

    def list_(self, meta: Meta, children: Children) -> tree.List:
        return tree.List(self._span(meta), tuple(children[0]))

    def list_of(self, meta: Meta, children: Children) -> Any:
        return children[0]

    def items(self, meta: Meta, children: Children) -> Children:
        return children

    def grouped(self, meta: Meta, children: Children) -> Any:
        return children[0]

    def tuple_(self, meta: Meta, children: Children) -> tree.List:
        return tree.List(self._span(meta), (children[0], *children[1]))

    def record(self, meta: Meta, children: Children) -> tree.Record:
        pairs = zip(children[::2], children[1::2], strict=True)
        fields = tuple(
            tree.Keyword(self._name(n).span.to(v.span), self._name(n), v) for n, v in pairs
        )
        return tree.Record(self._span(meta), fields)

    def generator(self, meta: Meta, children: Children) -> tree.Generator:
        return tree.Generator(self._span(meta), children[0], tuple(children[1:]))

    def clause(self, meta: Meta, children: Children) -> tree.Clause:
        names, iterable, *conditions = _kept(children)
        return tree.Clause(self._span(meta), names, iterable, tuple(conditions))

    def measure(self, meta: Meta, children: Children) -> tree.Measure:
        return tree.Measure(self._span(meta), children[-1])

    def call(self, meta: Meta, children: Children) -> tree.Call:
        positional, keywords = _split(children[1])
        return tree.Call(self._span(meta), children[0], positional, keywords)

    def call_by_name(self, meta: Meta, children: Children) -> tree.Call:
        return self.call(meta, [self._name(children[0]), children[1]])

    def arguments(self, meta: Meta, children: Children) -> Arguments:
        return Arguments(children)

    def generator_argument(self, meta: Meta, children: Children) -> Arguments:
        return Arguments(children)

    def keyword(self, meta: Meta, children: Children) -> tree.Keyword:
        return tree.Keyword(self._span(meta), self._name(children[0]), children[1])

    def index(self, meta: Meta, children: Children) -> tree.Index:
        base = self._name(children[0]) if isinstance(children[0], Token) else children[0]
        return tree.Index(self._span(meta), base, children[1])

    def subscripts(self, meta: Meta, children: Children) -> Any:
        return (*children,)

    def slice_(self, meta: Meta, children: Children) -> tree.Slice:
        bounds = [c[0] if c else None for c in children]
        return tree.Slice(self._span(meta), *bounds, *[None] * (3 - len(bounds)))

    def bound(self, meta: Meta, children: Children) -> Children:
        return children

    def ellipsis(self, meta: Meta, children: Children) -> tree.Ellipsis:
        return tree.Ellipsis(self._span(meta))

    def attribute(self, meta: Meta, children: Children) -> tree.Attribute:
        return tree.Attribute(self._span(meta), children[0], self._name(children[1]))

    def unary(self, meta: Meta, children: Children) -> tree.Unary:
        return tree.Unary(self._span(meta), str(children[0]), children[1])

    def binary(self, meta: Meta, children: Children) -> tree.Binary:
        return tree.Binary(self._span(meta), str(children[1]), children[0], children[2])

    def conditional(self, meta: Meta, children: Children) -> tree.Conditional:
        then, condition, otherwise = (c for c in children if not isinstance(c, Token))
        return tree.Conditional(self._span(meta), condition, then, otherwise)

    def pipe(self, meta: Meta, children: Children) -> tree.Pipe:
        return tree.Pipe(self._span(meta), children[0], children[1])


class Parameters(list[tree.Parameter]):
    """A parameter list, told from other lists by its class."""


class Registers(list[tree.Register]):
    """The operands of a gate or hamiltonian, or the registers of a `qubit` statement."""


class Arguments(list[Any]):
    """The arguments of a call."""


def _kept(children: Children) -> Children:
    return [c for c in children if not isinstance(c, Token) or c.type in KEPT]


def _split(arguments: Any) -> Any:
    keywords = tuple(a for a in arguments if isinstance(a, tree.Keyword))
    return tuple(a for a in arguments if not isinstance(a, tree.Keyword)), keywords


def _unquote(token: Token) -> str:
    try:
        return str(ast.literal_eval(str(token)))
    except (SyntaxError, ValueError):
        return str(token)[1:-1]


def _number(text: str) -> int | float | complex:
    value = ast.literal_eval(text) if len(text) < 4000 else float("inf")
    assert isinstance(value, int | float | complex)
    return value
