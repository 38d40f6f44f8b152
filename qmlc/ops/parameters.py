"""Parameters of functions, layers and constructors: names, order and defaults, as in PyTorch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from qmlc.source.count_noun import count_noun


class _Required:
    """The default of a parameter that has none."""

    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED: Final = _Required()


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; a `tensor` comes from the graph, a setting is a compile-time value."""

    name: str
    default: Any = REQUIRED
    tensor: bool = False


class ArgumentError(ValueError):
    """Arguments that do not fit the parameters; `culprit` is a position or a name, or None."""

    def __init__(self, message: str, culprit: int | str | None = None) -> None:
        super().__init__(message)
        self.message, self.culprit = message, culprit


def bind(
    parameters: Sequence[Parameter], positional: Sequence[Any], named: Mapping[str, Any]
) -> dict[str, Any]:
    """Values by parameter name, defaults filled in; ArgumentError where they do not fit."""
    if len(positional) > len(parameters):
        raise ArgumentError(
            f"takes {count_noun(len(parameters), 'argument')}, {len(positional)} given",
            len(parameters),
        )
    values = {p.name: v for p, v in zip(parameters, positional, strict=False)}
    known = [p.name for p in parameters]
    for name, value in named.items():
        if name not in known:
            raise ArgumentError(f"has no argument `{name}`", name)
        if name in values:
            raise ArgumentError(f"was given `{name}` twice", name)
        values[name] = value
    missing = [p.name for p in parameters if p.name not in values and p.default is REQUIRED]
    if missing:
        raise ArgumentError(f"needs `{'`, `'.join(missing)}`")
    return {p.name: values.get(p.name, p.default) for p in parameters}
