"""Rows of `ops.functions`: what moves, joins, cuts and makes elements without computing."""

from __future__ import annotations

from typing import Any

from qmlc.ops.indexing import index_law
from qmlc.ops.rows import Function, Settings, settings, tensors
from qmlc.ops.shape_laws import (
    axes,
    axis,
    broadcast,
    convert_kind,
    is_dimension,
    kind_of,
    need_rank,
    promote,
    same,
    show,
    whole,
)
from qmlc.source.count_noun import count_noun
from qmlc.types.polynomial import Polynomial, Value, lift
from qmlc.types.sizes import add, floor_divide, product, share_out
from qmlc.types.tensors import ShapeError, TensorType


def _sizes(value: Any, name: str) -> tuple[Value, ...]:
    sizes = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    for size in sizes:
        if not is_dimension(size):
            raise ShapeError(f"`{name}` holds whole numbers, not `{size!r}`")
        if isinstance(size, int) and size < -1:
            raise ShapeError(f"`{name}` holds the size {size}")
    return sizes


def _reshape(types: Any, settings: Settings) -> TensorType:
    x, shape = types[0], _sizes(settings["shape"], "shape")
    total = product(x.dims)
    if shape.count(-1) > 1:
        raise ShapeError("only one size of a `shape` can be -1")
    rest = product(s for s in shape if s != -1)
    missing = share_out(total, rest) if rest != 0 else None
    if missing is None or (-1 not in shape and missing != 1):
        raise ShapeError(f"{total} elements, `{show(x.dims)}`, do not fit `{show(shape)}`", 0,
                         "leave one size open with -1")  # fmt: skip
    return TensorType(x.dtype, tuple(missing if s == -1 else s for s in shape))


def _transpose(types: Any, settings: Settings) -> TensorType:
    x = types[0]
    a, b = (axis(settings[name], len(x.dims), name) for name in ("dim0", "dim1"))
    dims = list(x.dims)
    if dims:
        dims[a], dims[b] = dims[b], dims[a]
    return TensorType(x.dtype, tuple(dims))


def _transpose_last(types: Any, settings: Settings) -> TensorType:
    need_rank(types[0], 2, "T")
    return _transpose(types, {"dim0": -2, "dim1": -1})


def _permute(types: Any, settings: Settings) -> TensorType:
    x = types[0]
    dims = settings["dims"]
    places = axes(() if dims is None else dims, len(x.dims), "dims")
    if len(places) != len(x.dims):
        raise ShapeError(f"`dims` orders {count_noun(len(places), 'dimension')}, this is `{x}`", 0)
    return TensorType(x.dtype, tuple(x.dims[p] for p in places))


def _unsqueeze(types: Any, settings: Settings) -> TensorType:
    x = types[0]
    place = axis(settings["dim"], len(x.dims) + 1)
    return TensorType(x.dtype, (*x.dims[:place], 1, *x.dims[place:]))


def _squeeze(types: Any, settings: Settings) -> TensorType:
    x = types[0]
    places = axes(settings["dim"], len(x.dims))
    return TensorType(x.dtype, tuple(d for i, d in enumerate(x.dims) if i not in places or d != 1))


def _expand(types: Any, settings: Settings) -> TensorType:
    x, size = types[0], _sizes(settings["size"], "size")
    new = len(size) - len(x.dims)
    if new < 0 or -1 in size[:new]:
        raise ShapeError(f"`{show(size)}` does not extend `{show(x.dims)}`", 0)
    aligned = zip((*size[:new], *x.dims), size, strict=True)
    wanted = tuple(d if s == -1 else s for d, s in aligned)
    if broadcast(x.dims, wanted) != wanted:
        raise ShapeError(f"`{show(x.dims)}` does not stretch to `{show(size)}`", 0)
    return TensorType(x.dtype, wanted)


def cat_law(types: Any, settings: Settings) -> TensorType:
    """The type of tensors joined along `dim`."""
    first = types[0]
    place = axis(settings["dim"], len(first.dims))
    total: Value = 0
    for argument, x in enumerate(types):
        if not x.dims or len(x.dims) != len(first.dims):
            raise ShapeError(f"`cat` joins `{first}` and `{x}`", argument,
                             "use `stack` to join along a new dimension")  # fmt: skip
        for i, (a, b) in enumerate(zip(first.dims, x.dims, strict=True)):
            if i != place:
                same(a, b, f"`cat` along dimension {place} joins different sizes", argument)
        total = add(total, x.dims[place])
    dims = (*first.dims[:place], total, *first.dims[place + 1 :])
    return TensorType(promote(*(x.dtype for x in types)), dims)


def _stack(types: Any, settings: Settings) -> TensorType:
    first = types[0]
    for argument, x in enumerate(types):
        if x.dims != first.dims:
            raise ShapeError(f"`stack` joins `{first}` and `{x}`", argument,
                             "use `cat` to join along a dimension")  # fmt: skip
    place = axis(settings["dim"], len(first.dims) + 1)
    dims = (*first.dims[:place], len(types), *first.dims[place:])
    return TensorType(promote(*(x.dtype for x in types)), dims)


