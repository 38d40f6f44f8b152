"""`qmlc.load` and `qmlc.compile`: what Python gets, how it behaves as a torch module."""

from __future__ import annotations

import copy
import io
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.func import functional_call, grad, hessian, jacrev, vmap
from torch.utils.data import DataLoader, TensorDataset

import qmlc

ROOT = Path(__file__).parents[3]

TEXT = """
## Two rotations and a net.
circuit part(layers: int = 2)(x: real[n]) -> real[n] {
    param w: real[layers, n] ~ uniform(0, 1)
    qubit q[n]
    for l in range(layers) {
        for i in range(n) { ry(x[i] * w[l, i]) q[i] }
        for a, b in ring(q) { cx a, b }
    }
    return expval(Z(q))
}

## The whole.
model whole(x: real[B, 3]) -> real[B, 2] {
    return x |> part(layers=3) |> linear(2)
}

circuit open(depth: int = 1)(x: real[m]) -> (z: real[m], e: real) {
    qubit q[m]
    for l in range(depth) { for i in range(m) { rx(x[i]) q[i] } }
    return (z=expval(Z(q)), e=expval(sum(Y(q))))
}
"""


@pytest.fixture(scope="module")
def program():
    return qmlc.compile(TEXT)


@pytest.fixture(scope="module")
def net(program):
    torch.manual_seed(0)
    return program.whole()


@pytest.fixture(scope="module")
def x():
    return torch.rand(5, 3, generator=torch.Generator().manual_seed(1))


def test_a_program_lists_its_parts(program):
    assert repr(program) == "<qmlc program program: part, whole, open>"
    assert {"part", "whole", "open", "python"} <= set(dir(program))
    assert "from program.hqm" in program.python


def test_a_misspelt_part_gets_the_nearest_name(program):
    with pytest.raises(AttributeError, match="declares no `hole`; did you mean `whole`"):
        _ = program.hole


def test_models_are_torch_modules(net, x):
    assert isinstance(net, torch.nn.Module)
    assert net(x).shape == (5, 2)
    assert net(x[:0]).shape == (0, 2)
    assert list(net.state_dict()) == ["part.w", "linear.weight", "linear.bias"]
    assert type(net).__doc__.startswith("The whole.")
    assert copy.deepcopy(net).double()(x.double()).dtype == torch.float64


def test_settings_are_keyword_arguments(program):
    assert program.part(layers=2, n=3).w.shape == (2, 3)
    assert program.part(layers=3).w.shape == (3, 3)
    assert program.part().w.shape == (3, 3)
    assert program.part(1).w.shape == (1, 3)
    made = program.open(m=2)
    assert made(torch.ones(2)).z.shape == (2,)
    assert type(program.open(m=2)) is type(made)
    assert program.open(depth=2, m=4)(torch.ones(7, 4)).e.shape == (7,)


def test_wrong_settings_are_told(program):
    with pytest.raises(TypeError, match="Open needs `m`"):
        program.open()
    with pytest.raises(TypeError, match="unexpected keyword argument 'layer'"):
        program.part(layer=2)
    with pytest.raises(qmlc.CompileError, match=r"`part\.n` is a size, and 0 is none"):
        program.part(n=0)


def test_wrong_shapes_are_told_in_the_authors_names(net, x):
    with pytest.raises(ValueError, match="`x` is real"):
        net(x[:, :2])


def test_circuits_show_themselves(net):
    assert net.part.qasm().startswith("OPENQASM 3.0;")
    bound = net.part.qasm("openqasm2", bind=True, inputs={"x": [0.1, 0.2, 0.3]})
    assert bound.startswith("OPENQASM 2.0;")
    assert net.part.to_qiskit(bind=True).num_parameters == 3
    assert "q_0" in str(net.part.draw())
    with pytest.raises(ValueError, match="needs numbers for"):
        net.part.qasm("openqasm2")


@pytest.mark.parametrize("make", ["whole", "part", "open"])
def test_modules_travel(program, make, x):
    module = {"whole": program.whole, "part": program.part}.get(make, lambda: program.open(m=3))()
    buffer = io.BytesIO()
    torch.save(module, buffer)
    buffer.seek(0)
    for other in (
        copy.deepcopy(module),
        pickle.loads(pickle.dumps(module)),
        torch.load(buffer, weights_only=False),
    ):
        torch.testing.assert_close(other(x), module(x))


def test_pickles_are_read_by_other_processes(program, tmp_path, x):
    for i, module in enumerate((program.whole(), program.open(depth=2, m=3))):
        (tmp_path / "m.pickle").write_bytes(pickle.dumps((module, x, tuple(module(x)))))
        code = (
            "import pickle, torch; module, x, y = pickle.load(open('m.pickle', 'rb'));"
            "torch.testing.assert_close(tuple(module(x)), y)"
        )
        subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, check=True, env={"PYTHONPATH": str(ROOT)}
        )
        assert i < 2


def test_weights_travel_between_the_written_and_the_loaded(program, tmp_path, x):
    net = program.whole()
    save_file(net.state_dict(), tmp_path / "w.safetensors")
    (tmp_path / "written.py").write_text(program.python)
    code = (
        "import torch, written; from safetensors.torch import load_file, save_file;"
        "net = written.Whole(); net.load_state_dict(load_file('w.safetensors'));"
        "save_file({'y': net(torch.load('x.pt')).detach(), **net.state_dict()}, 'y.safetensors')"
    )
    torch.save(x, tmp_path / "x.pt")
    subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, check=True, env={"PYTHONPATH": str(ROOT)}
    )
    found = load_file(tmp_path / "y.safetensors")
    torch.testing.assert_close(found.pop("y"), net(x))
    program.whole().load_state_dict(found)


