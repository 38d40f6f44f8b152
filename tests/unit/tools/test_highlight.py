"""The lexer for documents: nothing is lost, and keywords are those of the grammar."""

from __future__ import annotations

from pathlib import Path

import pytest
from pygments.token import Comment, Keyword, Name, Number, String

from qmlc.syntax.lay_out import ANYWHERE, DECLARATIONS, STATEMENTS
from qmlc.tools.highlight import HqmLexer

ROOT = Path(__file__).parent.parent.parent.parent
FILES = sorted(f for folder in ("stdlib", "examples") for f in (ROOT / folder).rglob("*.hqm"))


def kinds(text: str) -> dict[str, object]:
    return {word: kind for kind, word in HqmLexer().get_tokens(text)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nothing_is_lost(path):
    text = path.read_text("utf-8")
    assert "".join(word for _, word in HqmLexer().get_tokens(text)) == text


@pytest.mark.parametrize("word", DECLARATIONS)
def test_words_that_declare(word):
    assert kinds(f'{word} "a" b')[word] is Keyword.Declaration
    assert kinds(f"svm({word}=1)")[word] is Name


@pytest.mark.parametrize("word", [*STATEMENTS, *ANYWHERE])
def test_words_of_statements(word):
    assert kinds(f"{word} x")[word] in Keyword


def test_the_rest():
    found = kinds("let y: real[B] = f(0x1F, 'a') |> g  # why")
    assert (found["real"], found["f"], found["0x1F"]) == (Keyword.Type, Name.Function, Number)
    assert (found["'a'"], found["# why"], found["g"]) == (String, Comment.Single, Name)
