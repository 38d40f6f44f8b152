"""Machine code is kept between runs, and used only where it is whole and made of the same."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qmlc.kernels.remember_code import MAX_KEPT, remember_code

PROCESS = """
import sys
sys.path.insert(0, {folder!r})
from array import array
import small_kernels
from qmlc.kernels import load_library as loading

loading.ENTRIES = (small_kernels.double,)
compiled = loading._compiled
loading._compiled = lambda *arguments: print("compiles") or compiled(*arguments)
kernels = loading.load_library("float64")
assert kernels is loading.load_library("float64")
x = array("d", range(64))
kernels.double(x.buffer_info()[0], 64 // kernels.lanes)
assert list(x) == list(range(0, 128, 2))
print("lanes", kernels.lanes)
"""
KERNELS = """
from __future__ import annotations
from qmlc.kernels.language import Int, Vectors, entry

@entry
def double(rows: Vectors, count: Int) -> None:
    for row in range(count):
        rows[row] += rows[row]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "qmlc" / "kernels"


@pytest.fixture
def made(folder):
    """How often code is made when it is asked for."""
    runs = []

    def make() -> bytes:
        runs.append(1)
        return b"machine code"

    def times(*facts: str) -> int:
        before = len(runs)
        assert remember_code(facts, make) == b"machine code"
        return len(runs) - before

    return times


def test_once(made):
    assert [made("a"), made("a"), made("b"), made("a"), made("b")] == [1, 0, 1, 0, 0]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content[:32],
        lambda content: content[1:],
        lambda content: content[:40] + bytes([content[40] ^ 1]) + content[41:],
        lambda content: content + b"more",
    ],
)
def test_again_where_the_file_is_spoilt(made, folder, spoil):
    made("a")
    (file,) = folder.glob("*.o")
    file.write_bytes(spoil(file.read_bytes()))
    assert [made("a"), made("a")] == [1, 0]


def test_again_where_the_file_is_not_ours(made, monkeypatch):
    made("a")
    monkeypatch.setattr(os, "getuid", lambda: 12345, raising=False)
    assert made("a") == 1


def test_without_a_folder(made, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert [made("a"), made("a")] == [1, 1]


def test_the_oldest_go(made, folder):
    for number in range(MAX_KEPT + 3):
        made(str(number))
        newest = max(folder.glob("*.o"), key=lambda path: path.stat().st_mtime_ns)
        os.utime(newest, ns=(time.time_ns(), time.time_ns()))
    assert len(list(folder.glob("*"))) == MAX_KEPT
    assert made(str(MAX_KEPT + 2)) == 0
    assert made("0") == 1


def test_many_processes_start_at_once(folder, tmp_path):
    (tmp_path / "small_kernels.py").write_text(KERNELS)
    script = PROCESS.format(folder=str(tmp_path))

    def start(width: int) -> subprocess.Popen[str]:
        environment = os.environ | {
            "XDG_CACHE_HOME": str(tmp_path),
            "QMLC_VECTOR_BYTES": str(width),
            "PYTHONPATH": str(Path(__file__).parents[3]),
        }
        return subprocess.Popen(
            [sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, text=True
        )

    widths = [64, 64, 64, 64, 64, 64, 32, 16]
    processes = [start(width) for width in widths]
    lanes = [process.communicate()[0].splitlines()[-1] for process in processes]
    assert lanes == [f"lanes {width // 8}" for width in widths]
    assert len(list(folder.iterdir())) == len(set(widths))
    later = start(64)
    assert later.communicate()[0].splitlines() == ["lanes 8"]
