"""Where an expression stands: its names, the graph or circuit it adds to, and the shared budget."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from qmlc import resources
from qmlc.check.errors.names import UnknownName
from qmlc.check.errors.types import TooMuch
from qmlc.check.foreign_names import LIBRARY_ELSEWHERE, plain
from qmlc.check.values import Exhausted, Module, Scope, Stop, Value, fail
from qmlc.ir.build_circuit import CircuitBuilder, conjunction
from qmlc.ir.circuit import Condition, Instruction, Variable
from qmlc.ir.graph import GraphBuilder
from qmlc.ir.program import Submodule
from qmlc.source.diagnostic import Diagnostic, Label, Problem
from qmlc.source.nearest import nearest
from qmlc.source.span import Span
from qmlc.syntax import tree
from qmlc.types.tensors import TensorType

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
    """The instructions of a declared gate; see `check.circuits.run_gate`."""
    apply_unit: Callable[..., Value]
    """How an instance of a declared component is applied; see `check.units.apply_unit`."""
    reach: Callable[..., Value]
    """A parameter of an instance; see `check.reach`."""
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
        """Collect the error that stops what is inside, unless there is no going on after it."""
        try:
            yield
        except Stop as stop:
            self.go_on(stop)

    def go_on(self, stop: Stop) -> None:
        """Collect the error that stopped something, unless there is no going on after it."""
        if isinstance(stop, Exhausted):
            raise stop
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
    """How to import `name`, or what is meant by it, if a module of the library declares that."""
    if (meant := LIBRARY_ELSEWHERE.get(plain(name))) is not None:
        module, call = meant
        entry = re.split(r"\W", call)[0]
        return f"write `use std.{module} ({entry})` at the top, and `{call}`"
    for module in resources.stdlib_names():
        text = resources.stdlib_path(module).read_text("utf-8")
        if re.search(
            rf"^(gate|fn|circuit|(extern )?layer|model|hamiltonian) {name}\b", text, re.MULTILINE
        ):
            return f"write `use std.{module} ({name})` at the top"
    return ""


Register = tuple[str, Span, tuple[int, ...]]
"""A register's name in the circuit, its declaration, and its qubits."""


@dataclass
class CircuitState:
    """The circuit that a frame adds to."""

    builder: CircuitBuilder
    declared: list[Register] = field(default_factory=list)
    live: list[Register] = field(default_factory=list)
    """Those of blocks that have not ended, the innermost last."""
    touched: set[int] = field(default_factory=set)
    measured: dict[int, Span] = field(default_factory=dict)
    dirty: set[int] = field(default_factory=set)
    """The qubits that may be in another state than |0>."""
    spare: list[Register] = field(default_factory=list)
    """Registers of blocks that ended, back in |0>: the next round declares them again."""
    mixed: Span | None = None
    """The first measurement or reset: from there on there is no single state."""
    statement: Span | None = None
    """The gate statement of the circuit itself that is at work."""
    capture: list[Instruction] | None = None
    """Inside a gate: its instructions, which the gate's caller modifies and adds."""
    before: tuple[Span, list[Instruction]] | None = None
    """The gate statement just before, and what it added."""
    condition: Condition | None = None
    """The feed-forward in force, of the gate or of the circuit."""
    asked: list[tuple[Span, frozenset[int]]] = field(default_factory=list)
    """Where a result was asked for, and of which qubits."""
    overtaken: dict[Span, Span | None] = field(default_factory=dict)
    """Where a result was asked for too early, and the statement that acts on its qubits later."""

    @property
    def count(self) -> int:
        """How many instructions there are so far, of the gate or of the circuit."""
        return self.builder.count if self.capture is None else len(self.capture)

    def emitted(self, start: int) -> list[Instruction]:
        """The instructions from number `start` on."""
        return self.builder.since(start) if self.capture is None else self.capture[start:]

    def every_qubit(self) -> tuple[int, ...]:
        """The qubits in scope, in order."""
        return tuple(q for _, _, register in self.live for q in register)

    def ask(self, place: Span, qubits: Iterable[int]) -> None:
        """Remember that the result at `place` reads these qubits."""
        if self.capture is None:
            self.asked.append((place, frozenset(qubits)))

    def overtake(self, instruction: Instruction, statement: Span | None) -> None:
        """Remember the results that were asked for before this instruction changes their qubits."""
        if self.asked and self.capture is None and instruction.name not in ("barrier", "delay"):
            for place, qubits in self.asked:
                if not qubits.isdisjoint(instruction.qubits):
                    self.overtaken.setdefault(place, statement)

    def add(self, instruction: Instruction) -> None:
        """Add an instruction, under the feed-forward in force."""
        own, qubits = instruction.condition, instruction.qubits
        if self.condition is not None:
            both = self.condition if own is None else conjunction(self.condition, own)
            instruction = replace(instruction, condition=both)
        if instruction.name == "reset" and instruction.condition is None:
            self.dirty.difference_update(qubits)
        elif instruction.name not in ("barrier", "delay"):
            self.dirty.update(qubits)
            self.touched.update(qubits)
        if self.capture is not None:
            self.capture.append(instruction)
        else:
            self.builder.append(instruction)

    @contextmanager
    def when(self, condition: Condition) -> Iterator[None]:
        """Feed-forward: what is added inside acts only where `condition` holds, too."""
        outer = self.condition
        self.condition = condition if outer is None else conjunction(outer, condition)
        yield
        self.condition = outer


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
    shapes: dict[str, dict[str, TensorType]] = field(default_factory=dict)
    """The types of the parameters of each submodule, by its path and their names in it."""


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

    def go_on(self, stop: Stop, at: Span) -> None:
        """Collect the error that stopped what stands `at`, unless there is no going on after it.

        What is wrong inside the library is told where the author's own text calls it.
        """
        error, caller = stop.diagnostic, self.caller or (None if self.module.is_library else at)
        if isinstance(error, Problem) and error.at.source.name.startswith("std/") and caller:
            related = (Label(error.at, error.where or "here, in the library"), *error.related)
            where = "this does not fit the library's part"
            stop.diagnostic = replace(error, at=caller, related=related, where=where)
        self.session.go_on(stop)

    def unknown(self, name: tree.Identifier, kind: str, candidates: list[str]) -> NoReturn:
        """Stop: `name` is not declared."""
        if self.module.nameless:
            raise Stop(None)
        close = nearest(name.name, candidates)
        near = f"did you mean `{close}`?" if close and close != name.name else ""
        proposal = _library(name.name) or near or "declare it, or `use` it from a module"
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
