"""How long one training step of a circuit takes, in qmlc and in its peers; README.md explains."""

from __future__ import annotations

import argparse
import gc
import importlib.metadata
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import peers
import torch
from torch import Tensor

import qmlc

EXAMPLES = Path(__file__).parent.parent / "examples"
TOLERANCE = 1e-4
TURNS, TURNS_IF_SLOW = 20, 5
"""Calls take turns: three runs a turn, or one of a call that takes more than SLOW milliseconds."""
SLOW = 500
PACKAGES = ("torch", "pennylane", "pennylane-lightning")
IRIS, ISING = "iris/iris.hqm", "ising_dynamics/ising_dynamics.hqm"


class Case(NamedTuple):
    """A circuit of an example program, and the same in PennyLane."""

    name: str
    program: str
    circuit: str
    settings: dict[str, int]
    input_shape: tuple[int, ...] | None
    peer: Callable[..., Any]


class Side(NamedTuple):
    """One system on one case: `call` computes from `leaves`."""

    name: str
    call: Callable[[], Tensor]
    leaves: list[Tensor]

    def forward(self) -> Tensor:
        """The values, without gradients."""
        with torch.no_grad():
            return self.call()

    def step(self) -> tuple[Tensor, ...]:
        """The gradients of a weighted sum of the values, for weights and inputs."""
        values = self.call()
        weights = torch.linspace(-1, 2, values.numel(), dtype=values.dtype)
        return torch.autograd.grad((values.reshape(-1) * weights).sum(), self.leaves)


CASES = (
    Case("4 qubits, 3 layers, batch 16", IRIS, "vqc", {"n": 4, "layers": 3}, (16, 4),
         peers.classifier),
    Case("4 qubits, 3 layers, batch 256", IRIS, "vqc", {"n": 4, "layers": 3}, (256, 4),
         peers.classifier),
    Case("8 qubits, 6 layers, batch 64", IRIS, "vqc", {"n": 8, "layers": 6}, (64, 8),
         peers.classifier),
    Case("6-qubit quench, batch 30", ISING, "quench", {"n": 6, "steps": 20}, (30,),
         partial(peers.quench, n=6, steps=20)),
    Case("8-qubit ground state, depth 8", ISING, "ground_state", {"n": 8, "depth": 8}, None,
         partial(peers.ground_state, n=8)),
)  # fmt: skip


def make_sides(case: Case) -> list[Side]:
    """The truth, qmlc and its peers, all with the same weights and inputs."""
    torch.manual_seed(0)
    module = getattr(qmlc.load(EXAMPLES / case.program), case.circuit)(**case.settings)
    inputs = [torch.rand(case.input_shape, requires_grad=True)] if case.input_shape else []
    leaves = [*inputs, *module.parameters()]
    exact = [leaf.detach().double().requires_grad_() for leaf in leaves]
    n = case.settings["n"]
    truth = peers.node("default.qubit", case.peer, n)
    sides = [Side("truth", partial(truth, *exact), exact)]
    sides.append(Side("qmlc", partial(module, *inputs), leaves))
    for device in peers.DEVICES:
        call = partial(peers.node(device, case.peer, n), *leaves)
        sides.append(Side(device, call, leaves))
    return sides


def error(side: Side, truth: Side) -> float:
    """The largest deviation of values and gradients, relative where they are above 1."""
    pairs = zip((side.forward(), *side.step()), (truth.forward(), *truth.step()), strict=True)
    flat = [(found.double().reshape(-1), true.reshape(-1)) for found, true in pairs]
    return (
        torch.stack([(a - b).abs().max() / b.abs().max().clamp_min(1) for a, b in flat])
        .max()
        .item()
    )


def measure(calls: list[Callable[[], object]]) -> list[list[float]]:
    """Milliseconds of many runs of each call, in turns."""
    times: list[list[float]] = [[] for _ in calls]
    for turn in range(TURNS):
        for call, taken in zip(calls, times, strict=True):
            slow = bool(taken) and min(taken) > SLOW
            if slow and turn >= TURNS_IF_SLOW:
                continue
            gc.collect()  # what the others left behind is not this one's to clear away
            if not slow:
                call()
            for _ in range(1 if slow or turn == 0 else 3):
                start = time.perf_counter()
                call()
                taken.append(1e3 * (time.perf_counter() - start))
    return times


def digits(number: float) -> str:
    """A number with three digits that count."""
    return f"{float(f'{number:.3g}'):g}"


def rows(case: Case) -> Iterator[str]:
    """The lines of the table for a case."""
    truth, *sides = make_sides(case)
    errors = [error(side, truth) for side in sides]
    for title, method in (("forward", Side.forward), ("forward + backward", Side.step)):
        times = measure([partial(method, side) for side in sides])
        cells = [case.name, title]
        for taken, wrong in zip(times, errors, strict=True):
            ratio = f", **{digits(min(taken) / min(times[0]))}×**" if taken is not times[0] else ""
            few = f" ({len(taken)} runs)" if len(taken) < 20 else ""
            cell = f"{digits(min(taken))} / {digits(statistics.median(taken))}{few}{ratio}"
            cells.append(cell if wrong < TOLERANCE else f"off by {wrong:.1g}")
        yield f"| {' | '.join(cells)} |"


def setting() -> str:
    """The processor, and the versions of all that runs."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    name = next((x.split(": ")[1] for x in lines if x.startswith("model name")), platform.machine())
    versions = [f"{package} {importlib.metadata.version(package)}" for package in PACKAGES]
    return ", ".join([name, f"Python {platform.python_version()}", *versions])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="cases whose name holds this text")
    parser.add_argument("--double", action="store_true", help="everything in double precision")
    options = parser.parse_args()
    if os.environ.get("OMP_NUM_THREADS") != "1":
        raise SystemExit("set OMP_NUM_THREADS=1: every system gets one thread")
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64 if options.double else torch.float32)
    print(f"{setting()}\n\n| case | pass | qmlc | {' | '.join(peers.DEVICES)} |")
    print("|---" * 5 + "|")
    for case in CASES:
        if options.only in case.name:
            for row in rows(case):
                print(row, flush=True)


if __name__ == "__main__":
    main()
