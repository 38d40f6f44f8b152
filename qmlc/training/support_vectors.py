"""A support-vector machine as a module: a kernel, the support vectors, and what they weigh."""

from __future__ import annotations

import math
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from qmlc.training.errors import DataError, shown
from qmlc.training.import_optional import import_optional

PARTS = ("vectors", "weights", "bias")
"""What is saved of a machine, besides the parameters of its kernel."""


class SupportVectors(nn.Module):
    """Scores `[B, classes]` of examples `[B, n]`; the class with the greatest is the answer.

    A pair of classes votes by the sign of `weights @ kernel(vectors, x) + bias`; as in
    scikit-learn's `decision_function`, a score is the number of votes for a class, plus less than
    a half by how sure they are.
    """

    vectors: Tensor
    weights: Tensor
    bias: Tensor

    def __init__(self, kernel: nn.Module, vectors: Tensor, weights: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.kernel = kernel
        for name, tensor in zip(PARTS, (vectors, weights, bias), strict=True):
            self.register_buffer(name, tensor)

    def forward(self, x: Tensor) -> Tensor:
        """The score of each class."""
        decisions = self.kernel(x, self.vectors) @ self.weights.T + self.bias
        pairs = list(combinations(range(_classes(decisions.shape[-1])), 2))
        first = torch.tensor([i for i, _ in pairs], device=x.device)
        second = torch.tensor([j for _, j in pairs], device=x.device)
        scores = x.new_zeros(len(x), int(second.max()) + 1, dtype=decisions.dtype)
        sure = torch.zeros_like(scores)
        wins = (decisions > 0).to(scores.dtype)
        scores.index_add_(1, first, wins).index_add_(1, second, 1 - wins)
        sure.index_add_(1, first, decisions).index_add_(1, second, -decisions)
        return scores + sure / (3 * (sure.abs() + 1))


def _classes(pairs: int) -> int:
    """How many classes make so many pairs."""
    return (1 + math.isqrt(1 + 8 * pairs)) // 2


class Output(NamedTuple):
    """What is measured: the loss is the mean hinge loss of the right class against the best other.

    (Crammer and Singer 2001)
    """

    loss: Tensor
    scores: Tensor
    target: Tensor


class MachineLoss(nn.Module):
    """A support-vector machine, and how far its scores are from the classes."""

    def __init__(self, machine: nn.Module) -> None:
        super().__init__()
        self.svm = machine

    def forward(self, x: Tensor, y: Tensor) -> Output:
        """The loss over a batch, with what metrics compare."""
        scores = self.svm(x)
        return Output(nn.functional.multi_margin_loss(scores, y), scores, y)


def fit_machine(kernel: nn.Module, x: Tensor, y: Tensor, cost: float) -> SupportVectors:
    """The support-vector machine for examples `[N, n]` and their classes, by scikit-learn's `SVC`.

    DataError E0704 where all examples are of one class.
    """
    library = import_optional("sklearn.svm", "scikit-learn", "a support-vector machine")
    if len(set(y.tolist())) < 2:
        message = "all training rows are of one class"
        raise DataError("E0704", message, "bring rows of another class")
    with torch.no_grad():
        overlaps = kernel(x, x).double().cpu().numpy()
    machine = library.SVC(kernel="precomputed", C=cost, decision_function_shape="ovo")
    machine.fit(overlaps, y.cpu().numpy())
    vectors = x[torch.as_tensor(machine.support_).long()]
    # for two classes scikit-learn turns the sign round: the greater class is the positive one
    sign = -1 if len(machine.classes_) == 2 else 1
    weights, bias = _pair_weights(machine), torch.as_tensor(machine.intercept_)
    return SupportVectors(kernel, vectors, (sign * weights).to(x), (sign * bias).to(x))


def _pair_weights(machine: Any) -> Tensor:
    """The weight of each support vector in each pair of classes, `[pairs, vectors]`.

    libsvm keeps, for the vectors of class i, the weight against class j in row j - 1 where j > i,
    else in row j.
    """
    dual = torch.as_tensor(machine.dual_coef_)
    ends = [0, *torch.as_tensor(machine.n_support_).cumsum(0).tolist()]
    classes = len(ends) - 1
    rows = []
    for i, j in combinations(range(classes), 2):
        row = torch.zeros(dual.shape[1], dtype=dual.dtype)
        row[ends[i] : ends[i + 1]] = dual[j - 1, ends[i] : ends[i + 1]]
        row[ends[j] : ends[j + 1]] = dual[i, ends[j] : ends[j + 1]]
        rows.append(row)
    return torch.stack(rows)


def empty_machine(kernel: nn.Module, path: Path) -> SupportVectors:
    """A machine of the sizes in a file of weights, for these to be loaded; DataError E0705."""
    try:
        with safe_open(str(path), framework="pt") as file:
            parts = [torch.zeros(file.get_slice(n).get_shape()) for n in PARTS]
    except (OSError, SafetensorError):
        help = "train the model first"
        raise DataError("E0705", "there are no saved weights", help, shown(path)) from None
    return SupportVectors(kernel, *parts)
