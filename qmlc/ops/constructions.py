"""Rows of `ops.functions`: repeating, joining side by side, diagonals, tensors like another."""

from __future__ import annotations

from typing import Any

from qmlc.ops.layers import interpolated
from qmlc.ops.rearrangements import cat_law
from qmlc.ops.rows import Function, Law, Settings, settings, tensors
from qmlc.ops.shape_laws import axes, axis, convert_kind, is_dimension, kind_of, need_rank, whole
from qmlc.types.polynomial import Value, lift
from qmlc.types.sizes import add, product
from qmlc.types.tensors import ShapeError, TensorType


def _sizes(value: Any, name: str) -> tuple[Value, ...]:
    sizes = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    for size in sizes:
        if not is_dimension(size) or (isinstance(size, int) and size < 0):
            raise ShapeError(f"`{name}` holds whole numbers, not `{size!r}`")
    return sizes


def _interleave(types: Any, s: Settings) -> TensorType:
    x, (repeats,) = types[0], _sizes(s["repeats"], "repeats")[:1]
    if s["dim"] is None:
        return TensorType(x.dtype, (product((*x.dims, repeats)),))
    need_rank(x, 1, "repeat_interleave")
    place = axis(s["dim"], len(x.dims))
    grown = product((x.dims[place], repeats))
    return TensorType(x.dtype, (*x.dims[:place], grown, *x.dims[place + 1 :]))


def _tile(types: Any, s: Settings) -> TensorType:
    x, times = types[0], _sizes(s["dims"], "dims")
    rank = max(len(x.dims), len(times))
    left, right = ((1,) * (rank - len(d)) + d for d in (x.dims, times))
    return TensorType(x.dtype, tuple(product(p) for p in zip(left, right, strict=True)))


def _movedim(types: Any, s: Settings) -> TensorType:
    x = types[0]
    source, target = (axes(s[n], len(x.dims), n) for n in ("source", "destination"))
    if s["source"] is None or s["destination"] is None or len(source) != len(target):
        raise ShapeError("`source` and `destination` name as many dimensions", 0)
    moved = dict(zip(target, source, strict=True))
    rest = iter(i for i in range(len(x.dims)) if i not in source)
    order = [moved[i] if i in moved else next(rest) for i in range(len(x.dims))]
    return TensorType(x.dtype, tuple(x.dims[i] for i in order))


def _narrow(types: Any, s: Settings) -> TensorType:
    x = types[0]
    need_rank(x, 1, "narrow")
    place, start = axis(s["dim"], len(x.dims)), whole(s["start"], "start")
    (length,) = _sizes(s["length"], "length")[:1]
    size = x.dims[place]
    begin = add(size, start) if start < 0 else start
    left = add(add(size, lift(begin) * -1), lift(length) * -1)
    if (isinstance(left, int) and left < 0) or (isinstance(begin, int) and begin < 0):
        raise ShapeError(f"`narrow` takes {length} of {size} from {start} on", 0)
    return TensorType(x.dtype, (*x.dims[:place], length, *x.dims[place + 1 :]))


def _rot90(types: Any, s: Settings) -> TensorType:
    x, turns = types[0], whole(s["k"], "k")
    if not isinstance(s["dims"], (tuple, list)) or len(s["dims"]) != 2:
        raise ShapeError("`dims` names the two dimensions of a plane")
    need_rank(x, 2, "rot90")
    a, b = axes(s["dims"], len(x.dims), "dims")
    dims = list(x.dims)
    if turns % 2:
        dims[a], dims[b] = dims[b], dims[a]
    return TensorType(x.dtype, tuple(dims))


def _diag(types: Any, s: Settings) -> TensorType:
    x, offset = types[0], whole(s["diagonal"], "diagonal")
    if len(x.dims) == 1:
        size = add(x.dims[0], abs(offset))
        return TensorType(x.dtype, (size, size))
    if len(x.dims) != 2:
        raise ShapeError(f"`diag` takes a list or a matrix, this is `{x}`", 0, "use `diagonal`")
    rows, columns = x.dims
    if rows == columns and not isinstance(rows, int):
        return TensorType(x.dtype, (add(rows, -abs(offset)),))
    if not isinstance(rows, int) or not isinstance(columns, int):
        raise ShapeError(f"the diagonal of `{x}` has no known length", 0)
    length = min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns)
    if offset > columns or -offset > rows:
        raise ShapeError(f"`{x}` has no diagonal {offset}", 0)
    return TensorType(x.dtype, (max(length, 0),))


