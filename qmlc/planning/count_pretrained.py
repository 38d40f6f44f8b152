"""The work of a module from elsewhere, as far as its files tell."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from qmlc.ir.program import Unit
from qmlc.ops.pretrained import HUGGING_FACE
from qmlc.ops.safetensors_header import Unreadable, read_header
from qmlc.planning.step import Array, Step, shape_text
from qmlc.planning.work import NUMBER, Work, mean_size

CALLS = 12
"""Functions of torch for each matrix of a transformer: biases, heads, norms, and Python's share."""


def count_pretrained(unit: Unit, inputs: Sequence[Any], frozen: bool) -> Step:
    """The step that an extern unit is: two operations for each number of its matrices and token."""
    call = unit.extern
    assert call is not None
    tokens = [x for x in inputs if isinstance(x, Array)]
    if call.function != HUGGING_FACE or not tokens:
        return Step("pretrained", f"{unit.name}: code of its own, not counted", Work(), Work())
    settings = dict(unit.settings) | dict(call.keywords)
    frozen = frozen or settings.get("tune") in ("frozen", None)
    shapes = _shapes(Path(str(call.arguments[0]))) if call.arguments else {}
    matrices = [s for name, s in shapes.items() if len(s) == 2 and "embedding" not in name]
    weights = sum(math.prod(shape) for shape in matrices)
    count = tokens[0].size
    width = max((min(shape) for shape in matrices), default=1)
    flops = 2.0 * count * weights
    moved = NUMBER * (weights + 6.0 * count * width * len(matrices))
    work = Work({"function": float(CALLS * len(matrices))},
                {"exponential": 4.0 * count * width * len(matrices) / 6}, moved=moved,
                products=((flops, mean_size(count, width, width)),))  # fmt: skip
    back = Work()
    if not frozen:
        back = Work({"recorded": float(CALLS * len(matrices))}, work.numbers, moved=2 * moved,
                    products=work.products * 2)  # fmt: skip
    tuned = "frozen" if frozen else "tuned"
    how = f"{unit.name} {shape_text(tokens[0].shape)}: {weights:,} weights, {tuned}"
    return Step("pretrained", how, work, work, back, kept=0 if frozen else int(moved))


def _shapes(folder: Path) -> Mapping[str, tuple[int, ...]]:
    """The shapes of the tensors in a model's folder; {} where they cannot be read."""
    try:
        header = read_header(folder / "model.safetensors")
    except (OSError, Unreadable):
        return {}
    return {name: tuple(said.get("shape", ())) for name, said in header.items()}
