"""Private trainings: clipped gradients, noise, sampling and epsilon are those of the theory."""

from __future__ import annotations

import json
from math import sqrt
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from opacus.accountants import RDPAccountant
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.testing import assert_close

from qmlc.source.compile_error import CompileError
from qmlc.train_program import train_program
from qmlc.training.data.prepare_rows import make_batches
from qmlc.training.private_gradient import Privacy, private_gradient
from qmlc.training.read_options import TrainOptions


class Output(NamedTuple):
    loss: Tensor


class Loss(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))

    def forward(self, x: Tensor, y: Tensor) -> Output:
        return Output(nn.functional.cross_entropy(self.net(x), y))


@pytest.mark.parametrize("clip", [0.1, 0.5, 100.0])
def test_gradients_of_rows_are_clipped_one_by_one(clip):
    torch.manual_seed(0)
    module = Loss().double()
    x, y = torch.randn(7, 3, dtype=torch.float64), torch.randint(2, (7,))
    silent = Privacy(delta=1e-5, clip=clip, noise=0.0, rate=0.1, batch=5)
    loss = private_gradient(module, (x, y), silent, Tensor.backward)
    assert_close(loss, module(x, y).loss.detach())
    weights = dict(module.named_parameters())

    def of_row(weights, x, y):
        return functional_call(module, weights, (x[None], y[None])).loss

    each = vmap(grad(of_row), in_dims=(None, 0, 0))(weights, x, y)
    norms = sum(g.flatten(1).square().sum(1) for g in each.values()).sqrt()
    factors = (clip / norms).clamp(max=1)
    for name, weight in weights.items():
        clipped = torch.tensordot(factors, each[name], 1) / 5
        assert_close(weight.grad, clipped.detach())


def test_noise_is_as_wide_as_it_says():
    torch.manual_seed(0)
    module = Loss()
    rows = (torch.zeros(0, 3), torch.zeros(0, dtype=torch.int64))
    privacy = Privacy(delta=1e-5, clip=2.0, noise=1.5, rate=0.1, batch=4)
    drawn = []
    for _ in range(200):
        assert private_gradient(module, rows, privacy, Tensor.backward) == 0
        drawn += [p.grad.flatten() for p in module.parameters()]
    noise = torch.cat(drawn)
    assert float(noise.std()) == pytest.approx(1.5 * 2.0 / 4, rel=0.03)
    assert abs(float(noise.mean())) < 4 * 0.75 / sqrt(len(noise))


def test_each_row_is_in_a_batch_with_one_chance():
    rows, size = 40, 6
    order = torch.Generator().manual_seed(0)
    batches = make_batches((torch.arange(rows),), size, order, poisson=True)
    assert len(batches) == 7
    counts = torch.zeros(300 * 7, rows)
    for number in range(300):
        for step, (batch,) in enumerate(batches):
            counts[number * 7 + step, batch] += 1
    assert counts.max() == 1
    chance = size / rows
    error = sqrt(chance * (1 - chance) / len(counts))
    assert ((counts.mean(0) - chance).abs() < 4.5 * error).all()
    # sizes vary as independent rows make them
    assert float(counts.sum(1).var()) == pytest.approx(rows * chance * (1 - chance), rel=0.15)


PROGRAM = """
circuit turns(x: real[2]) -> real[2] {
    param w: real[2] ~ normal(0, 1)
    qubit q[2]
    ry(x + w) q
    cx q[0], q[1]
    return expval(Z(q))
}
model m(x: real[B, 2]) -> real[B, 2] = x |> linear(2) |> turns |> linear(2)
model mixing(x: real[B, 2]) -> real[B, 2] = x |> linear(2) |> batch_norm1d() |> linear(2)
data d = csv("d.csv") {
    x = [u, v]
    y = category(k)
}
train MODEL on d {
    loss = cross_entropy(MODEL(x), y)
    epochs = 4
    batch = 5
    private = dp_sgd(epsilon=8, delta=0.001)
    MORE
}
"""


@pytest.fixture
def train(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [f"{i / 7},{i % 3 / 3},{'ab'[i % 2]}" for i in range(40)]
    Path("d.csv").write_text("\n".join(["u,v,k", *rows]))

    def train(more: str = "", model: str = "m"):
        Path("p.hqm").write_text(PROGRAM.replace("MODEL", model).replace("MORE", more))
        return train_program(Path("p.hqm"), TrainOptions(quiet=True, device="cpu"))[model]

    return train


def test_a_training_spends_what_it_was_given(train):
    result = train()
    kept = json.loads((result.folder / "metrics.json").read_text())["private"]
    accountant = RDPAccountant()
    for _ in range(result.steps):
        accountant.step(noise_multiplier=kept["noise"], sample_rate=5 / 40)
    assert kept["epsilon"] == pytest.approx(accountant.get_epsilon(1e-3))
    assert 7.9 < kept["epsilon"] <= 8
    # chosen by no loss of the rows that were learned from
    assert result.best_epoch == 4


def test_a_training_that_stops_early_spends_less(train):
    result = train("holdout = 0.2\n    early_stop = 1\n    optimizer = sgd(lr=0)")
    assert result.history[-1]["epoch"] == 2 and result.privacy["epsilon"] < 7


@pytest.mark.parametrize(
    ("more", "model", "message"),
    [
        ("", "mixing", "mixes the rows of a batch"),
        ("accumulate = 2", "m", "the rows of a step are drawn at once"),
        ("optimizer = lbfgs()", "m", "asks the rows of a step many times"),
        ("schedule = reduce_on_plateau()", "m", "looks at the loss of the rows"),
    ],
)
def test_what_would_tell_more_is_refused(train, more, model, message):
    with pytest.raises(CompileError, match=message):
        train(more, model)
