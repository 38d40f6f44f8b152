"""What someone who knows PyTorch writes: it works as there, or is corrected in these words."""

from __future__ import annotations

import re

import pytest
import torch

import qmlc
from qmlc.check.foreign_names import LIBRARY_ELSEWHERE
from qmlc.driver import check_text


def run(body, *inputs, declared="x: real[B, 6]", result="real[B, 2]"):
    program = qmlc.compile(f"model m({declared}) -> {result} {{\n{body}\n}}\n")
    with torch.no_grad():
        return program.m()(*inputs)


X = torch.rand(5, 6, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("let a, b, c = chunk(x, 3, dim=-1)\nreturn a * b - c",
         X[:, :2] * X[:, 2:4] - X[:, 4:]),
        ("let a, b = split(x, [4, 2], dim=1)\nreturn b * a[:, :2]", X[:, 4:] * X[:, :2]),
        ("return x[:, :2] + full([B, 2], 0.5)", X[:, :2] + 0.5),
        ("let parts = split(x, 4, dim=1)\nreturn parts[1]", X[:, 4:]),
        ("return stack([unbind(x, dim=1)[0], x[:, -1]], dim=-1)", X[:, [0, -1]]),
        ("let values, places = topk(x, 2)\nreturn values + places", sum(X.topk(2))),
        ("return sort(x).indices[:, :2]", X.sort().indices[:, :2]),
        ("return float(0.2 < x < 0.7)[:, :2]", ((X > 0.2) & (X < 0.7)).float()[:, :2]),
        ("return float((0.2 < x) == (x < 0.7))[:, :2]", ((X > 0.2) == (X < 0.7)).float()[:, :2]),
        ("return x.T.T[:, ::3] + zeros(B, 1) + ones([2])", X[:, ::3] + 1),
        ("return gather(x, 1, argsort(x)[:, :2])", X.sort().values[:, :2]),
        ("return masked_fill(x, x > 0.5, -1.0)[:, none, 1:3][:, 0]",
         X.masked_fill(X > 0.5, -1)[:, 1:3]),
        ("return reshape(x, B, 3, 2)[:, 1]", X[:, 2:4]),
        ("let a, b = meshgrid(range(2), x[0])\nreturn x[:, :2] + sum(a * b, dim=1)",
         X[:, :2] + (torch.arange(2)[:, None] * X[0]).sum(1)),
        ("let a, b = meshgrid([x[0], range(2)], indexing=\"xy\")\nreturn x[:, :2] + (a - b)[:, 1]",
         X[:, :2] + X[0, 1] - torch.arange(2)),
    ],
)  # fmt: skip
def test_it_works_as_in_torch(body, expected):
    torch.testing.assert_close(run(body, X).to(expected.dtype), expected)


P, Q = torch.tensor([3, 0, 0, 2]), torch.tensor([[1, 4, 2], [0, 0, 4]])


@pytest.mark.parametrize(
    ("index", "dims"),
    [("p", "4, 6"), ("q", "2, 3, 6"), (":, q", "B, 2, 3"), ("1:, q", "B - 1, 2, 3"),
     ("..., p", "B, 4"), ("..., none, p", "B, 1, 4"), ("q[0, 0]", "6"),
     ("p, none, :2", "4, 1, 2"), (":, q[:, 1]", "B, 2")],
)  # fmt: skip
def test_places_are_taken_as_in_torch(index, dims):
    text = f"return x[{index}]"
    found = run(text, X, P, Q, declared="x: real[B, 6], p: int[4], q: int[2, 3]",
                result=f"real[{dims}]")  # fmt: skip
    assert found.equal(eval(f"X[{index.replace('none', 'None')}]", {"X": X, "p": P, "q": Q}))


