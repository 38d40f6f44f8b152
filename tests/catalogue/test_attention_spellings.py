"""Spellings of attention: which are lowered, and how; all keep their values and gradients."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

import qmlc
from qmlc.passes.attention.lower_attention import lower_unit

PATH = Path(__file__).parent / "attention" / "spellings.hqm"
SPELLINGS = re.findall(r"^## (\w+): ?(.*)\nmodel (\w+)", PATH.read_text("utf-8"), re.MULTILINE)
SIZES = {"B": 2, "H": 3, "T": 5, "S": 6, "d": 8, "f": 7}
NAMES = [name for _, _, name in SPELLINGS]


@pytest.fixture(scope="module")
def programs():
    """The spellings as written, and optimised."""
    return qmlc.load(PATH, level=0), qmlc.load(PATH, level=2)


@pytest.fixture(autouse=True)
def in_double_precision():
    """`sqrt(d)` of an open size is a tensor of torch's default precision."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def test_there_are_forty_and_each_says_what_becomes_of_it():
    assert len(SPELLINGS) >= 40
    assert len(SPELLINGS) == PATH.read_text("utf-8").count("\nmodel ")
    assert {outcome for outcome, _, _ in SPELLINGS} == {"lowered", "kept"}


def unit_of(program, name):
    return next(unit for unit in program.program.units if unit.name == name)


def forward(program, name):
    """The method of one model, in one line."""
    start = program.python.index(f"\nclass {unit_of(program, name).class_name}(")
    method = program.python[start:].partition("def forward(")[2].partition("\nclass ")[0]
    return re.sub(r"\s+", " ", method)


@pytest.mark.parametrize(("outcome", "said", "name"), SPELLINGS, ids=NAMES)
def test_spelling_is_lowered_or_kept_as_it_says(programs, outcome, said, name):
    plain, optimised = programs
    text = forward(optimised, name)
    if outcome == "lowered":
        called = ("F.scaled_dot_product_attention(", "attend_in_rows(", "attend_in_windows(")
        assert any(name in text for name in called) and "torch.softmax" not in text
        assert all(part in text for part in said.split("; "))
    else:
        reasons = [refusal.reason for refusal in lower_unit(unit_of(plain, name))[1]]
        assert "scaled_dot_product" not in text
        assert bool(reasons) == bool(said) and all(said in reason for reason in reasons)


def draw(kind, seen):
    """A tensor of a type; of truth values `seen` is the share of true ones, at most."""
    shape = [SIZES.get(str(d), d) for d in kind.dims]
    if kind.dtype == "real":
        return torch.randn(shape, requires_grad=True)
    ones = torch.rand(shape) < seen
    ones[..., 0] = ones[..., 0] | (seen == 1)
    if seen < 1:
        ones[0] = False
    return ones if kind.dtype == "bool" else ones.long()


@pytest.mark.parametrize("seen", [1.0, 0.7])
@pytest.mark.parametrize("name", NAMES)
def test_spelling_keeps_values_and_gradients(programs, name, seen):
    """With and without rows that see nothing; where the formula gives nan, so does the model."""
    torch.manual_seed(0)
    models = [getattr(program, name)().double().eval() for program in programs]
    models[1].load_state_dict(models[0].state_dict())
    inputs = [draw(kind, seen) for _, kind in unit_of(programs[0], name).inputs]
    values = [model(*inputs) for model in models]
    wanted, found = (v if isinstance(v, torch.Tensor) else v.y for v in values)
    torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-10, equal_nan=True)
    if not wanted.isnan().any():
        before, after = (
            torch.autograd.grad(y.sin().sum(), [*real(inputs), *m.parameters()])
            for m, y in zip(models, (wanted, found), strict=True)
        )
        torch.testing.assert_close(after, before, rtol=1e-10, atol=1e-10)


def real(inputs):
    return [x for x in inputs if x.is_floating_point()]
