"""Run a module on a batch of data, and say what is wrong with the data where that fails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from qmlc.training.errors import DataError


def run_module(module: nn.Module, batch: Sequence[Tensor]) -> Any:
    """What the module yields; DataError E0706 where the data holds a number it has no place for."""
    try:
        return module(*batch)
    except IndexError as error:
        if "Target" in str(error):
            what = "the data has more classes than the model has scores"
            help = "let the model end with a score for each class: `linear(…)` of as many"
        else:
            what = "the data holds a number that an embedding has no row for"
            help = "give the `embedding` as many rows as the tokenizer or the category has values"
        raise DataError("E0706", f"{what}: {error}", help) from None
