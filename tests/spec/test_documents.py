"""Every `hqm` fence of the documents is checked, beside those of its document that have titles.

A line that is wrong says so: `# error: [E0301]`, or `# warning: [E0405]`, several codes in a row.
What is found must be these, at these lines, and nothing else.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from qmlc.testing.read_fences import read_fences

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = sorted([
    ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "tests" / "spec").glob("*.md")
])  # fmt: skip
EXPECTED = re.compile(r"# (error|warning): ((?:\[E\d{4}\] ?)+)")


def expected(text: str) -> list[tuple[int, str, str]]:
    """(line, severity, code) of each comment."""
    return [
        (number, match[1], code)
        for number, line in enumerate(text.splitlines(), 1)
        for match in EXPECTED.finditer(line)
        for code in re.findall(r"E\d{4}", match[2])
    ]


FENCES = [
    pytest.param(path, fence, id=f"{path.relative_to(ROOT)}:{fence.line}")
    for path in DOCUMENTS
    for fence in read_fences(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("path", "fence"), FENCES)
def test_program(path, fence, tmp_path):
    from qmlc.driver import check_file

    for other in read_fences(path.read_text(encoding="utf-8")):
        if other.title:
            (tmp_path / other.title).write_text(other.text, encoding="utf-8")
    program = tmp_path / (fence.title or "document.hqm")
    program.write_text(fence.text, encoding="utf-8")
    found = [(d.at.source.position(d.at.start)[0], d.severity, d.code) for d in check_file(program)]
    assert sorted(found) == sorted(expected(fence.text))


def test_expectations_are_read():
    text = "a  # error: [E0301] [E0203]\nb # a comment\nc # warning: [E0405] said elsewhere"
    assert expected(text) == [(1, "error", "E0301"), (1, "error", "E0203"), (3, "warning", "E0405")]
