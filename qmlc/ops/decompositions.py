"""Rows of `ops.functions`: products of given ranks, and what linear algebra makes of a matrix."""

from __future__ import annotations

from typing import Any

from qmlc.ops.linear_algebra import NUMERIC, matmul_law, same_kind, square
from qmlc.ops.rows import Function, Law, Settings, settings, tensors
from qmlc.ops.shape_laws import axis, broadcast, convert_kind, need_rank, promote, same, whole
from qmlc.types.polynomial import Polynomial, Value
from qmlc.types.sizes import add, product
from qmlc.types.tensors import RecordType, ShapeError, TensorType


def _ranked(name: str, *ranks: int) -> Law:
    """`@` for tensors of exactly these numbers of dimensions, without broadcasting."""

    def law(types: Any, s: Settings) -> TensorType:
        for argument, (x, rank) in enumerate(zip(types, ranks, strict=True)):
            if len(x.dims) != rank:
                raise ShapeError(f"`{name}` takes {rank} dimensions here, this is `{x}`", argument,
                                 "`@` takes any")  # fmt: skip
        a, b = types
        if name == "bmm":
            same(a.dims[0], b.dims[0], "the batches differ", 1)
        return matmul_law(types, s)

    return law


def _inner(types: Any, s: Settings) -> TensorType:
    a, b = types
    kind = same_kind(types, NUMERIC, "inner") if a.dims and b.dims else promote(a.dtype, b.dtype)
    if not a.dims or not b.dims:
        return TensorType(kind, a.dims or b.dims)
    same(a.dims[-1], b.dims[-1], "the last dimensions differ", 1)
    return TensorType(kind, (*a.dims[:-1], *b.dims[:-1]))


def _kron(types: Any, s: Settings) -> TensorType:
    rank = max(len(x.dims) for x in types)
    a, b = ((1,) * (rank - len(x.dims)) + x.dims for x in types)
    dims = tuple(product(pair) for pair in zip(a, b, strict=True))
    return TensorType(promote(*(x.dtype for x in types)), dims)


def _cross(types: Any, s: Settings) -> TensorType:
    a, b = types
    if len(a.dims) != len(b.dims):
        raise ShapeError(f"`cross`: `{a}` and `{b}` differ in dimensions", 1)
    dims = broadcast(a.dims, b.dims)
    place = axis(s["dim"], len(dims))
    if not dims or (a.dims[place], b.dims[place]) != (3, 3):
        raise ShapeError(f"`cross` takes vectors of 3 along dim {s['dim']}", 0)
    return TensorType(same_kind(types, NUMERIC, "cross"), dims)


def _tensordot(types: Any, s: Settings) -> TensorType:
    a, b = types
    count = whole(s["dims"], "dims", 0)
    for argument, x in enumerate(types):
        need_rank(x, count, "tensordot", argument)
    kind = same_kind(types, NUMERIC, "tensordot")
    left = len(a.dims) - count
    for x, y in zip(a.dims[left:], b.dims[:count], strict=True):
        if 1 not in (x, y):
            same(x, y, "`tensordot` sums over different sizes", 1)
    return TensorType(kind, (*a.dims[:left], *b.dims[count:]))


def _smaller(a: Value, b: Value) -> Value:
    return a if a == b else Polynomial.apply("minimum", a, b)


def _svd(types: Any, s: Settings) -> RecordType:
    x, m, n, k = _matrix(types[0], "svd")
    rows, columns = (m, n) if s["full_matrices"] else (k, k)
    lead = x.dims[:-2]
    return RecordType((
        ("U", TensorType(x.dtype, (*lead, m, rows))),
        ("S", TensorType("real", (*lead, k))),
        ("Vh", TensorType(x.dtype, (*lead, columns, n))),
    ))  # fmt: skip


