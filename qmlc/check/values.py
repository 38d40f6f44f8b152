"""What an expression can stand for while a program is elaborated.

Numbers, strings, booleans, None, `Polynomial`s, `Operator`s, `Array`s of these, and tuples (lists
of anything else) stand for themselves; everything else is one of the classes below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from qmlc.ir.array import Array
from qmlc.ir.circuit import Condition
from qmlc.ir.operator import Operator
from qmlc.source.diagnostic import Diagnostic, Label, Problem
from qmlc.source.span import Source, Span
from qmlc.syntax import tree
from qmlc.types.polynomial import Polynomial
from qmlc.types.tensors import RecordType, TensorType, Type

Value = Any
"""Any of the values of this module."""


class Stop(Exception):
    """Elaboration of a statement ends here, with an error (None where it was reported before)."""

    def __init__(self, diagnostic: Diagnostic | None) -> None:
        super().__init__(diagnostic)
        self.diagnostic = diagnostic


class NeedsDimensions(Exception):
    """Dimensions of the declaration at hand have to be numbers before it can be elaborated."""

    def __init__(self, names: tuple[str, ...], span: Span) -> None:
        super().__init__(names)
        self.names, self.span = names, span


def fail(
    error: type[Problem],
    at: tree.Node | Span,
    what: str,
    where: str = "",
    proposal: str = "",
    related: tuple[Label, ...] = (),
) -> NoReturn:
    """Stop with an error."""
    span = at if isinstance(at, Span) else at.span
    raise Stop(error(span, related, what=what, where=where, proposal=proposal))


@dataclass(frozen=True)
class Poison:
    """What an expression with a reported error stands for; it silences what follows from it."""


@dataclass(frozen=True)
class Tensor:
    """A node of the graph at hand."""

    node: int
    type: TensorType


@dataclass(frozen=True)
class RecordNode:
    """A node that yields a record."""

    node: int
    type: RecordType


@dataclass(frozen=True)
class Fields:
    """A record of values."""

    values: tuple[tuple[str, Value], ...]


@dataclass(frozen=True)
class Qubits:
    """Qubits by number; a register, or a single one."""

    indices: tuple[int, ...]
    register: bool


@dataclass(frozen=True)
class Bits:
    """Measured bits by number; a register, or a single one."""

    indices: tuple[int, ...]
    register: bool


@dataclass(frozen=True)
class BitTest:
    """A condition on measured bits."""

    condition: Condition


@dataclass(frozen=True)
class Unplaced:
    """An operator that still has to be placed on qubits: `Z(0)`, `ising(J, g)`."""

    place: Callable[[tuple[int, ...]], Operator | Array]


@dataclass(frozen=True)
class Measured:
    """A result of a circuit."""

    kind: str
    operators: Operator | Array | None = None
    qubits: tuple[int, ...] = ()


@dataclass(frozen=True)
class Declared:
    """A declaration, and the file it stands in."""

    declaration: tree.Component | tree.DataBlock
    module: Module

    @property
    def kind(self) -> str:
        """`circuit`, `layer`, `fn`, …"""
        return self.declaration.kind if isinstance(self.declaration, tree.Component) else "data"

    @property
    def name(self) -> str:
        """The author's name."""
        return self.declaration.name.name


@dataclass(frozen=True)
class Builtin:
    """Something that is there without import: a `function`, `layer` or `gate` by name."""

    kind: str
    name: str


@dataclass(frozen=True)
class Instance:
    """A component with its settings: one set of parameters, however often it is applied."""

    target: Declared | Builtin
    arguments: tuple[Value, ...]
    keywords: tuple[tuple[str, Value], ...]
    mention: Span
    """Where it is made; its place in the text and `loops` tell it from all others."""
    loops: tuple[int, ...] = ()
    name: str = ""
    """The `let` that binds it."""


@dataclass(frozen=True)
class GateMatrix:
    """A gate that is handed over as a setting."""

    target: Declared | Builtin


@dataclass
class Module:
    """A file: its declarations by name, and what it imports."""

    source: Source
    path: Any = None
    declared: dict[str, tree.Component | tree.DataBlock | tree.Const] = field(default_factory=dict)
    imported: dict[str, tuple[Module, str]] = field(default_factory=dict)
    constants: dict[str, Value] = field(default_factory=dict)
    gates: dict[str, Any] = field(default_factory=dict)


class Scope:
    """Names of one body; lookups go outwards, bindings stay inside."""

    def __init__(self, parent: Scope | None = None) -> None:
        self.parent = parent
        self.values: dict[str, Value] = {}
        self.places: dict[str, Span] = {}

    def find(self, name: str) -> Scope | None:
        """The innermost scope that binds `name`."""
        scope: Scope | None = self
        while scope is not None and name not in scope.values:
            scope = scope.parent
        return scope

    def names(self) -> list[str]:
        """Every name in reach."""
        outer = self.parent.names() if self.parent is not None else []
        return [*self.values, *outer]

    def bind(self, name: str, value: Value, place: Span | None = None) -> None:
        """Give a name a value."""
        self.values[name] = value
        if place is not None:
            self.places[name] = place


def describe(value: Value) -> str:
    """What a value is, for messages: "`real[B, 4]`", "a register of 4 qubits"."""
    match value:
        case Tensor() | RecordNode():
            return f"`{value.type}`"
        case Array():
            inner = "operator" if value.items and isinstance(value.items[0], Operator) else "real"
            return f"`{inner}[{', '.join(map(str, value.shape))}]`"
        case Polynomial():
            return "`real`"
        case bool() | int() | float() | complex():
            return f"the number {value}" if not isinstance(value, bool) else "a truth value"
        case str():
            return f'the string "{value}"'
        case Qubits():
            return f"a register of {len(value.indices)} qubits" if value.register else "a qubit"
        case Bits() | BitTest():
            return "a measured bit" if isinstance(value, BitTest) or not value.register else "bits"
        case Operator() | Unplaced():
            return "an operator"
        case Measured():
            return f"the result `{value.kind}`"
        case Declared():
            return f"the {value.kind} `{value.name}`"
        case Builtin():
            return f"the {value.kind} `{value.name}`"
        case Instance():
            return f"an instance of `{value.target.name}`"
        case Fields():
            return "a record"
        case tuple():
            return f"a list of {len(value)}"
        case None:
            return "`none`"
        case _:
            return "this"


def type_of(value: Value) -> Type | None:
    """The type of a tensor or of a scalar value; None for anything else."""
    match value:
        case Tensor() | RecordNode():
            return value.type
        case bool():
            return TensorType("bool")
        case int():
            return TensorType("int")
        case float() | Polynomial():
            return TensorType("real")
        case complex():
            return TensorType("complex")
        case Array():
            return TensorType("real", value.shape)
        case _:
            return None


Settings = Mapping[str, Value]
