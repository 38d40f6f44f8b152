"""Values from files, known when compiling: arrays of numpy, and sums of Pauli strings.

The files are read without numpy, which takes longer to import than a whole check.
"""

from __future__ import annotations

import json
import math
import re
import struct
from io import BytesIO
from pathlib import Path
from typing import Any

from qmlc.check.blocks.read_npy_header import read_npy_header
from qmlc.check.errors.types import BadOperation
from qmlc.check.frame import MAX_ELEMENTS, MAX_QUBITS, Frame
from qmlc.check.values import Poison, Stop, Unplaced, Value, describe, fail
from qmlc.ir.array import Array
from qmlc.ir.operator import Operator, PauliString
from qmlc.source.diagnostic import Label
from qmlc.source.errors import UnreadableFile
from qmlc.source.span import Source, Span
from qmlc.syntax import tree

MAX_BYTES = 100_000_000
FORMATS = {
    "b1": "?", "i1": "b", "u1": "B", "i2": "h", "u2": "H", "i4": "i", "u4": "I", "i8": "q",
    "u8": "Q", "f2": "e", "f4": "f", "f8": "d",
}  # fmt: skip
"""numpy's names of types, and those of `struct`."""


class _Unfit(Exception):
    """What is wrong with a file, and the text in it that shows it."""

    def __init__(self, message: str, shown: str = "", position: int | None = None) -> None:
        super().__init__(message)
        self.shown, self.position = shown, position


def read_array(frame: Frame, node: tree.Node, path: Value) -> Value:
    """The numbers of a `.npy` file, as an array; a file without dimensions is one number."""
    file = _path(frame, node, path, 'numpy("mu.npy")')
    try:
        return parse_npy(_bytes(file))
    except (OSError, _Unfit) as error:
        what = f"cannot read `{path}`: {_reason(error)}"
        proposal = 'write it with `numpy.save("mu.npy", mu)`; paths are relative to the program'
        fail(UnreadableFile, _place(frame, node), what, "read here", proposal)


def read_pauli_sum(frame: Frame, node: tree.Node, path: Value) -> Unplaced:
    """The operator of a JSON file, as in `std.chemistry`; it knows its number of qubits."""
    file = _path(frame, node, path, 'molecule("h2.json")')
    at, text = _place(frame, node), ""
    try:
        text = _bytes(file).decode("utf-8-sig")
        operator, size = parse_pauli_sum(text)
    except (OSError, UnicodeDecodeError, _Unfit) as error:
        related = _shown(error, Source(str(file), text)) if isinstance(error, _Unfit) else ()
        what = f"cannot read `{path}`: {_reason(error)}"
        proposal = 'it holds `{"qubits": 2, "terms": [["ZZ", 0.5], ["IX", -1.0]]}`'
        fail(UnreadableFile, at, what, "read here", proposal, related)

    def place(qubits: tuple[int, ...]) -> Operator:
        if len(qubits) != size:
            what = f"`{path}` describes {size} qubits, and is placed on {len(qubits)}"
            fail(BadOperation, at, what, f"{len(qubits)} qubits", f"declare `qubit q[{size}]`")
        return operator.place(qubits)

    return Unplaced(place, size)


def _path(frame: Frame, node: tree.Node, path: Value, example: str) -> Path:
    if isinstance(path, Poison):
        raise Stop(None)
    if not isinstance(path, str):
        fail(
            BadOperation,
            _place(frame, node),
            "a path is needed",
            describe(path),
            f"write `{example}`",
        )
    return (frame.session.base or Path()) / path


def _place(frame: Frame, node: tree.Node) -> Span:
    """Where the author names the file; the library's own text is no help."""
    return frame.caller or node.span


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise _Unfit(f"it is larger than {MAX_BYTES // 1_000_000} MB")
    return content


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    return "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error)


def _shown(error: _Unfit, source: Source) -> tuple[Label, ...]:
    start = error.position if error.position is not None else source.text.find(error.shown)
    if start < 0 or (error.position is None and not error.shown):
        return ()
    return (Label(Span(source, start, start + max(1, len(error.shown))), "in the file"),)


