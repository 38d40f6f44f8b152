"""Two processes learn what one learns, but for rounding."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hybrid_iris import HYBRID, write_iris
from safetensors.torch import load_file
from torch.testing import assert_close

from qmlc.train_program import train_program
from qmlc.training.read_options import TrainOptions

PROGRAM = (
    HYBRID
    + """
train iris on flowers {
    loss = cross_entropy(iris(x), y)
    metrics = [accuracy, confusion_matrix]
    optimizer = adam(lr=0.05)
    epochs = 3
    batch = 17    # of 120 rows: the last one has a single row
    accumulate = 2
    clip = 0.5
    holdout = 0.2
    precision = float64
}
"""
)


def test_two_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_iris(tmp_path)
    path = tmp_path / "iris.hqm"
    path.write_text(PROGRAM)
    one, two = tmp_path / "one", tmp_path / "two"
    command = ["torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "qmlc"]
    subprocess.run(
        [sys.executable, "-m", *command, "train", path, "-q", "--device", "cpu", "--folder", two],
        check=True,
    )
    train_program(path, TrainOptions(folder=one, quiet=True, device="cpu"))
    assert sorted(f.name for f in one.iterdir()) == sorted(f.name for f in two.iterdir())
    for name in ("best.safetensors", "last.safetensors"):
        assert_close(load_file(two / name), load_file(one / name), rtol=0, atol=1e-12)
    found, expected = (json.loads((folder / "metrics.json").read_text()) for folder in (two, one))
    for split in ("training", "held-out"):
        assert found[split].pop("loss") == pytest.approx(expected[split].pop("loss"), abs=1e-12)
    assert found == expected
