"""Measures what work costs on this host, in a few seconds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional as F

from qmlc.costs.host_costs import Curve, HostCosts
from qmlc.costs.read_costs import measured_file, processor_name, typical_costs, write_costs
from qmlc.planning.count_circuits import Runs, count_circuit
from qmlc.planning.measure_part import best_time
from qmlc.planning.work import Work, predict_seconds
from qmlc.program import compile
from qmlc.runtime.check_shapes import bind_dimensions

SECONDS = 0.06
"""For each number."""
MANY = 1 << 16
"""Numbers, where what one number costs is asked for."""
COLD = 1.3
"""In a model, calls find less in the caches than when one of them is called again and again."""
CHAIN = 10
"""Functions one after the other, of which gradients are taken."""

CIRCUIT = """
circuit one(x: real) -> real {
    param w: real ~ uniform(0, 1)
    qubit q
    ry(x * w) q
    return expval(Z(q))
}

circuit many(x: real[8]) -> real[8] {
    param w: real[6, 8, 2] ~ uniform(0, 1)
    qubit q[8]
    for l in range(6) {
        ry(x) q
        for i in range(8) {
            rz(w[l, i, 0]) q[i]
            ry(w[l, i, 1]) q[i]
        }
        for a, b in ring(q) { cx a, b }
    }
    return expval(Z(q))
}
"""


def keep_measured_costs(output: Path | None) -> str:
    """Measure, and write it where it is looked for, or to `output`; what to say of it."""
    path = output or measured_file()
    if path is None:
        return "there is no folder to keep it in: give -o FILE"
    write_costs(measure_host(), path)
    return f"{path}: {path.read_text(encoding='utf-8')}"


def measure_host() -> HostCosts:
    """What work costs here, on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        usual = typical_costs()
        with torch.no_grad():
            calls = _calls()
            calls["head"], score = _attention()
            found = replace(
                usual,
                processor=processor_name(),
                seconds={**usual.seconds, **calls},
                seconds_a_number={**_numbers(calls["function"]), "score": score},
                bytes_a_second=_bytes(calls["function"]),
                products_a_second=_products(calls["function"]),
            )
        return _circuits(replace(found, seconds={**found.seconds, **_gradients(calls)}))
    finally:
        torch.set_num_threads(threads)


def _time(call: Callable[[], object], repeats: int = 1) -> float:
    """Seconds of one call."""

    def calls() -> None:
        for _ in range(repeats):
            call()

    return best_time(calls, SECONDS) / repeats


def _calls() -> dict[str, float]:
    """Calls on a few numbers."""
    x, layer = torch.rand(4, 4), nn.Linear(4, 4)
    function = sum(_time(f, 50) for f in (lambda: x + x, lambda: x.tanh(), lambda: x.sum(0))) / 3
    view = _time(lambda: x.view(2, 8), 50)
    linear = _time(lambda: F.linear(x, layer.weight, layer.bias), 50)
    found = {
        "function": function,
        "view": view,
        "rearrange": max(_time(lambda: rearrange(x, "a b -> b a"), 50) - view, view),
        "layer": max(_time(lambda: layer(x), 50) - linear, 0)
        + max(linear - 2 * function, function),
        "unit": _time(lambda: bind_dimensions("m", {"x": "real[B, 4]"}, {"x": x}), 50),
    }
    return {name: COLD * seconds for name, seconds in found.items()}


def _gradients(calls: Mapping[str, float]) -> dict[str, float]:
    """A backward pass of a few functions, and of more."""
    x = torch.rand(4, 4, requires_grad=True)

    def run(length: int) -> Callable[[], object]:
        def step() -> None:
            y = x
            for _ in range(length):
                y = y.tanh()
            torch.autograd.backward(y, x)

        return step

    short, long = (_time(run(length), 10) for length in (1, 1 + CHAIN))
    each = (long - short) / CHAIN
    recorded = max(COLD * each - calls["function"], calls["function"])
    return {"recorded": recorded, "gradient": max(short - each, recorded)}


