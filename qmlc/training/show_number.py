"""How numbers that were measured are shown."""

from __future__ import annotations


def show_number(value: float) -> str:
    """Four decimals, or where these would show next to nothing, three digits."""
    return f"{value:.2e}" if 0 < abs(value) < 0.001 else f"{value:.4f}"
