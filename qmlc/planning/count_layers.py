"""The work of a layer of torch's, by the row of `ops.layers` that it is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from qmlc.ops.functions import FUNCTIONS
from qmlc.ops.layer_parameters import layer_parameters
from qmlc.planning.count_products import ATTENTION, count_product
from qmlc.planning.step import Array, Step, shape_text
from qmlc.planning.work import NUMBER, Work, mean_size

Arguments = Mapping[str, Any]
CALLED = {"layer": 1.0, "function": 1.0}
EXPONENTIAL = frozenset({"softmax2d", "glu", "rrelu"})
DROPOUTS = ("dropout", "alpha_dropout", "feature_alpha_dropout")


def layer_size(name: str, arguments: Arguments) -> int:
    """How many parameters a layer has."""
    return sum(math.prod(shape) for shape in layer_parameters(name, arguments).values())


def count_layer(
    name: str, arguments: Arguments, inputs: Sequence[Array], output: Array, frozen: bool
) -> Step:
    """The step that a layer is; `frozen` where its parameters do not learn."""
    if name.startswith("transformer") or name == "multihead_attention":
        return _transformer(name, arguments, inputs, output, frozen)
    if name in ("rnn", "gru", "lstm"):
        return _recurrent(name, arguments, inputs, output, frozen)
    if name.startswith(("linear", "bilinear", "conv")) or name.endswith("_cell"):
        return _product(name, arguments, inputs, output, frozen)
    return _by_number(name, arguments, inputs, output, frozen)


def _product(
    name: str, arguments: Arguments, inputs: Sequence[Array], output: Array, frozen: bool
) -> Step:
    """Each output is a sum over a row of the weights."""
    shapes = layer_parameters(name, arguments)
    weights = sum(math.prod(shape) for shape in shapes.values() if len(shape) > 1)
    first = next(iter(shapes.values()))
    rows = _rows(name, first, output)
    sizes = (max(rows, 1), first[0], max(weights // first[0], 1))
    flops = 2.0 * rows * weights
    moved = sum(x.bytes for x in inputs) + output.bytes + NUMBER * weights
    size = mean_size(*sizes)
    convolves = name.startswith("conv")  # oneDNN lays its operands out anew
    calls = {"layer": 1.0, "function": 16.0 if convolves else 2.0}
    strided = {"strided": 4.0 * output.size} if convolves else {}
    work = Work(calls, strided, moved=moved, products=((flops, size),))
    times = sum(x.learns for x in inputs) + (not frozen)
    back = Work(
        {"recorded": (16.0 if convolves else 2.0) * times},
        strided,
        moved=times * moved,
        products=((flops, size),) * times,
    )
    kept = output.bytes if times else 0
    how = f"{name} {shape_text(inputs[0].shape)} -> {shape_text(output.shape)}"
    return Step("linear", how, work, work, back if times else Work(), kept=kept)


def _rows(name: str, weight: tuple[int, ...], output: Array) -> int:
    """How often the weights are gone through."""
    if name.startswith("conv"):
        return output.size // (weight[0] if "transpose" not in name else weight[1])
    return output.size // output.shape[-1] if output.shape else 1


def _by_number(
    name: str, arguments: Arguments, inputs: Sequence[Array], output: Array, frozen: bool
) -> Step:
    """What goes once over its numbers: normalisations, look-ups, pooling, dropout."""
    size = max(output.size, inputs[0].size)
    moved = float(sum(x.bytes for x in inputs) + output.bytes)
    numbers: dict[str, float] = {"exponential": size} if name in EXPONENTIAL else {}
    forward = Work(CALLED, numbers, moved=moved, other=size)
    how = f"{name} {shape_text(output.shape)}"
    learns = output.learns or (not frozen and layer_size(name, arguments) > 0)
    if name.startswith("dropout") or name in DROPOUTS:
        if not arguments.get("p"):
            how, training = name, Work({"layer": 1})
        else:
            drawn = output.size if name in DROPOUTS else output.size // max(output.shape[-1], 1)
            training = Work({"layer": 1, "function": 3}, {"random": drawn}, moved=3 * moved)
        return Step("layer", how, Work({"layer": 1}), training, _back(training, learns),
                    kept=2 * output.bytes if learns else 0)  # fmt: skip
    if name in ("flatten", "unflatten", "identity"):
        view = Work({"layer": 1, "view": 1})
        return Step("layer", name, view, view, Work({"recorded": 0.6}) if learns else Work())
    if name.startswith("embedding"):
        table = NUMBER * layer_size(name, arguments)
        forward = Work({"layer": 1, "function": 4}, {"strided": output.size}, moved=moved)
        back = Work({"recorded": 2}, {"strided": 2 * output.size}, moved=moved + 2 * table)
        return Step("layer", how, forward, forward, back if learns else Work())
    if name.endswith("norm") or "_norm" in name:
        forward = Work({"layer": 1, "function": 2}, {"exponential": 2 * size}, moved=moved,
                       other=8 * size)  # fmt: skip
    elif "pool" in name:
        windows = arguments.get("kernel_size", 1)
        each = math.prod(windows) if isinstance(windows, tuple) else windows
        work = output.size * (each if isinstance(each, int) else 1)
        forward = Work({"layer": 1, "function": 4}, {"branch": max(work, size) / 2}, moved=moved)
    elif "pad" in name or "shuffle" in name:
        forward = Work({"layer": 1, "function": 2}, {"strided": output.size}, moved=moved)
    return Step("layer", how, forward, forward, _back(forward, learns),
                kept=output.bytes if learns else 0)  # fmt: skip


def _back(forward: Work, learns: bool) -> Work:
    """What gradients add to what goes over numbers."""
    if not learns:
        return Work()
    numbers = {name: count for name, count in forward.numbers.items() if name != "random"}
    return Work({"recorded": 1.5}, numbers, moved=2.0 * forward.moved, other=2 * forward.other)


def _transformer(
    name: str, arguments: Arguments, inputs: Sequence[Array], output: Array, frozen: bool
) -> Step:
    """Products with all weights, and attention once or (a decoder) twice."""
    shapes = layer_parameters(name, arguments)
    weights = sum(math.prod(shape) for shape in shapes.values() if len(shape) > 1)
    tokens = inputs[0].size // inputs[0].shape[-1]
    length = inputs[0].shape[-2]
    if not arguments.get("batch_first") and len(inputs[0].shape) == 3:
        length = inputs[0].shape[0]
    heads = arguments.get("num_heads", arguments.get("nhead", 1))
    width = inputs[0].shape[-1]
    query = Array((max(tokens // length, 1), heads, length, width // heads), "real", True)
    settings = {p.name: p.default for p in FUNCTIONS[ATTENTION].settings}
    attention = count_product(ATTENTION, (query,) * 3, query, settings)
    times = 2 if "decoder" in name else 1
    flops, moved = 2.0 * tokens * weights, 10.0 * output.bytes + NUMBER * weights
    forward = Work({"layer": 8, "function": 30}, {"strided": 4.0 * output.size}, moved=moved,
                   products=((flops, mean_size(tokens, width, width)),))  # fmt: skip
    back = Work({"recorded": 40}, {"strided": 4.0 * output.size}, moved=2 * moved,
                products=forward.products * 2)  # fmt: skip
    for _ in range(times):
        forward += attention.forward
        back += attention.backward
    learns = output.learns or not frozen
    how = f"{name} {shape_text(output.shape)}"
    return Step("layer", how, forward, forward, back if learns else Work(),
                kept=12 * output.bytes if learns else 0)  # fmt: skip


def _recurrent(
    name: str, arguments: Arguments, inputs: Sequence[Array], output: Array, frozen: bool
) -> Step:
    """A product for each step of time, one after the other."""
    shapes = layer_parameters(name, arguments)
    weights = sum(math.prod(shape) for shape in shapes.values() if len(shape) > 1)
    x = inputs[0]
    place = -2 if arguments.get("batch_first") or len(x.shape) == 2 else 0
    length = x.shape[place]
    samples = max(x.size // x.shape[-1] // length, 1)
    flops = 2.0 * samples * length * weights
    size = mean_size(samples, weights // x.shape[-1], arguments["hidden_size"])
    steps = length * arguments.get("num_layers", 1) * (1 + bool(arguments.get("bidirectional")))
    gates = {"exponential": 4.0 * samples * steps * arguments["hidden_size"]}
    forward = Work({"layer": 1, "function": 4.0 * steps}, gates, products=((flops, size),))
    back = Work({"recorded": 5.0 * steps}, gates, products=((flops, size),) * 2)
    learns = output.learns or not frozen
    how = f"{name} {shape_text(x.shape)}, {length} steps one after the other"
    return Step("layer", how, forward, forward, back if learns else Work(),
                kept=6 * output.bytes if learns else 0)  # fmt: skip
