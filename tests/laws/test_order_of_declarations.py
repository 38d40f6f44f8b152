"""A program means the same in whatever order its declarations stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from qmlc.driver import analyse
from qmlc.source.span import Source
from qmlc.syntax import tree
from qmlc.syntax.parse import parse

ROOT = Path(__file__).parent.parent.parent
PROGRAMS = sorted([*ROOT.glob("tests/programs/*.hqm"), *ROOT.glob("examples/*/*.hqm")])


def parts(program):
    """What a program holds, by name."""
    units = {unit.name: unit.kind for unit in program.units}
    trainings = {t.name: (t.data, t.inputs, dict(t.options)) for t in program.trainings}
    return units, {d.name: d.fields for d in program.data}, trainings


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda p: p.stem)
def test_the_last_may_come_first(path):
    text = path.read_text("utf-8")
    source = Source(path.name, text)
    declarations, errors = parse(source)
    assert not errors
    written = [d.span.text for d in declarations.declarations if not isinstance(d, tree.Use)]
    used = [d.span.text for d in declarations.declarations if isinstance(d, tree.Use)]
    other = Source(path.name, "\n\n".join([*used, *reversed(written)]) + "\n")
    before, after = (analyse(s, path) for s in (source, other))
    assert [e.code for e in before.diagnostics] == [e.code for e in after.diagnostics]
    assert parts(before.program) == parts(after.program)