def _diag_embed(types: Any, s: Settings) -> TensorType:
    x = types[0]
    need_rank(x, 1, "diag_embed")
    size = add(x.dims[-1], abs(whole(s["offset"], "offset")))
    return TensorType(x.dtype, (*x.dims[:-1], size, size))


def _joined(name: str) -> Law:
    """`hstack` and `vstack`: along the second (of a list the first), or the first dimension."""

    def law(types: Any, s: Settings) -> TensorType:
        least = 1 if name == "hstack" else 2
        parts = [(1,) * (least - len(x.dims)) + x.dims for x in types]
        place = 0 if name == "vstack" or len(parts[0]) == 1 else 1
        kinds = [TensorType(x.dtype, d) for x, d in zip(types, parts, strict=True)]
        return cat_law(kinds, {"dim": place})

    return law


def _like(kind: str | None) -> Law:
    def law(types: Any, s: Settings) -> TensorType:
        x = types[0]
        if kind is None:
            value = kind_of(s["fill_value"])
            return TensorType(convert_kind(x.dtype, _fits(value), "full_like"), x.dims)
        return TensorType(kind if kind != "same" else x.dtype, x.dims)

    return law


def _fits(value: str) -> str:
    """The kinds that a number of this kind can be put into."""
    return {"bool": "birc", "int": "birc", "real": "birc", "complex": "---c"}[value]


def _random_like(types: Any, s: Settings) -> TensorType:
    return TensorType(convert_kind(types[0].dtype, "--rc", "random numbers"), types[0].dims)


def _random(types: Any, s: Settings) -> TensorType:
    return TensorType("real", _sizes(s["size"], "size"))


def _bernoulli(types: Any, s: Settings) -> TensorType:
    return TensorType(convert_kind(types[0].dtype, "--r-", "bernoulli"), types[0].dims)


def _randperm(types: Any, s: Settings) -> TensorType:
    return TensorType("int", _sizes(s["n"], "n")[:1])


def _range(s: Settings) -> None:
    low, high = whole(s["low"], "low"), whole(s["high"], "high")
    if low >= high:
        raise ShapeError(f"from {low} to {high}, without the last, there is no number")


def _randint(types: Any, s: Settings) -> TensorType:
    _range(s)
    if not isinstance(s["size"], (tuple, list)):
        raise ShapeError(f"`size` is a list, as in `[2, 3]`, not `{s['size']}`")
    return TensorType("int", _sizes(s["size"], "size"))


def _randint_like(types: Any, s: Settings) -> TensorType:
    _range(s)
    return TensorType(convert_kind(types[0].dtype, "-ir-", "randint_like"), types[0].dims)


def _multinomial(types: Any, s: Settings) -> TensorType:
    x, count = types[0], whole(s["num_samples"], "num_samples", 1)
    convert_kind(x.dtype, "--r-", "multinomial")
    if len(x.dims) not in (1, 2):
        raise ShapeError(f"`multinomial` takes `[n]` or `[B, n]`, this is `{x}`", 0)
    if not s["replacement"] and isinstance(x.dims[-1], int) and count > x.dims[-1]:
        raise ShapeError(f"`multinomial` takes {count} of {x.dims[-1]} without replacement", 0)
    return TensorType("int", (*x.dims[:-1], count))


def _view_as_real(types: Any, s: Settings) -> TensorType:
    return TensorType(convert_kind(types[0].dtype, "---r", "view_as_real"), (*types[0].dims, 2))


def _view_as_complex(types: Any, s: Settings) -> TensorType:
    x = types[0]
    convert_kind(x.dtype, "--c-", "view_as_complex")
    if x.dims[-1:] != (2,):
        raise ShapeError(f"`view_as_complex` takes pairs, `[..., 2]`, this is `{x}`", 0)
    return TensorType("complex", x.dims[:-1])


def _interpolate(types: Any, s: Settings) -> TensorType:
    return interpolated(types[0], s, "interpolate")


_X = tensors("x")


