"""Make what a call names from its row: check the arguments, import the class, instantiate it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, TypeVar

from qmlc.ir.program import Call
from qmlc.ops.parameters import ArgumentError, Parameter, bind
from qmlc.training.errors import DataError, propose

Row = TypeVar("Row")


def find_row(call: Call, rows: Mapping[str, Row], kind: str) -> Row:
    """The row that `call` names; DataError E0706 where there is none."""
    if call.function not in rows:
        help = propose(call.function, rows, f"the {kind}s are")
        raise DataError("E0706", f"there is no {kind} `{call.function}`", help)
    return rows[call.function]


def bind_call(call: Call, parameters: Sequence[Parameter]) -> dict[str, Any]:
    """Arguments by name, with defaults; DataError E0706 where they do not fit."""
    try:
        return bind(parameters, call.arguments, dict(call.keywords))
    except ArgumentError as error:
        help = ""
        if isinstance(error.culprit, str):
            help = propose(error.culprit, [p.name for p in parameters], "its arguments are")
        raise DataError("E0706", f"`{call.function}` {error.message}", help) from None


def import_class(path: str) -> Any:
    """The class at `module.Class`; paths come from our rows, never from a program."""
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)


def construct(call: Call, path: str, *positional: Any, **options: Any) -> Any:
    """An instance of the class at `path`; DataError E0706 with its reason where it refuses."""
    try:
        return import_class(path)(*positional, **options)
    except (TypeError, ValueError) as error:
        help = "write `cycle_momentum=false`" if "cycle_momentum" in str(error) else ""
        raise DataError("E0706", f"`{call.function}`: {error}", help) from None
