"""How much of a pretrained model learns: `frozen`, `full`, `last(k)`, `lora(rank=, targets=)`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Frozen:
    """Nothing learns, and the model stays in evaluation mode."""

    def __str__(self) -> str:
        return "frozen"


@dataclass(frozen=True, slots=True)
class Full:
    """Every parameter learns."""

    def __str__(self) -> str:
        return "full"


@dataclass(frozen=True, slots=True)
class Last:
    """The last blocks learn; the rest is frozen."""

    blocks: int

    def __str__(self) -> str:
        return f"last({self.blocks})"


@dataclass(frozen=True, slots=True)
class Lora:
    """Low-rank adapters learn beside the frozen weights of some linear layers.

    Hu et al., LoRA: Low-Rank Adaptation of Large Language Models (2021). `targets` are the ends of
    the layers' names, none for those that PEFT knows for the architecture; the defaults are PEFT's.
    """

    rank: int = 8
    targets: tuple[str, ...] | None = None
    alpha: float = 8
    dropout: float = 0.0

    def __str__(self) -> str:
        return f"lora(rank={self.rank})"


Tuning = Frozen | Full | Last | Lora
