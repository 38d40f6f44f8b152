"""Texts of OpenQASM as tokens, and a place among them."""

from __future__ import annotations

import re
from dataclasses import dataclass

SKIPPED = re.compile(
    r"""//[^\n]* | /\*.*?\*/ | ^[ \t]*\#[^\n]* | ^[ \t]*@[^\n]*""", re.VERBOSE | re.DOTALL | re.M
)
"""Comments, pragmas and annotations: none of these changes a state."""

TOKEN = re.compile(
    r"""\s* (?: ( (?:\d+\.?\d*|\.\d+) (?:[eE][+-]?\d+)? | \$\d+ | [^\W\d]\w* | "[^"]*"
    | \*\*|->|==|!=|<=|>=|&&|\|\||<<|>> | \S ) | \Z )""",
    re.VERBOSE,
)


class Unreadable(Exception):
    """That a text is no OpenQASM, or says what is not read here; with the line."""


def split_tokens(text: str) -> list[tuple[str, int]]:
    """The tokens of `text`, each with its place; the last two are empty."""
    # what is skipped is blanked, and places stay what they are
    plain = SKIPPED.sub(lambda found: re.sub(r"\S", " ", found[0]), text)
    found = [(m[1] or "", m.start(1)) for m in TOKEN.finditer(plain)]
    end = ("", len(text))  # twice, so that one may look ahead
    return [token for token in found if token[0]] + [end, end]


@dataclass
class Cursor:
    """A place among the tokens of a text."""

    text: str
    tokens: list[tuple[str, int]]
    index: int = 0

    @property
    def next(self) -> str:
        """The token here; empty at the end."""
        return self.tokens[self.index][0]

    def take(self) -> str:
        """The token here, and on to the next; Unreadable at the end."""
        token = self.next
        if not token:
            raise self.unreadable("the text ends too early")
        self.index += 1
        return token

    def accept(self, *tokens: str) -> bool:
        """Whether one of `tokens` stands here; if so, on to the next."""
        if self.next in tokens:
            self.index += 1
            return True
        return False

    def expect(self, token: str) -> None:
        """On to the next, if `token` stands here; Unreadable."""
        if not self.accept(token):
            raise self.unreadable(f"`{token}` was expected, and not `{self.next}`")

    def unreadable(self, what: str) -> Unreadable:
        """The error that `what` is wrong in this line."""
        place = self.tokens[min(self.index, len(self.tokens) - 1)][1]
        return Unreadable(f"line {self.text.count(chr(10), 0, place) + 1}: {what}")
