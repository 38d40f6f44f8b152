"""`prune` and `quantize` of parts, against torch's own pruning and the formula of the scales."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn.utils import prune as reference

import qmlc
from qmlc.runtime.prune import prune
from qmlc.runtime.quantize import quantize
from qmlc.train_program import evaluate_program, train_program
from qmlc.training.read_options import TrainOptions

PART = """
circuit turn(x: real[2]) -> real[2] {
    param w: real[3, 2] ~ normal()
    qubit q[2]
    for r in w { ry(r) q }
    rx(x) q
    return expval(Z(q))
}
layer part(width: int)(x: real[B, 4]) -> real[B, width] {
    param own: real[4, 6] ~ normal()
    return tanh(x @ own) |> linear(width) |> linear(2) |> turn |> linear(width)
}
"""


def make(body: str):
    return qmlc.compile(f"{PART}\nmodel m(x: real[B, 4]) -> real[B, 4] {{\n{body}\n}}\n").m()


def shapes() -> nn.Module:
    torch.manual_seed(4)
    attention = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, dropout=0.0)
    return nn.Sequential(nn.Embedding(9, 8), attention, nn.Linear(8, 3))


@pytest.mark.parametrize("amount", [0.01, 0.3, 0.99])
def test_it_prunes_what_torch_prunes(amount):
    net, other = shapes(), shapes()
    places = [
        (part, name)
        for part in other.modules()
        for name, weight in part.named_parameters(recurse=False)
        if weight.dim() > 1
    ]
    reference.global_unstructured(places, reference.L1Unstructured, amount=amount)
    prune(net, amount=amount)
    masks = {name: mask for name, mask in net.named_buffers() if name.endswith("_mask")}
    expected = {name: m.bool() for name, m in other.named_buffers() if name.endswith("_mask")}
    assert list(masks) == list(expected) and len(masks) == 6
    assert all(torch.equal(masks[name], expected[name]) for name in masks)


@pytest.mark.parametrize("kind", [torch.optim.Adam, torch.optim.SGD, torch.optim.AdamW])
def test_what_is_pruned_stays_zero_while_the_rest_learns(kind):
    net = prune(shapes(), amount=0.5).train()
    weights = {
        n: (p, net.get_buffer(f"{n}_mask")) for n, p in net.named_parameters() if p.dim() > 1
    }
    before = {name: p.detach().clone() for name, (p, _) in weights.items()}
    momentum = {"momentum": 0.9} if kind is torch.optim.SGD else {}
    optimizer = kind(net.parameters(), lr=0.01, weight_decay=0.1, **momentum)
    tokens = torch.arange(9)[None]
    for _ in range(3):
        optimizer.zero_grad()
        net(tokens).square().sum().backward()
        optimizer.step()
    for name, (p, mask) in weights.items():
        assert (p[~mask] == 0).all() and (p[mask] != before[name][mask]).any()


def test_a_part_is_pruned_but_for_its_biases_and_the_angles_of_its_circuits():
    net = make("let f = prune(part(4), amount=0.5)\nreturn f(x) + linear(4)(x)")
    zeros = {n: int((p == 0).sum()) for n, p in net.f.named_parameters()}
    assert set(net.f.state_dict()) - set(zeros) == {
        "own_mask", "linear.weight_mask", "linear_1.weight_mask", "linear_2.weight_mask",
    }  # fmt: skip
    counted = sum(
        p.numel() for n, p in net.f.named_parameters() if f"{n}_mask" in net.f.state_dict()
    )
    assert sum(zeros.values()) == counted // 2 and zeros["turn.w"] == 0
    x = torch.rand(3, 4)
    assert (net.linear.weight != 0).all()
    torch.testing.assert_close(net(x), net.f(x) + net.linear(x))


@pytest.mark.parametrize("change", ["prune(part(4), amount=0.5)", "quantize(part(4))"])
def test_copies_pickles_and_states_compute_the_same(change):
    net, x = make(f"return {change}(x)"), torch.rand(3, 4)
    fresh = make(f"return {change}(x)")
    fresh.load_state_dict(net.state_dict())
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net)), fresh):
        assert torch.equal(other(x), net(x))
    y = net.double()(x.double())
    assert y.dtype == torch.float64
    torch.testing.assert_close(y.float(), fresh(x), atol=1e-5, rtol=1e-4)


def test_pruning_holds_under_function_transforms():
    net = prune(nn.Linear(6, 5), amount=0.4)
    free = {name: torch.randn_like(p) for name, p in net.named_parameters()}
    x = torch.rand(2, 6)
    grads = torch.func.grad(lambda p: torch.func.functional_call(net, p, x).sum())(free)
    assert (grads["weight"][~net.weight_mask] == 0).all()


@pytest.mark.parametrize("bits", range(2, 9))
def test_what_is_quantized_is_off_by_half_a_scale_at_most(bits):
    torch.manual_seed(bits)
    linear, embedding = nn.Linear(7, 5), nn.Embedding(6, 4)
    with torch.no_grad():
        linear.weight[2] = 0
    pairs = ((linear, torch.rand(3, 7)), (embedding, torch.tensor([[5, 0], [1, 1]])))
    for layer, x in pairs:
        small = quantize(copy.deepcopy(layer), bits=bits)
        limit = 2 ** (bits - 1) - 1
        step = layer.weight.abs().amax(1, keepdim=True) / limit
        assert small.whole.dtype == torch.int8 and small.whole.abs().max() == limit
        assert ((small.weight - layer.weight).abs() <= step / 2 + 1e-6).all()
        with torch.no_grad():
            layer.weight.copy_(small.weight)
        torch.testing.assert_close(small(x), layer(x))


def test_what_is_quantized_does_not_learn_and_lets_gradients_through():
    net = make("return quantize(part(4))(x) |> linear(4)").train()
    x = torch.rand(3, 4, requires_grad=True)
    net(x).sum().backward()
    learning = {n for n, p in net.named_parameters() if p.requires_grad}
    assert learning == {"linear.weight", "linear.bias"}
    assert x.grad is not None and x.grad.abs().sum() > 0


def test_layers_inside_others_are_quantized_once():
    net = prune(shapes().eval(), amount=0.3)
    tokens = torch.arange(9)[None]
    expected = net(tokens)
    small = quantize(net)
    kinds = [type(part).__name__ for part in small.modules()]
    assert kinds.count("QuantizedLinear") == 4 and kinds.count("QuantizedEmbedding") == 1
    torch.testing.assert_close(small(tokens), expected, atol=0.05, rtol=0.05)
    with torch.no_grad():
        torch.testing.assert_close(small(tokens), expected, atol=0.05, rtol=0.05)
    shared = nn.ModuleList([nn.Linear(3, 3)] * 2)
    assert len(set(quantize(shared))) == 1


@pytest.mark.parametrize(
    "body, said",
    [
        ("return prune(turn, amount=0.5)(x[:, :2]) |> linear(4)", "no weights to prune"),
        ("return prune(prune(linear(4), amount=0.5), amount=0.6)(x)", "pruned twice"),
        ("return quantize(turn)(x[:, :2]) |> linear(4)", "no linear layers"),
    ],
)
def test_parts_without_weights_are_refused(body, said):
    with pytest.raises(qmlc.CompileError, match=said) as error:
        make(body)
    assert error.value.diagnostics[0].code == "E0606"


TRAINED = """
model m(x: real[B, 1]) -> real[B, 1] {
    let old = load(linear(4), "w.safetensors")
    return prune(old, amount=0.5)(x) |> linear(1)
}
data d = csv("d.csv") {
    x = [u]
    y = [v]
}
train m on d {
    loss = mse(m(x), y)
    epochs = 5
}
"""


def test_a_part_that_was_trained_is_pruned_and_trained_on(tmp_path):
    (tmp_path / "p.hqm").write_text(TRAINED)
    (tmp_path / "d.csv").write_text("u,v\n" + "".join(f"{i},{2 * i}\n" for i in range(8)))
    weight = torch.tensor([[0.1], [-3.0], [2.0], [0.2]])
    save_file({"weight": weight, "bias": torch.ones(4)}, tmp_path / "w.safetensors")
    options = TrainOptions(quiet=True, folder=tmp_path / "run")
    (result,) = train_program(tmp_path / "p.hqm", options).values()
    saved = load_file(tmp_path / "run" / "best.safetensors")
    assert (saved["old.weight"][:, 0] != 0).tolist() == [False, True, True, False]
    (measured,) = evaluate_program(tmp_path / "p.hqm", options).values()
    assert measured["loss"] == pytest.approx(result.measurements["training"].loss)
