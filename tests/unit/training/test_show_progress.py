from __future__ import annotations

import io

import pytest
from rich.console import Console

from qmlc.training.run_epochs import Length, Position, Step
from qmlc.training.show_progress import show_measurements, show_progress

ROW = {"epoch": 1, "step": 2, "learning": 0.5, "split": "held-out", "loss": 0.25, "accuracy": 0.75}


def shown(terminal: bool, quiet: bool = False) -> str:
    console = Console(file=io.StringIO(), force_terminal=terminal, width=160)
    with show_progress("iris", Length(2, 2), quiet, console) as show:
        for number in (1, 2):
            show.step(Step(0.5, 16, Position(0, number, number)))
        show.row(ROW)
    return console.file.getvalue()


def test_a_line_an_epoch():
    text = shown(terminal=False)
    assert text == "iris epoch 1/1  learning 0.5000  held-out loss 0.2500 accuracy 0.7500\n"


def test_a_bar_on_a_terminal():
    text = shown(terminal=True)
    for part in ("iris", "epoch 1/1", "learning 0.5000", "accuracy 0.7500", "rows/s"):
        assert part in text


@pytest.mark.parametrize("terminal", [True, False])
def test_quiet(terminal):
    assert shown(terminal, quiet=True) == ""


def test_table():
    console = Console(file=io.StringIO(), width=100)
    measured = {"training": {"loss": 0.5, "confusion_matrix": [[1, 0], [2, 3]]}}
    show_measurements(measured, "iris", {"time": "1.0 s"}, console)
    text = console.file.getvalue()
    assert "0.5000" in text and "2 3" in text and text.endswith("time: 1.0 s\n")


@pytest.mark.parametrize("width", [80, 120])
def test_the_bar_is_not_cut(width):
    console = Console(file=io.StringIO(), force_terminal=True, width=width)
    with show_progress("sentiment", Length(1000, 10), False, console) as show:
        show.step(Step(0.5, 16, Position(99, 1000, 10)))
        show.row(ROW)
    assert "…" not in console.file.getvalue()
