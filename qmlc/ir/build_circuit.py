"""`CircuitBuilder`: how every circuit is made, by the elaborator and by generated Python alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from qmlc.ir.array import Array
from qmlc.ir.circuit import Circuit, Condition, Distribution, Instruction, Result, Variable
from qmlc.ir.modify_gates import gate_instruction
from qmlc.ir.operator import Operator
from qmlc.ops.gates import GATES, Matrix, canonical_name, gate_arity
from qmlc.types.polynomial import Value

Qubits = tuple[int, ...]


class CircuitBuilder:
    """Collects declarations and instructions, and `build`s the frozen `Circuit`.

    Gates are methods, as in Qiskit, angles first: `c.ry(x[0], q[0])`, `c.cx(q[0], q[1])`.
    """

    def __init__(self, name: str, doc: str = "") -> None:
        self._name, self._doc = name, doc
        self._inputs: list[Variable] = []
        self._parameters: list[Variable] = []
        self._registers: list[tuple[str, int]] = []
        self._bit_registers: list[tuple[str, int]] = []
        self._instructions: list[Instruction] = []
        self._results: list[Result] = []
        self._condition: Condition | None = None

    def input(
        self, name: str, *shape: int, default: float | tuple[float, ...] | None = None
    ) -> Any:
        """Declare an input; its symbols (an array, or one polynomial for a scalar).

        One with a `default` can be left out: a number for each element, or one for all.
        """
        self._inputs.append(Variable(name, shape, default=default))
        return Array.symbols(name, shape)

    def parameter(self, name: str, *shape: int, start: Distribution = Distribution("zeros")) -> Any:
        """Declare a parameter and how it starts; its symbols."""
        self._parameters.append(Variable(name, shape, start))
        return Array.symbols(name, shape)

    def qubits(self, name: str, size: int = 1) -> Qubits:
        """Declare a register of qubits in |0>; their numbers."""
        first = sum(count for _, count in self._registers)
        self._registers.append((name, size))
        return tuple(range(first, first + size))

    def qubit(self, name: str) -> int:
        """Declare a single qubit in |0>; its number."""
        return self.qubits(name)[0]

    def bits(self, name: str, size: int = 1) -> tuple[int, ...]:
        """Declare classical bits; their numbers."""
        first = sum(count for _, count in self._bit_registers)
        self._bit_registers.append((name, size))
        return tuple(range(first, first + size))

    @property
    def count(self) -> int:
        """How many instructions there are so far."""
        return len(self._instructions)

    def since(self, start: int) -> list[Instruction]:
        """The instructions from number `start` on."""
        return self._instructions[start:]

    @property
    def bit_names(self) -> list[tuple[str, int]]:
        """The registers of bits so far, with their sizes."""
        return list(self._bit_registers)

    def bit(self, name: str) -> int:
        """Declare a single classical bit; its number."""
        return self.bits(name)[0]

    def __getattr__(self, name: str) -> Callable[..., None]:
        if canonical_name(name) not in GATES:
            raise AttributeError(name)

        def gate(*operands: Any) -> None:
            angles, _ = gate_arity(name)
            self.append(gate_instruction(name, operands[angles:], operands[:angles]))

        return gate

    def append(self, instruction: Instruction) -> None:
        """Add an instruction, under the feed-forward condition in force."""
        if self._condition is not None:
            own = instruction.condition
            both = self._condition if own is None else conjunction(self._condition, own)
            instruction = replace(instruction, condition=both)
        self._instructions.append(instruction)

    def extend(self, instructions: Sequence[Instruction]) -> None:
        """Add instructions in order."""
        for instruction in instructions:
            self.append(instruction)

    def controlled(self, states: str, name: str, *operands: Any) -> None:
        """The gate `name` under `len(states)` controls, the first of the qubits."""
        angles = 1 if name == "gphase" else gate_arity(name)[0]
        qubits = operands[angles:]
        if name == "gphase":
            self.append(Instruction("gphase", qubits, operands[:angles], states))
            return
        inner = gate_instruction(name, qubits[len(states) :], operands[:angles])
        self.append(replace(inner, qubits=tuple(qubits), controls=states + inner.controls))

    def gphase(self, angle: Value) -> None:
        """Multiply the state by exp(i angle)."""
        self.append(Instruction("gphase", (), (angle,)))

    def rotation(self, pauli: str, angle: Value, *qubits: int, controls: str = "") -> None:
        """exp(-i angle/2 P) of a Pauli string, a letter for each target."""
        self.append(Instruction("rotation", qubits, (angle,), controls, payload=pauli))

    def unitary(self, matrix: Matrix, *qubits: int, controls: str = "") -> None:
        """A gate given by its matrix, the first target the least significant bit."""
        self.append(Instruction("unitary", qubits, (), controls, payload=matrix))

    def evolve(self, operator: Operator, time: Value, *qubits: int, controls: str = "") -> None:
        """exp(-i time H), exactly; H is placed on positions of the targets."""
        self.append(Instruction("evolve", qubits, (time,), controls, payload=operator))

    def prepare(self, amplitudes: Array, *qubits: int) -> None:
        """Take fresh qubits to the normalised vector `amplitudes` (2**n of them)."""
        self.append(Instruction("prepare", qubits, amplitudes.items))

    def measure(self, qubits: int | Sequence[int], bits: int | Sequence[int]) -> None:
        """Measure a qubit into a bit, or several one by one."""
        for qubit, bit in zip(_several(qubits), _several(bits), strict=True):
            self.append(Instruction("measure", (qubit,), bits=(bit,)))

    def reset(self, *qubits: int) -> None:
        """Put qubits back into |0>."""
        for qubit in qubits:
            self.append(Instruction("reset", (qubit,)))

    def barrier(self, *qubits: int) -> None:
        """Keep optimisers from moving gates across, on devices."""
        self.append(Instruction("barrier", qubits))

    def delay(self, seconds: Value, *qubits: int) -> None:
        """Wait."""
        self.append(Instruction("delay", qubits, (seconds,)))

    @contextmanager
    def when(self, bits: Sequence[int], values: Sequence[int]) -> Iterator[None]:
        """Feed-forward: act where the number in `bits`, least significant first, is in `values`."""
        outer = self._condition
        inner = Condition(tuple(bits), frozenset(values))
        self._condition = inner if outer is None else conjunction(outer, inner)
        yield
        self._condition = outer

    def expval(self, operators: Any, name: str = "") -> None:
        """Return the expectation values of an operator or of an array of them."""
        self.returns("expval", operators, name)

    def variance(self, operators: Any, name: str = "") -> None:
        """Return the variances of an operator or of an array of them."""
        self.returns("variance", operators, name)

    def returns(self, kind: str, operators: Any, name: str = "") -> None:
        """Return expectation values or variances of an operator or of an array of them."""
        operators = Array.stack(operators) if isinstance(operators, list) else operators
        items = operators.items if isinstance(operators, Array) else (operators,)
        shape = operators.shape if isinstance(operators, Array) else ()
        self._results.append(Result(kind, items, shape, name=name))

    def probs(self, qubits: Qubits, name: str = "") -> None:
        """Return the probabilities of the basis states of `qubits`."""
        self._results.append(Result("probs", qubits=qubits, name=name))

    def state(self, qubits: Qubits, name: str = "") -> None:
        """Return the amplitudes of `qubits`, which must be all there are."""
        self._results.append(Result("state", qubits=qubits, name=name))

    def purity(self, qubits: Qubits, name: str = "") -> None:
        """Return the purity of the state of `qubits`."""
        self._results.append(Result("purity", qubits=qubits, name=name))

    def entropy(self, qubits: Qubits, name: str = "") -> None:
        """Return the entropy of the state of `qubits`."""
        self._results.append(Result("entropy", qubits=qubits, name=name))

    def counts(self, qubits: Qubits, shots: int, name: str = "") -> None:
        """Return how often each basis state of `qubits` is found in `shots` measurements."""
        self._results.append(Result("counts", qubits=qubits, name=name, shots=shots))

    def sample(self, qubits: Qubits, shots: int, name: str = "") -> None:
        """Return the bits of `qubits` found in each of `shots` measurements."""
        self._results.append(Result("sample", qubits=qubits, name=name, shots=shots))

    def result(self, result: Result) -> None:
        """Return anything else."""
        self._results.append(result)

    def build(self) -> Circuit:
        """The circuit."""
        return Circuit(
            self._name,
            tuple(self._inputs),
            tuple(self._parameters),
            tuple(self._registers),
            tuple(self._bit_registers),
            tuple(self._instructions),
            tuple(self._results),
            self._doc,
        )


def X(qubits: int | Qubits) -> Any:
    """The Pauli matrix X on a qubit; on a register, the array of one for each qubit."""
    return _pauli("X", qubits)


def Y(qubits: int | Qubits) -> Any:
    """The Pauli matrix Y on a qubit; on a register, the array of one for each qubit."""
    return _pauli("Y", qubits)


def Z(qubits: int | Qubits) -> Any:
    """The Pauli matrix Z on a qubit; on a register, the array of one for each qubit."""
    return _pauli("Z", qubits)


def I(qubits: int | Qubits) -> Any:  # noqa: E743
    """The identity on a qubit; on a register, the array of one for each qubit."""
    return _pauli("I", qubits)


def _pauli(letter: str, qubits: int | Qubits) -> Any:
    if isinstance(qubits, int):
        return Operator.pauli(letter, qubits)
    return Array((len(qubits),), tuple(Operator.pauli(letter, q) for q in qubits))


def _several(places: int | Sequence[int]) -> Sequence[int]:
    return (places,) if isinstance(places, int) else places


def conjunction(left: Condition, right: Condition) -> Condition:
    """The condition that holds where both do."""
    bits = tuple(dict.fromkeys(left.bits + right.bits))
    values = frozenset(
        value
        for value in range(1 << len(bits))
        if all(_read(c, bits, value) in c.values for c in (left, right))
    )
    return Condition(bits, values)


def _read(condition: Condition, bits: tuple[int, ...], value: int) -> int:
    return sum((value >> bits.index(bit) & 1) << i for i, bit in enumerate(condition.bits))


def result_size(result: Result) -> tuple[int, ...]:
    """The shape of what `result` yields for one example."""
    if result.kind in ("expval", "variance"):
        return result.shape
    if result.kind in ("probs", "state", "counts"):
        return (2 ** len(result.qubits),)
    if result.kind == "sample":
        return (result.shots, len(result.qubits))
    return ()
