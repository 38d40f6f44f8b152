"""What the documents show is what happens.

The `console` fences of a document run in order, in one folder with a copy of `examples/`, where
programs whose fence has a title stand in files of that name. What a command prints must be what
stands there, where `…` is any text. Then its `python` fences run, as one script: importing torch
takes seconds.
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

from qmlc.testing.read_fences import Fence, read_fences

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = sorted([
    ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").glob("*.md"),
    *(ROOT / "tests" / "spec").glob("*.md"),
])  # fmt: skip


def fences(path: Path, language: str) -> tuple[Fence, ...]:
    return read_fences(path.read_text(encoding="utf-8"), language)


def script(path: Path) -> str:
    """The `python` fences, on the lines that they have in the document."""
    text = ""
    for fence in fences(path, "python"):
        text += "\n" * (fence.line - text.count("\n")) + fence.text
    return text


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
    "path",
    [p for p in DOCUMENTS if fences(p, "console") or fences(p, "python")],
    ids=lambda p: str(p.relative_to(ROOT)),
)
def test_it_happens_as_shown(path, tmp_path):
    fetched = shutil.ignore_patterns("*.safetensors")
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=fetched)
    for fence in fences(path, "hqm"):
        if fence.title:
            (tmp_path / fence.title).write_text(fence.text, encoding="utf-8")
    for fence in fences(path, "console"):
        for command, expected in commands(fence.text):
            words = shlex.split(command)
            python = {"qmlc": [sys.executable, "-m", "qmlc"], "python": [sys.executable]}
            printed = run([*python.get(words[0], words[:1]), *words[1:]], tmp_path)
            assert agrees(expected, printed), f"{path.name}:{fence.line}: {command}\n{printed}"
    if python_text := script(path):
        run([sys.executable, "-c", python_text], tmp_path)


def test_links_lead_somewhere():
    broken = [
        f"{path.relative_to(ROOT)}: {link}"
        for path in [*DOCUMENTS, ROOT / "CONTRIBUTING.md", ROOT / "benchmarks" / "README.md"]
        for link in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8"))
        if "://" not in link and not (path.parent / link).exists()
    ]
    assert not broken
