"""Write files whole: to a temporary name first, then moved into place."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, nn

from qmlc.training.errors import DataError, shown

PARTIAL = ".*.partial"
"""What temporary files are called; a process that was killed may leave one."""


def replace_file(path: Path, write: Callable[[Path], object]) -> Path:
    """`path`, once `write` has filled a temporary file beside it that then takes its place.

    A reader finds the old file or the new one, never a part; an exception leaves the old one.
    DataError E0705 where the file cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write(temporary)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        message = f"the file cannot be written: {error.strerror or error}"
        raise DataError("E0705", message, file=shown(path)) from None
    return path


def write_text(path: Path, text: str) -> Path:
    """`path`, holding `text` in UTF-8."""
    return replace_file(path, lambda file: file.write_text(text, encoding="utf-8"))


def write_json(path: Path, value: Any) -> Path:
    """`path`, holding `value` as indented JSON."""
    return write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write_json_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """`path`, holding one JSON object a line."""
    return write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def write_weights(path: Path, module: nn.Module) -> Path:
    """`path`, holding the module's state as safetensors, under its own names."""
    return replace_file(path, lambda file: file.write_bytes(save(copy_weights(module))))


def copy_weights(module: nn.Module) -> dict[str, Tensor]:
    """The module's state, each tensor on its own: tied ones are written under all their names."""
    return {
        name: _whole(tensor).detach().to("cpu", copy=True).contiguous()
        for name, tensor in module.state_dict().items()
    }


def _whole(tensor: Any) -> Tensor:
    """All of a tensor of which this process may hold a part; then all processes are to ask."""
    whole: Tensor = tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor
    return whole


def bytes_of(tensor: Tensor) -> Any:
    """The bytes of a tensor, to be hashed; not a copy where it lies in one piece on the host."""
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return flat.view(torch.uint8).numpy().data if len(flat) else b""
