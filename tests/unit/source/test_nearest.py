"""Which name was meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmlc.source.nearest import nearest

NAMES = ("strongly_entangling", "angle", "rx", "cx", "cy", "linear", "gelu", "relu", "swap")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("strongly_entangeling", "strongly_entangling"),
        ("lienar", "linear"),
        ("Linear", "linear"),
        ("CX", "cx"),
        ("swpa", "swap"),
        ("elu", "gelu"),
        ("ry", None),
        ("attention", None),
        ("", None),
    ],
)
def test_examples(name, meant):
    assert nearest(name, NAMES) == meant


@given(st.text("abc_", min_size=6, max_size=12), st.integers(0, 5), st.characters(codec="ascii"))
def test_one_slip_is_forgiven(name, position, slip):
    assert nearest(name[:position] + slip + name[position + 1 :], [name, "quite_another"]) == name


@given(st.lists(st.text("abAB", max_size=3)))
def test_a_known_name_is_nearest_to_itself(names):
    for name in names:
        assert nearest(name, names) == name
