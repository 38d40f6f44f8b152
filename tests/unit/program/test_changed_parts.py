"""`freeze` and `load` of parts, `stop_gradient`: what learns, what is held, what is refused."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file, save_file

import qmlc
from qmlc.train_program import evaluate_program, train_program
from qmlc.training.read_options import TrainOptions

PART = """
layer part(width: int)(x: real[B, 4]) -> real[B, width] = x |> linear(width) |> dropout(0.5)
layer twice(f: layer)(x: real[B, 4]) -> real[B, 4] = f(f(x))
"""


def make(body: str, tmp_path=None):
    text = f"{PART}\nmodel m(x: real[B, 4]) -> real[B, 4] {{\n{body}\n}}\n"
    if tmp_path is None:
        return qmlc.compile(text).m()
    (tmp_path / "p.hqm").write_text(text)
    return qmlc.load(tmp_path / "p.hqm").m()


@pytest.mark.parametrize(
    "body",
    [
        "return freeze(part(4))(x) |> linear(4)",
        "return x |> freeze(part(4)) |> linear(4)",
        "let f = freeze(part(4))\nreturn f(f(x)) |> linear(4)",
        "let f = part(4)\nlet g = freeze(f)\nreturn linear(4)(g(x))",
        "return twice(freeze(part(4)))(x) |> linear(4)",
        "let f = freeze(part(4))\nreturn twice(f)(x) + f(x) |> linear(4)",
    ],
)
def test_what_is_frozen_neither_learns_nor_drops_out(body):
    net = make(body).train()
    assert {n for n, p in net.named_parameters() if p.requires_grad} == {
        "linear.weight",
        "linear.bias",
    }
    x = torch.rand(3, 4, requires_grad=True)
    assert torch.equal(net(x), net(x))
    net(x).sum().backward()
    assert x.grad is not None and x.grad.abs().sum() > 0
    assert len(net.state_dict()) >= 4


def test_no_gradient_passes_where_it_is_stopped():
    net = make("return stop_gradient(linear(4)(x)) * x")
    x = torch.rand(3, 4, requires_grad=True)
    net(x).sum().backward()
    assert net.linear.weight.grad is None
    torch.testing.assert_close(x.grad, net.linear(x).detach())


def test_a_part_holds_what_was_trained_before(tmp_path):
    source = make("return part(4)(x)")
    weights = {f"old.{name}": t for name, t in source.part.state_dict().items()}
    save_file(weights, tmp_path / "w.safetensors")
    net = make('return freeze(load(part(4), "w.safetensors", at="old"))(x)', tmp_path).eval()
    x = torch.rand(3, 4)
    assert torch.equal(net(x), source.eval()(x))
    assert all(p.requires_grad is False for p in net.parameters())


@pytest.mark.parametrize(
    "body, said",
    [
        ('load(part(4), "none.safetensors")', "E0601 cannot read `none.safetensors`"),
        ('load(part(4), "w.safetensors", at="odl")', "did you mean `old`?"),
        ('load(part(3), "w.safetensors", at="old")', "is [4, 4], and [3, 4] here"),
        ('load(linear(4, bias=false), "w.safetensors", at="old.linear")', "`old.linear.bias`"),
        ('load(linear(4), "w.safetensors", at="old")', "does not hold `old.weight`"),
    ],
)
def test_weights_that_do_not_fit_are_refused(body, said, tmp_path):
    weights = {f"old.{n}": t for n, t in make("return part(4)(x)").part.state_dict().items()}
    save_file(weights, tmp_path / "w.safetensors")
    with pytest.raises(qmlc.CompileError) as error:
        make(f"return {body}(x) |> linear(4)", tmp_path)
    (found,) = error.value.diagnostics
    assert said in f"{found.code} {found.message_text} {found.help_text}"


DISTILLED = """
model teacher(x: real[B, 1]) -> real[B, 2] = x |> linear(8) |> dropout(0.5) |> linear(2)
model student(x: real[B, 1]) -> real[B, 2] = x |> linear(2)
data d = csv("d.csv") {
    x = [u]
    y = category(v)
}
train teacher on d {
    loss = cross_entropy(teacher(x), y)
    epochs = 2
}
train student on d {
    let soft = freeze(teacher)(x)
    loss = kl_divergence(student(x), soft, temperature=2.0)
    optimizer = adam(lr=0.1)
    epochs = 40
}
"""


def test_a_student_learns_from_a_frozen_teacher(tmp_path):
    path = tmp_path / "p.hqm"
    path.write_text(DISTILLED)
    (tmp_path / "d.csv").write_text("u,v\n" + "".join(f"{i / 8},{i > 3}\n" for i in range(8)))
    options = TrainOptions(quiet=True, folder=tmp_path / "run")
    results = train_program(path, options)
    taught = load_file(tmp_path / "run" / "teacher" / "best.safetensors")
    held = results["student"].module.teacher.state_dict()
    assert all(torch.equal(held[name], tensor) for name, tensor in taught.items())
    history = results["student"].history
    assert history[-1]["loss"] < 0.5 * history[0]["loss"]
    measured = evaluate_program(path, options, name="student")["student (training)"]
    assert measured["loss"] == pytest.approx(results["student"].measurements["training"].loss)


def test_a_teacher_may_come_from_a_file(tmp_path):
    before, _, block = DISTILLED.partition("train teacher on d {")
    (tmp_path / "p.hqm").write_text(DISTILLED)
    (tmp_path / "d.csv").write_text("u,v\n" + "".join(f"{i / 8},{i > 3}\n" for i in range(8)))
    train_program(tmp_path / "p.hqm", TrainOptions(quiet=True, folder=tmp_path / "run"))
    student = block[block.index("train student") :]
    weights = "run/teacher/best.safetensors"
    loaded = student.replace("freeze(teacher)", f'freeze(load(teacher, "{weights}"))')
    assert loaded != student
    for text, said in ((loaded, None), (student, "which no earlier block trains")):
        path = tmp_path / "q.hqm"
        path.write_text(before + text)
        options = TrainOptions(quiet=True, folder=tmp_path / "again", epochs=1)
        if said is None:
            held = train_program(path, options)["student"].module.teacher.state_dict()
            taught = load_file(tmp_path / weights)
            assert all(torch.equal(held[name], tensor) for name, tensor in taught.items())
        else:
            with pytest.raises(qmlc.CompileError, match=said):
                train_program(path, options)
