"""`train` blocks: the loss becomes a unit, the options data."""

from __future__ import annotations

from typing import Any

from qmlc.check.elaborate_constructor import elaborate_constructor, plain_option
from qmlc.check.elaborate_data import Kinds
from qmlc.check.errors_names import AlreadyDeclared, NotAvailable, UnknownName, WrongKind
from qmlc.check.errors_training import BadLoss, BadOption
from qmlc.check.errors_types import Misplaced
from qmlc.check.evaluate import evaluate
from qmlc.check.frame import Frame, NetworkState
from qmlc.check.making import Units
from qmlc.check.operate import as_node
from qmlc.check.run_block import run_block
from qmlc.check.values import (
    Declared,
    Instance,
    Poison,
    Scope,
    Stop,
    Tensor,
    Value,
    describe,
    fail,
)
from qmlc.ir.program import Call, Data, Training, Unit
from qmlc.ops.metrics import METRICS
from qmlc.ops.optimizers import OPTIMIZERS, SCHEDULES
from qmlc.ops.train_options import TRAIN_OPTIONS
from qmlc.source.diagnostic import Label
from qmlc.source.nearest import nearest
from qmlc.source.span import Span
from qmlc.syntax import tree
from qmlc.types.polynomial import Polynomial
from qmlc.types.tensors import RecordType, TensorType

BATCH = Polynomial.symbol("B")
LOSSES_OF_NUMBERS = frozenset({"mse", "mse_loss", "mae", "l1_loss", "smooth_l1_loss", "huber_loss"})
LOSSES_OF_CLASSES = frozenset({"cross_entropy", "nll_loss"})
LOSSES = (
    LOSSES_OF_NUMBERS
    | LOSSES_OF_CLASSES
    | {"binary_cross_entropy", "binary_cross_entropy_with_logits"}
)
"""Losses of (scores, target), which metrics take from them."""


Made = tuple[Data, Kinds, dict[str, Span]]
"""A data block, the types of its fields, and where each is made."""


def elaborate_training(
    units: Units, outer: Frame, block: tree.TrainBlock, data: dict[str, Made]
) -> Training:
    """A train block; its loss becomes a unit of its own."""
    made = _data(outer, block, data)
    instance, name = _model(outer, block)
    frame = Frame(outer.session, outer.module, Scope(), network=NetworkState())
    assert frame.network is not None
    inputs = _bind_fields(frame, block, made)
    frame.scope.bind(name, instance)
    errors = len(frame.session.errors)
    given = _statements(frame, block)
    nodes = dict(given)
    loss_node, metrics_node = nodes.pop("loss", None), nodes.pop("metrics", None)
    _check_together(frame, block, nodes)
    options = []
    for key, node in nodes.items():
        with frame.session.recover():
            options.append((key, _option(frame, key, node)))
    metrics: tuple[Call, ...] = ()
    with frame.session.recover():
        metrics = _metrics(frame, metrics_node)
    if loss_node is None and len(frame.session.errors) > errors:
        raise Stop(None)  # the loss may be what is misspelt
    loss = _loss(frame, block, name, loss_node)
    if metrics_node is not None:
        _check_metrics(frame, metrics_node, metrics)
    unit = _loss_unit(units, frame, name, inputs, loss, bool(metrics), loss_node or block)
    _find_model(frame, block, instance, name)
    count = units.trained.get(name, 0) + 1
    units.trained[name] = count
    return Training(
        name if count == 1 else f"{name}_{count}",
        frame.network.submodules[name].target,
        name,
        unit.class_name,
        block.data.name if block.data is not None else None,
        tuple(n for n, _ in inputs),
        metrics,
        tuple(options),
        {"": block.model.span} | {key: node.span for key, node in given.items()},
    )


def _bind_fields(
    frame: Frame, block: tree.TrainBlock, made: Made | None
) -> tuple[tuple[str, TensorType], ...]:
    """Bind the fields that the block names to inputs of the loss, which are batched."""
    if made is None:
        return ()
    assert frame.network is not None
    _, kinds, places = made
    used = _used_names(block)
    inputs: list[tuple[str, TensorType]] = []
    for field, kind in kinds.items():
        if kind is None:
            frame.scope.bind(field, Poison())
        elif field in used:
            batched = TensorType(kind.dtype, (BATCH, *kind.dims))
            node = frame.network.graph.add("input", [], batched, name=field)
            frame.scope.bind(field, Tensor(node, batched), places[field])
            inputs.append((field, batched))
    return tuple(inputs)


