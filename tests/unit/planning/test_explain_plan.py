"""Plans: what they count against torch's own counts, and what they go by."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from qmlc.costs.host_costs import Curve
from qmlc.costs.read_costs import costs_from_file, typical_costs, write_costs
from qmlc.driver import analyse
from qmlc.passes.explain_passes import explain_passes
from qmlc.planning.compare_units import compare_units
from qmlc.planning.explain_plan import PlanOptions, chosen_units, explain_plan, plan_unit
from qmlc.planning.measure_part import draw
from qmlc.planning.plan_program import Planner
from qmlc.planning.print_plan import print_plans
from qmlc.program import compile, load
from qmlc.source.compile_error import CompileError
from qmlc.source.span import Source

ROOT = Path(__file__).parent.parent.parent.parent
MODELS = ROOT / "benchmarks" / "models"
COUNTED = {"bert": {"T": 16}, "decoder": {"T": 16}, "convolutions": {}, "perceptron": {}}


@pytest.fixture(scope="module", params=COUNTED)
def planned(request):
    """A model that learns, its plan, and what it is called with."""
    loaded = load(MODELS / f"{request.param}.hqm")
    unit = chosen_units(loaded.program, None)[-1]
    options = PlanOptions(batch=4, sizes=COUNTED[request.param])
    plan = plan_unit(loaded.program, unit, typical_costs(), options)
    planner = Planner(loaded.program, {"B": 4, **options.sizes}, 64)
    planner.run(unit, 4)
    module = loaded.class_named(unit.class_name)(**dict(unit.settings))
    return module, plan, planner, [draw(argument) for argument in planner.arguments]


# torch counts no operations of its attention kernel for the processor
def test_products_are_those_that_torch_counts(planned):
    module, _, planner, tensors = planned
    module.eval()
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter, torch.no_grad():
        module(*tensors)
    forward = [step.forward for step in planner.steps]
    counted = sum(c for work in forward for c, _ in work.products)
    assert counted == pytest.approx(counter.get_total_flops(), rel=1e-3)


def test_gradients_take_the_products_that_torch_counts(planned):
    module, _, planner, tensors = planned
    module.train()
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        module(*tensors).sum().backward()
    works = [work for step in planner.steps for work in (step.training, step.backward)]
    counted = sum(c for work in works for c, _ in work.products)
    # attention makes its scores anew, in as many operations as torch says or a few more
    assert counted == pytest.approx(counter.get_total_flops(), rel=0.1)


def test_parameters_are_those_of_the_module(planned):
    module, plan, _, _ = planned
    assert plan.memory.parameters == 4 * sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize(
    "path", sorted((ROOT / "tests" / "programs").glob("*.hqm")), ids=lambda p: p.stem
)
def test_every_program_has_a_plan(path):
    try:
        _, plans = explain_plan(path, PlanOptions(batch=3, sizes={}))
    except CompileError as error:
        assert [d.code for d in error.diagnostics] == ["E0610"]
        return
    for plan in plans:
        assert plan.seconds > 0
        assert plan.gradient_seconds is None or plan.gradient_seconds > plan.seconds / 2
    assert list(print_plans(typical_costs(), plans))


PROGRAM = """
circuit net(x: real[3]) -> real[3] {
    param w: real[3] ~ uniform(0, 1)
    qubit q[3]
    ry(x) q
    rx(w) q
    for a, b in ring(q) { cx a, b }
    return expval(Z(q))
}

kernel overlap(x: real[3]) {
    qubit q[3]
    ry(x) q
}

model both(x: real[B, T, 3]) -> real[B, T] = sum(net(x) + freeze(linear(3))(x), dim=-1)

model gram(a: real[M, 3], b: real[N, 3]) -> real[M, N] = overlap(a, b)
"""


PRETRAINED = """
use std.pretrained (huggingface)

