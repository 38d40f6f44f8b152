"""A circuit with its angles as one more input: how it depends on them can then be measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from qmlc.ir.circuit import Circuit, Instruction, Variable
from qmlc.ir.modify_gates import expand_composite
from qmlc.ir.operator import Operator
from qmlc.ops.gates import GATES
from qmlc.runtime.normalise import anticommuting_parts
from qmlc.runtime.plan_expressions import Expressions, plan_expressions
from qmlc.runtime.shift_rules import STRAIGHT, ShiftRule, find_shift_rule
from qmlc.types.polynomial import Polynomial, Symbol, Value, lift


@dataclass(frozen=True, eq=False)
class OpenCircuit:
    """A circuit whose parameters are inputs too, as are its angles, the last input."""

    circuit: Circuit
    angles: Expressions
    """What the angles were."""
    names: tuple[frozenset[str], ...]
    """The inputs and parameters of which each angle was made."""
    rules: tuple[ShiftRule | str, ...]
    """How its derivative is found; or why it has none."""
    fixed: frozenset[str]
    """The inputs and parameters that stand elsewhere, too, where no angle does."""


def open_angles(circuit: Circuit) -> OpenCircuit:
    """`circuit` with each angle and each coefficient of an observable as an input of its own.

    Gates that are several rotations, and evolutions under terms that commute, are taken apart.
    """
    parts = [p for i in circuit.instructions for e in _expand(i) for p in _split(e)]
    taken = {variable.name for variable in (*circuit.inputs, *circuit.parameters)}
    name = next(n for n in (f"angles{'_' * i}" for i in range(len(taken) + 1)) if n not in taken)
    opened = _Opened(name)
    instructions = tuple(opened.instruction(part) for part in parts)
    results = tuple(
        replace(r, operators=tuple(map(opened.observable, r.operators))) for r in circuit.results
    )
    symbols = {s.name for part in instructions for s in _symbols(part)} - {name}
    weights = tuple(replace(weight, distribution=None) for weight in circuit.parameters)
    angles = Variable(name, (len(opened.angles),))
    return OpenCircuit(
        replace(
            circuit,
            inputs=(*circuit.inputs, *weights, angles),
            parameters=(),
            instructions=instructions,
            results=results,
        ),
        plan_expressions(opened.angles),
        tuple(frozenset(s.name for s in angle.symbols()) for angle in opened.angles),
        tuple(opened.rules),
        frozenset(symbols),
    )


def _expand(instruction: Instruction) -> list[Instruction]:
    return expand_composite(instruction) if instruction.name in GATES else [instruction]


def _split(instruction: Instruction) -> Iterator[Instruction]:
    """An evolution as one for each part that commutes with the others."""
    if instruction.name != "evolve":
        yield instruction
        return
    operator, controls = cast(Operator, instruction.payload), len(instruction.controls)
    for terms in anticommuting_parts([string for string, _ in operator.terms]):
        part = Operator(tuple(operator.terms[i] for i in terms))
        if len(terms) > 1:
            used = part.qubits
            qubits = tuple(instruction.targets[q] for q in used)
            inner = part.place({q: i for i, q in enumerate(used)})
            yield replace(instruction, qubits=instruction.qubits[:controls] + qubits, payload=inner)
            continue
        string, coefficient = part.terms[0]
        angle = lift(coefficient) * instruction.angles[0]
        outer = instruction.qubits[:controls]
        if not string:
            yield replace(instruction, name="gphase", qubits=outer, angles=(-angle,), payload=None)
            continue
        yield replace(
            instruction,
            name="rotation",
            qubits=outer + tuple(instruction.targets[q] for q, _ in string),
            angles=(angle * 2,),
            payload="".join(letter for _, letter in string),
        )


@dataclass
class _Opened:
    """Collects angles, and puts inputs in their places."""

    name: str
    angles: list[Polynomial] = field(default_factory=list)
    rules: list[ShiftRule | str] = field(default_factory=list)

    def instruction(self, part: Instruction) -> Instruction:
        """The same by inputs; what prepares a state or waits stays as it is."""
        if part.name in ("prepare", "delay") or not any(map(_free, part.angles)):
            return part
        try:
            rule: ShiftRule | str = find_shift_rule(part)
        except ValueError as error:
            rule = str(error)
        return part.by(tuple(self.value(angle, rule) for angle in part.angles))

    def observable(self, operator: Operator) -> Operator:
        """The same with inputs for coefficients."""
        return Operator(tuple((s, self.value(c, STRAIGHT)) for s, c in operator.terms))

    def value(self, value: Value, rule: ShiftRule | str) -> Value:
        """A number as it is, else an input in its place."""
        if not _free(value):
            return value
        self.angles.append(lift(value))
        self.rules.append(rule)
        return Polynomial.symbol(self.name, (len(self.angles) - 1,))


def _free(value: Value) -> bool:
    return lift(value).constant is None


def _symbols(part: Instruction) -> Iterator[Symbol]:
    for angle in part.angles:
        yield from lift(angle).symbols()
    if isinstance(part.payload, Operator):
        yield from part.payload.symbols()


def check_shiftable(kinds: Sequence[str]) -> None:
    """Nothing; ValueError for results that are not linear in the state."""
    wrong = [kind for kind in kinds if kind not in ("expval", "probs", "counts", "sample")]
    if wrong:
        raise ValueError(f"a {wrong[0]} is no expectation value: shift rules are for those")