def _row(name: str, law: Law, doc: str, *required: str, template: str, **defaults: Any) -> Function:
    keywords = "".join(f", {key}={{{key}}}" for key in defaults)
    return Function(
        (*_X, *settings(*required, **defaults)), law, f"{template[:-1]}{keywords})", doc
    )


CONSTRUCTIONS: dict[str, Function] = {
    "repeat_interleave": _row(
        "repeat_interleave", _interleave, "Each element several times.", "repeats",
        template="torch.repeat_interleave({x}, {repeats})", dim=None),
    "tile": Function((*_X, *settings("dims")), _tile, "{x}.tile({dims})",
                     "All of it several times.", rest=True),
    "movedim": _row("movedim", _movedim, "Dimensions at other places.", "source", "destination",
                    template="torch.movedim({x}, {source}, {destination})"),
    "narrow": _row("narrow", _narrow, "A part of one dimension.", "dim", "start", "length",
                   template="{x}.narrow({dim}, {start}, {length})"),
    "rot90": _row("rot90", _rot90, "Turned by 90 degrees k times.",
                  template="torch.rot90({x})", k=1, dims=(0, 1)),
    "diag": _row("diag", _diag, "A list as a diagonal, or the diagonal of a matrix.",
                 template="torch.diag({x})", diagonal=0),
    "diag_embed": _row("diag_embed", _diag_embed, "Lists as diagonals of matrices.",
                       template="torch.diag_embed({x})", offset=0),
    "hstack": Function(tensors("tensors"), _joined("hstack"), "torch.hstack([{tensors}])",
                       "Side by side.", variadic=True),
    "vstack": Function(tensors("tensors"), _joined("vstack"), "torch.vstack([{tensors}])",
                       "One above the other.", variadic=True),
    "zeros_like": Function(_X, _like("same"), "torch.zeros_like({x})", "0 in the shape of x."),
    "ones_like": Function(_X, _like("same"), "torch.ones_like({x})", "1 in the shape of x."),
    "full_like": Function((*_X, *settings("fill_value")), _like(None),
                          "torch.full_like({x}, {fill_value})", "A number in the shape of x."),
    "rand": Function(settings("size"), _random, "torch.rand({size}, device={device})",
                     "Random numbers from 0 to 1, new ones in each call.", rest=True, random=True),
    "randn": Function(settings("size"), _random, "torch.randn({size}, device={device})",
                      "Normal random numbers, new ones in each call.", rest=True, random=True),
    "rand_like": Function(_X, _random_like, "torch.rand_like({x})",
                          "As `rand`, in the shape of x.", random=True),
    "randn_like": Function(_X, _random_like, "torch.randn_like({x})",
                           "As `randn`, in the shape of x.", random=True),
    "bernoulli": Function(_X, _bernoulli, "torch.bernoulli({x})", "1 with the probability x.",
                          random=True),
    "randperm": Function(settings("n"), _randperm, "torch.randperm({n}, device={device})",
                         "0 to n - 1 in random order.", random=True),
    "randint": Function(
        settings("low", "high", "size"), _randint,
        "torch.randint({low}, {high}, {size}, device={device})",
        "Random whole numbers from low on, below high.", random=True),
    "randint_like": Function(
        (*_X, *settings("low", "high")), _randint_like, "torch.randint_like({x}, {low}, {high})",
        "As `randint`, in the shape and kind of x.", random=True),
    "multinomial": Function(
        (*_X, *settings("num_samples", replacement=False)), _multinomial,
        "torch.multinomial({x}, {num_samples}, replacement={replacement})",
        "Places drawn by the numbers that stand there, as weights.", random=True),
    "view_as_real": Function(_X, _view_as_real, "torch.view_as_real({x})",
                             "Real and imaginary parts on a new last dimension."),
    "view_as_complex": Function(_X, _view_as_complex, "torch.view_as_complex({x})",
                                "Pairs on the last dimension as complex numbers."),
    "interpolate": Function(
        (*_X, *settings(size=None, scale_factor=None, mode="nearest", align_corners=None)),
        _interpolate,
        "F.interpolate({x}, size={size}, scale_factor={scale_factor}, mode={mode}, "
        "align_corners={align_corners})", "A larger or smaller picture; the layer is `upsample`."),
}  # fmt: skip
