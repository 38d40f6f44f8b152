"""The body of a declared gate, as instructions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qmlc.check.circuits.partial_gates import as_gate, hand_over_gate
from qmlc.check.dimensions import Binding
from qmlc.check.enter_body import bind_declared, bind_inputs, bind_operands, enter_body
from qmlc.check.errors.names import WrongKind
from qmlc.check.errors.types import Misplaced
from qmlc.check.evaluate_arguments import evaluate_arguments, takes_gate
from qmlc.check.frame import Frame
from qmlc.check.run_block import run_inner
from qmlc.check.values import Declared, Poison, Stop, Value, fail
from qmlc.ir.circuit import Instruction
from qmlc.syntax import tree


def run_gate(
    frame: Frame, node: tree.Apply, gate: Declared, operands: Sequence[Sequence[int]]
) -> list[Instruction]:
    """The instructions of `gate` with the angles of `node`, on these qubits."""
    declaration = gate.declaration
    assert isinstance(declaration, tree.Component) and frame.circuit is not None
    head = node.gate
    inner = enter_body(frame, node, gate)
    plain, handed = _split_gates(frame, inner, head, declaration)
    arguments, keywords = evaluate_arguments(frame, plain)
    if any(isinstance(v, Poison) for v in (*arguments, *keywords.values())):
        raise Stop(None)
    inner.circuit = replace(frame.circuit, capture=[], condition=None)
    binding: Binding = {}
    bind_operands(inner, node, gate, [tuple(o) for o in operands], binding)
    for name, value in handed.items():
        inner.scope.bind(name, value)
    others = replace(declaration, inputs=tuple(p for p in declaration.inputs if not takes_gate(p)))
    bound = bind_declared(head, Declared(others, gate.module), arguments, keywords)
    bind_inputs(inner, head, bound, binding, False)
    assert isinstance(declaration.body, tree.Block)
    result = run_inner(inner, declaration.body)
    if result is not None:
        with frame.session.recover():
            fail(
                Misplaced,
                result.span,
                "a gate returns nothing",
                "not in a gate",
                "gates act on the qubits that they are given",
            )
    return inner.circuit.capture or []


def _split_gates(
    frame: Frame, home: Frame, head: tree.Head, declaration: tree.Component
) -> tuple[tree.Head, dict[str, Value]]:
    """The call without its gates, and the gates by parameter name; `home` knows the defaults."""
    handed: dict[str, Value] = {}
    arguments = list(head.arguments)
    keywords = list(head.keywords)
    for position, parameter in reversed(list(enumerate(declaration.inputs))):
        if not takes_gate(parameter):
            continue
        name = parameter.name.name
        given = next((k for k in keywords if k.name.name == name), None)
        if given is not None:
            keywords.remove(given)
            handed[name] = hand_over_gate(frame, given.value)
        elif position < len(arguments):
            handed[name] = hand_over_gate(frame, arguments.pop(position))
        elif parameter.default is not None:
            handed[name] = as_gate(home, parameter.default)
        else:
            fail(WrongKind, head, f"`{head.name.name}` needs the gate `{name}`", "not given")
    return replace(head, arguments=tuple(arguments), keywords=tuple(keywords)), handed
