"""Declarations whose sizes nobody has given yet, tried out with made-up ones to find errors."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from qmlc.check.circuits.match_operator import takes_operator
from qmlc.check.dimensions import Binding, dimension, dimension_names, has_rest, resolve_type
from qmlc.check.enter_body import bind_inputs, bind_operands, enter_body, run_body
from qmlc.check.errors.types import TooMuch
from qmlc.check.evaluate_arguments import takes_gate
from qmlc.check.frame import MAX_ELEMENTS, CircuitState, Frame, NetworkState, Session
from qmlc.check.name_sizes import name_sizes
from qmlc.check.require_number import require_number
from qmlc.check.resolve import find_gate
from qmlc.check.run_block import run_inner
from qmlc.check.values import (
    Builtin,
    Declared,
    Module,
    Poison,
    Scope,
    Stop,
    Tensor,
    Unplaced,
    Value,
    component_kind,
    setting_kind,
)
from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ir.operator import Operator
from qmlc.source.diagnostic import Diagnostic
from qmlc.syntax import tree
from qmlc.types.tensors import TensorType

Sizes = Callable[[int], int]
"""A made-up size for each open name, by its position."""

PROBES = (
    (4, 0), (2, 0), (3, 0), (6, 0), (8, 0), (1, 0), (16, 0), (2, 1), (6, -1), (2, 2), (8, -2)
)  # fmt: skip
"""The size of the first open name, and what each further one has more."""


class _TooWide(Stop):
    """Made-up sizes ask for a tensor that no circuit can hold: other sizes are to be tried."""


def try_sizes(
    session: Session,
    attempt: Callable[[Session, Sizes], None],
    names: Sequence[str] = (),
    only: tuple[type[Diagnostic], ...] = (),
) -> None:
    """Report what is wrong whatever the sizes are; the warnings of the first sizes that fit.

    `names` are those that the attempts ask sizes for, by position; attempts may add to them. Where
    a setting has a stand-in, `only` are the diagnostics that do not hang on it.
    """
    found: list[list[Diagnostic]] = []
    sizes: list[dict[str, int]] = []
    for first, step in PROBES:
        inner = replace(session, errors=[], entered=set(), steps=0, seen=set())
        try:
            attempt(inner, partial(_size, first, step))
        except _TooWide:
            continue
        except Stop as stop:
            inner.go_on(stop)
        sizes.append({name: _size(first, step, i) for i, name in enumerate(names)})
        session.entered |= inner.entered
        if only:
            inner.errors = [e for e in inner.errors if isinstance(e, only)]
        found.append(inner.errors)
        errors = [e for e in inner.errors if e.severity == "error"]
        if not errors or any(isinstance(e, TooMuch) for e in errors):
            found, sizes = [inner.errors], sizes[-1:]
            break
    for same in _common(found) if found else ():
        session.report(name_sizes(same, sizes))


def _size(first: int, step: int, position: int) -> int:
    return max(1, first + step * position)


def _common(found: Sequence[list[Diagnostic]]) -> list[list[Diagnostic]]:
    """The diagnostics of the first attempt that all others have, too, each with theirs."""
    keyed = [{(d.code, d.at.start, d.at.source.name): d for d in attempt} for attempt in found]
    return [
        [first, *(attempt[key] for attempt in keyed[1:])]
        for first in found[0]
        if all((key := (first.code, first.at.start, first.at.source.name)) in a for a in keyed)
    ]


def stand_in(parameter: tree.Parameter) -> Value:
    """What a setting that is no number is tried out with; None for numbers.

    A component yields what silences all that follows from it.
    """
    written, kind = parameter.type, setting_kind(parameter)
    several = isinstance(written, tree.TypeName) and bool(written.dims)
    if component_kind(parameter):
        return (Poison(),) if several else Poison()
    if kind == "operator":
        some = Unplaced(lambda qubits: Operator.pauli("Z", qubits[0]))
        several = isinstance(written, tree.TypeName) and len(written.dims) > 1
        return (some,) if several else some
    some_text = {"gate": Builtin("gate", "ry"), "str": "", "bool": True}.get(kind)
    return Poison() if several else some_text


def is_stand_in(value: Value) -> bool:
    """Whether a setting is given by `stand_in`, and not by the author."""
    some = value[0] if isinstance(value, tuple) and value else value
    return isinstance(some, Poison | Unplaced | Builtin)


def is_guessed(parameter: tree.Parameter) -> bool:
    """Whether what a gate or `fn` is tried out with may not fit it, whatever its sizes are."""
    written = parameter.type
    if not isinstance(written, tree.TypeName):
        return False
    pairs = written.name.name == "int" and bool(written.dims)
    return takes_gate(parameter) or pairs or setting_kind(parameter) == "str" or has_rest(written)


def run_alone(session: Session, module: Module, declaration: tree.Component, sizes: Sizes) -> None:
    """Run the body of a gate, `fn` or hamiltonian with made-up sizes and symbols for values."""
    callee = Declared(declaration, module)
    frame = Frame(session, module, Scope())
    binding: Binding = {}
    registers = []
    if declaration.kind == "fn":
        frame.network = NetworkState()
    else:
        frame.circuit = CircuitState(CircuitBuilder("probe"))
    inner = enter_body(frame, declaration.name, callee)
    names = [n for p in declaration.inputs if p.type for n in dimension_names(p.type)]
    names += [n for r in declaration.registers if r.size is not None for n in _register_names(r)]
    names += [p.name.name for p in declaration.inputs if _is_int(p)]
    own = [n for n in dict.fromkeys(names) if not module.has_constant(n)]
    made_up: Binding = {name: sizes(i) for i, name in enumerate(own)}
    for register in declaration.registers:
        count = 1
        if register.size is not None:
            kind = resolve_type(inner, _sized(register), made_up)
            assert isinstance(kind, TensorType)
            count = require_number(inner, kind.dims[0], register, "the size of a register")
        assert frame.circuit is not None
        registers.append(frame.circuit.builder.qubits(register.name.name, count))
    bound: list[tuple[tree.Parameter, Value]] = []
    for parameter in declaration.inputs:
        bound.append((parameter, _made_up(inner, parameter, made_up)))
    if frame.circuit is not None:
        inner.circuit = CircuitState(frame.circuit.builder, capture=[])
    bind_operands(inner, declaration.name, callee, registers, binding)
    bind_inputs(inner, declaration.name, bound, binding, declaration.kind == "fn")
    if declaration.kind == "gate":
        assert isinstance(declaration.body, tree.Block)
        run_inner(inner, declaration.body)
    else:
        run_body(inner, declaration)


def _is_int(parameter: tree.Parameter) -> bool:
    written = parameter.type
    return isinstance(written, tree.TypeName) and written.name.name == "int" and not written.dims


def _register_names(register: tree.Register) -> list[str]:
    return dimension_names(_sized(register))


def _sized(register: tree.Register) -> tree.TypeName:
    assert register.size is not None
    name = tree.Identifier(register.span, "real")
    return tree.TypeName(register.span, name, (register.size,))


def _made_up(frame: Frame, parameter: tree.Parameter, sizes: Binding) -> Value:
    name = parameter.name.name
    written = parameter.type
    if takes_gate(parameter):
        given = parameter.default
        ry = tree.Identifier(parameter.span, "ry")
        return find_gate(frame, given if isinstance(given, tree.Identifier) else ry)
    if _is_int(parameter):
        return sizes[name]
    if isinstance(written, tree.TypeName) and written.name.name in ("str", "bool"):
        return "" if written.name.name == "str" else True
    if takes_operator(parameter):
        assert isinstance(written, tree.TypeName)
        some = Unplaced(lambda qubits: Operator.pauli("Z", qubits[0]))
        count = dimension(frame, written.dims[0], sizes) if len(written.dims) > 1 else None
        return some if count is None else (some,) * count
    kind = TensorType("real") if written is None else resolve_type(frame, written, sizes)
    if not isinstance(kind, TensorType):
        raise Stop(None)
    if frame.network is not None:
        return Tensor(frame.network.graph.add("input", [], kind, name=name), kind)
    assert frame.circuit is not None
    dims = [require_number(frame, d, parameter, "a dimension") for d in kind.dims]
    if math.prod(dims) > MAX_ELEMENTS:
        raise _TooWide(None)
    return frame.circuit.builder.input(name, *dims)
