"""Whether two graphs have one value, tried on random tensors of random shapes in float64 numpy."""

from __future__ import annotations

import numpy as np

from qmlc.ir.evaluate_graph import Tensor, evaluate_graph
from qmlc.ir.rules import GraphRule
from qmlc.types.polynomial import Polynomial, Symbol, Value, lift
from qmlc.types.tensors import TensorType

ROUNDS = 12
REST = Symbol("...")
SIZES = (2, 3, 1, 4)


def compare_graphs(rule: GraphRule) -> tuple[str, str]:
    """Where the values of the two sides differ, and a proposal; empty texts where they do not.

    In every second round, leading dimensions and sizes of 1 are drawn that broadcast; what the left
    side does not take is drawn again. `Unknown` where a function is not computed here.
    """
    random = np.random.default_rng(0)
    compared = 0
    for attempt in range(ROUNDS):
        numbers = _numbers(rule, random)
        try:
            tensors = [_tensor(kind, numbers, random, attempt % 2 == 1) for _, kind in rule.inputs]
            before = evaluate_graph(rule.before, tensors, numbers)
        except ValueError:
            continue  # there are no such shapes, or they do not broadcast
        compared += 1
        given = [f"{s} = {numbers[s]}" for s in rule.symbols]
        shapes = zip(rule.inputs, tensors, strict=True)
        given += [f"`{name}` of shape {list(t.shape)}" for (name, _), t in shapes]
        where = f"with {', '.join(given)}, "
        try:
            after = evaluate_graph(rule.after, tensors, numbers)
        except ValueError:
            return f"{where}the left side has a value, the right side none", ""
        difference, proposal = _difference(before, after)
        if difference:
            return where + difference, proposal
    return ("", "") if compared else ("the left side has no value on random tensors", "")


def _numbers(rule: GraphRule, random: np.random.Generator) -> dict[Symbol, Value]:
    """A number for each symbol, a size for each dimension, and two leading dimensions."""
    numbers: dict[Symbol, Value] = {}
    dims = [d for _, kind in rule.inputs for d in kind.dims]
    for symbol in dict.fromkeys(s for d in dims for s in lift(d).symbols()):
        numbers[symbol] = int(random.choice(SIZES))
    for symbol in rule.symbols:
        numbers[symbol] = round(float(random.normal()), 3)
    return numbers


def _tensor(
    kind: TensorType, numbers: dict[Symbol, Value], random: np.random.Generator, broadcast: bool
) -> Tensor:
    shape: list[int] = []
    for dim in kind.dims:
        if isinstance(dim, Polynomial) and REST in dim.symbols():
            leading = [2, 3][: 2 - int(random.integers(3)) if broadcast else 2]
            shape += leading
            continue
        size = lift(dim).substitute(numbers)
        if not isinstance(size, int) or size < 0:
            raise ValueError(size)
        shape.append(1 if broadcast and random.integers(4) == 0 else size)
    if kind.dtype == "bool":
        return random.random(shape) < 0.7
    if kind.dtype == "int":
        return random.integers(-3, 4, shape)
    if kind.dtype == "complex":
        return random.normal(size=shape) + 1j * random.normal(size=shape)
    return random.normal(size=shape)


def _difference(before: Tensor, after: Tensor) -> tuple[str, str]:
    if before.shape != after.shape:
        return f"the left side has shape {list(before.shape)}, the right {list(after.shape)}", ""
    same = np.isclose(before, after, rtol=1e-9, atol=1e-11, equal_nan=True)
    if same.all():
        return "", ""
    place = tuple(int(i) for i in np.argwhere(~same)[0])
    left, right = before[place], after[place]
    name = f"element {list(place)}" if place else "the value"
    text = f"{name} is {left:.6g} on the left, {right:.6g} on the right"
    ratio = left / right if right else np.nan
    if before.size > 1 and np.allclose(before, ratio * after):
        return text, f"only a factor is missing: multiply the right side by {ratio:.6g}"
    return text, ""
