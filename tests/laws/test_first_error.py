"""Where a right program is changed in one word, the first error stands on that line."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from qmlc.driver import analyse
from qmlc.source.span import Source

ROOT = Path(__file__).parent.parent.parent
PATHS = sorted([*ROOT.glob("examples/*/*.hqm"), *ROOT.glob("tests/programs/*.hqm")])
WORD = re.compile(r'#[^\n]*|"[^"\n]*"|\w+(?:\.\d+)?|\s+|->|=>|\|>|\*\*|//|[=!<>]=|[^\w\s]')
MUTANTS = 150
BAR = 0.9
"""Of the mutants with errors. The rest are as ambiguous as a declaration misspelt for its uses."""


def lose(words, place, draw):
    words[place] = ""


def double(words, place, draw):
    words[place] += f" {words[place]}"


def count_wrongly(words, place, draw):
    words[place] = str(int(words[place]) + 1) if words[place].isdigit() else ""


def misspell(words, place, draw):
    word = words[place]
    cut = draw.randrange(max(1, len(word) - 1))
    words[place] = word[:cut] + word[cut + 1 : cut + 2] + word[cut : cut + 1] + word[cut + 2 :]


@pytest.mark.parametrize("mutate", [lose, double, count_wrongly, misspell])
def test_first_error_stands_on_the_line_of_the_mistake(mutate):
    draw = random.Random(7)
    right = wrong = 0
    for _ in range(MUTANTS):
        path = draw.choice(PATHS)
        words = WORD.findall(path.read_text(encoding="utf-8"))
        place = draw.choice(
            [i for i, word in enumerate(words) if not word.isspace() and word[0] != "#"]
        )
        line = "".join(words[:place]).count("\n")
        mutate(words, place, draw)
        found = analyse(Source(str(path), "".join(words)), path).diagnostics
        errors = [e for e in found if e.severity == "error"]
        if errors:
            first = min(errors, key=lambda e: e.at.start)
            spans = [first.at, *(label.span for label in first.related)]
            lines = [span.source.text.count("\n", 0, span.start) for span in spans]
            right, wrong = right + (line in lines), wrong + (line not in lines)
    assert right >= BAR * (right + wrong), (right, wrong)
