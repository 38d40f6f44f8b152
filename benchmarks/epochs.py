"""Whole epochs of training: ours beside PennyLane's `TorchLayer`, and with and without features.

`python -m benchmarks.epochs` writes epochs.md from epochs.json, which keeps what was measured.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.environments import install, python_of, read_peers
from benchmarks.epoch_models import (
    BATCH,
    BODIES,
    CLASSES,
    ENCODED,
    FEATURES,
    HELD_OUT,
    LEARNED,
    SEED,
    SIZES,
    write_encoded,
    write_model,
)
from benchmarks.take_turns import Worker
from qmlc.program import load
from qmlc.training.data.prepare_rows import prepare_rows
from qmlc.training.read_options import read_options

HERE = Path(__file__).parent
RESULTS, PAGE = HERE / "epochs.json", HERE / "epochs.md"
PEERS = {"default.qubit": "backprop", "lightning.qubit": "adjoint"}
TOLERANCE = 1e-4
"""Of the mean loss of the first epoch."""
OURS_A_TURN = 5
"""Epochs of ours for one of each peer: it is short."""


def write_rows(folder: Path) -> None:
    """Points around a corner for each class, in files."""
    draw = np.random.default_rng(SEED)
    for name, count in (("learned", LEARNED), ("held_out", HELD_OUT)):
        y = draw.integers(CLASSES, size=count)
        x = draw.normal(size=(count, FEATURES)).astype(np.float32)
        x[:, :CLASSES] += np.eye(CLASSES, dtype=np.float32)[y]
        np.savez(folder / f"{name}.npz", x=x, y=y)


def write_start(program: Path) -> None:
    """What a training of ours starts with, for the peers: its weights, and its rows in order."""
    loaded = load(program)
    (training,) = loaded.program.trainings
    torch.manual_seed(SEED)
    module: nn.Module = loaded.class_named(training.loss)()
    weights = {str(i): p.detach().numpy() for i, p in enumerate(module.parameters())}
    plan = read_options(training)
    rows = prepare_rows(loaded.program, training, program.parent, plan, torch.float32).splits
    names = {"training": ("x", "y"), "held-out": ("held_x", "held_y")}
    tensors = {
        name: t.numpy()
        for split in names
        for name, t in zip(names[split], rows[split], strict=True)
    }
    np.savez(program.parent / "given.npz", **weights, **tensors)


def start_ours(program: Path, folder: str, *more: str) -> Worker:
    """A process that trains a program."""
    path = program.parent / folder
    command = [sys.executable, "-m", "benchmarks.train_epochs", str(program), str(path), *more]
    return Worker(command, cwd=HERE.parent, env={**os.environ, "OMP_NUM_THREADS": "1"})


def start_peer(folder: Path, family: str, qubits: int, device: str) -> Worker:
    """A process that trains the same with PennyLane."""
    module = "benchmarks.adapters.pennylane_epochs"
    given = [str(folder), family, str(qubits), device, PEERS[device]]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    environment.pop("PYTHONPATH", None)
    command = [python_of("pennylane"), "-m", module, *given]
    return Worker(command, cwd=HERE.parent, env=environment)


def time_epochs(workers: Mapping[str, Worker], limit: float) -> dict[str, dict[str, Any]]:
    """The loss of the first epoch, and the seconds of the later ones, which are taken in turns."""
    losses = {name: worker.turn()[0] for name, worker in workers.items()}
    times: dict[str, list[float]] = {name: [] for name in workers}
    start = time.perf_counter()
    while len(times["ours"]) < OURS_A_TURN or time.perf_counter() - start < limit:
        for name, worker in workers.items():
            for _ in range(OURS_A_TURN if name == "ours" else 1):
                times[name].append(worker.turn()[1])
    for worker in workers.values():
        worker.end()
    return {
        name: {
            "first_loss": losses[name],
            "least": min(seconds),
            "median": statistics.median(seconds),
            "epochs": len(seconds),
        }
        for name, seconds in times.items()
    }


def measure_model(family: str, qubits: int, limit: float) -> dict[str, Any]:
    """What an epoch takes on each side; AssertionError where the first epochs differ."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program = folder / "hybrid.hqm"
        program.write_text(write_model(family, qubits), encoding="utf-8")
        write_rows(folder)
        write_start(program)
        workers = {"ours": start_ours(program, "run")}
        workers |= {device: start_peer(folder, family, qubits, device) for device in PEERS}
        found = time_epochs(workers, limit)
    for name, measured in found.items():
        apart = abs(measured["first_loss"] - found["ours"]["first_loss"])
        assert apart < TOLERANCE, f"{family}, {qubits} qubits: {name} is {apart} off"
    return found


