"""Tables of the reference are made from the rows; `pytest --update` rewrites them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from qmlc.errors import all_errors
from qmlc.ops.functions import FUNCTIONS
from qmlc.ops.gates import ALIASES, GATES, angle_names, gate_arity
from qmlc.ops.layers import LAYERS
from qmlc.ops.losses import LOSSES
from qmlc.ops.parameters import Parameter
from qmlc.reference.entry import write_call
from qmlc.reference.list_entries import list_entries
from qmlc.resources import grammar_text
from qmlc.syntax.list_library import list_library
from qmlc.testing.read_fences import read_fences

SPEC = Path(__file__).parent.parent / "spec"


def gates() -> Iterator[str]:
    yield "# Gates\n\nNames, matrices and phases are OpenQASM's and Qiskit's.\n"
    yield "| gate | angles | qubits | other names |\n|---|---|---|---|"
    for name in GATES:
        others = ", ".join(f"`{alias}`" for alias, row in ALIASES.items() if row == name)
        qubits = gate_arity(name)[1]
        yield f"| `{name}` | {', '.join(angle_names(name))} | {qubits} | {others} |"


def call(name: str, parameters: tuple[Parameter, ...]) -> str:
    return f"`{write_call(name, parameters)}`"


def layers() -> Iterator[str]:
    yield "# Layers\n\nPyTorch's, less the input size, which is inferred.\n"
    yield "| layer | inputs |\n|---|---|"
    for name, row in LAYERS.items():
        yield f"| {call(name, row.parameters)} | {', '.join(p.name for p in row.inputs)} |"


def functions() -> Iterator[str]:
    yield "# Functions\n\nPyTorch's and einops'. All work in layers and models; those of numbers"
    yield "in circuits, too. [Losses](losses.md) have a table of their own.\n"
    yield "| function | what it is | in circuits |\n|---|---|---|"
    for name, row in FUNCTIONS.items():
        if name not in LOSSES:
            inside = "yes" if row.scalar else ""
            yield f"| {call(name, row.parameters)} | {row.doc.replace('|', '&#124;')} | {inside} |"


def losses() -> Iterator[str]:
    yield "# Losses\n\nPyTorch's. They yield the mean, a number; with `reduction`, the sum or one"
    yield "for each example. Scores stand on the last axis; a class of -100 is ignored.\n"
    yield "| loss | what it is |\n|---|---|"
    for name, row in LOSSES.items():
        yield f"| {call(name, row.parameters)} | {row.doc.replace('|', '&#124;')} |"


def initialisers() -> Iterator[str]:
    yield "# Initialisers\n\n`param w: real[n] ~ normal(0, 0.1)` starts as the distribution says."
    yield "They are those of `torch.nn.init`, and `identity_blocks`: see"
    yield "[parameters](4_circuits.md#parameters).\n"
    yield from (f"* `{entry.summary}`" for entry in list_entries("initialiser"))


def grammar() -> Iterator[str]:
    yield "# Grammar\n\nThe grammar that the compiler reads programs with, in [Lark]'s notation:"
    yield "`?` may be there, `*` any number of times; an arrow names what a line makes.\n"
    yield "[Lark]: https://lark-parser.readthedocs.io/en/stable/grammar.html\n\n```text"
    yield grammar_text().rstrip()
    yield "```"


def errors() -> Iterator[str]:
    yield "# List of errors\n\n`qmlc explain CODE` prints the page of one.\n"
    yield "| code | what it is | |\n|---|---|---|"
    for code, kind in all_errors().items():
        yield f"| {code} | {kind.title} | {'' if kind.severity == 'error' else kind.severity} |"


def library() -> Iterator[str]:
    yield "# Library\n\nWritten in the language; see [its page](9_library.md) for examples."
    module = ""
    for entry in list_library():
        if entry.module != module:
            module = entry.module
            yield f"\n## std.{module}\n\n| entry | what it is |\n|---|---|"
        texts = entry.header.removeprefix(f"{entry.kind} "), entry.doc.replace("\n", " ")
        header, doc = (text.replace("|", "&#124;").replace("<", "&lt;") for text in texts)
        yield f"| {entry.kind} `{header}` | {doc} |"


TABLES = [gates, layers, functions, losses, initialisers, library, errors, grammar]


def test_the_page_of_the_library_uses_every_entry():
    fences = "\n".join(f.text for f in read_fences((SPEC / "9_library.md").read_text("utf-8")))
    quantum = ("encodings", "ansatz", "hamiltonians", "chemistry", "algorithms")
    entries = [e.name for e in list_library() if e.module in quantum]
    body = "\n".join(line for line in fences.splitlines() if not line.startswith("use "))
    assert [name for name in entries if not re.search(rf"\b{name}\b", body)] == []


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.__name__)
def test_table_is_up_to_date(table, snapshot):
    snapshot("\n".join(table()) + "\n", SPEC / f"{table.__name__}.md")
