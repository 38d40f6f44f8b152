"""Rows of `ops.functions`: products, attention, distances, matrices, Fourier transforms."""

from __future__ import annotations

import math
import re
from typing import Any

from qmlc.ops.rows import PRODUCT, Function, Law, Settings, settings, tensors
from qmlc.ops.shape_laws import axis, broadcast, convert_kind, need_rank, promote, same, show
from qmlc.types.polynomial import Value
from qmlc.types.sizes import add, divide_exactly, floor_divide
from qmlc.types.tensors import ShapeError, TensorType

NUMERIC = "-irc"


def same_kind(types: Any, table: str, name: str) -> str:
    """The kind that all `types` have, converted by `table`; ShapeError where they differ."""
    for argument, x in enumerate(types):
        if x.dtype != types[0].dtype:
            raise ShapeError(
                f"`{name}` takes numbers of one kind, these are {types[0].dtype} and {x.dtype}",
                argument,
                "compute with real numbers: `1.0 * x`",
            )
    return convert_kind(types[0].dtype, table, name)


def matmul_law(types: Any, settings: Settings) -> TensorType:
    """The type of `a @ b`."""
    a, b = types
    for argument, x in enumerate(types):
        need_rank(x, 1, "@", argument)
    kind = same_kind(types, NUMERIC, "@")
    rows, columns = a.dims[-2:-1], b.dims[-1:] if len(b.dims) > 1 else ()
    inner = b.dims[-2] if len(b.dims) > 1 else b.dims[0]
    if a.dims[-1] != inner:
        raise ShapeError(
            f"`{a} @ {b}`: the last dimension on the left is {a.dims[-1]}, "
            f"{'the last but one' if len(b.dims) > 1 else 'the one'} on the right {inner}",
            1,
            "swap the last two dimensions with `.T`" if b.dims[-1] == a.dims[-1] else "",
        )
    return TensorType(kind, (*broadcast(a.dims[:-2], b.dims[:-2]), *rows, *columns))


def _dot(types: Any, settings: Settings) -> TensorType:
    a, b = types
    if len(a.dims) != 1 or len(b.dims) != 1:
        raise ShapeError(f"`dot` takes two vectors, these are `{a}` and `{b}`", 0, "use `@`")
    same(a.dims[0], b.dims[0], "the vectors differ in length", 1)
    return TensorType(same_kind(types, NUMERIC, "dot"))


def _outer(types: Any, settings: Settings) -> TensorType:
    a, b = types
    if len(a.dims) != 1 or len(b.dims) != 1:
        raise ShapeError(f"`outer` takes two vectors, these are `{a}` and `{b}`", 0)
    return TensorType(promote(a.dtype, b.dtype), (*a.dims, *b.dims))


TERM = re.compile(r"[A-Za-z]*(\.\.\.)?[A-Za-z]*")


def _einsum(types: Any, settings: Settings) -> TensorType:
    equation = settings["equation"]
    terms, result = _parse_einsum(equation, len(types))
    kind = same_kind(types, NUMERIC, "einsum")
    sizes: dict[str, Value] = {}
    extra: tuple[Value, ...] = ()
    for argument, (term, x) in enumerate(zip(terms, types, strict=True)):
        letters = term.replace("...", "")
        more = len(x.dims) - len(letters)
        if more < 0 or (more > 0 and "..." not in term):
            raise ShapeError(f"`{term}` has {len(letters)} letters, this is `{x}`", argument)
        place = term.find("...")
        dims = list(x.dims)
        if place >= 0:
            extra = broadcast(extra, tuple(dims[place : place + more]))
            del dims[place : place + more]
        for letter, dim in zip(letters, dims, strict=True):
            if letters.count(letter) > 1:
                same(dim, dims[letters.index(letter)], f"`{letter}` is two sizes", argument)
            sizes[letter] = _agree(letter, sizes.get(letter, 1), dim, argument)
    place = result.find("...")
    head, tail = (result[:place], result[place + 3 :]) if place >= 0 else (result, "")
    middle = extra if place >= 0 else ()
    return TensorType(kind, (*(sizes[a] for a in head), *middle, *(sizes[a] for a in tail)))


def _agree(letter: str, left: Value, right: Value, argument: int) -> Value:
    if left != right and left != 1 and right != 1:
        raise ShapeError(f"`{letter}` is {left} and {right}", argument)
    return right if left == 1 else left


