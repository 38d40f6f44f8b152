"""Models of Keras in programs: they compute what Keras does, and learn what `tune` says."""

from __future__ import annotations

import copy
import os
import pickle
import zipfile

import pytest
import torch

import qmlc

os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras")
if keras.backend.backend() != "torch":
    pytest.skip("Keras runs on something else here", allow_module_level=True)
layers = keras.layers

TEXT = """
use std.pretrained (keras)

model m(x: real[B, 8, 8, 2]) -> real[B, 2] {{
    let features = keras("{file}", tune={tune})
    return features(x) |> linear(2)
}}
"""


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keras")
    keras.utils.set_random_seed(1)
    model = keras.Sequential([
        keras.Input((8, 8, 2)), layers.Conv2D(3, 3, name="conv"),
        layers.BatchNormalization(name="norm"), layers.Dropout(0.5, name="drop"),
        layers.Flatten(name="flat"), layers.Dense(5, activation="tanh", name="first"),
        layers.Dropout(0.5, seed=4, name="late"), layers.Dense(4, name="head"),
    ])  # fmt: skip
    model.get_layer("norm").moving_mean.assign(torch.tensor([0.1, 0.2, 0.3]))
    model.save(folder / "m.keras")
    model.save(folder / "m.h5")
    return folder, model


def load(original, tune: str = "frozen", file: str = "m.keras", text: str = TEXT):
    path = original[0] / "p.hqm"
    path.write_text(text.format(tune=tune, file=file))
    return qmlc.load(path)


@pytest.fixture
def x():
    return torch.rand((3, 8, 8, 2), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("file", ["m.keras", "m.h5"])
@pytest.mark.parametrize("tune", ["frozen", "full"])
def test_it_computes_what_keras_does(original, x, tune, file):
    net = load(original, tune, file).m().eval()
    expected = original[1](x, training=False).detach()
    torch.testing.assert_close(net.features(x).detach(), expected)
    double = copy.deepcopy(net).double()(x.double())
    assert double.dtype == torch.float64
    torch.testing.assert_close(double.float(), net(x))


LEARNS = {
    "frozen": set(),
    "last(1)": {"head.kernel", "head.bias"},
    "last(2)": {"head.kernel", "head.bias", "first.kernel", "first.bias"},
    "full": {"head.kernel", "head.bias", "first.kernel", "first.bias", "conv.kernel", "conv.bias",
             "norm.gamma", "norm.beta"},
}  # fmt: skip


@pytest.mark.parametrize("tune", LEARNS)
def test_only_what_is_to_learn_learns_and_is_saved(original, x, tune):
    net = load(original, tune).m().train()
    parameters = {n.removeprefix("module."): p for n, p in net.features.named_parameters()}
    assert {n for n, p in parameters.items() if p.requires_grad} == LEARNS[tune]
    before = {name: tensor.clone() for name, tensor in net.features.module.state_dict().items()}
    optimizer = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=0.1)
    net(x.requires_grad_()).square().sum().backward()
    optimizer.step()
    assert x.grad.abs().sum() > 0
    after = net.features.module.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    statistics = {"norm.moving_mean", "norm.moving_variance"}
    drawn = {name for name in before if "seed_generator" in name}
    assert changed - drawn == LEARNS[tune] | (statistics if tune == "full" else set())
    saved = net.state_dict()
    assert {n.removeprefix("features.module.") for n in saved if "features" in n} >= LEARNS[tune]
    assert tune != "frozen" or not any("features" in name for name in saved)
    other = load(original, tune).m()
    other.load_state_dict(saved)
    for twin in (other.train(), copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert list(twin.state_dict()) == list(saved)
        for mode in (True, False):  # copies, because each call goes on with what layers draw
            results = []
            for each in (twin, net):
                torch.manual_seed(0)
                results.append(copy.deepcopy(each).train(mode)(x))
            assert torch.equal(*results)


def test_layers_before_the_last_ones_do_not_drop_out(original, x):
    last = load(original, "last(1)").m().train()
    assert last.features.module.resting == ("conv", "norm", "drop", "flat", "first", "late")
    assert torch.equal(last(x), last(x))
    some = load(original, "last(2)").m().train()
    assert not torch.equal(some(x), some(x))


def refusal(make) -> str:
    with pytest.raises(qmlc.CompileError) as error:
        make()
    (diagnostic,) = error.value.diagnostics
    return f"{diagnostic.code} {diagnostic.message_text}; {diagnostic.help_text}"


def test_code_in_a_file_is_refused(original, tmp_path):
    model = keras.Sequential([keras.Input((2,)), layers.Lambda(lambda x: x + 1)])
    model.save(tmp_path / "m.keras")
    text = TEXT.replace("8, 8, 2", "2")
    said = refusal(lambda: load((tmp_path, model), text=text))
    assert said.startswith("E0206") and "holds code in a `Lambda`" in said
    # a file that became another one since it was compiled
    made = load(original).m
    kept = (original[0] / "m.keras").read_bytes()
    try:
        (original[0] / "m.keras").write_bytes((tmp_path / "m.keras").read_bytes())
        assert "holds code in a `Lambda`" in refusal(made)
    finally:
        (original[0] / "m.keras").write_bytes(kept)


def test_what_is_no_model_is_said(original, tmp_path):
    original[1].save_weights(tmp_path / "m.weights.h5")
    said = refusal(lambda: load((tmp_path, None), file="m.weights.h5"))
    assert said.startswith("E0601") and "holds weights only" in said
    (tmp_path / "text.keras").write_text("hello")
    assert "neither" in refusal(lambda: load((tmp_path, None), file="text.keras"))
    with zipfile.ZipFile(tmp_path / "empty.keras", "w") as archive:
        archive.writestr("other", "")
    assert "no `config.json`" in refusal(lambda: load((tmp_path, None), file="empty.keras"))
    said = refusal(lambda: load(original, "lora(rank=2)"))
    assert said.startswith("E0302") and "`keras` has none" in said
    assert "has 4 blocks" in refusal(load(original, "last(5)").m)


def test_several_inputs_and_results_go_by_their_names(original, tmp_path):
    words = keras.Input((5,), dtype="int32", name="words")
    extra = keras.Input((3,), name="a_number")
    h = layers.LSTM(4)(layers.Embedding(9, 6)(words))
    both = layers.Concatenate()([h, extra])
    model = keras.Model(
        {"words": words, "extra": extra}, {"second": layers.Dense(2)(both), "first": both}
    )
    model.save(tmp_path / "m.keras")
    (tmp_path / "p.hqm").write_text(
        "use std.pretrained (keras)\n"
        "model m(t: int[B, 5], x: real[B, 3]) -> (a: real[B, 2], b: real[B, 7]) {\n"
        '    let k = keras("m.keras")\n'
        "    let out = k(words=t, a_number=x)\n"
        "    return (a=out.second, b=out.first)\n"
        "}\n"
    )
    tokens, x = torch.tensor([[1, 2, 3, 4, 5]]), torch.rand(1, 3)
    result = qmlc.load(tmp_path / "p.hqm").m()(tokens, x)
    expected = model({"words": tokens, "extra": x}, training=False)
    torch.testing.assert_close(result.a, expected["second"].detach())
    torch.testing.assert_close(result.b, expected["first"].detach())
