"""Rows of `ops.functions`: operators, and functions that work on each element by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qmlc.ops.rows import (
    ATOM,
    COMPARISON,
    POWER,
    PRODUCT,
    SUM,
    UNARY,
    Function,
    Law,
    Settings,
    settings,
    tensors,
)
from qmlc.ops.shape_laws import broadcast, convert_kind, kind_of, promote, whole
from qmlc.types.tensors import ShapeError, TensorType

# What becomes of bool, int, real and complex operands; `-` where torch has no such function.
ANALYTIC = "rrrc"
REAL_ONLY = "--r-"


def elementwise(name: str, table: str) -> Law:
    """The law of a function of one tensor."""

    def law(types: Any, settings: Settings) -> TensorType:
        return TensorType(convert_kind(types[0].dtype, table, name), types[0].dims)

    return law


def pairwise(name: str, table: str, booleans: bool = True) -> Law:
    """The law of a function of two tensors that broadcast; `table` is for their common kind."""

    def law(types: Any, settings: Settings) -> TensorType:
        left, right = types
        kind = convert_kind(promote(left.dtype, right.dtype), table, name, None)
        if not booleans and "bool" in (left.dtype, right.dtype):
            raise ShapeError(
                f"`{name}` does not take bool numbers",
                0 if left.dtype == "bool" else 1,
                "use `not`, or `1 * mask`",
            )
        return TensorType(kind, broadcast(left.dims, right.dims))

    return law


def _where(types: Any, settings: Settings) -> TensorType:
    mask, a, b = types
    if mask.dtype != "bool":
        raise ShapeError(f"`where` chooses by a bool tensor, this is `{mask}`", 0)
    return TensorType(promote(a.dtype, b.dtype), broadcast(mask.dims, a.dims, b.dims))


def _clamp(types: Any, settings: Settings) -> TensorType:
    bounds = [b for b in (settings["min"], settings["max"]) if b is not None]
    if not bounds:
        raise ShapeError("`clamp` needs `min`, `max` or both")
    kind = promote(types[0].dtype, *(kind_of(b) for b in bounds))
    return TensorType(convert_kind(kind, "bir-", "clamp"), types[0].dims)


def _round(types: Any, settings: Settings) -> TensorType:
    table = "-ir-" if whole(settings["decimals"], "decimals") == 0 else "--r-"
    return TensorType(convert_kind(types[0].dtype, table, "round"), types[0].dims)


def _operator(symbol: str, precedence: int, law: Law, scalar: str, doc: str) -> Function:
    return Function(
        tensors("a", "b"), law, f"{{a}} {symbol} {{b}}", doc, precedence, scalar, numbers=True
    )


OPERATORS: dict[str, Function] = {
    "add": _operator("+", SUM, pairwise("add", "birc"), "", "Sum."),
    "subtract": _operator("-", SUM, pairwise("subtract", "birc", False), "", "Difference."),
    "multiply": _operator("*", PRODUCT, pairwise("multiply", "birc"), "multiply", "Product."),
    "divide": _operator("/", PRODUCT, pairwise("divide", ANALYTIC), "divide", "Quotient."),
    "floor_divide": _operator(
        "//", PRODUCT, pairwise("floor_divide", "-ir-"), "floordiv", "Quotient, rounded down."
    ),
    "remainder": _operator(
        "%", PRODUCT, pairwise("remainder", "-ir-"), "mod", "Rest, with the divisor's sign."
    ),
    "power": _operator("**", POWER, pairwise("power", "-irc"), "power", "Power."),
    "negative": Function(
        tensors("x"), elementwise("negative", "-irc"), "-{x}", "Minus.", UNARY, numbers=True
    ),
    **{
        name: _operator(symbol, COMPARISON, pairwise(name, table), "", doc)
        for name, symbol, table, doc in (
            ("equal", "==", "bbbb", "Whether equal."),
            ("not_equal", "!=", "bbbb", "Whether different."),
            ("less", "<", "bbb-", "Whether less."),
            ("less_equal", "<=", "bbb-", "Whether less or equal."),
            ("greater", ">", "bbb-", "Whether greater."),
            ("greater_equal", ">=", "bbb-", "Whether greater or equal."),
        )
    },
}


def unary(
    name: str, table: str, doc: str, template: str = "", scalar: str = "", **defaults: Any
) -> Function:
    """A row of one tensor; `defaults` are its settings, by keyword."""
    keywords = "".join(f", {key}={{{key}}}" for key in defaults)
    return Function(
        (*tensors("x"), *settings(**defaults)),
        elementwise(name, table),
        template or f"torch.{name}({{x}}{keywords})",
        doc,
        scalar=scalar,
    )


def binary(name: str, table: str, doc: str, scalar: str = "") -> Function:
    """A row of two tensors that broadcast."""
    return Function(
        tensors("a", "b"), pairwise(name, table), f"torch.{name}({{a}}, {{b}})", doc, scalar=scalar
    )


_ANALYTIC: Mapping[str, str] = {
    "sin": "Sine.", "cos": "Cosine.", "tan": "Tangent.", "asin": "Inverse sine.",
    "acos": "Inverse cosine.", "atan": "Inverse tangent.", "sinh": "Hyperbolic sine.",
    "cosh": "Hyperbolic cosine.", "tanh": "Hyperbolic tangent.", "exp": "Exponential.",
    "log": "Natural logarithm.", "sqrt": "Square root.",
}  # fmt: skip

_ANALYTIC_TENSORS: Mapping[str, str] = {
    "asinh": "Inverse hyperbolic sine.", "acosh": "Inverse hyperbolic cosine.",
    "atanh": "Inverse hyperbolic tangent.", "exp2": "Power of two.", "log2": "Binary logarithm.",
    "log10": "Decimal logarithm.", "log1p": "Logarithm of 1 + x.", "expm1": "exp(x) - 1.",
    "rsqrt": "1 / sqrt(x).", "reciprocal": "1 / x.", "sinc": "sin(pi x) / (pi x).",
}  # fmt: skip

ELEMENTWISE: dict[str, Function] = {
    **{n: unary(n, ANALYTIC, doc, scalar=n) for n, doc in _ANALYTIC.items()},
    **{n: unary(n, ANALYTIC, doc) for n, doc in _ANALYTIC_TENSORS.items()},
    "sigmoid": unary("sigmoid", ANALYTIC, "1 / (1 + exp(-x)).", scalar="sigmoid"),
    "abs": unary("abs", "-irr", "Absolute value.", scalar="abs"),
    "angle": unary("angle", "rrrr", "Argument of a complex number, in radians."),
    "real": unary("real", "birr", "Real part.", "{x}.real"),
    "imag": unary("imag", "---r", "Imaginary part.", "{x}.imag"),
    "conj": unary("conj", "birc", "Complex conjugate.", "{x}.conj()"),
    "sign": unary("sign", "bir-", "-1, 0 or 1.", scalar="sign"),
    "floor": unary("floor", "-ir-", "Rounded down.", scalar="floor"),
    "ceil": unary("ceil", "-ir-", "Rounded up.", scalar="ceil"),
    "trunc": unary("trunc", "-ir-", "Rounded towards zero."),
    "round": Function(
        (*tensors("x"), *settings(decimals=0)),
        _round, "torch.round({x}, decimals={decimals})", "Rounded, halves to even.",
        scalar="round",
    ),
    "square": unary("square", "iirc", "x * x."),
    "erf": unary("erf", "rrr-", "Error function."),
    "erfc": unary("erfc", "rrr-", "1 - erf(x)."),
    "lgamma": unary("lgamma", "rrr-", "Logarithm of the gamma function."),
    "isnan": unary("isnan", "bbbb", "Whether not a number."),
    "isinf": unary("isinf", "bbbb", "Whether infinite."),
    "isfinite": unary("isfinite", "bbbb", "Whether neither infinite nor nan."),
    "nan_to_num": unary("nan_to_num", "birc", "nan replaced by a number.", nan=0.0),
    "stop_gradient": unary("stop_gradient", "birc", "x, through which no gradient flows.",
                            "{x}.detach()"),
    "relu": unary("relu", "-ir-", "max(x, 0).", scalar="relu"),
    "relu6": unary("relu6", "-ir-", "min(max(x, 0), 6).", "F.relu6({x})"),
    "hardtanh": unary(
        "hardtanh", "--r-", "x between two bounds.",
        "F.hardtanh({x}, min_val={min_val}, max_val={max_val})", min_val=-1.0, max_val=1.0,
    ),
    "gelu": unary("gelu", REAL_ONLY, "x times the normal distribution function.",
                   "F.gelu({x}, approximate={approximate})", approximate="none"),
    "silu": unary("silu", "--rc", "x * sigmoid(x).", "F.silu({x})"),
    "elu": unary("elu", REAL_ONLY, "x, or alpha * (exp(x) - 1) below 0.",
                  "F.elu({x}, alpha={alpha})", alpha=1.0),
    "celu": unary("celu", REAL_ONLY, "x, or alpha * (exp(x / alpha) - 1) below 0.",
                   "F.celu({x}, alpha={alpha})", alpha=1.0),
    "selu": unary("selu", REAL_ONLY, "Scaled elu.", "F.selu({x})"),
    "leaky_relu": unary(
        "leaky_relu", REAL_ONLY, "x, or negative_slope * x below 0.",
        "F.leaky_relu({x}, negative_slope={negative_slope})", negative_slope=0.01,
    ),
    "softplus": unary("softplus", REAL_ONLY, "log(1 + exp(x)), smooth relu.",
                       "F.softplus({x}, beta={beta}, threshold={threshold})",
                       beta=1.0, threshold=20.0),
    "softsign": unary("softsign", "-rrc", "x / (1 + abs(x)).", "F.softsign({x})"),
    "mish": unary("mish", REAL_ONLY, "x * tanh(softplus(x)).", "F.mish({x})"),
    "hardswish": unary("hardswish", REAL_ONLY, "x * relu6(x + 3) / 6.", "F.hardswish({x})"),
    "hardsigmoid": unary("hardsigmoid", REAL_ONLY, "relu6(x + 3) / 6.", "F.hardsigmoid({x})"),
    "log_sigmoid": unary("log_sigmoid", REAL_ONLY, "log(sigmoid(x)).", "F.logsigmoid({x})"),
    "clamp": Function(
        (*tensors("x"), *settings(min=None, max=None)),
        _clamp, "torch.clamp({x}, min={min}, max={max})", "x between two bounds.",
    ),
    "minimum": binary("minimum", "bir-", "The smaller of two.", "minimum"),
    "maximum": binary("maximum", "bir-", "The larger of two.", "maximum"),
    "atan2": binary("atan2", "rrr-", "Angle of the point (b, a).", "atan2"),
    "logical_and": binary("logical_and", "bbbb", "Whether both."),
    "logical_or": binary("logical_or", "bbbb", "Whether one or both."),
    "logical_xor": binary("logical_xor", "bbbb", "Whether exactly one."),
    "logical_not": unary("logical_not", "bbbb", "Whether not."),
    "where": Function(
        tensors("mask", "a", "b"), _where, "torch.where({mask}, {a}, {b})",
        "a where the mask is true, else b.", ATOM, numbers=True,
    ),
}  # fmt: skip