def _parse_einsum(equation: Any, operands: int) -> tuple[list[str], str]:
    if not isinstance(equation, str) or equation.count("->") > 1:
        raise ShapeError(f'an equation looks like "b i, i j -> b j", not `{equation!r}`')
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    for term in (*terms, right):
        if not TERM.fullmatch(term):
            raise ShapeError(f"`{term}` in `{equation}`: axes are single letters")
    if len(terms) != operands:
        raise ShapeError(f"`{equation}` has {len(terms)} terms for {operands} tensors")
    letters = left.replace(",", "").replace(".", "")
    if not arrow:
        once = sorted(a for a in set(letters) if letters.count(a) == 1)
        return terms, ("..." if "..." in left else "") + "".join(once)
    for letter in right.replace("...", ""):
        if right.count(letter) > 1 or letter not in letters:
            raise ShapeError(f"`{letter}` on the right of `{equation}` must stand once on the left")
    return terms, right


def _attention(types: Any, settings: Settings) -> TensorType:
    q, k, v, mask = types
    for argument, x in enumerate((q, k, v)):
        need_rank(x, 2, "scaled_dot_product_attention", argument)
    same_kind((q, k, v), "--r-", "scaled_dot_product_attention")
    same(q.dims[-1], k.dims[-1], "queries and keys differ in width", 1)
    same(k.dims[-2], v.dims[-2], "keys and values differ in length", 2)
    cap = settings["softcap"]
    if cap is not None and not (isinstance(cap, int | float) and 0 < cap < math.inf):
        raise ShapeError(f"`softcap` is a positive number, not {cap}")
    _check_window(settings)
    heads = q.dims[:-2]
    if not settings["enable_gqa"]:
        heads = broadcast(q.dims[:-2], k.dims[:-2], v.dims[:-2])
    elif len(q.dims) < 3 or k.dims[:-2] != v.dims[:-2] or not _grouped(q, k):
        raise ShapeError(f"`{q}` does not share out the heads of `{k}`", 1)
    scores = (*heads, q.dims[-2], k.dims[-2])
    if mask is not None:
        if settings["is_causal"]:
            raise ShapeError("`attn_mask` and `is_causal` exclude each other", 3)
        convert_kind(mask.dtype, "b-r-", "attn_mask", 3)
        if broadcast(scores, mask.dims) != scores:
            raise ShapeError(f"the mask is `{mask}`, the scores are {show(scores)}", 3)
    return TensorType("real", (*heads, q.dims[-2], v.dims[-1]))


def _check_window(settings: Settings) -> None:
    window = settings["window"]
    if window is None:
        return
    pair = isinstance(window, tuple | list) and len(window) == 2
    if not pair or not all(type(n) is int and n >= 0 for n in window):
        raise ShapeError(f"`window` says how many keys before and behind are seen, not {window}")
    if settings["is_causal"] or settings["softcap"] is not None:
        raise ShapeError("`window` excludes `is_causal` and `softcap`")


def _grouped(q: TensorType, k: TensorType) -> bool:
    a, b = q.dims[-3], k.dims[-3] if len(k.dims) == len(q.dims) else 0
    return b != 0 and divide_exactly(a, b) is not None and q.dims[:-3] == k.dims[:-3]


def _cosine_similarity(types: Any, settings: Settings) -> TensorType:
    a, b = types
    convert_kind(promote(a.dtype, b.dtype), "--r-", "cosine_similarity", None)
    dims = broadcast(a.dims, b.dims)
    place = axis(settings["dim"], len(dims))
    return TensorType("real", dims[:place] + dims[place + 1 :])


def _cdist(types: Any, settings: Settings) -> TensorType:
    a, b = types
    for argument, x in enumerate(types):
        need_rank(x, 2, "cdist", argument)
    same_kind(types, "--r-", "cdist")
    same(a.dims[-1], b.dims[-1], "points of different dimension", 1)
    return TensorType("real", (*broadcast(a.dims[:-2], b.dims[:-2]), a.dims[-2], b.dims[-2]))


def _normalize(types: Any, settings: Settings) -> TensorType:
    x = types[0]
    axis(settings["dim"], len(x.dims))
    return TensorType(convert_kind(x.dtype, "--rc", "normalize"), x.dims)


def square(name: str, keep: int, table: str = "--rc") -> Law:
    """A function of square matrices that keeps `keep` of the last two dimensions."""

    def law(types: Any, settings: Settings) -> TensorType:
        x = types[0]
        need_rank(x, 2, name)
        same(x.dims[-1], x.dims[-2], f"`{name}` takes square matrices, not")
        kept = x.dims[: len(x.dims) - 2 + keep]
        return TensorType(convert_kind(x.dtype, table, name), kept)

    return law


