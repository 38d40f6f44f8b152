"""A declaration on its way to a unit, and the units made so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from qmlc.check.dimensions import (
    REST,
    Binding,
)
from qmlc.check.frame import Frame, Session
from qmlc.check.values import (
    Declared,
    RecordNode,
    Scope,
    Tensor,
    Value,
)
from qmlc.ir.program import Unit, camel_case
from qmlc.source.span import Span
from qmlc.syntax import tree
from qmlc.types.polynomial import Polynomial
from qmlc.types.tensors import Type

CIRCUITS = ("circuit", "kernel")


@dataclass
class Units:
    """The units made so far, by declaration and settings."""

    session: Session
    made: dict[tuple[Any, ...], tuple[Unit, Type]] = field(default_factory=dict)
    order: list[Unit] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)
    active: list[Any] = field(default_factory=list)
    foreign: dict[str, Any] = field(default_factory=dict)
    """The declarations of pretrained models, by their text."""
    outside: Mapping[str, Value] = field(default_factory=dict)
    """Settings and sizes given from outside, by name, or by component and name."""
    trained: dict[str, int] = field(default_factory=dict)
    """How many train blocks there were of each model."""

    def class_name(self, name: str) -> str:
        """A class name for another unit of the declaration `name`."""
        base = camel_case(name)
        count = self.names.get(base, 0)
        self.names[base] = count + 1
        return base if count == 0 else f"{base}{count + 1}"

    def training_name(self, model: str) -> str:
        """A name for another train block of `model`."""
        self.trained[model] = count = self.trained.get(model, 0) + 1
        return model if count == 1 else f"{model}_{count}"


@dataclass(frozen=True)
class Input:
    """What is given for an input, and where it stands in the call."""

    parameter: tree.Parameter
    node: Tensor | RecordNode
    place: tree.Node


@dataclass
class Making:
    """A declaration while it becomes a unit."""

    units: Units
    callee: Declared
    node: tree.Node
    given: dict[str, Value]
    """Settings as given, by name."""
    binding: Binding = field(default_factory=dict)
    caller: Span | None = None
    """Of a part of the library: the place in the author's text that calls it."""

    @property
    def declaration(self) -> tree.Component:
        """What is being made."""
        declaration = self.callee.declaration
        assert isinstance(declaration, tree.Component)
        return declaration

    def frame(self) -> Frame:
        """A frame in the declaration's file that knows the settings and sizes so far."""
        scope = Scope()
        for name, value in {**self.given, **self.binding}.items():
            if name != REST:
                scope.bind(name, value)
        sizes = [v for v in self.binding.values() if isinstance(v, Polynomial)]
        open_names = frozenset(s.name for v in sizes for s in v.symbols())
        session, module = self.units.session, self.callee.module
        return Frame(session, module, scope, open_names, caller=self.caller)