def _loss(frame: Frame, block: tree.TrainBlock, name: str, node: tree.Expression | None) -> Tensor:
    """The number to minimise."""
    if node is None:
        fail(
            BadLoss,
            block.model,
            "this block does not say what to minimise",
            "no `loss = …`",
            f"write `loss = cross_entropy({name}(x), y)`, or any number",
        )
    loss = evaluate(frame, node)
    if isinstance(loss, Poison):
        raise Stop(None)
    tensor = as_node(frame, node, loss)
    if tensor.type.dims or tensor.type.dtype not in ("real", "int"):
        fail(
            BadLoss,
            node,
            "a loss is one number",
            f"this is `{tensor.type}`",
            "take its mean: `mean(…)`",
        )
    return tensor


def _data(frame: Frame, block: tree.TrainBlock, data: dict[str, Made]) -> Made | None:
    if block.data is None:
        return None
    if block.data.name not in data:
        if isinstance(frame.module.declared.get(block.data.name), tree.DataBlock | tree.Lost):
            raise Stop(None)
        close = nearest(block.data.name, data)
        fail(
            UnknownName,
            block.data,
            f"there is no data block `{block.data.name}`",
            "not declared",
            f"did you mean `{close}`?" if close else "declare it: `data d = csv(…) { … }`",
        )
    return data[block.data.name]


def _model(frame: Frame, block: tree.TrainBlock) -> tuple[Instance, str]:
    callee = block.model.function if isinstance(block.model, tree.Call) else block.model
    if isinstance(callee, tree.Identifier) and callee.name == "svm":
        fail(NotAvailable, callee, "support-vector machines are not trained yet", "not there yet")
    value = evaluate(frame, callee)
    if isinstance(value, Poison):
        raise Stop(None)
    if not isinstance(value, Declared) or value.kind not in ("model", "circuit", "layer"):
        fail(
            WrongKind,
            callee,
            "only models, layers and circuits are trained",
            f"this is {describe(value)}",
        )
    arguments: tuple[Value, ...] = ()
    keywords: tuple[tuple[str, Value], ...] = ()
    if isinstance(block.model, tree.Call):
        arguments = tuple(evaluate(frame, a) for a in block.model.arguments)
        keywords = tuple((k.name.name, evaluate(frame, k.value)) for k in block.model.keywords)
    return Instance(value, arguments, keywords, block.model.span, (), value.name), value.name


def _used_names(block: tree.TrainBlock) -> set[str]:
    names: set[str] = set()
    stack: list[Any] = [block.block]
    while stack:
        node = stack.pop()
        if isinstance(node, tree.Identifier):
            names.add(node.name)
        elif isinstance(node, tree.Node):
            stack += [getattr(node, s) for s in _slots(node)]
        elif isinstance(node, tuple):
            stack += node
    return names


def _slots(node: tree.Node) -> list[str]:
    """The fields that hold expressions; the names of options and keywords are none."""
    named = isinstance(node, tree.Assign | tree.Keyword)
    return [s for s in node.__slots__ if s != "span" and not (named and s in ("name", "names"))]


def _statements(frame: Frame, block: tree.TrainBlock) -> dict[str, tree.Expression]:
    """The options as written; `let`s are run on the way."""
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
        known = ["loss", "metrics", *TRAIN_OPTIONS]
        with frame.session.recover():
            if name.name in TRAIN_OPTIONS and not TRAIN_OPTIONS[name.name].ready:
                fail(
                    NotAvailable,
                    name,
                    f"the option `{name.name}` is not there yet",
                    "would be ignored",
                    "leave it out",
                )
            if name.name not in known:
                close = nearest(name.name, known)
                fail(
                    BadOption,
                    name,
                    f"a train block has no option `{name.name}`",
                    "not known",
                    f"did you mean `{close}`?" if close else "there are " + ", ".join(known),
                )
            if name.name in options:
                fail(AlreadyDeclared, name, f"`{name.name}` is given twice", "again here")
            options[name.name] = statement.value
    return options


def _metrics(frame: Frame, node: tree.Expression | None) -> tuple[Call, ...]:
    if node is None:
        return ()
    items = node.items if isinstance(node, tree.List) else (node,)
    return tuple(elaborate_constructor(frame, item, METRICS, "metric") for item in items)


