"""Gates that a circuit defines: instructions of such a name stand for others."""

from __future__ import annotations

from dataclasses import dataclass, replace

from qmlc.ir.circuit import Instruction
from qmlc.ir.modify_gates import control
from qmlc.types.polynomial import Symbol, lift


@dataclass(frozen=True)
class Definition:
    """A gate: `instructions` on the qubits 0, 1, … over symbols named in `angles`.

    Instructions that apply it are named `gate` and its name: there may be a row of that name, too.
    """

    name: str
    angles: tuple[str, ...]
    qubits: tuple[str, ...]
    instructions: tuple[Instruction, ...]

    @property
    def call(self) -> str:
        """The name of instructions that apply it."""
        return f"gate {self.name}"

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
