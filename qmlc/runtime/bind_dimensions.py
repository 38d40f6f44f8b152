"""Checks the shapes of a call against the declaration, in the author's names."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from functools import cache

import torch
from torch import Tensor

OPERATORS: dict[type[ast.AST], Callable[..., int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Pow: operator.pow,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.USub: operator.neg,
}


def bind_dimensions(
    unit: str, types: Mapping[str, str], tensors: Mapping[str, Tensor]
) -> dict[str, int]:
    """The sizes of the dimensions that `types` (`real[B, 4]`) name, read off the `tensors`.

    ValueError where a shape does not fit or a name would be two sizes, TypeError where a value is
    no tensor or of another kind; both name the `unit` and the input.
    """
    sizes: dict[str, int] = {}
    origin: dict[str, str] = {}
    composed = []
    for name, text in types.items():
        tensor = tensors[name]
        for dimension, size in _aligned(unit, name, text, tensor):
            if isinstance(dimension, int):
                _require(dimension == size, unit, name, text, tensor)
            elif isinstance(dimension, str):
                if sizes.setdefault(dimension, size) != size:
                    raise ValueError(
                        f"{unit}: `{dimension}` is {sizes[dimension]} in `{origin[dimension]}`, "
                        f"but {size} in `{name}`"
                    )
                origin.setdefault(dimension, name)
            else:
                composed.append((name, text, dimension, size))
    for name, text, formula, size in composed:
        _solve(formula, size, sizes)
        _require(_evaluate(formula, sizes) in (size, None), unit, name, text, tensors[name])
    return sizes


def _aligned(
    unit: str, name: str, text: str, tensor: Tensor
) -> list[tuple[int | str | ast.expr, int]]:
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{unit}: `{name}` is {text}, this is a {type(tensor).__name__}")
    kind, dimensions, leading = _parse(text)
    if kind != _kind(tensor):
        raise TypeError(f"{unit}: `{name}` is {text}, the tensor given is {_shown(tensor)}")
    shape = tuple(tensor.shape)
    extra = len(shape) - len(dimensions)
    _require(extra == 0 or (leading and extra > 0), unit, name, text, tensor)
    return list(zip(dimensions, shape[extra:], strict=True))


@cache
def _parse(text: str) -> tuple[str, tuple[int | str | ast.expr, ...], bool]:
    """(kind, dimensions, whether any others may come before them)."""
    kind, _, inner = text.rstrip("]").partition("[")
    tree = ast.parse(f"({inner},)" if inner else "()", mode="eval").body
    assert isinstance(tree, ast.Tuple)
    parts: list[int | str | ast.expr] = []
    for part in tree.elts:
        match part:
            case ast.Name(id=name):
                parts.append(name)
            case ast.Constant(value=int() as number):
                parts.append(number)
            case _:
                parts.append(part)
    leading = bool(tree.elts) and ast.unparse(tree.elts[0]) == "..."
    return kind, tuple(parts[leading:]), leading


def _solve(formula: ast.expr, size: int, sizes: dict[str, int]) -> None:
    """Find the one name of an affine formula that is not known yet."""
    names = {n.id for n in ast.walk(formula) if isinstance(n, ast.Name)}
    unknown = sorted(names - sizes.keys())
    if len(unknown) != 1:
        return
    at = [_evaluate(formula, {**sizes, unknown[0]: value}) for value in (0, 1, 2)]
    first, second, third = at
    if first is None or second is None or third is None or third - second != second - first:
        return
    slope = second - first
    if slope and (size - first) % slope == 0:
        sizes[unknown[0]] = (size - first) // slope


def _evaluate(formula: ast.expr, sizes: Mapping[str, int]) -> int | None:
    """The value of a formula; None where a name in it is not known."""
    match formula:
        case ast.Constant(value=int() as number):
            return number
        case ast.Name(id=name):
            return sizes.get(name)
        case ast.UnaryOp(op=sign, operand=inner):
            value = _evaluate(inner, sizes)
            return None if value is None else OPERATORS[type(sign)](value)
        case ast.BinOp(left=left, op=sign, right=right):
            a, b = _evaluate(left, sizes), _evaluate(right, sizes)
            return None if a is None or b is None else OPERATORS[type(sign)](a, b)
    return None


def _require(holds: bool, unit: str, name: str, text: str, tensor: Tensor) -> None:
    if not holds:
        raise ValueError(f"{unit}: `{name}` is {text}, the tensor given is {_shown(tensor)}")


def _kind(tensor: Tensor) -> str:
    if tensor.is_complex():
        return "complex"
    if tensor.is_floating_point():
        return "real"
    return "bool" if tensor.dtype == torch.bool else "int"


def _shown(tensor: Tensor) -> str:
    shape = ", ".join(map(str, tensor.shape))
    return f"{_kind(tensor)}[{shape}]" if shape else _kind(tensor)