def _fourier(name: str, table: str) -> Law:
    def law(types: Any, settings: Settings) -> TensorType:
        x = types[0]
        need_rank(x, 1, name)
        place = axis(settings["dim"], len(x.dims))
        size = x.dims[place]
        if name == "rfft":
            size = add(floor_divide(size, 2), 1)
        kind = convert_kind(x.dtype, table, name)
        return TensorType(kind, (*x.dims[:place], size, *x.dims[place + 1 :]))

    return law


_X, _PAIR = tensors("x"), tensors("a", "b")

LINEAR_ALGEBRA: dict[str, Function] = {
    "matmul": Function(_PAIR, matmul_law, "{a} @ {b}", "Product of matrices.", PRODUCT),
    "dot": Function(_PAIR, _dot, "torch.dot({a}, {b})", "Scalar product of two vectors."),
    "outer": Function(_PAIR, _outer, "torch.outer({a}, {b})", "All products of two vectors."),
    "einsum": Function(
        (*settings("equation"), *tensors("tensors")), _einsum,
        "torch.einsum({equation}, {tensors})", "Sums of products by Einstein's convention.",
        variadic=True,
    ),
    "scaled_dot_product_attention": Function(
        (*tensors("query", "key", "value", "attn_mask?"),
         *settings(dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False, softcap=None,
                   window=None)),
        _attention,
        "F.scaled_dot_product_attention({query}, {key}, {value}, attn_mask={attn_mask}, "
        "dropout_p={dropout_p} if self.training else 0.0, is_causal={is_causal}, "
        "scale={scale}, enable_gqa={enable_gqa})",
        "softmax(query @ key.T * scale + attn_mask) @ value; `softcap` caps scores by tanh, "
        "`window=[before, behind]` shows so many keys around each query.",
        random=True,
        alternatives=(
            ("softcap",
             "attend_in_rows({query}, {key}, {value}, {softcap}, attn_mask={attn_mask}, "
             "dropout_p={dropout_p} if self.training else 0.0, is_causal={is_causal}, "
             "scale={scale}, enable_gqa={enable_gqa})"),
            ("window",
             "attend_in_windows({query}, {key}, {value}, {window}, attn_mask={attn_mask}, "
             "dropout_p={dropout_p} if self.training else 0.0, scale={scale}, "
             "enable_gqa={enable_gqa})"),
        ),
    ),
    "cosine_similarity": Function(
        (*tensors("x1", "x2"), *settings(dim=1, eps=1e-8)), _cosine_similarity,
        "F.cosine_similarity({x1}, {x2}, dim={dim}, eps={eps})", "Cosine of the angle between.",
    ),
    "normalize": Function(
        (*_X, *settings(p=2.0, dim=1, eps=1e-12)), _normalize,
        "F.normalize({x}, p={p}, dim={dim}, eps={eps})", "Scaled to the norm 1.",
    ),
    "cdist": Function(
        (*tensors("x1", "x2"), *settings(p=2.0)), _cdist, "torch.cdist({x1}, {x2}, p={p})",
        "Distances between all points of two sets.",
    ),
    "trace": Function(_X, square("trace", 0, "iirc"), "{x}.diagonal(dim1=-2, dim2=-1).sum(-1)",
                      "Sum of the diagonal."),
    "det": Function(_X, square("det", 0), "torch.linalg.det({x})", "Determinant."),
    "inv": Function(_X, square("inv", 2), "torch.linalg.inv({x})", "Inverse matrix."),
    "eigvalsh": Function(_X, square("eigvalsh", 1, "--rr"), "torch.linalg.eigvalsh({x})",
                         "Eigenvalues of Hermitian matrices, ascending."),
    "matrix_exp": Function(_X, square("matrix_exp", 2), "torch.linalg.matrix_exp({x})",
                           "Exponential of matrices."),
    "fft": Function((*_X, *settings(dim=-1)), _fourier("fft", "cccc"),
                    "torch.fft.fft({x}, dim={dim})", "Fourier transform."),
    "ifft": Function((*_X, *settings(dim=-1)), _fourier("ifft", "cccc"),
                     "torch.fft.ifft({x}, dim={dim})", "Inverse Fourier transform."),
    "rfft": Function((*_X, *settings(dim=-1)), _fourier("rfft", "ccc-"),
                     "torch.fft.rfft({x}, dim={dim})", "Fourier transform of real numbers, half."),
}  # fmt: skip
