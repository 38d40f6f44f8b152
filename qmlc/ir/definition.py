"""Gates that a circuit defines: instructions of such a name stand for others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from qmlc.ir.circuit import Instruction
from qmlc.ir.modify_gates import control
from qmlc.types.polynomial import Symbol, lift


@dataclass(frozen=True)
class Definition:
    """The gate `name`: `instructions` on the qubits 0, 1, … over symbols named in `angles`."""

    name: str
    angles: tuple[str, ...]
    qubits: tuple[str, ...]
    instructions: tuple[Instruction, ...]

    def body(self, call: Instruction) -> list[Instruction]:
        """What `call` stands for."""
        numbers = {Symbol(name): a for name, a in zip(self.angles, call.angles, strict=True)}
        inner = [
            replace(
                i,
                qubits=tuple(call.targets[q] for q in i.qubits),
                angles=tuple(lift(a).substitute(numbers) for a in i.angles),
            )
            for i in self.instructions
        ]
        controls = call.qubits[: len(call.controls)]
        return [
            replace(i, condition=call.condition) for i in control(inner, controls, call.controls)
        ]


def inline(
    instructions: Iterable[Instruction], definitions: Mapping[str, Definition]
) -> Iterator[Instruction]:
    """`instructions` with definitions in the place of their names."""
    for instruction in instructions:
        if instruction.name in definitions:
            yield from inline(definitions[instruction.name].body(instruction), definitions)
        else:
            yield instruction
