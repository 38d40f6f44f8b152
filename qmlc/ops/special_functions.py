"""Rows of `ops.functions`: what works on each element by itself, beyond the everyday."""

from __future__ import annotations

from typing import Any

from qmlc.ops.arithmetic import binary, elementwise, pairwise, unary
from qmlc.ops.rows import Function, Law, Settings, settings, tensors
from qmlc.ops.shape_laws import broadcast, kind_of, promote
from qmlc.types.tensors import ShapeError, TensorType


def _same_kind(name: str, table: str, result: str = "") -> Law:
    """The law of a function of two tensors of one kind, as `isclose` has it."""
    usual = pairwise(name, table)

    def law(types: Any, settings: Settings) -> TensorType:
        a, b = types
        if a.dtype != b.dtype:
            raise ShapeError(f"`{name}` takes numbers of one kind, not {a.dtype} and {b.dtype}", 1)
        kind = usual(types, settings)
        return TensorType(result or kind.dtype, kind.dims)

    return law


def _number(settings: Settings, *names: str) -> None:
    for name in names:
        value = settings[name]
        if isinstance(value, (str, tuple, list)) or value is None:
            raise ShapeError(f"`{name}` is a number, not `{value!r}`")


def _threshold(types: Any, settings: Settings) -> TensorType:
    _number(settings, "threshold", "value")
    return elementwise("threshold", "-ir-")(types, settings)


def _masked_fill(types: Any, settings: Settings) -> TensorType:
    x, mask = types
    if mask.dtype != "bool":
        raise ShapeError(f"`masked_fill` goes by a bool tensor, this is `{mask}`", 1)
    _number(settings, "value")
    kind = kind_of(settings["value"])
    if promote(kind, x.dtype) != x.dtype:
        raise ShapeError(f"`masked_fill` puts a number of kind {kind} into `{x}`", 0,
                         "compute with real numbers: `1.0 * x`")  # fmt: skip
    return TensorType(x.dtype, broadcast(x.dims, mask.dims))


def _lerp(types: Any, settings: Settings) -> TensorType:
    kinds = {x.dtype for x in types}
    if kinds not in ({"real"}, {"complex"}):
        raise ShapeError("`lerp` takes real tensors", None, "`a + weight * (b - a)` takes all")
    return TensorType(kinds.pop(), broadcast(*(x.dims for x in types)))


_ANALYTIC = {
    "digamma": "Derivative of lgamma.",
    "erfinv": "Inverse error function.",
    "i0": "Modified Bessel function of order 0.",
}
_SPECIAL = {
    "i0e": "i0, times exp(-abs(x)).", "i1": "Modified Bessel function of order 1.",
    "i1e": "i1, times exp(-abs(x)).", "bessel_j0": "Bessel function of order 0.",
    "bessel_j1": "Bessel function of order 1.", "erfcx": "exp(x**2) * erfc(x).",
    "entr": "-x * log(x), 0 at 0.", "ndtr": "Area under the normal distribution up to x.",
    "ndtri": "The inverse of ndtr.", "log_ndtr": "Logarithm of ndtr.",
}  # fmt: skip

SPECIAL_FUNCTIONS: dict[str, Function] = {
    **{n: unary(n, "rrr-", doc) for n, doc in _ANALYTIC.items()},
    **{n: unary(n, "rrr-", doc, f"torch.special.{n}({{x}})") for n, doc in _SPECIAL.items()},
    "logit": unary("logit", "rrr-", "log(x / (1 - x)), the inverse of sigmoid.", eps=None),
    "frac": unary("frac", "--r-", "x - trunc(x)."),
    "deg2rad": unary("deg2rad", "rrr-", "Degrees as radians."),
    "rad2deg": unary("rad2deg", "rrr-", "Radians as degrees."),
    "sgn": unary("sgn", "birc", "x / abs(x), 0 at 0."),
    "signbit": unary("signbit", "bbb-", "Whether negative."),
    "isposinf": unary("isposinf", "bbb-", "Whether infinite."),
    "isneginf": unary("isneginf", "bbb-", "Whether minus infinity."),
    "hardshrink": unary("hardshrink", "--r-", "x, or 0 between -lambd and lambd.",
                        "F.hardshrink({x}, lambd={lambd})", lambd=0.5),
    "softshrink": unary("softshrink", "--r-", "x brought nearer to 0 by lambd.",
                        "F.softshrink({x}, lambd={lambd})", lambd=0.5),
    "tanhshrink": unary("tanhshrink", "-rrc", "x - tanh(x).", "F.tanhshrink({x})"),
    "threshold": Function(
        (*tensors("x"), *settings("threshold", "value")),
        _threshold, "F.threshold({x}, {threshold}, {value})",
        "x above the threshold, else value."),
    "float": unary("float", "rrr-", "As real numbers.", "{x}.float()"),
    "int": unary("int", "iii-", "As whole numbers, rounded towards zero.", "{x}.long()"),
    "bool": unary("bool", "bbbb", "Whether not 0.", "{x}.bool()"),
    "fmax": binary("fmax", "bir-", "The greater one; what is no number gives way."),
    "fmin": binary("fmin", "bir-", "The smaller one; what is no number gives way."),
    "logaddexp2": binary("logaddexp2", "--r-", "log2(2**a + 2**b), without overflow."),
    "ldexp": binary("ldexp", "rrrc", "a * 2**b."),
    "heaviside": Function(tensors("x", "values"), _same_kind("heaviside", "bir-"),
                          "torch.heaviside({x}, {values})",
                          "0 below 0, values at 0, 1 above."),
    "fmod": binary("fmod", "-ir-", "Rest, with the sign of a."),
    "hypot": binary("hypot", "--r-", "sqrt(a**2 + b**2)."),
    "copysign": binary("copysign", "rrr-", "abs(a) with the sign of b."),
    "logaddexp": binary("logaddexp", "--rc", "log(exp(a) + exp(b)), without overflow."),
    "xlogy": binary("xlogy", "rrr-", "a * log(b), 0 where a is 0."),
    "gcd": binary("gcd", "-i--", "Greatest common divisor."),
    "lcm": binary("lcm", "-i--", "Least common multiple."),
    "bitwise_and": binary("bitwise_and", "bi--", "And, bit by bit."),
    "bitwise_or": binary("bitwise_or", "bi--", "Or, bit by bit."),
    "bitwise_xor": binary("bitwise_xor", "bi--", "Exclusive or, bit by bit."),
    "complex": Function(tensors("real", "imag"), _same_kind("complex", "--r-", "complex"),
                        "torch.complex({real}, {imag})", "real + i * imag."),
    "polar": Function(tensors("abs", "angle"), _same_kind("polar", "--r-", "complex"),
                      "torch.polar({abs}, {angle})", "abs * exp(i * angle)."),
    "isclose": Function(
        (*tensors("a", "b"), *settings(rtol=1e-5, atol=1e-8, equal_nan=False)),
        _same_kind("isclose", "birc", "bool"),
        "torch.isclose({a}, {b}, rtol={rtol}, atol={atol}, equal_nan={equal_nan})",
        "Whether nearly equal."),
    "lerp": Function(tensors("a", "b", "weight"), _lerp, "torch.lerp({a}, {b}, {weight})",
                     "a + weight * (b - a)."),
    "masked_fill": Function(
        (*tensors("x", "mask"), *settings("value")), _masked_fill,
        "{x}.masked_fill({mask}, {value})", "value where the mask is true, else x."),
}  # fmt: skip
