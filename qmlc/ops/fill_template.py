"""Writes the torch expression of a row: fills its template from sources and settings."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from qmlc.ops.parameters import REQUIRED
from qmlc.ops.rows import ATOM, COMPARISON, POWER, Function, Layer
from qmlc.types.polynomial import Polynomial

Expression = tuple[str, int]
"""The text of an expression and how tightly it binds (`ops.rows`: COMPARISON to ATOM)."""

IN_TRAINING = " if self.training else 0.0"
"""What follows a setting that torch's functions, unlike its layers, would heed in evaluation."""

FIELD = re.compile(r"\{(\w+)(?:!s)?\}")


def fill_template(
    row: Function,
    tensors: Mapping[str, Expression | Sequence[Expression] | None],
    settings: Mapping[str, Any],
    write: Callable[[Any], str] = lambda value: write_setting(value),
    device: str | None = None,
) -> str:
    """The expression of `row`, to be bracketed by its user according to `row.precedence`.

    `tensors` maps names to expressions (a sequence of them where the row is variadic, None where
    one is left out). `write` gives the source of a setting; pass one that knows where the
    symbols of a polynomial come from. A keyword piece `, name={name}` is dropped where the value
    is the row's default, unless the field is written `{name!s}`.
    """
    values: dict[str, Any] = {**settings, **tensors, "device": device}
    template = row.template
    defaults = {p.name: p.default for p in row.parameters} | {"device": None}
    for other, written in row.alternatives:
        if not _is(values.get(other), defaults[other]) and values.get(other) is not None:
            template = written
    for name, default in defaults.items():
        if name in values and _is(values[name], default):
            template = template.replace(f", {name}={{{name}}}{IN_TRAINING}", "")
            template = template.replace(f", {name}={{{name}}}", "")
    sources = {p.name for p in row.tensors} | {"device"}
    parts = []
    end = 0
    for match in FIELD.finditer(template):
        name, place = match[1], (template[: match.start()], template[match.end() :])
        value = values[name]
        parts.append(template[end : match.start()])
        if name == "device":
            parts.append(str(value))
        elif name in sources:
            parts.append(_write_tensor(value, row.precedence, *place))
        else:
            parts.append(_write_field(name, value, write))
        end = match.end()
    return "".join(parts) + template[end:]


def write_constructor(
    row: Layer, arguments: Mapping[str, Any], write: Callable[[Any], str] | None = None
) -> str:
    """`nn.Conv2d(1, 16, 3, padding=1)`: the required by place, the others where they differ.

    An inferred argument that is None is left out, as one that has its default.
    """
    write = write or write_setting
    defaults = {p.name: p.default for p in row.parameters}
    parts: list[str] = []
    keyword = False
    for name in row.order:
        if name not in arguments or _is(arguments[name], defaults.get(name)):
            keyword = True
            continue
        keyword = keyword or defaults.get(name, REQUIRED) is not REQUIRED
        parts.append(f"{name}={write(arguments[name])}" if keyword else write(arguments[name]))
    return f"{row.constructor}({', '.join(parts)})"


def write_tuple(items: Iterable[str]) -> str:
    """Python source of a tuple of expressions."""
    texts = list(items)
    return f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"


def write_setting(value: Any) -> str:
    """Python source of a compile-time value; infinities are `math.inf`."""
    if isinstance(value, (tuple, list)):
        return write_tuple(map(write_setting, value))
    if isinstance(value, float) and not math.isfinite(value):
        return "math.nan" if math.isnan(value) else "math.inf" if value > 0 else "-math.inf"
    return str(value) if isinstance(value, Polynomial) else repr(value)


def write_index(index: Sequence[Any], write: Callable[[Any], str] = write_setting) -> str:
    """`:, 0, ..., None`: what stands between the brackets of a subscript."""

    def item(value: Any) -> str:
        if value is Ellipsis:
            return "..."
        if not hasattr(value, "stop"):
            return write(value)
        start, stop, step = (
            "" if v is None else write(v) for v in (value.start, value.stop, value.step)
        )
        return f"{start}:{stop}" + (f":{step}" if step else "")

    return ", ".join(map(item, index)) or "..."


def _is(value: Any, default: Any) -> bool:
    return type(value) is type(default) and bool(value == default)


def _write_field(name: str, value: Any, write: Callable[[Any], str]) -> str:
    if name == "sizes":
        return "".join(f", {key}={write(size)}" for key, size in value)
    return write_index(value, write) if name == "index" else write(value)


def _write_tensor(value: Any, precedence: int, before: str, after: str) -> str:
    if value is None:
        return "None"
    if isinstance(value, list) or (value and not isinstance(value[0], str)):
        return ", ".join(text for text, _ in value)
    text, binding = value
    return text if binding >= _needed(precedence, before, after) else f"({text})"


def _needed(precedence: int, before: str, after: str) -> int:
    """How tightly an operand must bind where it stands in the template."""
    if after.startswith((".", "[")):
        return ATOM
    if before.endswith(("(", ", ", "[")) or re.search(r"\w=$", before):
        if after.startswith((",", ")", "]")):
            return COMPARISON
    if precedence in (COMPARISON, POWER):
        return precedence + 1
    return precedence + (1 if before and "{" in before else 0)