def test_function_transforms(net, x):
    weights = dict(net.named_parameters())

    def run(weights, x):
        return functional_call(net, weights, (x,))

    def total(weights, x):
        return run(weights, x[None]).sum()

    each = vmap(grad(total), (None, 0))(weights, x)["part.w"]
    summed = grad(lambda w: run(w, x).sum())(weights)["part.w"]
    torch.testing.assert_close(each.sum(0), summed)
    assert jacrev(run)(weights, x)["part.w"].shape == (5, 2, 3, 3)
    twice = {k: torch.stack([v, 2 * v]) for k, v in weights.items()}
    torch.testing.assert_close(vmap(run, (0, None))(twice, x)[0], net(x))
    bend = hessian(lambda x: total(weights, x))(x[0])
    torch.testing.assert_close(bend, bend.T)


def test_double_backward_through_a_model(program, x):
    net = program.whole().double()

    def slope(w):
        out = functional_call(net, {"part.w": w}, (x.double(),))
        return torch.autograd.grad(out.sum(), w, create_graph=True)[0].pow(2).sum()

    w = net.part.w.detach().clone().requires_grad_()
    assert torch.autograd.gradcheck(slope, w)


def test_a_training_loop_of_ones_own(program):
    torch.manual_seed(0)
    x = torch.rand(24, 3)
    data = DataLoader(TensorDataset(x, (x.sum(1) > 1.5).long()), batch_size=8)
    net = program.whole()
    adam = torch.optim.Adam(net.parameters(), 0.05)
    losses = []
    for _ in range(12):
        for inputs, target in data:
            adam.zero_grad()
            loss = torch.nn.functional.cross_entropy(net(inputs), target)
            loss.backward()
            adam.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


def test_a_circuit_among_torchs_layers(program):
    net = torch.nn.Sequential(torch.nn.Linear(7, 3), torch.nn.Tanh(), program.part())
    net(torch.randn(2, 4, 7)).sum().backward()
    assert net[0].weight.grad.abs().sum() > 0


def test_torch_compile_falls_back(program, x):
    torch._dynamo.reset()
    net = program.whole()
    torch.testing.assert_close(torch.compile(net, backend="eager")(x), net(x))


def test_wrong_programs_raise_what_they_print():
    with pytest.raises(qmlc.CompileError) as caught:
        qmlc.compile("circuit c(x: real) -> real {\n    qubit q\n    return expval(Z(p))\n}")
    assert caught.value.diagnostics[0].code.startswith("E02")
    assert "return expval(Z(p))" in str(caught.value)
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)


@pytest.mark.parametrize("path", ["nothing.hqm", "."])
def test_files_that_cannot_be_read(path, tmp_path):
    with pytest.raises(qmlc.CompileError, match="cannot read"):
        qmlc.load(tmp_path / path)


def test_unknown_settings_of_load(tmp_path):
    (tmp_path / "p.hqm").write_text(TEXT)
    assert qmlc.load(tmp_path / "p.hqm", m=2).open().settings == {"depth": 1, "m": 2}
    with pytest.raises(qmlc.CompileError, match=r"no part of `p` has a setting or size `mm`"):
        qmlc.load(tmp_path / "p.hqm", mm=2)


def test_the_face_of_the_package_is_the_typed_one():
    stub = (ROOT / "qmlc" / "__init__.pyi").read_text()
    for name in qmlc.__all__:
        assert f" as {name}\n" in stub
        assert getattr(qmlc, name).__doc__
    assert dir(qmlc) == sorted([*qmlc.__all__, "__version__"])
    assert isinstance(qmlc.__version__, str)
    with pytest.raises(AttributeError, match="has no attribute `lod`"):
        _ = qmlc.lod


OPEN = """
layer mix(x: real[B, T, d]) -> real[B, T, d] = x |> linear(d)
model reader(tokens: int[B, T]) -> real[B, 2] =
    embedding(50, 4)(tokens) |> mix |> mean(dim=1) |> linear(2)
model placed(tokens: int[B, T]) -> real[B, 2] = linear(2)(tokens * 1.0)
data d = csv("d.csv") {
    tokens = tokenize(text, words(vocab=50), length=6)
    y = category(label)
}
train reader on d { loss = cross_entropy(reader(tokens), y) }
train placed on d { loss = cross_entropy(placed(tokens), y) }
"""


def test_training_leaves_open_what_parameters_do_not_need():
    units = {unit.name: unit for unit in qmlc.compile(OPEN).program.units}
    assert str(units["reader"].inputs[0][1]) == "int[B, T]"
    assert str(units["mix"].inputs[0][1]) == "real[B, T, 4]"
    assert str(units["placed"].inputs[0][1]) == "int[B, 6]"
    assert len([u for u in qmlc.compile(OPEN).program.units if u.name == "reader"]) == 1


CONSTANTS = """
const table = [0.1, 0.2, 0.3]
model shifted(x: real[B, 3]) -> real[B, 3] = x * table + [0.7, 0.8, 0.9]
model counted(k: int[B]) -> int[B, 2] = rearrange(k, "b -> b 1") * [1, 2]
"""


def test_lists_of_numbers_have_the_precision_of_what_they_meet():
    program = qmlc.compile(CONSTANTS)
    x = torch.ones(1, 3, dtype=torch.float64)
    expected = x * torch.tensor([0.1, 0.2, 0.3], dtype=torch.float64)
    expected += torch.tensor([0.7, 0.8, 0.9], dtype=torch.float64)
    assert torch.equal(program.shifted().double()(x), expected)
    assert program.counted()(torch.tensor([3])).tolist() == [[3, 6]]
