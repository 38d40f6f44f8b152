"""What the parser makes of texts, and which places it remembers."""

from __future__ import annotations

import pytest

from qmlc.source.span import Source
from qmlc.syntax import tree
from qmlc.syntax.parse import parse, tokens_of


def read(text: str) -> tree.File:
    file, errors = parse(Source("test.hqm", text))
    assert not errors
    return file


def expression(text: str) -> tree.Expression:
    (const,) = read(f"const k = {text}\n").declarations
    assert isinstance(const, tree.Const)
    return const.value


def nodes(node):
    """Every node below, by its fields."""
    if isinstance(node, tree.Node):
        yield node
        for name in type(node).__dataclass_fields__:
            if name != "span":
                yield from nodes(getattr(node, name))
    elif isinstance(node, tuple):
        for item in node:
            yield from nodes(item)


PROGRAM = """## Doc.
circuit c(layers: int = 2)(x: real[n]) -> (a: real, b: real[n]) {
    param w: real[layers, n] ~ uniform(0, 2*pi)
    qubit q[n], r
    for a, b in ring(q) { ctrl @ pow(2) @ rx(x[0]) a, b }
    if layers > 1 { h q } else { x r }
    let m = measure r
    return (a=expval(Z(q[0])), b=expval(Z(q)))
}
"""


def test_spans_lie_within_their_parents():
    (circuit,) = read(PROGRAM).declarations
    for parent in nodes(circuit):
        assert parent.span.start < parent.span.end
        for child in nodes(parent):
            assert parent.span.start <= child.span.start <= child.span.end <= parent.span.end


def test_spans_are_what_is_written():
    (circuit,) = read(PROGRAM).declarations
    texts = {type(n): n.span.text for n in nodes(circuit)}
    assert texts[tree.Qubit] == "qubit q[n], r\n"[:-1] or texts[tree.Qubit].startswith("qubit q[n]")
    assert texts[tree.Measure] == "measure r"
    names = {n.span.text for n in nodes(circuit) if isinstance(n, tree.Identifier)}
    assert {"c", "layers", "ring", "expval"} <= names
    assert circuit.doc == "Doc."


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("1 + 2 * 3", "1 + (2 * 3)"),
        ("-2 ** 2", "-(2 ** 2)"),
        ("2 ** -1", "2 ** (-1)"),
        ("2 ** 3 ** 2", "2 ** (3 ** 2)"),
        ("a |> f |> g", "(a |> f) |> g"),
        ("a + b |> f", "(a + b) |> f"),
        ("not a and b or c", "((not a) and b) or c"),
        ("a @ b.T * c", "(a @ (b.T)) * c"),
        ("1 if a else 2 if b else 3", "1 if a else (2 if b else 3)"),
        ("(\n  1\n  + 2\n)", "1 + 2"),
        ("1 +\n 2", "1 + 2"),
        ("1\n + 2", "1 + 2"),
    ],
)
def test_precedence_is_pythons(text, same):
    assert expression(text) == expression(same)


def test_words_are_reserved_only_where_they_begin_something():
    text = "model m(data: real[B]) -> real[B] {\n let layer = f(kernel=data)\n return layer\n}\n"
    kinds = {text: kind for kind, text in tokens_of(Source("t", text))}
    assert kinds["data"] == kinds["layer"] == kinds["kernel"] == "NAME"
    assert kinds["model"] == "MODEL"


def test_windows_line_ends_mean_the_same():
    assert read(PROGRAM.replace("\n", "\r\n")).declarations == read(PROGRAM).declarations


def test_one_error_does_not_hide_the_next():
    text = "const = 3\nmodel m(x: real) -> real = = x\nconst ok = 1\nmodle k() -> real = 1\n"
    file, errors = parse(Source("t", text))
    assert [e.at.source.position(e.at.start)[0] for e in errors] == [1, 2, 4]
    lost, lost_model, ok, lost_k = file.declarations
    assert [d.names for d in (lost,)] == [()]
    assert [d.names[0].name for d in (lost_model, lost_k)] == ["m", "k"]
    assert ok.name.name == "ok"
