"""Laws of the formatter, on programs of the repository and on random ones, laid out at random."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from draw_programs import programs
from hypothesis import given
from hypothesis import strategies as st

from qmlc.source.compile_error import CompileError
from qmlc.source.span import Source
from qmlc.syntax.format_text import WIDTH, format_text
from qmlc.syntax.parse import laid_out_tokens, parse

ROOT = Path(__file__).parent.parent.parent
FOLDERS = ("stdlib", "examples", "tests/programs", "tests/errors")
FILES = sorted(file for folder in FOLDERS for file in (ROOT / folder).rglob("*.hqm"))
TIDY = [file for file in FILES if "errors" not in file.parts]
TEXTS = [text for file in FILES if not parse(Source("", text := file.read_text("utf-8")))[1]]


def formatted(text: str) -> str:
    return format_text(Source("program.hqm", text))


def tree(text: str):
    found, errors = parse(Source("program.hqm", text))
    assert not errors, text
    return found


def comments(text: str) -> list[str]:
    """The comments of a text, in order; the texts drawn here have no `#` in strings."""
    return [comment.rstrip() for comment in re.findall(r"#.*", text)]


def obeys_the_laws(text: str) -> None:
    result = formatted(text)
    assert tree(result) == tree(text)
    assert comments(result) == comments(text)
    assert formatted(result) == result
    assert "\n\n\n" not in result
    assert not re.search(r"[ \t]$", result, re.MULTILINE)


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_programs_of_the_repository(file):
    text = file.read_text("utf-8")
    if parse(Source("", text))[1]:
        with pytest.raises(CompileError):
            formatted(text)
    else:
        obeys_the_laws(text)


@pytest.mark.parametrize("file", TIDY, ids=lambda f: f.stem)
def test_programs_are_in_the_canonical_layout(file):
    assert formatted(file.read_text("utf-8")) == file.read_text("utf-8")


@given(programs())
def test_random_programs(text):
    obeys_the_laws(text)


@st.composite
def laid_out(draw, text: str) -> str:
    """The text with other blanks, further comments, and line ends inside brackets."""
    tokens = [t for t in laid_out_tokens(Source("", text)) if t.start_pos != t.end_pos]
    pieces, depth = [text[: tokens[0].start_pos]], 0
    for token, after in pairwise([*tokens, None]):
        depth += (token in ("(", "[")) - (token in (")", "]"))
        pieces.append(str(token))
        gap = text[token.end_pos : after.start_pos] if after is not None else text[token.end_pos :]
        if "#" in gap:
            pieces.append(gap)
        elif "\n" in gap:
            pieces.append(draw(st.sampled_from(("\n", "\n\n\n", "  # why\n", "\n# above\n  "))))
        elif depth:
            pieces.append(gap + draw(st.sampled_from(("", "", "", " ", "\n", " # in\n", "\n#a\n"))))
        else:
            pieces.append(gap * draw(st.integers(1, 3)))
    return "".join(pieces)


@given(st.data())
def test_programs_laid_out_at_random(data):
    text = data.draw(st.one_of(st.sampled_from(TEXTS), programs()))
    obeys_the_laws(data.draw(laid_out(text)))


NAMES = ("alpha", "beta_rate", "x", "observable", "w[0, 1]", "f(alpha, 2)", "(x + 1)", "0.25")


@given(st.lists(st.sampled_from(NAMES), min_size=1, max_size=40), st.sampled_from("+*,|"))
def test_lines_fit(parts, operator):
    joined = {",": ", ", "|": " |> "}.get(operator, f" {operator} ").join(parts)
    text = f"model m(x: real[B]) -> real[B] {{\n    return join({joined})\n}}\n"
    obeys_the_laws(text)
    assert max(map(len, formatted(text).splitlines())) <= WIDTH


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "# alone",
        "## a\n\n\n# b\n",
        "const a = 1",
        f"const a = {'(' * 190}1{')' * 190}\n",
        f"const a = {' + '.join('b' * 90)}\n",
        f"const a = [{', '.join(map(str, range(2000)))}]\n",
        "const a = (1,)\nconst b = [1,]\nconst c = f(1,)\n",
    ],
    ids=lambda text: repr(text[:24]),
)
def test_odd_programs(text):
    obeys_the_laws(text)


def test_what_the_layout_is():
    text = """\
use std.ansatz(b,a)
# kept
const k=3  # why
## Documented.
circuit c(n:int=2)( x : real[2 ** n ] )->real{
  qubit q[ n ] ,a # two
  # below
  h q; for i in range( n ){rx(-x[i]*2)q[i]}

  if n>1 { h a } else {
     x a }
  ctrl@pow(2)@p(x[0]) q[0],a


  return expval(Z([a ,q[0]]))}
train c on d {
    loss=mse(c('x'), [1,2,])
    epochs = 3
    let y=1
}
""".replace(";", "\n")
    assert (
        formatted(text)
        == """\
use std.ansatz (b, a)

# kept
const k = 3  # why

## Documented.
circuit c(n: int = 2)(x: real[2**n]) -> real {
    qubit q[n], a  # two
    # below
    h q
    for i in range(n) { rx(-x[i] * 2) q[i] }

    if n > 1 {
        h a
    } else {
        x a
    }
    ctrl @ pow(2) @ p(x[0]) q[0], a

    return expval(Z([a, q[0]]))
}

train c on d {
    loss   = mse(c("x"), [1, 2])
    epochs = 3
    let y = 1
}
"""
    )


def test_products_in_dimensions_stand_close_to_brackets_too():
    text = "gate g(w: real[n * (n-1) // 2, (n + 1)*2]) q[n] { h q }\n"
    assert formatted(text) == "gate g(w: real[n*(n - 1)//2, (n + 1)*2]) q[n] { h q }\n"
