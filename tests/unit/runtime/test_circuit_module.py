from __future__ import annotations

import copy
import io
import math
import pickle

import pytest
import torch

from qmlc.ir.array import Array
from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ir.circuit import Distribution, Result
from qmlc.ir.operator import Operator
from qmlc.runtime import CircuitModule


def pauli(letter, qubit):
    return Operator.pauli(letter, qubit)


def vqc():
    c = CircuitBuilder("vqc")
    x = c.input("x", 4)
    w = c.parameter("w", 2, 4, 3, start=Distribution("uniform", (0.0, 2 * math.pi)))
    q = c.qubits("q", 4)
    for i in range(4):
        c.ry(x[i], q[i])
    for layer in range(2):
        for i in range(4):
            c.u(w[layer, i, 0], w[layer, i, 1], w[layer, i, 2], q[i])
        for i in range(4):
            c.cx(q[i], q[(i + 1) % 4])
    c.expval(Array.stack([pauli("Z", i) for i in range(4)]))
    return c.build()


class Vqc(CircuitModule):
    """A variational circuit."""

    settings = {"n": 4}  # noqa: RUF012

    @staticmethod
    def circuit():
        return vqc()


def module(build):
    return CircuitModule.from_circuit(build)


def test_parameters_have_the_authors_names_and_distributions():
    net = Vqc()
    assert list(net.state_dict()) == ["w"]
    assert 0 <= net.w.min() and net.w.max() <= 2 * math.pi and net.w.std() > 1
    torch.manual_seed(3)
    net.reset_parameters()
    first = net.w.clone()
    torch.manual_seed(3)
    assert torch.equal(Vqc().w, first)


def test_names_of_methods_are_free_for_parameters():
    c = CircuitBuilder("odd")
    half, forward = c.parameter("half"), c.parameter("forward", 2)
    (q,) = c.qubits("q")
    c.rx(half + forward[0] + forward[1], q)
    c.expval(pauli("Z", q))
    net = module(c.build())
    assert sorted(net.state_dict()) == ["forward", "half"]
    assert net().item() == 1.0
    assert net.double()().dtype == torch.float64


def test_leading_dimensions_are_kept_and_broadcast():
    c = CircuitBuilder("two")
    a, b = c.input("a"), c.input("b", 2)
    (q,) = c.qubits("q")
    c.rx(a + b[0] * b[1], q)
    c.expval(pauli("Z", q))
    net = module(c.build()).double()
    a, b = torch.randn(5, 1, dtype=torch.float64), torch.randn(3, 2, dtype=torch.float64)
    torch.testing.assert_close(net(a, b), torch.cos(a + b[:, 0] * b[:, 1]))
    torch.testing.assert_close(net(b=b, a=a), net(a, b))
    torch.testing.assert_close(net(a, b=b), net(a, b))
    assert net(a[:0], b).shape == (0, 3)
    assert net(0.3, [1.0, 2.0]).shape == ()


@pytest.mark.parametrize(
    ("arguments", "named", "message"),
    [
        ((torch.zeros(32, 5),), {}, "vqc: `x` is real[32, 5], but real[..., 4] is declared"),
        ((torch.zeros(()),), {}, "vqc: `x` is real, but real[..., 4] is declared"),
        (
            (torch.zeros(4, dtype=torch.complex64),),
            {},
            "vqc: `x` is complex[4], but real[..., 4] is declared",
        ),
        ((), {}, "vqc: needs `x`"),
        ((), {"y": torch.zeros(4)}, "vqc: has no input `y`"),
        ((torch.zeros(4),), {"x": torch.zeros(4)}, "vqc: `x` was given twice"),
        ((torch.zeros(4), 1), {}, "vqc: 2 inputs, but 1 declared"),
    ],
)
def test_wrong_inputs_are_named(arguments, named, message):
    with pytest.raises(ValueError) as error:
        Vqc()(*arguments, **named)
    assert str(error.value) == message


