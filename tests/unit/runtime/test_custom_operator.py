"""Models that hold circuits, compiled and exported by torch."""

import math

import pytest
import torch
from torch import nn
from torch.export import Dim

import qmlc

PROGRAM = """
circuit vqc(x: real[4]) -> real[4] {
    param w: real[2, 4] ~ uniform(0, 2*pi)
    qubit q[4]
    ry(x) q
    for l in range(2) {
        rx(w[l]) q
        for a, b in ring(q) { cx a, b }
    }
    return expval(Z(q))
}

circuit spread(x: real[2]) -> real[4] {
    qubit q[2]
    ry(x) q
    rxx(0.3) q[0], q[1]
    return probs(q)
}
"""


class Net(nn.Module):
    def __init__(self, circuit: nn.Module) -> None:
        super().__init__()
        self.before, self.circuit, self.after = nn.Linear(6, 4), circuit, nn.Linear(4, 2)

    def forward(self, x):
        return self.after(torch.tanh(self.circuit(self.before(x))))


def gradients(net, forward, x):
    net.zero_grad()
    forward(x).square().sum().backward()
    return [parameter.grad for parameter in net.parameters()]


def test_a_model_compiles_as_one_graph_with_its_gradients():
    net = Net(qmlc.compile(PROGRAM).vqc())
    compiled = torch.compile(net, backend="aot_eager", fullgraph=True)
    for batch in (8, 5):
        x = torch.randn(batch, 6)
        torch.testing.assert_close(compiled(x), net(x))
        torch.testing.assert_close(gradients(net, compiled, x), gradients(net, net, x))


def test_the_circuit_is_an_operator_of_an_exported_model():
    net, x = Net(qmlc.compile(PROGRAM).vqc()), torch.randn(8, 6)
    exported = torch.export.export(net, (x,))
    assert "qmlc.circuit" in str(exported)
    torch.testing.assert_close(exported.module()(x), net(x))


@pytest.mark.parametrize(("engine", "strict"), [("native", 0), ("native", 1), ("reference", 0)])
def test_an_exported_model_takes_batches_of_any_size(engine, strict, monkeypatch):
    monkeypatch.setenv("QMLC_ENGINE", engine)
    net, shapes = Net(qmlc.compile(PROGRAM).vqc()), ({0: Dim("batch")},)
    exported = torch.export.export(
        net, (torch.randn(8, 6),), dynamic_shapes=shapes, strict=bool(strict)
    )
    for batch in (3, 1):
        x = torch.randn(batch, 6)
        torch.testing.assert_close(exported.module()(x), net(x))


def test_the_operator_is_registered_as_torch_wants_it():
    programs = qmlc.compile(PROGRAM)
    for module, parameters in ((programs.vqc(), 8), (programs.spread(), 0)):
        native = module._engines._native(torch.float32)
        width = sum(math.prod(variable.shape) for variable in module.circuit_ir.inputs)
        inputs = torch.randn(3, width, requires_grad=True)
        weights = torch.randn(parameters, requires_grad=True)
        torch.library.opcheck(torch.ops.qmlc.circuit.default, (native.name, inputs, weights))


def test_a_wide_circuit_is_made_while_torch_traces():
    program = """
    circuit wide(x: real) -> real {
        param w: real ~ uniform(0, 1)
        qubit q[13]
        ry(x * w) q
        return expval(Z(q[0]))
    }
    """
    circuit = qmlc.compile(program).wide()
    compiled = torch.compile(circuit, backend="aot_eager", fullgraph=True)
    x = torch.randn(3)
    torch.testing.assert_close(compiled(x), torch.cos(x * circuit.w))
    assert circuit.engine.startswith("native")
