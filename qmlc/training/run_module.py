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
    except RuntimeError as error:
        if "between 0 and 1" not in str(error):
            raise
        what = "`binary_cross_entropy` compares numbers from 0 to 1, and got others"
        help = (
            "the input: end the model with `sigmoid`; the target: `scale` goes beyond its bounds on"
            " rows that were not learned from, `clip(…, min=0, max=1)` does not"
        )
        raise DataError("E0706", f"{what}: {error}", help) from None
