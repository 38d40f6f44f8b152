"""Rows of `ops.functions`: sums, means, extremes and the like, along dimensions."""

from __future__ import annotations

from typing import Any

from qmlc.ops.rows import Function, Law, Settings, settings, tensors
from qmlc.ops.shape_laws import axes, axis, convert_kind, need_rank, same, whole
from qmlc.types.polynomial import Value
from qmlc.types.sizes import add
from qmlc.types.tensors import ShapeError, TensorType


def _reduced(dims: tuple[Value, ...], places: tuple[int, ...], keepdim: bool) -> tuple[Value, ...]:
    if keepdim:
        return tuple(1 if i in places else d for i, d in enumerate(dims))
    return tuple(d for i, d in enumerate(dims) if i not in places)


def reduction(name: str, table: str, many: bool = True) -> Law:
    """The law of a reduction along `dim`: None for all, a number, and a list where `many`."""

    def law(types: Any, settings: Settings) -> TensorType:
        x, dim = types[0], settings["dim"]
        if isinstance(dim, (tuple, list)) and not many:
            raise ShapeError(f"`{name}` goes along one dimension, not `{dim}`", 0)
        # torch takes an empty list for all dimensions
        places = axes(None if dim in ((), []) else dim, len(x.dims))
        kind = convert_kind(x.dtype, table, name)
        return TensorType(kind, _reduced(x.dims, places, settings["keepdim"]))

    return law


def _masked(name: str, table: str, many: bool = True, whole: bool = False) -> Law:
    plain = reduction(name, table, many)
    plain = _whole_tensor(plain) if whole else plain
    # a share of what is true, or a mean of whole numbers, is fine where the mask counts
    chosen = reduction(name, table.replace("--", "rr"), many)

    def law(types: Any, settings: Settings) -> TensorType:
        x, mask = types
        if mask is None:
            return plain((x,), settings)
        if mask.dtype != "bool":
            raise ShapeError(f"`where` is a bool tensor, this is `{mask}`", 1)
        if len(mask.dims) > len(x.dims):
            raise ShapeError(f"`where` has more dimensions, `{mask}`, than `{x}`", 1)
        for left, right in zip(x.dims, mask.dims, strict=False):
            if right != 1:
                same(left, right, f"`where` is `{mask}`, which does not align with `{x}`", 1)
        return chosen((x,), settings)

    return law


def _along(name: str, table: str) -> Law:
    def law(types: Any, settings: Settings) -> TensorType:
        x = types[0]
        axis(settings["dim"], len(x.dims))
        return TensorType(convert_kind(x.dtype, table, name), x.dims)

    return law


def _whole_tensor(law: Law) -> Law:
    """For the functions that take `keepdim` only together with a `dim`, as torch has it."""

    def checked(types: Any, settings: Settings) -> TensorType:
        if settings["dim"] is None and settings["keepdim"]:
            raise ShapeError("`keepdim` needs a `dim`", 0)
        return law(types, settings)

    return checked


def _needs_dim(law: Law) -> Law:
    def checked(types: Any, settings: Settings) -> TensorType:
        if settings["dim"] is None:
            raise ShapeError("`dim` says along which dimension", 0)
        return law(types, settings)

    return checked


def _counted(types: Any, settings: Settings) -> TensorType:
    return reduction("count_nonzero", "iiii")(types, {**settings, "keepdim": False})


def _quantile(types: Any, settings: Settings) -> TensorType:
    q = settings["q"]
    if not isinstance(q, (int, float)) or isinstance(q, bool) or not 0 <= q <= 1:
        raise ShapeError(f"`q` is a share between 0 and 1, not `{q!r}`")
    return reduction("quantile", "--r-", many=False)(types, settings)


def _diff(types: Any, settings: Settings) -> TensorType:
    x, n = types[0], whole(settings["n"], "n", 0)
    need_rank(x, 1, "diff")
    convert_kind(x.dtype, "birc", "diff")
    place = axis(settings["dim"], len(x.dims))
    size = add(x.dims[place], -n)
    size = max(size, 0) if isinstance(size, int) else size
    return TensorType(x.dtype, (*x.dims[:place], size, *x.dims[place + 1 :]))


def _row(name: str, law: Law, doc: str, torch: str = "", **more: Any) -> Function:
    keywords = "".join(f", {key}={{{key}}}" for key in more)
    return Function(
        (*tensors("x"), *settings(dim=None, keepdim=False, **more)),
        law,
        f"{torch or f'torch.{name}'}({{x}}{keywords}, dim={{dim}}, keepdim={{keepdim}})",
        doc,
    )


def _masked_row(
    name: str, table: str, doc: str, torch: str = "", many: bool = True, **more: Any
) -> Function:
    """A row whose `where` chooses elements; `torch.prod` alone takes `keepdim` only with `dim`."""
    keywords = "".join(f", {key}={{{key}}}" for key in more)
    arguments = f"dim={{dim}}{keywords}, keepdim={{keepdim}}"
    torch = torch or name
    return Function(
        (*tensors("x"), *settings(dim=None, keepdim=False, **more), *tensors("where?")),
        _masked(name, table, many, name in ("sum", "mean", "prod")),
        f"torch.{torch}({{x}}, {arguments})",
        doc,
        alternatives=(("where", f"masked.{torch}({{x}}, {{where}}, {arguments})"),),
    )


