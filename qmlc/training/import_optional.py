"""Import a library that only some programs need."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from qmlc.training.errors import DataError


def import_optional(module: str, package: str, purpose: str) -> Any:
    """The module; DataError E0709 with the line that installs its package where it is missing."""
    try:
        return import_module(module)
    except ImportError:
        message = f"{purpose} needs the library `{package}`, which is not installed"
        raise DataError("E0709", message, f"pip install {package}") from None
