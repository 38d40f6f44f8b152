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

    Of a complex one, real and imaginary parts are filled alike and independently; those of
    constants are real, and `orthogonal` gives a unitary.
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
            if tensor.is_complex():
                return _fill_complex(tensor, name, fill, arguments)
            return fill(tensor, *arguments)
        except ValueError as error:
            shape = list(tensor.shape)
            raise ValueError(f"`{name}` cannot fill a tensor of shape {shape}: {error}") from error


def _fill_complex(
    tensor: Tensor, name: str, fill: Callable[..., Tensor], arguments: tuple[float, ...]
) -> Tensor:
    if name == "orthogonal":
        return _fill_unitary(tensor)
    if name in ("ones", "constant"):
        fill(tensor.real, *arguments)
        init.zeros_(tensor.imag)
        return tensor
    fill(tensor.real, *arguments)
    fill(tensor.imag, *arguments)
    return tensor


def _fill_unitary(tensor: Tensor) -> Tensor:
    """Rows or columns orthonormal, as `init.orthogonal_`; a square one by Haar's measure.

    The phases of the triangle's diagonal are divided out: Mezzadri, arXiv:math-ph/0609050.
    """
    if tensor.dim() < 2:
        raise ValueError("only tensors of 2 or more dimensions have rows and columns")
    flat = torch.randn(tensor.shape[0], tensor[0].numel(), dtype=tensor.dtype)
    wide = flat.shape[0] < flat.shape[1]
    q, r = torch.linalg.qr(flat.mH if wide else flat)
    q = q * torch.diagonal(r).sgn()
    return tensor.copy_((q.mH if wide else q).reshape(tensor.shape))
