"""Measures how long a part of a program takes: forward, and forward and backward."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from qmlc.ir.program import Unit
from qmlc.planning.step import Array
from qmlc.program import LoadedProgram

LEAST_CALLS = 5
CLASSES = 2
"""Whole numbers are drawn below this: they may be words or classes of which there are few."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of the fastest of many calls; `gradient` includes the forward pass in training."""

    forward: float
    gradient: float | None
    """None where nothing learns."""


def measure_part(
    loaded: LoadedProgram, unit: Unit, arguments: Sequence[Any], seconds: float = 1.0
) -> Measured:
    """A unit on random tensors of the shapes of `arguments`, on one thread, for some seconds."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        module = loaded.class_named(unit.class_name)(**dict(unit.settings))
        tensors = [draw(argument) for argument in arguments]
        forward = _forward_time(module, tensors, seconds / 2)
        return Measured(forward, _gradient_time(module, tensors, seconds / 2))
    finally:
        torch.set_num_threads(threads)


def draw(argument: Any) -> Any:
    """Random numbers for an array, or a record of them."""
    if isinstance(argument, Mapping):
        return SimpleNamespace(**{name: draw(part) for name, part in argument.items()})
    assert isinstance(argument, Array)
    match argument.kind:
        case "int":
            return torch.randint(0, CLASSES, argument.shape)
        case "bool":
            return torch.ones(argument.shape, dtype=torch.bool)
        case "complex":
            return torch.randn(argument.shape, dtype=torch.complex64)
        case _:
            return torch.rand(argument.shape)


def _forward_time(module: nn.Module, tensors: Sequence[Any], seconds: float) -> float:
    module.eval()
    with torch.no_grad():
        return best_time(lambda: module(*tensors), seconds)


def _gradient_time(module: nn.Module, tensors: Sequence[Any], seconds: float) -> float | None:
    module.train()

    def step() -> None:
        module.zero_grad(set_to_none=True)
        found = _learning(module(*tensors))
        torch.autograd.backward(found, [torch.ones_like(x) for x in found])

    if not _learning(module(*tensors)):
        return None
    return best_time(step, seconds)


def _learning(result: Any) -> list[Tensor]:
    """The tensors of a result that gradients go through."""
    parts = result if isinstance(result, tuple) else (result,)
    return [x for x in parts if isinstance(x, Tensor) and x.requires_grad]


def best_time(call: Callable[[], object], seconds: float) -> float:
    """Seconds of the fastest call, of as many as there is time for."""
    call()
    end = time.perf_counter() + seconds
    times: list[float] = []
    while len(times) < LEAST_CALLS or time.perf_counter() < end:
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return min(times)
