"""The work of a module from elsewhere, as far as its files tell."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from qmlc.ir.program import Unit
from qmlc.ops.find_pretrained import NotFound, find_pretrained
from qmlc.ops.pretrained import HUGGING_FACE
from qmlc.ops.safetensors_header import Unreadable, read_header
from qmlc.ops.tunings import Frozen, Lora
from qmlc.planning.step import Array, Step, shape_text
from qmlc.planning.work import NUMBER, Work, mean_size

CALLS = 10.0
"""Functions of torch for each matrix of a transformer: biases, heads, norms, and Python's share."""
TABLES = "embed"
"""What the names of matrices hold that are looked up, not multiplied with."""

Shapes = Mapping[str, tuple[int, ...]]


def count_pretrained(unit: Unit, inputs: Sequence[Any], frozen: bool, shapes: Shapes) -> Step:
    """The step that an extern unit is: two operations for each number of its matrices and token."""
    tokens = [x for x in inputs if isinstance(x, Array)]
    matrices = [s for name, s in shapes.items() if len(s) == 2 and TABLES not in name]
    if not tokens or not matrices:
        return Step("pretrained", f"{unit.name}: code of its own, not counted", Work(), Work())
    weights = sum(math.prod(shape) for shape in matrices)
    count, width = tokens[0].size, min(map(min, matrices))
    values = float(count * sum(shape[0] for shape in matrices))  # what all products yield
    products = ((2.0 * count * weights, mean_size(count, width, width)),)
    calls = CALLS * len(matrices)
    numbers = {"exponential": values, "strided": 2 * values}
    moved = NUMBER * (weights + 6 * values)
    work = Work({"function": calls}, numbers, moved=moved, products=products)
    tune = None if unit.extern is None else dict(unit.extern.keywords).get("tune")
    still = frozen or isinstance(tune, Frozen)
    back = Work()
    if not still:
        times = 1 if isinstance(tune, Lora) else 2  # its weights themselves get no gradients
        back = Work({"recorded": calls}, numbers, moved=2 * moved, products=products * times)
    how = f"{unit.name} {shape_text(tokens[0].shape)}: {weights:,} weights in products"
    return Step("pretrained", how + (", frozen" if still else ""), work, work, back,
                kept=0 if still else int(6 * NUMBER * values))  # fmt: skip


def pretrained_shapes(unit: Unit, folders: Sequence[Path]) -> Shapes:
    """The shapes of the tensors of a pretrained unit by name; {} where they are not known."""
    call = unit.extern
    if call is None or call.function != HUGGING_FACE:
        return {}
    path = dict(call.keywords).get("path", "")
    try:
        files = sorted(find_pretrained(path, folders).glob("*.safetensors"))
        headers = [read_header(file) for file in files]
    except (OSError, NotFound, Unreadable):
        return {}
    return {
        name: tuple(said.get("shape", ())) for header in headers for name, said in header.items()
    }
