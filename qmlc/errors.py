"""Every error that qmlc can report, from all rooms: what `qmlc explain` lists."""

from __future__ import annotations

import importlib
import inspect

from qmlc.source.diagnostic import Diagnostic, Problem

ROOMS = (
    "qmlc.source.errors",
    "qmlc.syntax.errors",
    "qmlc.check.errors.names",
    "qmlc.check.errors.types",
    "qmlc.check.errors.qubits",
    "qmlc.check.errors.lints",
    "qmlc.check.errors.training",
    "qmlc.check.errors.rules",
    "qmlc.check.errors.targets",
    "qmlc.output.errors",
    "qmlc.runtime.errors",
    "qmlc.planning.errors",
    "qmlc.trainability.errors",
    "qmlc.training.errors",
    "qmlc.export.errors",
)


def all_errors() -> dict[str, type[Diagnostic]]:
    """Every class of errors by its code."""
    found: dict[str, type[Diagnostic]] = {}
    for room in ROOMS:
        for _, item in inspect.getmembers(importlib.import_module(room), inspect.isclass):
            if issubclass(item, Diagnostic) and item not in (Diagnostic, Problem) and item.code:
                found[item.code] = item
    return dict(sorted(found.items()))
