"""What the documents show is what happens.

The `console` and `python` fences of a document run in order, in one folder with a copy of
`examples/`, where programs whose fence has a title stand in files of that name. What a command
prints must be what stands there, where `…` is any text; Python must run.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from qmlc.testing.read_fences import read_fences

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = sorted([
    ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").glob("*.md"),
    *(ROOT / "tests" / "spec").glob("*.md"),
])  # fmt: skip


def fences(path: Path) -> list[tuple[int, str, str]]:
    """(line, language, text) of what can be run."""
    text = path.read_text(encoding="utf-8")
    return sorted(
        (fence.line, language, fence.text)
        for language in ("console", "python")
        for fence in read_fences(text, language)
    )


def run(command: list[str], folder: Path) -> str:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "COLUMNS": "100"}
    done = subprocess.run(
        command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=300,
    )  # fmt: skip
    assert "Traceback" not in done.stdout, done.stdout
    return done.stdout


def agrees(expected: str, printed: str) -> bool:
    """Whether these are the same words, where `…` is any text."""
    parts = (re.escape(" ".join(part.split())) for part in expected.split("…"))
    return re.fullmatch(r"\s*.*?\s*".join(parts), " ".join(printed.split()), re.DOTALL) is not None


def commands(session: str) -> list[tuple[str, str]]:
    """(command, what it prints)"""
    parts = re.split(r"^\$ (.*)\n", session, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize(
    "path", [p for p in DOCUMENTS if fences(p)], ids=lambda p: str(p.relative_to(ROOT))
)
def test_it_happens_as_shown(path, tmp_path):
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    for fence in read_fences(path.read_text(encoding="utf-8")):
        if fence.title:
            (tmp_path / fence.title).write_text(fence.text, encoding="utf-8")
    for line, language, text in fences(path):
        if language == "python":
            run([sys.executable, "-c", text], tmp_path)
            continue
        for command, expected in commands(text):
            words = shlex.split(command)
            python = {"qmlc": [sys.executable, "-m", "qmlc"], "python": [sys.executable]}
            printed = run([*python.get(words[0], words[:1]), *words[1:]], tmp_path)
            assert agrees(expected, printed), f"{path.name}:{line}: {command}\n{printed}"


def test_links_lead_somewhere():
    broken = [
        f"{path.relative_to(ROOT)}: {link}"
        for path in [*DOCUMENTS, ROOT / "CONTRIBUTING.md", ROOT / "benchmarks" / "README.md"]
        for link in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8"))
        if "://" not in link and not (path.parent / link).exists()
    ]
    assert not broken
