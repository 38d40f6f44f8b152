"""What a loss computes of data and fixed parts alone, and the rest: together, they are the loss."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import qmlc
from qmlc.driver import analyse
from qmlc.passes.explain_passes import explain_passes
from qmlc.source.span import Source

PROGRAM = """
circuit fixed(x: real[2]) -> real[2] {{
    qubit q[2]
    ry(x) q
    cx q[0], q[1]
    return expval(Z(q))
}}
circuit learned(x: real[2]) -> real[2] {{
    param w: real[2] ~ normal(0, 1)
    qubit q[2]
    ry(x) q
    rx(w) q
    cx q[0], q[1]
    return expval(Z(q))
}}
layer two(x: real[C, T, 2]) -> (a: real[C, T, 2], b: real[C, 2]) {{
    let h = freeze(linear(2))(x) |> tanh
    return (a=h, b=mean(h, dim=1))
}}
model m(x: real[B, 2]) -> real[B, 2] {{
    param bias: real[2] ~ normal(0, 1)
{body}
    return mean(h, dim=1) |> linear(2)
}}
data d = csv("d.csv") {{
    x = [a, b]
    y = [b, a]
}}
train m on d {{ loss = mse(m(x), y) }}
"""
STEPS = (
    "fixed({h})", "freeze(learned)({h})", "freeze(linear(2))({h})", "two({h}).a",
    "{h} * two({h}).b[:, none]", "sin({h}) + pos", "learned({h})", "linear(2)({h})",
    "dropout(0.5)({h})", "layer_norm({h})", "{h} * bias",
)  # fmt: skip


def write(steps):
    lines = ["let pos = cos(range(3))[:, none]", "let h0 = x[:, none] * pos"]
    lines += [f"let h{i + 1} = " + step.format(h=f"h{i}") for i, step in enumerate(steps)]
    lines.append(f"let h = h{len(steps)}")
    return PROGRAM.format(body="\n".join(f"    {line}" for line in lines))


@settings(deadline=None)
@given(steps=st.lists(st.sampled_from(STEPS), min_size=1, max_size=4))
def test_the_features_and_what_follows_from_them_are_the_loss(steps):
    torch.manual_seed(0)
    program = qmlc.compile(write(steps))
    (unit,) = [unit for unit in program.program.units if unit.kind == "loss"]
    fixed = [step for step in steps if "freeze" in step or "fixed" in step or "two" in step]
    assert bool(unit.methods) or not fixed or steps[0] not in fixed
    if not unit.methods:
        return
    loss = program.class_named(unit.class_name)().double().eval()
    fields = {name: torch.randn(5, 2, dtype=torch.float64) for name in ("x", "y")}
    features, rest = unit.methods
    made = loss.features(*(fields[name] for name, _ in features.inputs))
    fields |= made._asdict()
    found = loss.from_features(*(fields[name] for name, _ in rest.inputs)).loss
    wanted = loss(fields["x"], fields["y"]).loss
    torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-10)
    weights = [p for p in loss.parameters() if p.requires_grad]
    torch.testing.assert_close(
        torch.autograd.grad(found, weights, allow_unused=True),
        torch.autograd.grad(wanted, weights, allow_unused=True),
        rtol=1e-10,
        atol=1e-10,
    )


def features_of(body):
    program = qmlc.compile(PROGRAM.format(body=body))
    (unit,) = [unit for unit in program.program.units if unit.kind == "loss"]
    return [name for method in unit.methods[:1] for name, _ in method.output.fields]


def test_the_cut_lies_as_late_as_it_can():
    assert features_of("let g = fixed(x)\nlet k = sin(g)\nlet h = bias * k[:, none]") == ["index"]
    assert features_of("let k = sin(fixed(x))\nlet h = (k * bias)[:, none]") == ["k"]
    assert features_of("let g = fixed(linear(2)(x))\nlet h = g[:, none]") == []
    assert features_of("let g = dropout(0.5)(x)\nlet h = fixed(g)[:, none]") == []
    assert features_of("let g = rand(2) + fixed(x)\nlet h = g[:, none]") == ["fixed"]
    assert features_of("let h = learned(x)[:, none]") == []


def test_what_needs_no_circuit_and_no_weights_is_not_worth_it():
    assert features_of("let h = sin(x)[:, none] * bias") == []


def test_features_without_examples_are_none():
    assert features_of("let h = mean(fixed(x), dim=0)[none, none] * bias + x[:, none]") == []


def test_the_methods_are_explained():
    program = analyse(Source("p.hqm", write(STEPS[:1]))).program
    name, *lines = explain_passes(program, 2)
    assert name.startswith("split_frozen: Take what")
    assert [line.partition(": nothing -> ")[2].partition(":")[0] for line in lines] == [
        "features",
        "from_features",
    ]
