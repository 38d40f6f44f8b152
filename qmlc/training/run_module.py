"""Run a module on a batch of data, and say what is wrong with the data where that fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from qmlc.backends.torch.identifiers import attribute_name
from qmlc.runtime.estimate_gradient import NoEstimate
from qmlc.training.errors import DataError


def model_in(loss: nn.Module, name: str) -> nn.Module:
    """The model of this name in a loss; python may have it under a slightly different one."""
    return loss.get_submodule(attribute_name(name))


@contextmanager
def fixed_draws() -> Iterator[None]:
    """A stretch in which random operations draw what they draw in each such stretch.

    Outside they draw as if it had not been.
    """
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        if torch.accelerator.is_available():
            torch.manual_seed(0)
        else:  # the longer way takes note of who asked, for devices that are not there
            torch.default_generator.manual_seed(0)
        yield


def run_module(module: nn.Module, batch: Sequence[Tensor]) -> Any:
    """What the module yields; DataError E0706 where the data holds a number it has no place for.

    Also where a circuit cannot tell a gradient that is asked for.
    """
    try:
        return module(*batch)
    except NoEstimate as error:
        raise DataError("E0706", str(error), "write `gradient = adjoint`") from None
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
