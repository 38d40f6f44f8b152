from __future__ import annotations

import pytest
import torch

from qmlc.runtime.check_shapes import bind_dimensions


def test_names_are_bound_and_arithmetic_is_checked():
    declared = {"x": "real[..., B, d]", "mask": "bool[B, T]", "y": "real[B, 2*d + 1]", "n": "int"}
    tensors = {
        "x": torch.zeros(7, 5, 3),
        "mask": torch.ones(5, 4, dtype=torch.bool),
        "y": torch.zeros(5, 7),
        "n": torch.tensor(3),
    }
    assert bind_dimensions("m", declared, tensors) == {"B": 5, "d": 3, "T": 4}


@pytest.mark.parametrize(
    ("declared", "tensors", "message"),
    [
        (
            {"x": "real[B, 4]"},
            {"x": torch.zeros(32, 5)},
            "iris: `x` is real[32, 5], but real[B, 4] is declared",
        ),
        (
            {"x": "real[B, 4]", "y": "real[B]"},
            {"x": torch.zeros(32, 4), "y": torch.zeros(31)},
            "iris: `y` is real[31], but real[B] is declared (B is 32 by `x`)",
        ),
        (
            {"y": "real[2*d]", "x": "real[d]"},
            {"x": torch.zeros(2), "y": torch.zeros(5)},
            "iris: `y` is real[5], but real[2*d] is declared (2*d is 4)",
        ),
        ({"x": "int[B]"}, {"x": torch.zeros(2)}, "iris: `x` is real[2], but int[B] is declared"),
        (
            {"x": "real[B, B]"},
            {"x": torch.zeros(2, 3)},
            "iris: `x` is real[2, 3], but real[B, B] is declared (B is 2)",
        ),
        ({"x": "real"}, {"x": torch.zeros(2)}, "iris: `x` is real[2], but real is declared"),
        (
            {"x": "bool[..., 2]"},
            {"x": torch.zeros(())},
            "iris: `x` is real, but bool[..., 2] is declared",
        ),
    ],
)
def test_what_is_not_declared_is_named(declared, tensors, message):
    with pytest.raises(ValueError) as error:
        bind_dimensions("iris", declared, tensors)
    assert str(error.value) == message


def test_arithmetic_tells_the_one_name_that_it_leaves_open():
    assert bind_dimensions("m", {"x": "real[2**n]"}, {"x": torch.zeros(8)}) == {"n": 3}
    tensors = {"x": torch.zeros(2, 9), "y": torch.zeros(2)}
    assert bind_dimensions("m", {"x": "real[B, B + 1 + 2*d]", "y": "real[B]"}, tensors)["d"] == 3
    assert bind_dimensions("m", {"x": "real[a*b]"}, {"x": torch.zeros(6)}) == {}
    with pytest.raises(ValueError, match=r"real\[2\*\*n\] is declared \(5 is no 2\*\*n\)"):
        bind_dimensions("m", {"x": "real[2**n]"}, {"x": torch.zeros(5)})


def test_sizes_made_of_the_inputs_are_whole_and_not_negative():
    x = {"x": torch.zeros(2, 5)}
    bind_dimensions("m", {"x": "real[B, T]"}, x, sizes=["T - 5", "B / 2", "(T - 1) / 2", "U / 2"])
    with pytest.raises(ValueError, match=r"m: the size `T / 2` is no whole number, as T is 5$"):
        bind_dimensions("m", {"x": "real[B, T]"}, x, sizes=["T / 2"])
    with pytest.raises(ValueError, match=r"m: the size `T - 3\*B` is -1, as B is 2, T is 5$"):
        bind_dimensions("m", {"x": "real[B, T]"}, x, sizes=["T - 3*B"])


def test_it_works_under_compile_and_vmap():
    def double(x):
        return x * bind_dimensions("m", {"x": "real[B, 4]"}, {"x": x})["B"]

    compiled = torch.compile(double, backend="eager", fullgraph=True)
    assert torch.equal(compiled(torch.ones(3, 4)), 3 * torch.ones(3, 4))
    assert torch.equal(torch.func.vmap(double)(torch.ones(2, 3, 4)), 3 * torch.ones(2, 3, 4))
