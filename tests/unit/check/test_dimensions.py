"""Sizes are solved for: what a caller's tensor says about the names of a type."""

from __future__ import annotations

import pytest

import qmlc


@pytest.mark.parametrize(
    ("written", "given", "wanted"),
    [
        ("n", 4, {"n": 4}),
        ("2*n", 6, {"n": 3}),
        ("2*n + 1", 7, {"n": 3}),
        ("2**n", 8, {"n": 3}),
        ("n * n", 9, {"n": 3}),
        ("n // 2", 3, {"n": 6}),
    ],
)
def test_one_name_is_solved_for(written, given, wanted):
    text = (
        f"layer l(x: real[B, {written}]) -> real[B, {written}] = x\n"
        f"model m(x: real[B, {given}]) -> real[B, {given}] = l(x)\n"
    )
    units = {u.name: u for u in qmlc.compile(text).program.units}
    settings = dict(units["l"].settings)
    assert {name: settings[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("written", "given"), [("2*n", 5), ("2**n", 6), ("2*n + 1", 4), ("3", 4), ("n * n", 8)]
)
def test_what_has_no_solution_is_refused(written, given):
    text = (
        f"layer l(x: real[B, {written}]) -> real[B] = x[:, 0]\n"
        f"model m(x: real[B, {given}]) -> real[B] = l(x)\n"
    )
    with pytest.raises(qmlc.CompileError) as caught:
        qmlc.compile(text)
    assert {d.code for d in caught.value.diagnostics} == {"E0301"}
