"""Wrong programs and what is printed for them: E0301.hqm, E0301_broadcast.hqm and their .err."""

from __future__ import annotations

from pathlib import Path

import pytest

from qmlc.source.render import proposed_edit, render_human

HERE = Path(__file__).parent
PROGRAMS = sorted(HERE.glob("*.hqm"))


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_what_is_printed(path, snapshot, monkeypatch):
    from qmlc.driver import check_text

    monkeypatch.chdir(HERE)  # programs may use files beside them
    found = check_text(path.read_text(encoding="utf-8"), name=path.name)
    assert path.stem.partition("_")[0] in {diagnostic.code for diagnostic in found}
    snapshot("\n".join(map(render_human, found)), path.with_suffix(".err"))


def test_nothing_is_printed_for_no_program():
    assert {path.stem for path in HERE.glob("*.err")} <= {path.stem for path in PROGRAMS}


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_proposed_edits_repair(path, monkeypatch):
    from qmlc.driver import check_text

    monkeypatch.chdir(HERE)
    text = path.read_text(encoding="utf-8")
    for diagnostic in check_text(text):
        if edit := proposed_edit(diagnostic):
            at = diagnostic.at
            after = check_text(text[: at.start] + edit + text[at.end :])
            assert not [d for d in after if (d.code, d.at.start) == (diagnostic.code, at.start)]
