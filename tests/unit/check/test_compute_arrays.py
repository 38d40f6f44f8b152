"""Functions of whole tensors in a circuit, against torch on the same numbers."""

from __future__ import annotations

import einops
import pytest
import torch

import qmlc

CASES = {
    'rearrange(x, "a b -> (b a)")': lambda x: einops.rearrange(x, "a b -> (b a)"),
    'rearrange(x, "a (b c) -> (c a b)", c=3)': lambda x: einops.rearrange(
        x, "a (b c) -> (c a b)", c=3
    ),
    "reshape(x, [6])": lambda x: x.reshape(6),
    "reshape(permute(x, [1, 0]), [-1])": lambda x: x.permute(1, 0).reshape(-1),
    "cat([x[0], x[1]])": lambda x: torch.cat([x[0], x[1]]),
    "reshape(cat([x, 2 * x[:, 0:1]], dim=1)[:, 1:], [6])": lambda x: torch.cat(
        [x, 2 * x[:, 0:1]], dim=1
    )[:, 1:].reshape(6),
    "reshape(stack([x[0], x[1]], dim=1), [6])": lambda x: torch.stack([x[0], x[1]], 1).reshape(6),
    "reshape(softmax(x, dim=-1), [6])": lambda x: torch.softmax(x, -1).reshape(6),
    "reshape(softmax(x, dim=0), [6])": lambda x: torch.softmax(x, 0).reshape(6),
}


@pytest.mark.parametrize("expression", CASES)
def test_it_is_what_torch_computes(expression):
    text = f"""circuit c(x: real[2, 3]) -> real[6] {{
    qubit q[6]
    ry({expression}) q
    return expval(Z(q))
}}
"""
    x = torch.tensor([[0.1, 0.7, 1.3], [1.9, 2.3, 0.4]])
    torch.testing.assert_close(qmlc.compile(text).c()(x), torch.cos(CASES[expression](x)))
