"""The options of a `train` block as written, and as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qmlc.check.bind_arguments import argument_at
from qmlc.check.blocks.elaborate_constructor import elaborate_constructor, plain_option
from qmlc.check.blocks.elaborate_data import Kinds
from qmlc.check.blocks.read_device import read_noise
from qmlc.check.errors.names import AlreadyDeclared, UnknownName
from qmlc.check.errors.training import BadOption
from qmlc.check.errors.types import Misplaced
from qmlc.check.frame import Frame
from qmlc.check.run_block import run_block
from qmlc.check.values import Stop, describe, fail
from qmlc.ir.program import Call, Data
from qmlc.ops.optimizers import CALLED, Constructor
from qmlc.ops.option_ranges import OPTION_RANGES
from qmlc.ops.train_options import EITHER, NEED_DATA, TRAIN_OPTIONS
from qmlc.source.diagnostic import Label
from qmlc.source.nearest import propose_nearest
from qmlc.source.span import Span
from qmlc.syntax import tree

KINDS = {"model": "model", "svm": "support-vector machine"}
"""What is trained, by the word that train options know it by."""

Made = tuple[Data, Kinds, dict[str, Span]]
"""A data block, the types of its fields, and where each is made."""


def find_data(frame: Frame, block: tree.TrainBlock, data: dict[str, Made]) -> Made | None:
    """The data block that a train block names, or None where it names none."""
    if block.data is None:
        return None
    if block.data.name not in data:
        if isinstance(frame.module.declared.get(block.data.name), tree.DataBlock | tree.Lost):
            raise Stop(None)
        fail(
            UnknownName,
            block.data,
            f"there is no data block `{block.data.name}`",
            "not declared",
            propose_nearest(block.data.name, data, "declare it: `data d = csv(…) { … }`"),
        )
    return data[block.data.name]


def written_options(
    frame: Frame, block: tree.TrainBlock, kind: str = "model"
) -> dict[str, tree.Expression]:
    """The options of a block of this kind as written; `let`s are run on the way."""
    options: dict[str, tree.Expression] = {}
    for statement in block.block.statements:
        if isinstance(statement, tree.Let):
            run_block(frame, tree.Block(statement.span, (statement,)))
            continue
        if not isinstance(statement, tree.Assign) or len(statement.names) != 1:
            fail(
                Misplaced,
                statement,
                "a train block holds lines `option = value` and `let`s",
                "not here",
            )
        name = statement.names[0]
        known = [name for name, row in TRAIN_OPTIONS.items() if kind in row.blocks]
        with frame.session.recover():
            if name.name not in known:
                fail(
                    BadOption,
                    name,
                    f"the training of a {KINDS[kind]} has no option `{name.name}`",
                    "not known",
                    propose_nearest(name.name, known, "there are " + ", ".join(known)),
                )
            if name.name in options:
                fail(AlreadyDeclared, name, f"`{name.name}` is given twice", "again here")
            options[name.name] = statement.value
    return options


def option_values(
    frame: Frame, nodes: Mapping[str, tree.Expression]
) -> tuple[tuple[str, Any], ...]:
    """The options as plain data; those that do not fit are reported and left out."""
    options = []
    for name, node in nodes.items():
        with frame.session.recover():
            options.append((name, _option_value(frame, name, node)))
    return tuple(options)


def _option_value(frame: Frame, name: str, node: tree.Expression) -> Any:
    if name in CALLED:
        rows = CALLED[name]
        call = elaborate_constructor(frame, node, rows, name)
        _check_ranges(frame, node, call, rows[call.function])
        return call
    if name == "noise":
        return read_noise(frame, node)
    words = name in ("precision", "device", "groups") and isinstance(node, tree.Identifier)
    value = node.span.text if words else plain_option(frame, node)
    row = TRAIN_OPTIONS[name]
    if not row.fits(value):
        fail(BadOption, node, f"`{name}` takes {row.takes}", f"this is {describe(value)}")
    return value


def _check_ranges(frame: Frame, node: tree.Node, call: Call, row: Constructor) -> None:
    """Report each argument of an optimizer, schedule or gradient that is out of its range."""
    defaults = {parameter.name: parameter.default for parameter in row.parameters}
    names = list(defaults)
    given = (*zip(names, call.arguments, strict=False), *call.keywords)
    for name, value in given:
        known = OPTION_RANGES.get(name)
        if known is not None and value != defaults[name] and not known.fits(value):
            at, shown = argument_at(node, names.index(name), name), describe(value)
            what = f"`{name}` of `{call.function}` takes {known.takes}"
            with frame.session.recover():
                fail(BadOption, at, what, f"this is {shown}")


def check_together(
    frame: Frame, block: tree.TrainBlock, options: dict[str, tree.Expression]
) -> None:
    """Refuse options that contradict each other, or that mean nothing without data."""
    for first, second, why in EITHER:
        if first in options and second in options:
            with frame.session.recover():
                fail(
                    BadOption,
                    options[second],
                    f"`{first}` and `{second}` {why}",
                    "again here",
                    "give either",
                    (Label(options[first].span, "said here"),),
                )
    for name in NEED_DATA:
        if block.data is None and name in options:
            with frame.session.recover():
                proposal = "give `steps`" if name == "epochs" else "leave it out"
                what = f"without data there is no `{name}`"
                fail(BadOption, options[name], what, "no examples to count", proposal)