model encoded(tokens: int[B, T], mask: bool[B, T]) -> real[B] {
    let encoder = huggingface("models/minilm", tune=frozen)
    return sum(encoder(tokens, mask).last_hidden_state[:, 0], dim=-1)
}
"""


def rows_of(name, **options):
    program = compile(PROGRAM).program
    (unit,) = chosen_units(program, name)
    return plan_unit(program, unit, typical_costs(), PlanOptions(**options))


def test_circuits_are_counted_by_samples():
    assert rows_of("both", batch=5, sizes={"T": 7}).total.circuits == 35
    assert rows_of("net", batch=9).total.circuits == 9
    assert rows_of("gram", batch=4, sizes={"N": 6}).total.circuits == 10


def test_sizes_that_nobody_says_are_assumed_and_said():
    assert rows_of("both").sizes == {"B": 32, "T": 64}


def test_what_is_frozen_needs_no_product_backward():
    (linear,) = (row for row in rows_of("both").rows if row.group == "linear")
    assert linear.gradient_flops == linear.flops


def test_more_samples_take_longer():
    few, many = rows_of("net", batch=16), rows_of("net", batch=16_000)
    assert many.seconds > 2 * few.seconds
    assert many.memory.kept > 100 * few.memory.kept


def test_passes_say_what_they_save():
    text = "model twice(x: real[B, T, 8]) -> real[B, T, 8] = softmax(x @ x.T / sqrt(8)) @ x"
    program = analyse(Source("program.hqm", text)).program
    lines = list(explain_passes(program, 2, compare_units))
    saved = [line for line in lines if "; predicted " in line and line.endswith("B = 32, T = 64")]
    assert len(saved) == 2


def test_a_plan_can_be_measured(tmp_path):
    path = tmp_path / "p.hqm"
    path.write_text(PROGRAM)
    _, (plan,) = explain_plan(path, PlanOptions("net", batch=4, run=True))
    assert 1 / 30 < plan.measured["forward"] / plan.seconds < 30
    assert 1 / 30 < plan.measured["gradient"] / plan.gradient_seconds < 30


def test_pretrained_weights_are_read_off_their_files(tmp_path):
    folder = tmp_path / "models" / "minilm"
    shutil.copytree(ROOT / "tests" / "spec" / "models" / "minilm", folder)
    shapes = {
        "embeddings.word.weight": [100, 64],
        "layer.0.weight": [64, 256],
        "layer.0.bias": [64],
    }
    tensors = {n: {"dtype": "F32", "shape": s, "data_offsets": [0, 0]} for n, s in shapes.items()}
    header = json.dumps(tensors).encode()
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    path = tmp_path / "p.hqm"
    path.write_text(PRETRAINED)
    _, (plan,) = explain_plan(path, PlanOptions(batch=2, sizes={"T": 8}))
    (row,) = (row for row in plan.rows if row.group == "pretrained")
    assert plan.memory.parameters == 4 * (100 * 64 + 64 * 256 + 64)
    assert row.flops == 2 * (2 * 8) * (64 * 256)
    assert row.gradient_flops == row.flops  # it is frozen


def test_classical_programs_are_planned_without_torch():
    code = (
        "import sys; from pathlib import Path\n"
        "from qmlc.planning.explain_plan import *\n"
        f"explain_plan(Path({str(MODELS / 'bert.hqm')!r}), PlanOptions())\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_costs_are_read_as_they_are_written(tmp_path):
    file = tmp_path / "host.toml"
    write_costs(typical_costs(), file)
    assert costs_from_file(file) == typical_costs()


@pytest.mark.parametrize("layer", [
    "transformer_encoder_layer(2, batch_first=true)(x)",
    "transformer_decoder_layer(2, batch_first=true)(x, x)",
    "multihead_attention(2, batch_first=true)(x, x, x).output",
    "scaled_dot_product_attention(x, x, x, window=[2, 0])",
])  # fmt: skip
def test_layers_with_attention_have_a_plan(layer):
    program = compile(f"model m(x: real[B, T, 8]) -> real[B, T, 8] = {layer}").program
    options = PlanOptions(batch=2, sizes={"T": 5})
    assert plan_unit(program, program.units[-1], typical_costs(), options).rows


@pytest.mark.parametrize("text", [
    "speed = 1", "seconds = 3", "[seconds]\nfunction = -1", "[seconds]\nfunktion = 1", "= 1",
    "[bytes_a_second]\nat = [2, 1]\nvalues = [1, 1]", "[bytes_a_second]\nat = [1]\nvalues = []",
])  # fmt: skip
def test_wrong_costs_are_told(tmp_path, monkeypatch, text):
    file = tmp_path / "host.toml"
    file.write_text(text)
    monkeypatch.setenv("QMLC_HOST", str(file))
    with pytest.raises(CompileError) as caught:
        explain_plan(MODELS / "perceptron.hqm", PlanOptions())
    assert [d.code for d in caught.value.diagnostics] == ["E0611"]


def test_a_slower_host_takes_longer(tmp_path, monkeypatch):
    (usual,) = explain_plan(MODELS / "perceptron.hqm", PlanOptions())[1]
    file = tmp_path / "host.toml"
    file.write_text("[seconds]\nfunction = 1e-3")
    monkeypatch.setenv("QMLC_HOST", str(file))
    (slow,) = explain_plan(MODELS / "perceptron.hqm", PlanOptions())[1]
    assert slow.seconds > 10 * usual.seconds


def test_a_curve_passes_through_its_points():
    curve = Curve((1.0, 100.0), (10.0, 1000.0))
    assert [curve(size) for size in (0.5, 1, 10, 100, 1e6)] == pytest.approx(
        [10, 10, 100, 1000, 1000]
    )


@pytest.mark.parametrize(("options", "code"), [
    ({"model": "steq"}, "E0610"), ({"sizes": {"C": 3}}, "E0603"),
    ({"settings": {"n": 3}}, "E0603"),
])  # fmt: skip
def test_wrong_options_are_told(options, code):
    with pytest.raises(CompileError) as caught:
        explain_plan(MODELS / "perceptron.hqm", PlanOptions(**options))
    assert [d.code for d in caught.value.diagnostics] == [code]
