"""Blocks as gates: turns about one axis, cz, and fixed gates on one qubit."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from qmlc.backends.qasm.routing.gate_blocks import (
    SWAP,
    Block,
    Core,
    Fixed,
    Part,
    complete,
    decomposer,
)
from qmlc.backends.qasm.routing.pair_paulis import QUARTER, Angle, Turn, quarters, word_to


class DeviceGate(NamedTuple):
    """A gate on places of a device.

    `h`, `s`, `cz`; `x`, `y`, `z`: a turn by `angle` about that letter; `u`: the matrix `angle`.
    """

    name: str
    places: tuple[int, ...]
    angle: Any = None


Emit = Callable[[DeviceGate], None]


def write_block(block: Block, x: int, y: int, exchange: bool, emit: Emit) -> None:
    """A block whose wires are at `x` and `y`, with an exchange after it where that is said."""
    *first, last = block.parts
    for part in first:
        write_part(part, x, y, False, emit)
    write_part(last, x, y, exchange, emit)


def write_part(part: Part, x: int, y: int, exchange: bool, emit: Emit) -> None:
    """A part of a block."""
    if isinstance(part, Fixed):
        _write_matrix(part.matrix, x, y, exchange, emit)
    else:
        _write_core(part, x, y, exchange, emit)


def write_exchange(x: int, y: int, emit: Emit) -> None:
    """An exchange of two places."""
    for control, target in ((x, y), (y, x), (x, y)):
        write_cx(control, target, emit)


def write_move(x: int, y: int, emit: Emit) -> None:
    """An exchange of two places, of which `y` is in |0>."""
    write_cx(x, y, emit)
    write_cx(y, x, emit)


def _write_matrix(matrix: Any, x: int, y: int, exchange: bool, emit: Emit) -> None:
    circuit = decomposer()(SWAP @ matrix if exchange else matrix, approximate=False)
    for item in circuit.data:
        places = tuple((x, y)[circuit.find_bit(qubit).index] for qubit in item.qubits)
        if len(places) == 2:
            write_cx(*places, emit)
        else:
            emit(DeviceGate("u", places, item.operation.to_matrix()))


def _write_core(core: Core, x: int, y: int, exchange: bool, emit: Emit) -> None:
    write_turns(core.before, x, y, emit)
    exchanged = exchange != core.exchanged
    turns = complete(core.turns)
    axes = tuple(zip((t.letters for t in turns), "ZXY", strict=True))
    words, signs = zip(
        *(word_to(tuple((letters[place], axis) for letters, axis in axes)) for place in (0, 1)),
        strict=True,
    )
    angles = []
    for turn, _ in zip(turns, axes, strict=True):
        sign = signs[0][turn.letters[0]] * signs[1][turn.letters[1]]
        angles.append(sign * turn.angle - (QUARTER if exchanged else 0.0))
    _write_word(words[0], x, emit)
    _write_word(words[1], y, emit)
    _write_angles(angles, x, y, emit)
    if exchanged:
        x, y = y, x
    _write_word(_inverse(words[0]), x, emit)
    _write_word(_inverse(words[1]), y, emit)
    write_turns(core.after, x, y, emit)
    _write_word(core.words[0], x, emit)
    _write_word(core.words[1], y, emit)


def _write_angles(angles: Sequence[Angle], x: int, y: int, emit: Emit) -> None:
    """Turns about ZZ, XX and YY by these angles."""
    left: list[tuple[str, Angle]] = []
    for axis, angle in zip("ZXY", angles, strict=True):
        count = quarters(angle)
        if count is None or count % 2:
            left.append((axis, angle))
        elif count % 4:
            emit(DeviceGate(axis.lower(), (x,), math.pi))
            emit(DeviceGate(axis.lower(), (y,), math.pi))
    if len(left) == 3:
        _write_three(angles, x, y, emit)
    elif left:
        word, signs = word_to(tuple(zip((axis for axis, _ in left), "ZX", strict=False)))
        assert all(sign == 1 for sign in signs.values())
        _write_word(word, x, emit)
        _write_word(word, y, emit)
        _write_two(left[0][1], left[1][1] if len(left) == 2 else 0.0, x, y, emit)
        _write_word(_inverse(word), x, emit)
        _write_word(_inverse(word), y, emit)


def _write_two(zz: Angle, xx: Angle, x: int, y: int, emit: Emit) -> None:
    count = quarters(zz)
    if count is not None and quarters(xx) == 0:
        emit(DeviceGate("cz", (x, y)))
        for place in (x, y):
            emit(DeviceGate("z", (place,), QUARTER if count % 4 == 1 else -QUARTER))
        return
    write_cx(x, y, emit)
    emit(DeviceGate("x", (x,), xx))
    emit(DeviceGate("z", (y,), zz))
    write_cx(x, y, emit)


def _write_three(angles: Sequence[Angle], x: int, y: int, emit: Emit) -> None:
    """Three gates (Vatan and Williams, 2004): they exchange the qubits, so do the angles."""
    zz, xx, yy = angles
    emit(DeviceGate("s", (y,)))
    write_cx(y, x, emit)
    emit(DeviceGate("z", (x,), zz + QUARTER))
    emit(DeviceGate("y", (y,), xx + QUARTER))
    write_cx(x, y, emit)
    emit(DeviceGate("y", (y,), -1 * (yy + QUARTER)))
    write_cx(y, x, emit)
    emit(DeviceGate("z", (x,), -QUARTER))


def write_turns(turns: Iterable[Turn], x: int, y: int, emit: Emit) -> None:
    """Turns of one qubit."""
    for turn in turns:
        place = 0 if turn.letters[1] == "I" else 1
        emit(DeviceGate(turn.letters[place].lower(), ((x, y)[place],), turn.angle))


def _write_word(word: str, place: int, emit: Emit) -> None:
    for gate in word:
        emit(DeviceGate(gate, (place,)))


def _inverse(word: str) -> str:
    return word[::-1].replace("s", "sss")


def write_cx(control: int, target: int, emit: Emit) -> None:
    """A cx, by cz."""
    emit(DeviceGate("h", (target,)))
    emit(DeviceGate("cz", (control, target)))
    emit(DeviceGate("h", (target,)))
