"""Statements, one after the other: bindings, loops, conditions, and what only circuits have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from qmlc.check.circuits.apply_gate import apply_gate
from qmlc.check.circuits.declare_variables import declare_parameter, declare_qubits, measure
from qmlc.check.circuits.leave_block import leave_block
from qmlc.check.errors.names import AlreadyDeclared, UnknownName
from qmlc.check.errors.types import BadOperation, Misplaced
from qmlc.check.evaluate import bind_names, evaluate, iterate, require_value
from qmlc.check.frame import Frame
from qmlc.check.operate import as_condition, truth
from qmlc.check.resolve import STATEMENTS
from qmlc.check.values import (
    UNITS,
    Bits,
    BitTest,
    Builtin,
    Declared,
    Exhausted,
    Instance,
    Poison,
    RecordNode,
    Scope,
    Stop,
    Tensor,
    Value,
    describe,
    fail,
)
from qmlc.ir.circuit import Condition
from qmlc.source.diagnostic import Label
from qmlc.source.nearest import nearest, propose_nearest
from qmlc.source.span import Span
from qmlc.syntax import tree


@dataclass(frozen=True)
class Returned:
    """What a `return` yields, and where it stands."""

    value: Value
    span: Span


def run_block(frame: Frame, block: tree.Block) -> Returned | None:
    """Run statements in order; what a `return` among them yields."""
    if frame.circuit is not None:
        frame.circuit.before = None  # a round of a loop does not undo the last
    for position, statement in enumerate(block.statements):
        frame.place = statement.span
        if frame.circuit is not None and not isinstance(statement, tree.Apply):
            frame.circuit.before = None
        result: Returned | None = None
        try:
            frame.session.step(statement)
            result = _RULES[type(statement)](frame, statement)
        except Exhausted:
            raise
        except Stop as stop:
            _poison(frame, statement, stop)
            if isinstance(statement, tree.Return):
                return Returned(Poison(), statement.span)
        if result is not None:
            if position + 1 < len(block.statements):
                later = block.statements[position + 1]
                with frame.session.recover():
                    fail(
                        Misplaced,
                        later,
                        "this is never reached",
                        "after the `return`",
                        "remove it, or move it up",
                        (Label(result.span, "returns here"),),
                    )
            return result
    return None


def run_inner(frame: Frame, block: tree.Block) -> Returned | None:
    """Run the statements of an inner block, whose qubits end with it."""
    circuit = frame.circuit
    if circuit is None:
        return run_block(frame, block)
    registers, instructions = len(circuit.live), circuit.count
    result = run_block(frame, block)
    leave_block(frame, registers, instructions)
    return result


def _poison(frame: Frame, statement: tree.Statement, stop: Stop) -> None:
    """Report an error, and let the names that the statement would bind stand for nothing."""
    frame.session.failures += 1
    frame.go_on(stop, statement.span)
    names: tuple[tree.Identifier, ...] = ()
    match statement:
        case tree.Let() | tree.Assign():
            names = statement.names
        case tree.Param():
            names = (statement.name,)
        case tree.Qubit():
            names = tuple(r.name for r in statement.registers)
    for name in names:
        if not isinstance(stop.diagnostic, AlreadyDeclared):
            frame.scope.bind(name.name, Poison(), name.span)


def _let(frame: Frame, node: tree.Let) -> None:
    for name in node.names:
        check_new(frame, name)
    value = _bound(frame, node)
    if len(node.names) == 1:
        value = _named(frame, node.names[0].name, node, value)
    bind_names(frame, node.names, value)
    if len(node.names) > 1:
        for name in node.names:
            _name_node(frame, name.name, frame.scope.values[name.name])


def _bound(frame: Frame, node: tree.Let | tree.Assign) -> Value:
    """What a statement binds its names to."""
    if isinstance(node.value, tree.Measure):
        return measure(frame, node.value, node.names[0].name)
    return evaluate(frame, node.value)


def check_new(frame: Frame, name: tree.Identifier) -> None:
    """Refuse a name that this body binds already; only a `for` has names of its own."""
    scope = frame.scope.find(name.name)
    if scope is not None:
        earlier = scope.places.get(name.name)
        related = (Label(earlier, "bound here first"),) if earlier is not None else ()
        fail(
            AlreadyDeclared,
            name,
            f"`{name.name}` is bound already",
            "again here" if earlier is not None else "a size or a setting has this name",
            f"choose another name; inside a `for`, bind it again with `{name.name} = …`",
            related,
        )


def _named(frame: Frame, name: str, node: tree.Let, value: Value) -> Value:
    """Remember the author's name for an instance or a node."""
    _name_node(frame, name, value)
    return _named_instance(name, node.value.span, frame.loops, value)


