"""Declarations that nothing uses are tried with sizes that are made up."""

from __future__ import annotations

from qmlc.driver import check_text

WIDE = "gate g(x: real[8**n], y: real[2**n]) q[n] {\n    ry(x[0] + y[0]) q[0]\n    %s\n}\n"


def test_sizes_that_grow_fast_do_not_fill_the_memory():
    assert check_text(WIDE % "") == ()
    assert [e.code for e in check_text(WIDE % "ry(other) q[0]")] == ["E0201"]
