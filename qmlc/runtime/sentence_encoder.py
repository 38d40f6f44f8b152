"""`SentenceEncoder`: a model of sentence-transformers, with the pooling that its folder says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from qmlc.ops.pretrained_type import Unsupported
from qmlc.ops.read_sentence_encoder import read_steps
from qmlc.ops.safetensors_header import Unreadable
from qmlc.runtime.errors import unfit
from qmlc.runtime.hugging_face import HuggingFaceModule


class SentenceEncoder(HuggingFaceModule):
    """A vector for each text, [B, d]: the vectors of its tokens pooled, perhaps of length 1."""

    def read(self, folder: Path, **settings: Any) -> nn.Module:
        """The model of a folder; CompileError."""
        try:
            self.steps = read_steps(folder)
        except (Unreadable, Unsupported) as error:
            raise unfit(str(error)) from None
        return super().read(self.steps.model)

    def call(self, *inputs: Tensor) -> Tensor:
        """The vectors of texts, from their tokens and masks."""
        hidden = self.run(inputs, ["last_hidden_state"])["last_hidden_state"]
        pooled = pool(hidden, inputs[1].bool(), self.steps.pooling)
        return functional.normalize(pooled, dim=1) if self.steps.normalize else pooled


def pool(hidden: Tensor, mask: Tensor, way: str) -> Tensor:
    """The vectors [B, T, d] of tokens as one a text, [B, d], over those that the mask chooses.

    As `Pooling` of sentence-transformers does it; a text without tokens has zeros, save by `cls`.
    """
    if way == "cls":
        return hidden[:, 0]
    count = mask.sum(1, keepdim=True).to(hidden.dtype)
    if way == "max":
        found = hidden.masked_fill(~mask[..., None], -torch.inf).amax(1)
        return torch.where(count > 0, found, torch.zeros_like(found))
    if way == "lasttoken":
        places = torch.arange(mask.shape[1], device=mask.device)
        last = torch.where(mask, places, 0).amax(1)
        return hidden[torch.arange(len(hidden), device=hidden.device), last] * (count > 0)
    total = (hidden * mask[..., None]).sum(1)
    return total / (count.sqrt() if way == "mean_sqrt_len" else count).clamp(min=1e-9)
