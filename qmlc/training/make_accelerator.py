"""Choose the device and the precision of a training."""

from __future__ import annotations

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState, GradientState

from qmlc.training.errors import DataError

DTYPES = {"float32": torch.float32, "float64": torch.float64, "bfloat16": torch.float32}
"""How parameters and data are held; bfloat16 computes in half precision, and holds in single."""


def make_accelerator(device: str | None, precision: str) -> Accelerator:
    """An accelerator for `cpu`, `cuda`, `mps`, or (None) the best there is.

    DataError E0706 where the device is not there, or several processes were started.
    """
    if device not in (None, "cpu", "cuda", "mps"):
        raise DataError("E0706", f"there is no device `{device}`", "devices: cpu, cuda, mps")
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if device is not None and not there.get(device, True):
        raise DataError("E0706", f"this machine has no device `{device}`", "leave it out")
    # Accelerate keeps its choice for the whole process; a second training may choose otherwise.
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()
    accelerator = Accelerator(
        cpu=device == "cpu", mixed_precision="bf16" if precision == "bfloat16" else "no"
    )
    if accelerator.num_processes > 1:
        raise DataError("E0706", "training in several processes is not available yet")
    return accelerator
