"""The entries of the library: what its modules declare, with headers and documentation."""

from __future__ import annotations

from dataclasses import dataclass

from qmlc import resources
from qmlc.source.span import Source
from qmlc.syntax import tree
from qmlc.syntax.parse import parse


@dataclass(frozen=True, slots=True)
class LibraryEntry:
    """One declaration of `std.<module>`; `header` is as written, `doc` its `##` comment."""

    name: str
    module: str
    kind: str
    header: str
    doc: str


def list_library() -> tuple[LibraryEntry, ...]:
    """Every gate, fn, hamiltonian, circuit and layer of the library, module by module."""
    entries = []
    for module in resources.stdlib_names():
        file, _ = parse(Source(f"std/{module}.hqm", resources.stdlib_text(module)))
        entries += [
            LibraryEntry(d.name.name, module.replace("/", "."), d.kind, d.header, d.doc)
            for d in file.declarations
            if isinstance(d, tree.Component)
        ]
    return tuple(entries)
