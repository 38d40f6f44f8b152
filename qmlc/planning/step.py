"""A step of a plan: what runs how, and how much work it is forward and backward."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from qmlc.planning.work import NUMBER, Work

GROUPS = ("linear", "attention", "circuit", "layer", "function", "loss", "pretrained", "call")
"""What steps are: products of matrices among `linear`, calls of generated classes `call`."""


@dataclass(frozen=True, slots=True)
class Array:
    """A tensor of known sizes; `learns` where a gradient goes through it."""

    shape: tuple[int, ...]
    kind: str = "real"
    learns: bool = False

    @property
    def size(self) -> int:
        """How many numbers."""
        return math.prod(self.shape)

    @property
    def bytes(self) -> int:
        """In float32; whole numbers take twice that, truths a quarter."""
        return self.size * {"int": 2 * NUMBER, "bool": 1, "complex": 2 * NUMBER}.get(
            self.kind, NUMBER
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One step for one call of a model.

    `forward` is its work in evaluation, `training` in training, `backward` what gradients add.
    """

    group: str
    how: str
    forward: Work
    training: Work
    backward: Work = field(default_factory=Work)
    circuits: int = 0
    """Samples for which a circuit is run forward; the backward pass runs as many back."""
    kept: int = 0
    """Bytes that stay for the backward pass."""
    needs: int = 0
    """Bytes that are needed only while it runs."""


def shape_text(shape: tuple[int, ...]) -> str:
    """`[32, 4]`."""
    return f"[{', '.join(map(str, shape))}]"
