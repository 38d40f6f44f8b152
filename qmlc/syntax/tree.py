"""The syntax tree: one frozen class for each rule of the grammar that matters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from qmlc.source.span import Span


@dataclass(frozen=True, slots=True)
class Node:
    """Anything with a place in the text."""

    span: Span = field(compare=False, repr=False)


def walk(node: Node) -> Iterator[Node]:
    """A node and all nodes inside it, each before what it holds, in the order of the fields."""
    stack: list[Any] = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, Node):
            yield item
            stack += [getattr(item, s) for s in reversed(item.__slots__) if s != "span"]
        elif isinstance(item, tuple):
            stack += reversed(item)


# Expressions


@dataclass(frozen=True, slots=True)
class Identifier(Node):
    """A name and its place."""

    name: str


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A number, string, true, false or none."""

    value: int | float | complex | str | bool | None


@dataclass(frozen=True, slots=True)
class List(Node):
    """`[a, b]` or `(a, b)`."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Clause(Node):
    """`for i, j in range(n) if i != j`."""

    names: tuple[Identifier, ...]
    iterable: Expression
    conditions: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Generator(Node):
    """`x[i] for i in range(n)`, in brackets or as the only argument of a call."""

    element: Expression
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Record(Node):
    """`(hidden=x, pooled=y)`."""

    fields: tuple[Keyword, ...]


@dataclass(frozen=True, slots=True)
class Keyword(Node):
    """`heads=4` in a call or a record."""

    name: Identifier
    value: Expression


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`f(a, b, c=d)`."""

    function: Expression
    arguments: tuple[Expression, ...]
    keywords: tuple[Keyword, ...]


@dataclass(frozen=True, slots=True)
class Slice(Node):
    """`a:b:c` inside a subscript."""

    start: Expression | None
    stop: Expression | None
    step: Expression | None


@dataclass(frozen=True, slots=True)
class Ellipsis(Node):
    """`...` inside a subscript or a type."""


@dataclass(frozen=True, slots=True)
class Index(Node):
    """`x[:, 0]`."""

    base: Expression
    subscripts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Attribute(Node):
    """`h.hidden`."""

    base: Expression
    name: Identifier


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`-x`, `+x`, `not x`."""

    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """`a + b`, `a and b`, `a == b`."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Conditional(Node):
    """`a if condition else b`, on compile-time conditions."""

    condition: Expression
    then: Expression
    otherwise: Expression


@dataclass(frozen=True, slots=True)
class Pipe(Node):
    """`x |> f(a)`."""

    value: Expression
    into: Expression


@dataclass(frozen=True, slots=True)
class Measure(Node):
    """`measure q[0]`."""

    operand: Expression


Expression = (
    Identifier | Literal | List | Generator | Record | Call | Slice | Ellipsis | Index | Attribute
    | Unary | Binary | Conditional | Pipe | Measure
)  # fmt: skip


# Types and parameters


@dataclass(frozen=True, slots=True)
class TypeName(Node):
    """`real[B, 4]`, `operator[m, n]`, `int`."""

    name: Identifier
    dims: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class TypeRecord(Node):
    """`(hidden: real[B, d], pooled: real[B, d])`."""

    fields: tuple[tuple[Identifier, TypeExpression], ...]


TypeExpression = TypeName | TypeRecord


@dataclass(frozen=True, slots=True)
class Parameter(Node):
    """`layers: int = 2`."""

    name: Identifier
    type: TypeExpression | None
    default: Expression | None


@dataclass(frozen=True, slots=True)
class Register(Node):
    """`q[n]` in a declaration; `size` is None for a single qubit."""

    name: Identifier
    size: Expression | None


# Statements


@dataclass(frozen=True, slots=True)
class Let(Node):
    """`let x = e`."""

    names: tuple[Identifier, ...]
    value: Expression


@dataclass(frozen=True, slots=True)
class Assign(Node):
    """`x = e`: a rebinding in a loop, a line of a data block, an option of a train block."""

    names: tuple[Identifier, ...]
    value: Expression


