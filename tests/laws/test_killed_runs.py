"""A training whose process is killed at any moment ends with the same bytes once started again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hybrid_iris import HYBRID, write_iris

from qmlc.training.run_files import RUN

ONE_BLOCK = """
train iris on flowers {
    loss = cross_entropy(iris(x + 0.1 * randn_like(x)), y)
    metrics = [accuracy]
    optimizer = adam(lr=0.05)
    epochs = 12
    batch = 8
    holdout = 0.2
}
"""
SEVERAL_TRAININGS = """
model both(x: real[B, 4]) -> real[B, 3] = iris(x) |> linear(3)

train iris on flowers {
    loss = cross_entropy(iris(x), y)
    optimizer = adam(lr=0.05)
    epochs = 3
    batch = 8
    folds = 2
}

train both on flowers {
    loss = cross_entropy(both(x), y)
    epochs = 4
    batch = 8
    holdout = 0.2
    early_stop = 1
}
"""
MODELS = HYBRID.replace("|> turns", "|> turns |> dropout(0.2)").replace(
    "standardize([a, b, c, d])", "gaussian_noise(standardize([a, b, c, d]), std=0.1)"
)

TRAIN = """\
import os, sys
from pathlib import Path
from qmlc.train_program import train_program
from qmlc.training import checkpoint
from qmlc.training.read_options import TrainOptions

checkpoint.SECONDS, checkpoint.SHARE = 0.0, 0  # a checkpoint behind each step
for folder in sys.stdin:
    if not (process := os.fork()):
        options = TrainOptions(folder=Path(folder.strip()), quiet=True, device="cpu")
        train_program(Path(sys.argv[1]), options)
        os._exit(0)
    print(process, flush=True)
    print(os.waitpid(process, 0)[1], flush=True)
"""
"""Trains in a process of its own for each folder that it is told, which it names; its end is told,
too. What takes long to import is imported once."""


@pytest.fixture(params=[ONE_BLOCK, SEVERAL_TRAININGS], ids=["one block", "several trainings"])
def program(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    write_iris(tmp_path)
    path = tmp_path / "iris.hqm"
    path.write_text(MODELS + request.param)
    return path


def files(folder: Path) -> list[Path]:
    found = (f.relative_to(folder) for f in folder.rglob("*") if f.is_file())
    return sorted(file for file in found if file.name != RUN)


def test_killed_runs_end_with_the_same_bytes(
    program: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    deep = request.config.getoption("--deep")
    if "folds" in program.read_text() and not deep:
        pytest.skip("tests/unit/training/test_train_program.py stops one: pytest --deep kills it")
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    draw = random.Random(0)
    with subprocess.Popen(
        [sys.executable, "-c", TRAIN, str(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as trainer:
        assert trainer.stdin is not None and trainer.stdout is not None

        def train(folder: Path, seconds: float | None = None) -> int:
            """How the training ended; that of a signal where it is killed after so long."""
            trainer.stdin.write(f"{folder}\n")
            trainer.stdin.flush()
            process = int(trainer.stdout.readline())
            if seconds is not None:
                time.sleep(seconds)
                with suppress(ProcessLookupError):  # it had ended
                    os.kill(process, signal.SIGKILL)
            return int(trainer.stdout.readline())

        began = time.monotonic()
        assert train(whole) == 0
        seconds = time.monotonic() - began
        kills = 50 if deep else 5
        while kills:
            end = train(killed, draw.uniform(0, 0.4 * seconds))
            assert end in (0, signal.SIGKILL)
            kills -= end != 0
            seconds *= 1 if end else 0.7  # it took less than the first
        assert train(killed) == 0
    names = files(whole)
    assert files(killed) == names
    for name in names:
        assert (killed / name).read_bytes() == (whole / name).read_bytes(), name
