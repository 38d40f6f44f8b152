"""What the library says of itself."""

from __future__ import annotations

import pytest

from qmlc import resources
from qmlc.syntax.list_library import list_library

ENTRIES = list_library()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: f"{e.module}.{e.name}")
def test_each_entry_has_a_header_and_documentation(entry):
    assert entry.module.replace(".", "/") in resources.stdlib_names()
    kind = "extern layer" if entry.kind == "extern" else entry.kind
    assert entry.header.startswith(f"{kind} {entry.name}(")
    assert entry.doc


def test_the_documentation_of_a_file_is_not_that_of_its_first_entry():
    angle = next(e for e in ENTRIES if e.name == "angle")
    assert angle.doc.startswith("Angle encoding")


def test_names_are_unique():
    assert len({e.name for e in ENTRIES}) == len(ENTRIES)
