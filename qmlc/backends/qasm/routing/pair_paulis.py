"""Pauli matrices on two qubits, and rotations about them, as numbers and signs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from qmlc.backends.qasm.print_gates import is_symbolic

Angle = Any
"""A float, or a ParameterExpression."""

LETTERS = {"I": (0, 0), "X": (1, 0), "Y": (1, 1), "Z": (0, 1)}
NAMES = {bits: letter for letter, bits in LETTERS.items()}
QUARTER = math.pi / 2
TOLERANCE = 1e-12


class Pauli(NamedTuple):
    """A product of two letters, `II` to `ZZ`, the first on the first qubit, with a sign."""

    letters: str
    sign: int = 1

    @property
    def weight(self) -> int:
        """Qubits acted on."""
        return 2 - self.letters.count("I")


class Turn(NamedTuple):
    """exp(-i angle/2 P) of two letters."""

    letters: str
    angle: Angle


@cache
def multiply(left: str, right: str) -> tuple[str, int]:
    """The letters of a product, and its power of i."""
    power, result = 0, ""
    for a, b in zip(left, right, strict=True):
        (xa, za), (xb, zb) = LETTERS[a], LETTERS[b]
        result += NAMES[xa ^ xb, za ^ zb]
        if a != b and "I" not in (a, b):
            power += 1 if a + b in ("XY", "YZ", "ZX") else 3
    return result, power % 4


@cache
def commutes(left: str, right: str) -> bool:
    """Whether two products commute."""
    return multiply(left, right)[1] == multiply(right, left)[1]


@cache
def conjugate(letters: str, turn: str, quarters: int) -> Pauli:
    """T^-1 P T for a turn T by so many quarter turns."""
    quarters %= 4
    if quarters == 0 or commutes(letters, turn):
        return Pauli(letters)
    if quarters == 2:
        return Pauli(letters, -1)
    # exp(i a P) Q exp(-i a P) = Q exp(-2 i a P), which for a = pi/4 is -i Q P
    product, power = multiply(letters, turn)
    power += 3 if quarters == 1 else 1
    return Pauli(product, 1 if power % 4 == 0 else -1)


def quarters(angle: Angle) -> int | None:
    """How many quarter turns a number is; None for other numbers and for symbols."""
    if not isinstance(angle, float):
        if is_symbolic(angle):
            return None
        angle = float(angle)
    count = round(angle / QUARTER)
    return count if abs(angle - count * QUARTER) < TOLERANCE else None


Frame = Mapping[str, Pauli]
"""F(P) = C^-1 P C of a Clifford gate C, for `XI`, `ZI`, `IX`, `IZ`."""

START: Frame = {letters: Pauli(letters) for letters in ("XI", "ZI", "IX", "IZ")}


def look_up(frame: Frame, pauli: Pauli) -> Pauli:
    """C^-1 P C."""
    letters, power = "II", 0 if pauli.sign == 1 else 2
    for place, letter in enumerate(pauli.letters):
        for axis in {"I": "", "X": "X", "Z": "Z", "Y": "XZ"}[letter]:
            image = frame["I" * place + axis + "I" * (1 - place)]
            letters, more = multiply(letters, image.letters)
            power += more + (0 if image.sign == 1 else 2)
        # Y = i X Z
        power += letter == "Y"
    return Pauli(letters, 1 if power % 4 == 0 else -1)


def turn_frame(frame: Frame, letters: str, count: int) -> Frame:
    """The frame of a Clifford gate that is followed by quarter turns."""
    return {axis: look_up(frame, conjugate(axis, letters, count)) for axis in START}


LOCAL = {
    gates: tuple(
        turn for gate in gates for turn in {"h": (("Z", 2), ("Y", 1)), "s": (("Z", 1),)}[gate]
    )
    for gates in (
        "", "s", "ss", "sss", "h", "sh", "ssh", "sssh", "hs", "shs", "sshs", "ssshs",
        "hss", "shss", "sshss", "ssshss", "hsss", "shsss", "sshsss", "ssshsss",
        "hssh", "shssh", "sshssh", "ssshssh",
    )
}  # fmt: skip
"""The 24 Clifford gates on one qubit as words in h and s, and as quarter turns."""


@cache
def local_words() -> Mapping[tuple[Pauli, Pauli], str]:
    """A word for the images of X and Z under C^-1 P C, on one qubit (written on the first)."""
    found = {}
    for word, turns in LOCAL.items():
        frame = START
        for letter, count in turns:
            frame = turn_frame(frame, f"{letter}I", count)
        found[frame["XI"], frame["ZI"]] = word
    return found


def local_gates(frame: Frame) -> tuple[str, str] | None:
    """Words in h and s for each qubit that a frame is, or None where it is more than that."""
    if any(frame[f"{a}I"].letters[1] != "I" or frame[f"I{a}"].letters[0] != "I" for a in "XZ"):
        return None
    second = [Pauli(frame[f"I{a}"].letters[1] + "I", frame[f"I{a}"].sign) for a in "XZ"]
    words = local_words()
    return words[frame["XI"], frame["ZI"]], words[second[0], second[1]]


@cache
def word_to(wanted: tuple[tuple[str, str], ...]) -> tuple[str, Mapping[str, int]]:
    """A word K with K P K^-1 = +-Q for pairs (P, Q) of letters, and the sign for each P.

    The first two signs are positive.
    """
    for word, turns in LOCAL.items():
        frame = START
        for letter, count in reversed(turns):
            frame = turn_frame(frame, f"{letter}I", -count)
        images = {p: look_up(frame, Pauli(f"{p}I")) for p, _ in wanted}
        if all(images[p].letters[0] == q for p, q in wanted):
            if all(images[p].sign == 1 for p, _ in wanted[:2]):
                return word, {p: images[p].sign for p, _ in wanted}
    raise AssertionError("the Clifford gates permute the axes")


def turns_of(name: str, angles: Sequence[Angle], places: str) -> Iterator[Turn]:
    """A gate of `TURNS` as turns in order, up to its phase.

    `places` says for its qubits which of the two they are: `0`, `1`, `01` or `10`.
    """
    for letters, which, factor, offset in TURNS[name]:
        spread = ["I", "I"]
        for letter, place in zip(letters, places, strict=True):
            spread[int(place)] = letter
        yield Turn("".join(spread), offset if which is None else factor * angles[which] + offset)


def _controlled(letter: str, which: int | None, share: float) -> tuple[Any, ...]:
    """Controlled on Z: the phases of the control are there where `which` is None."""
    fixed = which is None
    first = (("ZI", None, 0, share),) if fixed else ()
    return (
        *first,
        (f"I{letter}", which, 0.5, share if fixed else 0.0),
        (f"Z{letter}", which, -0.5, -share if fixed else 0.0),
    )


TURNS: Mapping[str, tuple[tuple[str, int | None, float, float], ...]] = {
    **{f"r{a}": ((a.upper(), 0, 1.0, 0.0),) for a in "xyz"},
    **{f"r{a}{b}": ((f"{a}{b}".upper(), 0, 1.0, 0.0),) for a, b in ("xx", "yy", "zz", "zx")},
    **{a: ((a.upper(), None, 0, math.pi),) for a in "xyz"},
    "id": (),
    "p": (("Z", 0, 1.0, 0.0),),
    "s": (("Z", None, 0, QUARTER),),
    "sdg": (("Z", None, 0, -QUARTER),),
    "t": (("Z", None, 0, QUARTER / 2),),
    "tdg": (("Z", None, 0, -QUARTER / 2),),
    "sx": (("X", None, 0, QUARTER),),
    "sxdg": (("X", None, 0, -QUARTER),),
    "h": (("Z", None, 0, math.pi), ("Y", None, 0, QUARTER)),
    "u": (("Z", 2, 1.0, 0.0), ("Y", 0, 1.0, 0.0), ("Z", 1, 1.0, 0.0)),
    "cx": _controlled("X", None, QUARTER),
    "cy": _controlled("Y", None, QUARTER),
    "cz": _controlled("Z", None, QUARTER),
    **{f"cr{a}": _controlled(a.upper(), 0, 0.0) for a in "xyz"},
    "cp": (("ZI", 0, 0.5, 0.0), ("IZ", 0, 0.5, 0.0), ("ZZ", 0, -0.5, 0.0)),
}  # fmt: skip
"""Gates as turns in order: letters, which angle, its factor, and what is added to that."""
