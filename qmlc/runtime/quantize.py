"""Parts whose large weights are whole numbers of one byte, for inference."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from qmlc.runtime.errors import unfit
from qmlc.runtime.freeze import freeze


class QuantizedWeight(nn.Module):
    """A matrix `weight` as whole numbers, and a scale for each of its rows.

    weight[i, j] ≈ scale[i] · whole[i, j], where scale[i] = maxⱼ |weight[i, j]| / (2ᵇⁱᵗˢ⁻¹ - 1):
    symmetric quantisation by channels (Jacob et al., Quantization and Training of Neural Networks
    for Efficient Integer-Arithmetic-Only Inference, 2018). No entry is further off than half a
    scale.
    """

    whole: Tensor
    scale: Tensor

    def __init__(self, weight: Tensor, bits: int) -> None:
        super().__init__()
        weight = weight.detach()
        scale = weight.abs().amax(dim=1) / (2 ** (bits - 1) - 1)
        scale = torch.where(scale > 0, scale, torch.ones_like(scale))
        self.register_buffer("whole", (weight / scale[:, None]).round().to(torch.int8))
        self.register_buffer("scale", scale)

    @property
    def weight(self) -> Tensor:
        """The matrix that is meant."""
        return self.whole.to(self.scale.dtype) * self.scale[:, None]


class QuantizedLinear(QuantizedWeight):
    """What `nn.Linear` does, with a weight of one byte a number."""

    bias: Tensor | None

    def __init__(self, layer: nn.Linear, bits: int) -> None:
        super().__init__(layer.weight, bits)
        self.in_features, self.out_features = layer.in_features, layer.out_features
        self.register_buffer("bias", None if layer.bias is None else layer.bias.detach())

    def forward(self, x: Tensor) -> Tensor:
        """`x @ weight.T + bias`; the scales are applied behind the product, once a row."""
        y = functional.linear(x, self.whole.to(self.scale.dtype)) * self.scale
        return y if self.bias is None else y + self.bias


class QuantizedEmbedding(QuantizedWeight):
    """What `nn.Embedding` does, with a weight of one byte a number."""

    def __init__(self, layer: nn.Embedding, bits: int) -> None:
        super().__init__(layer.weight, bits)
        self.num_embeddings, self.embedding_dim = layer.num_embeddings, layer.embedding_dim
        self.padding_idx = layer.padding_idx

    def forward(self, x: Tensor) -> Tensor:
        """The rows of the weight that `x` numbers."""
        return self.whole[x].to(self.scale.dtype) * self.scale[x][..., None]


def quantize(module: nn.Module, *, bits: int = 8) -> nn.Module:
    """The module, frozen, with its linear layers and embeddings in whole numbers of `bits` bits.

    Everything else stays as it is. CompileError where there is neither.
    """
    made: dict[int, nn.Module] = {}
    for part in list(module.modules()):
        if (quantized := _quantized(part, bits)) is not None:
            made[id(part)] = quantized
    if not made:
        what = f"`{type(module).__name__}` has no linear layers or embeddings to quantize"
        raise unfit(what)
    for part in list(module.modules()):
        for name, child in part._modules.items():
            if id(child) in made:
                part._modules[name] = made[id(child)]
    return freeze(made.get(id(module), module))


def _quantized(part: nn.Module, bits: int) -> nn.Module | None:
    """What stands in the place of a layer; None for others, and where the class does more."""
    if isinstance(part, nn.Linear) and type(part).forward is nn.Linear.forward:
        return QuantizedLinear(part, bits)
    plain = type(part).forward is nn.Embedding.forward
    if isinstance(part, nn.Embedding) and plain and part.max_norm is None:
        return QuantizedEmbedding(part, bits)
    return None
