"""Colors for programs in documents and terminals: a Pygments lexer made from the grammar."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pygments.lexer import RegexLexer, bygroups
from pygments.token import (
    Comment,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Text,
    Whitespace,
)

from qmlc.resources import grammar_text
from qmlc.types.tensors import DTYPES

GRAMMAR = grammar_text()
TYPES = (*DTYPES, "str", "label", "bit", "operator", "layer", "circuit", "kernel", "gate")


def _declared() -> Iterator[str]:
    """The keywords of the grammar, a text for each `%declare`."""
    for line in re.findall(r"^%declare (.*)$", GRAMMAR, re.MULTILINE):
        yield "|".join(word.lower() for word in line.split())


def _terminal(name: str) -> str:
    """The pattern of a terminal of the grammar."""
    (definition,) = re.findall(rf"^{name}: (.*)$", GRAMMAR, re.MULTILINE)
    return "|".join(re.findall(r"/((?:[^/\\]|\\.)+)/", definition))


DECLARATIONS, WORDS = _declared()


class HqmLexer(RegexLexer):  # type: ignore[misc]  # pygments comes without types
    """Programs in `.hqm`."""

    name = "hqm"
    aliases = ("hqm",)
    filenames = ("*.hqm",)
    url = ""
    tokens = {  # noqa: RUF012 (Pygments wants a plain dictionary)
        "root": [
            (r"##[^\n]*", String.Doc),
            (r"#[^\n]*", Comment.Single),
            (r"\n", Whitespace),
            (rf"(?<=->)(\s*)({'|'.join(TYPES)})\b", bygroups(Whitespace, Keyword.Type)),
            (rf"(:)(\s+)({'|'.join(TYPES)})\b", bygroups(Punctuation, Whitespace, Keyword.Type)),
            (
                rf"\b({DECLARATIONS})([ \t]+)(?=[A-Za-z_\"])(layer\b)?",
                bygroups(Keyword.Declaration, Whitespace, Keyword.Declaration),
            ),
            (r"\b(true|false|none|pi|tau|inf)\b", Keyword.Constant),
            (rf"\b({WORDS})\b(?!\s*[=,)](?!=))", Keyword),
            (_terminal("STRING"), String),
            (_terminal("NUMBER"), Number),
            (r"[A-Za-z_]\w*(?=\()", Name.Function),
            (_terminal("NAME"), Name),
            (r"\|>|->|=>|\*\*|//|[=!<>]=|[-+*/%@<>=~]", Operator),
            (r"\.\.\.|[()\[\]{},.:]", Punctuation),
            (r"[ \t\r\f]+", Whitespace),
            (r".", Text),
        ]
    }