def _numbers(function: float) -> dict[str, float]:
    """Single numbers of many, without the bytes that they are."""
    x = torch.rand(MANY) - 0.5
    square = x.view(256, -1)

    def each(call: Callable[[], Tensor]) -> float:
        return max((_time(call, 2) - function) / MANY, 1e-12)

    plain = each(lambda: x + x)
    return {
        "exponential": max(each(lambda: x.tanh()) - plain, 1e-11),
        "branch": max(each(lambda: torch.where(x > 0, x, 0.0)) - plain, 1e-11),
        "random": max(each(lambda: F.dropout(x, 0.1)) - 3 * plain, 1e-11),
        "strided": max(each(lambda: square.mT.contiguous()) - plain, 1e-11),
    }


def _bytes(function: float) -> Curve:
    """Copies, by what is read and written."""
    speeds = {}
    for size in (1 << 14, 1 << 20, 1 << 23, 1 << 26):
        x = torch.zeros(size // 8)
        seconds = _time(lambda x=x: x + 1.0, max(1, (1 << 18) // size)) - function  # type: ignore[misc]
        speeds[float(size)] = size / max(seconds, function / 10)
    return _curve(speeds)


def _products(function: float) -> Curve:
    """Products of square matrices."""
    speeds = {}
    for side in (4, 16, 32, 64, 128, 256, 768):
        x = torch.rand(max(64 // side, 1) * side, side)
        y = x[:side].clone()
        flops = 2 * len(x) * side**2
        repeats = max(1, (1 << 22) // flops)
        seconds = _time(lambda x=x, y=y: x @ y, repeats) - function  # type: ignore[misc]
        speeds[float(side)] = flops / max(seconds, function / 10)
    return _curve(speeds)


def _attention() -> tuple[float, float]:
    """Seconds of a head, and of a score."""
    sizes = (24, 128)
    few, many = (torch.rand(8, 8, keys, 4) for keys in sizes)
    short, long = (_time(lambda x=x: F.scaled_dot_product_attention(x, x, x)) for x in (few, many))  # type: ignore[misc]
    score = max(long - short, short / 10) / (64 * (sizes[1] ** 2 - sizes[0] ** 2))
    return max(short / 64 - score * sizes[0] ** 2, short / 640), score


def _curve(speeds: Mapping[float, float]) -> Curve:
    return Curve(tuple(speeds), tuple(speed / COLD for speed in speeds.values()))


def _circuits(costs: HostCosts) -> HostCosts:
    """The costs of rows as usual, times what a circuit of many gates takes here."""
    program = compile(CIRCUIT)
    one, many = _module_times(program.one(), (1,)), _module_times(program.many(), (32, 8))
    seconds = {**costs.seconds, "circuit": one[0], "circuit_gradient": one[1]}
    costs = replace(costs, seconds=seconds)
    step = count_circuit("many", Runs(program.program.unit("Many").circuit, 32, True))  # type: ignore[arg-type]
    rows = dict(costs.seconds_a_row)
    for work, time, suffix in ((step.forward, many[0], ""), (step.backward, many[1], "_back")):
        calls = predict_seconds(Work(work.calls), costs)
        usual = predict_seconds(replace(work, calls={}), costs)
        factor = max(time - calls, usual / 10) / usual
        rows |= {k: v * factor for k, v in rows.items() if k.endswith("_back") == bool(suffix)}
    return replace(costs, seconds_a_row=rows)


def _module_times(module: Any, shape: tuple[int, ...]) -> tuple[float, float]:
    """Seconds forward, and what a backward pass takes beside them."""
    x = torch.rand(shape)
    with torch.no_grad():
        forward = _time(lambda: module(x), 10)

    def step() -> None:
        module.zero_grad(set_to_none=True)
        module(x).sum().backward()

    return forward, max(_time(step, 10) - forward, forward)
