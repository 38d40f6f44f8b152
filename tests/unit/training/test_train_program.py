"""Train blocks in order: what one holds of another's model, and what is checked before any runs."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from qmlc.source.compile_error import CompileError
from qmlc.train_program import evaluate_program, train_program
from qmlc.training import checkpoint, run_epochs
from qmlc.training.errors import DataError
from qmlc.training.read_options import TrainOptions
from qmlc.training.run_epochs import set_modes
from qmlc.training.run_files import RUN

PARTS = """
model a(x: real[B, 1]) -> real[B, 2] = x |> linear(2) |> dropout(0.5)
model b(x: real[B, 2]) -> real[B, 1] = x |> linear(1)
data d = csv("d.csv") {
    x = [u]
    y = [v]
}
"""
A = """
train a on d {
    loss = mean(a(x) ** 2)
    epochs = 2
}
"""
B = """
train b on d {
    loss = mse(b(a(x)), y)
    epochs = 2
}
"""
GROUND = """
circuit c() -> real {
    param w: real ~ constant(0.1)
    qubit q
    rx(w) q
    return expval(Z(q))
}
train c { loss = c() }
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("d.csv").write_text("u,v\n" + "".join(f"{i},{2 * i}\n" for i in range(8)))

    def write(text: str) -> Path:
        Path("p.hqm").write_text(text)
        return Path("p.hqm")

    return write


def test_another_model_holds_what_its_block_learned_and_does_not_learn(write):
    program = write(PARTS + A + B)
    results = train_program(program, TrainOptions(quiet=True))
    inner = results["b"].module.a
    learned = load_file("runs/p/a/best.safetensors")
    assert all(weight.equal(learned[name]) for name, weight in inner.state_dict().items())
    assert results["b"].parameters == 3
    measured = evaluate_program(program, name="b")["b (training)"]
    assert measured["loss"] == pytest.approx(results["b"].measurements["training"].loss)


def test_models_may_be_called_as_attributes_of_torchs_modules_are(write):
    text = (PARTS + A + B).replace("a(", "origin(").replace("train a", "train origin")
    program = write(text.replace("b(", "half(").replace("train b", "train half"))
    result = train_program(program, TrainOptions(quiet=True))["half"]
    (measured,) = evaluate_program(program, name="half").values()
    assert measured["loss"] == pytest.approx(result.measurements["training"].loss)


def test_frozen_parts_stay_in_evaluation_mode():
    frozen, learning = nn.Sequential(nn.Linear(1, 1), nn.Dropout()), nn.Linear(1, 1)
    frozen.requires_grad_(False)
    set_modes(nn.ModuleList([frozen, learning]))
    assert [frozen.training, frozen[1].training, learning.training] == [False, False, True]


def test_another_model_must_be_trained_before(write):
    with pytest.raises(DataError, match="`b` uses `a`, which no earlier block trains"):
        train_program(write(PARTS + B), TrainOptions(quiet=True))
    with pytest.raises(DataError, match="no saved weights"):
        train_program(write(PARTS + A + B), TrainOptions(quiet=True), name="b")


def test_options_of_all_blocks_are_checked_before_the_first_runs(write):
    program = write(PARTS + A + GROUND)
    with pytest.raises(DataError, match="without data there is no `epochs`"):
        train_program(program, TrainOptions(quiet=True, epochs=3))
    assert not Path("runs").exists()


def test_what_does_not_go_together_is_said_before_the_first_block_runs(write):
    options = "epochs = 2\n    optimizer = adagrad()\n    schedule = one_cycle(0.1)"
    with pytest.raises(DataError, match="optimizer must support momentum") as caught:
        train_program(write(PARTS + A + B.replace("epochs = 2", options)), TrainOptions(quiet=True))
    (problem,) = caught.value.diagnostics
    assert problem.at.text.startswith("one_cycle") and "cycle_momentum=false" in problem.proposal
    assert not Path("runs").exists()


