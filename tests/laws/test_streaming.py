"""A table that does not fit into memory gives the same bits as one that does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from qmlc.ir.program import Call, Column, Data, Field
from qmlc.training.data import map_cells, read_arrays, read_lines
from qmlc.training.data.fit_fields import apply_fields, fit_fields
from qmlc.training.data.leave_out_rows import leave_out_rows
from qmlc.training.data.read_data import read_data

NUMBER = st.none() | st.floats(-1e3, 1e3, width=32)
ROWS = st.lists(
    st.tuples(NUMBER, NUMBER, st.sampled_from(["p", "q, r", 'a "b"', "c\nd"])), min_size=3
)
PAIR = (Call("fill", (Column("a"), "median")), Call("fill", (Column("b"), "mean")))
LINES = {
    "plain": Column("b"),
    "filled": Call("standardize", (PAIR,)),
    "scaled": Call("scale", (Column("b"),)),
    "main": Call("pca", (PAIR, 1)),
    "kind": Call("category", (Column("k"),)),
    "hot": Call("one_hot", (Call("fill", (Column("k"), "most_frequent")), 4)),
    "tokens": Call("tokenize", (Column("k"), Call("characters"), 4)),
}
POLICY = (("missing", "drop"),)


def make(folder, source, *, part, share, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(map_cells, "SHARE", share)
        for module in (read_lines, read_arrays):
            patch.setattr(module, "PART", part)
        data = Data("d", source, tuple(Field((name,), value) for name, value in LINES.items()))
        found = leave_out_rows(data, read_data(source, folder), list(LINES))
        found = replace(found, part=part)
        assert isinstance(found.cells, map_cells.MappedCells) or share > 0
        shuffled = found.take(np.random.default_rng(0).permutation(len(found)))
        states = fit_fields(data, shuffled, LINES)
        return states, apply_fields(data, shuffled, list(LINES), states, torch.float32)


@settings(max_examples=6)
@given(rows=ROWS, kind=st.sampled_from(["csv", "jsonl", "parquet"]))
def test_streaming_changes_no_bit(tmp_path_factory, monkeypatch_module, kind, rows):
    folder = tmp_path_factory.mktemp("rows")
    frame = pd.DataFrame(rows, columns=["a", "b", "k"])
    frame[["a", "b"]] = frame[["a", "b"]].astype(float)
    assume(frame["b"].count() >= 3 and frame[frame["b"].notna()]["a"].notna().any())
    if kind == "csv":
        frame.to_csv(folder / "t", index=False)
    elif kind == "jsonl":
        frame.to_json(folder / "t", orient="records", lines=True, double_precision=15)
    else:
        frame.to_parquet(folder / "t")
    source = Call(kind, ("t",), POLICY)
    here = make(folder, source, part=3, share=0.5, monkeypatch=monkeypatch_module)
    away = make(folder, source, part=3, share=0.0, monkeypatch=monkeypatch_module)
    whole = make(folder, source, part=1000, share=0.5, monkeypatch=monkeypatch_module)
    assert here[0] == away[0]
    for name, one, other, once in zip(LINES, here[1], away[1], whole[1], strict=True):
        assert one.equal(other)
        if name != "main":  # equal variances leave its direction open
            assert one.double().numpy() == pytest.approx(once.double().numpy(), abs=1e-5)


@pytest.fixture(scope="module")
def monkeypatch_module():
    with pytest.MonkeyPatch.context() as patch:
        yield patch
