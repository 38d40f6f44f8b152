"""Read QIR: programs of LLVM's language that call gates and measurements, as qdk writes them.

https://github.com/qir-alliance/qir-spec, in the profiles base and adaptive: blocks that jump
forwards, on truth values made of what was measured. It shares nothing with what made the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from qmlc.verify.lower_calls import Call, Modifier, is_gate, lower_calls
from qmlc.verify.split_tokens import Unreadable
from qmlc.verify.steps import Branch, Measure, Reset, Steps
from qmlc.verify.written import Written

MAX_BITS = 12
"""Truth values of more bits are not tabulated."""

CALL = re.compile(r"call .*@__quantum__(qis|rt)__(\w+?)(?:__(body|adj|ctl))?\((.*)\)")
JUMP = re.compile(r"br (?:i1 %(\w+), label %(\w+), )?label %(\w+)")
ASSIGNMENT = re.compile(r"%(\w+) = (.*)")
MEASURED = ("m", "mz", "mresetz")

KEPT = "kept"
"""Names the results that are not returned."""

Part = Call | Measure | Reset | Branch


class Truth(NamedTuple):
    """True where the number that the bits are, the first the least significant, is in `values`."""

    bits: tuple[int, ...]
    values: frozenset[int]


TRUE, FALSE = Truth((), frozenset([0])), Truth((), frozenset())


def is_qir(text: str) -> bool:
    """Whether a text is QIR."""
    return "@__quantum__" in text


def read_qir(text: str) -> Written:
    """What a text says; Unreadable. Bits that it returns come last, in their order, as `r[0]`."""
    program = _Program(_blocks(text))
    program.find_truths()
    size = re.search(r'"required_num_qubits"="(\d+)"', text)
    parts = list(program.parts(next(iter(program.blocks)), ""))
    kept = [bit for bit in program.measured if bit not in program.returned]
    order = [*kept, *program.returned]
    number = {bit: i for i, bit in enumerate(order)}
    if len(number) < len(order):
        raise Unreadable("a result that is returned twice")
    renumbered = [_renumber(part, number) for part in parts]

    def lower(values: Mapping[str, float]) -> Steps:
        return lower_calls(renumbered, values, {})

    qubits = tuple(f"q[{i}]" for i in range(int(size[1]) if size else 0))
    names = [f"{KEPT}[{bit}]" for bit in kept] + [f"r[{i}]" for i in range(len(program.returned))]
    return Written((), qubits, tuple(names), lower)


def _blocks(text: str) -> dict[str, list[str]]:
    """The lines of each block of the entry point, in the order of the text."""
    start = re.search(r"define \w+ @\w+\([^)]*\) #0 \{\n(.*?)\n\}", text, re.DOTALL)
    if start is None:
        raise Unreadable("QIR without an entry point")
    blocks: dict[str, list[str]] = {}
    for line in start[1].splitlines():
        if label := re.match(r"(\w+):", line):
            blocks[label[1]] = lines = []
        elif line.strip():
            lines.append(line.strip())
    return blocks


@dataclass
class _Program:
    """Blocks, and what is known of them by the way."""

    blocks: dict[str, list[str]]
    truths: dict[str, Truth] = field(default_factory=dict)
    """The value of each variable."""
    edges: dict[tuple[str, str], Truth] = field(default_factory=dict)
    """When one comes from a block to another."""
    measured: list[int] = field(default_factory=list)
    returned: list[int] = field(default_factory=list)

    def find_truths(self) -> None:
        """Follow all blocks in the order of the text."""
        order = {name: i for i, name in enumerate(self.blocks)}
        for name, lines in self.blocks.items():
            here = _any(when for (_, target), when in self.edges.items() if target == name)
            here = here if order[name] else TRUE
            for line in lines:
                self._note(name, line)
            for target, when in self._targets(name):
                if order[target] <= order[name]:
                    raise Unreadable("a loop in QIR")
                self.edges[name, target] = _combine(lambda a, b: a and b, here, when)

    def _note(self, block: str, line: str) -> None:
        call, made = CALL.search(line), ASSIGNMENT.match(line)
        if call and call[2] in MEASURED:
            bit = _places(call[4])[1]
            if bit in self.measured:
                raise Unreadable("a result that is measured twice")
            self.measured.append(bit)
        elif call and call[2] == "result_record_output":
            self.returned += _places(call[4])
        elif made and call and call[2] == "read_result":
            self.truths[made[1]] = Truth((_places(call[4])[0],), frozenset([1]))
        elif made and not call:
            self.truths[made[1]] = self._value(block, made[2])

    def _value(self, block: str, text: str) -> Truth:
        if text.startswith("phi i1"):
            pairs = re.findall(r"\[([^,]+), %(\w+)\]", text)
            return _any(
                _combine(lambda a, b: a and b, self._truth(value), self.edges[origin, block])
                for value, origin in pairs
            )
        operation = re.match(r"(xor|and|or|icmp eq|icmp ne) i1 (\S+), (\S+)", text)
        if operation is None:
            raise Unreadable(f"`{text}` in QIR")
        return _combine(OPERATIONS[operation[1]], *map(self._truth, operation.groups()[1:]))

    def _truth(self, text: str) -> Truth:
        known = {"true": TRUE, "false": FALSE, "1": TRUE, "0": FALSE}
        return known[text] if text in known else self.truths[text.removeprefix("%")]

    def _targets(self, name: str) -> list[tuple[str, Truth]]:
        """Where a block jumps to, and when."""
        jump = JUMP.match(self.blocks[name][-1])
        if jump is None:
            return []
        if jump[1] is None:
            return [(jump[3], TRUE)]
        when = self.truths[jump[1]]
        return [(jump[2], when), (jump[3], _combine(lambda a: not a, when))]

    def parts(self, name: str, stop: str) -> Iterator[Part]:
        """What is done from a block on, up to another."""
        while name != stop:
            for line in self.blocks[name]:
                yield from _calls(line)
            targets = self._targets(name)
            if not targets:
                return
            name = targets[0][0]
            if len(targets) == 2:
                join = self._join(*(target for target, _ in targets))
                branches = (tuple(self.parts(target, join)) for target, _ in targets)
                yield Branch(*targets[0][1], *branches)  # type: ignore[arg-type]
                name = join

    def _join(self, left: str, right: str) -> str:
        """The first block that one comes to in any case."""
        both = self._sure(left) & self._sure(right)
        return next(name for name in self.blocks if name in both)

    def _sure(self, name: str) -> set[str]:
        after = [self._sure(target) for target, _ in self._targets(name)]
        return {name} | (set.intersection(*after) if after else set())


OPERATIONS: dict[str, Callable[..., bool]] = {
    "xor": lambda a, b: a != b,
    "and": lambda a, b: a and b,
    "or": lambda a, b: a or b,
    "icmp eq": lambda a, b: a == b,
    "icmp ne": lambda a, b: a != b,
}


def _any(truths: Iterator[Truth]) -> Truth:
    return _combine(lambda *values: any(values), *truths)


def _combine(operation: Callable[..., bool], *truths: Truth) -> Truth:
    """A function of truth values, over those of their bits that it depends on."""
    bits = tuple(sorted({bit for truth in truths for bit in truth.bits}))
    if len(bits) > MAX_BITS:
        raise Unreadable(f"a condition on more than {MAX_BITS} bits")

    def holds(truth: Truth, number: int) -> bool:
        chosen = (number >> bits.index(bit) & 1 for bit in truth.bits)
        return sum(value << i for i, value in enumerate(chosen)) in truth.values

    values = {n for n in range(1 << len(bits)) if operation(*(holds(truth, n) for truth in truths))}
    kept = [i for i in range(len(bits)) if any((n ^ 1 << i) not in values for n in values)]
    short = {sum((n >> i & 1) << place for place, i in enumerate(kept)) for n in values}
    return Truth(tuple(bits[i] for i in kept), frozenset(short))


def _calls(line: str) -> Iterator[Part]:
    """What a line does to qubits."""
    call = CALL.search(line)
    if call is None or call[1] == "rt":
        return
    name, form, places = call[2], call[3], tuple(_places(call[4]))
    if name in MEASURED:
        yield Measure(places[:1], places[1])
    if name in ("reset", "mresetz"):
        yield Reset(places[:1])
    if name in (*MEASURED, "reset"):
        return
    if not is_gate(name, {}) or form == "ctl":
        raise Unreadable(f"`{name}` in QIR")
    angles = tuple(float(x) for x in re.findall(r"double (\S+?)(?:,|$)", call[4]))
    yield Call(name, angles, places, (Modifier("inv", 1),) if form == "adj" else ())


def _places(arguments: str) -> list[int]:
    """The numbers of qubits and results; 0 is written `null` at times."""
    found = re.findall(r"%(?:Qubit|Result)\* (?:inttoptr \(i64 (\d+) to|(null))", arguments)
    return [int(number or 0) for number, _ in found]


def _renumber(part: Part, number: Mapping[int, int]) -> Part:
    match part:
        case Measure(qubits=qubits, bit=bit):
            return Measure(qubits, number[bit])
        case Branch(bits=bits, values=values, then=then, otherwise=otherwise):
            sides: Any = (then, otherwise)  # of calls, still
            inner = (tuple(_renumber(p, number) for p in side) for side in sides)
            return Branch(tuple(number[bit] for bit in bits), values, *inner)  # type: ignore[arg-type]
    return part