REDUCTIONS: dict[str, Function] = {
    "sum": _masked_row("sum", "iirc", "Sum; `where` chooses along the leading dimensions."),
    "mean": _masked_row("mean", "--rc", "Mean; `where` chooses, nothing chosen gives 0."),
    "var": _masked_row("var", "--rr", "Variance; divides by n - correction.", correction=1),
    "std": _masked_row("std", "--rr", "Standard deviation, as `var`.", correction=1),
    "prod": _masked_row("prod", "iirc", "Product.", many=False),
    "amin": _masked_row("amin", "bir-", "Smallest element; nothing chosen gives 0."),
    "amax": _masked_row("amax", "bir-", "Largest element; nothing chosen gives 0."),
    "min": _masked_row("min", "bir-", "Smallest element, as `amin`.", "amin"),
    "max": _masked_row("max", "bir-", "Largest element, as `amax`.", "amax"),
    "argmin": _row("argmin", reduction("argmin", "-ii-", many=False), "Where the smallest is."),
    "argmax": _row("argmax", reduction("argmax", "-ii-", many=False), "Where the largest is."),
    "any": _masked_row("any", "bbbb", "Whether any is true."),
    "all": _masked_row("all", "bbbb", "Whether all are true."),
    "nansum": _row("nansum", reduction("nansum", "iir-"), "Sum, nan left out."),
    "nanmean": _row("nanmean", reduction("nanmean", "--rc"), "Mean, nan left out."),
    "count_nonzero": Function(
        (*tensors("x"), *settings(dim=None)), _counted, "torch.count_nonzero({x}, dim={dim})",
        "How many are not 0."),
    "median": Function(
        (*tensors("x"), *settings(dim=None, keepdim=False)),
        _whole_tensor(reduction("median", "-ir-", many=False)), "torch.median({x})",
        "The middle element, the lower of two.",
        alternatives=(("dim", "torch.median({x}, dim={dim}, keepdim={keepdim}).values"),)),
    "quantile": Function(
        (*tensors("x"), *settings("q", dim=None, keepdim=False, interpolation="linear")),
        _quantile,
        "torch.quantile({x}, {q}, dim={dim}, keepdim={keepdim}, interpolation={interpolation})",
        "The value below which a share q lies."),
    "diff": Function(
        (*tensors("x"), *settings(n=1, dim=-1)), _diff, "torch.diff({x}, n={n}, dim={dim})",
        "Each element less the one before."),
    "logcumsumexp": Function(
        (*tensors("x"), *settings("dim")), _along("logcumsumexp", "--rc"),
        "torch.logcumsumexp({x}, dim={dim})", "log(sum(exp(x))) up to each place."),
    "norm": Function(
        (*tensors("x"), *settings(p=2, dim=None, keepdim=False)),
        reduction("norm", "--rr"),
        "torch.linalg.vector_norm({x}, ord={p}, dim={dim}, keepdim={keepdim})",
        "The p-norm of the elements.",
    ),
    "logsumexp": Function(
        (*tensors("x"), *settings("dim", keepdim=False)),
        _needs_dim(reduction("logsumexp", "rrrc")),
        "torch.logsumexp({x}, dim={dim}, keepdim={keepdim})",
        "log(sum(exp(x))), without overflow.",
    ),
    "cumsum": Function(
        (*tensors("x"), *settings("dim")), _along("cumsum", "iirc"),
        "torch.cumsum({x}, dim={dim})", "Sums up to each place.",
    ),
    "cumprod": Function(
        (*tensors("x"), *settings("dim")), _along("cumprod", "iirc"),
        "torch.cumprod({x}, dim={dim})", "Products up to each place.",
    ),
    "softmax": Function(
        (*tensors("x"), *settings(dim=-1)), _along("softmax", "--r-"),
        "torch.softmax({x}, dim={dim!s})", "exp(x), scaled to the sum 1.",
    ),
    "log_softmax": Function(
        (*tensors("x"), *settings(dim=-1)), _along("log_softmax", "--r-"),
        "torch.log_softmax({x}, dim={dim!s})", "Logarithm of softmax.",
    ),
    "gumbel_softmax": Function(
        (*tensors("x"), *settings(tau=1.0, hard=False, dim=-1)), _along("gumbel_softmax", "--r-"),
        "F.gumbel_softmax({x}, tau={tau}, hard={hard}, dim={dim})",
        "A class drawn by its score, softly; `hard` gives 1 at one place.", random=True,
    ),
    "softmin": Function(
        (*tensors("x"), *settings(dim=-1)), _along("softmin", "--r-"),
        "F.softmin({x}, dim={dim!s})", "softmax(-x).",
    ),
}  # fmt: skip