def test_a_last_step_to_what_is_not_finite(write):
    program = write(PARTS + B.replace("a(x)", "[[1, 2]] * x").replace("epochs = 2", ENDLESS))
    with pytest.raises(DataError, match="in epoch 1, measured on the training rows") as caught:
        train_program(program, TrainOptions(quiet=True))
    assert caught.value.code == "E0708"
    assert not Path("runs/p/b/best.safetensors").exists()


def test_folds_are_measured_and_a_last_training_learns_from_all(write):
    text = PARTS + A.replace("epochs = 2", "epochs = 1\n    folds = 4\n    groups = v")
    result = train_program(write(text), TrainOptions(quiet=True))["a"]
    assert list(result.measurements) == ["training"]
    found = json.loads(Path("runs/p/a/folds.json").read_text())
    losses = [fold["loss"] for fold in found["folds"]]
    assert found["mean"]["loss"] == pytest.approx(statistics.mean(losses))
    assert found["standard deviation"]["loss"] == pytest.approx(statistics.stdev(losses))
    for number, loss in enumerate(losses, start=1):
        own = json.loads(Path(f"runs/p/a/fold_{number}/metrics.json").read_text())
        assert own["held-out"]["loss"] == loss
    assert len(losses) == 4
    measured = evaluate_program(Path("p.hqm"), TrainOptions(folder=Path("runs/p/a/fold_2")))
    assert measured["a (held-out)"]["loss"] == pytest.approx(losses[1])


