"""Inputs that can be left out, in the language and when the module is called."""

from __future__ import annotations

import pytest
import torch
from torch import tensor

import qmlc
from qmlc.train_program import train_program
from qmlc.training.read_options import TrainOptions

PROGRAM = qmlc.compile("""
layer masked(x: real[B, T, d], keep: bool[B, T] = true, scale: real = 2) -> real[B, T, d] =
    where(keep[:, :, none], linear(d)(x), 0.0) * scale

circuit turned(x: real[2], t: real = 0.5, y: real[2] = [0.25, 1]) -> real[2] {
    qubit q[2]
    ry(x * t) q
    rx(y) q
    return expval(Z(q))
}

model m(x: real[B, T, 4], keep: bool[B, T] = true, w: real[2] = [1.0, 2]) -> real[B, T, 4] {
    let f = masked
    return f(x) + f(x, keep) + f(x, scale=3.0) + sum(turned(w)) + sum(turned(w, y=[0.5, 0.5]))
}
""")
X = torch.rand(3, 5, 4, generator=torch.Generator().manual_seed(0))
ALL = torch.ones(3, 5, dtype=torch.bool)


def test_what_is_left_out_is_the_default():
    model = PROGRAM.m()
    left_out = model(X)
    for given in [(X, ALL), (X, ALL, tensor([1.0, 2.0])), (X, None, tensor([1.0, 2.0]))]:
        assert torch.equal(model(*given), left_out)
    assert not torch.equal(model(X, ~ALL), left_out)
    linear = model.f.linear(X)
    turned = PROGRAM.turned()
    w = tensor([1.0, 2.0])
    added = turned(w).sum() + turned(w, 0.5, tensor([0.5, 0.5])).sum()
    assert torch.allclose(left_out, (2 + 2 + 3) * linear + added, atol=1e-6)


def test_circuits_take_what_is_given_by_place_or_name():
    turned = PROGRAM.turned()
    x = tensor([[0.3, 0.4]] * 6)
    assert torch.equal(turned(x), turned(x, 0.5, tensor([0.25, 1.0])))
    assert torch.equal(turned(x, y=tensor([1.0, 1.0])), turned(x, None, tensor([1.0, 1.0])))


def test_what_is_given_is_checked():
    model = PROGRAM.m()
    with pytest.raises(ValueError, match=r"`keep` is bool\[2, 5\], but bool\[B, T\] is declared"):
        model(X, ALL[:2])
    with pytest.raises(ValueError, match="m: needs `x`"):
        model(None)


def test_training_and_prediction_can_leave_it_out(tmp_path):
    path = tmp_path / "m.hqm"
    path.write_text("""
layer f(x: real[B, 4], keep: bool[B] = true) -> real[B, 3] = linear(3)(where(keep[:, none], x, 0.0))
model m(x: real[B, 4], keep: bool[B] = true) -> real[B, 3] = f(x, keep)
data iris = sklearn("iris") {
    x = features
    y = category(target)
}
train m on iris {
    loss = cross_entropy(m(x), y)
    epochs = 1
}
""")
    results = train_program(path, options=TrainOptions(folder=tmp_path / "run", quiet=True))
    assert len(results["m"].history) == 1
