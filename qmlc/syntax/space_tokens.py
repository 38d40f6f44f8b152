"""The blanks before each token of a statement, where it stands on one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lark import Token

OPERAND_ENDS = frozenset("NAME NUMBER STRING TRUE FALSE NONE".split())
PRODUCTS = frozenset("* / // % **".split())
SIGNS = ("+", "-")


@dataclass
class _Bracket:
    opening: str
    """Empty outside of all brackets."""
    dimensions: bool = False
    """Whether these are the dimensions of a type, where products stand close: `real[2**n]`."""
    colon: bool = False
    """Whether a `:` stands before, since the last comma: `layers: int = 2`, not `layers=2`."""


def space_tokens(tokens: Sequence[Token]) -> list[str]:
    """What stands before each token: a blank or nothing."""
    apart = operand_start(tokens)
    brackets = [_Bracket("")]
    spaces = []
    for i, token in enumerate(tokens):
        inside = brackets[-1]
        spaces.append(" " if i and (i == apart or _is_apart(tokens, i, inside)) else "")
        if token in ("(", "["):
            kind = i > 1 and tokens[i - 1].type == "NAME" and _begins_type(tokens, i - 1, inside)
            brackets.append(_Bracket(str(token), kind or (inside.dimensions and token == "(")))
        elif token in (")", "]") and len(brackets) > 1:
            brackets.pop()
        elif token in (",", ":"):
            inside.colon = token == ":"
    return spaces


def operand_start(tokens: Sequence[Token]) -> int:
    """Where the qubits of a gate or a `qubit` statement begin; 0 where there are none."""
    if tokens[0].type == "QUBIT":
        return 1
    if tokens[0].type == "USE":
        return next((i for i, token in enumerate(tokens) if token == "("), 0)
    if tokens[0].type != "NAME":
        return 0
    depth, head = 0, 0
    for i, token in enumerate(tokens):
        depth += (token in ("(", "[")) - (token in (")", "]"))
        if depth == 0 and token == "=":
            return 0
        if depth == 0 and token == "@":
            head = i + 1
    start = head + 1
    if start < len(tokens) and tokens[start] == "(":
        start = closing_of(tokens, start) + 1
    return start if start < len(tokens) else 0


def closing_of(tokens: Sequence[Token], opening: int) -> int:
    """Where the bracket that opens at `opening` closes."""
    depth = 0
    for i in range(opening, len(tokens)):
        depth += (tokens[i] in ("(", "[")) - (tokens[i] in (")", "]"))
        if depth == 0:
            return i
    return len(tokens) - 1


def ends_operand(token: Token) -> bool:
    """Whether a sign after this token is an operator of two operands, a bracket a call."""
    return token.type in OPERAND_ENDS or token in (")", "]", "...")


def _begins_type(tokens: Sequence[Token], i: int, inside: _Bracket) -> bool:
    before = tokens[i - 1]
    return before == "->" or (before == ":" and inside.opening != "[")


def _is_apart(tokens: Sequence[Token], i: int, inside: _Bracket) -> bool:
    before, token = tokens[i - 1], tokens[i]
    pair = (str(before), str(token))
    if before in ("(", "[", ".") or token in (")", "]", ",", "."):
        return False
    if before == ",":
        return True
    if ":" in pair:
        return token != ":" and inside.opening != "["
    if before in SIGNS and (i == 1 or not ends_operand(tokens[i - 2])):
        return False
    if "=" in pair and inside.opening == "(":
        return inside.colon
    if inside.dimensions and PRODUCTS.intersection(pair):
        return False
    return token not in ("(", "[") or not ends_operand(before)
