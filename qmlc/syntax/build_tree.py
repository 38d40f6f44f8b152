"""From grammar rules to syntax-tree nodes: one method a rule."""

from __future__ import annotations

import ast
from typing import Any

from lark import Token

from qmlc.source.span import Source, Span
from qmlc.syntax import tree

KEPT = frozenset(
    "NAME NUMBER STRING COMPARE PLUS MINUS STAR POWER SLASH FLOOR PERCENT AND OR NOT TRUE FALSE "
    "NONE CIRCUIT KERNEL LAYER MODEL".split()
)
Children = list[Any]


class TreeBuilder:
    """What is made of each rule: its text, and its children. `source` is set before each text."""

    source: Source

    def default(self, span: Span, children: Children) -> Any:
        """What rules without a method of their own make."""
        return _kept(children)

    def _name(self, token: Token) -> tree.Identifier:
        start = token.start_pos or 0
        return tree.Identifier(Span(self.source, start, start + len(token)), str(token))

    # declarations

    def start(self, span: Span, children: Children) -> Any:
        return children[-1]

    def use(self, span: Span, children: Children) -> tree.Use:
        path, names = _kept(children)
        is_file = isinstance(path, Token)
        return tree.Use(span, _unquote(path) if is_file else path, is_file, names)

    def module(self, span: Span, children: Children) -> str:
        return ".".join(map(str, children))

    def name_list(self, span: Span, children: Children) -> tuple[tree.Identifier, ...]:
        return tuple(self._name(t) for t in children)

    def const(self, span: Span, children: Children) -> tree.Const:
        name, value = _kept(children)
        return tree.Const(span, self._name(name), value)

    def function(self, span: Span, children: Children) -> tree.Component:
        return self._component("fn", span, _kept(children))

    def gate(self, span: Span, children: Children) -> tree.Component:
        return self._component("gate", span, _kept(children))

    def hamiltonian(self, span: Span, children: Children) -> tree.Component:
        return self._component("hamiltonian", span, _kept(children))

    def component(self, span: Span, children: Children) -> tree.Component:
        kind, *rest = _kept(children)
        return self._component(str(kind), span, rest)

    def extern(self, span: Span, children: Children) -> tree.Component:
        rest = [c for c in _kept(children) if not (isinstance(c, Token) and c.type == "LAYER")]
        return self._component("extern", span, rest)

    def _component(self, kind: str, span: Span, rest: Children) -> tree.Component:
        name, *middle, body = rest
        lists = [c for c in middle if isinstance(c, Parameters)]
        registers = next((c for c in middle if isinstance(c, Registers)), ())
        result = next((c for c in middle if isinstance(c, tree.Node)), None)
        settings = tuple(lists[0]) if len(lists) == 2 else None
        inputs = tuple(lists[-1]) if lists else ()
        assert result is None or isinstance(result, tree.TypeName | tree.TypeRecord)
        return tree.Component(
            span,
            kind,
            self._name(name),
            settings,
            inputs,
            tuple(registers),
            result,
            body,
        )

    def result(self, span: Span, children: Children) -> Any:
        return children[-1]

    def body(self, span: Span, children: Children) -> Any:
        return children[0]

    def expression_body(self, span: Span, children: Children) -> Any:
        return _kept(children)[0]

    def rewrite_gates(self, span: Span, children: Children) -> tree.Rewrite:
        name, inputs, registers, before, after = _kept(children)
        return tree.Rewrite(span, self._name(name), tuple(inputs), tuple(registers), before, after)

    def rewrite_expression(self, span: Span, children: Children) -> tree.Rewrite:
        name, inputs, before, after = _kept(children)
        return tree.Rewrite(span, self._name(name), tuple(inputs), (), before, after)

    def data(self, span: Span, children: Children) -> tree.DataBlock:
        name, source, block = _kept(children)
        return tree.DataBlock(span, self._name(name), source, block)

    def train(self, span: Span, children: Children) -> tree.TrainBlock:
        model, *data, block = _kept(children)
        return tree.TrainBlock(span, model, self._name(data[0]) if data else None, block)

    def deploy(self, span: Span, children: Children) -> tree.DeployBlock:
        part, device, block = _kept(children)
        return tree.DeployBlock(span, part, device, block)

    def parameters(self, span: Span, children: Children) -> Parameters:
        return Parameters(children)

    def parameter(self, span: Span, children: Children) -> tree.Parameter:
        name, *rest = children
        kind = next((c for c in rest if isinstance(c, tree.TypeName | tree.TypeRecord)), None)
        default = next((c for c in rest if c is not kind), None)
        return tree.Parameter(span, self._name(name), kind, default)

    def registers(self, span: Span, children: Children) -> Registers:
        return Registers(children)

    def register(self, span: Span, children: Children) -> tree.Register:
        size = children[1] if len(children) > 1 else None
        return tree.Register(span, self._name(children[0]), size)

    def tensor_type(self, span: Span, children: Children) -> tree.TypeName:
        return tree.TypeName(span, self._name(children[0]), tuple(children[1:]))

    def record_type(self, span: Span, children: Children) -> tree.TypeRecord:
        return tree.TypeRecord(span, tuple(children))

    def type_field(self, span: Span, children: Children) -> Any:
        return self._name(children[0]), children[1]

    # statements

    def block(self, span: Span, children: Children) -> tree.Block:
        return tree.Block(span, tuple(_kept(children)))

    def let(self, span: Span, children: Children) -> tree.Let:
        names, value = _kept(children)
        return tree.Let(span, names, value)

    def assign(self, span: Span, children: Children) -> tree.Assign:
        names, value = _kept(children)
        return tree.Assign(span, names, value)

    def param(self, span: Span, children: Children) -> tree.Param:
        name, kind, *distribution = _kept(children)
        start = distribution[0] if distribution else None
        return tree.Param(span, self._name(name), kind, start)

    def qubit(self, span: Span, children: Children) -> tree.Qubit:
        return tree.Qubit(span, tuple(_kept(children)[0]))

    def for_(self, span: Span, children: Children) -> tree.For:
        names, iterable, body = _kept(children)
        return tree.For(span, names, iterable, body)

    def if_(self, span: Span, children: Children) -> tree.If:
        condition, then, *rest = _kept(children)
        otherwise = rest[0] if rest else None
        if isinstance(otherwise, tree.If):
            otherwise = tree.Block(otherwise.span, (otherwise,))
        return tree.If(span, condition, then, otherwise)

    def return_(self, span: Span, children: Children) -> tree.Return:
        return tree.Return(span, _kept(children)[0])

    def apply(self, span: Span, children: Children) -> tree.Apply:
        parts = _kept(children)
        operands = parts.pop() if isinstance(parts[-1], tuple) else ()
        *modifiers, gate = parts
        end = operands[-1].span if operands else gate.span
        return tree.Apply(parts[0].span.to(end), tuple(modifiers), gate, operands)

    def head(self, span: Span, children: Children) -> tree.Head:
        arguments = children[1] if len(children) > 1 else None
        positional, keywords = _split(arguments or ())
        return tree.Head(span, self._name(children[0]), positional, keywords, arguments is not None)

    def operands(self, span: Span, children: Children) -> tuple[Any, ...]:
        return tuple(children)

    # expressions

    def name(self, span: Span, children: Children) -> tree.Identifier:
        return self._name(children[0])

    def number(self, span: Span, children: Children) -> tree.Literal:
        text = str(children[0])
        digits = text.lstrip("0")
        if text.isdigit():
            text = digits or "0"
        value = int(text) if text.isdigit() and len(text) < 4000 else _number(text)
        return tree.Literal(span, value)

    def string(self, span: Span, children: Children) -> tree.Literal:
        return tree.Literal(span, _unquote(children[0]))

    def constant(self, span: Span, children: Children) -> tree.Literal:
        value = {"TRUE": True, "FALSE": False, "NONE": None}[children[0].type]
        return tree.Literal(span, value)

    def list_(self, span: Span, children: Children) -> tree.List:
        return tree.List(span, tuple(children[0]))

    def list_of(self, span: Span, children: Children) -> Any:
        return children[0]

    def items(self, span: Span, children: Children) -> Children:
        return children

    def grouped(self, span: Span, children: Children) -> Any:
        return children[0]

    def tuple_(self, span: Span, children: Children) -> tree.List:
        return tree.List(span, (children[0], *children[1]))

    def record(self, span: Span, children: Children) -> tree.Record:
        pairs = zip(children[::2], children[1::2], strict=True)
        fields = tuple(
            tree.Keyword(self._name(n).span.to(v.span), self._name(n), v) for n, v in pairs
        )
        return tree.Record(span, fields)

    def generator(self, span: Span, children: Children) -> tree.Generator:
        return tree.Generator(span, children[0], tuple(children[1:]))

    def clause(self, span: Span, children: Children) -> tree.Clause:
        names, iterable, *conditions = _kept(children)
        return tree.Clause(span, names, iterable, tuple(conditions))

    def measure(self, span: Span, children: Children) -> tree.Measure:
        return tree.Measure(span, children[-1])

    def call(self, span: Span, children: Children) -> tree.Call:
        positional, keywords = _split(children[1])
        return tree.Call(span, children[0], positional, keywords)

    def call_by_name(self, span: Span, children: Children) -> tree.Call:
        return self.call(span, [self._name(children[0]), children[1]])

    def arguments(self, span: Span, children: Children) -> Arguments:
        return Arguments(children)

    def generator_argument(self, span: Span, children: Children) -> Arguments:
        return Arguments(children)

    def keyword(self, span: Span, children: Children) -> tree.Keyword:
        return tree.Keyword(span, self._name(children[0]), children[1])

    def index(self, span: Span, children: Children) -> tree.Index:
        base = self._name(children[0]) if isinstance(children[0], Token) else children[0]
        return tree.Index(span, base, children[1])

    def subscripts(self, span: Span, children: Children) -> Any:
        return (*children,)

    def slice_(self, span: Span, children: Children) -> tree.Slice:
        bounds = [c[0] if c else None for c in children]
        return tree.Slice(span, *bounds, *[None] * (3 - len(bounds)))

    def bound(self, span: Span, children: Children) -> Children:
        return children

    def ellipsis(self, span: Span, children: Children) -> tree.Ellipsis:
        return tree.Ellipsis(span)

    def attribute(self, span: Span, children: Children) -> tree.Attribute:
        return tree.Attribute(span, children[0], self._name(children[1]))

    def unary(self, span: Span, children: Children) -> tree.Unary:
        return tree.Unary(span, str(children[0]), children[1])

    def binary(self, span: Span, children: Children) -> tree.Binary:
        return tree.Binary(span, str(children[1]), children[0], children[2])

    def conditional(self, span: Span, children: Children) -> tree.Conditional:
        then, condition, otherwise = (c for c in children if not isinstance(c, Token))
        return tree.Conditional(span, condition, then, otherwise)

    def pipe(self, span: Span, children: Children) -> tree.Pipe:
        return tree.Pipe(span, children[0], children[1])


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
