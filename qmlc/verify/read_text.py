"""Read OpenQASM 2 and 3 of gates, measurements, resets and branches, as vendors' tools take it.

It shares nothing with what prints, and takes a small part of the time of Qiskit's reader, which is
made for all of the language. Unreadable tells of a statement that it lacks: another may know it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from qmlc.verify.lower_calls import Call, Definition, Modifier, is_gate, lower_calls
from qmlc.verify.read_formula import Formula, evaluate, formula_names, read_formula
from qmlc.verify.split_tokens import Cursor, split_tokens
from qmlc.verify.steps import Branch, Measure, Reset, Steps
from qmlc.verify.written import Written

MAX_BITS = 12
"""Conditions on more bits are not tabulated."""

Part = Call | Measure | Reset | Branch
"""Steps whose gates may still have formulas for angles; those in branches, too."""

Places = tuple[int, ...]

DECLARATIONS = frozenset(
    "OPENQASM include input output qubit bit qreg creg gate barrier delay".split()
)
MODIFIERS = ("ctrl", "negctrl", "inv", "pow")


def read_text(text: str) -> Written:
    """What `text` says; Unreadable."""
    reader = _Reader(Cursor(text, split_tokens(text)))
    try:
        return reader.read()
    except (ArithmeticError, ValueError, TypeError, RecursionError) as error:
        raise reader.cursor.unreadable(str(error)) from None


@dataclass
class _Reader:
    """Goes through a text; what is declared grows by the way."""

    cursor: Cursor
    old: bool = False
    """Whether it is OpenQASM 2."""
    inputs: list[str] = field(default_factory=list)
    """The names that angles may hold; in a definition those of its own."""
    qubits: dict[str, list[str]] = field(default_factory=dict)
    """The names of the qubits of each register."""
    bits: dict[str, list[str]] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    """The number of each qubit and bit by its name."""
    definitions: dict[str, Definition] = field(default_factory=dict)
    physical: int = 0
    """How many physical qubits there are: one more than the highest that was named."""

    def read(self) -> Written:
        """The whole text."""
        parts: list[Part] = []
        while self.cursor.next:
            parts += self._statement()
        qubits = [q for names in self.qubits.values() for q in names]
        if self.physical and qubits:
            raise self.cursor.unreadable("physical qubits beside others")
        qubits = qubits or [f"${i}" for i in range(self.physical)]
        bits = tuple(b for names in self.bits.values() for b in names)

        def lower(values: Mapping[str, float]) -> Steps:
            return lower_calls(parts, values, self.definitions)

        return Written(tuple(self.inputs), tuple(qubits), bits, lower)

    def _statement(self) -> list[Part]:
        cursor = self.cursor
        if cursor.next in DECLARATIONS:
            self._declare()
            return []
        match cursor.next:
            case "measure":
                return self._measure()
            case "reset":
                cursor.take()
                found: list[Part] = [Reset((q,)) for q in self._operand(self.qubits)]
                cursor.expect(";")
                return found
            case "if":
                return [self._branch()]
            case "box":
                cursor.take()
                return self._block()
        return self._assignment() if self._assigns() else self._call()

    def _declare(self) -> None:
        """What does nothing itself."""
        cursor = self.cursor
        match cursor.next:
            case "OPENQASM":
                cursor.take()
                self.old = cursor.take().startswith("2")
                cursor.expect(";")
            case "input":
                self._input()
            case "gate":
                self._define()
            case "include" | "barrier" | "delay":
                while cursor.take() != ";":
                    pass
            case _:
                self._register()

    def _input(self) -> None:
        self.cursor.take()
        if self.cursor.take() not in ("float", "angle", "int", "uint"):
            raise self.cursor.unreadable("an input that is no scalar")
        self._size()
        self.inputs.append(self.cursor.take())
        self.cursor.expect(";")

    def _size(self) -> int | None:
        """What stands in brackets, if they are there."""
        if not self.cursor.accept("["):
            return None
        number = self.cursor.take()
        self.cursor.expect("]")
        return int(number)

    def _register(self) -> None:
        cursor = self.cursor
        cursor.accept("output")
        kind = cursor.take()
        size = self._size()
        name = cursor.take()
        if kind in ("qreg", "creg"):
            size = self._size()
        if kind == "bit" and cursor.accept("="):
            if evaluate(read_formula(cursor), {}):
                raise cursor.unreadable("a bit that starts as 1")
        cursor.expect(";")
        registers = self.qubits if kind in ("qubit", "qreg") else self.bits
        start = sum(map(len, registers.values()))
        names = [name] if size is None else [f"{name}[{i}]" for i in range(size)]
        if name in self.qubits or name in self.bits or kind not in ("qubit", "bit", "qreg", "creg"):
            raise cursor.unreadable(f"`{kind} {name}` cannot be declared")
        registers[name] = names
        self.places.update(zip(names, count(start)))

    def _define(self) -> None:
        cursor = self.cursor
        cursor.take()
        name = cursor.take()
        angles = self._names(")") if cursor.accept("(") else []
        operands = self._names("{")
        outer = self.places, self.qubits, self.inputs
        self.places = {q: i for i, q in enumerate(operands)}
        self.qubits, self.inputs = {q: [q] for q in operands}, angles
        cursor.index -= 1
        body = self._block()
        self.places, self.qubits, self.inputs = outer
        calls = tuple(part for part in body if isinstance(part, Call))
        if len(calls) < len(body):
            raise cursor.unreadable(f"`{name}` holds more than gates")
        self.definitions[name] = Definition(tuple(angles), len(operands), calls)

    def _names(self, end: str) -> list[str]:
        """Names between commas, and on past `end`."""
        found: list[str] = []
        while not self.cursor.accept(end):
            found.append(self.cursor.take())
            if self.cursor.next != end:
                self.cursor.expect(",")
        return found

    def _block(self) -> list[Part]:
        """The statements in braces, or the single one."""
        if not self.cursor.accept("{"):
            return self._statement()
        parts: list[Part] = []
        while not self.cursor.accept("}"):
            if not self.cursor.next:
                raise self.cursor.unreadable("`}` is missing")
            parts += self._statement()
        return parts

    def _branch(self) -> Branch:
        cursor = self.cursor
        cursor.take()
        cursor.expect("(")
        condition = read_formula(cursor, self.old)
        cursor.expect(")")
        bits, values = self._table(condition)
        then = tuple(self._block())
        otherwise = tuple(self._block()) if cursor.accept("else") else ()
        return Branch(bits, values, then, otherwise)  # type: ignore[arg-type]

    def _table(self, condition: Formula) -> tuple[Places, frozenset[int]]:
        """The bits that a condition asks for, and the numbers of these for which it holds."""
        asked = {name: self._bits_of(name) for name in dict.fromkeys(formula_names(condition))}
        bits = tuple(dict.fromkeys(b for group in asked.values() for b in group))
        if len(bits) > MAX_BITS:
            raise self.cursor.unreadable(f"a condition on {len(bits)} bits")
        holding = []
        for number in range(2 ** len(bits)):
            value = {bit: number >> i & 1 for i, bit in enumerate(bits)}
            numbers = {
                name: sum(value[bit] << i for i, bit in enumerate(group))
                for name, group in asked.items()
            }
            if evaluate(condition, numbers):
                holding.append(number)
        return bits, frozenset(holding)

    def _bits_of(self, name: str) -> Places:
        if name not in self.bits and name not in self.places:
            raise self.cursor.unreadable(f"`{name}` is no bit")
        return tuple(self.places[bit] for bit in self.bits.get(name, [name]))

    def _measure(self) -> list[Part]:
        """`measure q -> c;`."""
        self.cursor.take()
        qubits = self._operand(self.qubits)
        self.cursor.expect("->")
        return self._measured(qubits, self._operand(self.bits))

    def _assigns(self) -> bool:
        """Whether `c = …` or `c[0] = …` stands here."""
        tokens, index = self.cursor.tokens, self.cursor.index
        following = [token for token, _ in tokens[index + 1 : index + 5]]
        return following[:1] == ["="] or (following[:1] == ["["] and following[3:] == ["="])

    def _assignment(self) -> list[Part]:
        bits = self._operand(self.bits)
        self.cursor.expect("=")
        self.cursor.expect("measure")
        return self._measured(self._operand(self.qubits), bits)

    def _measured(self, qubits: Places, bits: Places) -> list[Part]:
        self.cursor.expect(";")
        return [Measure((q,), b) for q, b in zip(qubits, bits, strict=True)]

    def _operand(self, registers: Mapping[str, Sequence[str]]) -> Places:
        """The places of a register, or of one of its elements."""
        cursor = self.cursor
        name = cursor.take()
        if name.startswith("$") and registers is self.qubits:
            place = int(name[1:])
            self.physical = max(self.physical, place + 1)
            return (place,)
        if name not in registers:
            raise cursor.unreadable(f"`{name}` is not declared")
        if cursor.next != "[":
            return tuple(self.places[element] for element in registers[name])
        index = self._size()
        if f"{name}[{index}]" not in registers[name]:
            raise cursor.unreadable(f"`{name}` has no element {index}")
        return (self.places[f"{name}[{index}]"],)

    def _call(self) -> list[Part]:
        """A gate, once for each element of the registers that it is applied to."""
        cursor = self.cursor
        modifiers = []
        while cursor.next in MODIFIERS:
            modifiers.append(self._modifier())
        name = cursor.take()
        if not is_gate(name, self.definitions):
            raise cursor.unreadable(f"`{name}` is not known")
        angles: list[Formula] = []
        if cursor.accept("(") and not cursor.accept(")"):
            angles.append(read_formula(cursor, self.old))
            while cursor.accept(","):
                angles.append(read_formula(cursor, self.old))
            cursor.expect(")")
        for unknown in {n for angle in angles for n in formula_names(angle)} - {*self.inputs}:
            raise cursor.unreadable(f"`{unknown}` is not declared")
        operands = []
        while not cursor.accept(";"):
            operands.append(self._operand(self.qubits))
            if cursor.next != ";":
                cursor.expect(",")
        size = max(map(len, operands), default=1)
        rows = (o if len(o) == size else o * size for o in operands)
        wires = list(zip(*rows, strict=True)) if operands else [()]
        return [Call(name, tuple(angles), places, tuple(modifiers)) for places in wires]

    def _modifier(self) -> Modifier:
        cursor = self.cursor
        name = cursor.take()
        number: Formula = 1
        if cursor.accept("("):
            number = read_formula(cursor, self.old)
            cursor.expect(")")
        cursor.expect("@")
        if not isinstance(number, int):
            raise cursor.unreadable(f"`{name}` by `{number}`")
        return Modifier(name, number)
