"""The library of kernels of this process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, cast

from qmlc.kernels.host import Host, this_host
from qmlc.kernels.language import Template
from qmlc.kernels.library import COMPILING, ENTRIES
from qmlc.kernels.machine_code import COMPILER, Library, object_code
from qmlc.kernels.remember_code import remember_code
from qmlc.kernels.translate import translate
from qmlc.kernels.types import Machine

_loaded: dict[str, Library] = {}
_loading = threading.Lock()


def load_library(real: str) -> Library:
    """All kernels, for float32 or float64: compiled once for a machine, loaded once a process."""
    with _loading:
        if real not in _loaded:
            host, entries = this_host(), cast(Sequence[Template], ENTRIES)
            facts = [COMPILER, host.key, real, *_sources()]
            code = remember_code(facts, lambda: _compiled(entries, real, host))
            _loaded[real] = Library(code, entries, real, host)
        return _loaded[real]


@cache
def load_compiling() -> Library:
    """The kernels of the compiler: compiled once for a machine, loaded once a process."""
    host, entries = this_host(), cast(Sequence[Template], COMPILING)
    facts = [COMPILER, host.key, "compiling", *_sources()]
    code = remember_code(facts, lambda: _compiled(entries, "float64", host))
    return Library(code, entries, "float64", host)


def _sources() -> list[str]:
    """The text of all kernels."""
    return [file.read_text("utf-8") for file in sorted(Path(__file__).parent.glob("*.py"))]


def compile_entries(
    entries: Sequence[Callable[..., Any]], real: str, vector_bytes: int | None = None
) -> Library:
    """A library of these entries, for float32 or float64, with vectors of so many bytes."""
    host, templates = this_host(vector_bytes), cast(Sequence[Template], entries)
    return Library(_compiled(templates, real, host), templates, real, host)


def _compiled(entries: Sequence[Template], real: str, host: Host) -> bytes:
    return object_code(translate(entries, Machine(real, host.vector_bytes, host.features)), host)
