"""Check tensors against declared types when a module is called, in the author's names."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

ELLIPSIS = "..."

_ARITHMETIC: dict[str, Callable[[int, int], int]] = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mult": operator.mul,
    "FloorDiv": operator.floordiv,
    "Mod": operator.mod,
    "Pow": operator.pow,
}
"""Operators by the names of their syntax classes."""
OPERATORS = frozenset({*_ARITHMETIC, "Div"})
"""Division of dimensions is exact."""

MOST_TRIED = 32
"""Numbers tried for the name in a size such as `2**n`."""

Size = int | str | tuple[str, Any, Any]
"""A number, a name, or (operator, left, right)."""


@dataclass(frozen=True, slots=True)
class DeclaredType:
    """A parsed type: whether more dimensions may lead, each size and its text."""

    dtype: str
    leading: bool
    sizes: tuple[Size, ...]
    texts: tuple[str, ...]


def parse_type(text: str) -> DeclaredType:
    """The parts of a type such as `real[..., T, 2*d]`; ValueError where it is none."""
    return _parse_type(text)


# What torch.compiler.assume_constant_result sets; calling it imports torch._dynamo, for seconds.
parse_type._dynamo_marked_constant = True  # type: ignore[attr-defined]


@lru_cache(maxsize=4096)
def _parse_type(text: str) -> DeclaredType:
    head, bracket, body = text.partition("[")
    if not bracket:
        return DeclaredType(head.strip(), False, (), ())
    pieces = [piece.strip() for piece in body.rstrip().removesuffix("]").split(",")]
    leading = pieces[0] == ELLIPSIS
    texts = tuple(pieces[leading:])
    return DeclaredType(head.strip(), leading, tuple(map(_parse_size, texts)), texts)


def _parse_size(text: str) -> Size:
    try:
        return _simplify(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"`{text}` is no dimension") from error


def _simplify(tree: ast.expr) -> Size:
    match tree:
        case ast.Constant(int() as value):
            return value
        case ast.Name(name):
            return name
        case ast.UnaryOp(ast.USub(), operand):
            return ("Sub", 0, _simplify(operand))
        case ast.BinOp(left, operation, right) if type(operation).__name__ in OPERATORS:
            return (type(operation).__name__, _simplify(left), _simplify(right))
        case _:
            raise ValueError(ast.unparse(tree))


def bind_dimensions(
    unit: str,
    declared: Mapping[str, str],
    tensors: Mapping[str, Tensor | None],
    sizes: Sequence[str] = (),
    optional: Sequence[str] = (),
) -> dict[str, int]:
    """The size of each dimension name, from the shapes of the `tensors` of `unit`.

    A name is the same number in all of them; a record is checked field by field by the caller.
    Of `optional` inputs None is given where they are left out.
    ValueError, in the author's names, for a tensor that is not what is declared. Arithmetic is
    checked where all its names are known from the other dimensions. `sizes` are what `unit` makes
    of them, `T - 3` or `T / 2`: each must be a whole number, 0 or more.
    """
    given = {name: tensor for name, tensor in tensors.items() if tensor is not None}
    missing = [name for name in declared if name not in given and name not in optional]
    if missing:
        raise ValueError(f"{unit}: needs `{'`, `'.join(missing)}`")
    found = _bind(unit, {name: text for name, text in declared.items() if name in given}, given)
    for text in sizes:
        _check_size(unit, text, found)
    return found


def _check_size(unit: str, text: str, found: Mapping[str, int]) -> None:
    expression = parse_type(f"real[{text}]").sizes[0]
    size = _evaluate_exactly(expression, found)
    if size is not None and size < 0:
        fault = "is no whole number" if "/" in text.replace("//", "") else f"is {size}"
        values = ", ".join(f"{n} is {v}" for n, v in found.items() if n in _names(expression))
        raise ValueError(f"{unit}: the size `{text}` {fault}, as {values}")


class _Uneven(ArithmeticError):
    """An exact division leaves a rest."""


def _names(expression: Size) -> set[str]:
    if isinstance(expression, tuple):
        return _names(expression[1]) | _names(expression[2])
    return {expression} if isinstance(expression, str) else set()


def _divide(a: int, b: int) -> int:
    if b == 0 or a % b:
        raise _Uneven
    return a // b


def _bind(unit: str, declared: Mapping[str, str], tensors: Mapping[str, Tensor]) -> dict[str, int]:
    """The size of each name: those that stand alone first, then those in arithmetic."""
    sizes: dict[str, int] = {}
    known: dict[str, str] = {}
    later: list[tuple[str, int, int]] = []
    for name, text in declared.items():
        tensor, kind = tensors[name], parse_type(text)
        shape = tensor.shape
        extra = len(shape) - len(kind.sizes)
        if extra < 0 or (extra and not kind.leading) or not _fits(tensor.dtype, kind.dtype):
            raise _mismatch(unit, name, text, tensor)
        for place, declared_size in enumerate(kind.sizes):
            size = shape[extra + place]
            if isinstance(declared_size, int):
                if size != declared_size:
                    raise _mismatch(unit, name, text, tensor)
            elif not isinstance(declared_size, str):
                later.append((name, place, size))
            elif sizes.setdefault(declared_size, size) != size:
                raise _mismatch(unit, name, text, tensor, declared_size, sizes, known)
            else:
                known.setdefault(declared_size, name)
    for name, place, size in later:
        detail = _compare(parse_type(declared[name]), place, size, sizes)
        if detail is not None:
            raise _mismatch(unit, name, declared[name], tensors[name], detail=detail)
    return sizes


def _compare(kind: DeclaredType, place: int, size: int, sizes: dict[str, int]) -> str | None:
    """Why the arithmetic at `place` is not `size`, None where it is; adds what it tells."""
    if not _solve(kind.sizes[place], size, sizes):
        return f" ({size} is no {kind.texts[place]})"
    expected = _evaluate_exactly(kind.sizes[place], sizes)
    if expected is None or expected == size:
        return None
    return f" ({kind.texts[place]} is {expected})" if expected >= 0 else ""


def _solve(expression: Size, size: int, sizes: dict[str, int]) -> bool:
    """Add the one name of `expression` that `sizes` lacks; whether a number makes it `size`."""
    unknown = _names(expression) - sizes.keys()
    if len(unknown) != 1:
        return True
    (name,) = unknown
    at_zero, at_one = (_evaluate_exactly(expression, {**sizes, name: n}) for n in (0, 1))
    slope = at_one - at_zero if at_one is not None and at_zero is not None else 0
    guess = (size - (at_zero or 0)) // slope if slope else 0
    for number in (guess, *range(MOST_TRIED)):
        if number >= 0 and _evaluate_exactly(expression, {**sizes, name: number}) == size:
            sizes[name] = number
            return True
    return False


def _evaluate_exactly(expression: Size, sizes: Mapping[str, int]) -> int | None:
    """The size, -1 where a division leaves a rest, None where a name is not known."""
    try:
        return _evaluate(expression, sizes)
    except _Uneven:
        return -1


def _fits(dtype: torch.dtype, declared: str) -> bool:
    """Whether a tensor may stand for a declared one: whole numbers may for reals."""
    if declared == "complex":
        return dtype != torch.bool
    if declared == "real":
        return dtype != torch.bool and not dtype.is_complex
    if declared in ("int", "label"):
        return dtype != torch.bool and not dtype.is_complex and not dtype.is_floating_point
    return declared != "bool" or dtype == torch.bool


def _evaluate(expression: Size, sizes: Mapping[str, int]) -> int | None:
    if isinstance(expression, int):
        return expression
    if isinstance(expression, str):
        return sizes.get(expression)
    name, left, right = expression
    a, b = _evaluate(left, sizes), _evaluate(right, sizes)
    if a is None or b is None:
        return None
    return _divide(a, b) if name == "Div" else _ARITHMETIC[name](a, b)


def _mismatch(
    unit: str,
    name: str,
    text: str,
    tensor: Tensor,
    dimension: str | None = None,
    sizes: Mapping[str, int] | None = None,
    known: Mapping[str, str] | None = None,
    detail: str = "",
) -> ValueError:
    if dimension is not None and sizes is not None and known is not None:
        origin = known[dimension]
        where = "" if origin == name else f" by `{origin}`"
        detail = f" ({dimension} is {sizes[dimension]}{where})"
    found = shape_text(tensor)
    return ValueError(f"{unit}: `{name}` is {found}, but {text} is declared{detail}")


def shape_text(tensor: Tensor) -> str:
    """The type of a tensor as the author would write it: `real[32, 5]`."""
    kind = "real"
    if tensor.dtype == torch.bool:
        kind = "bool"
    elif tensor.is_complex():
        kind = "complex"
    elif not tensor.is_floating_point():
        kind = "int"
    return f"{kind}[{', '.join(map(str, tensor.shape))}]" if tensor.dim() else kind
