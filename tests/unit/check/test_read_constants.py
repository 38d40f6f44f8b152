"""Arrays and operators from files: what numpy and Qiskit wrote is read; what is damaged is told."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from qiskit.quantum_info import SparsePauliOp

from qmlc.check.read_constants import parse_npy, parse_pauli_sum
from qmlc.driver import analyse, check_text
from qmlc.ir.array import Array
from qmlc.ir.dense import operator_matrix
from qmlc.source.span import Source

KINDS = ["f2", "f4", "f8", ">f8", "i1", "i4", "i8", ">i2", "u1", "u4", "?"]
SHAPES = arrays.array_shapes(min_dims=0, max_dims=3, max_side=4)
TEXT = """
const k = numpy("k.npy")
circuit c(x: real) -> real {
    qubit q
    rx(x) q
    return expval(Z(q))
}
"""


@given(st.data())
def test_what_numpy_saves_is_read(data):
    kind, shape = data.draw(st.sampled_from(KINDS)), data.draw(SHAPES)
    elements = {"allow_nan": False} if "f" in kind else None
    array = data.draw(arrays.arrays(kind, shape, elements=elements))
    file = io.BytesIO()
    np.save(file, np.asfortranarray(array) if data.draw(st.booleans()) else array)
    found = parse_npy(file.getvalue())
    if shape:
        assert isinstance(found, Array) and found.shape == shape
        assert np.array_equal(np.reshape(found.items, shape), array)
    else:
        assert found == array


@given(st.binary(max_size=40), st.integers(0, 200))
def test_a_damaged_array_is_told(tmp_path_factory, noise, cut):
    folder = tmp_path_factory.mktemp("files")
    good = io.BytesIO()
    np.save(good, np.arange(6.0))
    content = bytearray(good.getvalue())
    place = cut % len(content)
    content[place : place + len(noise)] = noise
    (folder / "k.npy").write_bytes(bytes(content[: max(cut, 100)]))
    path = folder / "program.hqm"
    errors = analyse(Source(str(path), TEXT), path).errors
    assert {e.code for e in errors} <= {"E0601"}


LABELS = st.text("IXYZ", min_size=3, max_size=3)
NUMBERS = st.floats(-2, 2)


@given(st.lists(st.tuples(LABELS, NUMBERS), min_size=1, max_size=6), st.floats(-2, 2))
def test_sums_of_pauli_strings_are_qiskits_and_openfermions(terms, constant):
    expected = SparsePauliOp.from_list(terms).to_matrix() + constant * np.eye(8)
    sparse = [
        (" ".join(f"{c}{2 - i}" for i, c in enumerate(label) if c != "I"), number)
        for label, number in terms
    ]
    for listed in (terms, sparse):
        content = {"qubits": 3, "constant": constant, "terms": listed, "name": "any"}
        operator, size = parse_pauli_sum(json.dumps(content))
        assert size == 3
        assert np.allclose(operator_matrix(operator, 3), expected)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | LABELS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
)


@given(st.fixed_dictionaries({"terms": JSON}, optional={"qubits": JSON, "constant": JSON}) | JSON)
def test_any_other_json_is_told(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("files")
    (folder / "h.json").write_text(json.dumps(content))
    path = folder / "program.hqm"
    text = "use std.chemistry (molecule)\n" + TEXT.replace('numpy("k.npy")', "1").replace(
        "Z(q)", 'molecule("h.json")(q)'
    )
    errors = analyse(Source(str(path), text), path).errors
    assert {e.code for e in errors} <= {"E0601", "E0306"}


@pytest.mark.parametrize("number", ["1" * 5000, "1e999", "[1, 2]", "[1, 0]", "NaN"])
def test_numbers_that_are_no_coefficients(tmp_path, monkeypatch, number):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "h.json").write_text(f'{{"terms": [["Z", {number}]]}}')
    text = "use std.chemistry (molecule)\n" + TEXT.replace('numpy("k.npy")', "1").replace(
        "Z(q)", 'molecule("h.json")([q])'
    )
    codes = {e.code for e in check_text(text)}
    assert codes == (set() if number == "[1, 0]" else {"E0601"})
