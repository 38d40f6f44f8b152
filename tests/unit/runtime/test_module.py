"""Generated classes: which constructions make them, which compile others, and how they travel."""

from __future__ import annotations

import copy
import io
import pickle
import sys
import types

import pytest
import torch
from torch import nn

from qmlc.runtime.module import Module, TemplateModule, specialised_class

TEXT = """
from qmlc.runtime.module import Module, TemplateModule
from torch import nn

class Part(Module):
    name = "part"
    settings = {{"n": {n}}}

    def __init__(self, *, n: int = {n}) -> None:
        super().__init__()
        self.linear = nn.Linear({n}, {n})

    def forward(self, x):
        return self.linear(x)

class Wide(Module):
    name = "wide"
    settings = {{"layers": {layers}, "n": {n}, "lambda_": {rate}}}

    def __init__(self, layers: int = 2, *, n: int = {n}, lambda_: float = 0.5) -> None:
        super().__init__()
        self.part = nn.ModuleList(Part(n={n}) for _ in range({layers}))

    def forward(self, x):
        for part in self.part:
            x = part(x)
        return x

class Open(TemplateModule):
    name = "open"

    def __init__(self, depth: int = 3, *, n: int, m: int) -> None:
        '''Compiled once `n` and `m` are known.'''

class Plain(Module):
    def __init__(self) -> None:
        super().__init__()
        self.wide = Wide(layers={layers}, n={n}, lambda_={rate})
"""


def make(name, **values):
    module = types.ModuleType(name)
    sys.modules[name] = module
    exec(TEXT.format(**values), module.__dict__)
    return module


@pytest.fixture
def demo(tmp_path, monkeypatch):
    """A generated module, its text beside it, and a compiler that counts what it is asked."""
    module = make("demo_module", layers=3, n=4, rate=0.5)
    module.SOURCE = tmp_path / "demo.hqm"
    module.SOURCE.write_text("text")
    calls = []

    def specialise(path, name, settings):
        calls.append((path, name, settings))
        values = {"layers": 1, "n": 2, "rate": 0.5, **settings}
        values["rate"] = values.pop("lambda", values["rate"])
        made = make(f"demo_module_{len(calls)}", **values)
        return {"wide": made.Wide, "open": made.Wide, "part": made.Part}[name]

    compiler = types.ModuleType("qmlc.program")
    compiler.specialise = specialise
    monkeypatch.setitem(sys.modules, "qmlc.program", compiler)
    module.calls = calls
    return module


def test_the_settings_of_the_class_make_the_class_itself(demo):
    assert type(demo.Wide(3)) is demo.Wide
    assert type(demo.Wide(layers=3, n=4)) is demo.Wide
    assert type(demo.Plain().wide) is demo.Wide
    assert demo.calls == []


def test_other_settings_are_compiled_once(demo):
    a, b = demo.Wide(5, n=6), demo.Wide(layers=5, n=6)
    assert type(a) is type(b) is not demo.Wide
    assert a(torch.randn(2, 6)).shape == (2, 6)
    assert len(a.part) == 5
    assert demo.calls == [(demo.SOURCE, "wide", {"layers": 5, "n": 6, "lambda": 0.5})]
    assert type(demo.Wide()) is demo.Wide
    demo.Wide(n=4)  # the declared default of `layers` is not what the class was compiled for
    assert demo.calls[1] == (demo.SOURCE, "wide", {"layers": 2, "n": 4, "lambda": 0.5})
    assert specialised_class(demo.Wide, {"layers": 5, "n": 6, "lambda_": 0.5}) is type(a)


def test_a_template_is_compiled_or_says_what_it_needs(demo):
    with pytest.raises(TypeError, match="Open needs `n`, `m`"):
        demo.Open()
    assert isinstance(demo.Open(n=2, m=3), Module)
    assert demo.calls == [(demo.SOURCE, "open", {"depth": 3, "n": 2, "m": 3})]


@pytest.mark.parametrize("arguments", [{"depht": 3}, {"layers": 3, "n": 4, "more": 1}])
def test_unknown_settings_are_type_errors(demo, arguments):
    with pytest.raises(TypeError, match=r"Wide: .*it is Wide\(layers=2, \*, n=4,"):
        demo.Wide(**arguments)


def test_without_its_text_a_class_cannot_be_compiled_anew(demo):
    demo.SOURCE.unlink()
    with pytest.raises(ValueError, match=r"Wide\(layers=7, n=4.*not at .*demo\.hqm"):
        demo.Wide(7)


@pytest.mark.parametrize("arguments", [{"layers": 3}, {"layers": 5, "n": 6}, {"layers": 1}])
def test_copies_and_pickles_are_equal(demo, arguments):
    model = demo.Wide(**arguments)
    saved = io.BytesIO()
    torch.save(model, saved)
    saved.seek(0)
    copies = [
        copy.copy(model),
        copy.deepcopy(model),
        pickle.loads(pickle.dumps(model)),
        torch.load(saved, weights_only=False),
    ]
    for other in copies:
        assert type(other) is type(model)
        torch.testing.assert_close(dict(other.state_dict()), dict(model.state_dict()))
    assert copies[1].part[0].linear.weight is not model.part[0].linear.weight


def test_a_pickle_of_a_compiled_class_is_compiled_again_elsewhere(demo):
    model = demo.Wide(layers=2, n=3).eval()
    data = pickle.dumps(model)
    names = [name for name in sys.modules if name.startswith("demo_module_")]
    for name in names:
        del sys.modules[name]
    from qmlc.runtime import module

    module._SPECIALISED.clear()
    other = pickle.loads(data)
    assert type(other) is not type(model)
    assert not other.training
    x = torch.randn(1, 3)
    torch.testing.assert_close(other(x), model(x))


def test_users_may_derive_from_generated_classes(demo):
    class Mine(demo.Wide):
        def __init__(self, scale):
            super().__init__()
            self.scale = nn.Parameter(torch.tensor(scale))

    mine = Mine(2.0)
    assert isinstance(mine, demo.Wide)
    assert float(copy.deepcopy(mine).scale.detach()) == 2.0


def test_a_template_has_no_instances(demo):
    assert issubclass(demo.Open, TemplateModule)
    assert not isinstance(demo.Open(n=2, m=3), demo.Open)
