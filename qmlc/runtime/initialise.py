"""How parameters start: PyTorch's initialisers under the language's names."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import init


def identity_blocks_(tensor: Tensor) -> Tensor:
    """Angles all around the circle, those of each odd row being those of the row before.

    With `layer(w[2*i]) q` and then `inv @ layer(w[2*i + 1]) q` each pair of layers starts as the
    identity, however deep the circuit: E. Grant et al., Quantum 3, 214 (2019), arXiv:1903.05076.
    """
    init.uniform_(tensor, 0, 2 * math.pi)
    if tensor.dim() == 0 or tensor.shape[0] % 2:
        raise ValueError("it needs an even number of rows: layers come in pairs")
    tensor[1::2] = tensor[0::2]
    return tensor


INITIALISERS: dict[str, Callable[..., Tensor]] = {
    "zeros": init.zeros_,
    "ones": init.ones_,
    "constant": init.constant_,
    "normal": init.normal_,
    "uniform": init.uniform_,
    "kaiming_uniform": init.kaiming_uniform_,
    "kaiming_normal": init.kaiming_normal_,
    "xavier_uniform": init.xavier_uniform_,
    "xavier_normal": init.xavier_normal_,
    "orthogonal": init.orthogonal_,
    "identity_blocks": identity_blocks_,
}
"""The function of `torch.nn.init` behind each name; their numbers keep its order and defaults."""


def initialise(tensor: Tensor, name: str, *arguments: float) -> Tensor:
    """`tensor`, filled in place by the initialiser `name`; random ones use torch's generator.

    ValueError for an unknown name, and for a tensor that the initialiser cannot fill.
    """
    fill = INITIALISERS.get(name)
    if fill is None:
        known = ", ".join(f"`{n}`" for n in INITIALISERS)
        raise ValueError(f"no initialiser is called `{name}`; there are {known}")
    if tensor.numel() == 0:
        return tensor
    with torch.no_grad():
        try:
            return fill(tensor, *arguments)
        except ValueError as error:
            shape = list(tensor.shape)
            raise ValueError(f"`{name}` cannot fill a tensor of shape {shape}: {error}") from error
