"""Numbers from files: trained weights, and inputs of circuits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from qmlc.source.compile_error import CompileError
from qmlc.source.errors import UnreadableFile
from qmlc.source.span import NOWHERE


def read_state(path: Path) -> dict[str, Any]:
    """Weights by name; CompileError where the file holds none."""
    try:
        return dict(load_file(path))
    except (OSError, SafetensorError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise unreadable(
            path, error, "weights are safetensors files, as `qmlc train` writes"
        ) from None


def read_inputs(files: Mapping[str, Path]) -> dict[str, Any]:
    """An array for each input, from `.npy`, `.csv` or `.json`; CompileError."""
    return {name: _read(path) for name, path in files.items()}


def _read(path: Path) -> Any:
    try:
        match path.suffix:
            case ".npy":
                found = np.asarray(np.load(path, allow_pickle=False))
            case ".json":
                found = np.asarray(json.loads(path.read_text("utf-8")), dtype=float)
            case _:
                found = np.squeeze(np.loadtxt(path, delimiter=",", ndmin=1))
        if found.dtype.kind not in "biuf":
            raise ValueError(f"it holds `{found.dtype}`, not real numbers")
        return found
    except (OSError, ValueError, TypeError, EOFError, RecursionError) as error:
        raise unreadable(path, error, "numbers are in `.npy`, `.json` or `.csv` files") from None


def unreadable(path: Path, error: Exception, proposal: str) -> CompileError:
    """The error for a file that is not what it should be."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    reason = reason.splitlines()[0] if reason else type(error).__name__
    return CompileError(
        (UnreadableFile(NOWHERE, what=f"cannot read `{path}`: {reason}", proposal=proposal),)
    )
