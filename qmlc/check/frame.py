"""Where an expression stands: its names, the graph or circuit it adds to, and the shared budget."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from qmlc import resources
from qmlc.check.errors_names import UnknownName
from qmlc.check.errors_types import TooMuch
from qmlc.check.values import Exhausted, Module, Scope, Stop, Value, fail
from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ir.circuit import Instruction, Variable
from qmlc.ir.graph import GraphBuilder
from qmlc.ir.program import Submodule
from qmlc.source.diagnostic import Diagnostic, Label
from qmlc.source.nearest import nearest
from qmlc.source.span import Span
from qmlc.syntax import tree

MAX_STEPS = 1_000_000
MAX_ERRORS = 100
"""After so many, the rest is of no use to anybody."""
MAX_TOTAL_STEPS = 2_000_000
MAX_ELEMENTS = 1_000_000
MAX_QUBITS = 1_000


@dataclass
class Session:
    """What all frames of one compilation share."""

    call: Callable[..., Value]
    """How calls and pipes are evaluated; see `check.call`."""
    lookup: Callable[..., Value]
    """What a name that is no local one stands for; see `check.resolve`."""
    run_gate: Callable[..., list[Instruction]]
    """The instructions of a declared gate; see `check.run_gate`."""
    apply_unit: Callable[..., Value]
    """How an instance of a declared component is applied; see `check.apply_unit`."""
    errors: list[Diagnostic] = field(default_factory=list)
    entered: set[int] = field(default_factory=set)
    """The declarations whose bodies ran."""
    base: Any = None
    """The folder that files named in the program are relative to."""
    steps: int = 0
    spent: int = 0
    failures: int = 0
    """How many statements failed, reported before or not."""
    seen: set[tuple[str, int, int, str]] = field(default_factory=set)

    def report(self, diagnostic: Diagnostic) -> None:
        """Collect an error or warning, each once."""
        key = (diagnostic.code, diagnostic.at.start, diagnostic.at.end, diagnostic.at.source.name)
        if key not in self.seen:
            self.seen.add(key)
            self.errors.append(diagnostic)
            if len(self.errors) >= MAX_ERRORS:
                raise Exhausted(None)

    def count_errors(self) -> int:
        """How many errors, not warnings, were reported so far."""
        return sum(e.severity == "error" for e in self.errors)

    @contextmanager
    def recover(self) -> Iterator[None]:
        """Collect the error that stops what is inside."""
        try:
            yield
        except Stop as stop:
            if stop.diagnostic is not None:
                self.report(stop.diagnostic)

    def step(self, at: tree.Node | Span | None, count: int = 1) -> None:
        """Count work; stop the program that asks for too much of it."""
        self.steps += count
        if self.steps > MAX_STEPS and at is not None:
            raise Exhausted(
                TooMuch(
                    at if isinstance(at, Span) else at.span,
                    what=f"this unrolls into more than {MAX_STEPS:,} steps",
                    where="too many rounds, in here",
                    proposal="loops over compile-time values unroll; use fewer rounds, "
                    "or `pow(k) @` on a gate",
                )
            )

    def begin(self) -> None:
        """Start the count for another declaration; the program as a whole has a limit, too."""
        self.spent += self.steps
        self.steps = max(0, self.spent - MAX_TOTAL_STEPS)


def _library(name: str) -> str:
    """How to import `name`, if a module of the library declares it."""
    for module in resources.stdlib_names():
        text = resources.stdlib_path(module).read_text("utf-8")
        if re.search(rf"^(gate|fn|circuit|layer|model|hamiltonian) {name}\b", text, re.MULTILINE):
            return f"write `use std.{module} ({name})` at the top"
    return ""


@dataclass
class CircuitState:
    """The circuit that a frame adds to."""

    builder: CircuitBuilder
    declared: list[tuple[str, Span, tuple[int, ...]]] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)
    measured: dict[int, Span] = field(default_factory=dict)
    mixed: Span | None = None
    """The first measurement or reset: from there on there is no single state."""
    statement: Span | None = None
    """The gate statement of the circuit itself that is at work."""
    capture: list[Instruction] | None = None
    """Inside a gate: its instructions, which the gate's caller modifies and adds."""


@dataclass
class NetworkState:
    """The graph that a frame adds to, and the submodules of its unit."""

    graph: GraphBuilder = field(default_factory=GraphBuilder)
    submodules: dict[str, Submodule] = field(default_factory=dict)
    paths: dict[tuple[str, int, int, tuple[int, ...]], str] = field(default_factory=dict)
    """The path of each instance, by the place in the text and the rounds of the loops around."""
    bases: dict[tuple[str, int, int], str] = field(default_factory=dict)
    taken: dict[str, int] = field(default_factory=dict)
    parameters: list[Variable] = field(default_factory=list)


@dataclass
class Frame:
    """The surroundings of an expression or statement."""

    session: Session
    module: Module
    scope: Scope
    dimensions: frozenset[str] = frozenset()
    """Dimension names that only the inputs give, when the unit is called."""
    circuit: CircuitState | None = None
    network: NetworkState | None = None
    loops: tuple[int, ...] = ()
    loop_scope: Scope | None = None
    """The scope around the innermost `for`: names bound there may be bound again inside."""
    place: Span | None = None
    """The statement at hand, for errors that concern all of it."""
    stack: tuple[Any, ...] = ()
    """The declarations being elaborated, to find recursion."""
    caller: Span | None = None
    """Inside the library: the place in the author's text that calls it."""

    def inner(self, **changes: Any) -> Frame:
        """A frame for a nested block."""
        return replace(self, scope=Scope(self.scope), **changes)

    def unknown(self, name: tree.Identifier, kind: str, candidates: list[str]) -> None:
        """Stop: `name` is not declared."""
        if self.module.nameless:
            raise Stop(None)
        close = nearest(name.name, candidates)
        proposal = _library(name.name) or "declare it, or `use` it from a module"
        proposal = f"did you mean `{close}`?" if close and close != name.name else proposal
        what, place = f"there is no {kind} called `{name.name}`", self._place(close or "")
        related = (Label(place, f"`{close}` is declared here"),) if place is not None else ()
        fail(UnknownName, name, what, "not declared", proposal, related)

    def _place(self, name: str) -> Span | None:
        """Where this file or a body binds `name`."""
        scope = self.scope.find(name)
        if scope is not None:
            return scope.places.get(name)
        declaration = self.module.declared.get(name)
        return getattr(declaration, "name", declaration).span if declaration is not None else None
