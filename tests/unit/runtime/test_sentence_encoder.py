"""Folders of sentence-transformers: pooled as they say, against a loop over texts and tokens."""

from __future__ import annotations

import json

import pytest
import torch

import qmlc
from qmlc.ops.read_sentence_encoder import POOLINGS

transformers = pytest.importorskip("transformers")

TEXT = """
use std.pretrained (sentence_encoder)

model m(tokens: int[B, T], mask: bool[B, T]) -> real[B, 8] {{
    let encoder = sentence_encoder("models/tiny", tune={tune})
    return encoder(tokens, mask)
}}
"""


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    home = tmp_path_factory.mktemp("sentences")
    torch.manual_seed(3)
    config = transformers.BertConfig(
        vocab_size=20, hidden_size=8, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=16,
    )  # fmt: skip
    model = transformers.BertModel(config).eval()
    model.save_pretrained(home / "models/tiny")
    return home, model


def describe(home, pooling, steps=("Transformer", "Pooling", "Normalize")):
    folder = home / "models/tiny"
    paths = ["", "1_Pooling", "2_Normalize", "3_Other"]
    listed = [
        {"idx": i, "name": str(i), "path": paths[i], "type": f"sentence_transformers.models.{kind}"}
        for i, kind in enumerate(steps)
    ]
    (folder / "modules.json").write_text(json.dumps(listed))
    (folder / "1_Pooling").mkdir(exist_ok=True)
    (folder / "1_Pooling/config.json").write_text(json.dumps(pooling))


def load(home, tune="frozen"):
    (home / "p.hqm").write_text(TEXT.format(tune=tune))
    return qmlc.load(home / "p.hqm")


def by_hand(vectors: torch.Tensor, way: str) -> torch.Tensor:
    """One text's vector from those of its tokens."""
    match way:
        case "cls":
            return vectors[0]
        case "max":
            return torch.stack([max(column) for column in vectors.T])
        case "lasttoken":
            return vectors[-1]
    total = sum(vectors)
    return total / len(vectors) ** (0.5 if way == "mean_sqrt_len" else 1)


@pytest.mark.parametrize("way", POOLINGS)
@pytest.mark.parametrize("named", [True, False])
def test_tokens_are_pooled_as_the_folder_says(original, way, named):
    home, model = original
    end = {"mean_sqrt_len": "_tokens", "lasttoken": ""}.get(
        way, "_token" * (way == "cls") or "_tokens"
    )
    flags = {f"pooling_mode_{way}{end}": True, "pooling_mode_other": False}
    steps = ("Transformer", "Pooling", "Normalize")[: 2 + named]
    describe(home, {"pooling_mode": way} if named else flags, steps)
    tokens = torch.randint(3, 20, (4, 6), generator=torch.Generator().manual_seed(0))
    lengths = [6, 3, 1, 5]
    mask = torch.arange(6) < torch.tensor(lengths)[:, None]
    found = load(home).m().eval()(tokens, mask)
    for row, length in enumerate(lengths):
        hidden = model(input_ids=tokens[row : row + 1, :length]).last_hidden_state[0]
        expected = by_hand(hidden, way)
        expected = expected / expected.norm() if named else expected
        torch.testing.assert_close(found[row], expected.detach(), rtol=1e-4, atol=1e-5)


def test_it_learns_what_tune_says(original):
    describe(original[0], {"pooling_mode": "mean"})
    net = load(original[0], "last(1)").m().train()
    learning = {n for n, p in net.named_parameters() if p.requires_grad}
    assert learning and all(".layer.1." in name for name in learning)
    net(torch.ones(2, 3).long(), torch.ones(2, 3).bool()).sum().backward()


def test_what_is_not_run_is_said(original):
    home = original[0]

    def refusal() -> str:
        with pytest.raises(qmlc.CompileError) as error:
            load(home)
        (diagnostic,) = error.value.diagnostics
        return f"{diagnostic.code} {diagnostic.message_text}; {diagnostic.help_text}"

    describe(home, {"pooling_mode": "mean"}, ("Transformer", "Pooling", "Dense"))
    assert refusal().startswith("E0206") and "`Dense`" in refusal()
    describe(home, {"pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": True})
    assert "pools by `mean` and `max`" in refusal()
    (home / "models/tiny/modules.json").unlink()
    assert refusal().startswith("E0601") and "pool by hand" in refusal()