def _name_node(frame: Frame, name: str, value: Value) -> None:
    if isinstance(value, Tensor | RecordNode) and frame.network is not None:
        frame.network.graph.name(value.node, name)


def _named_instance(name: str, mention: Span, loops: tuple[int, ...], value: Value) -> Value:
    """A component, or a list of them, as the instances that a `let` makes."""
    if isinstance(value, tuple):
        rounds = enumerate(value)
        return tuple(_named_instance(name, mention, (*loops, i), item) for i, item in rounds)
    if isinstance(value, Builtin | Declared) and value.kind in UNITS:
        return Instance(value, (), (), mention, loops, name)
    if isinstance(value, Instance) and not value.name:
        return replace(value, mention=mention, loops=loops, name=name)
    return value


def _assign(frame: Frame, node: tree.Assign) -> None:
    for name in node.names:
        scope = frame.scope.find(name.name)
        if scope is None:
            fail(
                UnknownName,
                name,
                f"there is no name `{name.name}` to bind again",
                "not bound",
                propose_nearest(name.name, frame.scope.names(), f"write `let {name.name} = …`"),
            )
        if frame.loop_scope is None:
            fail(
                Misplaced,
                node,
                "a name is bound again only inside a `for`",
                "outside of a loop",
                f"write `let` with another name than `{name.name}`",
            )
    value = _bound(frame, node)
    values = [value] if len(node.names) == 1 else list(value) if isinstance(value, tuple) else []
    if len(values) != len(node.names):
        fail(BadOperation, node, f"{len(node.names)} names for {describe(value)}", "does not fit")
    for name, item in zip(node.names, values, strict=True):
        scope = frame.scope.find(name.name)
        assert scope is not None
        scope.bind(name.name, item)


def _for(frame: Frame, node: tree.For) -> Returned | None:
    failures = frame.session.failures
    for position, item in enumerate(iterate(frame, node.iterable)):
        if frame.session.failures > failures:
            break  # the next rounds would fail in the same way
        frame.session.step(node)
        loops = (*frame.loops, position)
        inner = replace(frame, scope=Scope(frame.scope), loops=loops, loop_scope=frame.scope)
        bind_names(inner, node.names, item)
        result = run_inner(inner, node.body)
        if result is not None:
            fail(
                Misplaced,
                result.span,
                "`return` stands inside a `for`",
                "would end in round one",
                "return after the loop",
            )
    return None


def _if(frame: Frame, node: tree.If) -> Returned | None:
    condition = require_value(frame, node.condition)
    if isinstance(condition, Bits | BitTest):
        _feed_forward(frame, node, condition)
        return None
    chosen = node.then if truth(node.condition, condition) else node.otherwise
    if chosen is None:
        return None
    return run_inner(replace(frame, scope=Scope(frame.scope)), chosen)


def _feed_forward(frame: Frame, node: tree.If, value: Bits | BitTest) -> None:
    condition = as_condition(node.condition, value)
    every = frozenset(range(1 << len(condition.bits)))
    assert frame.circuit is not None
    for block, values in (
        (node.then, condition.values),
        (node.otherwise, every - condition.values),
    ):
        if block is None:
            continue
        with frame.circuit.when(Condition(condition.bits, values)):
            result = run_inner(replace(frame, scope=Scope(frame.scope)), block)
        if result is not None:
            fail(
                Misplaced,
                result.span,
                "`return` stands under feed-forward",
                "a circuit ends in one place",
                "return after the `if`",
            )


def _return(frame: Frame, node: tree.Return) -> Returned:
    value = evaluate(frame, node.value)
    return Returned(value, node.value.span)


def _apply(frame: Frame, node: tree.Apply) -> None:
    if frame.circuit is None:
        if any(isinstance(evaluate(frame, o), Poison) for o in node.operands):
            raise Stop(None)
        known = frame.scope.find(node.gate.name.name)
        close = nearest(node.gate.name.name, STATEMENTS)
        proposal = "gates belong into circuits and gates"
        if known or node.gate.has_arguments:
            proposal = "bind it with `let`, or `return` it"
        elif close:
            proposal = f"did you mean `{close}`?"
        fail(
            Misplaced,
            node,
            "an expression is never a statement",
            "this does nothing here",
            proposal,
        )
    apply_gate(frame, node)


_RULES: dict[type, Callable[[Frame, Any], Returned | None]] = {
    tree.Let: _let,
    tree.Assign: _assign,
    tree.Param: declare_parameter,
    tree.Qubit: declare_qubits,
    tree.For: _for,
    tree.If: _if,
    tree.Return: _return,
    tree.Apply: _apply,
}
