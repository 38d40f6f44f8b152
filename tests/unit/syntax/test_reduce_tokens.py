"""The trees that Lark makes, of all programs of the library and of the examples."""

from pathlib import Path

import pytest
from lark import Tree

from qmlc import resources
from qmlc.source.allow_recursion import allow_recursion
from qmlc.source.span import Source, Span
from qmlc.syntax.lay_out import lay_out
from qmlc.syntax.parse import MAX_DEPTH, _feed, _parser
from qmlc.syntax.reduce_tokens import Reducer

ROOT = Path(resources.__file__).parents[1]
PROGRAMS = [p for folder in ("stdlib", "examples") for p in sorted((ROOT / folder).rglob("*.hqm"))]


class Trees:
    """Makes of each rule the tree that Lark makes."""

    def __getattr__(self, name):
        return lambda span, children: Tree(name, children)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_as_lark(path):
    parser, _ = _parser()
    reducer, source = Reducer(parser, Trees()), Source("program", path.read_text("utf-8"))
    for chunk in lay_out(source, list(parser.lex(source.text)))[0]:
        with allow_recursion():
            assert reducer.reduce(source, chunk.tokens, MAX_DEPTH) == _feed(parser, chunk.tokens)[0]


def test_places_are_those_of_the_text():
    parser, reducer = _parser()
    source = Source("program", "const a = (1 + 2) * f(x[:, 0])\n")
    ((chunk,), _) = lay_out(source, list(parser.lex(source.text)))
    value = reducer.reduce(source, chunk.tokens, MAX_DEPTH).value
    assert value.span == Span(source, 10, 30)
    assert value.right.span.text == "f(x[:, 0])"
    assert value.right.arguments[0].span.text == "x[:, 0]"


@pytest.mark.parametrize("text", ["const = 1\n", "const a = (1\n", "const a\n"])
def test_nothing_comes_of_what_is_wrong(text):
    parser, reducer = _parser()
    source = Source("program", text)
    for chunk in lay_out(source, list(parser.lex(text)))[0]:
        assert reducer.reduce(source, chunk.tokens, MAX_DEPTH) is None


def test_nothing_comes_of_what_nests_too_deeply():
    parser, reducer = _parser()
    source = Source("program", "const a = " + " + ".join(["x"] * 30) + "\n")
    ((chunk,), _) = lay_out(source, list(parser.lex(source.text)))
    assert reducer.reduce(source, chunk.tokens, 20) is None
    assert reducer.reduce(source, chunk.tokens, 40) is not None