class Clock:
    """Counts the steps that are taken, and stops the training before the one numbered `stop`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.take, self.steps, self.stop = run_epochs._take_step, 0, -1
        monkeypatch.setattr(run_epochs, "_take_step", self)

    def __call__(self, *arguments):
        if self.steps == self.stop:
            self.stop = -1
            raise KeyboardInterrupt
        self.steps += 1
        return self.take(*arguments)


ENDLESS = "steps = 1\n    optimizer = sgd(lr=1e38)"
FOLDED = A.replace("epochs = 2", "epochs = 2\n    folds = 2")
STALE = "epochs = 9\n    early_stop = 1\n    optimizer = sgd(lr=0)\n    checkpoint = 1"


def files(folder: Path) -> dict[Path, bytes]:
    found = (f for f in folder.rglob("*") if f.is_file() and f.name != RUN)
    return {f.relative_to(folder): f.read_bytes() for f in found}


def test_what_is_done_of_several_trainings_is_not_done_again(write, monkeypatch):
    monkeypatch.setattr(checkpoint, "SECONDS", 0.0)
    monkeypatch.setattr(checkpoint, "SHARE", 0)
    program = write(PARTS + FOLDED + B.replace("epochs = 2", STALE))
    clock = Clock(monkeypatch)
    train_program(program, TrainOptions(folder=Path("whole"), quiet=True))
    count, clock.steps = clock.steps, 0
    assert count == 3 * 2 + 2  # two folds and a last training, and what stops early
    again = TrainOptions(folder=Path("stopped"), quiet=True)
    for clock.stop in range(1, count):
        with pytest.raises(KeyboardInterrupt):
            train_program(program, again)
    train_program(program, again)
    assert clock.steps == count
    assert files(Path("stopped")) == files(Path("whole"))
    train_program(program, again)
    assert clock.steps == 2 * count, "a command that ended is not gone on with"


def test_what_an_earlier_block_learned_decides_whether_a_later_one_goes_on(write, monkeypatch):
    clock = Clock(monkeypatch)
    clock.stop = 3
    last = B.replace("epochs = 2", "epochs = 2\n    checkpoint = 1")
    with pytest.raises(KeyboardInterrupt):
        train_program(write(PARTS + A + last), TrainOptions(quiet=True))
    train_program(
        write(PARTS + A.replace("epochs = 2", "epochs = 1") + last), TrainOptions(quiet=True)
    )
    assert clock.steps == 3 + 1 + 2


def test_an_error_in_the_data_names_the_line_of_the_program(write):
    program = write(PARTS + A)
    Path("d.csv").write_text("u,v\n1,2\nx,3\n")
    with pytest.raises(DataError) as caught:
        train_program(program, TrainOptions(quiet=True))
    (problem,) = caught.value.diagnostics
    assert (problem.at.source.name, problem.at.text) == ("d.csv", "x")
    assert [label.span.text for label in problem.related] == ["x = [u]"]
    Path("d.csv").unlink()
    with pytest.raises(DataError) as caught:
        train_program(program, TrainOptions(quiet=True))
    (problem,) = caught.value.diagnostics
    assert [label.span.text for label in problem.related] == ['csv("d.csv")']


CLASSES = """
data d = csv("d.csv") {
    x = category(u)
    y = category(v)
}
model m(x: int[B]) -> real[B, K] = embedding(N, 3)(x) |> linear(K)
train m on d {
    loss = cross_entropy(m(x), y)
    epochs = 1
}
"""


@pytest.mark.parametrize(
    ("rows", "scores", "message"),
    [
        (8, 3, "more classes than the model has scores"),
        (4, 8, "a number that an embedding has no row for"),
    ],
)
def test_numbers_that_the_model_has_no_place_for(write, rows, scores, message):
    program = write(CLASSES.replace("N", str(rows)).replace("K", str(scores)))
    with pytest.raises(DataError, match=message) as caught:
        train_program(program, TrainOptions(quiet=True))
    assert caught.value.code == "E0706"
    fitting = write(CLASSES.replace("N", "8").replace("K", "8"))
    assert train_program(fitting, TrainOptions(quiet=True))["m"].steps == 1


PROBABILITIES = """
data d = csv("d.csv") {
    y = [u]
}
model m(x: real[B, 1]) -> real[B, 1] = x |> linear(1) |> sigmoid
train m on d {
    loss = binary_cross_entropy(m(y), TARGET)
    steps = 1
}
"""


def test_targets_that_are_no_probabilities(write):
    with pytest.raises(DataError, match="numbers from 0 to 1, and got others") as caught:
        train_program(write(PROBABILITIES.replace("TARGET", "y + 2")), TrainOptions(quiet=True))
    assert caught.value.code == "E0706"
    fitting = write(PROBABILITIES.replace("TARGET", "sigmoid(y)"))
    assert train_program(fitting, TrainOptions(quiet=True))["m"].steps == 1


def test_metrics_say_what_they_compare(write):
    program = write(
        PARTS + "model c(x: real[B, 1]) -> (p: real[B, 1], q: real[B, 2]) = "
        "(p=linear(1)(x), q=linear(2)(x))\n"
        "train c on d {\n    let out = c(x)\n    loss = mse(out.p, y) + mean(out.q ** 2)\n"
        "    metrics = [mae(out.q[:, :1], y), r2(out.p, x), mse]\n    epochs = 1\n}\n"
    )
    result = train_program(program, TrainOptions(quiet=True))["c"]
    x, y = (torch.arange(8.0)[:, None] * k for k in (1, 2))
    with torch.no_grad():
        out = result.module.c(x)
    found = dict(result.measurements["training"].metrics)
    assert found["mae"] == pytest.approx(float((out.q[:, :1] - y).abs().mean()), rel=1e-4)
    assert found["mse"] == pytest.approx(float((out.p - y).pow(2).mean()), rel=1e-4)
    assert found["r2"] == pytest.approx(
        float(1 - (out.p - x).pow(2).sum() / (x - x.mean()).pow(2).sum()), rel=1e-4
    )


def test_metrics_of_two_losses_say_which(write):
    text = PARTS + "train a on d {\n    loss = mse(a(x), a(x)) + mae(a(x), a(2 * x))\n"
    program = write(text + "    metrics = [r2]\n    epochs = 1\n}\n")
    with pytest.raises(CompileError, match="say what each compares"):
        train_program(program, TrainOptions(quiet=True))
