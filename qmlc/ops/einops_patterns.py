"""Laws of einops' `rearrange`, `reduce` and `repeat`: axes have names, brackets compose them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from qmlc.ops.rows import Function, Settings, settings, tensors
from qmlc.ops.shape_laws import convert_kind, is_dimension
from qmlc.source.count_noun import count_noun
from qmlc.types.polynomial import Value
from qmlc.types.sizes import product as size_of
from qmlc.types.sizes import same_size, share_out
from qmlc.types.tensors import ShapeError, TensorType

ELLIPSIS = "..."
TOKEN = re.compile(r"\s*(\.\.\.|[A-Za-z][A-Za-z0-9_]*|\d+|[()])")

Group = tuple[str, ...]
"""The axes whose product is one dimension: names, numbers, or `...`."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """`b t (h e) -> b h t e`, each side as groups."""

    text: str
    left: tuple[Group, ...]
    right: tuple[Group, ...]


def parse_pattern(text: Any) -> Pattern:
    """The pattern of a text; ShapeError where it is none."""
    if not isinstance(text, str) or text.count("->") != 1:
        raise ShapeError(f"a pattern is a text with one `->`, not `{text!r}`",
                         proposal='write it as in "b t (h e) -> b h t e"')  # fmt: skip
    left, right = (_groups(side, text) for side in text.split("->"))
    if ELLIPSIS in _flat(right) and ELLIPSIS not in _flat(left):
        raise ShapeError(f"`...` stands only on the right of `{text}`")
    if any(ELLIPSIS in group and len(group) > 1 for group in left):
        raise ShapeError(f"`...` stands in brackets on the left of `{text}`")
    return Pattern(text, left, right)


def _groups(side: str, text: str) -> tuple[Group, ...]:
    groups: list[Group] = []
    inner: list[str] | None = None
    rest = side.rstrip()
    while rest:
        match = TOKEN.match(rest)
        token = match[1] if match else rest.strip()[0]
        if match is None or (token in "()" and (token == "(") == (inner is not None)):
            raise ShapeError(f"`{token}` is not expected in the pattern `{text}`")
        rest = rest[match.end() :]
        if token == "(":
            inner = []
        elif token == ")":
            # a lone `...` in brackets is merged into one dimension, unlike a bare one
            groups.append(tuple([*(inner or ()), "1"] if inner == [ELLIPSIS] else inner or ()))
            inner = None
        elif inner is not None:
            inner.append(token)
        else:
            groups.append((token,))
    if inner is not None:
        raise ShapeError(f"a bracket is not closed in the pattern `{text}`")
    names = [a for a in _flat(groups) if not a.isdigit()]
    for name in names:
        if names.count(name) > 1:
            raise ShapeError(f"`{name}` stands twice on one side of the pattern `{text}`")
        if name.endswith("_"):
            raise ShapeError(f"the name `{name}` in the pattern `{text}` ends with `_`")
    return tuple(groups)


def _flat(groups: Sequence[Group]) -> list[str]:
    return [axis for group in groups for axis in group]


def _names(groups: Sequence[Group]) -> set[str]:
    return {a for a in _flat(groups) if not a.isdigit()}


Bindings = dict[str, tuple[Value, ...]]
"""Sizes by axis; `...` stands for any number of dimensions."""


def bind_axes(pattern: Pattern, x: TensorType, sizes: dict[str, Value]) -> Bindings:
    """The size of each name on the left, and of those in `sizes`; ShapeError where they clash."""
    for name, value in sizes.items():
        if name not in _names(pattern.left) | _names(pattern.right):
            raise ShapeError(f"`{name}` is not in the pattern `{pattern.text}`")
        if not is_dimension(value) or (isinstance(value, int) and value < 1):
            raise ShapeError(f"`{name}` must be a positive whole number, not `{value!r}`")
    bindings: Bindings = {name: (value,) for name, value in sizes.items()}
    for group, dims in zip(pattern.left, _align(pattern, x), strict=True):
        if group == (ELLIPSIS,):
            bindings[ELLIPSIS] = dims
        else:
            _solve(group, dims[0], bindings, pattern)
    return bindings


def _align(pattern: Pattern, x: TensorType) -> list[tuple[Value, ...]]:
    """The dimensions that each group on the left stands for."""
    extra = len(x.dims) - len(pattern.left)
    place = pattern.left.index((ELLIPSIS,)) if (ELLIPSIS,) in pattern.left else None
    if extra < -1 or (extra != 0 and place is None):
        least = len(pattern.left) - (place is not None)
        raise ShapeError(
            f"the left of `{pattern.text}` has {count_noun(least, 'dimension')}, this is `{x}`", 0
        )
    groups: list[tuple[Value, ...]] = [(d,) for d in x.dims]
    if place is not None:
        groups[place : place + extra + 1] = [x.dims[place : place + extra + 1]]
    return groups


def _solve(group: Group, size: Value, bindings: Bindings, pattern: Pattern) -> None:
    unknown = [a for a in group if not a.isdigit() and a not in bindings]
    known: list[Value] = [int(a) if a.isdigit() else bindings[a][0] for a in group
                          if a not in unknown]  # fmt: skip
    divisor = size_of(known)
    if len(unknown) > 1:
        raise ShapeError(
            f"the sizes of `{'` and `'.join(unknown)}` do not follow from {size}",
            0,
            f"give all but one: `{unknown[0]}=…`",
        )
    if not unknown:
        if not same_size(divisor, size):
            text = " ".join(group)
            raise ShapeError(f"`{text}` is {divisor} in `{pattern.text}`, but {size} here", 0)
        return
    quotient = share_out(size, divisor)
    if quotient is None:
        given = " * ".join(a for a in group if a not in unknown)
        raise ShapeError(
            f"`{given}` is {divisor}, which does not divide {size}", 0, _divisors(size)
        )
    bindings[unknown[0]] = (quotient,)


def _divisors(size: Value) -> str:
    if not isinstance(size, int):
        return ""
    return f"choose from {', '.join(str(d) for d in range(1, size + 1) if size % d == 0)}"


def _result(pattern: Pattern, bindings: Bindings) -> tuple[Value, ...]:
    dims: list[Value] = []
    for group in pattern.right:
        sizes = [s for a in group for s in ((int(a),) if a.isdigit() else bindings[a])]
        dims += sizes if group == (ELLIPSIS,) else [size_of(sizes)]
    return tuple(dims)


def _no_numbers(groups: Sequence[Group], pattern: Pattern, name: str) -> None:
    for axis in _flat(groups):
        if axis.isdigit() and axis != "1":
            raise ShapeError(f"`{axis}` in `{pattern.text}`: `{name}` takes names and 1 there")


def _only(names: set[str], where: str, pattern: Pattern) -> None:
    if names:
        lost = "`, `".join(sorted(names))
        raise ShapeError(f"`{lost}` stands only on the {where} of `{pattern.text}`")


def rearrange_law(types: Any, settings: Settings) -> TensorType:
    """The type of `rearrange`: the same names on both sides."""
    pattern = parse_pattern(settings["pattern"])
    left, right = _names(pattern.left), _names(pattern.right)
    _only(left - right, "left", pattern)
    _only(right - left, "right", pattern)
    _no_numbers((*pattern.left, *pattern.right), pattern, "rearrange")
    bindings = bind_axes(pattern, types[0], dict(settings["sizes"]))
    return TensorType(types[0].dtype, _result(pattern, bindings))


REDUCTION_KINDS = {
    "sum": "iirc", "mean": "--rc", "max": "bir-", "min": "bir-", "prod": "iirc", "any": "bbbb",
    "all": "bbbb",
}  # fmt: skip


def reduce_law(types: Any, settings: Settings) -> TensorType:
    """The type of `reduce`: what stands only on the left is reduced."""
    pattern, reduction = parse_pattern(settings["pattern"]), settings["reduction"]
    if reduction not in REDUCTION_KINDS:
        raise ShapeError(f"there is no reduction `{reduction}`",
                         proposal=f"choose from {', '.join(REDUCTION_KINDS)}")  # fmt: skip
    _only(_names(pattern.right) - _names(pattern.left), "right", pattern)
    _no_numbers(pattern.right, pattern, "reduce")
    bindings = bind_axes(pattern, types[0], dict(settings["sizes"]))
    kind, kept = types[0].dtype, {"1", *_names(pattern.right)}
    # einops leaves the kind alone where nothing is reduced
    if any(bindings.get(a, (1,)) for a in _flat(pattern.left) if a not in kept):
        kind = convert_kind(kind, REDUCTION_KINDS[reduction], f"reduce {reduction}")
    return TensorType(kind, _result(pattern, bindings))


def repeat_law(types: Any, settings: Settings) -> TensorType:
    """The type of `repeat`: what stands only on the right is new, and its size given."""
    pattern = parse_pattern(settings["pattern"])
    _only(_names(pattern.left) - _names(pattern.right), "left", pattern)
    _no_numbers(pattern.left, pattern, "repeat")
    bindings = bind_axes(pattern, types[0], dict(settings["sizes"]))
    missing = sorted(_names(pattern.right) - set(bindings))
    if missing:
        raise ShapeError(f"`repeat` needs the size of `{missing[0]}`",
                         proposal=f"give it: `{missing[0]}=…`")  # fmt: skip
    return TensorType(types[0].dtype, _result(pattern, bindings))


EINOPS: dict[str, Function] = {
    "rearrange": Function(
        (*tensors("x"), *settings("pattern")), rearrange_law,
        "einops.rearrange({x}, {pattern}{sizes})", "Axes by name, split, merged and reordered.",
        sizes=True,
    ),
    "reduce": Function(
        (*tensors("x"), *settings("pattern", "reduction")), reduce_law,
        "einops.reduce({x}, {pattern}, {reduction}{sizes})", "Axes by name, some reduced.",
        sizes=True,
    ),
    "repeat": Function(
        (*tensors("x"), *settings("pattern")), repeat_law,
        "einops.repeat({x}, {pattern}{sizes})", "Axes by name, some new.", sizes=True,
    ),
}  # fmt: skip
