"""Which values the arguments of calls in `train` blocks take, by name: they mean one thing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any


@dataclass(frozen=True, slots=True)
class OptionRange:
    """What an argument takes, in words, and as a test."""

    takes: str
    fits: Callable[[Any], bool]


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(least: int) -> OptionRange:
    return OptionRange(
        f"a whole number from {least}",
        lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= least,
    )


def _is_fraction(value: Any) -> bool:
    return _number(value) and 0 <= value < 1


def _are(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda v: isinstance(v, tuple) and len(v) == 2 and all(map(fits, v))


_FROM_0 = OptionRange("a number from 0", lambda v: _number(v) and 0 <= v < float("inf"))
_POSITIVE = OptionRange("a number above 0", lambda v: _number(v) and 0 < v < float("inf"))
_FRACTION = OptionRange("a number from 0 up to, but not including, 1", _is_fraction)
_FLAG = OptionRange("`true` or `false`", lambda v: isinstance(v, bool))
_MILESTONES = OptionRange(
    "a list of epochs, ascending",
    lambda v: (
        isinstance(v, tuple)
        and all(isinstance(e, int) and e >= 1 for e in v)
        and all(a < b for a, b in pairwise(v))
    ),
)

OPTION_RANGES: dict[str, OptionRange] = {
    **dict.fromkeys(("lr", "weight_decay", "momentum", "lr_decay", "initial_accumulator_value",
                     "momentum_decay", "lambd", "warmup", "min_lr", "threshold",
                     "tolerance_grad", "tolerance_change"), _FROM_0),
    **dict.fromkeys(("max_lr", "gamma", "div_factor", "final_div_factor", "t0",
                     "step", "epsilon", "clip"), _POSITIVE),
    **dict.fromkeys(("factor", "pct_start", "base_momentum", "max_momentum", "rho",
                     "delta"), _FRACTION),
    **dict.fromkeys(("step_size", "max_iter", "history_size", "directions"), _whole(1)),
    **dict.fromkeys(("patience", "cooldown"), _whole(0)),
    **dict.fromkeys(("nesterov", "amsgrad", "centered", "three_phase", "cycle_momentum",
                     "decoupled_weight_decay"), _FLAG),
    "milestones": _MILESTONES,
    "betas": OptionRange("two numbers from 0 up to, but not including, 1", _are(_is_fraction)),
    "etas": OptionRange(
        "a number between 0 and 1, then one above 1",
        lambda v: _are(_number)(v) and 0 < v[0] < 1 < v[1],
    ),
    "step_sizes": OptionRange("two numbers, ascending", lambda v: _are(_number)(v) and v[0] < v[1]),
    "mode": OptionRange('`"min"` or `"max"`', lambda v: v in ("min", "max")),
    "threshold_mode": OptionRange('`"rel"` or `"abs"`', lambda v: v in ("rel", "abs")),
    "anneal_strategy": OptionRange('`"cos"` or `"linear"`', lambda v: v in ("cos", "linear")),
}  # fmt: skip