def _matrix(x: TensorType, name: str) -> tuple[TensorType, Value, Value, Value]:
    """The tensor, its rows, its columns, the smaller of the two."""
    need_rank(x, 2, name)
    convert_kind(x.dtype, "--rc", name)
    return x, x.dims[-2], x.dims[-1], _smaller(*x.dims[-2:])


def _svdvals(types: Any, s: Settings) -> TensorType:
    x, _, _, k = _matrix(types[0], "svdvals")
    return TensorType("real", (*x.dims[:-2], k))


def _qr(types: Any, s: Settings) -> RecordType:
    x, m, n, k = _matrix(types[0], "qr")
    return RecordType((
        ("Q", TensorType(x.dtype, (*x.dims[:-2], m, k))),
        ("R", TensorType(x.dtype, (*x.dims[:-2], k, n))),
    ))  # fmt: skip


def _eigh(types: Any, s: Settings) -> RecordType:
    x = square("eigh", 2)(types, s)
    values = TensorType("real", x.dims[:-1])
    return RecordType((("eigenvalues", values), ("eigenvectors", x)))


def _slogdet(types: Any, s: Settings) -> RecordType:
    x = square("slogdet", 0)(types, s)
    return RecordType((("sign", x), ("logabsdet", TensorType("real", x.dims))))


def _solve(types: Any, s: Settings) -> TensorType:
    a, b = types
    square("solve", 2)((a,), s)
    kind = same_kind(types, "--rc", "solve")
    need_rank(b, 1, "solve", 1)
    vector = len(b.dims) == 1 or b.dims == a.dims[:-1]
    if vector:
        same(a.dims[-1], b.dims[-1], "`solve`: equations and right sides differ in number", 1)
        if len(b.dims) == 1 or len(b.dims) == len(a.dims) - 1:
            return TensorType(kind, a.dims[:-1])
    same(a.dims[-1], b.dims[-2], "`solve`: equations and right sides differ in number", 1)
    return TensorType(kind, (*broadcast(a.dims[:-2], b.dims[:-2]), *b.dims[-2:]))


def _pinv(types: Any, s: Settings) -> TensorType:
    x, m, n, _ = _matrix(types[0], "pinv")
    return TensorType(x.dtype, (*x.dims[:-2], n, m))


def _matrix_power(types: Any, s: Settings) -> TensorType:
    whole(s["n"], "n")
    return square("matrix_power", 2)(types, s)


def _pairwise_distance(types: Any, s: Settings) -> TensorType:
    a, b = types
    kind = convert_kind(promote(a.dtype, b.dtype), "-rrr", "pairwise_distance", None)
    dims = broadcast(a.dims, b.dims)
    return TensorType(kind, (*dims[:-1], 1) if s["keepdim"] else dims[:-1])


def _pdist(types: Any, s: Settings) -> TensorType:
    x = types[0]
    convert_kind(x.dtype, "--r-", "pdist")
    if len(x.dims) != 2:
        raise ShapeError(f"`pdist` takes a list of points, `[n, d]`, this is `{x}`", 0)
    n = x.dims[0]
    pairs = Polynomial.apply("floordiv", product((n, add(n, -1))), 2)
    return TensorType("real", (pairs,))


def _irfft(types: Any, s: Settings) -> TensorType:
    x = types[0]
    need_rank(x, 1, "irfft")
    place = axis(s["dim"], len(x.dims))
    size = product((2, add(x.dims[place], -1))) if s["n"] is None else whole(s["n"], "n", 1)
    if isinstance(size, int) and size < 1:
        raise ShapeError("`irfft` makes nothing of one number; give `n`", 0)
    return TensorType("real", (*x.dims[:place], size, *x.dims[place + 1 :]))


def _fft2(name: str) -> Law:
    def law(types: Any, s: Settings) -> TensorType:
        need_rank(types[0], 2, name)
        return TensorType("complex", types[0].dims)

    return law


def _shifted(types: Any, s: Settings) -> TensorType:
    need_rank(types[0], 1, "fftshift")
    if s["dim"] is not None:
        axis(s["dim"], len(types[0].dims))
    return TensorType(types[0].dtype, types[0].dims)


