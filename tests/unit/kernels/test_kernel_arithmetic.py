"""Arithmetic on integers in a kernel is Python's, as long as nothing leaves the range."""

from __future__ import annotations

import importlib.util
from itertools import count

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from qmlc.kernels.load_library import compile_entries

MODULE = """
from __future__ import annotations
from qmlc.kernels.language import Int, Ints, IntVectors, entry

@entry
def run(a: {kind}, b: {kind}, out: {kind}, count: Int) -> None:
    for i in range(count):
        x, y = a[i], b[i]
        out[i] = {text}
"""
serial = count()


def combined(parts):
    two = st.tuples(parts, parts)
    return st.one_of(
        two.flatmap(lambda p: st.sampled_from("+-*&|^").map(lambda o: f"({p[0]} {o} {p[1]})")),
        two.map(lambda p: f"({p[0]} // ({p[1]} | 1))"),
        two.map(lambda p: f"({p[0]} % ({p[1]} | 1))"),
        st.tuples(parts, st.sampled_from(["// 4", "% 4", "// -3", "% 7", "<< 2", ">> 3"])).map(
            lambda p: f"({p[0]} {p[1]})"
        ),
        parts.map(lambda p: f"(-{p})"),
        parts.map(lambda p: f"(~{p})"),
    )


leaves = st.sampled_from("xxyy") | st.integers(-9, 9).map(str)
expressions = combined(combined(leaves | combined(leaves)))


@given(expressions, st.sampled_from(["Ints", "IntVectors"]), st.sampled_from([64, 32, 16]))
def test_integers_are_pythons(tmp_path_factory, text, kind, width):
    path = tmp_path_factory.mktemp("kernels") / f"arithmetic_{next(serial)}.py"
    path.write_text(MODULE.format(kind=kind, text=text))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    kernels = compile_entries([module.run], "float64", width)
    lanes = kernels.lanes if kind == "IntVectors" else 1
    a, b = np.random.default_rng(0).integers(-30, 30, size=(2, 64))
    out = np.zeros(64, np.int64)
    kernels.run(a.ctypes.data, b.ctypes.data, out.ctypes.data, 64 // lanes)
    expected = [eval(text, {"x": x, "y": y}) for x, y in zip(a.tolist(), b.tolist(), strict=True)]
    assert out.tolist() == expected
