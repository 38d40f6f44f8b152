"""A training that was stopped and goes on ends with the same bytes."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from qmlc.ir.program import Call
from qmlc.training import checkpoint
from qmlc.training.checkpoint import _pack, _unpack
from qmlc.training.run_files import CHECKPOINT


def stopping(make_loss, calls):
    """A loss with dropout that is stopped at so many calls in training mode."""

    class Stopped(make_loss):
        def __init__(self):
            super().__init__()
            self.drop = nn.Dropout(0.3)
            self.calls = 0

        def forward(self, x, y):
            self.calls += self.training
            if self.calls == calls:
                raise KeyboardInterrupt
            return super().forward(self.drop(x), y)

    return Stopped


SCHEDULES = [None, Call("cosine", (), (("warmup", 0.2),)), Call("reduce_on_plateau")]


@pytest.mark.parametrize(
    ("optimizer", "schedule", "batch"),
    [
        (Call("adam", (0.05,)), SCHEDULES[1], 16),
        (Call("sgd", (0.05,), (("momentum", 0.9),)), SCHEDULES[2], 16),
        (Call("lbfgs", (0.1,), (("max_iter", 4),)), None, 120),
        (Call("adamw", (0.05,)), Call("step", (2,)), 50),
    ],
    ids=["adam", "sgd", "lbfgs", "adamw"],
)
def test_the_same_bytes(flowers, optimizer, schedule, batch):
    options = {"optimizer": optimizer, "schedule": schedule, "batch": batch, "epochs": 6}
    block = flowers.with_options(checkpoint=2, **options)
    whole = replace(block, make_loss=stopping(flowers.make_loss, -1)).train("whole")
    steps = whole.steps // 6 * (5 if optimizer.function == "lbfgs" else 1)
    stopped = replace(block, make_loss=stopping(flowers.make_loss, 4 * steps + 2))
    with pytest.raises(KeyboardInterrupt):
        stopped.train("stopped")
    assert (flowers.base / "stopped" / CHECKPOINT).is_file()
    calls = []

    class Counted(stopping(flowers.make_loss, -1)):
        def forward(self, x, y):
            calls.append(self.training)
            return super().forward(x, y)

    again = replace(block, make_loss=Counted).train("stopped")
    assert 0 < sum(calls) <= 4 * steps
    assert sorted(p.name for p in again.folder.iterdir()) == sorted(
        p.name for p in whole.folder.iterdir()
    )
    for file in whole.folder.iterdir():
        assert file.read_bytes() == (again.folder / file.name).read_bytes(), file.name


@pytest.mark.parametrize("stop", [2, 9, 13, 31, 32])
@pytest.mark.parametrize("limit", [{"epochs": 4}, {"steps": 29}], ids=["epochs", "steps"])
def test_the_clock_keeps_steps_inside_an_epoch(flowers, monkeypatch, limit, stop):
    monkeypatch.setattr(checkpoint, "SECONDS", 0.0)
    monkeypatch.setattr(checkpoint, "SHARE", 0)
    options = {"batch": 7, "accumulate": 2, "epochs": None, **limit}
    block = flowers.with_options(schedule=Call("step", (1,)), **options)
    whole = replace(block, make_loss=stopping(flowers.make_loss, -1)).train("whole")
    with pytest.raises(KeyboardInterrupt):
        replace(block, make_loss=stopping(flowers.make_loss, stop)).train("stopped")
    left = flowers.base / "stopped" / f".{CHECKPOINT}.1.partial"
    left.write_bytes(b"what a killed process left")
    calls = []

    class Counted(stopping(flowers.make_loss, -1)):
        def forward(self, x, y):
            calls.append(self.training)
            return super().forward(x, y)

    again = replace(block, make_loss=Counted).train("stopped")
    assert sum(calls) + (stop - 1) // 2 * 2 == 2 * whole.steps
    for file in whole.folder.iterdir():
        assert file.read_bytes() == (again.folder / file.name).read_bytes(), file.name
    assert not left.exists()


def test_the_checkpoint_of_another_run_is_not_taken_up(flowers):
    block = flowers.with_options(checkpoint=1, epochs=4)
    with pytest.raises(KeyboardInterrupt):
        replace(block, make_loss=stopping(flowers.make_loss, 20)).train("run")
    other = block.with_options(seed=8)
    fresh = replace(other, make_loss=stopping(flowers.make_loss, -1))
    first, second = fresh.train("run"), fresh.train("fresh")
    for file in first.folder.iterdir():
        assert file.read_bytes() == (second.folder / file.name).read_bytes(), file.name


def test_nested_states_come_back():
    tensors: dict[str, torch.Tensor] = {}
    state = {0: {"a": torch.ones(2), "b": (0.9, 0.999)}, "c": [None, True, {"d": torch.zeros(())}]}
    found = _unpack(_pack(state, tensors), tensors)
    assert found[0]["a"].tolist() == [1, 1] and found[0]["b"] == (0.9, 0.999)
    assert found["c"][:2] == [None, True] and found["c"][2]["d"].item() == 0
