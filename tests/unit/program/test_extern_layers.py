"""Extern layers: modules that a program only names, their types, and who lets them run."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch

import qmlc
from qmlc.train_program import evaluate_program, train_program
from qmlc.training.read_options import TrainOptions

PROGRAM = """
extern layer backbone(width: int)(x: real[B, d]) -> real[B, width] = "{module}:Backbone"
extern layer moments(x: real[B, d]) -> (mean: real[B], square: real[B, d]) = "{module}:Moments"

model m(x: real[B, 2]) -> real[B, 1] {{
    let f = backbone(6)
    let r = moments(f(x))
    return linear(1)(r.square) + r.mean[:, none]
}}

data d = csv("d.csv") {{
    x = [u, v]
    y = [w]
}}

train m on d {{
    loss = mse(m(x), y)
    epochs = 3
}}
"""
MODULE = """
from torch import nn

class Backbone(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.inner = nn.Linear(2, width)

    def forward(self, x):
        return self.inner(x)

class Moments(nn.Module):
    def forward(self, x):
        return {results}

def number():
    return 1
"""
TUPLE, MAPPING = "x.mean(-1), x**2", "dict(square=x**2, mean=x.mean(-1))"


@pytest.fixture
def written(tmp_path, request):
    """A program and its module, which has another name in each test: Python keeps modules."""

    def write(results: str = TUPLE, text: str = PROGRAM):
        module = f"layers_{abs(hash((request.node.nodeid, results)))}"
        (tmp_path / f"{module}.py").write_text(MODULE.format(results=results))
        (tmp_path / "d.csv").write_text("u,v,w\n1,2,3\n2,3,4\n3,4,5\n")
        path = tmp_path / "p.hqm"
        path.write_text(text.format(module=module))
        return path

    return write


def found(error: pytest.ExceptionInfo[qmlc.CompileError]) -> str:
    (diagnostic, *_) = error.value.diagnostics
    return f"{diagnostic.code} {diagnostic.message_text}"


def test_what_an_extern_names_is_not_imported_when_it_is_compiled(tmp_path):
    assert qmlc.check_text(PROGRAM.format(module="nowhere.to_be_found")) == ()


def test_code_runs_only_where_it_is_allowed(written):
    path = written()
    with pytest.raises(qmlc.CompileError) as error:
        qmlc.load(path)
    assert {d.code for d in error.value.diagnostics} == {"E0605"}
    with pytest.raises(qmlc.CompileError):
        train_program(path, TrainOptions(quiet=True))


@pytest.mark.parametrize("results", [TUPLE, MAPPING])
def test_a_model_holds_the_module_and_has_its_results(written, results):
    net = qmlc.load(written(results), allow_extern=True).m()
    x = torch.rand(5, 2)
    hidden = net.f.module.inner(x)
    expected = net.linear(hidden**2) + hidden.mean(-1)[:, None]
    torch.testing.assert_close(net(x), expected)
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        torch.testing.assert_close(other(x), expected)


def test_it_is_trained_saved_and_measured(written, tmp_path):
    path = written()
    options = TrainOptions(quiet=True, folder=tmp_path / "run", allow_extern=True)
    (result,) = train_program(path, options).values()
    assert "f.module.inner.weight" in result.module.m.state_dict()
    assert result.history[-1]["learning"] < result.history[0]["learning"]
    (measured,) = evaluate_program(path, options).values()
    assert measured["loss"] == pytest.approx(result.measurements["training"].loss)


@pytest.mark.parametrize(
    "results, message",
    [
        ("x.mean(-1), x", None),
        ("x.mean(-1), x[:, 1:]", "`result.square` is real[3, 5], but real[B, 6] is declared"),
        ("x.mean(-1)[1:], x", "(B is 3 by `x`)"),
        ("x.mean(-1), x > 0", "`result.square` is bool[3, 6], but real[B, 6] is declared"),
        ("x.mean(-1), None", "`square` is a NoneType"),
        ("x", "without the fields `mean`, `square`"),
    ],
)
def test_what_it_yields_is_held_against_its_type(written, results, message):
    net = qmlc.load(written(results), allow_extern=True).m()
    if message is None:
        assert net(torch.rand(3, 2)).shape == (3, 1)
        return
    with pytest.raises(qmlc.CompileError) as error:
        net(torch.rand(3, 2))
    assert found(error).startswith("E0606")
    assert message in found(error)


@pytest.mark.parametrize(
    "old, new, message",
    [
        (":Backbone", ":Backbon", "has no `Backbon`"),
        (":Backbone", ":number", "cannot be made"),
        ("{module}:Backbone", "no_such_module_at_all:Backbone", "cannot be imported"),
        ("(width: int)(x: real[B, d]) -> real[B, width]", "(x: real[B, 2]) -> real[B, 6]", "width"),
    ],
)
def test_what_cannot_be_made_is_refused(written, old, new, message):
    text = PROGRAM.replace(old, new)
    if "width: int" not in text:
        text = text.replace("backbone(6)", "backbone")
    program = qmlc.load(written(text=text), allow_extern=True)
    with pytest.raises(qmlc.CompileError) as error:
        program.m()
    assert found(error).startswith("E0606")
    assert message in found(error)


def test_a_setting_that_is_left_open_makes_a_template(written):
    program = qmlc.load(written(), allow_extern=True)
    assert program.backbone(width=3, d=2)(torch.rand(4, 2)).shape == (4, 3)
