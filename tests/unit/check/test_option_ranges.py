"""The ranges of options are those of torch: what fits is accepted there, and defaults fit."""

from __future__ import annotations

import pytest
import torch

from qmlc.ir.program import Call
from qmlc.ops.optimizers import CALLED, OPTIMIZERS
from qmlc.ops.option_ranges import OPTION_RANGES
from qmlc.training.build_optimizer import build_optimizer
from qmlc.training.errors import DataError

WRONG = {"lr": -1.0, "betas": (2, 3), "weight_decay": -0.1, "momentum": -1, "rho": 2.0}

ROWS = [item for rows in CALLED.values() for item in rows.items()]


def test_defaults_fit():
    for name, row in ROWS:
        for p in row.parameters:
            if p.name in OPTION_RANGES and isinstance(p.default, bool | int | float | str | tuple):
                assert OPTION_RANGES[p.name].fits(p.default), (name, p)


def test_every_range_is_of_some_argument():
    names = {p.name for _, row in ROWS for p in row.parameters}
    assert set(OPTION_RANGES) <= names


@pytest.mark.parametrize(
    ("name", "option"),
    [(n, p.name) for n, row in OPTIMIZERS.items() for p in row.parameters if p.name in WRONG],
)
def test_what_is_out_of_range_torch_refuses(name, option):
    assert not OPTION_RANGES[option].fits(WRONG[option])
    parameter = torch.nn.Parameter(torch.zeros(2))
    with pytest.raises(DataError):
        build_optimizer(Call(name, (), ((option, WRONG[option]),)), [parameter])
