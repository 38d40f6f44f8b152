from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from qmlc.ir.program import Call, Training
from qmlc.ops.optimizers import OPTIMIZERS, SCHEDULES
from qmlc.ops.parameters import REQUIRED
from qmlc.training.build_metric import check_metrics
from qmlc.training.build_optimizer import build_optimizer
from qmlc.training.build_schedule import build_schedule
from qmlc.training.errors import KINDS, DataError
from qmlc.training.make_accelerator import make_accelerator
from qmlc.training.read_options import Plan, TrainOptions, read_options


def read(data="d", given=None, **options):
    return read_options(Training("m", "M", "m", "L", data, (), (), tuple(options.items())), given)


def test_defaults():
    assert read() == Plan(epochs=10)
    assert read(data=None) == Plan(steps=100)
    assert read(validation=0.25).holdout == 0.25
    assert read(optimizer="sgd").optimizer == Call("sgd")
    assert read(precision=Call("float64")).precision == "float64"
    assert read(given=TrainOptions(epochs=3, seed=4), seed=1) == Plan(epochs=3, seed=4)
    assert read(given=TrainOptions(epochs=3), steps=9) == Plan(epochs=3)
    assert read(given=TrainOptions(steps=3), epochs=9) == Plan(steps=3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epoch": 3}, "no option `epoch`"),
        ({"epochs": 0}, "`epochs` takes a whole number from 1, not `0`"),
        ({"epochs": True}, "whole number"),
        ({"batch": 1.5}, "whole number"),
        ({"holdout": 1.0}, "a fraction"),
        ({"test": ""}, "or a file of rows"),
        ({"clip": -1}, "a number above 0"),
        ({"epochs": 1, "steps": 1}, "say the same thing"),
        ({"holdout": 0.1, "validation": 0.1}, "say the same thing"),
        ({"holdout": 0.1, "folds": 3}, "both say which rows to hold out"),
        ({"folds": 1}, "a whole number from 2"),
        ({"data": None, "groups": "a"}, "without data there is no `groups`"),
        ({"precision": "float8"}, "takes `float32`, `float64` or `bfloat16`, not `float8`"),
        ({"optimizer": 3}, "a name with its arguments"),
        ({"data": None, "epochs": 3}, "without data there is no `epochs`"),
        ({"data": None, "holdout": 0.3}, "without data there is no `holdout`"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(DataError) as caught:
        read(**options)
    assert caught.value.code == "E0706" and message in caught.value.message


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (Call("adamm"), "no optimizer `adamm`"),
        (Call("adam", (), (("learning_rate", 1),)), "no argument `learning_rate`"),
        (Call("adam", (), (("lr", -1.0),)), "Invalid learning rate"),
        (Call("adam", (), (("lr", "big"),)), "`adam`"),
    ],
)
def test_wrong_optimizers(call, message):
    with pytest.raises(DataError) as caught:
        build_optimizer(call, nn.Linear(1, 1).parameters())
    assert caught.value.code == "E0706" and message in caught.value.message


def test_optimizers():
    layer = nn.Linear(1, 1)
    built = build_optimizer(Call("adamw", (), (("weight_decay", 0.5),)), layer.parameters())
    assert isinstance(built, torch.optim.AdamW) and built.defaults["weight_decay"] == 0.5
    with pytest.raises(DataError, match="no parameters to learn") as caught:
        build_optimizer(Call("adam"), layer.requires_grad_(False).parameters())
    assert caught.value.code == "E0704"


def test_wrong_names_of_other_kinds():
    with pytest.raises(DataError, match="no metric `acuracy`") as caught:
        check_metrics((Call("acuracy"),))
    assert "did you mean `accuracy`?" in caught.value.help
    with pytest.raises(DataError, match="asked for twice"):
        check_metrics((Call("f1"), Call("f1")))
    with pytest.raises(DataError, match="no device `tpu`"):
        make_accelerator("tpu", "float32")


def rates(call, steps=8, per_epoch=2):
    optimizer = torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0, momentum=0.9)
    schedule = build_schedule(call, optimizer, steps)
    found = []
    for step in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.move("step")
        if step % per_epoch == per_epoch - 1:
            schedule.move("epoch")
            schedule.move("validation", 1.0)
    return found


def test_schedules():
    assert rates(None) == [1.0] * 8
    assert rates(Call("linear")) == [1 - i / 8 for i in range(8)]
    assert rates(Call("cosine"))[4] == pytest.approx(0.5)
    warm = rates(Call("cosine", (), (("warmup", 0.25),)))
    assert warm[:3] == pytest.approx([1 / 3, 2 / 3, 1.0]) and warm[5] == pytest.approx(0.5)
    assert rates(Call("constant", (3,))) == [0.25, 0.5, 0.75, 1, 1, 1, 1, 1]
    assert rates(Call("step", (2, 0.5))) == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5]
    assert rates(Call("exponential", (0.5,)))[-1] == 0.125
    assert rates(Call("reduce_on_plateau", (), (("patience", 1),)))[-1] == pytest.approx(0.1)


REQUIRED_SETTINGS = {"step_size": 1, "gamma": 0.5, "milestones": (1, 2), "max_lr": 1.0}


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_moves_the_rate(name):
    row = SCHEDULES[name]
    needed = [p.name for p in row.parameters if p.default is REQUIRED]
    call = Call(name, (), tuple((n, REQUIRED_SETTINGS[n]) for n in needed))
    found = rates(call, steps=40)
    assert all(math.isfinite(rate) and 0 <= rate <= 1 for rate in found)
    assert (len(set(found)) > 1) == (name != "constant")


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_takes_a_step_downhill(name):
    weight = nn.Parameter(torch.tensor([2.0, -3.0]))
    optimizer = build_optimizer(Call(name), [weight])

    def closure():
        optimizer.zero_grad()
        loss = (weight**2).sum()
        loss.backward()
        return loss

    before = optimizer.step(closure).item()
    assert closure().item() < before


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (Call("cosin"), "no schedule `cosin`"),
        (Call("cosine", (), (("warm", 1),)), "has no argument `warm`"),
        (Call("cosine", (-1,)), "cannot have warmup = -1"),
        (Call("step", (0,)), "cannot have step_size = 0"),
        (Call("one_cycle", (1.0,), (("pct_start", 3.0),)), "pct_start"),
    ],
)
def test_wrong_schedules(call, message):
    with pytest.raises(DataError) as caught:
        rates(call)
    assert caught.value.code == "E0706" and message in caught.value.message


def test_codes_are_of_this_room():
    assert all(code.startswith("E07") for code in KINDS)
