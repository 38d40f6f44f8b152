"""Tables in the documents are made from the rows that they are about; `--update` writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from qmlc.ops.data_functions import DATA_FUNCTIONS, DATA_SOURCES
from qmlc.ops.metrics import METRICS
from qmlc.ops.optimizers import OPTIMIZERS, SCHEDULES
from qmlc.ops.tokenizers import TOKENIZERS
from qmlc.passes.list_rewrites import list_rewrites
from qmlc.passes.pipeline import PIPELINE
from qmlc.reference.entry import write_call
from qmlc.targets.read_dialect import list_dialects, read_dialect
from qmlc.targets.read_target import list_targets, read_target
from qmlc.tools.main import qmlc

DOCS = Path(__file__).parent.parent.parent / "docs"


def help_pages() -> Iterator[str]:
    settings = qmlc.context_settings | {"max_content_width": 96, "terminal_width": 96}
    context = click.Context(qmlc, info_name="qmlc", **settings)
    for name, verb in qmlc.commands.items():
        inner = click.Context(verb, parent=context, info_name=name, terminal_width=96)
        page = "\n".join(line.rstrip() for line in verb.get_help(inner).splitlines())
        yield f"## {name}\n\n```text\n{page}\n```\n"


def targets() -> Iterator[str]:
    yield "| name | qubits | gates | feed-forward | dialect | data from |"
    yield "|---|---|---|---|---|---|"
    for name in list_targets():
        target = read_target(name)
        fed = "yes" if target.feedforward else "no"
        gates = " ".join(target.basis)
        cells = f"{target.qubits} | {gates} | {fed} | `{target.dialect}` | {target.source}"
        yield f"| `{name}` | {cells} |"


def dialects() -> Iterator[str]:
    yield "| dialect | | read by | inputs | conditions |\n|---|---|---|---|---|"
    for name in list_dialects():
        d = read_dialect(name)
        inputs = "yes" if d.inputs else "no"
        yield f"| `{name}` | {d.title} | {d.readers} | {inputs} | {d.conditions or 'none'} |"


def rows(table: dict) -> Iterator[str]:
    yield "| | |\n|---|---|"
    for name, row in table.items():
        if getattr(row, "ready", True):
            results = ", ".join(getattr(row, "results", ()))
            made = f"`{results} = …`: " if results else ""
            yield f"| `{write_call(name, row.parameters)}` | {made}{row.doc} |"


def passes() -> Iterator[str]:
    yield "| pass | from level | |\n|---|---|---|"
    for each in PIPELINE:
        yield f"| `{each.name}` | {each.level} | {each.doc} |"


def rules() -> Iterator[str]:
    module = ""
    for each in list_rewrites():
        if each.before:
            if each.module != module:
                module = each.module
                yield f"\n`{module}`:\n\n| rule | before | after | |\n|---|---|---|---|"
            yield f"| `{each.name}` | {_code(each.before)} | {_code(each.after)} | {each.doc} |"


def _code(text: str) -> str:
    return "<br>".join(f"`{line.strip()}`" for line in text.splitlines()) or "nothing"


TABLES = {
    ("optimisation.md", "passes"): passes,
    ("optimisation.md", "rules"): rules,
    ("command_line.md", "verbs"): help_pages,
    ("targets.md", "targets"): targets,
    ("targets.md", "dialects"): dialects,
    ("training.md", "sources"): lambda: rows(DATA_SOURCES),
    ("training.md", "functions"): lambda: rows(DATA_FUNCTIONS),
    ("training.md", "tokenizers"): lambda: rows(TOKENIZERS),
    ("training.md", "optimizers"): lambda: rows(OPTIMIZERS),
    ("training.md", "schedules"): lambda: rows(SCHEDULES),
    ("training.md", "metrics"): lambda: rows(METRICS),
}


@pytest.mark.parametrize(("file", "name"), TABLES, ids="-".join)
def test_table_is_what_the_rows_say(file, name, snapshot):
    path = DOCS / file
    table = "\n".join(TABLES[file, name]())
    start, end = f"<!-- {name}: made by pytest --update -->", f"<!-- end of {name} -->"
    pattern = re.compile(f"{re.escape(start)}.*?{re.escape(end)}", re.DOTALL)
    text, count = pattern.subn(
        lambda _: f"{start}\n\n{table}\n\n{end}", path.read_text(encoding="utf-8")
    )
    assert count == 1
    snapshot(text, path)
