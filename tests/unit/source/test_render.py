"""Diagnostics as people, editors and programs see them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmlc.source.compile_error import CompileError
from qmlc.source.diagnostic import Diagnostic, Label
from qmlc.source.display import MAX_COLUMNS, clip, display_width, visible
from qmlc.source.render import render_concise, render_github, render_human, render_json
from qmlc.source.span import Source, Span

SENTIMENT = Source(
    "sentiment.hqm",
    dedent(
        """\
        ## Transfer learning: a frozen pretrained text encoder dressed with a quantum head.
        use std.encodings (angle)
        use std.ansatz (strongly_entangling)
        use std.pretrained (huggingface)

        circuit head(layers: int)(x: real[n]) -> real[n] {
            param w: real[layers, n, 3] ~ normal(0, 0.01)
            qubit q[n]
            angle(x) q
            strongly_entangling(w) q
            return expval(Z(q))
        }

        model sentiment(tokens: int[B, T], mask: bool[B, T]) -> real[B, 2] {
            let encoder = huggingface("models/minilm", tune=frozen)
            let h = encoder(tokens, mask).last_hidden_state
            let sentence = mean(h, dim=1, where=mask)



            return head(layers=3)(sentence) |> linear(2)
        }
        """
    ),
)


@dataclass(frozen=True)
class Shapes(Diagnostic):
    code = "E0301"
    message = "shapes do not agree"
    label = "`{circuit}` would need {qubits} qubits"
    help = "bring the {qubits} features down first: `{name} |> linear(4) |> tanh`"

    circuit: str = ""
    qubits: int = 0
    name: str = ""


@dataclass(frozen=True)
class Plain(Diagnostic):
    code = "E0101"
    message = "this is wrong"
    label = "{what}"

    what: str = "here"


@dataclass(frozen=True)
class Odd(Plain):
    code = "W0401"
    severity = "warning"


def place(source: Source, text: str, occurrence: int = 0) -> Span:
    start = -1
    for _ in range(occurrence + 1):
        start = source.text.index(text, start + 1)
    return Span(source, start, start + len(text))


def error_of(text: str, start: int, end: int, **facts: str) -> Plain:
    return Plain(Span(Source("a.hqm", text), start, end), **facts)


SHAPES = Shapes(
    place(SENTIMENT, "head(layers=3)(sentence)"),
    (
        Label(place(SENTIMENT, "sentence"), "this is `real[B, 384]`"),
        Label(place(SENTIMENT, "x: real"), "one qubit for each element of `x`"),
    ),
    circuit="head",
    qubits=384,
    name="sentence",
)


def test_the_example_of_the_reference():
    assert render_human(SHAPES) == dedent(
        """\
        error[E0301]: shapes do not agree
          --> sentiment.hqm:21:12
           |
        21 |     return head(layers=3)(sentence) |> linear(2)
           |            ^^^^^^^^^^^^^^^^^^^^^^^^ `head` would need 384 qubits
           |
        17 |     let sentence = mean(h, dim=1, where=mask)
           |         -------- this is `real[B, 384]`
           |
         6 | circuit head(layers: int)(x: real[n]) -> real[n] {
           |                           ------- one qubit for each element of `x`
           |
           = help: bring the 384 features down first: `sentence |> linear(4) |> tanh`
        """
    )


def test_concise():
    assert render_concise(SHAPES) == "sentiment.hqm:21:12: error[E0301]: shapes do not agree"


def test_json():
    (shapes,) = json.loads(render_json([SHAPES]))
    assert list(shapes) == [
        "code", "severity", "message", "file", "line", "column", "end_line", "end_column",
        "label", "related", "help", "edit",
    ]  # fmt: skip
    assert (shapes["line"], shapes["column"], shapes["end_column"]) == (21, 12, 36)
    assert shapes["related"][0] == {
        "file": "sentiment.hqm", "line": 17, "column": 9, "end_line": 17, "end_column": 17,
        "label": "this is `real[B, 384]`",
    }  # fmt: skip
    assert json.loads(render_json([])) == []


def test_a_name_that_was_meant_is_an_edit():
    @dataclass(frozen=True)
    class Misspelt(Plain):
        help = "did you mean `{meant}`?"
        meant: str = ""

    text = 'iriss to ibm("torini")'
    for start, end, meant, edit in (
        (0, 5, "iris", "iris"), (13, 21, "torino", '"torino"'), (0, 8, "iris", None),
    ):  # fmt: skip
        diagnostic = Misspelt(Span(Source("a.hqm", text), start, end), meant=meant)
        assert json.loads(render_json([diagnostic]))[0]["edit"] == edit


def test_github():
    assert render_github(SHAPES) == (
        "::error file=sentiment.hqm,line=21,endLine=21,col=12,endColumn=36,title=E0301::"
        "shapes do not agree%0Abring the 384 features down first: "
        "`sentence |> linear(4) |> tanh`"
    )
    odd = Odd(Span(Source("a,b:c%.hqm", "x\ny"), 0, 3), what="50%\n")
    assert render_github(odd) == (
        "::warning file=a%2Cb%3Ac%25.hqm,line=1,endLine=2,col=1,title=W0401::this is wrong"
    )


def test_a_narrow_terminal():
    assert render_human(SHAPES, width=44) == dedent(
        """\
        error[E0301]: shapes do not agree
          --> sentiment.hqm:21:12
           |
        21 |     return head(layers=3)(sentence) |>…
           |            ^^^^^^^^^^^^^^^^^^^^^^^^
           |            `head` would need 384 qubits
           |
        17 |     let sentence = mean(h, dim=1, wher…
           |         -------- this is `real[B, 384]`
           |
         6 | …(layers: int)(x: real[n]) -> real[n] …
           |                -------
           |                one qubit for each
           |                element of `x`
           |
           = help: bring the 384 features down
                   first: `sentence |> linear(4) |>
                   tanh`
        """
    )


def test_another_file_is_named():
    other = Source("parts.hqm", "fn f(x: real) -> real = x\n")
    diagnostic = Plain(place(SENTIMENT, "head"), (Label(place(other, "f"), "declared here"),))
    assert render_human(diagnostic) == dedent(
        """\
        error[E0101]: this is wrong
         --> sentiment.hqm:1:79
          |
        1 | ## Transfer learning: a frozen pretrained text encoder dressed with a quantum head.
          |                                                                               ^^^^ here
         --> parts.hqm:1:1
          |
        1 | fn f(x: real) -> real = x
          | - declared here
        """
    )


def test_several_lines():
    text = "gate g q {\n    h q\n    x q\n}\n"
    assert render_human(error_of(text, 5, len(text))) == dedent(
        """\
        error[E0101]: this is wrong
         --> a.hqm:1:6
          |
        1 | gate g q {
          |      ^^^^^
        ...
        4 | }
          | ^ here
        """
    )


def test_neighbouring_lines_and_no_label():
    assert render_human(error_of("let a = 1 +\n    2\n", 8, 17, what="")) == dedent(
        """\
        error[E0101]: this is wrong
         --> a.hqm:1:9
          |
        1 | let a = 1 +
          |         ^^^
        2 |     2
          |     ^
        """
    )


@pytest.mark.parametrize(
    ("text", "start", "end", "line", "marks"),
    [
        ("\tx\ty", 3, 4, "    x   y", "        ^"),
        ("量子 = 1", 5, 6, "量子 = 1", "       ^"),
        ("量子 = 1", 0, 2, "量子 = 1", "^^^^"),
        ("e\u0301 = 1", 5, 6, "e\u0301 = 1", "    ^"),
        ("a\x1b[31mb", 6, 7, "a\ufffd[31mb", "      ^"),
        ("a\u202eb", 2, 3, "a\ufffdb", "  ^"),
        ("h q\r\nx q\r\n", 0, 5, "h q", "^^^"),
    ],
)
def test_columns(text, start, end, line, marks):
    shown = render_human(error_of(text, start, end)).splitlines()[3:]
    assert shown == [f"1 | {line}", f"  | {marks} here"]


@pytest.mark.parametrize(
    ("text", "position"),
    [("\n", "1:1"), ("h q", "1:4"), ("h q\n", "1:4"), ("h q {\r\n\n\n", "1:6")],
)
def test_end_of_file(text, position):
    shown = render_human(error_of(text, len(text), len(text))).splitlines()
    assert shown[1] == f" --> a.hqm:{position}"
    assert shown[-1] == "  | " + " " * (int(position[2:]) - 1) + "^ here"


def test_a_file_without_text_is_named_only():
    shown = render_human(error_of("", 0, 0))
    assert "\n --> a.hqm\n" in shown and "^" not in shown
    assert render_concise(error_of("", 0, 0)).startswith("a.hqm: ")


def test_a_very_long_line_is_clipped_around_the_place():
    text = "let a = [" + "1, " * 100_000 + "b" + ", 2" * 100_000 + "]"
    start = text.index("b")
    line, marks = render_human(error_of(text, start, start + 1)).splitlines()[3:5]
    assert len(line) <= MAX_COLUMNS + 4
    assert line[4] == line[-1] == "…"
    assert line[marks.index("^")] == "b"


def test_marks_end_where_a_clipped_line_does():
    line, marks = render_human(error_of("a" * 1000, 10, 990, what="")).splitlines()[3:5]
    assert line == f"1 | {'a' * (MAX_COLUMNS - 1)}…"
    assert marks == f"  | {' ' * 10}{'^' * (MAX_COLUMNS - 11)}"


def test_more_lines_of_help_and_label():
    @dataclass(frozen=True)
    class Long(Plain):
        help = "one\ntwo"

    shown = render_human(Long(place(SENTIMENT, "use"), what="first\nsecond")).splitlines()
    assert shown[4:] == [
        "  | ^^^ first",
        "  |     second",
        "  |",
        "  = help: one",
        "          two",
    ]


def test_color_only_adds_escapes():
    import re

    colored = render_human(SHAPES, color=True)
    assert colored.startswith("\x1b[1;31merror[E0301]\x1b[0m")
    assert re.sub("\x1b\\[[0-9;]*m", "", colored) == render_human(SHAPES)
    assert "\x1b[1;33mwarning" in render_human(Odd(place(SENTIMENT, "head")), color=True)


def test_braces_in_facts_are_no_templates():
    assert "{what}" in render_human(error_of("x", 0, 1, what="{what}"))


def test_compile_error_prints_all():
    text = str(CompileError((SHAPES, error_of("x", 0, 1))))
    assert "error[E0301]" in text
    assert "\n\nerror[E0101]: this is wrong\n" in text


characters = st.sampled_from("ab \t\n\r量é\u0301\x00\u202e#")


@given(st.text(characters, min_size=1), st.data())
def test_every_span_of_every_text_is_shown(text, data):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    diagnostic = error_of(text, start, end)
    shown = render_human(diagnostic)
    assert shown.count("^") >= 1
    assert not set(shown) & set("\t\r\x00\u202e")
    (place_,) = json.loads(render_json([diagnostic]))
    assert (place_["line"], place_["column"]) <= (place_["end_line"], place_["end_column"])
    assert render_concise(diagnostic).startswith(f"a.hqm:{place_['line']}:{place_['column']}: ")


@given(st.text(characters, min_size=1), st.integers(30, 120), st.data())
def test_every_line_fits_a_terminal(text, width, data):
    start = data.draw(st.integers(0, len(text)))
    shown = render_human(error_of(text, start, start, what="some words " * 9), width=width)
    assert all(display_width(line) <= width for line in shown.splitlines())


@given(st.text(characters.filter(lambda c: c not in "\r\n"), min_size=1, max_size=400), st.data())
def test_a_clipped_line_fits_and_keeps_the_place(text, data):
    start = data.draw(st.integers(0, len(text) - 1))
    part, first, last = clip(text, start, start + 1)
    assert display_width(part) <= MAX_COLUMNS
    assert part[first:last] == text[start]
    assert display_width(visible(text)) == display_width(text)
