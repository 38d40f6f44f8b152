"""OpenQASM 2 and 3 through Qiskit's importers, with a place for what they refuse."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import redirect_stderr
from dataclasses import fields
from pathlib import Path
from typing import Any

from openqasm3 import ast, parse
from openqasm3.parser import QASM3ParsingError
from qiskit import QuantumCircuit, qasm2
from qiskit_qasm3_import import ConversionError, convert

from qmlc.backends.qasm.errors import NotReadable
from qmlc.backends.qasm.lower_openqasm3 import lower_openqasm3
from qmlc.backends.qasm.write_test import NotLowered
from qmlc.source.span import Source, Span

COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
VERSION = re.compile(r"\s*OPENQASM\s+(\d+)")
DECLARED = re.compile(r"\bgate\s+(\w+)")
PLACE = re.compile(r"(?:<input>:|line |L)?(\d+)[,:]C?(\d+):? ?(.*)", re.DOTALL)
"""How the importers begin a message: with a line, from 1, and a column, from 0."""


class Refused(NotReadable):
    """What an importer says of a text, and where."""

    def __init__(self, message: str, place: Span) -> None:
        super().__init__(message)
        self.place = place


def load_openqasm(source: Source, folder: Path | None = None) -> QuantumCircuit:
    """A text in OpenQASM 2 or 3 in Qiskit; Refused.

    `folder` is where OpenQASM 2 finds included files.
    """
    if openqasm_version(source.text) == 3:
        return convert_openqasm3(parse_openqasm3(source), source)
    own = set(DECLARED.findall(COMMENT.sub(" ", source.text)))
    try:
        return qasm2.loads(
            source.text,
            include_path=[str(folder or ".")],
            # a file's own gate may be called like one of these, and be another
            custom_instructions=[i for i in qasm2.LEGACY_CUSTOM_INSTRUCTIONS if i.name not in own],
            custom_classical=qasm2.LEGACY_CUSTOM_CLASSICAL,
        )
    except qasm2.QASM2ParseError as error:
        raise refused(source, error.message) from None


def openqasm_version(text: str) -> int:
    """2 or 3: as the text says, else by the words that only OpenQASM 2 has."""
    bare = COMMENT.sub(" ", text)
    if found := VERSION.match(bare):
        return 2 if found[1] == "2" else 3
    return 2 if "qelib1.inc" in bare else 3


def parse_openqasm3(source: Source) -> ast.Program:
    """The tree of a text; Refused."""
    if not COMMENT.sub("", source.text).strip():
        raise refused(source, "there is nothing in it")
    said = io.StringIO()
    try:
        with redirect_stderr(said):  # ANTLR prints where a text is wrong
            return parse(source.text)
    except QASM3ParsingError as error:
        raise refused(source, str(error) or said.getvalue() or _unexpected(error)) from None


def _unexpected(error: QASM3ParsingError) -> str:
    """The token at which the parser gave up without a word."""
    cause = error.__cause__.args[0] if error.__cause__ and error.__cause__.args else None
    token = getattr(cause, "offendingToken", None)
    if token is None:
        return "this is no OpenQASM"
    return f"{token.line}:{token.column} `{token.text}` is not expected here"


def convert_openqasm3(program: ast.Program, source: Source) -> QuantumCircuit:
    """A tree in Qiskit; Refused."""
    try:
        program = lower_openqasm3(program)
    except NotLowered as error:
        span = error.node.span
        place = f"{span.start_line}:{span.start_column} " if span is not None else ""
        raise refused(source, f"{place}{error.message}") from None
    for statement in program.statements:
        if isinstance(statement, ast.QuantumGateDefinition):
            _order_angles(statement)
    try:
        return convert(program)
    except ConversionError as error:
        raise refused(source, error.message) from None


def _order_angles(gate: ast.QuantumGateDefinition) -> None:
    """Name a gate's angles so that their order is that of their names, and use each of them.

    Qiskit's importer takes the angles that a gate uses, in the order of their names.
    """
    names = {a.name: f"angle_{i:04}_{a.name}" for i, a in enumerate(gate.arguments)}
    for node in _nodes(gate):
        if isinstance(node, ast.Identifier) and node.name in names:
            node.name = names[node.name]
    unused = ast.IntegerLiteral(0)
    for angle in gate.arguments:
        product = ast.BinaryExpression(ast.BinaryOperator["*"], unused, ast.Identifier(angle.name))
        gate.body.append(ast.QuantumPhase([], product, []))


def _nodes(node: Any) -> Iterator[Any]:
    if isinstance(node, list):
        for item in node:
            yield from _nodes(item)
    elif isinstance(node, ast.QASMNode):
        yield node
        for item in fields(node):
            yield from _nodes(getattr(node, item.name))


def refused(source: Source, message: str) -> Refused:
    """What an importer says, as an error at the place that it names."""
    first = message.strip().splitlines()[0].strip('"')
    found = PLACE.match(first)
    line, column, words = (int(found[1]), int(found[2]), found[3]) if found else (1, 0, first)
    start = sum(len(text) + 1 for text in source.text.split("\n")[: line - 1]) + column
    start = min(start, len(source.text))
    end = re.compile(r"\w*").match(source.text, start)
    assert end is not None
    return Refused(words, Span(source, start, max(end.end(), min(start + 1, len(source.text)))))
