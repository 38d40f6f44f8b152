"""The library of kernels of this process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, cast

from qmlc.kernels.host import this_host
from qmlc.kernels.language import Template
from qmlc.kernels.library import ENTRIES
from qmlc.kernels.machine_code import Library, object_code
from qmlc.kernels.translate import translate
from qmlc.kernels.types import Machine

_loaded: dict[str, Library] = {}
_loading = threading.Lock()


def load_library(real: str) -> Library:
    """All kernels, for float32 or float64."""
    with _loading:
        if real not in _loaded:
            _loaded[real] = compile_entries(ENTRIES, real)
        return _loaded[real]


def compile_entries(
    entries: Sequence[Callable[..., Any]], real: str, vector_bytes: int | None = None
) -> Library:
    """A library of these entries, for float32 or float64, with vectors of so many bytes."""
    templates = cast(Sequence[Template], entries)
    host = this_host(vector_bytes)
    text = translate(templates, Machine(real, host.vector_bytes, host.features))
    return Library(object_code(text, host), templates, real, host)
