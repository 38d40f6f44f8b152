"""`last(k)` and `lora(rank=, targets=)`: how much of a pretrained model learns."""

from __future__ import annotations

from qmlc.check.errors.types import WrongArguments
from qmlc.check.frame import Frame
from qmlc.check.require_number import require_number
from qmlc.check.values import Value, describe, fail
from qmlc.ops.tunings import Last, Lora
from qmlc.syntax import tree


def make_last(
    frame: Frame, node: tree.Node, arguments: list[Value], keywords: dict[str, Value]
) -> Value:
    """The last blocks of a model."""
    blocks = require_number(frame, arguments[0], node, "the number of blocks")
    if blocks < 1:
        fail(WrongArguments, node, "`last` takes at least 1 block", f"this is {blocks}")
    return Last(blocks)


def make_lora(
    frame: Frame, node: tree.Node, arguments: list[Value], keywords: dict[str, Value]
) -> Value:
    """Adapters beside some layers of a model, with PEFT's defaults."""
    rank = require_number(frame, keywords.get("rank", 8), node, "`rank`")
    targets = keywords.get("targets")
    listed = targets if isinstance(targets, tuple) or targets is None else (targets,)
    if rank < 1 or not all(isinstance(name, str) for name in listed or ()):
        what = "`lora` takes a rank of at least 1, and the names of layers as targets"
        fail(WrongArguments, node, what, "does not fit", '`lora(rank=8, targets=["query"])`')
    alpha, dropout = keywords.get("alpha", 8), keywords.get("dropout", 0.0)
    for value in (alpha, dropout):
        if not isinstance(value, int | float):
            what = "`alpha` and `dropout` are numbers"
            fail(WrongArguments, node, what, f"this is {describe(value)}")
    return Lora(rank, listed, alpha, dropout)
