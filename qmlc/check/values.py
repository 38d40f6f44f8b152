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
from qmlc.ir.program import COMPONENT_KINDS, Call
from qmlc.ops.tunings import Frozen, Full, Last, Lora
from qmlc.source.diagnostic import Diagnostic, Label, Problem
from qmlc.source.span import Source, Span
from qmlc.syntax import tree
from qmlc.types.polynomial import Polynomial
from qmlc.types.tensors import RecordType, TensorType, Type

Value = Any
"""Any of the values of this module."""
UNITS = ("circuit", "kernel", "layer", "model", "extern")
"""Kinds of components that are applied to tensors, and have parameters of their own."""


class Stop(Exception):
    """Elaboration of a statement ends here, with an error (None where it was reported before)."""

    def __init__(self, diagnostic: Diagnostic | None) -> None:
        super().__init__(diagnostic)
        self.diagnostic = diagnostic


class Exhausted(Stop):
    """The program asks for too much work: the whole compilation ends here."""


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
    size: int | None = None
    """How many qubits it takes, where it says so itself."""


@dataclass(frozen=True)
class Measured:
    """A result of a circuit."""

    kind: str
    operators: Operator | Array | None = None
    qubits: tuple[int, ...] = ()
    shots: int = 0


@dataclass(frozen=True)
class Declared:
    """A declaration, and the file it stands in."""

    declaration: tree.Component | tree.DataBlock
    module: Module

    @property
    def kind(self) -> str:
        """Its keyword: `circuit`, `layer`, `fn`."""
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
class PartialGate:
    """A gate with its angles, handed to another gate; they are evaluated in `frame`."""

    head: tree.Head
    frame: Any
    """The `Frame` where it is written."""


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
    """The `let` that binds it, or the setting that it was handed over as."""
    given: bool = False
    """Whether it was handed over as a setting of the body at hand."""
    changes: tuple[Call, ...] = ()
    """What is done to it once it is made; see `ops.changes`."""


Declaration = tree.Component | tree.DataBlock | tree.Const | tree.Rewrite | tree.Lost
"""What has a name in a file."""


@dataclass(frozen=True)
class Inside:
    """A part of a module of the unit at hand, on the way to a parameter: `emb`, `block.0`."""

    module: str
    """The path of the module that the unit holds."""
    path: str
    shapes: Mapping[str, TensorType]
    """The parameters under `path`."""


@dataclass
class Module:
    """A file: its declarations by name, and what it imports."""

    source: Source
    path: Any = None
    declared: dict[str, Declaration] = field(default_factory=dict)
    imported: dict[str, tuple[Module, str]] = field(default_factory=dict)
    constants: dict[str, Value] = field(default_factory=dict)
    nameless: bool = False
    """Whether a declaration was lost together with its name: it may be any that is missing."""

    def has_constant(self, name: str) -> bool:
        """Whether `name` is a constant here: dimensions may be called like anything else."""
        declared = self.declared.get(name)
        if declared is None and name in self.imported:
            module, original = self.imported[name]
            return module.has_constant(original)
        return isinstance(declared, tree.Const | tree.Lost)

    @property
    def is_library(self) -> bool:
        """Whether the compiler brings this file along."""
        return self.path is None and self.source.name.startswith("std/")


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
    rule = _DESCRIPTIONS.get(type(value))
    return rule(value) if rule is not None else "something else"


def _describe_array(value: Array) -> str:
    kind = "operator" if value.items and isinstance(value.items[0], Operator) else "real"
    return f"`{kind}[{', '.join(map(str, value.shape))}]`"


def _describe_qubits(value: Qubits) -> str:
    count = len(value.indices)
    return f"a register of {count} qubit{'s' * (count != 1)}" if value.register else "a qubit"


def _describe_named(value: Declared | Builtin) -> str:
    return f"the {_KIND_NAMES.get(value.kind, value.kind)} `{value.name}`"


_KIND_NAMES = {"fn": "function", "extern": "layer", "data": "data block"}
_DESCRIPTIONS: dict[type, Callable[[Any], str]] = {
    Tensor: lambda v: f"`{v.type}`",
    RecordNode: lambda v: f"`{v.type}`",
    Array: _describe_array,
    Polynomial: lambda v: f"the value `{v}`",
    bool: lambda v: f"the truth value `{str(v).lower()}`",
    int: lambda v: f"the number {v}",
    float: lambda v: f"the number {v}",
    complex: lambda v: f"the number {v}",
    str: lambda v: f'the string "{v}"',
    Qubits: _describe_qubits,
    Bits: lambda v: f"{len(v.indices)} measured bits" if v.register else "a measured bit",
    BitTest: lambda v: "a condition on measured bits",
    Operator: lambda v: "an operator",
    Unplaced: lambda v: "an operator that is not placed on qubits",
    Measured: lambda v: f"the result `{v.kind}(…)`",
    Declared: _describe_named,
    Builtin: _describe_named,
    Instance: lambda v: f"an instance of `{v.target.name}`",
    **{kind: lambda v: f"the tuning `{v}`" for kind in (Frozen, Full, Last, Lora)},
    PartialGate: lambda v: f"the gate `{v.head.name.name}`",
    Fields: lambda v: "a record",
    Inside: lambda v: f"the part `{v.path}`",
    tuple: lambda v: f"a list of {len(v)}",
    range: lambda v: f"a range of {len(v)}",
    type(None): lambda v: "`none`",
}
"""What a value of each type is called."""


def setting_kind(parameter: tree.Parameter) -> str:
    """The kind of a setting: `int`, `operator`, `layer`."""
    written = parameter.type
    return written.name.name if isinstance(written, tree.TypeName) else "real"


def component_kind(parameter: tree.Parameter) -> str:
    """`layer`, `circuit` or `kernel` where a setting is one; else nothing."""
    kind = setting_kind(parameter)
    return kind if kind in COMPONENT_KINDS else ""


def as_qubits(value: Value) -> Qubits | None:
    """Qubits, or a list of them as one register; None for anything else."""
    if isinstance(value, Qubits):
        return value
    if not isinstance(value, tuple) or not value:
        return None
    parts = [as_qubits(v) for v in value]
    if any(p is None for p in parts):
        return None
    return Qubits(tuple(q for p in parts if p is not None for q in p.indices), True)


def type_of(value: Value) -> Type | None:
    """The type of a tensor, of a scalar value or of a record of these; None for anything else."""
    match value:
        case Fields():
            kinds = [(name, type_of(field)) for name, field in value.values]
            fields = tuple((name, k) for name, k in kinds if isinstance(k, TensorType))
            return RecordType(fields) if len(fields) == len(kinds) else None
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
            return TensorType(_dtype_of(value), value.shape)
        case _:
            return None


def _dtype_of(array: Array) -> str:
    if any(isinstance(item, complex) for item in array.items):
        return "complex"
    return "int" if array.items and all(isinstance(i, int) for i in array.items) else "real"
