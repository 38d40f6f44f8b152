"""A system at work on a case: `forward` and `gradient` are timed, `answer` tells what came out."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from benchmarks.circuits import Case

Arrays = tuple[np.ndarray, np.ndarray | None, np.ndarray | None]
"""Values, and the gradients by inputs and weights where there are any."""


class NotOffered(Exception):
    """What a system does not do."""


class Side(Protocol):
    """What an adapter's `make(case, **options)` returns, with its arrays in place."""

    def forward(self) -> None:
        """Computes the values."""

    def gradient(self) -> None:
        """Computes the values, and the gradients of their product with the case's cotangent."""

    def answer(self) -> Arrays:
        """What the last call computed."""


class TorchSide:
    """A system whose circuits are functions of tensors, `function(inputs, weights)`."""

    def __init__(self, case: Case, function: Any, weights: Any = None) -> None:
        import torch

        self.function = function
        self.inputs, self.leaf = (torch.tensor(case.inputs()).float() for _ in range(2))
        self.leaf.requires_grad_()
        values = torch.tensor(case.weights()).float()
        if weights is None:
            weights = values.requires_grad_()
        else:
            weights.data.copy_(values)
        self.weights = weights
        self.cotangent = torch.tensor(case.cotangent()).float()
        self.values = self.cotangent
        self.no_grad = torch.no_grad

    def forward(self) -> None:
        """Values alone."""
        with self.no_grad():
            self.values = self.function(self.inputs, self.weights)

    def gradient(self) -> None:
        """Values and gradients."""
        self.leaf.grad = self.weights.grad = None
        values = self.function(self.leaf, self.weights)
        (values * self.cotangent).sum().backward()
        self.values = values

    def answer(self) -> Arrays:
        """As numpy arrays."""
        gradients = (leaf.grad for leaf in (self.leaf, self.weights))
        d_inputs, d_weights = (None if g is None else g.numpy() for g in gradients)
        return self.values.detach().numpy(), d_inputs, d_weights
