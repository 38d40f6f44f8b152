"""Read what `--vary` gives: `n=2..8`, `optimizer.lr=1e-4..1e-1:log`, `batch=16,32,64`."""

from __future__ import annotations

from collections.abc import Iterable

import click

from qmlc.tools.options import pair, setting_value
from qmlc.tuning.search_space import Choices, Interval, Varied


def read_ranges(texts: Iterable[str]) -> tuple[Varied, ...]:
    """What is varied, in the order given; click.BadParameter where a text cannot be read."""
    found = tuple(_read(*pair(text)) for text in texts)
    names = [varied.name for varied in found]
    for name in names:
        if names.count(name) > 1:
            raise click.BadParameter(f"{name} is varied twice")
    return found


def _read(name: str, text: str) -> Varied:
    if ".." in text:
        return _interval(name, text)
    values = tuple(setting_value(part.strip()) for part in text.split(",") if part.strip())
    if len(values) < 2 or len(set(map(repr, values))) < len(values):
        raise click.BadParameter(
            f"{name}={text} should be two values or more, as in {name}=2..8 or {name}=16,32,64"
        )
    return Choices(name, values)


def _interval(name: str, text: str) -> Interval:
    ends, colon, how = text.partition(":")
    numbers = [setting_value(part.strip()) for part in ends.split("..", 1)]
    log = how.strip() == "log"
    step = setting_value(how.strip()) if colon and not log else None
    for number in (*numbers, *([step] if colon and not log else [])):
        if isinstance(number, bool) or not isinstance(number, int | float):
            example = f"{name}=2..8, {name}=2..8:2 or {name}=1e-4..1e-1:log"
            raise click.BadParameter(f"{name}={text} should be a range of numbers: {example}")
    low, high = numbers
    if low >= high:
        raise click.BadParameter(f"{name}={text}: the first number should be the smaller one")
    if log and low <= 0:
        raise click.BadParameter(f"{name}={text}: on a logarithmic scale numbers are above 0")
    if step is not None and not 0 < step <= high - low:
        raise click.BadParameter(f"{name}={text}: the step should be from 0 to {high - low}")
    return Interval(name, low, high, log, step)
