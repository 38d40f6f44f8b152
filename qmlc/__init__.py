"""qmlc: a language and a compiler for hybrid quantum-classical models."""

from __future__ import annotations

import importlib
from typing import Any

# `__init__.pyi` says the same to type checkers and editors
_HOMES = {
    "load": "qmlc.program",
    "compile": "qmlc.program",
    "from_qiskit": "qmlc.program",
    "LoadedProgram": "qmlc.program",
    "CompileError": "qmlc.source.compile_error",
    "check_text": "qmlc.driver",
    "check_file": "qmlc.driver",
}

__all__ = [
    "CompileError",
    "LoadedProgram",
    "check_file",
    "check_text",
    "compile",
    "from_qiskit",
    "load",
]


def __getattr__(name: str) -> Any:
    # torch takes seconds to import, and neither `import qmlc` nor a check needs it
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name == "__version__":
        from qmlc.output.versions import compiler_version

        return compiler_version()
    raise AttributeError(f"module `qmlc` has no attribute `{name}`")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
