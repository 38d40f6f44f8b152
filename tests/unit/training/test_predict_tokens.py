"""Scores of tokens are written as the text that they stand for."""

from __future__ import annotations

import torch

from qmlc.ir.program import Call, Column, Data, Field
from qmlc.training.data.fit_fields import apply_fields, fit_fields
from qmlc.training.data.read_data import read_data
from qmlc.training.predict_block import Prediction, describe_outputs


def test_scores_of_tokens_are_decoded(tmp_path):
    lines = ["one two", "three two one", "two"]
    (tmp_path / "t.txt").write_text("\n".join(lines) + "\n")
    tokenize = Call("tokenize", (Column("text"), Call("words", (20,)), 6))
    mask = Call("mask_tokens", (Column("tokens"),))
    data = Data(
        "d",
        Call("text", ("t.txt",)),
        (Field(("tokens", "mask"), tokenize), Field(("noisy", "original"), mask)),
    )
    table = read_data(data.source, tmp_path)
    states = fit_fields(data, table, ["original"])
    (tokens,) = apply_fields(data, table, ["tokens"], states, torch.float32)
    scores = torch.nn.functional.one_hot(tokens, 20).double()
    for target in ("tokens", "original"):
        found = describe_outputs(data, states, Prediction(("noisy",), target), [scores])
        assert found["prediction"].tolist() == lines