def _option(frame: Frame, name: str, node: tree.Expression) -> Any:
    if name == "optimizer":
        return elaborate_constructor(frame, node, OPTIMIZERS, "optimizer")
    if name == "schedule":
        return elaborate_constructor(frame, node, SCHEDULES, "schedule")
    words = name in ("precision", "device") and isinstance(node, tree.Identifier)
    value = node.span.text if words else plain_option(frame, node)
    row = TRAIN_OPTIONS[name]
    if not row.fits(value):
        fail(BadOption, node, f"`{name}` takes {row.takes}", f"this is {describe(value)}")
    return value


def _check_together(
    frame: Frame, block: tree.TrainBlock, options: dict[str, tree.Expression]
) -> None:
    """Refuse options that contradict each other, or that mean nothing without data."""
    for first, second in (("epochs", "steps"), ("holdout", "validation")):
        if first in options and second in options:
            with frame.session.recover():
                fail(
                    BadOption,
                    options[second],
                    f"`{first}` and `{second}` say the same thing",
                    "again here",
                    "give either",
                    (Label(options[first].span, "said here"),),
                )
    for name in ("epochs", "batch", "holdout", "validation", "test", "accumulate"):
        if block.data is None and name in options:
            with frame.session.recover():
                proposal = "give `steps`" if name == "epochs" else "leave it out"
                what = f"without data there is no `{name}`"
                fail(BadOption, options[name], what, "no examples to count", proposal)


def _check_metrics(frame: Frame, node: tree.Expression, metrics: tuple[Call, ...]) -> None:
    """Refuse metrics of classes for a loss of numbers, and the other way round."""
    assert frame.network is not None
    losses = {n.operation for n in frame.network.graph.nodes if n.operation in LOSSES}
    places = node.items if isinstance(node, tree.List) else (node,)
    for place, call in zip(places, metrics, strict=True):
        row = METRICS[call.function]
        numbers, classes = bool(losses & LOSSES_OF_NUMBERS), bool(losses & LOSSES_OF_CLASSES)
        with frame.session.recover():
            if numbers and not classes and not row.numbers:
                fits = ", ".join(f"`{n}`" for n, r in METRICS.items() if r.numbers)
                what = f"`{call.function}` counts classes, and the loss compares numbers"
                fail(BadOption, place, what, "for classes", f"metrics of numbers are {fits}")
            if classes and not numbers and not (row.many or row.two):
                fits = ", ".join(f"`{n}`" for n, r in METRICS.items() if r.many or r.two)
                what = f"`{call.function}` compares numbers, and the loss is one of classes"
                fail(BadOption, place, what, "for numbers", f"metrics of classes are {fits}")


def _loss_unit(
    units: Units,
    frame: Frame,
    name: str,
    inputs: tuple[tuple[str, TensorType], ...],
    loss: Tensor,
    with_metrics: bool,
    place: tree.Node,
) -> Unit:
    """The unit whose forward yields the loss, and what the metrics need."""
    assert frame.network is not None
    graph = frame.network.graph
    parts = [("loss", loss.node, loss.type)]
    if with_metrics:
        pairs = list(dict.fromkeys(n.inputs[:2] for n in graph.nodes if n.operation in LOSSES))
        if len(pairs) != 1:
            fail(
                BadLoss,
                place,
                "metrics need one pair of scores and target in the loss",
                f"{len(pairs)} are there",
                "use one loss of (scores, target)",
            )
        for label, node in zip(("scores", "target"), pairs[0], strict=True):
            kind = graph.nodes[node].type
            assert isinstance(kind, TensorType)
            parts.append((label, node, kind))
    output = RecordType(tuple((label, kind) for label, _, kind in parts))
    record = graph.add(
        "record", [n for _, n, _ in parts], output, names=tuple(p for p, _, _ in parts)
    )
    unit = Unit(
        f"{name}_loss",
        units.class_name(f"{name}_loss"),
        "loss",
        inputs,
        output,
        graph=graph.build(record),
        submodules=tuple(frame.network.submodules.values()),
        doc=f"The loss of `train {name}`.",
    )
    units.order.append(unit)
    return unit


def _find_model(frame: Frame, block: tree.TrainBlock, instance: Instance, name: str) -> None:
    assert frame.network is not None
    if name not in frame.network.submodules:
        fail(
            BadLoss,
            block.model,
            f"the loss does not depend on `{name}`",
            "never called",
            f"write `loss = cross_entropy({name}(x), y)`",
        )
