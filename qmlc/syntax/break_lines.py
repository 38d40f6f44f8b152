"""One statement as a document: where its lines may end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lark import Token

from qmlc.syntax.document import Broken, Document, Group, Line, Nest
from qmlc.syntax.space_tokens import closing_of, ends_operand, operand_start

RESULT, CLAUSES = ("->",), ("for",)
LEVELS = (
    ("=>",), RESULT, CLAUSES, ("|>",), ("if", "else"), ("or",), ("and",),
    ("==", "!=", "<=", ">=", "<", ">"), ("+", "-"), ("*", "/", "//", "%", "@"),
)  # fmt: skip
"""Operators before which a line may end, the loosest first."""
WITH_BODY = frozenset("FN CONST HAMILTONIAN CIRCUIT KERNEL LAYER MODEL EXTERN REWRITE".split())


@dataclass(frozen=True, slots=True)
class _Bracket:
    """Where a bracket opens and closes, and the parts between its commas."""

    opening: int
    closing: int
    items: tuple[_Sequence, ...]
    comma: bool


_Node = int | _Bracket
_Sequence = tuple[_Node, ...]


def break_lines(tokens: Sequence[Token], spaces: Sequence[str]) -> Document:
    """The document of a statement, or of the part of one up to and with its `{`."""
    return _Breaker(tokens, spaces).statement()


class _Breaker:
    def __init__(self, tokens: Sequence[Token], spaces: Sequence[str]) -> None:
        self.tokens, self.spaces = tokens, spaces

    def statement(self) -> Document:
        nodes = self._nodes(0, len(self.tokens))
        start = operand_start(self.tokens)
        if self.tokens[0].type in WITH_BODY:
            equals = [k for k, node in enumerate(nodes) if self._text(node) == "="]
            if equals:
                head, body = nodes[: equals[0] + 1], nodes[equals[0] + 1 :]
                parts = self._split(body, ("=>",), False)
                lines = tuple((Line(), self._phrase(part)) for part in parts)
                return Group((self._phrase(head), Nest(lines)))
        if start and self.tokens[0].type != "USE":
            heads = [k for k, node in enumerate(nodes) if self._first(node) == start]
            head, operands = nodes[: heads[0]], nodes[heads[0] :]
            listed = self._listed(self._at_commas(operands), Line(), "")
            return (self._phrase(head), Group(Nest((self.spaces[start], listed))))
        return self._phrase(nodes)

    def _nodes(self, start: int, end: int) -> _Sequence:
        """The tokens from `start` up to `end`, brackets as one each."""
        nodes: list[_Node] = []
        i = start
        while i < end:
            if self.tokens[i] in ("(", "["):
                close = closing_of(self.tokens, i)
                inner = self._nodes(i + 1, close)
                listed = any(self._text(node) == "for" for node in inner)
                items = (inner,) if listed or not inner else self._at_commas(inner)
                comma = len(items) > 1 and not items[-1]
                nodes.append(_Bracket(i, close, items[:-1] if comma else items, comma))
                i = close
            else:
                nodes.append(i)
            i += 1
        return tuple(nodes)

    def _at_commas(self, nodes: _Sequence) -> tuple[_Sequence, ...]:
        items: list[list[_Node]] = [[]]
        for node in nodes:
            if self._text(node) == ",":
                items.append([])
            else:
                items[-1].append(node)
        return tuple(map(tuple, items))

    def _text(self, node: _Node) -> str:
        return str(self.tokens[node]) if isinstance(node, int) else ""

    def _first(self, node: _Node) -> int:
        return node if isinstance(node, int) else node.opening

    def _phrase(self, nodes: _Sequence, inside: bool = False, level: int = 0) -> Document:
        """Operands and operators of one level after another; the blank before it is left out."""
        if level == len(LEVELS):
            return tuple(self._plain(nodes))
        first, *rest = self._split(nodes, LEVELS[level], inside)
        if not rest:
            return self._phrase(nodes, inside, level + 1)
        operand = self._phrase(first, inside, level + 1)
        lines: list[Document] = []
        for part in rest:
            space = self.spaces[self._first(part[1])]
            right = self._phrase(part[1:], inside, level + 1)
            lines.append((Line(), self._text(part[0]), space, right))
        if LEVELS[level] == RESULT:  # the lines of the parameters end by themselves
            return (operand, Group(Nest(tuple(lines))))
        if LEVELS[level] == CLAUSES:
            return Group((operand, *lines))
        return Group((operand, Nest(tuple(lines))))

    def _split(self, nodes: _Sequence, operators: Sequence[str], inside: bool) -> list[_Sequence]:
        """The parts, each but the first beginning with its operator."""
        cuts = [k for k in range(1, len(nodes)) if self._is_break(nodes, k, operators, inside)]
        edges = [0, *cuts, len(nodes)]
        return [nodes[a:b] for a, b in pairwise(edges)]

    def _is_break(self, nodes: _Sequence, k: int, operators: Sequence[str], inside: bool) -> bool:
        node = nodes[k]
        if not isinstance(node, int) or self.tokens[node] not in operators:
            return False
        text = str(self.tokens[node])
        if text in ("if", "for"):
            return inside  # elsewhere a line that begins so is a statement
        return bool(self.spaces[node]) and ends_operand(self.tokens[node - 1])

    def _plain(self, nodes: _Sequence) -> Iterator[Document]:
        for k, node in enumerate(nodes):
            if k:
                yield self.spaces[self._first(node)]
            yield self._written(node) if isinstance(node, int) else self._bracketed(node)

    def _written(self, index: int) -> str:
        """The text of a token; strings in double quotes where they hold none."""
        token = self.tokens[index]
        if token.type == "STRING" and token[0] == "'" and not {'"', "\\"} & set(token):
            return f'"{token[1:-1]}"'
        return str(token)

    def _bracketed(self, node: _Bracket) -> Document:
        opening, closing = str(self.tokens[node.opening]), str(self.tokens[node.closing])
        before = self.tokens[node.opening - 1] if node.opening else None
        called = before is not None and ends_operand(before) and not self.spaces[node.opening]
        if not node.items[0] or (called and opening == "["):
            return (opening, self._listed(node.items, " ", ""), closing)
        comma = "," if len(node.items) == 1 and node.comma else ""  # (a,) is a list, (a) is not
        inner = (self._listed(node.items, Line(), ","), comma)
        return (opening, Group((Nest((Line(""), inner)), Line(""))), closing)

    def _listed(self, items: Sequence[_Sequence], space: Document, comma: str) -> Document:
        """Items with commas; where they stand one a line, `comma` follows the last."""
        if len(items) == 1:
            return self._phrase(items[0], inside=True)
        documents: list[Document] = []
        for item in items:
            documents += [",", space, self._phrase(item, inside=True)]
        return Group((*documents[2:], Broken(comma)))
