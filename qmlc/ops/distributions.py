"""How parameters start: the initialisers, and their numbers with defaults (None: must be given)."""

from __future__ import annotations

DISTRIBUTIONS: dict[str, dict[str, float | None]] = {
    "zeros": {},
    "ones": {},
    "constant": {"value": None},
    "normal": {"mean": 0.0, "std": 1.0},
    "uniform": {"low": 0.0, "high": 1.0},
    "kaiming_uniform": {},
    "kaiming_normal": {},
    "xavier_uniform": {},
    "xavier_normal": {},
    "orthogonal": {},
    "identity_blocks": {},
}
"""Names and meanings are those of torch.nn.init, but for `identity_blocks`."""
