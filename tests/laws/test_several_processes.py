"""Two processes learn what one learns, but for rounding, also where each holds half the model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import transformers
from hybrid_iris import HYBRID, write_iris
from safetensors.torch import load_file
from torch.testing import assert_close

from qmlc.source.compile_error import CompileError
from qmlc.train_program import train_program
from qmlc.training.read_options import TrainOptions

ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}

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


TRAIN = """\
import sys
from qmlc.tools.main import qmlc

for folder, more in (("averaged", []), ("sharded", ["--shard"])):
    options = ["--quiet", "--device", "cpu", "--folder", folder, *more]
    qmlc(["train", "p.hqm", *options], standalone_mode=False)
"""
"""Both in one go: what takes long to import is imported once."""


def test_two_processes(tmp_path: Path) -> None:
    write_iris(tmp_path)
    (tmp_path / "p.hqm").write_text(PROGRAM)
    (tmp_path / "train.py").write_text(TRAIN)
    command = ["torch.distributed.run", "--standalone", "--nproc-per-node", "2", "train.py"]
    subprocess.run([sys.executable, "-m", *command], check=True, cwd=tmp_path, env=ENVIRONMENT)
    one = tmp_path / "one"
    train_program(tmp_path / "p.hqm", TrainOptions(folder=one, quiet=True, device="cpu"))
    for two in (tmp_path / "averaged", tmp_path / "sharded"):
        assert sorted(f.name for f in one.iterdir()) == sorted(f.name for f in two.iterdir())
        for name in ("best.safetensors", "last.safetensors"):
            assert_close(load_file(two / name), load_file(one / name), rtol=0, atol=1e-12)
        found, expected = (json.loads((f / "metrics.json").read_text()) for f in (two, one))
        for split in ("training", "held-out"):
            assert found[split].pop("loss") == pytest.approx(expected[split].pop("loss"), abs=1e-12)
        assert found == expected


def test_one_process_holds_the_whole_model(tmp_path: Path) -> None:
    write_iris(tmp_path)
    (tmp_path / "p.hqm").write_text(PROGRAM)
    with pytest.raises(CompileError, match="there is one process"):
        train_program(tmp_path / "p.hqm", TrainOptions(shard=True, quiet=True))


PRETRAINED = """
use std.pretrained (huggingface)

model net(tokens: int[B, T], mask: bool[B, T]) -> real[B, 2] {
    let encoder = huggingface("tiny", tune=TUNE)
    let h = encoder(tokens, mask).last_hidden_state
    return mean(h, dim=1, where=mask) |> linear(2)
}
data d = csv("d.csv") {
    tokens, mask = tokenize(text, words(vocab=20), length=6)
    y = category(y)
}
train net on d {
    loss = cross_entropy(net(tokens, mask), y)
    optimizer = adamw(lr=0.01)
    epochs = 2
    batch = 8
    holdout = 0.25
    precision = float64
}
"""


@pytest.mark.parametrize("tune", ["full", "lora(rank=2)"])
def test_blocks_of_a_pretrained_model(
    tmp_path: Path, tune: str, request: pytest.FixtureRequest
) -> None:
    if not request.config.getoption("--deep"):
        pytest.skip("starts two processes for each: pytest --deep does")
    config = transformers.BertConfig(
        vocab_size=20, hidden_size=8, num_hidden_layers=3, num_attention_heads=2,
        intermediate_size=16, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    transformers.BertModel(config).save_pretrained(tmp_path / "tiny")
    cells = [f"the w{i % 5} cat v{i % 3} sat,{i % 2}" for i in range(24)]
    (tmp_path / "d.csv").write_text("\n".join(["text,y", *cells]))
    (tmp_path / "p.hqm").write_text(PRETRAINED.replace("TUNE", tune))
    (tmp_path / "train.py").write_text(TRAIN)
    command = ["torch.distributed.run", "--standalone", "--nproc-per-node", "2", "train.py"]
    subprocess.run([sys.executable, "-m", *command], check=True, cwd=tmp_path, env=ENVIRONMENT)
    one = tmp_path / "one"
    train_program(tmp_path / "p.hqm", TrainOptions(folder=one, quiet=True, device="cpu"))
    for two in (tmp_path / "averaged", tmp_path / "sharded"):
        name = "last.safetensors"
        assert_close(load_file(two / name), load_file(one / name), rtol=0, atol=1e-12)