def test_precision_follows_module_and_inputs():
    net, x = Vqc(), torch.zeros(3, 4)
    assert net(x).dtype == torch.float32
    assert net(x.double()).dtype == torch.float64
    assert net(torch.zeros(3, 4, dtype=torch.int64)).dtype == torch.float32
    assert net.double()(x).dtype == torch.float64
    assert copy.deepcopy(net).bfloat16()(x.bfloat16()).dtype == torch.bfloat16
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert net.float()(x).dtype == torch.float32


def test_a_circuit_of_nothing_follows_the_module():
    c = CircuitBuilder("bell")
    q = c.qubits("q", 2)
    c.h(q[0])
    c.cx(q[0], q[1])
    c.state(q)
    net = module(c.build())
    expected = torch.tensor([1, 0, 0, 1], dtype=torch.complex64) / math.sqrt(2)
    torch.testing.assert_close(net(), expected)
    assert net.double()().dtype == torch.complex128
    assert not net.state_dict()


def test_several_results_are_a_named_tuple():
    c = CircuitBuilder("pair")
    x = c.input("x")
    q = c.qubits("q", 2)
    c.ry(x, q[0])
    c.cx(q[0], q[1])
    c.expval(pauli("Z", 0), "energy")
    c.probs(q, "picks")
    c.result(Result("entropy", qubits=(0,), name="s"))
    net = module(c.build()).double()
    result = net(torch.tensor([0.0, math.pi / 2]))
    assert result._fields == ("energy", "picks", "s")
    assert result.picks.shape == (2, 4)
    torch.testing.assert_close(result.s, torch.tensor([0.0, math.log(2)], dtype=torch.float64))


def test_it_survives_copies_and_pickles():
    net, x = Vqc(), torch.randn(2, 4)
    expected = net(x)
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert torch.equal(other(x), expected)
    buffer = io.BytesIO()
    torch.save(net.state_dict(), buffer)
    buffer.seek(0)
    other = Vqc()
    other.load_state_dict(torch.load(buffer))
    assert torch.equal(other(x), expected)


def test_it_compiles():
    net, x = Vqc(), torch.randn(3, 4)
    compiled = torch.compile(net, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(x), net(x))


def test_too_large_circuits_are_refused_before_they_run():
    c = CircuitBuilder("huge")
    q = c.qubits("q", 40)
    c.h(q[0])
    c.expval(pauli("Z", 0))
    with pytest.raises(ValueError, match=r"huge: 1 state of 40 qubits needs 8 TB, and .* free"):
        module(c.build())()


def test_too_many_open_measurements_are_refused():
    c = CircuitBuilder("many")
    (q,) = c.qubits("q")
    bits = c.bits("c", 12)
    for bit in bits:
        c.h(q)
        c.measure([q], [bit])
    c.h(q)
    c.expval(pauli("Z", q))
    with pytest.raises(ValueError, match="more than 1024 outcomes"):
        module(c.build())


def test_printing_shows_the_inputs():
    assert "x: real[..., 4]" in repr(Vqc())


def test_teleportation_is_exact():
    c = CircuitBuilder("teleport")
    theta = c.input("theta")
    (alice,), pair = c.qubits("alice"), c.qubits("pair", 2)
    m0, m1 = c.bits("m0"), c.bits("m1")
    c.ry(theta, alice)
    c.h(pair[0])
    c.cx(pair[0], pair[1])
    c.cx(alice, pair[0])
    c.h(alice)
    c.measure([alice], m0)
    c.measure([pair[0]], m1)
    with c.when(m1, [1]):
        c.x(pair[1])
    with c.when(m0, [1]):
        c.z(pair[1])
    c.expval(pauli("Z", pair[1]))
    theta = torch.linspace(-3, 3, 7, dtype=torch.float64)
    torch.testing.assert_close(module(c.build()).double()(theta), torch.cos(theta))
