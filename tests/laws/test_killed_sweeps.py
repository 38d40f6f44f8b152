"""A sweep whose process is killed, and that several share, makes the trials of one undisturbed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PROGRAM = """
model m(width: int = 2)(x: real[B, 2]) -> real[B, 1] = x |> linear(width) |> tanh |> linear(1)
data d = csv("d.csv") {
    x = [u, v]
    y = [u]
}
train m on d {
    loss = mse(m(x), y)
    epochs = 4
    holdout = 0.25
}
"""

TUNE = """\
import json, os, signal, sys, time
from pathlib import Path
from qmlc.training.read_options import TrainOptions
from qmlc.tuning import open_study
from qmlc.tuning.search_space import Interval
from qmlc.tuning.tune_program import Sweep, tune_program

open_study.BEAT, open_study.GRACE = 1, 2
space = (Interval("width", 1, 50), Interval("optimizer.lr", 1e-3, 1e-1, log=True))

def tune(folder):
    options = TrainOptions(device="cpu", folder=Path(folder))
    sweep = Sweep(Path("p.hqm"), space, options, trials=3, prune=False)
    return tune_program(sweep, lambda *_: None)[1]

def start():
    if not (process := os.fork()):
        tune("shared")
        os._exit(0)
    return process

killed = start()
while not Path("shared/trial_1").exists():
    time.sleep(0.01)
os.kill(killed, signal.SIGKILL)
assert os.waitpid(killed, 0)[1] == signal.SIGKILL
assert [os.waitpid(process, 0)[1] for process in (start(), start())] == [0, 0]
for folder in ("shared", "whole"):
    study = tune(folder)
    states = [trial.state.name for trial in study.study.get_trials()]
    print(json.dumps([states, sorted(map(repr, ((t.params, t.value) for t in study.settled())))]))
"""
"""Kills a sweep in its second trial, lets two processes end it, and makes it undisturbed."""


def test_a_killed_and_shared_sweep_makes_the_trials_of_one_undisturbed(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("u,v\n" + "".join(f"{i / 8},{i % 3}\n" for i in range(16)))
    (tmp_path / "p.hqm").write_text(PROGRAM)
    path = f"import os, sys; sys.path.append({str(Path.cwd())!r}); os.chdir({str(tmp_path)!r})\n"
    done = subprocess.run(
        [sys.executable, "-c", path + TUNE], stdout=subprocess.PIPE, text=True, check=True
    )
    shared, whole = map(json.loads, done.stdout.splitlines())
    assert whole[0] == ["COMPLETE"] * 3
    assert shared[0].count("COMPLETE") == 3 and "FAIL" in shared[0]
    assert shared[1] == whole[1]
