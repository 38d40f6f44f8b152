"""`evolve(H, time=t, method=…) q`: from a Hamiltonian to gates."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from qmlc.check.bind_arguments import argument_at, bind_arguments
from qmlc.check.circuits.require_hermitian import require_hermitian
from qmlc.check.errors.names import UnknownName
from qmlc.check.errors.types import BadOperation, TooMuch, WrongArguments
from qmlc.check.evaluate import evaluate
from qmlc.check.frame import MAX_STEPS, Frame
from qmlc.check.require_number import require_number
from qmlc.check.values import Poison, Stop, Unplaced, Value, describe, fail
from qmlc.ir.circuit import Instruction
from qmlc.ir.follow_time import MAGNUS_STEPS, NOW, depends_on_time, magnus, midpoints
from qmlc.ir.operator import Operator, PauliString, commute
from qmlc.ops.gates import GATES, Rotation
from qmlc.ops.parameters import Parameter
from qmlc.source.nearest import propose_nearest
from qmlc.syntax import tree
from qmlc.types.polynomial import Polynomial
from qmlc.types.polynomial import Value as Exact

PARAMETERS = (Parameter("hamiltonian"), Parameter("time"), Parameter("method", None))
METHODS = {
    "trotter": (Parameter("order", 1), Parameter("steps", 1)),
    "exact": (Parameter("steps", MAGNUS_STEPS),),
    "magnus": (Parameter("steps", MAGNUS_STEPS),),
}
"""The methods of evolution, and their numbers."""


def evolution(frame: Frame, node: tree.Apply, qubits: tuple[int, ...]) -> list[Instruction]:
    """The instructions of exp(-i H t) on `qubits`.

    Commuting terms become one Pauli rotation each, exactly; `trotter(order=, steps=)` is Suzuki's
    product formula in the order of the text; without a method the evolution is exact. A
    Hamiltonian that depends on `time` is taken at the middle of each step of a product formula;
    else it is followed by `magnus(steps=)`, of 100 steps unless said otherwise.
    """
    arguments = _arguments(frame, node.gate)
    operator = _operator(node, arguments["hamiltonian"], qubits)
    if not set(operator.qubits) <= set(qubits):
        fail(
            WrongArguments,
            node,
            "the Hamiltonian acts on qubits that are not evolved",
            "other qubits than these",
        )
    return _factors(frame, node, operator, arguments, qubits)


def _factors(
    frame: Frame,
    node: tree.Apply,
    operator: Operator,
    arguments: dict[str, Any],
    qubits: tuple[int, ...],
) -> list[Instruction]:
    name, order, steps = arguments["method"] or ("exact", 1, MAGNUS_STEPS)
    time, size = arguments["time"], len(operator.terms)
    changing = depends_on_time(operator)
    rounds = steps if changing or name == "trotter" else 1
    frame.session.step(node, min(size * rounds * max(1, order) ** 2, MAX_STEPS))
    if name == "trotter":
        pieces = midpoints(operator, time, steps) if changing else [(operator, time / steps)]
        repeated = 1 if changing else steps
        factors = [f for o, t in pieces for f in suzuki(list(o.terms), t, order)] * repeated
        return [pauli_rotation(string, c, t) for string, c, t in factors]
    pieces = magnus(operator, time, steps) if changing else [(operator, time)]
    return [i for piece, t in pieces for i in _exactly(piece, t, qubits)]


def _exactly(operator: Operator, time: Exact, qubits: tuple[int, ...]) -> list[Instruction]:
    """exp(-i H t) of a constant H: a rotation for each term where all commute."""
    strings = [string for string, _ in operator.terms]
    if len(strings) < 1_000 and all(commute(a, b) for a, b in combinations(strings, 2)):
        return [pauli_rotation(string, c, time) for string, c in operator.terms]
    place = {q: i for i, q in enumerate(qubits)}
    return [Instruction("evolve", qubits, (time,), payload=operator.place(place))]


def _arguments(frame: Frame, head: tree.Head) -> dict[str, Any]:
    written = {k.name.name: k.value for k in head.keywords}
    given = bind_arguments(head, "evolve", PARAMETERS, head.arguments, written)
    time = evaluate(frame, given["time"])
    inner = frame.inner()
    if frame.scope.find("time") is None:
        inner.scope.bind("time", Polynomial(((((NOW, 1),), 1),)))
    operator = evaluate(inner, given["hamiltonian"])
    if isinstance(time, Poison) or isinstance(operator, Poison):
        raise Stop(None)
    if isinstance(time, bool) or not isinstance(time, int | float | Polynomial):
        fail(BadOperation, given["time"], "a time is a number", f"this is {describe(time)}")
    method = _method(frame, given["method"]) if given["method"] is not None else None
    return {"hamiltonian": operator, "time": time, "method": method}


def _method(frame: Frame, node: tree.Expression) -> tuple[str, int, int]:
    name = node.function if isinstance(node, tree.Call) else node
    if not isinstance(name, tree.Identifier) or name.name not in METHODS:
        methods = "methods are `trotter(order=2, steps=10)`, `magnus(steps=100)` and `exact`"
        proposal = propose_nearest(name.span.text, METHODS, methods)
        what = f"there is no method of evolution `{name.span.text}`"
        fail(UnknownName, name, what, "not known", proposal)
    arguments = node.arguments if isinstance(node, tree.Call) else ()
    keywords = node.keywords if isinstance(node, tree.Call) else ()
    given = [evaluate(frame, a) for a in arguments]
    named = {k.name.name: evaluate(frame, k.value) for k in keywords}
    bound = bind_arguments(node, name.name, METHODS[name.name], given, named)
    values = {
        key: require_number(frame, value, argument_at(node, position, key), f"`{key}`")
        for position, (key, value) in enumerate(bound.items())
    }
    order, steps = values.get("order", 1), values["steps"]
    if steps < 1 or (order != 1 and (order < 1 or order % 2)):
        fail(
            WrongArguments,
            node,
            "Suzuki's formulas have order 1 or an even order, and some steps",
            f"order {order}, {steps} steps",
        )
    if steps > MAX_STEPS or order > 12:
        fail(TooMuch, node, "this product formula has too many factors", f"{steps:,} steps")
    return name.name, order, steps


def _operator(node: tree.Apply, value: Value, qubits: tuple[int, ...]) -> Operator:
    if isinstance(value, Unplaced):
        value = value.place(qubits)
    if not isinstance(value, Operator):
        fail(
            BadOperation,
            node.gate,
            "`evolve` takes a Hamiltonian",
            f"this is {describe(value)}",
            "write `evolve(ising(J, g), time=t) q`, or a sum of Pauli operators",
        )
    require_hermitian(argument_at(node.gate, 0, "hamiltonian"), value)
    return value


Factor = tuple[PauliString, Exact, Exact]
"""A Pauli string, its coefficient, and the time for which it acts."""


def suzuki(terms: list[tuple[PauliString, Exact]], time: Exact, order: int) -> list[Factor]:
    """The factors of one step of Suzuki's product formula.

    Hatano and Suzuki, arXiv:math-ph/0506007; the order of factors is Qiskit's SuzukiTrotter.
    """
    if order == 1:
        return [(string, c, time) for string, c in terms]
    if order == 2:
        halves = [(string, c, time / 2) for string, c in terms[:-1]]
        last = [(string, c, time) for string, c in terms[-1:]]
        return halves + last + halves[::-1]
    reduction = 1 / (4 - 4 ** (1 / (order - 1)))
    outer = 2 * suzuki(terms, reduction * time, order - 2)
    return outer + suzuki(terms, (1 - 4 * reduction) * time, order - 2) + outer


def pauli_rotation(string: PauliString, coefficient: Exact, time: Exact) -> Instruction:
    """exp(-i coefficient time P), as a named gate where there is one."""
    if not string:
        return Instruction("gphase", (), (-(coefficient * time),))
    qubits = tuple(q for q, _ in string)
    letters = "".join(letter for _, letter in string)
    angle = 2 * coefficient * time
    for name, row in GATES.items():
        if isinstance(row, Rotation):
            if row.pauli == letters:
                return Instruction(name, qubits, (angle,))
            if row.pauli == letters[::-1]:
                return Instruction(name, qubits[::-1], (angle,))
    return Instruction("rotation", qubits, (angle,), payload=letters)
