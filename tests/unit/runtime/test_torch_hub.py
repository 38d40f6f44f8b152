"""Models of `torch.hub` from local folders: code that is allowed, types that are declared."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file

import qmlc

HUBCONF = """
dependencies = ["torch"]
import torch
from torch import nn


def small(width=4, classes=3):
    torch.manual_seed(width)
    return nn.Sequential(
        nn.Linear(6, width), nn.Dropout(0.5), nn.Linear(width, width), nn.Tanh(),
        nn.Linear(width, classes),
    )


def number():
    return 3


def needs_more(missing):
    return nn.Linear(1, 1)
"""
TEXT = """
use std.pretrained (torch_hub)

extern layer backbone(width: int = 4)(x: real[B, 6]) -> real[B, 3] =
    torch_hub("models/hub", "{name}"{more})

model m(x: real[B, 6]) -> real[B, 2] {{
    let features = backbone{given}
    return features(x) |> linear(2)
}}
"""


@pytest.fixture
def load(tmp_path):
    (tmp_path / "models/hub").mkdir(parents=True)
    (tmp_path / "models/hub/hubconf.py").write_text(HUBCONF)

    def load(name="small", more="", given="(width=5)", allow=True, text=TEXT):
        path = tmp_path / "p.hqm"
        path.write_text(text.format(name=name, more=more, given=given))
        return qmlc.load(path, allow_extern=allow)

    return load


def expected(width: int) -> torch.nn.Module:
    names: dict = {}
    exec(HUBCONF, names)
    return names["small"](width)


def refusal(make) -> str:
    with pytest.raises(qmlc.CompileError) as error:
        make()
    (diagnostic,) = error.value.diagnostics
    return f"{diagnostic.code} {diagnostic.message_text}; {diagnostic.help_text}"


def test_the_function_is_handed_the_settings(load):
    net, x = load().m().eval(), torch.rand(3, 6)
    torch.testing.assert_close(net.features(x), expected(5).eval()(x))
    wide = load(given="").m().eval()
    torch.testing.assert_close(wide.features(x), expected(4).eval()(x))


def test_code_is_not_run_unasked(load, tmp_path):
    (tmp_path / "models/hub/hubconf.py").write_text("raise SystemExit('it ran')")
    said = refusal(lambda: load(allow=False))
    assert said.startswith("E0605") and "`small` of `models/hub/hubconf.py`" in said
    load()  # nor does compiling run it


LEARNS = {"frozen": [], "last(1)": ["4"], "last(2)": ["2", "4"], "full": ["0", "2", "4"]}


@pytest.mark.parametrize("tune", LEARNS)
def test_only_what_is_to_learn_learns_and_is_saved(load, tune):
    net = load(more=f", tune={tune}").m().train()
    learning = {f"module.{n}.{w}" for n in LEARNS[tune] for w in ("weight", "bias")}
    assert {n for n, p in net.features.named_parameters() if p.requires_grad} == learning
    assert {n.removeprefix("features.") for n in net.state_dict() if "features" in n} == learning
    x = torch.rand(3, 6)
    assert torch.equal(net(x), net(x)) == (tune != "full")  # dropout ahead of what learns rests
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.1 * parameter.requires_grad)
    other = load(more=f", tune={tune}").m()
    other.load_state_dict(net.state_dict())
    assert torch.equal(other.eval()(x), net.eval()(x))


@pytest.mark.parametrize("kind", ["safetensors", "pt", "nested"])
def test_weights_are_read_as_weights(load, kind, tmp_path):
    state = {n: t + 1 for n, t in expected(5).state_dict().items()}
    file = f"w.{'safetensors' if kind == 'safetensors' else 'pt'}"
    if kind == "safetensors":
        save_file(state, tmp_path / file)
    else:
        held = {"epoch": 3, "state_dict": state} if kind == "nested" else state
        torch.save(held, tmp_path / file)
    net, x = load(more=f', weights="{file}"').m().eval(), torch.rand(3, 6)
    model = expected(5).eval()
    model.load_state_dict(state)
    torch.testing.assert_close(net.features(x), model(x))


def test_what_does_not_fit_is_said(load, tmp_path):
    assert "did you mean `small`" in refusal(load(name="smal").m)
    assert "no torch.nn.Module" in refusal(load("number", given="", text=PLAIN).m)
    assert "`needs_more` of" in refusal(load("needs_more", given="", text=PLAIN).m)
    torch.save(expected(4), tmp_path / "whole.pt")
    said = refusal(load(more=', weights="whole.pt"').m)
    assert "holds more than weights" in said and "safetensors" in said
    save_file({"other": torch.rand(2)}, tmp_path / "other.safetensors")
    assert "does not fit" in refusal(load(more=', weights="other.safetensors"').m)
    assert "no file `none.pt`" in refusal(load(more=', weights="none.pt"').m)
    (tmp_path / "models/hub/hubconf.py").unlink()
    assert "no `hubconf.py`" in refusal(load().m)


PLAIN = TEXT.replace("(width: int = 4)(x", "(x")


def test_it_is_declared_before_it_is_applied(load):
    text = """
use std.pretrained (torch_hub)
model m(x: real[B, 6]) -> real[B, 3] = torch_hub("models/hub", "small")(x)
"""
    said = refusal(lambda: load(text=text))
    assert said.startswith("E0302") and "extern layer" in said
    text = TEXT.replace('"{name}"{more}', "").replace('hub",', 'hub"')
    said = refusal(lambda: load(text=text))
    assert said.startswith("E0302") and "`torch_hub` needs the setting `name`" in said
