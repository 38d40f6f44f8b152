"""Masks that are true by default: nothing is done for them where they are left out."""

from __future__ import annotations

import pytest
import torch

import qmlc
from qmlc.costs.read_costs import typical_costs
from qmlc.planning.explain_plan import PlanOptions, chosen_units, plan_unit

PROGRAM = """
use std.transformer (encoder, decoder_layer, llama_layer)

model all(x: real[B, T, 8], mask: bool[B, T] = true) -> real[B, T, 8] = encoder(2, 2, 16)(x, mask)
model back(x: real[B, T, 8], mask: bool[B, T] = true) -> real[B, T, 8] =
    llama_layer(2, 1, 16)(x, mask)
model two(x: real[B, T, 8], mask: bool[B, T] = true, others: bool[B, T] = true)
    -> real[B, T, 8] = decoder_layer(2, 16)(x, x, mask, others)
model near(q: real[B, 2, T, 8], mask: bool[B, T] = true) -> real[B, 2, T, 8] {
    let window = abs(range(T)[:, none] - range(T)) < 3
    return softmax(where(window and mask[:, none, none, :], q @ q.T, -inf)) @ q
}
model counted(x: real[B, T, 8], mask: bool[B, T] = true) -> real[B, T, 8] =
    encoder(1, 2, 16)(x, mask) * sum(mask)
model hidden(x: real[B, 2, T, 8], mask: bool[B, T] = false) -> real[B, 2, T, 8] =
    softmax(where(mask[:, none, none, :], x @ x.T, -1e9)) @ x
"""
NAMES = ("all", "back", "two", "near", "counted")


@pytest.fixture(scope="module")
def programs():
    """As written, and optimised once and again and again."""
    return [qmlc.compile(PROGRAM, level=level) for level in (0, 2, 3)]


def methods(program, name):
    """What the class of a name says from its `forward` on."""
    return (
        program.python.partition(f"class {name}(")[2].partition("def forward")[2].split("class ")[0]
    )


@pytest.mark.parametrize("name", [*NAMES, "hidden"])
def test_left_out_or_true_is_the_same(programs, name):
    torch.manual_seed(0)
    models = [getattr(program, name)().double().eval() for program in programs]
    for model in models[1:]:
        model.load_state_dict(models[0].state_dict())
    x = torch.randn((3, 2, 5, 8) if name in ("near", "hidden") else (3, 5, 8)).double()
    some = torch.rand(3, 5) < 0.7
    for given in ((), (torch.ones(3, 5).bool(),), (some.logical_or(torch.arange(5) == 0),)):
        written, *optimised = (model(x, *given) for model in models)
        for found in optimised:
            torch.testing.assert_close(found, written, rtol=1e-10, atol=1e-10)


def test_no_mask_is_made_where_none_is_given(programs):
    text = programs[1].python
    for name in ("All", "Back", "Two", "Encoder", "EncoderLayer", "DecoderLayer", "LlamaLayer"):
        assert "torch.full" not in methods(programs[1], name)
        assert "torch.full" in methods(programs[0], name)
    before, _, after = methods(programs[1], "MultiHeadAttention").partition("if mask is None:")
    assert "to_query" in before and "attn_mask" not in after.partition("return")[0]
    assert text.count("is_causal=True") == 2


def test_windows_stay(programs):
    branch = methods(programs[1], "Near").partition("if mask is None:")[2]
    early, _, late = branch.partition("return")[2].partition("logical_and")
    assert "attend_in_windows(q, q, q, (2, 2), scale" in early and "torch.where" not in early
    assert "(2, 2), attn_mask=index" in late and "torch.where" in late


def test_masks_stay_where_something_else_needs_them(programs):
    assert "torch.full" in methods(programs[1], "Counted")
    assert "torch.full" in methods(programs[1], "Hidden")


def test_plans_count_what_runs(programs):
    unit = chosen_units(programs[1].program, "back")[0]
    options = PlanOptions(batch=2, sizes={"T": 16})
    plan = plan_unit(programs[1].program, unit, typical_costs(), options)
    attention = [row for row in plan.rows if row.group == "attention"]
    assert len(attention) == 1 and attention[0].calls == 1
