"""Pretrained models in programs: what learns, what is saved, what is refused. Tiny random BERTs."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch

import qmlc

transformers = pytest.importorskip("transformers")
peft = pytest.importorskip("peft")

TEXT = """
use std.pretrained (huggingface)

model m(tokens: int[B, T], mask: bool[B, T]) -> real[B, 2] {{
    let encoder = huggingface("models/tiny", tune={tune})
    let h = encoder(tokens, mask).last_hidden_state
    return mean(h, dim=1, where=mask) |> linear(2)
}}
"""


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "tiny"
    torch.manual_seed(3)
    config = transformers.BertConfig(
        vocab_size=20, hidden_size=8, num_hidden_layers=3, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=16,
    )  # fmt: skip
    model = transformers.BertModel(config).eval()
    model.save_pretrained(folder)
    return folder, model


@pytest.fixture(scope="module")
def program(original, tmp_path_factory):
    base = tmp_path_factory.mktemp("program")
    (base / "models").symlink_to(original[0].parent)

    def load(tune: str = "frozen", text: str = TEXT):
        path = base / "p.hqm"
        path.write_text(text.format(tune=tune))
        return qmlc.load(path)

    return load


@pytest.fixture(scope="module")
def batch():
    tokens = torch.randint(0, 20, (3, 5), generator=torch.Generator().manual_seed(0))
    return tokens, torch.tensor([[True] * 5, [True] * 3 + [False] * 2, [True] * 4 + [False]])


@pytest.mark.parametrize("tune", ["frozen", "full", "last(2)", "lora(rank=2)"])
def test_it_starts_as_the_model_itself(program, original, batch, tune):
    net = program(tune).m().eval()
    tokens, mask = batch
    h = original[1](input_ids=tokens, attention_mask=mask.long()).last_hidden_state
    mean = (h * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    torch.testing.assert_close(net(*batch), net.linear(mean))


LEARNS = {
    "frozen": lambda name: False,
    "full": lambda name: True,
    "last(2)": lambda name: ".layer.1." in name or ".layer.2." in name,
    'lora(rank=2, targets=["query"])': lambda name: ".query.lora_" in name,
}


@pytest.mark.parametrize("tune", LEARNS)
def test_only_what_is_to_learn_learns_and_is_saved(program, batch, tune):
    net = program(tune).m()
    net.train()
    before = {name: p.detach().clone() for name, p in net.encoder.named_parameters()}
    assert {n for n, p in net.encoder.named_parameters() if p.requires_grad} == {
        name for name in before if LEARNS[tune](name)
    }
    optimizer = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=0.1)
    for _ in range(2):  # the second half of an adapter learns first
        optimizer.zero_grad()
        net(*batch).square().sum().backward()
        optimizer.step()
    changed = {n for n, p in net.encoder.named_parameters() if not torch.equal(p, before[n])}
    assert all(LEARNS[tune](name) for name in changed)
    assert bool(changed) == (tune != "frozen")
    saved = net.state_dict()
    kept = {name.removeprefix("encoder.") for name in saved if name.startswith("encoder.")}
    assert kept == {name for name in before if LEARNS[tune](name)}
    other = program(tune).m()
    other.load_state_dict(saved)
    assert torch.equal(other.eval()(*batch), net.eval()(*batch))
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert torch.equal(twin(*batch), net(*batch))
        assert list(twin.state_dict()) == list(saved)


def test_frozen_parts_do_not_drop_out_and_others_do(program, batch):
    frozen = program().m().train()
    assert torch.equal(frozen(*batch), frozen(*batch))
    assert frozen.training and not frozen.encoder.training
    # no graph is recorded of what nothing learns from
    assert not frozen.encoder(*batch).last_hidden_state.requires_grad
    full = program("full").m().train()
    assert not torch.equal(full(*batch), full(*batch))
    last = program("last(1)").m().train()
    layers = last.encoder.module.encoder.layer
    assert [layer.training for layer in layers] == [False, False, True]


def test_gradients_pass_through_what_is_frozen():
    from qmlc.runtime.freeze import freeze

    net = freeze(torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Dropout(0.5)))
    x = torch.rand(2, 3, requires_grad=True)
    net(x).sum().backward()
    assert x.grad is not None and all(p.grad is None for p in net.parameters())


def refusal(make) -> str:
    with pytest.raises(qmlc.CompileError) as error:
        make()
    (diagnostic,) = error.value.diagnostics
    return f"{diagnostic.code} {diagnostic.message_text}; {diagnostic.help_text}"


def test_targets_are_names_of_layers(program):
    said = refusal(program('lora(rank=2, targets=["querry"])').m)
    assert said.startswith("E0606") and "did you mean `query`?" in said


def test_missing_weights_are_not_made_up(original, tmp_path):
    weights = original[1].state_dict()
    folder = tmp_path / "models" / "tiny"
    original[1].save_pretrained(
        folder, state_dict={n: t for n, t in weights.items() if "layer.1" not in n}
    )
    path = tmp_path / "p.hqm"
    path.write_text(TEXT.format(tune="frozen"))
    said = refusal(qmlc.load(path).m)
    assert said.startswith("E0606") and "lacks 16 weights" in said


def test_weights_of_pytorch_are_read_as_weights_only(original, batch, tmp_path):
    folder = tmp_path / "models" / "tiny"
    original[1].config.save_pretrained(folder)
    torch.save(original[1].state_dict(), folder / "pytorch_model.bin")
    path = tmp_path / "p.hqm"
    path.write_text(TEXT.format(tune="frozen"))
    net, expected = qmlc.load(path).m().eval(), original[1](batch[0]).last_hidden_state
    assert torch.equal(net.encoder(batch[0], batch[1] | True).last_hidden_state, expected)
    torch.save({"w": Stranger()}, folder / "pytorch_model.bin")
    said = refusal(qmlc.load(path).m)
    assert said.startswith("E0606") and "safetensors" in said


class Stranger:
    """What only code can bring back."""


def test_the_type_may_be_declared_where_the_architecture_is_not_known(program, batch):
    text = TEXT.replace(
        "model m",
        "extern layer mine(input_ids: int[B, T], attention_mask: bool[B, T]) -> "
        '(last_hidden_state: real[B, T, 8]) = huggingface("models/tiny", tune=last(1))\n\nmodel m',
    ).replace('huggingface("models/tiny", tune={tune})\n', "mine\n")
    known, declared = program("last(1)").m(), program(text=text).m()
    declared.load_state_dict(known.state_dict())
    assert torch.equal(known.eval()(*batch), declared.eval()(*batch))


def test_a_folder_that_went_away_is_named(program, original):
    made = program()
    original[0].rename(original[0].parent / "tidy")
    try:
        said = refusal(made.m)
    finally:
        (original[0].parent / "tidy").rename(original[0])
    assert "no folder `models/tiny`" in said and "models/tidy" in said
