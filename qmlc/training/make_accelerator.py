"""Choose the device and the precision of a training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from accelerate.state import AcceleratorState, GradientState

from qmlc.training.errors import DataError

DTYPES = {"float32": torch.float32, "float64": torch.float64, "bfloat16": torch.float32}
"""How parameters and data are held; bfloat16 computes in half precision, and holds in single."""


def make_accelerator(device: str | None, precision: str) -> Accelerator:
    """An accelerator for `cpu`, `cuda`, `mps`, or (None) the best there is.

    Where torchrun started several processes, each has one. DataError E0706 where the device is not
    there.
    """
    check_device(device)
    # Accelerate keeps its choice for the whole process; a second training may choose otherwise.
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()
    return Accelerator(
        cpu=device == "cpu",
        mixed_precision="bf16" if precision == "bfloat16" else "no",
        # an input or a branch that a batch does not use must not stop the others
        kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)],
    )


def check_device(device: str | None) -> None:
    """Nothing; DataError E0706 where there is no such device."""
    if device not in (None, "cpu", "cuda", "mps"):
        raise DataError("E0706", f"there is no device `{device}`", "devices: cpu, cuda, mps")
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if device is not None and not there.get(device, True):
        raise DataError("E0706", f"this machine has no device `{device}`", "leave it out")


@contextmanager
def folder_to_write(accelerator: Accelerator, folder: Path) -> Iterator[Path]:
    """`folder` in the first process; in the others one of their own, which is thrown away."""
    if accelerator.is_main_process:
        yield folder
    else:
        with TemporaryDirectory() as other:
            yield Path(other)
    accelerator.wait_for_everyone()