@pytest.mark.parametrize(
    ("index", "message"),
    [("x > 0.5", "choose with `where"), ("x", "int(x)"), ("0, p", "x[0][places]"),
     ("p, p", "take_along_dim")],
)  # fmt: skip
def test_other_places_are_corrected(index, message):
    text = f"model m(x: real[B, 6], p: int[4]) -> real = sum(x[{index}])"
    (problem,) = check_text(text)
    assert problem.code == "E0307" and message in problem.proposal


@pytest.mark.parametrize("name", ["sum", "mean", "var", "std", "amin", "max", "any", "all"])
def test_reductions_of_what_a_mask_chooses(name):
    mask = X.gt(0.3)[:, 0] & torch.tensor([True, True, False, True, True])
    kind = "bool[6]" if name in ("any", "all") else "real[6]"
    argument = "x > 0.5" if name in ("any", "all") else "x"
    found = run(f"return {name}({argument}, dim=0, where=mask)", X, mask,
                declared="x: real[B, 6], mask: bool[B]", result=kind)  # fmt: skip
    chosen = X[mask] > 0.5 if name in ("any", "all") else X[mask]
    expected = getattr(torch, {"max": "amax"}.get(name, name))(chosen, dim=0)
    torch.testing.assert_close(found, expected)


def test_random_numbers_differ_in_each_place_and_call():
    body = "return randn(B, 2) * 0 + randn_like(x)[:, :2] - randn_like(x)[:, :2]"
    first, second = run(body, X), run(body, X)
    assert (first != second).all() and (first != 0).all()


@pytest.mark.parametrize(
    ("expression", "proposal"),
    [
        ("nn.Linear(6, 2)(x)", "`linear(out_features)(x)`"),
        ("nn.LayerNorm(6)(x)", "`layer_norm()(x)`"),
        ("nn.Conv2d(1, 2, 3)(x)", "`conv2d(out_channels, kernel_size)(x)`"),
        ("nn.BatchNorm1d(6)(x)", "`batch_norm1d()(x)`"),
        ("nn.ReLU()(x)", "`relu(…)`"),
        ("F.gelu(x)", "`gelu(…)`"),
        ("torch.cat([x, x])", "`cat(…)`"),
        ("torch.nonzero(x)", "where(mask, a, b)"),
        ("x.view(2, 3)", "`reshape(x, …)`"),
        ("x.relu()", "`relu(x)`"),
        ("x / x.shape[0]", "the sizes are `B`, `6`"),
        ("x / x.size(0)", "the sizes are `B`, `6`"),
        ("nonzero(x)", "where(mask, a, b)"),
        ("softmax(x, axis=1)", "did you mean `dim`?"),
        ("x.cuda()", "devices follow the module"),
    ],
)
def test_other_words_are_put_into_these(expression, proposal):
    (error,) = check_text(f"model m(x: real[B, 6]) -> real[B, 2] = {expression}\n")
    assert proposal in error.help_text


def test_attention_drops_out_in_training_only():
    call = "scaled_dot_product_attention(x, x, x, dropout_p=0.5)"
    text = f"model m(x: real[B, T, 4]) -> real[B, T, 4] = {call}\n"
    net, x = qmlc.compile(text).m(), torch.rand(2, 3, 4)
    assert (net.train()(x) != net.train()(x)).any()
    plain = torch.nn.functional.scaled_dot_product_attention(x, x, x)
    torch.testing.assert_close(net.eval()(x), plain)


def test_a_name_of_the_author_is_no_module():
    assert not check_text("model m(F: real[B, 6]) -> real[6, B] = F.T\n")


@pytest.mark.parametrize("name", sorted(LIBRARY_ELSEWHERE))
def test_what_is_proposed_of_the_library_is_there(name):
    module, call = LIBRARY_ELSEWHERE[name]
    (error,) = check_text(f"model m(x: real[B]) -> real[B] = {name}(x)")
    assert f"`use std.{module} (" in error.help_text and call in error.help_text
    entry = re.split(r"\W", call)[0]
    assert not check_text(f"use std.{module} ({entry})")
