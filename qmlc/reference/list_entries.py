"""Everything that has a name and a page, kind by kind, from the rows that the compiler runs on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from inspect import cleandoc
from typing import Any

from qmlc.errors import all_errors
from qmlc.ops.data_functions import DATA_FUNCTIONS, DATA_SOURCES
from qmlc.ops.distributions import DISTRIBUTIONS
from qmlc.ops.functions import FUNCTIONS
from qmlc.ops.gates import GATES
from qmlc.ops.layers import LAYERS
from qmlc.ops.losses import LOSSES
from qmlc.ops.metrics import METRICS
from qmlc.ops.optimizers import OPTIMIZERS, SCHEDULES
from qmlc.ops.tokenizers import TOKENIZERS
from qmlc.ops.train_options import TRAIN_OPTIONS
from qmlc.reference.describe_gate import describe_gate
from qmlc.reference.describe_operation import describe_function, describe_layer
from qmlc.reference.entry import Entry, write_call, written
from qmlc.source.nearest import nearest
from qmlc.syntax.list_library import LibraryEntry, list_library
from qmlc.targets.read_target import Target, list_targets, read_target


def _errors() -> Iterable[Entry]:
    for code, error in all_errors().items():
        fails, *repaired = cleandoc(error.__doc__ or "").split("```hqm")
        page = f"{fails}This fails:\n\n```hqm" + "This compiles:\n\n```hqm".join(repaired)
        yield Entry("error", code, error.title, written(page if repaired else fails))


def _functions() -> Iterable[Entry]:
    for name, row in FUNCTIONS.items():
        if name not in LOSSES:
            yield describe_function("function", name, row)


def _called(kind: str, rows: Mapping[str, Any]) -> Iterable[Entry]:
    """Of rows with parameters and a line of documentation."""
    for name, row in rows.items():
        if getattr(row, "ready", True):
            page = f"```text\n{write_call(name, row.parameters)}\n```\n\n{row.doc}"
            if getattr(row, "fitted", False):
                page += "\n\nIt is fitted on the training examples only, and saved with the model."
            if path := getattr(row, "path", ""):
                page += f"\n\nIn PyTorch: `{path}`."
            yield Entry(kind, name, row.doc, written(page))


def _train_options() -> Iterable[Entry]:
    for name, row in TRAIN_OPTIONS.items():
        page = written(f"`train … {{ {name} = … }}`: {row.takes}.")
        yield Entry("train option", name, row.takes, page)


def _initialisers() -> Iterable[Entry]:
    for name, numbers in DISTRIBUTIONS.items():
        given = ", ".join(k if v is None else f"{k}={v}" for k, v in numbers.items())
        call = f"{name}({given})" if given else name
        page = f"```text\nparam w: real[n] ~ {call}\n```\n\nAs in `torch.nn.init`."
        yield Entry("initialiser", name, call, written(page))


def _library() -> Iterable[Entry]:
    for entry in list_library():
        summary = f"std.{entry.module}: {entry.doc.partition(chr(10))[0]}"
        yield Entry("library", entry.name, summary, written(library_page(entry)))


def library_page(entry: LibraryEntry) -> str:
    """How it is used, its header and its documentation."""
    use = f"use std.{entry.module} ({entry.name})"
    return f"```text\n{use}\n\n{entry.header}\n```\n\n{entry.doc}"


def _targets() -> Iterable[Entry]:
    for name in list_targets():
        device = read_target(name)
        lines = [
            f"{device.title}: {device.qubits} qubits. Data from {device.source}.",
            f"Gates: {', '.join(f'`{gate}`' for gate in device.basis)}.",
            "Gates may depend on measured bits." if device.feedforward else "",
            f"Files are in the dialect `{device.dialect}`" + _native(device.native),
            _errors_of(device),
            _price(device),
            _limits(device),
            device.notes,
        ]
        page = "\n\n".join(filter(None, lines))
        yield Entry("target", name, device.title, written(page), (name.partition(":")[2],))


def _native(gates: tuple[str, ...]) -> str:
    return f", in its own {', '.join(f'`{gate}`' for gate in gates)}." if gates else "."


def _errors_of(device: Target) -> str:
    """How often a device errs, where that is published."""
    errors = [(name, error) for name, error in device.noise if name.endswith("_error")]
    if not errors:
        return ""
    parts = ", ".join(f"{error:.2g} {ERRORS[name]}" for name, error in errors)
    known = "; those of each qubit and pair are known, too" if device.calibration else ""
    return f"Median errors: {parts}{known}."


ERRORS = {
    "one_qubit_error": "of a gate on one qubit",
    "two_qubit_error": "on two",
    "readout_error": "of a measurement",
}


def _price(device: Target) -> str:
    """What a device costs, where that is published."""
    if not device.price:
        return ""
    words = {"one_qubit_gate": "gate on one qubit in each shot", "spam": SPAM}
    words["two_qubit_gate"] = words["one_qubit_gate"].replace("one qubit", "two qubits")
    parts = ", ".join(f"{amount:g} for a {words.get(u, u)}" for u, amount in device.price)
    return f"Price in {device.price_unit}: {parts} ({device.price_source})."


SPAM = "preparation or measurement of a qubit in each shot"


def _limits(device: Target) -> str:
    """What a device takes at most, where that is published."""
    if not device.limits:
        return ""
    words = {"shots": "shots of a circuit", "executions": "shots of all circuits of a task"}
    parts = ", ".join(f"{most:,} {words[what]}" for what, most in device.limits)
    return f"At most {parts} ({device.limits_source})."


def _rewrites(kind: str) -> Iterable[Entry]:
    """The passes, or the rules that they apply."""
    from qmlc.passes.list_rewrites import list_rewrites  # networkx: other kinds need none

    for each in list_rewrites():
        summary = " ".join(each.doc.split()) or each.module
        if kind == "pass" and each.module == "passes":
            yield Entry(kind, each.name, summary, written(each.doc))
        elif kind == "rule" and each.module != "passes":
            sides = f"```text\n{each.before}\n\n=>\n\n{each.after}\n```"
            page = f"A rule of `{each.module}`.\n\n{sides}\n\n{each.doc}".rstrip()
            yield Entry(kind, each.name, summary, written(page))


KINDS: dict[str, Callable[[], Iterable[Entry]]] = {
    "error": _errors,
    "gate": lambda: map(describe_gate, GATES),
    "layer": lambda: (describe_layer(name, row) for name, row in LAYERS.items()),
    "function": _functions,
    "loss": lambda: (describe_function("loss", name, row) for name, row in LOSSES.items()),
    "metric": lambda: _called("metric", METRICS),
    "optimizer": lambda: _called("optimizer", OPTIMIZERS),
    "schedule": lambda: _called("schedule", SCHEDULES),
    "data source": lambda: _called("data source", DATA_SOURCES),
    "data function": lambda: _called("data function", DATA_FUNCTIONS),
    "tokenizer": lambda: _called("tokenizer", TOKENIZERS),
    "train option": _train_options,
    "initialiser": _initialisers,
    "library": _library,
    "target": _targets,
    "pass": partial(_rewrites, "pass"),
    "rule": partial(_rewrites, "rule"),
}
"""What there is, in the order in which one meets it."""


@cache
def list_entries(kind: str) -> tuple[Entry, ...]:
    """The entries of a kind, in the order of its rows."""
    return tuple(KINDS[kind]())


def find_entries(name: str) -> tuple[Entry, ...]:
    """All entries of a name; in any case where none is written so."""
    entries = [entry for kind in KINDS for entry in list_entries(kind)]
    exact = tuple(e for e in entries if name in (e.name, *e.aliases))
    return exact or tuple(e for e in entries if name.lower() == e.name.lower())


def nearest_name(name: str) -> str | None:
    """The name of an entry or kind that was probably meant."""
    known = (entry.name for kind in KINDS for entry in list_entries(kind))
    return nearest(name, [*KINDS, *known]) or nearest(name.upper(), all_errors())
