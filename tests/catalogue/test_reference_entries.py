"""Contracts over everything that `qmlc explain` knows: pages, programs, matrices."""

from __future__ import annotations

import cmath
import math
import re

import numpy as np
import pytest

from qmlc.ops.gates import GATES, Composite, gate_arity
from qmlc.ops.matrices import embed, gate_matrix
from qmlc.reference.list_entries import KINDS, find_entries, list_entries, nearest_name
from qmlc.testing.read_fences import read_fences

ANGLES = (0.3, -1.1, 2.5, 0.7)
NAMES = {"R": math.sqrt(0.5), "cos": math.cos, "sin": math.sin, "exp": cmath.exp, "pi": math.pi}


def value(text: str, angles: dict[str, float]) -> complex:
    """What an entry of a printed matrix, or an angle of a printed gate, says."""
    python = text.replace("√½", "R").replace("e^", "exp")
    python = re.sub(r"(?<=[R2]) i\b", "*1j", python)
    python = re.sub(r"\bi (?=\w)", "1j*", re.sub(r"\blambda\b", "lambda_", python))
    python = re.sub(r"\bi\b", "1j", python)
    return complex(eval(python, NAMES | angles))


def angles_of(name: str) -> dict[str, float]:
    names = (angle if angle != "lambda" else "lambda_" for angle in GATES[name].angles)
    return dict(zip(names, ANGLES, strict=False))


@pytest.mark.parametrize("kind", KINDS)
def test_entries_have_pages(kind):
    entries = list_entries(kind)
    assert entries
    assert len({entry.name for entry in entries}) == len(entries)
    for entry in entries:
        assert entry.kind == kind and entry.summary and entry.page.strip()
        assert "\n" not in entry.summary
        assert entry in find_entries(entry.name)


@pytest.mark.parametrize("name", [n for n, row in GATES.items() if hasattr(row, "angles")])
def test_printed_matrices(name):
    (entry,) = [e for e in find_entries(name) if e.kind == "gate"]
    _, _, rest = entry.page.partition(" matrix")
    if rest:
        (table,) = read_fences(rest, "text")
        rows = [re.split("  +", line) for line in table.text.splitlines()]
        printed = [[value(text, angles_of(name)) for text in row] for row in rows]
        assert np.allclose(printed, gate_matrix(name, list(angles_of(name).values())))


@pytest.mark.parametrize("name", [n for n, row in GATES.items() if isinstance(row, Composite)])
def test_printed_decompositions(name):
    from qmlc.driver import check_text

    (entry,) = [e for e in find_entries(name) if e.kind == "gate"]
    (fence,) = read_fences(entry.page)
    assert not check_text(fence.text)
    total = np.eye(2 ** gate_arity(name)[1])
    for line in fence.text.splitlines()[1:-1]:
        gate, _, angles, qubits = re.fullmatch(r" *(\w+)(\((.*)\))? (.*)", line).groups()
        numbers = [value(a, angles_of(name)).real for a in (angles or "").split(", ") if a]
        order = ["abcd".index(qubit) for qubit in qubits.split(", ")]
        total = embed(gate_matrix(gate, numbers), order, gate_arity(name)[1]) @ total
    assert np.allclose(total, gate_matrix(name, list(angles_of(name).values())))


def test_slips():
    assert nearest_name("conv2") == "conv2d"
    assert nearest_name("E03011") == "E0301"
    assert nearest_name("optimiser") == "optimizer"
    assert {entry.kind for entry in find_entries("CX")} == {"gate"}
    assert {entry.kind for entry in find_entries("angle")} == {"function", "library"}
