"""Options of a train block go together: any two values train, or are refused before anything runs.

All pairs of values are in some row of a covering array; a few rows are tried, all under `--deep`.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterable
from itertools import combinations, product
from math import isfinite
from pathlib import Path

import pytest

from qmlc.ops.optimizers import OPTIMIZERS, SCHEDULES
from qmlc.ops.train_options import TRAIN_OPTIONS
from qmlc.source.compile_error import CompileError
from qmlc.train_program import evaluate_program, train_program
from qmlc.training.read_options import TrainOptions

PROGRAM = """
circuit turns(x: real[2]) -> real[2] {
    param w: real[2] ~ normal(0, 1)
    qubit q[2]
    for i in range(2) { ry(x[i] + w[i]) q[i] }
    cx q[0], q[1]
    return expval(Z(q))
}
model m(x: real[B, 2]) -> real[B, 3] = x |> turns |> dropout(0.1) |> linear(3)
data d = csv("d.csv") {
    x = standardize([u, v])
    y = category(k)
}
train m on d {
    loss = cross_entropy(m(x), y)
    metrics = [accuracy, matthews]
    """

ARGUMENTS = {
    "lbfgs": "max_iter=3",
    "step": "1",
    "multi_step": "[1, 2]",
    "exponential": "0.9",
    "one_cycle": "0.1",
    "cosine": "warmup=0.1",
    "linear": "warmup=2",
}
"""Arguments that are needed, or make more of a trial."""


def calls(option: str, names: Iterable[str]) -> list[str]:
    return ["", *(f"{option} = {name}({ARGUMENTS.get(name, '')})" for name in names)]


FACTORS = [
    [
        *calls("optimizer", OPTIMIZERS),
        "optimizer = sgd(lr=0.1, momentum=0.9, nesterov=true)",
        'optimizer = lbfgs(max_iter=3, line_search_fn="strong_wolfe")',
    ],
    calls("schedule", SCHEDULES),
    ["", "epochs = 2", "steps = 3"],
    ["", "batch = 7", "batch = 100"],
    ["", "holdout = 0.2", 'holdout = "d.csv"', "validation = 0.2", "folds = 2"],
    ["", "test = 0.1"],
    ["", "groups = g"],
    ["", "precision = float64", "precision = bfloat16"],
    ["", "accumulate = 2"],
    ["", "clip = 0.5"],
    ["", "early_stop = 1"],
    ["", "checkpoint = 1"],
    ["", "shots = 10"],
    ["", 'noise = device(ibm("torino"))'],
    ["", "gradient = parameter_shift", "gradient = spsa(directions=2)"],
    ["", "private = dp_sgd(epsilon=8, delta=0.001)"],
    ["seed = 3", "device = cpu"],
]
"""Lines of which a block has one each, or none."""

REFUSED = (
    "optimizer must support momentum or beta1 with `cycle_momentum`",
    "`private` and `accumulate` do not go together",
    "that is not private",
)
"""What does not go together."""

LIGHT = 12
"""How many rows are tried without `--deep`."""


def covering_array() -> list[list[str]]:
    """Rows that hold each pair of lines of two factors, greedily chosen (Cohen et al. 1997)."""
    draw = random.Random(0)
    left = {pair for a, b in combinations(FACTORS, 2) for pair in product(a, b) if all(pair)}
    rows: list[list[str]] = []
    while left:
        pair = draw.choice(sorted(left))
        trials = [
            [
                next((line for line in pair if line in lines), draw.choice(lines))
                for lines in FACTORS
            ]
            for _ in range(20)
        ]
        rows.append(max(trials, key=lambda row: len(left & {*combinations(row, 2)})))
        left.difference_update(combinations(rows[-1], 2))
    return rows


def test_each_option_is_tried() -> None:
    tried = {line.split(" ")[0] for lines in FACTORS for line in lines if line}
    known = {name for name, row in TRAIN_OPTIONS.items() if "model" in row.blocks}
    assert tried | {"loss", "metrics"} == known


def test_any_two_options_go_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(tmp_path)
    cells = [f"{i * 7 % 13 / 5},{i * 5 % 11 / 3},{'abc'[i % 3]},{i // 3}" for i in range(24)]
    Path("d.csv").write_text("\n".join(["u,v,k,g", *cells]))
    rows, program = covering_array(), Path("p.hqm")
    for row in rows if request.config.getoption("--deep") else rows[:LIGHT]:
        program.write_text(PROGRAM + "\n    ".join(filter(None, row)) + "\n}\n")
        shutil.rmtree("runs", ignore_errors=True)
        try:
            result = train_program(program, TrainOptions(quiet=True, device="cpu"))["m"]
        except CompileError as error:
            assert any(reason in str(error) for reason in REFUSED), row
            assert not Path("runs").exists(), row
            continue
        assert all(tensor.isfinite().all() for tensor in result.module.state_dict().values()), row
        (measured,) = evaluate_program(program, TrainOptions(device="cpu")).values()
        assert isfinite(measured["loss"]), row
