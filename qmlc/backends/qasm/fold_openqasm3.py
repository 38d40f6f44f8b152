"""What expressions of OpenQASM 3 are worth when nothing has run yet."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from openqasm3 import ast

Number = int | float | bool

CONSTANTS: dict[str, Number] = {
    "pi": math.pi, "π": math.pi, "tau": math.tau, "τ": math.tau, "euler": math.e, "ℇ": math.e,
}  # fmt: skip

FUNCTIONS: dict[str, Callable[..., Number]] = {
    "arccos": math.acos, "arcsin": math.asin, "arctan": math.atan, "ceiling": math.ceil,
    "cos": math.cos, "exp": math.exp, "floor": math.floor, "log": math.log, "mod": operator.mod,
    "pow": operator.pow, "sin": math.sin, "sqrt": math.sqrt, "tan": math.tan,
    "popcount": lambda value: int(value).bit_count(),
}  # fmt: skip


def _divide(left: Number, right: Number) -> Number:
    """Between whole numbers the quotient is whole, as the specification says."""
    if isinstance(left, int) and isinstance(right, int):
        return int(left / right)
    return left / right


BINARY: dict[str, Callable[[Any, Any], Number]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": _divide, "%": operator.mod,
    "**": operator.pow, "<<": operator.lshift, ">>": operator.rshift, "&": operator.and_,
    "|": operator.or_, "^": operator.xor, "==": operator.eq, "!=": operator.ne, "<": operator.lt,
    "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "&&": lambda a, b: bool(a) and bool(b), "||": lambda a, b: bool(a) or bool(b),
}  # fmt: skip

LITERALS = (ast.IntegerLiteral, ast.FloatLiteral, ast.BooleanLiteral, ast.BitstringLiteral)


def constant(node: Any, known: Mapping[str, Number]) -> Number | None:
    """The number that an expression is, given those of its names; None where it is none."""
    try:
        return _constant(node, known)
    except (ArithmeticError, TypeError, ValueError):
        return None


def _constant(node: Any, known: Mapping[str, Number]) -> Number | None:
    match node:
        case ast.IntegerLiteral() | ast.FloatLiteral() | ast.BooleanLiteral():
            return node.value
        case ast.BitstringLiteral():
            return node.value
        case ast.Identifier():
            return known.get(node.name, CONSTANTS.get(node.name))
        case ast.UnaryExpression():
            return _unary(node.op.name, constant(node.expression, known))
        case ast.BinaryExpression():
            left, right = constant(node.lhs, known), constant(node.rhs, known)
            return None if left is None or right is None else BINARY[node.op.name](left, right)
        case ast.FunctionCall() if node.name.name in FUNCTIONS:
            values = [constant(a, known) for a in node.arguments]
            return None if None in values else FUNCTIONS[node.name.name](*values)
        case ast.Cast():
            return _cast(node.type, constant(node.argument, known), known)
        case ast.IndexExpression(collection=ast.Identifier(), index=[index]):
            whole, place = constant(node.collection, known), constant(index, known)
            if isinstance(whole, int) and isinstance(place, int):
                return whole >> place & 1
    return None


def _unary(name: str, value: Number | None) -> Number | None:
    if value is None:
        return None
    if name == "-":
        return -value
    return not value if name == "!" or isinstance(value, bool) else ~int(value)


def _cast(kind: Any, value: Number | None, known: Mapping[str, Number]) -> Number | None:
    if value is None:
        return None
    match kind:
        case ast.BoolType():
            return bool(value)
        case ast.IntType():
            return int(value)
        case ast.UintType() | ast.BitType():
            size = constant(kind.size, known) if kind.size is not None else None
            whole = int(value)
            return whole & ((1 << int(size)) - 1) if size is not None and whole >= 0 else whole
        case ast.FloatType() | ast.AngleType():
            return float(value)
    return None


def literal(value: Number) -> Any:
    """A number as an expression."""
    if isinstance(value, bool):
        return ast.BooleanLiteral(value)
    if value < 0:
        return ast.UnaryExpression(ast.UnaryOperator["-"], literal(-value))
    return ast.IntegerLiteral(value) if isinstance(value, int) else ast.FloatLiteral(value)


def without_casts(node: Any) -> Any:
    """What a cast of bits is a cast of."""
    while isinstance(node, ast.Cast):
        node = node.argument
    return node
