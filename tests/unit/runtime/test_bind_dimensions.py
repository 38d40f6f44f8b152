"""Shapes of calls against declarations."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from qmlc.runtime.bind_dimensions import bind_dimensions


@given(st.integers(1, 4), st.integers(0, 4), st.integers(1, 3))
@settings(max_examples=25, deadline=None)
def test_names_are_bound_to_sizes(b, t, n):
    types = {"x": "real[B, T, 4]", "y": "int[B, 2*n + 1]", "z": "bool[..., T]", "s": "real"}
    tensors = {
        "x": torch.zeros(b, t, 4),
        "y": torch.zeros(b, 2 * n + 1, dtype=torch.int64),
        "z": torch.zeros(7, 3, t, dtype=torch.bool),
        "s": torch.tensor(1.0),
    }
    assert bind_dimensions("u", types, tensors) == {"B": b, "T": t, "n": n}


@pytest.mark.parametrize(
    ("types", "shapes", "message"),
    [
        (
            {"x": "real[B, 4]"},
            [(2, 5)],
            r"u: `x` is real\[B, 4\], the tensor given is real\[2, 5\]",
        ),
        ({"x": "real[B, 4]"}, [(4,)], r"u: `x` is real\[B, 4\], the tensor given is real\[4\]"),
        ({"x": "real[..., 4]"}, [()], r"given is real$"),
        ({"x": "real[T]", "y": "real[T]"}, [(2,), (3,)], "`T` is 2 in `x`, but 3 in `y`"),
        ({"x": "real[n]", "y": "real[2*n]"}, [(2,), (5,)], r"u: `y` is real\[2\*n\]"),
        ({"x": "real[2**n]"}, [(5,)], None),
        ({"x": "real[n]", "y": "real[2**n]"}, [(2,), (5,)], r"`y` is real\[2\*\*n\]"),
        ({"x": "real[n]", "y": "real[n // 2 - 1]"}, [(8,), (3,)], None),
        ({"x": "real[2*n]"}, [(5,)], None),
    ],
)
def test_what_does_not_fit_is_said_in_the_authors_names(types, shapes, message):
    tensors = {name: torch.zeros(s) for name, s in zip(types, shapes, strict=True)}
    if message is None:
        bind_dimensions("u", types, tensors)
    else:
        with pytest.raises(ValueError, match=message):
            bind_dimensions("u", types, tensors)


@pytest.mark.parametrize(
    "value", [torch.zeros(2, dtype=torch.int64), [1.0, 2.0], torch.zeros(2) > 0]
)
def test_other_kinds_are_type_errors(value):
    with pytest.raises(TypeError, match=r"u: `x` is real\[n\]"):
        bind_dimensions("u", {"x": "real[n]"}, {"x": value})
