"""Gate statements: modifiers, broadcasting over registers, gates of the user's own, evolution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from qmlc.check.circuits.declare_variables import add_instruction
from qmlc.check.circuits.evaluate_operands import Operand, evaluate_angle, evaluate_operands
from qmlc.check.circuits.evolve import evolution
from qmlc.check.circuits.lint_gates import lint_gates
from qmlc.check.circuits.partial_gates import unfold_gate
from qmlc.check.circuits.prepare_state import preparation
from qmlc.check.circuits.run_statement import run_statement
from qmlc.check.errors.names import WrongKind
from qmlc.check.errors.qubits import AfterMeasure, NotInvertible, QubitTwice, WrongOperands
from qmlc.check.errors.types import BadOperation, TooMuch, WrongArguments
from qmlc.check.evaluate import attempt, require_value
from qmlc.check.foreign_names import MODIFIERS_ELSEWHERE
from qmlc.check.frame import MAX_STEPS, Frame
from qmlc.check.require_number import require_number
from qmlc.check.resolve import find_declared, find_gate
from qmlc.check.values import (
    Builtin,
    Declared,
    Poison,
    Qubits,
    Stop,
    Value,
    describe,
    fail,
)
from qmlc.ir.array import Array
from qmlc.ir.circuit import Instruction
from qmlc.ir.modify_gates import NotUnitary, control, gate_instruction, inverse, power
from qmlc.ops.gates import angle_names, gate_arity
from qmlc.source.count_noun import count_noun
from qmlc.source.diagnostic import Label
from qmlc.source.span import Span
from qmlc.syntax import tree
from qmlc.types.polynomial import Polynomial, lift

MODIFIERS = ("ctrl", "negctrl", "inv", "pow")
STATEMENTS = ("measure", "reset", "barrier", "delay", "gphase", "evolve", "prepare")


@dataclass(frozen=True)
class Modifier:
    """A modifier with its number: how many controls, or the power."""

    name: str
    value: Value
    node: tree.Head


def apply_gate(frame: Frame, node: tree.Apply) -> None:
    """Add what a gate statement does to the circuit at hand."""
    assert frame.circuit is not None
    if frame.circuit.capture is None:
        frame.circuit.statement = node.span
    head = node.gate.name
    if head.name not in STATEMENTS and frame.scope.find(head.name) is None:
        find_gate(frame, head)
    measured = dict(frame.circuit.measured)
    operands = evaluate_operands(frame, node)
    modifiers = [_modifier(frame, m) for m in node.modifiers]
    frame, node = unfold_gate(frame, node)
    name = node.gate.name.name
    local = frame.scope.find(name)
    if name in STATEMENTS and local is None:
        if modifiers and name not in ("gphase", "evolve"):
            fail(
                NotInvertible,
                modifiers[0].node,
                f"`{name}` is no unitary",
                "cannot be modified",
                f"leave `{modifiers[0].name} @` out",
            )
        if name in ("measure", "reset", "barrier", "delay"):
            run_statement(frame, node, name, operands)
            return
    controls = _count_controls(modifiers)
    operands = _spread(operands, modifiers) if controls else operands
    if len(operands) < controls:
        fail(
            WrongOperands,
            node,
            f"{controls} controls need {controls} qubits in front",
            f"{len(operands)} are given",
            "name them one by one, or hand over a register of just as many",
        )
    if name in STATEMENTS and local is None:
        rounds = _special(frame, node, name, operands, controls)
    else:
        rounds = _gate(frame, node, find_gate(frame, node.gate.name), operands, controls)
    added: list[Instruction] = []
    for places, instructions in rounds:
        _check_distinct(node, places)
        modified = _modify(frame, node, instructions, modifiers, places[:controls])
        _check_measured(frame, node, places, measured)
        for instruction in modified:
            add_instruction(frame, instruction)
        added += modified
    lint_gates(frame, node, added)


Round = tuple[list[tuple[int, tree.Node]], list[Instruction]]
"""The qubits of one application with their places in the text, and the gate without modifiers."""


def _modifier(frame: Frame, head: tree.Head) -> Modifier:
    name = head.name.name
    if name not in MODIFIERS:
        fail(
            WrongKind,
            head.name,
            f"`{name}` is not a modifier",
            "before `@`",
            f"write `{MODIFIERS_ELSEWHERE[name]} @`"
            if name in MODIFIERS_ELSEWHERE
            else "modifiers are `ctrl`, `negctrl`, `inv` and `pow(k)`",
        )
    if len(head.arguments) > 1 or head.keywords or (name == "inv" and head.arguments):
        fail(
            WrongArguments,
            head,
            f"`{name}` takes {'no' if name == 'inv' else 'one'} number",
            "too many",
        )
    value: Value = 1
    if head.arguments:
        value = require_value(frame, head.arguments[0])
    elif name == "pow":
        fail(WrongArguments, head, "`pow` needs the power", "no number", "write `pow(2) @`")
    if name in ("ctrl", "negctrl"):
        value = require_number(frame, value, head, "the number of controls")
        if value < 1:
            fail(WrongArguments, head, "a gate has at least one control", f"this is {value}")
    elif not isinstance(value, int | float | Polynomial):
        fail(WrongArguments, head, "a power is a number", f"this is {describe(value)}")
    return Modifier(name, value, head)


def _count_controls(modifiers: Sequence[Modifier]) -> int:
    return sum([m.value for m in modifiers if m.name in ("ctrl", "negctrl")])


def _spread(operands: list[Operand], modifiers: Sequence[Modifier]) -> list[Operand]:
    """Operands with each register of k qubits that stands for a `ctrl(k)` as k single ones."""
    rest, result = list(operands), []
    for modifier in modifiers:
        if modifier.name not in ("ctrl", "negctrl"):
            continue
        if modifier.value > 1 and rest and len(rest[0].qubits.indices) == modifier.value:
            first = rest.pop(0)
            result += [Operand(Qubits((q,), False), first.node) for q in first.qubits.indices]
        else:
            result += rest[: modifier.value]
            rest = rest[modifier.value :]
    return result + rest


def _culprits(frame: Frame, node: tree.Apply, name: str) -> tuple[Label, ...]:
    """Where the gate at hand does what has no inverse."""
    found = find_declared(frame.module, node.gate.name.name)
    body = found[1].body if found is not None and isinstance(found[1], tree.Component) else None
    stack = list(body.statements) if isinstance(body, tree.Block) else []
    labels = []
    while stack:
        statement = stack.pop()
        if isinstance(statement, tree.Apply) and statement.gate.name.name == name:
            labels.append(Label(statement.span, "no unitary"))
        elif isinstance(statement, tree.For):
            stack += statement.body.statements
    return tuple(labels[:1])


def _modify(
    frame: Frame,
    node: tree.Apply,
    instructions: list[Instruction],
    modifiers: Sequence[Modifier],
    controls: Sequence[tuple[int, tree.Node]],
) -> list[Instruction]:
    """The gate under its modifiers, the innermost first; the outermost takes the first qubits."""
    left = len(controls)
    for modifier in reversed(modifiers):
        try:
            if modifier.name == "inv":
                instructions = inverse(instructions)
            elif modifier.name == "pow":
                _check_power(modifier, instructions)
                instructions = power(instructions, modifier.value)
            else:
                taken = tuple(q for q, _ in controls[left - modifier.value : left])
                left -= modifier.value
                states = ("1" if modifier.name == "ctrl" else "0") * modifier.value
                instructions = control(instructions, taken, states)
        except NotUnitary as error:
            fail(
                NotInvertible,
                node.gate,
                f"`{node.gate.name.name}` contains `{error}`",
                "is no unitary",
                f"leave `{modifier.name} @` out",
                (Label(modifier.node.span, "needs a unitary"), *_culprits(frame, node, str(error))),
            )
        except ValueError as error:
            fail(
                WrongArguments,
                modifier.node,
                str(error),
                "this power",
                "whole powers are always possible",
            )
    return instructions


def _check_power(modifier: Modifier, instructions: Sequence[Instruction]) -> None:
    constant = lift(modifier.value).constant
    if isinstance(constant, int | float) and abs(constant) * len(instructions) > MAX_STEPS:
        if len(instructions) > 1 or not instructions[0].angles:
            fail(
                TooMuch,
                modifier.node,
                f"a power of {constant:,} repeats the gate as often",
                "too many rounds",
            )


def _check_distinct(node: tree.Apply, places: Sequence[tuple[int, tree.Node]]) -> None:
    seen: dict[int, tree.Node] = {}
    for qubit, place in places:
        if qubit in seen:
            fail(
                QubitTwice,
                place,
                f"`{node.gate.name.name}` is given one qubit twice",
                "the same qubit again",
                "qubits cannot be copied: hand over different ones",
                (Label(seen[qubit].span, "first here"),),
            )
        seen[qubit] = place


def _qubits_in_brackets(node: tree.Apply, arguments: Sequence[Value]) -> None:
    """Stop: a gate is called like a function of its qubits, as in Qiskit and PennyLane."""
    written = list(zip(arguments, node.gate.arguments, strict=True))
    qubits = [place for value, place in written if isinstance(value, Qubits)]
    angles = ", ".join(p.span.text for value, p in written if not isinstance(value, Qubits))
    head = node.gate.name.name + (f"({angles})" if angles else "")
    fail(
        WrongOperands,
        qubits[0],
        "qubits stand behind a gate, without brackets",
        "a qubit among the angles",
        f"write `{head} {', '.join(place.span.text for place in qubits)}`",
    )


def _check_measured(
    frame: Frame,
    node: tree.Apply,
    places: Sequence[tuple[int, tree.Node]],
    before: dict[int, Span],
) -> None:
    """Warn of qubits that were measured `before` the gate, and not reset."""
    assert frame.circuit is not None
    circuit = frame.circuit
    if circuit.capture is not None:
        return
    for qubit, place in places:
        circuit.touched.add(qubit)
        measured = before.pop(qubit, None)
        if measured is not None:
            circuit.measured.pop(qubit, None)
            frame.session.report(
                AfterMeasure(
                    place.span,
                    (Label(measured, "measured here"),),
                    what=f"`{node.gate.name.name}` acts on a qubit that was measured",
                    where="its superposition is gone",
                    proposal="`reset` it first, or measure later",
                )
            )


def _special(
    frame: Frame, node: tree.Apply, name: str, operands: list[Operand], controls: int
) -> list[Round]:
    """`gphase(a)`, `evolve(H, time=t) q` and `prepare(x) q`."""
    front = [(q, o.node) for o in operands[:controls] for q in o.qubits.indices]
    if len(front) != controls:
        fail(WrongOperands, node, "a control is a single qubit here", "a register")
    if name == "gphase":
        if len(node.gate.arguments) != 1 or len(operands) != controls:
            fail(WrongOperands, node, "`gphase` takes one angle and no qubits", "does not fit")
        angle = evaluate_angle(frame, node.gate.arguments[0])
        return [(front, [Instruction("gphase", (), (angle,))])]
    qubits = [(q, o.node) for o in operands[controls:] for q in o.qubits.indices]
    if not qubits:
        fail(WrongOperands, node, f"`{name}` needs qubits", "none given", f"write `{name}(…) q`")
    _check_distinct(node, [*front, *qubits])
    make = evolution if name == "evolve" else preparation
    return [(front + qubits, make(frame, node, tuple(q for q, _ in qubits)))]


def _gate(
    frame: Frame, node: tree.Apply, gate: Declared | Builtin, operands: list[Operand], controls: int
) -> list[Round]:
    if isinstance(gate, Declared):
        return _declared(frame, node, gate, operands, controls)
    arguments = [attempt(frame, a) for a in node.gate.arguments]
    for argument in arguments:
        if isinstance(argument, Poison):
            raise Stop(None)
    return _builtin(node, gate.name, arguments, operands, controls)


def _builtin(
    node: tree.Apply,
    name: str,
    arguments: list[Value],
    operands: list[Operand],
    controls: int,
) -> list[Round]:
    angles, qubits = gate_arity(name)
    if node.gate.keywords:
        fail(
            WrongArguments,
            node.gate.keywords[0],
            f"the angles of `{name}` have no names",
            "give them by position",
        )
    if not operands and any(isinstance(a, Qubits) for a in arguments):
        _qubits_in_brackets(node, arguments)
    if len(arguments) != angles:
        names = ", ".join(angle_names(name))
        fail(
            WrongArguments,
            node.gate,
            f"`{name}` takes {count_noun(angles, 'angle')}",
            f"{len(arguments)} given" if arguments else "none given",
            f"write `{name}({names}) …`" if angles else f"write `{name} …`",
        )
    for argument, place in zip(arguments, node.gate.arguments, strict=True):
        if isinstance(argument, bool) or not isinstance(argument, (int, float, Polynomial, Array)):
            fail(BadOperation, place, "an angle is a number", f"this is {describe(argument)}")
    if len(operands) != qubits + controls:
        fail(
            WrongOperands,
            node,
            f"`{_head(node)}` acts on {count_noun(qubits + controls, 'qubit')}",
            f"{len(operands)} given" if operands else "none given",
            _write_operands(node, name, qubits + controls),
        )
    rounds: list[Round] = []
    applications = _broadcast(operands)
    for i, places in enumerate(applications):
        values = [_element(node, a, i, len(applications)) for a in arguments]
        targets = [q for q, _ in places[controls:]]
        rounds.append((places, [gate_instruction(name, targets, values)]))
    return rounds


def _write_operands(node: tree.Apply, name: str, count: int) -> str:
    """The statement with as many qubits as it needs."""
    names = ", ".join("abcdefghijklmnopqrstuvwxyz"[:count]) if count <= 26 else "…"
    before = "".join(f"{m.span.text} @ " for m in node.modifiers)
    angles = "(…)" if node.gate.arguments else ""
    again = ", or one statement for each" if len(node.operands) > count else ""
    return f"write `{before}{name}{angles} {names}`{again}"


def _element(node: tree.Apply, value: Value, position: int, size: int) -> Any:
    """An angle: a vector has one for each qubit of the register."""
    if not isinstance(value, Array):
        return value
    if value.shape != (size,):
        fail(
            WrongArguments,
            node.gate,
            "a vector of angles has one for each qubit of the register",
            f"{describe(value)} for {count_noun(size, 'qubit')}",
            "pick one: `x[i]`; inputs are declared for one example, without the batch"
            if len(value.shape) > 1 and value.shape[-1] == size
            else "pick one: `x[i]`",
        )
    return value[position]


def _broadcast(operands: list[Operand]) -> list[list[tuple[int, tree.Node]]]:
    """One list of qubits for each application: registers go pairwise, single qubits with each."""
    sizes = {len(o.qubits.indices): o for o in operands if o.qubits.register}
    if len(sizes) > 1:
        (first, a), (second, b) = list(sizes.items())[:2]
        fail(
            WrongOperands,
            b.node,
            "registers of different sizes",
            f"{count_noun(second, 'qubit')} here",
            "take equal parts: `q[0:2]`",
            (Label(a.node.span, f"{count_noun(first, 'qubit')} here"),),
        )
    rounds = next(iter(sizes), 1)
    return [
        [(o.qubits.indices[i if o.qubits.register else 0], o.node) for o in operands]
        for i in range(rounds)
    ]


def _declared(
    frame: Frame, node: tree.Apply, gate: Declared, operands: list[Operand], controls: int
) -> list[Round]:
    declaration = gate.declaration
    assert isinstance(declaration, tree.Component)
    registers = declaration.registers
    if len(operands) != len(registers) + controls:
        fail(
            WrongOperands,
            node,
            f"`{_head(node)}` acts on {count_noun(len(registers) + controls, 'operand')}",
            f"{len(operands)} given",
            "",
            (Label(declaration.name.span, "declared here"),),
        )
    whole = [False] * controls + [r.size is not None for r in registers]
    single = [o for o, w in zip(operands, whole, strict=True) if not w]
    rounds: list[Round] = []
    for places in _broadcast(single) if single else [[]]:
        chosen = iter(places)
        split = [
            [(q, o.node) for q in o.qubits.indices] if w else [next(chosen)]
            for o, w in zip(operands, whole, strict=True)
        ]
        flat = [pair for part in split for pair in part]
        _check_distinct(node, flat)
        body = frame.session.run_gate(
            frame, node, gate, [[q for q, _ in part] for part in split[controls:]]
        )
        rounds.append((flat, body))
    return rounds


def _head(node: tree.Apply) -> str:
    """A gate as written, with its modifiers."""
    return " @ ".join([*(m.span.text for m in node.modifiers), node.gate.name.name])