_X, _PAIR = tensors("x"), tensors("a", "b")
_VECTORS = (*tensors("x1", "x2"), *settings(p=2.0, eps=1e-6, keepdim=False))

DECOMPOSITIONS: dict[str, Function] = {
    "mm": Function(_PAIR, _ranked("mm", 2, 2), "torch.mm({a}, {b})", "Product of two matrices."),
    "bmm": Function(_PAIR, _ranked("bmm", 3, 3), "torch.bmm({a}, {b})",
                    "Products of two batches of matrices."),
    "mv": Function(_PAIR, _ranked("mv", 2, 1), "torch.mv({a}, {b})",
                   "Product of a matrix and a vector."),
    "inner": Function(_PAIR, _inner, "torch.inner({a}, {b})",
                      "Scalar products along the last dimensions."),
    "kron": Function(_PAIR, _kron, "torch.kron({a}, {b})", "Kronecker product."),
    "cross": Function((*_PAIR, *settings(dim=-1)), _cross,
                      "torch.linalg.cross({a}, {b}, dim={dim})", "Cross product of 3-vectors."),
    "tensordot": Function((*_PAIR, *settings(dims=2)), _tensordot,
                          "torch.tensordot({a}, {b}, dims={dims})",
                          "Sums over the last dimensions of a and the first of b."),
    "svd": Function((*_X, *settings(full_matrices=True)), _svd,
                    "torch.linalg.svd({x}, full_matrices={full_matrices})",
                    "Singular value decomposition: U, S, Vh."),
    "svdvals": Function(_X, _svdvals, "torch.linalg.svdvals({x})", "Singular values, descending."),
    "qr": Function(_X, _qr, "torch.linalg.qr({x})", "Orthogonal times triangular: Q, R."),
    "eigh": Function(_X, _eigh, "torch.linalg.eigh({x})",
                     "Eigenvalues and eigenvectors of Hermitian matrices."),
    "slogdet": Function(_X, _slogdet, "torch.linalg.slogdet({x})",
                        "Sign and logarithm of the determinant: sign, logabsdet."),
    "logdet": Function(_X, square("logdet", 0), "torch.logdet({x})",
                       "Logarithm of the determinant."),
    "cholesky": Function(_X, square("cholesky", 2), "torch.linalg.cholesky({x})",
                         "The triangular L with L @ L.T = x."),
    "solve": Function(_PAIR, _solve, "torch.linalg.solve({a}, {b})", "The x with a @ x = b."),
    "pinv": Function(_X, _pinv, "torch.linalg.pinv({x})", "Moore and Penrose's inverse."),
    "matrix_power": Function((*_X, *settings("n")), _matrix_power,
                             "torch.linalg.matrix_power({x}, {n})", "Whole powers of matrices."),
    "pairwise_distance": Function(
        _VECTORS, _pairwise_distance,
        "F.pairwise_distance({x1}, {x2}, p={p}, eps={eps}, keepdim={keepdim})",
        "Distances between vectors, pair by pair."),
    "pdist": Function((*_X, *settings(p=2.0)), _pdist, "F.pdist({x}, p={p})",
                      "Distances between all pairs of points."),
    "irfft": Function((*_X, *settings(n=None, dim=-1)), _irfft,
                      "torch.fft.irfft({x}, n={n}, dim={dim})", "The inverse of rfft."),
    "fft2": Function(_X, _fft2("fft2"), "torch.fft.fft2({x})",
                     "Fourier transform of the last two dimensions."),
    "ifft2": Function(_X, _fft2("ifft2"), "torch.fft.ifft2({x})",
                      "Inverse Fourier transform of the last two dimensions."),
    "fftshift": Function((*_X, *settings(dim=None)), _shifted, "torch.fft.fftshift({x}, dim={dim})",
                         "The frequency 0 in the middle."),
}  # fmt: skip