def measure_features(limit: float) -> dict[str, Any]:
    """What an epoch behind a frozen encoder takes, with what stays the same kept and without."""
    with tempfile.TemporaryDirectory() as name:
        program = write_encoded(Path(name))
        workers = {
            "ours": start_ours(program, "kept"),
            "again": start_ours(program, "again", "--again"),
        }
        found = time_epochs(workers, limit)
    assert abs(found["again"]["first_loss"] - found["ours"]["first_loss"]) < TOLERANCE
    return found


INTRODUCTION = f"""# Epochs

Whole epochs of a hybrid model, `linear → circuit → linear`, on {FEATURES} features and {CLASSES}
classes: {LEARNED} rows to learn from in batches of {BATCH} by Adam, then {HELD_OUT} held-out rows
measured. Ours is `qmlc train`, which also writes weights and history after each epoch; PennyLane is
a loop on Accelerate with `qml.qnn.TorchLayer`, on `default.qubit` (backpropagation) and on
`lightning.qubit` (adjoint): the faster one counts. All sides start with the same weights and take
the same rows in the same order; the mean loss of the first epoch is the same to {TOLERANCE:.0e},
which is checked. Milliseconds of the processor for an epoch after the first one, the least of all,
the sides in turns, on one thread. Made by `python -m benchmarks.epochs`.

| circuit | qubits | ours | default.qubit | lightning.qubit | times faster than the best |
|---|---|---|---|---|---|"""

FEATURES_HELD = """
## Behind a frozen encoder

{rows} sentences of {length} tokens through a frozen BERT of 6 layers, 384 wide (the shape of
MiniLM), a linear layer, a circuit on 4 qubits and a linear layer. What stays the same in all epochs
is computed in the first one alone.

| an epoch after the first one | ms |
|---|---|
| features kept | {kept:.1f} |
| computed again in each epoch | {again:.0f} |

{times:.0f} times faster.
"""


def page(results: Mapping[str, Any]) -> Iterator[str]:
    """The lines of epochs.md."""
    yield INTRODUCTION
    for family in BODIES:
        for qubits in SIZES:
            found = results.get(f"{family} {qubits}")
            if found is None:
                continue
            ours, *peers = (1000 * found[name]["least"] for name in ("ours", *PEERS))
            cells = " | ".join(f"{ms:,.0f}" for ms in peers)
            yield f"| {family} | {qubits} | {ours:.1f} | {cells} | {min(peers) / ours:.0f} |"
    if "features" in results:
        kept, again = (1000 * results["features"][name]["least"] for name in ("ours", "again"))
        yield FEATURES_HELD.format(kept=kept, again=again, times=again / kept, **ENCODED)


def main() -> None:
    """Measures what is named, else all."""
    names = [f"{family} {qubits}" for family in BODIES for qubits in SIZES]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=float, default=20.0, help="seconds for each case")
    parser.add_argument("cases", nargs="*", help=f"{', '.join(names)}, features")
    given = parser.parse_args()
    install("pennylane", read_peers()["environments"]["pennylane"])
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    for name in given.cases or [*names, "features"]:
        family, _, qubits = name.rpartition(" ")
        if name == "features":
            results[name] = measure_features(given.limit)
        else:
            results[name] = measure_model(family, int(qubits), given.limit)
        print(name, {side: round(1000 * m["least"], 1) for side, m in results[name].items()})
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        PAGE.write_text("\n".join(page(results)).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