@dataclass(frozen=True, slots=True)
class Param(Node):
    """`param w: real[n] ~ zeros`."""

    name: Identifier
    type: TypeExpression
    distribution: Expression | None


@dataclass(frozen=True, slots=True)
class Qubit(Node):
    """`qubit a, b[2]`."""

    registers: tuple[Register, ...]


@dataclass(frozen=True, slots=True)
class For(Node):
    """`for a, b in ring(q) { … }`."""

    names: tuple[Identifier, ...]
    iterable: Expression
    body: Block


@dataclass(frozen=True, slots=True)
class If(Node):
    """`if condition { … } else { … }`; an `else if` is an If alone in `otherwise`."""

    condition: Expression
    then: Block
    otherwise: Block | None


@dataclass(frozen=True, slots=True)
class Return(Node):
    """`return e`."""

    value: Expression


@dataclass(frozen=True, slots=True)
class Head(Node):
    """A gate or a modifier with its arguments; `has_arguments` tells `f()` from `f`."""

    name: Identifier
    arguments: tuple[Expression, ...]
    keywords: tuple[Keyword, ...]
    has_arguments: bool


@dataclass(frozen=True, slots=True)
class Apply(Node):
    """`ctrl @ pow(2) @ p(phi) a, b`."""

    modifiers: tuple[Head, ...]
    gate: Head
    operands: tuple[Expression, ...]


Statement = Let | Assign | Param | Qubit | For | If | Return | Apply


@dataclass(frozen=True, slots=True)
class Block(Node):
    """`{ … }`."""

    statements: tuple[Statement, ...]


Body = Block | Expression


# Declarations


@dataclass(frozen=True, slots=True)
class Use(Node):
    """`use std.ansatz (a, b)` or `use "file.hqm" (c)`."""

    path: str
    is_file: bool
    names: tuple[Identifier, ...]


@dataclass(frozen=True, slots=True)
class Const(Node):
    """`const k = e`."""

    name: Identifier
    value: Expression


@dataclass(frozen=True, slots=True)
class Component(Node):
    """A `fn`, `gate`, `circuit`, `kernel`, `layer`, `model`, `hamiltonian` or `extern layer`.

    `settings` is None where there is one parameter list; `registers` are a gate's and a
    hamiltonian's operands.
    """

    kind: str
    name: Identifier
    settings: tuple[Parameter, ...] | None
    inputs: tuple[Parameter, ...]
    registers: tuple[Register, ...]
    result: TypeExpression | None
    body: Body
    doc: str = ""

    @property
    def header(self) -> str:
        """The declaration as written, without its body, on one line."""
        head = self.span.source.text[self.span.start : self.body.span.start].rstrip()
        return " ".join(head.removesuffix("=").split()).replace("( ", "(").replace(" )", ")")


@dataclass(frozen=True, slots=True)
class Rewrite(Node):
    """`rewrite r(…) q { … } => { … }` or `rewrite r(…) = e => e`."""

    name: Identifier
    inputs: tuple[Parameter, ...]
    registers: tuple[Register, ...]
    before: Body
    after: Body
    doc: str = ""


@dataclass(frozen=True, slots=True)
class DataBlock(Node):
    """`data d = source { … }`."""

    name: Identifier
    source: Expression
    block: Block
    doc: str = ""


@dataclass(frozen=True, slots=True)
class TrainBlock(Node):
    """`train m on d { … }`."""

    model: Expression
    data: Identifier | None
    block: Block


@dataclass(frozen=True, slots=True)
class DeployBlock(Node):
    """`deploy c to device { … }`."""

    part: Expression
    device: Expression
    block: Block


@dataclass(frozen=True, slots=True)
class Lost(Node):
    """A declaration that could not be read, which was reported: nothing more is said of `names`."""

    names: tuple[Identifier, ...]


Declaration = Use | Const | Component | Rewrite | DataBlock | TrainBlock | DeployBlock | Lost


@dataclass(frozen=True, slots=True)
class File(Node):
    """A whole text."""

    declarations: tuple[Declaration, ...]
    doc: str = ""
