"""What compiled modules import; torch is loaded when the first name is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "CircuitModule": "circuit_module",
    "bind_dimensions": "check_shapes",
    "initialise": "initialise",
}
"""Where each public name is defined."""

__all__ = ["CircuitModule", "bind_dimensions", "initialise"]  # noqa: F822 (loaded on demand)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # torch takes seconds to import, and planning a circuit does not need it
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
