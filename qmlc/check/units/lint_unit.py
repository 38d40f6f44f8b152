"""Warnings of a unit that has no errors: what it declares for nothing, and what it cannot learn."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

from qmlc.check.errors.lints import BarrenPlateau, NotLearned, UnusedName, UnusedParameter
from qmlc.check.frame import Frame
from qmlc.ir.circuit import Circuit, Variable
from qmlc.ir.find_dead_angles import find_dead_angles, symbols_of
from qmlc.ir.graph import Graph
from qmlc.source.span import Span
from qmlc.syntax import tree

WIDE = 10
"""Qubits from which on exponentially small gradients are felt."""


def lint_circuit(frame: Frame, declaration: tree.Component, circuit: Circuit) -> None:
    """Warn of names and parameters for nothing, and of starts on a barren plateau."""
    lint_names(frame, declaration)
    used = {s for i in circuit.instructions for s in symbols_of(i)}
    read = {s for r in circuit.results for o in r.operators for s in o.symbols()}
    dead = find_dead_angles(circuit) if circuit.parameters else frozenset()
    for name, place in _parameters(declaration):
        own = {s for s in used | read if s.name == name}
        if not own:
            _unused(frame, name, place)
        elif own <= dead:
            frame.session.report(
                NotLearned(
                    place,
                    what=f"`{name}` cannot be learned: nothing measured depends on it",
                    where="its gradient is 0, whatever the numbers",
                    proposal="turn about another axis, or measure what its gates act on",
                )
            )
    random = [v for v in circuit.parameters if _starts_anywhere(v)]
    if circuit.num_qubits >= WIDE and random:
        _lint_plateau(frame, declaration, circuit, random)


def lint_network(frame: Frame, declaration: tree.Component, graph: Graph) -> None:
    """Warn of names and parameters for nothing."""
    lint_names(frame, declaration)
    reached: set[int] = set()
    stack = [graph.output]
    while stack:
        position = stack.pop()
        if position not in reached:
            reached.add(position)
            stack += graph.nodes[position].inputs
    live = {graph.nodes[p].attribute("name") for p in reached if _is_parameter(graph, p)}
    for name, place in _parameters(declaration):
        if name not in live:
            _unused(frame, name, place)


def _is_parameter(graph: Graph, position: int) -> bool:
    return graph.nodes[position].operation == "parameter"


def _unused(frame: Frame, name: str, place: Span) -> None:
    frame.session.report(
        UnusedParameter(
            place,
            what=f"nothing depends on the parameter `{name}`",
            where="declared here",
            proposal="remove it, or use it",
        )
    )


def _parameters(declaration: tree.Component) -> Iterator[tuple[str, Span]]:
    body = declaration.body
    for statement in body.statements if isinstance(body, tree.Block) else ():
        if isinstance(statement, tree.Param):
            yield statement.name.name, statement.name.span


def lint_names(frame: Frame, declaration: tree.Component) -> None:
    """Warn of what a body binds and never mentions again; of several names one is enough."""
    if not isinstance(declaration.body, tree.Block):
        return
    nodes = list(tree.walk(declaration.body))
    lets = [n for n in nodes if isinstance(n, tree.Let)]
    bindings = Counter(name.name for let in lets for name in let.names)
    mentioned = Counter(n.name for n in nodes if isinstance(n, tree.Identifier))
    for let in lets:
        names = [name.name for name in let.names]
        again = any(mentioned[n] > bindings[n] or n.startswith("_") for n in names)
        if not again and not isinstance(let.value, tree.Measure):
            frame.session.report(
                UnusedName(
                    let.names[0].span,
                    what=f"nothing uses `{', '.join(names)}`",
                    where="bound here",
                    proposal="remove the line, or use what it binds",
                )
            )


def _starts_anywhere(variable: Variable) -> bool:
    """Whether a parameter starts all around the circle."""
    start = variable.distribution
    if start is None:
        return False
    first, second = (*start.arguments, 0.0, 0.0)[:2]
    if start.name == "uniform":
        return second - first >= math.pi
    return start.name == "normal" and second >= 1


def _lint_plateau(
    frame: Frame, declaration: tree.Component, circuit: Circuit, random: list[Variable]
) -> None:
    width = circuit.num_qubits
    numbers = sum(math.prod(v.shape) for v in random)
    weights = [len(s) for r in circuit.results for o in r.operators for s, _ in o.terms if s]
    meetings = sum(len(i.qubits) for i in circuit.instructions if i.unitary and len(i.qubits) > 1)
    reason = ""
    if numbers >= width and weights and min(weights) >= max(WIDE, width / 2):
        reason = "what is measured acts on half of the qubits at once"
    elif numbers >= width * width and meetings >= width * width:
        reason = f"each qubit meets {meetings // width} others' gates at random angles"
    if not reason:
        return
    places = dict(_parameters(declaration))
    place = places.get(random[0].name, declaration.name.span)
    frame.session.report(
        BarrenPlateau(
            place,
            what=f"gradients vanish exponentially with {width} qubits from such a start",
            where=reason,
            proposal="start near 0 (`normal(0, 0.1)`), or measure operators on few qubits each",
        )
    )
