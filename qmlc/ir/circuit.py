"""A quantum circuit as frozen data: instructions in program order, and what is measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from qmlc.ir.operator import Operator
from qmlc.ops.gates import Matrix
from qmlc.types.polynomial import Value


@dataclass(frozen=True, slots=True)
class Distribution:
    """How a parameter starts: the name of an initialiser and its numbers."""

    name: str
    arguments: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Variable:
    """An input (no distribution) or a parameter (with one), for one example."""

    name: str
    shape: tuple[int, ...] = ()
    distribution: Distribution | None = None
    dtype: str = "real"
    """`complex` only for parameters of networks."""
    default: float | tuple[float, ...] | None = None
    """What stands for an input that is left out: a number for each element, or one for all."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Feed-forward: bits (least significant first) and the values for which to act."""

    bits: tuple[int, ...]
    values: frozenset[int]


@dataclass(frozen=True, slots=True)
class Instruction:
    """One step of a circuit.

    `name` is one of:
      * a row of `ops.gates` that is not `Controlled`;
      * `gphase`: the phase exp(i angle) (its only qubits are its controls);
      * `rotation`: exp(-i angle/2 P) with P = `payload`, a string, a letter for each target;
      * `unitary`: the matrix `payload` (first target least significant);
      * `evolve`: exp(-i angle H) with H = `payload`, an Operator over target positions;
      * `prepare`: from |0…0> to the normalised vector of the 2**n `angles`;
      * `measure` (into `bits`), `reset`, `barrier`, `delay` (angle in seconds).

    `qubits` are the controls, then the targets; `controls` holds the state ("0" or "1") that each
    control must be in, in the order of `qubits`.
    """

    name: str
    qubits: tuple[int, ...]
    angles: tuple[Value, ...] = ()
    controls: str = ""
    bits: tuple[int, ...] = ()
    condition: Condition | None = None
    payload: str | Matrix | Operator | None = None

    @property
    def targets(self) -> tuple[int, ...]:
        """The qubits acted on, without the controls."""
        return self.qubits[len(self.controls) :]

    def on(self, qubits: tuple[int, ...]) -> Instruction:
        """The same on other qubits."""
        return self if qubits == self.qubits else self._with(qubits, self.angles)

    def by(self, angles: tuple[Value, ...]) -> Instruction:
        """The same by other angles."""
        return self._with(self.qubits, angles)

    def _with(self, qubits: tuple[int, ...], angles: tuple[Value, ...]) -> Instruction:
        # `dataclasses.replace` takes three times as long
        return Instruction(
            self.name, qubits, angles, self.controls, self.bits, self.condition, self.payload
        )

    @property
    def unitary(self) -> bool:
        """Whether this is a gate, without feed-forward."""
        return self.name not in NON_UNITARY and self.condition is None


NON_UNITARY = frozenset({"measure", "reset", "prepare", "delay", "barrier"})


@dataclass(frozen=True, slots=True)
class Result:
    """Something returned.

    `kind` is `expval` or `variance` (of `operators`, in an array of shape `shape`), `probs`,
    `state`, `purity` or `entropy` (of `qubits`, the first the least significant; the state is that
    where all others are in |0>, which must be so), or `counts` or `sample` (of `qubits`, in
    `shots` measurements).
    """

    kind: str
    operators: tuple[Operator, ...] = ()
    shape: tuple[int, ...] = ()
    qubits: tuple[int, ...] = ()
    name: str = ""
    """The field of the record that this fills; "" where the circuit returns one thing."""
    shots: int = 0


@dataclass(frozen=True)
class Circuit:
    """A circuit for one example; see `Instruction` and `Result` for its parts.

    `registers` and `bit_registers` are (name, size) in the order of declaration: qubit 0 is the
    first qubit of the first register, the least significant bit of every basis index.
    """

    name: str
    inputs: tuple[Variable, ...] = ()
    parameters: tuple[Variable, ...] = ()
    registers: tuple[tuple[str, int], ...] = ()
    bit_registers: tuple[tuple[str, int], ...] = ()
    instructions: tuple[Instruction, ...] = ()
    results: tuple[Result, ...] = ()
    doc: str = ""

    @property
    def num_qubits(self) -> int:
        """How many qubits the registers hold."""
        return sum(size for _, size in self.registers)

    @property
    def num_bits(self) -> int:
        """How many classical bits the circuit measures into."""
        return sum(size for _, size in self.bit_registers)

    def qubit_names(self) -> list[str]:
        """The name of each qubit: `q[0]`, or `q` in a register of a single qubit."""
        return list(_names(self.registers))


def _names(registers: tuple[tuple[str, int], ...]) -> Iterator[str]:
    for name, size in registers:
        yield from [name] if size == 1 else [f"{name}[{i}]" for i in range(size)]
