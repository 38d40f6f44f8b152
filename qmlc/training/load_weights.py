"""Load the weights that a training saved."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from qmlc.training.errors import DataError, shown


def load_weights(model: nn.Module, path: Path) -> None:
    """Nothing; `model` holds the weights of the file.

    DataError E0705 where it cannot be read, E0707 where its names or shapes are not the model's.
    """
    if not path.is_file():
        help = "train the model first"
        raise DataError("E0705", "there are no saved weights", help, shown(path))
    try:
        weights = load_file(str(path))
    except (OSError, SafetensorError) as error:
        message = f"the weights cannot be read: {error}"
        raise DataError("E0705", message, file=shown(path)) from None
    expected = model.state_dict()
    for name in [*expected, *(name for name in weights if name not in expected)]:
        there, here = weights.get(name), expected.get(name)
        if there is None or here is None or there.shape != here.shape:
            sides = " and ".join("none" if t is None else str(list(t.shape)) for t in (there, here))
            message = f"the weights do not fit the model: `{name}` is {sides}"
            help = "train again, or go back to the program that they were trained with"
            raise DataError("E0707", message, help, shown(path))
    model.load_state_dict(weights)
