"""Whatever the text, the answer is diagnostics: in seconds, with places inside the text."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmlc.driver import check_text
from qmlc.source.render import render_human

ROOT = Path(__file__).parent.parent.parent
PROGRAMS = [path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("examples/*/*.hqm"))]
WORD = re.compile(r"\w+|\s+|[^\w\s]")
SOUP = sorted({word for text in PROGRAMS for word in WORD.findall(text)})
SECONDS = 20
"""Of processor time, generously: what hangs takes for ever."""


def check(text: str) -> list[str]:
    start = time.process_time()
    found = check_text(text)
    assert time.process_time() - start < SECONDS
    for diagnostic in found:
        for span in (diagnostic.at, *(label.span for label in diagnostic.related)):
            assert 0 <= span.start <= span.end <= len(span.source.text)
        assert "this is this" not in render_human(diagnostic)
        assert diagnostic.message_text
        assert diagnostic.label_text
    return [diagnostic.code for diagnostic in found]


@given(st.text(max_size=200))
def test_any_text(text):
    check(text)


@given(st.binary(max_size=200))
def test_any_bytes(data):
    check(data.decode("utf-8", errors="replace"))


@given(st.lists(st.sampled_from(SOUP), max_size=60))
def test_any_words(words):
    check(" ".join(words))


@given(st.data())
def test_programs_with_words_lost_doubled_or_swapped(data):
    words = WORD.findall(data.draw(st.sampled_from(PROGRAMS)))
    for _ in range(data.draw(st.integers(1, 3))):
        place, other = (data.draw(st.integers(0, len(words) - 1)) for _ in range(2))
        match data.draw(st.sampled_from(["lose", "double", "swap", "replace"])):
            case "lose":
                words[place] = ""
            case "double":
                words.insert(place, words[place])
            case "swap":
                words[place], words[other] = words[other], words[place]
            case "replace":
                words[place] = data.draw(st.sampled_from(SOUP))
    check("".join(words))


CIRCUIT = "circuit c(x: real) -> real {\n qubit q[2]\n %s\n rx(x) q\n return expval(Z(q[0]))\n}\n"
MODEL = "model m(x: real[B, 4]) -> real[B, 4] {\n %s\n return x\n}\n"
DOUBLED = "\n".join(f"const a{i + 1} = a{i} %s a{i}" for i in range(60))
HUGE = {
    "brackets": "const k = " + "(" * 10_000,
    "closed brackets": "const k = " + "[" * 10_000 + "]" * 10_000,
    "braces": "circuit c() -> real " + "{" * 10_000 + "}" * 10_000,
    "closing brackets": ")" * 10_000,
    "five megabytes": "const a = 1\n" * 450_000,
    "million rounds": CIRCUIT % "for i in range(1000000) { rx(x) q }",
    "nested loops": CIRCUIT % "for i in range(9999) { for j in range(9999) { h q } }",
    "endless range": CIRCUIT % "for i in range(10**12) { h q }",
    "endless list": "const k = [i for i in range(10**12)]\n",
    "endless sum": "const k = sum(range(10**9))\n",
    "pairs": "const k = pairs(10**9)\n",
    "power": "const k = 2**10**9\n",
    "powers": "const a0 = 3\n" + DOUBLED % (("*",) * 60),
    "strings": 'const a0 = "ab"\n' + DOUBLED % (("+",) * 60),
    "gate power": CIRCUIT % "pow(10**9) @ h q",
    "qubits": CIRCUIT % "qubit r[10**9]",
    "parameters": MODEL % "param w: real[10**9] ~ zeros",
    "unary": "const k = " + "-" * 5000 + "1\n",
    "binary": "const k = " + "+".join(["1"] * 20_000) + "\n",
    "pipe": "model m(x: real[B, 4]) -> real[B, 4] = x" + " |> relu" * 5000 + "\n",
    "own constant": "const k = k\n",
    "own function": "fn f(x: real) -> real = f(x)\n",
    "own gate": "gate g a { g a }\n",
    "own layer": "layer l(x: real[B, d]) -> real[B, d] = l(x)\n",
    "paulis": CIRCUIT % "let o = paulis(n=100, count=10**9)",
    "trotter": CIRCUIT % "evolve(Z(0), time=x, method=trotter(order=12, steps=100000)) q",
    "conditions": CIRCUIT % "qubit r[60]\n let m = measure r\n if m == 5 { h q }",
    "errors": CIRCUIT % "\n".join(f"foo{i} q" for i in range(3000)),
    "controls": CIRCUIT % "ctrl(10**9) @ x q",
    "number": "const k = " + "9" * 5000 + " + \"a\"\n",
    "endless file": 'use "/dev/zero" (a)\n',
}  # fmt: skip


@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE)
def test_what_is_too_much_is_refused(text):
    assert check(text)
