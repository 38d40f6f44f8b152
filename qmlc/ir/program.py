"""A whole program: units (classes to be), what they are trained on, and where they are to run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from qmlc.ir.circuit import Circuit, Variable
from qmlc.ir.graph import Graph
from qmlc.ir.rules import Rule
from qmlc.source.span import Span
from qmlc.types.tensors import Type

COMPONENT_KINDS = ("layer", "circuit", "kernel")
"""Kinds of settings that are modules."""


@dataclass(frozen=True, slots=True)
class Submodule:
    """A module that a unit holds.

    `path` is its place (`linear_1`, `block.0`). `target` is a row of `ops.layers` (then
    `arguments` are its constructor's, inferred sizes included) or the `class_name` of a unit (then
    `arguments` are that unit's settings). A component among these is a `Submodule` without a path,
    which is made in its place, or a `Part`; a list of them is a tuple, None for a function.
    """

    path: str
    target: str
    arguments: tuple[tuple[str, Any], ...] = ()
    is_unit: bool = False
    given: bool = False
    """Whether the constructor is given it, as the setting that the path begins with."""
    changes: tuple[Call, ...] = ()
    """What is done to it once it is made: rows of `ops.changes` with their further arguments."""

    def parts(self) -> tuple[str, ...]:
        """The paths of the modules of its unit that are handed to its constructor."""
        return tuple(_parts([value for _, value in self.arguments]))


@dataclass(frozen=True, slots=True)
class Part:
    """A module that a unit holds at `path` and hands to the constructor of another."""

    path: str


def _parts(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, Part):
            yield value.path
        elif isinstance(value, Submodule):
            yield from value.parts()
        elif isinstance(value, tuple):
            yield from _parts(value)


@dataclass(frozen=True, slots=True)
class Setting:
    """A keyword of a unit's constructor: declared settings, then dimensions to be given.

    `default` is None where there is none.
    """

    name: str
    kind: str
    default: Any = None

    @property
    def is_component(self) -> bool:
        """Whether it is a component, or a list of them."""
        return self.kind.partition("[")[0] in COMPONENT_KINDS


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a data function or of a constructor (optimizer, module), with its arguments."""

    function: str
    arguments: tuple[Any, ...] = ()
    keywords: tuple[tuple[str, Any], ...] = ()


def camel_case(name: str) -> str:
    """The class name of a declaration: `ground_state` becomes `GroundState`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_") if part) or "Unit"


@dataclass(frozen=True, slots=True)
class Method:
    """A further way to call a unit that has a graph: on these inputs, by that graph.

    In it, paths of modules and parameters go on into the parts of the unit: `encoder.linear`.
    """

    name: str
    inputs: tuple[tuple[str, Type], ...]
    output: Type
    graph: Graph
    doc: str


@dataclass(frozen=True)
class Unit:
    """A declaration for certain settings: one generated class.

    `kind` is `circuit`, `kernel` (these hold a `circuit`), `layer`, `model` or `loss` (a `graph`),
    or `extern`: a torch module from elsewhere, made by the call `extern` of "module:Class".
    `inputs` are for one example in circuits, as declared otherwise.
    """

    name: str
    class_name: str
    kind: str
    inputs: tuple[tuple[str, Type], ...]
    output: Type
    signature: tuple[Setting, ...] = ()
    settings: tuple[tuple[str, Any], ...] = ()
    """The values of `signature` for which this was compiled."""
    graph: Graph | None = None
    circuit: Circuit | None = None
    extern: Call | None = None
    parameters: tuple[Variable, ...] = ()
    submodules: tuple[Submodule, ...] = ()
    methods: tuple[Method, ...] = ()
    doc: str = ""
    source: str = ""
    """The declaration's first line as written (without its body)."""
    place: Span | None = field(default=None, compare=False, repr=False)


def all_parts(
    unit: Unit, units: Mapping[str, Unit], prefix: str = ""
) -> Iterator[tuple[str, Submodule]]:
    """The parts of a unit and theirs, by path; `units` are by `class_name`."""
    for part in unit.submodules:
        yield prefix + part.path, part
        if part.is_unit:
            yield from all_parts(units[part.target], units, f"{prefix}{part.path}.")


@dataclass(frozen=True, slots=True)
class Template:
    """A declaration that compiles only once the settings in `needs` are given."""

    name: str
    class_name: str
    kind: str
    signature: tuple[Setting, ...]
    needs: tuple[str, ...]
    doc: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the data source, or a name made above it."""

    name: str


@dataclass(frozen=True, slots=True)
class Field:
    """One line of a data block: the first results of an expression, by name.

    `value` is a Column, a number, a list (tuple) of these, or a Call on them; arithmetic is a Call
    of `add`, `sub`, `mul`, `div`, `neg`, `pow`.
    """

    names: tuple[str, ...]
    value: Any
    place: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Data:
    """A data block."""

    name: str
    source: Call
    """`csv("iris.csv")`: the source and its path, relative to the program."""
    fields: tuple[Field, ...]
    doc: str = ""
    place: Span | None = field(default=None, compare=False, repr=False)
    """Where the source stands."""


@dataclass(frozen=True, slots=True)
class Training:
    """A train block.

    `unit` is the class of the model; `loss` that of a `loss` unit whose inputs are fields of the
    data and whose output is the record (loss: real, and for metrics scores, target).
    `options` are the others as written: numbers, strings, Calls, tuples.
    """

    name: str
    """The model's name; `_2` for a second block that trains it."""
    unit: str
    model: str
    """The path of the model in the loss."""
    loss: str
    data: str | None
    inputs: tuple[str, ...]
    """The data fields that the loss takes, in order."""
    metrics: tuple[Call, ...] = ()
    options: tuple[tuple[str, Any], ...] = ()
    places: Mapping[str, Span] = field(default_factory=dict, compare=False, repr=False)
    """Where each option is given, and the model under an empty name."""
    machine: Call | None = None
    """A support-vector machine with its settings; `unit` is then its kernel, `loss` is empty, and
    `inputs` are the field of the examples and that of their classes."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deploy block: a part by its path (`iris.vqc`) and a device (`ibm:torino`)."""

    path: str
    target: str
    options: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Program:
    """Everything that a text declares. Units come after the units they use."""

    name: str
    doc: str = ""
    units: tuple[Unit, ...] = ()
    templates: tuple[Template, ...] = ()
    data: tuple[Data, ...] = ()
    trainings: tuple[Training, ...] = ()
    deployments: tuple[Deployment, ...] = ()
    rules: tuple[Rule, ...] = ()
    """Rewrite rules, in the order in which they are tried."""

    def unit(self, class_name: str) -> Unit:
        """The unit of a class name; KeyError where there is none."""
        for unit in self.units:
            if unit.class_name == class_name:
                return unit
        raise KeyError(class_name)
