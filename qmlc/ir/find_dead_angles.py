"""Which symbols of a circuit cannot change its results, by structure alone.

Two sweeps, neither of which looks at numbers. Forwards from |0…0>: what only turns the phase of
|0>, or is controlled by a qubit in |0>, does nothing. Backwards from the results, in Heisenberg's
picture: for each qubit the letters that the Pauli strings of the observables may have there. A
rotation about a string that commutes with them all passes through, and what acts outside of them
is outside of the light cone. Both only over-estimate what matters, so what is found is dead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product

from qmlc.ir.circuit import Circuit, Instruction
from qmlc.ir.operator import Operator
from qmlc.ops.gates import GATES, Constant, Matrix, Phase, Rotation, phase_angle
from qmlc.types.polynomial import Polynomial, Symbol, lift

X, Y, Z = 1, 2, 4
LETTERS = {"I": 0, "X": X, "Y": Y, "Z": Z}
EVERY = X | Y | Z
PAULIS: dict[int, Matrix] = {
    0: ((1, 0), (0, 1)), X: ((0, 1), (1, 0)), Y: ((0, -1j), (1j, 0)), Z: ((1, 0), (0, -1)),
}  # fmt: skip


def find_dead_angles(circuit: Circuit) -> frozenset[Symbol]:
    """The symbols that occur in the circuit's gates but have no influence on any result.

    None where a state is returned: its global phase depends on every angle.
    """
    if any(result.kind == "state" for result in circuit.results):
        return frozenset()
    cone = _Cone(circuit)
    for instruction in reversed(list(_awake(circuit))):
        cone.add(instruction)
    asleep = (s for i in circuit.instructions for s in symbols_of(i) if s not in cone.live)
    return frozenset(asleep)


def symbols_of(instruction: Instruction) -> Iterator[Symbol]:
    """The symbols in the angles and coefficients of an instruction, with repetitions."""
    for angle in instruction.angles:
        if isinstance(angle, Polynomial):
            yield from angle.symbols()
    if isinstance(instruction.payload, Operator):
        yield from instruction.payload.symbols()


def _awake(circuit: Circuit) -> Iterator[Instruction]:
    """The instructions that do more to |0…0> than turn its phase."""
    zero = set(range(circuit.num_qubits))
    for instruction in circuit.instructions:
        name, qubits = instruction.name, instruction.qubits
        if name == "reset" and instruction.condition is None:
            yield instruction
            zero.update(qubits)
        elif name in ("measure", "reset"):
            yield instruction
        elif name not in ("barrier", "delay"):
            controls = zip(qubits, instruction.controls, strict=False)
            if any(state == "1" and qubit in zero for qubit, state in controls):
                continue
            if is_diagonal(instruction):
                if not zero.issuperset(qubits):
                    yield instruction
                continue
            yield instruction
            zero.difference_update(instruction.targets)


class _Cone:
    """The letters that observables may have on each qubit, and the symbols that matter."""

    def __init__(self, circuit: Circuit) -> None:
        self.letters = [0] * circuit.num_qubits
        self.bits: set[int] = set()
        """Those that feed-forward inside the cone reads."""
        self.live: set[Symbol] = set()
        for result in circuit.results:
            diagonal = result.kind in ("probs", "counts", "sample")
            for qubit in result.qubits:
                self.letters[qubit] |= Z if diagonal else EVERY
            for operator in result.operators:
                for string, coefficient in operator.terms:
                    self.live.update(lift(coefficient).symbols())
                    for qubit, letter in string:
                        self.letters[qubit] |= LETTERS[letter]
            if result.kind == "variance":  # of squares, too, in which letters meet
                self.letters = [p if p.bit_count() < 2 else EVERY for p in self.letters]

    def add(self, instruction: Instruction) -> None:
        """Take the observables back through an instruction."""
        name, qubits = instruction.name, instruction.qubits
        if name == "measure" and instruction.condition is None:
            read = Z if self.bits & set(instruction.bits) else 0
            self.letters[qubits[0]] = self.letters[qubits[0]] & Z | read
            return
        bits = self.bits & set(instruction.bits)
        if not bits and (not any(self.letters[q] for q in qubits) or self._commutes(instruction)):
            return
        self.live.update(symbols_of(instruction))
        if instruction.condition is not None:
            self.bits.update(instruction.condition.bits)
            self._spread(qubits)
        elif name in ("reset", "prepare"):
            for qubit in qubits:
                self.letters[qubit] = 0
        else:
            self._conjugate(instruction)

    def _commutes(self, instruction: Instruction) -> bool:
        """Whether a gate surely commutes with all strings."""
        if instruction.name in ("measure", "reset", "prepare"):
            return False
        if is_diagonal(instruction):
            return all(self.letters[q] | Z == Z for q in instruction.qubits)
        string = _rotation(instruction)
        return string is not None and all(self.letters[q] | p == p for q, p in string)

    def _conjugate(self, instruction: Instruction) -> None:
        string = _rotation(instruction)
        if string is not None:
            for qubit, letter in string:
                others = self.letters[qubit] & ~letter
                turned = EVERY & ~letter if others else 0
                # times the string, no letter becomes its letter, and each other the third
                self.letters[qubit] |= turned | (letter if len(string) > 1 else 0)
            return
        before = tuple([self.letters[q] for q in instruction.qubits])
        after = _letters_through(instruction.name, instruction.controls, before)
        for qubit, letters in zip(instruction.qubits, after, strict=True):
            self.letters[qubit] = letters

    def _spread(self, qubits: Sequence[int]) -> None:
        for qubit in qubits:
            self.letters[qubit] = EVERY


def is_diagonal(instruction: Instruction) -> bool:
    """Whether a gate, its controls included, only turns phases of basis states."""
    name, payload = instruction.name, instruction.payload
    if isinstance(payload, Operator):
        return all(letter == "Z" for string, _ in payload.terms for _, letter in string)
    if isinstance(payload, str):
        return set(payload) <= {"Z", "I"}
    return _is_diagonal(name)


@cache
def _is_diagonal(name: str) -> bool:
    if name in ("gphase", "p", "id"):
        return True
    row = GATES.get(name)
    if isinstance(row, Rotation):
        return set(row.pauli) <= {"Z", "I"}
    return isinstance(row, Phase) or (row is not None and phase_angle(name) is not None)


def _rotation(instruction: Instruction) -> list[tuple[int, int]] | None:
    """(qubit, letter) of the string that an uncontrolled rotation turns about."""
    row, payload = GATES.get(instruction.name), instruction.payload
    letters = row.pauli if isinstance(row, Rotation) else payload
    if instruction.controls or not isinstance(letters, str):
        return None
    pairs = zip(instruction.targets, letters, strict=True)
    return [(qubit, LETTERS[letter]) for qubit, letter in pairs if letter != "I"]


@cache
def _letters_through(name: str, controls: str, letters: tuple[int, ...]) -> tuple[int, ...]:
    """The letters that may stand before a gate, those that may stand after it being given."""
    table = _clifford(name, controls)
    if table is None:
        return (EVERY,) * len(letters)
    found = [0] * len(letters)
    for after in product(*([0, *(p for p in (X, Y, Z) if some & p)] for some in letters)):
        for place, letter in enumerate(table[after]):
            found[place] |= letter
    return tuple(found)


@cache
def _clifford(name: str, controls: str) -> dict[tuple[int, ...], tuple[int, ...]] | None:
    """What a constant gate on one or two qubits makes of Pauli strings; None if others come out."""
    row = GATES.get(name)
    if not isinstance(row, Constant) or row.qubits + len(controls) > 2:
        return None
    count = row.qubits + len(controls)
    gate = _under_control(row.matrix, controls)
    strings = list(product((0, X, Y, Z), repeat=count))
    table = {}
    for before in strings:
        turned = _times(_adjoint(gate), _times(_string(before), gate))
        found = [s for s in strings if _parallel(turned, _string(s))]
        if not found:
            return None
        table[before] = found[0]
    return table


def _under_control(matrix: Matrix, controls: str) -> Matrix:
    """The matrix, the control being the least significant bit."""
    if not controls:
        return matrix
    wanted, size = int(controls), 2 * len(matrix)
    return tuple(
        tuple(
            (matrix[i >> 1][j >> 1] if i & 1 == wanted else float(i == j)) if i & 1 == j & 1 else 0
            for j in range(size)
        )
        for i in range(size)
    )


def _string(letters: tuple[int, ...]) -> Matrix:
    """The Pauli string, the first letter on the least significant bit."""
    total: Matrix = ((1,),)
    for letter in letters:
        pauli = PAULIS[letter]
        total = tuple(
            tuple(a * b for a in outer for b in inner) for outer in pauli for inner in total
        )
    return total


def _times(left: Matrix, right: Matrix) -> Matrix:
    columns = list(zip(*right, strict=True))
    return tuple(
        tuple(sum(a * b for a, b in zip(row, column, strict=True)) for column in columns)
        for row in left
    )


def _adjoint(matrix: Matrix) -> Matrix:
    return tuple(
        tuple(complex(a).conjugate() for a in column) for column in zip(*matrix, strict=True)
    )


def _parallel(left: Matrix, right: Matrix) -> bool:
    """Whether two unitaries are equal up to a phase."""
    overlap = sum(
        complex(a).conjugate() * b
        for x, y in zip(left, right, strict=True)
        for a, b in zip(x, y, strict=True)
    )
    return abs(abs(overlap) - len(left)) < 1e-9