def _roll(types: Any, settings: Settings) -> TensorType:
    x, shifts, dims = types[0], settings["shifts"], settings["dims"]
    numbers = shifts if isinstance(shifts, (tuple, list)) else (shifts,)
    for shift in numbers:
        whole(shift, "shifts")
    places = dims if isinstance(dims, (tuple, list)) else () if dims is None else (dims,)
    for place in places:
        need_rank(x, 1, "roll")
        axis(place, len(x.dims), "dims")
    if len(numbers) != max(len(places), 1):
        raise ShapeError(
            f"{count_noun(len(numbers), 'shift')} for {count_noun(len(places), 'dimension')}"
        )
    return TensorType(x.dtype, x.dims)


def _flip(types: Any, settings: Settings) -> TensorType:
    axes(settings["dims"], len(types[0].dims), "dims")
    return TensorType(types[0].dtype, types[0].dims)


def _triangle(types: Any, settings: Settings) -> TensorType:
    need_rank(types[0], 2, "tril` and `triu")
    whole(settings["diagonal"], "diagonal")
    return TensorType(types[0].dtype, types[0].dims)


def _diagonal(types: Any, settings: Settings) -> TensorType:
    x = types[0]
    need_rank(x, 2, "diagonal")
    rows, columns = x.dims[-2:]
    shorter = rows if rows == columns else Polynomial.apply("minimum", rows, columns)
    return TensorType(x.dtype, (*x.dims[:-2], shorter))


def _one_hot(types: Any, settings: Settings) -> TensorType:
    x = types[0]
    convert_kind(x.dtype, "-i--", "one_hot")
    size = settings["num_classes"]
    if not is_dimension(size) or (isinstance(size, int) and size < 1):
        raise ShapeError(f"`num_classes` must be a positive whole number, not `{size!r}`")
    return TensorType("int", (*x.dims, size))


def _pad(types: Any, settings: Settings) -> TensorType:
    x, pad, mode = types[0], settings["pad"], settings["mode"]
    if mode not in PAD_MODES:
        raise ShapeError(f"there is no padding mode `{mode}`",
                         proposal=f"choose from {', '.join(PAD_MODES)}")  # fmt: skip
    if not isinstance(pad, (tuple, list)) or len(pad) % 2 or len(pad) > 2 * len(x.dims):
        raise ShapeError(f"`pad` holds two numbers for each dimension, from the last: `{pad!r}`")
    dims = list(x.dims)
    for i, (before, after) in enumerate(zip(pad[::2], pad[1::2], strict=True), 1):
        size = dims[-i]
        taken = min(whole(before, "pad"), 0) + min(whole(after, "pad"), 0)
        if isinstance(size, int) and size + taken < 0:
            raise ShapeError(f"`pad` takes away more than there is: {size}", 0)
        dims[-i] = add(size, before + after)
    if mode != "constant":
        _check_pad(x, tuple(pad), mode, settings["value"])
    return TensorType(x.dtype, tuple(dims))


PAD_MODES = ("constant", "reflect", "replicate", "circular")


def _check_pad(x: TensorType, pad: tuple[int, ...], mode: str, value: Any) -> None:
    """What torch demands where the border is made of the tensor itself."""
    axes = len(pad) // 2
    convert_kind(x.dtype, "--rc", f'pad(mode="{mode}")')
    if len(x.dims) - axes not in (1, 2) or axes > 3 or value not in (None, 0):
        raise ShapeError(
            f'`pad(mode="{mode}")` goes along all dimensions but batch and channels', 0
        )
    for size, ends in zip(x.dims[::-1], zip(pad[::2], pad[1::2], strict=True), strict=False):
        reach = {"reflect": 1, "circular": 0}.get(mode)
        if reach is not None and isinstance(size, int) and max(ends) > size - reach:
            raise ShapeError(f"`pad` cannot add {max(ends)} to {size} elements", 0)


def _range(types: Any, settings: Settings) -> TensorType:
    start, stop, step = (settings[name] for name in ("start", "stop", "step"))
    if stop is None and step != 1:
        raise ShapeError("`range` with a step needs a start and a stop")
    start, stop = (0, start) if stop is None else (start, stop)
    if whole(step, "step") == 0:
        raise ShapeError("the step of `range` is not 0")
    for bound in (start, stop):
        if not is_dimension(bound):
            raise ShapeError(f"the bounds of `range` are whole numbers, not `{bound!r}`")
    if isinstance(start, int) and isinstance(stop, int):
        if (stop - start) * step < 0:
            raise ShapeError(f"`range({start}, {stop}, {step})` goes the wrong way")
        return TensorType("int", (len(range(start, stop, step)),))
    distance = add(stop, lift(start) * -1)
    return TensorType("int", (_steps(distance, step),))


def _steps(distance: Value, step: int) -> Value:
    if step < 0:
        return floor_divide(add(lift(distance) * -1, -step - 1), -step)
    return floor_divide(add(distance, step - 1), step)


