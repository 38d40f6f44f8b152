"""`train` blocks: the loss becomes a unit, the options data."""

from __future__ import annotations

from qmlc.check.blocks.elaborate_machine import elaborate_machine, is_machine
from qmlc.check.blocks.elaborate_metrics import Pair, check_metrics, metric_calls
from qmlc.check.blocks.read_train_options import (
    Made,
    check_together,
    find_data,
    option_values,
    written_options,
)
from qmlc.check.errors.names import WrongKind
from qmlc.check.errors.training import BadLoss
from qmlc.check.evaluate import evaluate, require_value
from qmlc.check.frame import Frame, NetworkState
from qmlc.check.operate import as_node
from qmlc.check.units.making import Units
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
from qmlc.ir.program import Call, Training, Unit
from qmlc.ops.metrics import fields_of
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


def elaborate_training(
    units: Units, outer: Frame, block: tree.TrainBlock, data: dict[str, Made]
) -> Training:
    """A train block; its loss becomes a unit of its own."""
    made = find_data(outer, block, data)
    if is_machine(block):
        return elaborate_machine(units, outer, block, made)
    instance, name = _model(outer, block)
    frame = Frame(outer.session, outer.module, Scope(), network=NetworkState())
    assert frame.network is not None
    inputs = _bind_fields(frame, block, made)
    frame.scope.bind(name, instance)
    errors = len(frame.session.errors)
    given = written_options(frame, block)
    nodes = dict(given)
    loss_node, metrics_node = nodes.pop("loss", None), nodes.pop("metrics", None)
    check_together(frame, block, nodes)
    options = option_values(frame, nodes)
    metrics: tuple[Call, ...] = ()
    pairs: dict[str, Pair] = {}
    with frame.session.recover():
        metrics, pairs = metric_calls(frame, metrics_node)
    if loss_node is None and len(frame.session.errors) > errors:
        raise Stop(None)  # the loss may be what is misspelt
    loss = _loss(frame, block, name, loss_node)
    if metrics_node is not None and metrics:
        losses = {n.operation for n in frame.network.graph.nodes if n.operation in LOSSES}
        numbers, classes = bool(losses & LOSSES_OF_NUMBERS), bool(losses & LOSSES_OF_CLASSES)
        check_metrics(frame, metrics_node, metrics, pairs, numbers, classes)
    parts = {"loss": loss}
    if len(pairs) < len(metrics):
        parts |= _compared(frame.network, loss_node or block)
    for metric, pair in pairs.items():
        parts |= zip(fields_of(metric), pair, strict=True)
    unit = _loss_unit(units, frame, name, inputs, parts)
    _find_model(frame, block, name)
    return Training(
        units.training_name(name),
        frame.network.submodules[name].target,
        name,
        unit.class_name,
        block.data.name if block.data is not None else None,
        tuple(n for n, _ in inputs),
        metrics,
        options,
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
    loss = require_value(frame, node)
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


def _model(frame: Frame, block: tree.TrainBlock) -> tuple[Instance, str]:
    callee = block.model.function if isinstance(block.model, tree.Call) else block.model
    value = require_value(frame, callee)
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
    """The names in the expressions of a block; those of options and keywords are none."""
    nodes = list(tree.walk(block.block))
    others = {id(name) for n in nodes if isinstance(n, tree.Assign) for name in n.names}
    others |= {id(n.name) for n in nodes if isinstance(n, tree.Keyword)}
    return {n.name for n in nodes if isinstance(n, tree.Identifier) and id(n) not in others}


def _loss_unit(
    units: Units,
    frame: Frame,
    name: str,
    inputs: tuple[tuple[str, TensorType], ...],
    parts: dict[str, Tensor],
) -> Unit:
    """The unit whose forward yields the loss, and what the metrics need."""
    assert frame.network is not None
    graph = frame.network.graph
    output = RecordType(tuple((label, part.type) for label, part in parts.items()))
    record = graph.add("record", [p.node for p in parts.values()], output, names=tuple(parts))
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


def _compared(network: NetworkState, place: tree.Node) -> dict[str, Tensor]:
    """Scores and target of the one loss that compares any."""
    nodes = network.graph.nodes
    pairs = list(dict.fromkeys(n.inputs[:2] for n in nodes if n.operation in LOSSES))
    if len(pairs) != 1:
        fail(
            BadLoss,
            place,
            "metrics need one pair of scores and target in the loss",
            f"{len(pairs)} are there",
            "say what each compares, as in `accuracy(scores, y)`",
        )
    found = {}
    for label, node in zip(("scores", "target"), pairs[0], strict=True):
        kind = nodes[node].type
        assert isinstance(kind, TensorType)
        found[label] = Tensor(node, kind)
    return found


def _find_model(frame: Frame, block: tree.TrainBlock, name: str) -> None:
    assert frame.network is not None
    if name not in frame.network.submodules:
        fail(
            BadLoss,
            block.model,
            f"the loss does not depend on `{name}`",
            "never called",
            f"write `loss = cross_entropy({name}(x), y)`",
        )
