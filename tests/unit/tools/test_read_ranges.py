from __future__ import annotations

import click
import pytest

from qmlc.tools.read_ranges import read_ranges
from qmlc.tuning.search_space import Choices, Interval


@pytest.mark.parametrize(
    ("text", "varied"),
    [
        ("n=2..8", Interval("n", 2, 8)),
        ("n=2..8:2", Interval("n", 2, 8, step=2)),
        ("optimizer.lr=1e-4..1e-1:log", Interval("optimizer.lr", 1e-4, 1e-1, log=True)),
        ("p = 0.0 .. 0.5", Interval("p", 0.0, 0.5)),
        ("x=-2..-1", Interval("x", -2, -1)),
        ("batch=16,32, 64", Choices("batch", (16, 32, 64))),
        ("optimizer=adam,sgd", Choices("optimizer", ("adam", "sgd"))),
        ("m.deep=true,false,none", Choices("m.deep", (True, False, None))),
    ],
)
def test_ranges(text, varied):
    assert read_ranges([text]) == (varied,)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["n"], "NAME=VALUE"),
        (["n=4"], "two values or more"),
        (["n=4,4"], "two values or more"),
        (["n=a..b"], "a range of numbers"),
        (["n=1..4:lgo"], "a range of numbers"),
        (["n=8..2"], "should be the smaller"),
        (["n=0..1:log"], "above 0"),
        (["n=1..4:9"], "the step"),
        (["n=1..4", "n=1,2"], "twice"),
    ],
)
def test_wrong_ranges(texts, message):
    with pytest.raises(click.BadParameter, match=message):
        read_ranges(texts)
