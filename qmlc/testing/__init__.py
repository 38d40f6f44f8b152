"""Strategies for hypothesis and oracles, with which passes, targets and compilers are tested."""

from __future__ import annotations

import importlib
from typing import Any

# `__init__.pyi` says the same to type checkers and editors
_HOMES = {
    "circuits": "qmlc.testing.strategies",
    "gates": "qmlc.testing.strategies",
    "hamiltonians": "qmlc.testing.strategies",
    "models": "qmlc.testing.strategies",
    "parameter_values": "qmlc.testing.strategies",
    "targets": "qmlc.testing.strategies",
    "as_circuit": "qmlc.testing.equivalence",
    "assert_equivalent": "qmlc.testing.equivalence",
    "assert_same_gradients": "qmlc.testing.equivalence",
}

__all__ = [
    "as_circuit",
    "assert_equivalent",
    "assert_same_gradients",
    "circuits",
    "gates",
    "hamiltonians",
    "models",
    "parameter_values",
    "targets",
]


def __getattr__(name: str) -> Any:
    # hypothesis is an extra, and torch takes seconds to import: not before they are needed
    if name not in _HOMES:
        raise AttributeError(f"module `qmlc.testing` has no attribute `{name}`")
    try:
        return getattr(importlib.import_module(_HOMES[name]), name)
    except ModuleNotFoundError as missing:
        if missing.name != "hypothesis":
            raise
        message = "qmlc.testing draws with hypothesis: pip install 'qmlc[testing]'"
        raise ModuleNotFoundError(message, name="hypothesis") from None


def __dir__() -> list[str]:
    return sorted(__all__)
