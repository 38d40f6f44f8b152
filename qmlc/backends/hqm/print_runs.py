"""Instructions that repeat along a register, as one statement: `h q`, a chain, a ring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qmlc.backends.hqm.print_operation import Scope, operands, print_head, print_operation
from qmlc.backends.mark_places import mark_place
from qmlc.ir.circuit import Instruction
from qmlc.ops.gates import GATES
from qmlc.types.polynomial import Polynomial, Symbol, Value, lift

SHORTEST = 3
"""A part of a register that is written as a slice; of a whole register, two qubits suffice."""


def print_runs(scope: Scope, instructions: Sequence[Instruction], start: int) -> tuple[int, str]:
    """The place after the longest run that begins at `start`, and its statement."""
    first = instructions[start]
    found = None
    if first.name in GATES or first.name == "reset":
        found = _pairs(scope, instructions, start) or _broadcast(scope, instructions, start)
    return found or (start + 1, print_operation(scope, first))


def _like(first: Instruction, other: Instruction) -> bool:
    """Whether two instructions differ in their qubits and angles only."""
    return replace(first, qubits=(), angles=()) == replace(other, qubits=(), angles=())


def _broadcast(
    scope: Scope, instructions: Sequence[Instruction], start: int
) -> tuple[int, str] | None:
    """A gate on each qubit of a register, or on pairs of two registers, or of one and a qubit."""
    first = instructions[start]
    stop = start + 1
    steps: tuple[int, ...] = ()
    while stop < len(instructions) and _like(first, instructions[stop]):
        count, pairs = stop - start, zip(first.qubits, instructions[stop].qubits, strict=True)
        moved = tuple(b - a for a, b in pairs)
        steps = steps or moved
        if not set(steps) <= {0, 1} or 1 not in steps or moved != tuple(count * s for s in steps):
            break
        stop += 1
    while stop - start > 1:
        run = instructions[start:stop]
        columns = [
            [i.qubits[k] for i in run] if step else [first.qubits[k]]
            for k, step in enumerate(steps)
        ]
        angles = _angles(scope, run)
        if angles is not None and _one_register_each(scope, columns, len(run)):
            return stop, _statement(scope, first, columns, angles)
        stop -= 1
    return None


def _one_register_each(scope: Scope, columns: Sequence[Sequence[int]], count: int) -> bool:
    """Whether each run lies in a register of its own, long enough, and meets no other operand."""
    begin = 0
    whole = False
    places = []
    for number, (_, size) in enumerate(scope.registers):
        for column in columns:
            if len(column) > 1 and begin <= column[0] and column[-1] < begin + size:
                places.append(number)
                whole = whole or len(column) == size
        begin += size
    long = [c for c in columns if len(c) > 1]
    used = [q for c in columns for q in c]
    enough = whole or count >= SHORTEST
    return len(places) == len(long) and enough and len(set(used)) == len(used)


def _angles(scope: Scope, run: Sequence[Instruction]) -> list[str] | None:
    """The angles of a run: one for all, or vectors of them; None where there is no short way."""
    columns = [[i.angles[k] for i in run] for k in range(len(run[0].angles))]
    if all(value == column[0] for column in columns for value in column):
        return [scope.number(column[0]) for column in columns]
    texts = [_vector(scope, column) or _list(scope, column) for column in columns]
    return texts if all(texts) else None


def _list(scope: Scope, values: Sequence[Value]) -> str:
    if len(values) < SHORTEST or any(isinstance(value, Polynomial) for value in values):
        return ""
    return f"[{', '.join(map(scope.number, values))}]"


def _lone(value: Value) -> Symbol | None:
    match lift(value).terms:
        case ((((Symbol() as symbol, 1),), 1),):
            return symbol
    return None


def _vector(scope: Scope, values: Sequence[Value]) -> str:
    """Elements in a row of an input or parameter: `w`, `w[0:3]`, `w[2]`."""
    symbols = [_lone(value) for value in values]
    first = symbols[0]
    if first is None or not first.index or first.name not in scope.variables:
        return ""
    *rest, begin = first.index
    if symbols != [Symbol(first.name, (*rest, begin + i)) for i in range(len(values))]:
        return ""
    name, shape = scope.variables[first.name]
    places = [mark_place(i, n) for i, n in zip(rest, shape, strict=False)]
    if len(values) != shape[-1]:
        places.append(f"{begin}:{begin + len(values)}")
    return f"{name}[{', '.join(places)}]" if places else name


def _statement(
    scope: Scope, first: Instruction, columns: Sequence[Sequence[int]], angles: Sequence[str]
) -> str:
    on = ", ".join(operands(scope, list(column)) for column in columns)
    if first.name == "reset":
        return f"reset {on}"
    head, _ = print_head(scope, replace(first, angles=()))
    return f"{head}({', '.join(angles)}) {on}" if angles else f"{head} {on}"


def _pairs(scope: Scope, instructions: Sequence[Instruction], start: int) -> tuple[int, str] | None:
    """A gate on the neighbours of a whole register, in a row or around a circle."""
    first = instructions[start]
    if len(first.qubits) != 2:
        return None
    begin = 0
    for name, size in scope.registers:
        ring = [(begin + i, begin + (i + 1) % size) for i in range(size)]
        for shape, pairs in (("ring", ring), ("chain", ring[:-1])):
            run = instructions[start : start + len(pairs)]
            if size > 2 and [i.qubits for i in run] == pairs and _all_alike(run):
                a, b = scope.pair
                inner = Scope(scope.names, scope.variables, [(a, 1), (b, 1)], scope.gates)
                head, _ = print_head(inner, replace(first, qubits=(0, 1)))
                text = f"for {a}, {b} in {shape}({name}) {{ {head} {a}, {b} }}"
                return start + len(pairs), text
        begin += size
    return None


def _all_alike(run: Sequence[Instruction]) -> bool:
    return all(_like(run[0], i) and i.angles == run[0].angles for i in run)