def parse_npy(content: bytes) -> Value:
    """The array in the bytes of a `.npy` file."""
    file = BytesIO(content)
    try:
        kind, by_columns, shape = read_npy_header(file)
    except ValueError as error:
        raise _Unfit(str(error)) from None
    if not isinstance(kind, str) or kind[1:] not in FORMATS:
        raise _Unfit(f"it holds values of type `{kind}`, not real numbers")
    count = math.prod(shape)
    if count > MAX_ELEMENTS:
        raise _Unfit(f"it holds {count:,} numbers; at most {MAX_ELEMENTS:,} are known in a program")
    order = ">" if kind[0] == ">" else "<"
    try:
        items = struct.unpack_from(f"{order}{count}{FORMATS[kind[1:]]}", content, file.tell())
    except struct.error:
        raise _Unfit("it ends too early") from None
    if not shape:
        return items[0]
    if by_columns:
        return Array(shape[::-1], items).transpose(tuple(reversed(range(len(shape)))))
    return Array(shape, items)


def parse_pauli_sum(text: str) -> tuple[Operator, int]:
    """The operator of a JSON text, and its number of qubits.

    `terms` is a list of pairs [label, coefficient], or an object from label to coefficient. A label
    is `XXYY`, its last letter on qubit 0 as in Qiskit's SparsePauliOp, or `X0 Y2` as in
    OpenFermion's QubitOperator; a coefficient is a number, or [real, imaginary].
    """
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise _Unfit(f"it is not JSON: {error.msg.lower()}", position=error.pos) from None
    except (RecursionError, ValueError):  # nested too deeply, or a number of too many digits
        raise _Unfit("it is not JSON that anybody writes") from None
    terms = content.get("terms") if isinstance(content, dict) else None
    pairs = list(terms.items()) if isinstance(terms, dict) else terms
    if not isinstance(pairs, list) or not pairs:
        raise _Unfit("it has no list `terms` of Pauli strings and coefficients")
    total: dict[PauliString, float] = {(): _real(content.get("constant", 0.0), "constant")}
    sizes = {_count(content["qubits"]): '"qubits"'} if "qubits" in content else {}
    highest = 0
    for position, pair in enumerate(pairs):
        if not isinstance(pair, list | tuple) or len(pair) != 2 or not isinstance(pair[0], str):
            raise _Unfit(f"`terms[{position}]` is no pair of a Pauli string and a number")
        label, coefficient = pair
        string, size = _string(label)
        if size is not None:
            sizes.setdefault(size, f'"{label}"')
        highest = max([highest, *(q + 1 for q, _ in string)])
        total[string] = total.get(string, 0.0) + _real(coefficient, label)
    return Operator(tuple((s, c) for s, c in total.items() if c != 0)), _size(sizes, highest)


def _string(label: str) -> tuple[PauliString, int | None]:
    """The Pauli string of a label, and the number of qubits where the label tells it."""
    sparse = re.fullmatch(r"\s*(?:[IXYZ]\d{1,4}\s*)*", label)
    if sparse:
        found = [(int(q), letter) for letter, q in re.findall(r"([IXYZ])(\d+)", label)]
        if len({q for q, _ in found}) < len(found):
            raise _Unfit(f'"{label}" names a qubit twice', f'"{label}"')
        return tuple(sorted((q, letter) for q, letter in found if letter != "I")), None
    if not re.fullmatch("[IXYZ]+", label):
        raise _Unfit(f'"{label}" is no Pauli string: letters are I, X, Y, Z', f'"{label}"')
    letters = enumerate(reversed(label))
    return tuple((q, letter) for q, letter in letters if letter != "I"), len(label)


def _real(value: Any, name: str) -> float:
    """A coefficient as a number; imaginary parts are zero, for the operator is Hermitian."""
    if isinstance(value, list) and len(value) == 2 and value[1] == 0:
        value = value[0]
    if isinstance(value, int | float) and abs(value) < math.inf and not isinstance(value, bool):
        return value
    raise _Unfit(f"the coefficient of `{name}` is no real number", f'"{name}"')


def _count(value: Any) -> int:
    if isinstance(value, int) and 0 < value <= MAX_QUBITS and not isinstance(value, bool):
        return value
    raise _Unfit(f"`qubits` is a whole number from 1 to {MAX_QUBITS:,}", '"qubits"')


def _size(sizes: dict[int, str], highest: int) -> int:
    """The number of qubits, on which all labels must agree."""
    if len(sizes) > 1:
        (first, a), (second, b) = list(sizes.items())[:2]
        raise _Unfit(f"{a} means {first} qubits, but {b} means {second}", b)
    size = _count(next(iter(sizes), highest))
    if highest > size:
        raise _Unfit(f"it names qubit {highest - 1}, but `qubits` is {size}", '"qubits"')
    return size
