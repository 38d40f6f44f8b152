"""Show how a training goes: a bar on a terminal, a line an epoch elsewhere, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from qmlc.training.run_epochs import Length, Step
from qmlc.training.show_number import show_number


@dataclass(frozen=True, slots=True)
class Show:
    """Where to report: each step, each row of the history, and what else is to be known."""

    step: Callable[[Step], None]
    row: Callable[[Mapping[str, Any]], None]
    note: Callable[[str], None]


@contextmanager
def show_progress(title: str, length: Length, quiet: bool, console: Console) -> Iterator[Show]:
    """Where to report a training of this length."""
    if quiet:
        yield Show(lambda step: None, lambda row: None, lambda note: None)
        return

    def note(text: str) -> None:
        console.print(f"{title} {text}", highlight=False, markup=False, soft_wrap=True)

    if not console.is_terminal:
        yield Show(lambda step: None, lambda row: _print_line(title, row, length, console), note)
    else:
        progress = _bar(console, len(title) + 2 * len(str(length.epochs)))
        with Live(progress, console=console) as live:
            yield Show(*_on_bar(progress, live, title, length), note)


def _bar(console: Console, words: int) -> Progress:
    """One line, also on a terminal of 80 columns; the numbers stand in a line below it."""
    width = console.width - words - len(" epoch / 123456 rows/s 0:00:00 left 0:00:00 ")
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=max(8, min(32, width))),
        TextColumn("{task.fields[epoch]}"),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
    )


def _on_bar(
    progress: Progress, live: Live, title: str, length: Length
) -> tuple[Callable[[Step], None], Callable[[Mapping[str, Any]], None]]:
    task = progress.add_task(title, total=length.steps, epoch="", rate="")
    seen, measured = 0, ""

    def step(step: Step) -> None:
        nonlocal seen
        seen += step.examples
        elapsed = progress.tasks[task].elapsed or 0.0
        unit = "steps" if length.per_epoch == 1 and step.examples == 1 else "rows"
        rate = f"{seen / elapsed:.0f} {unit}/s" if elapsed > 0 else ""
        epoch = f"epoch {step.position.epochs + 1}/{length.epochs}"
        progress.update(task, completed=step.position.steps, epoch=epoch, rate=rate)
        live.update(Group(progress, Text(f"learning {show_number(step.loss)}  {measured}")))

    def row(row: Mapping[str, Any]) -> None:
        nonlocal measured
        measured = _measured(row)
        text = f"learning {show_number(row['learning'])}  {measured}"
        live.update(Group(progress, Text(text)))
        if row["step"] == length.steps:
            progress.stop_task(task)

    return step, row


def _print_line(title: str, row: Mapping[str, Any], length: Length, console: Console) -> None:
    width = len(str(length.epochs))
    epoch = f"epoch {row['epoch']:>{width}}/{length.epochs}"
    text = f"{title} {epoch}  learning {show_number(row['learning'])}  {_measured(row)}"
    console.print(text, highlight=False, markup=False, soft_wrap=True)


def _measured(row: Mapping[str, Any]) -> str:
    values = [
        f"{name} {show_number(value)}"
        for name, value in row.items()
        if isinstance(value, float) and name != "learning"
    ]
    return f"{row['split']} " + " ".join(values)


def show_measurements(
    measured: Mapping[str, Mapping[str, Any]],
    title: str,
    notes: Mapping[str, str],
    console: Console,
) -> None:
    """Print a table with a row for each split, its loss and metrics, and the notes below it."""
    names = list(next(iter(measured.values())))
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for name in names:
        table.add_column(name, justify="right")
    for split, values in measured.items():
        table.add_row(split, *(_cell(values[name]) for name in names))
    console.print(table)
    for name, note in notes.items():
        console.print(f"{name}: {note}", highlight=False, markup=False, soft_wrap=True)


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(" ".join(map(str, line)) for line in value)
    return show_number(value)
