"""Every function that the prover of rules computes in numpy, against torch on random tensors."""

from __future__ import annotations

import math

import einops
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from qmlc.ir.evaluate_graph import NUMPY
from qmlc.ops.fill_template import fill_template
from qmlc.ops.functions import FUNCTIONS
from qmlc.ops.parameters import REQUIRED
from qmlc.ops.rows import ATOM
from qmlc.runtime.attend_in_rows import attend_in_rows
from qmlc.runtime.attend_in_windows import attend_in_windows

SETTINGS = {
    "dim": -1, "keepdim": True, "dim0": 0, "dim1": 2, "dims": (1, 0, 2), "shape": (4, 6),
    "min": -0.5, "max": 0.5, "approximate": "tanh", "diagonal": 1, "correction": 0, "beta": 2.0,
    "threshold": 1.0, "reduction": "sum", "scale": 0.3, "equation": "b i j, b k j -> b i k",
}  # fmt: skip
KEPT = {"dropout_p", "enable_gqa"}
SHAPES = {"dot": (4,), "outer": (4,), "trace": (3, 3)}


def choices(row, other):
    """The settings of a row: its defaults, or others."""
    return {
        p.name: SETTINGS[p.name]
        if p.default is REQUIRED or (other and p.name in SETTINGS and p.name not in KEPT)
        else p.default
        for p in row.settings
    }


def operands(name, row):
    random = np.random.default_rng(0)
    count = 2 if row.variadic else len([p for p in row.tensors if p.default is REQUIRED])
    shape = SHAPES.get(name, (2, 3, 4))
    tensors = [random.uniform(-0.9, 0.9, shape) for _ in range(count)]
    if name in ("any", "all") or name.startswith("logical") or name == "where":
        tensors[0] = tensors[0] > 0
    if name.startswith("logical"):
        tensors[1:] = [t > 0 for t in tensors[1:]]
    if name == "imag":
        tensors[0] = tensors[0] * (1 + 2j)
    if name == "matmul":
        tensors[1] = tensors[1].swapaxes(-1, -2)
    if name in ("acosh", "sqrt", "log", "rsqrt", "log2", "log10", "power"):
        tensors[0] = 1.5 + tensors[0] / 2
    return tensors


CASES = [(name, other) for name in NUMPY for other in (False, True)]
CASES.remove(("clamp", False))  # which needs a bound


@pytest.mark.parametrize(("name", "other"), CASES)
def test_function_is_that_of_torch(name, other):
    row = FUNCTIONS[name]
    chosen, tensors = choices(row, other), operands(name, row)
    values = {f"x{i}": torch.tensor(t) for i, t in enumerate(tensors)}
    names = [(key, ATOM) for key in values]
    given = (
        {row.tensors[0].name: names}
        if row.variadic
        else dict(zip((p.name for p in row.tensors), [*names, None, None], strict=False))
    )
    source = fill_template(row, given, chosen)
    spaces = {"torch": torch, "F": F, "einops": einops, "math": math}
    wanted = eval(source, spaces, values)
    found = NUMPY[name](*tensors, **chosen)
    np.testing.assert_allclose(found, wanted.numpy(), rtol=1e-12, atol=1e-12)


def test_attention_takes_masks():
    random = np.random.default_rng(1)
    q, k, v = (random.normal(size=(2, 5, 4)) for _ in range(3))
    function = NUMPY["scaled_dot_product_attention"]
    defaults = {"dropout_p": 0.0, "is_causal": False, "scale": None, "enable_gqa": False}
    defaults |= {"softcap": None, "window": None}
    for mask in (random.normal(size=(5, 5)), np.tril(np.ones((5, 5), dtype=bool))):
        wanted = F.scaled_dot_product_attention(
            *map(torch.tensor, (q, k, v)), attn_mask=torch.tensor(mask)
        )
        np.testing.assert_allclose(function(q, k, v, mask, **defaults), wanted, atol=1e-12)
        wanted = attend_in_rows(*map(torch.tensor, (q, k, v)), 0.5, attn_mask=torch.tensor(mask))
        capped = function(q, k, v, mask, **defaults | {"softcap": 0.5})
        np.testing.assert_allclose(capped, wanted, atol=1e-12)
        wanted = attend_in_windows(*map(torch.tensor, (q, k, v)), (1, 2), torch.tensor(mask))
        near = function(q, k, v, mask, **defaults | {"window": (1, 2)})
        np.testing.assert_allclose(near, wanted, atol=1e-12)
