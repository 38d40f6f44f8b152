"""Formulas in OpenQASM: angles over inputs, conditions over bits."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from qmlc.verify.split_tokens import Cursor

Formula: TypeAlias = float | str | tuple[Any, ...]
"""A number, a name (`theta`, `c[0]`), or an operation and the formulas that it is applied to."""

CONSTANTS = {
    "pi": math.pi, "π": math.pi, "tau": math.tau, "τ": math.tau, "euler": math.e, "ℇ": math.e,
    "true": 1, "false": 0,
}  # fmt: skip

FUNCTIONS: dict[str, Callable[..., float]] = {
    "sin": math.sin, "cos": math.cos, "tan": math.tan, "arcsin": math.asin, "arccos": math.acos,
    "arctan": math.atan, "asin": math.asin, "acos": math.acos, "atan": math.atan,
    "exp": math.exp, "ln": math.log, "log": math.log, "sqrt": math.sqrt,
    "pow": operator.pow, "mod": operator.mod, "float": float, "angle": float,
    "int": int, "uint": int, "bool": bool, "floor": math.floor, "ceiling": math.ceil,
}  # fmt: skip

PRIORITIES = [
    {"||"}, {"&&"}, {"|"}, {"^"}, {"&"}, {"==", "!="}, {"<", "<=", ">", ">="}, {"<<", ">>"},
    {"+", "-"}, {"*", "/", "%"},
]  # fmt: skip
"""From those that bind least."""

ENDS = frozenset({")", ","})

LEVELS = {name: level for level, names in enumerate(PRIORITIES) for name in names}


def divide(a: float, b: float) -> float:
    """`a / b`, rounded towards zero where both are whole, as OpenQASM 3 has it."""
    if isinstance(a, int) and isinstance(b, int):
        return int(a / b)
    return a / b


OPERATIONS: dict[str, Callable[..., Any]] = {
    "||": lambda a, b: int(bool(a) or bool(b)), "&&": lambda a, b: int(bool(a) and bool(b)),
    "|": operator.or_, "^": operator.xor, "&": operator.and_, "<<": operator.lshift,
    ">>": operator.rshift, "==": operator.eq, "!=": operator.ne, "<": operator.lt,
    "<=": operator.le, ">": operator.gt, ">=": operator.ge, "+": operator.add,
    "-": operator.sub, "*": operator.mul, "/": divide, "%": operator.mod, "**": operator.pow,
    "!": operator.not_, "neg": operator.neg, **FUNCTIONS,
}  # fmt: skip


def read_formula(cursor: Cursor, old: bool = False, level: int = 0) -> Formula:
    """The formula that starts here; in `old` texts, OpenQASM 2, all numbers are real. Unreadable.

    There `^` is the power, too.
    """
    if level == len(PRIORITIES) or cursor.tokens[cursor.index + 1][0] in ENDS:
        return _unary(cursor, old)  # most angles are a single number
    left = read_formula(cursor, old, level + 1)
    while LEVELS.get(cursor.next) == level and not (old and cursor.next == "^"):
        name = cursor.take()
        left = _apply(name, left, read_formula(cursor, old, level + 1))
    return left


def _unary(cursor: Cursor, old: bool) -> Formula:
    if cursor.accept("-"):
        return _apply("neg", _unary(cursor, old))
    if cursor.accept("+"):
        return _unary(cursor, old)
    if cursor.accept("!"):
        return _apply("!", _unary(cursor, old))
    base = _atom(cursor, old)
    if cursor.accept("**") or (old and cursor.accept("^")):
        return _apply("**", base, _unary(cursor, old))
    return base


def _atom(cursor: Cursor, old: bool) -> Formula:
    if cursor.accept("("):
        inner = read_formula(cursor, old)
        cursor.expect(")")
        return inner
    token = cursor.take()
    if token[:1].isdigit() or token[:1] == ".":
        return int(token) if token.isdigit() and not old else float(token)
    if token in CONSTANTS:
        return CONSTANTS[token]
    if token.startswith('"') and set(token) <= set('"01'):
        return int(token.strip('"'), 2)
    if token in FUNCTIONS:
        return _call(token, cursor, old)
    if not token.isidentifier():
        raise cursor.unreadable(f"a number was expected, and not `{token}`")
    if cursor.accept("["):
        index = cursor.take()
        cursor.expect("]")
        return f"{token}[{index}]"
    return token


def _call(name: str, cursor: Cursor, old: bool) -> Formula:
    if cursor.accept("["):  # the width of a type
        cursor.take()
        cursor.expect("]")
    cursor.expect("(")
    arguments = [read_formula(cursor, old)]
    while cursor.accept(","):
        arguments.append(read_formula(cursor, old))
    cursor.expect(")")
    return _apply(name, *arguments)


def _apply(name: str, *arguments: Formula) -> Formula:
    """An operation, worked out where there are numbers alone."""
    formula = (name, *arguments)
    numbers = all(isinstance(a, int | float) for a in arguments)
    return evaluate(formula, {}) if numbers else formula


def evaluate(formula: Formula, values: Mapping[str, float]) -> float:
    """The number that `formula` is; KeyError where a name has none."""
    if isinstance(formula, str):
        return values[formula]
    if isinstance(formula, tuple):
        name, *arguments = formula
        found: float = OPERATIONS[name](*(evaluate(a, values) for a in arguments))
        return found
    return formula


def formula_names(formula: Formula) -> Iterator[str]:
    """The names in `formula`, one after the other."""
    if isinstance(formula, str):
        yield formula
    elif isinstance(formula, tuple):
        for argument in formula[1:]:
            yield from formula_names(argument)
