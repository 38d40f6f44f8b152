"""Random choices in data: other ones for each draw, the same for the same one."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from qmlc.ir.program import Call, Column, Data, Field
from qmlc.train_program import evaluate_program, train_program
from qmlc.training.data.fit_fields import draw_fields, fit_fields, random_fields
from qmlc.training.data.read_data import read_data
from qmlc.training.measure import measure
from qmlc.training.read_options import TrainOptions

SIZE = (4, 6)


@pytest.fixture(scope="module")
def draw():
    """What makes `given`, 8 by 8 in 50 rows, and what is drawn from it."""
    x = Call("mul", (Column("image"), 1))
    fields = {
        "given": Call("sub", ((x,), 0)),
        "cropped": Call("random_crop", (Column("given"), SIZE, 2)),
        "flipped": Call("random_flip", (Column("given"),)),
        "noisy": Call("gaussian_noise", (Column("given"), 0.5)),
        "twice": Call("mul", (Column("noisy"), 2)),
    }
    data = Data("d", Call("sklearn", ("digits",)), tuple(Field((n,), v) for n, v in fields.items()))
    table = read_data(data.source, Path()).take(range(50))
    states = fit_fields(data, table, fields)
    assert random_fields(data, fields) == ("cropped", "flipped", "noisy", "twice")
    make = draw_fields(data, table, list(fields), states, torch.float64)
    return lambda number: SimpleNamespace(**dict(zip(fields, make(number), strict=True)))


def test_a_number_decides_what_is_drawn(draw):
    some, same, other = draw(7), draw(7), draw(8)
    for name, tensor in vars(some).items():
        assert tensor.equal(getattr(same, name))
        assert tensor.equal(getattr(other, name)) == (name == "given")


def test_parts_of_images(draw):
    made = draw(3)
    images = F.pad(made.given, (2,) * 4)
    windows = images.unfold(2, SIZE[0], 1).unfold(3, SIZE[1], 1)  # [50, 1, rows, columns, *SIZE]
    found = (windows == made.cropped[:, :, None, None]).flatten(4).all(-1)
    assert found.flatten(1).any(1).all()
    places = found.nonzero()
    assert {*places[:, 2].tolist()} == set(range(9)) and {*places[:, 3].tolist()} == set(range(7))
    flipped = (made.flipped == made.given.flip(-1)).flatten(1).all(1)
    assert (made.flipped[~flipped] == made.given[~flipped]).all()
    assert 10 < int(flipped.sum()) < 40


def test_noise(draw):
    made = draw(5)
    noise = made.noisy - made.given
    assert noise.std().item() == pytest.approx(0.5, rel=0.05)
    assert noise.mean().item() == pytest.approx(0, abs=0.05)
    assert made.twice.equal(2 * made.noisy)


def test_rows_that_are_measured_are_left_as_they_are(draw):
    made = draw(None)
    assert made.noisy.equal(made.given) and made.flipped.equal(made.given)
    assert made.cropped.equal(made.given[:, :, 2:6, 1:7])


@pytest.mark.parametrize("fresh", [True, False])
def test_masks_are_fresh_or_not(tmp_path, fresh):
    (tmp_path / "t.txt").write_text("\n".join(f"one two three four {i}" for i in range(30)))
    words = Call("words", (40,))
    fields = (
        Field(("tokens", "segment"), Call("sentence_pairs", (words, 24), (("fresh", False),))),
        Field(("noisy", "original"), Call("mask_tokens", (Column("tokens"),), (("fresh", fresh),))),
    )
    data = Data("d", Call("text", ("t.txt",)), fields)
    table = read_data(data.source, tmp_path)
    names = ["tokens", "noisy"]
    make = draw_fields(data, table, names, fit_fields(data, table, names), torch.float32)
    fixed, one, two = make(None), make(1), make(2)
    assert fixed[0].equal(one[0])
    assert fixed[1].equal(one[1]) == one[1].equal(two[1]) == (not fresh)


class Drawing(nn.Module):
    def forward(self, x):
        return SimpleNamespace(loss=(x + torch.randn_like(x)).mean())


def test_measuring_draws_the_same_each_time():
    torch.manual_seed(3)
    first = measure(Drawing(), [(torch.zeros(5),)])
    drawn = torch.rand(())
    assert measure(Drawing(), [(torch.zeros(5),)]) == first
    torch.manual_seed(3)
    assert torch.rand(()) == drawn


PROGRAM = """
model m(x: real[B, 4]) -> real[B, 4] = x |> linear(4)
data d = sklearn("iris") {
    x = gaussian_noise(features, std=1.0)
    y = [features]
}
train m on d {
    loss = mse(m(x + rand_like(x)), rearrange(y, "b 1 f -> b f"))
    epochs = 2
    holdout = 0.5
    optimizer = sgd(lr=LR)
}
"""


def test_learning_sees_other_rows_in_each_epoch_and_measuring_the_same(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    program = tmp_path / "p.hqm"
    program.write_text(PROGRAM.replace("LR", "1e-30"))
    result = train_program(program, TrainOptions(quiet=True))["m"]
    first, second = result.history
    assert first["learning"] != second["learning"]
    assert first["loss"] == second["loss"] == result.measurements["held-out"].loss
    (measured,) = evaluate_program(program).values()
    assert measured["loss"] == pytest.approx(first["loss"], rel=1e-6)
