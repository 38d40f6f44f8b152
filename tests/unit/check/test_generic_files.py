"""Files of generic declarations, checked by themselves: no error that their use would not have."""

from __future__ import annotations

import pytest

import qmlc
from qmlc import resources


@pytest.mark.parametrize("module", resources.stdlib_names())
def test_the_library_is_without_errors(module):
    found = qmlc.check_file(resources.stdlib_path(module))
    assert [d for d in found if d.severity == "error"] == []


def test_stand_ins_raise_no_errors_of_their_own():
    found = qmlc.check_text("""
layer fine(inner: layer, parts: circuit[m], width: int, mode: str)(x: real[B, d]) -> real[B, d] {
    let h = inner(x) + linear(width)(x)
    for i, part in enumerate(parts) { h = h * part(h[:, i]) + m }
    let a, b = chunk(inner(h), 2)
    return a @ b + h.foo if mode == "relu" else h
}

gate twice(f: gate, g: gate = rxx) a, b {
    f a
    f b
    g(0.1) a, b
}

circuit head(f: gate, h: operator[n], parts: operator[k, n])(x: real[n]) -> real[k] {
    qubit q[n]
    f q[0], q[1]
    evolve(h(q), time=x[0]) q
    return expval(parts(q))
}
""")
    assert [d for d in found if d.severity == "error"] == []