def _filled(kind: str | None) -> Any:
    def law(types: Any, settings: Settings) -> TensorType:
        sizes = _sizes(settings["size"], "size")
        if kind is None and not isinstance(settings["size"], (tuple, list)):
            raise ShapeError("`size` is a list of sizes")
        if -1 in sizes:
            raise ShapeError("`size` holds the size -1")
        return TensorType(kind or kind_of(settings["fill_value"]), sizes)

    return law


def _eye(types: Any, settings: Settings) -> TensorType:
    n, m = settings["n"], settings["m"]
    return TensorType("real", _filled("real")((), {"size": (n, n if m is None else m)}).dims)


def _linspace(types: Any, settings: Settings) -> TensorType:
    for name in ("start", "end"):
        if not isinstance(settings[name], (int, float)):
            raise ShapeError(f"`{name}` must be a number, not `{settings[name]!r}`")
    return TensorType("real", _filled("real")((), {"size": (settings["steps"],)}).dims)


_X = tensors("x")

REARRANGEMENTS: dict[str, Function] = {
    "reshape": Function((*_X, *settings("shape")), _reshape, "{x}.reshape({shape})",
                        "The same elements in another shape; -1 is what is left.", rest=True),
    "transpose": Function((*_X, *settings("dim0", "dim1")), _transpose,
                          "{x}.transpose({dim0}, {dim1})", "Two dimensions swapped."),
    "transpose_last": Function(_X, _transpose_last, "{x}.mT", "The last two dimensions swapped."),
    "permute": Function((*_X, *settings("dims")), _permute, "{x}.permute({dims})",
                        "The dimensions in another order.", rest=True),
    "unsqueeze": Function((*_X, *settings("dim")), _unsqueeze, "{x}.unsqueeze({dim})",
                          "A new dimension of size 1."),
    "squeeze": Function((*_X, *settings(dim=None)), _squeeze, "torch.squeeze({x}, dim={dim})",
                        "Without the dimensions of size 1."),
    "expand": Function((*_X, *settings("size")), _expand, "{x}.expand({size})",
                       "Dimensions of size 1 stretched; -1 keeps one.", rest=True),
    "cat": Function((*tensors("tensors"), *settings(dim=0)), cat_law,
                    "torch.cat([{tensors}], dim={dim})", "Joined along a dimension.",
                    variadic=True),
    "stack": Function((*tensors("tensors"), *settings(dim=0)), _stack,
                      "torch.stack([{tensors}], dim={dim})", "Joined along a new dimension.",
                      variadic=True),
    "roll": Function((*_X, *settings("shifts", dims=None)), _roll,
                     "torch.roll({x}, {shifts}, dims={dims})", "Shifted round."),
    "flip": Function((*_X, *settings("dims")), _flip, "{x}.flip({dims})", "Turned round."),
    "tril": Function((*_X, *settings(diagonal=0)), _triangle,
                     "torch.tril({x}, diagonal={diagonal})", "The lower triangle, 0 above."),
    "triu": Function((*_X, *settings(diagonal=0)), _triangle,
                     "torch.triu({x}, diagonal={diagonal})", "The upper triangle, 0 below."),
    "diagonal": Function(_X, _diagonal, "{x}.diagonal(dim1=-2, dim2=-1)",
                         "The diagonals of square matrices."),
    "one_hot": Function((*_X, *settings("num_classes")), _one_hot,
                        "F.one_hot({x}, num_classes={num_classes!s})",
                        "1 at the place of the class, else 0."),
    "pad": Function((*_X, *settings("pad", mode="constant", value=None)), _pad,
                    "F.pad({x}, {pad}, mode={mode}, value={value})",
                    "Filled up at both ends of dimensions, from the last, with `value` or 0."),
    "index": Function((*_X, *settings("index")), index_law, "{x}[{index}]",
                      "Elements by their places."),
    "range": Function(settings("start", stop=None, step=1), _range,
                      "torch.arange({start}, device={device})", "Whole numbers in order.",
                      alternatives=((
                          "stop", "torch.arange({start}, {stop}, {step}, device={device})"),)),
    "zeros": Function(settings("size"), _filled("real"), "torch.zeros({size}, device={device})",
                      "Filled with 0.", rest=True),
    "ones": Function(settings("size"), _filled("real"), "torch.ones({size}, device={device})",
                     "Filled with 1.", rest=True),
    "full": Function(settings("size", "fill_value"), _filled(None),
                     "torch.full({size}, {fill_value}, device={device})", "Filled with a number."),
    "eye": Function(settings("n", m=None), _eye, "torch.eye({n}, device={device})",
                    "The identity matrix.",
                    alternatives=(("m", "torch.eye({n}, {m}, device={device})"),)),
    "linspace": Function(settings("start", "end", "steps"), _linspace,
                         "torch.linspace({start}, {end}, {steps}, device={device})",
                         "Numbers at equal distances, both ends included."),
}  # fmt: skip

REARRANGEMENTS["concatenate"] = REARRANGEMENTS["cat"]
