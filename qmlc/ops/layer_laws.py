"""What the laws of layers share: checks of inputs, and the arithmetic of sliding windows."""

from __future__ import annotations

from typing import Any

from qmlc.ops.shape_laws import whole
from qmlc.types.polynomial import Polynomial, Value
from qmlc.types.sizes import add, floor_divide
from qmlc.types.tensors import ShapeError, TensorType


def need_real(x: TensorType, name: str, argument: int = 0) -> None:
    """ShapeError where `x` is not real."""
    if x.dtype != "real":
        proposal = "look classes up first: `embedding(…)`" if x.dtype == "int" else ""
        raise ShapeError(f"`{name}` takes real numbers, this is `{x}`", argument, proposal)


def need_ranks(x: TensorType, ranks: tuple[int, ...], name: str, axes: str) -> None:
    """ShapeError where `x` has another number of dimensions; `axes` says what they are."""
    if len(x.dims) not in ranks:
        raise ShapeError(f"`{name}` takes `{axes}`, this is `{x}`", 0)


def channels(x: TensorType, spatial: int, name: str) -> Value:
    """The channels of `[B, C, …]` or `[C, …]`, with `spatial` dimensions behind them."""
    need_real(x, name)
    axes = ", ".join(("channels", *("length", "height, width", "depth, height, width")[
        spatial - 1 : spatial]))  # fmt: skip
    need_ranks(x, (spatial + 1, spatial + 2), name, f"[batch, {axes}]")
    return x.dims[-spatial - 1]


def positive(value: Any, name: str) -> int:
    """A whole number of at least 1."""
    return whole(value, name, 1)


def probability(settings: Any, name: str = "p") -> None:
    """ShapeError unless the setting lies between 0 and 1."""
    value = settings[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise ShapeError(f"`{name}` is a probability between 0 and 1, not `{value!r}`")


def steps(size: Value, window: int, stride: int, both: int, name: str) -> Value:
    """How often a window fits into `size` with `both` numbers of padding added."""
    free = add(size, both - window)
    if isinstance(free, int) and free < 0:
        raise ShapeError(
            f"the window of `{name}` spans {window}, more than {add(size, both)}",
            0,
            "pad, or take a smaller `kernel_size`",
        )
    return add(floor_divide(free, stride), 1)


def steps_up(size: Value, window: int, stride: int, padding: int, name: str) -> Value:
    """As `steps`, but the last window may reach beyond (`ceil_mode`), not start there."""
    result = add(floor_divide(add(size, 2 * padding - window + stride - 1), stride), 1)
    if stride > window - padding:
        inside = floor_divide(add(size, padding + stride - 1), stride)
        result = Polynomial.apply("minimum", result, inside)
    if isinstance(result, int) and result < 1:
        return steps(size, window, stride, 2 * padding, name)
    return result


def divides(part: int, whole_number: int, message: str, proposal: str = "") -> None:
    """ShapeError unless `part` divides `whole_number`."""
    if whole_number % part:
        raise ShapeError(f"{message}: {part} does not divide {whole_number}", 0, proposal)
