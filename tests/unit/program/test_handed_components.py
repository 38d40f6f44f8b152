"""Components as settings: one instance each, under the setting's name, also from Python."""

import copy
import pickle

import pytest
import torch

import qmlc
from qmlc.source.compile_error import CompileError

TEXT = """
circuit vqc(layers: int = 1)(x: real[n]) -> real[n] {
    param w: real[layers, n] ~ uniform(0, 1)
    qubit q[n]
    for l in range(layers) {
        ry(x) q
        rz(w[l]) q
    }
    return expval(X(q))
}
layer dressed(circuit: circuit, width: int)(x: real[B, d]) -> real[B, d] {
    let a = x |> linear(width) |> circuit
    return circuit(a) |> linear(d)
}
layer stack(bodies: layer[m])(x: real[B, d]) -> real[B, d] {
    let y = x
    for body in bodies { y = body(y) }
    return y
}
layer alone(body: layer, k: int = 2)(x: real[B, d]) -> real[B, d] = linear(d)(body(x))
"""


@pytest.fixture(scope="module")
def program():
    return qmlc.compile(
        TEXT
        + """
model tied(x: real[B, 4]) -> real[B, 4] {
    let f = vqc(layers=2)
    return x |> dressed(f, 3) |> dressed(circuit=f, width=3)
}
model apart(x: real[B, 4]) -> real[B, 4] = x |> dressed(vqc, 3) |> dressed(circuit=vqc, width=3)
model lists(x: real[B, 4]) -> real[B, 4] {
    let ends = [linear(4), linear(4)]
    return ends[1](x |> stack([linear(3), gelu, linear(4)])) + ends[0](x)
}
"""
    )


def test_a_named_instance_is_the_same_wherever_it_is_handed(program):
    tied = program.tied()
    assert tied.f is tied.dressed.circuit is tied.dressed_1.circuit
    assert [n for n, _ in tied.named_parameters() if n.endswith("w")] == ["f.w"]
    x = torch.rand(2, 4)
    tied(x).sum().backward()
    together = tied.f.w.grad.clone()
    parts = []
    for own in (tied.dressed, tied.dressed_1):
        other = copy.deepcopy(tied)
        half = other.dressed if own is tied.dressed else other.dressed_1
        half.circuit = copy.deepcopy(half.circuit)
        other.zero_grad()
        other(x).sum().backward()
        parts.append(half.circuit.w.grad)
    torch.testing.assert_close(together, sum(parts))


def test_each_mention_is_an_instance_of_its_own(program):
    apart = program.apart()
    names = [n for n, _ in apart.named_parameters() if n.endswith("w")]
    assert names == ["dressed.circuit.w", "dressed_1.circuit.w"]


def test_lists_are_numbered_as_they_are_written(program):
    names = {n.rpartition(".")[0] for n, _ in program.lists().named_parameters()}
    assert names == {"ends.0", "ends.1", "stack.bodies.0", "stack.bodies.2"}


def test_from_python_a_component_is_a_text_or_a_module(program):
    made = program.dressed(circuit="vqc(layers=5)", width=2, d=6)
    assert made.circuit.w.shape == (5, 2)
    assert made(torch.rand(3, 6)).shape == (3, 6)
    own = torch.nn.Tanh()
    given = program.dressed(circuit=own, width=3, d=4)
    assert given.circuit is own
    x = torch.rand(2, 4)
    torch.testing.assert_close(given(x), pickle.loads(pickle.dumps(given))(x))
    assert [type(p).__name__ for p in program.stack(bodies="[linear(3), relu]", d=3).modules()] == [
        "Stack",
        "ModuleList",
        "Linear",
    ]
    assert program.alone(body="linear(3)", d=4).body.out_features == 3


def test_what_python_gives_wrongly_is_said(program):
    with pytest.raises(TypeError, match="write `body` in the language"):
        program.alone(body=torch.nn.Tanh(), d=4)
    with pytest.raises(TypeError, match="needs `body`"):
        program.alone()
    with pytest.raises(CompileError, match="did you mean `vqc`"):
        program.dressed(circuit="vq", width=2, d=4)
    with pytest.raises(CompileError, match="is a circuit"):
        program.dressed(circuit="linear(4)", width=2, d=4)
