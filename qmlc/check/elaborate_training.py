"""`data`, `train` and `deploy` blocks."""

from __future__ import annotations

from typing import Any

from qmlc.check.call_function import bind_arguments
from qmlc.check.errors_names import AlreadyDeclared, NotAvailable, UnknownName, WrongKind
from qmlc.check.errors_training import BadLoss, BadOption
from qmlc.check.errors_types import BadOperation, Misplaced
from qmlc.check.evaluate import evaluate
from qmlc.check.frame import Frame, NetworkState
from qmlc.check.instantiate import Units
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
from qmlc.ir.array import Array
from qmlc.ir.program import Call, Column, Data, Deployment, Field, Training, Unit
from qmlc.ops.data_functions import DATA_FUNCTIONS, DATA_SOURCES
from qmlc.ops.metrics import METRICS
from qmlc.ops.optimizers import OPTIMIZERS, SCHEDULES
from qmlc.ops.parameters import Parameter
from qmlc.source.nearest import nearest
from qmlc.syntax import tree
from qmlc.types.polynomial import Polynomial
from qmlc.types.tensors import RecordType, ShapeError, TensorType

BATCH = Polynomial.symbol("B")
ARITHMETIC = {"+": "add", "-": "sub", "*": "mul", "/": "div", "**": "pow"}
OPTIONS = (
    "optimizer schedule epochs steps batch holdout validation test seed precision clip early_stop "
    "accumulate device checkpoint"
).split()
PLANNED_OPTIONS = "inputs target folds noise shots gradient groups private".split()
VENDORS = ("ibm", "google", "ionq", "rigetti", "quantinuum", "iqm", "azure", "simulator")
LOSSES = ("cross_entropy", "nll_loss", "mse", "mae", "l1_loss", "smooth_l1_loss", "huber_loss",
          "binary_cross_entropy", "binary_cross_entropy_with_logits", "mse_loss")  # fmt: skip
"""Losses of (scores, target), which metrics take from them."""


def elaborate_data(frame: Frame, block: tree.DataBlock) -> tuple[Data, dict[str, TensorType]]:
    """A data block, and the types of its fields for one example."""
    source = _source(frame, block.source)
    kinds: dict[str, TensorType] = {}
    fields = []
    for statement in block.block.statements:
        if not isinstance(statement, tree.Assign | tree.Let):
            fail(Misplaced, statement, "a data block holds lines `name = expression`", "not here")
        for name in statement.names:
            if name.name in kinds:
                fail(AlreadyDeclared, name, f"`{name.name}` is made twice", "again here")
        value, kind = _field(frame, statement.value, kinds)
        if len(statement.names) > 1:
            fail(NotAvailable, statement, "lines that make several tensors are not there yet",
                 "several names")  # fmt: skip
        kinds[statement.names[0].name] = kind
        fields.append(Field(tuple(n.name for n in statement.names), value))
    return Data(block.name.name, source, tuple(fields), block.doc), kinds


def _source(frame: Frame, node: tree.Expression) -> Call:
    name = node.function if isinstance(node, tree.Call) else node
    if not isinstance(name, tree.Identifier) or not isinstance(node, tree.Call):
        fail(WrongKind, node, "data comes from a source", "not a source", 'write `csv("data.csv")`')
    row = DATA_SOURCES.get(name.name)
    if row is None:
        close = nearest(name.name, DATA_SOURCES)
        fail(UnknownName, name, f"there is no data source `{name.name}`", "not known",
             f"did you mean `{close}`?" if close else "there are " + ", ".join(DATA_SOURCES))  # fmt: skip
    if not row.ready:
        ready = ", ".join(f"`{n}`" for n, r in DATA_SOURCES.items() if r.ready)
        fail(NotAvailable, name, f"the data source `{name.name}` is not there yet", "not readable",
             f"there are {ready}")  # fmt: skip
    arguments = [evaluate(frame, a) for a in node.arguments]
    keywords = {k.name.name: evaluate(frame, k.value) for k in node.keywords}
    bind_arguments(node, name.name, row.parameters, arguments, keywords)
    return Call(name.name, tuple(arguments), tuple(keywords.items()))


def _field(
    frame: Frame, node: tree.Expression, made: dict[str, TensorType]
) -> tuple[Any, TensorType]:
    """An expression over columns as data, and its type for one example."""
    match node:
        case tree.Identifier(name=name):
            if name in made:
                return Column(name), made[name]
            scope = frame.module.declared.get(name)
            if isinstance(scope, tree.Const) or name in ("pi", "tau"):
                return _number(frame, node)
            return Column(name), TensorType("real")
        case tree.Literal(value=int() | float()):
            return _number(frame, node)
        case tree.List(items=items):
            parts = [_field(frame, item, made) for item in items]
            first = parts[0][1] if parts else TensorType("real")
            return tuple(v for v, _ in parts), TensorType("real", (len(parts), *first.dims))
        case tree.Unary(operator="-", operand=operand):
            value, kind = _field(frame, operand, made)
            return Call("neg", (value,)), kind
        case tree.Binary(operator=symbol, left=left, right=right) if symbol in ARITHMETIC:
            return _data_call(frame, node, ARITHMETIC[symbol], (left, right), (), made)
        case tree.Call(function=tree.Identifier(name=name), arguments=arguments, keywords=keywords):
            return _data_call(frame, node, name, arguments, keywords, made)
    fail(BadOperation, node, "a line of a data block works on columns", "not possible here",
         "columns, lists of columns, arithmetic, and functions such as `standardize`")  # fmt: skip


def _number(frame: Frame, node: tree.Expression) -> tuple[Any, TensorType]:
    value = evaluate(frame, node)
    if isinstance(value, bool) or not isinstance(value, int | float):
        fail(BadOperation, node, "a number is needed here", f"this is {describe(value)}")
    return value, TensorType("real")


def _data_call(
    frame: Frame,
    node: tree.Node,
    name: str,
    arguments: tuple[tree.Expression, ...],
    keywords: tuple[tree.Keyword, ...],
    made: dict[str, TensorType],
) -> tuple[Any, TensorType]:
    row = DATA_FUNCTIONS.get(name)
    if row is None:
        close = nearest(name, DATA_FUNCTIONS)
        fail(UnknownName, node, f"there is no data function `{name}`", "not known",
             f"did you mean `{close}`?" if close else "there are " + ", ".join(DATA_FUNCTIONS))  # fmt: skip
    if row.law is None:
        fail(NotAvailable, node, f"the data function `{name}` is not there yet", "not possible yet")
    given: dict[str, tuple[Any, Any]] = {}
    positional = [
        _argument(frame, a, p, made) for a, p in zip(arguments, row.parameters, strict=False)
    ]
    known = {p.name: p for p in row.parameters}
    for keyword in keywords:
        parameter = known.get(keyword.name.name, Parameter(keyword.name.name))
        given[keyword.name.name] = _argument(frame, keyword.value, parameter, made)
    extra = [(a, a) for a in arguments[len(positional) :]]
    bound = bind_arguments(node, name, row.parameters, [*positional, *extra], given)
    types = {k: v[1] if isinstance(v, tuple) else v for k, v in bound.items()}
    try:
        kind = row.law(types)
    except ShapeError as error:
        fail(BadOperation, node, f"`{name}` {error.message}", "does not fit", error.proposal)
    named = tuple((k, v[0]) for k, v in given.items())
    return Call(name, tuple(v for v, _ in positional), named), kind


def _argument(
    frame: Frame, node: tree.Expression, parameter: Parameter, made: dict[str, TensorType]
) -> tuple[Any, Any]:
    if parameter.tensor:
        return _field(frame, node, made)
    value = evaluate(frame, node)
    if isinstance(value, Poison):
        raise Stop(None)
    return value, value


def elaborate_training(
    units: Units,
    outer: Frame,
    block: tree.TrainBlock,
    data: dict[str, tuple[Data, dict[str, TensorType]]],
) -> Training:
    """A train block; its loss becomes a unit of its own."""
    kinds = _data_kinds(outer, block, data)
    instance, name = _model(outer, block)
    frame = Frame(outer.session, outer.module, Scope(), network=NetworkState())
    assert frame.network is not None
    used = _used_names(block)
    inputs: list[tuple[str, TensorType]] = []
    for field, kind in kinds.items():
        if field in used:
            batched = TensorType(kind.dtype, (BATCH, *kind.dims))
            node = frame.network.graph.add("input", [], batched, name=field)
            frame.scope.bind(field, Tensor(node, batched))
            inputs.append((field, batched))
    frame.scope.bind(name, instance)
    options = _statements(frame, block)
    loss_node = options.pop("loss", None)
    if loss_node is None:
        fail(BadLoss, block.model, "this block does not say what to minimise", "no `loss = …`",
             f"write `loss = cross_entropy({name}(x), y)`, or any number")  # fmt: skip
    loss = evaluate(frame, loss_node)
    if isinstance(loss, Poison):
        raise Stop(None)
    tensor = as_node(frame, loss_node, loss)
    if tensor.type.dims or tensor.type.dtype not in ("real", "int"):
        fail(BadLoss, loss_node, "a loss is one number", f"this is `{tensor.type}`",
             "take its mean: `mean(…)`")  # fmt: skip
    metrics = _metrics(frame, options.pop("metrics", None))
    unit = _loss_unit(units, frame, name, tuple(inputs), tensor, bool(metrics), loss_node)
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
        tuple((key, _option(frame, key, node)) for key, node in options.items()),
    )


def _data_kinds(
    frame: Frame, block: tree.TrainBlock, data: dict[str, tuple[Data, dict[str, TensorType]]]
) -> dict[str, TensorType]:
    if block.data is None:
        return {}
    if block.data.name not in data:
        if isinstance(frame.module.declared.get(block.data.name), tree.DataBlock):
            raise Stop(None)
        close = nearest(block.data.name, data)
        fail(UnknownName, block.data, f"there is no data block `{block.data.name}`", "not declared",
             f"did you mean `{close}`?" if close else "declare it: `data d = csv(…) { … }`")  # fmt: skip
    return data[block.data.name][1]


def _model(frame: Frame, block: tree.TrainBlock) -> tuple[Instance, str]:
    callee = block.model.function if isinstance(block.model, tree.Call) else block.model
    if isinstance(callee, tree.Identifier) and callee.name == "svm":
        fail(NotAvailable, callee, "support-vector machines are not trained yet", "not there yet")
    value = evaluate(frame, callee)
    if isinstance(value, Poison):
        raise Stop(None)
    if not isinstance(value, Declared) or value.kind not in ("model", "circuit", "layer"):
        fail(WrongKind, callee, "only models, layers and circuits are trained",
             f"this is {describe(value)}")  # fmt: skip
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
    own = [s for s in node.__slots__ if s != "span"]
    return own[1:] if isinstance(node, tree.Assign) and own[0] == "names" else own


def _statements(frame: Frame, block: tree.TrainBlock) -> dict[str, tree.Expression]:
    """The options as written; `let`s are run on the way."""
    options: dict[str, tree.Expression] = {}
    for statement in block.block.statements:
        if isinstance(statement, tree.Let):
            run_block(frame, tree.Block(statement.span, (statement,)))
            continue
        if not isinstance(statement, tree.Assign) or len(statement.names) != 1:
            fail(Misplaced, statement, "a train block holds lines `option = value` and `let`s",
                 "not here")  # fmt: skip
        name = statement.names[0]
        known = ["loss", "metrics", *OPTIONS, *PLANNED_OPTIONS]
        with frame.session.recover():
            if name.name in PLANNED_OPTIONS:
                fail(NotAvailable, name, f"the option `{name.name}` is not there yet",
                     "would be ignored", "leave it out")  # fmt: skip
            if name.name not in known:
                close = nearest(name.name, known)
                fail(BadOption, name, f"a train block has no option `{name.name}`", "not known",
                     f"did you mean `{close}`?" if close else "there are " + ", ".join(known))  # fmt: skip
            if name.name in options:
                fail(AlreadyDeclared, name, f"`{name.name}` is given twice", "again here")
            options[name.name] = statement.value
    return options


def _metrics(frame: Frame, node: tree.Expression | None) -> tuple[Call, ...]:
    if node is None:
        return ()
    items = node.items if isinstance(node, tree.List) else (node,)
    return tuple(_constructor(frame, item, METRICS, "metric") for item in items)


def _constructor(frame: Frame, node: tree.Expression, rows: Any, kind: str) -> Call:
    """`adam(lr=0.05)` as data, its name and arguments checked against the table."""
    name = node.function if isinstance(node, tree.Call) else node
    if not isinstance(name, tree.Identifier) or name.name not in rows:
        text = name.span.text
        close = nearest(text, rows)
        fail(BadOption, name, f"there is no {kind} `{text}`", "not known",
             f"did you mean `{close}`?" if close else "there are " + ", ".join(rows))  # fmt: skip
    arguments: tuple[Value, ...] = ()
    keywords: dict[str, Value] = {}
    if isinstance(node, tree.Call):
        arguments = tuple(_plain(frame, a) for a in node.arguments)
        keywords = {k.name.name: _plain(frame, k.value) for k in node.keywords}
    bind_arguments(node, name.name, rows[name.name].parameters, list(arguments), keywords)
    return Call(name.name, arguments, tuple(keywords.items()))


def _plain(frame: Frame, node: tree.Expression) -> Any:
    value = evaluate(frame, node)
    if isinstance(value, Poison):
        raise Stop(None)
    if isinstance(value, Array):
        value = value.items
    if not isinstance(value, bool | int | float | str | tuple | None):
        fail(
            BadOperation, node, "a number or a string is needed here", f"this is {describe(value)}"
        )
    return value


def _option(frame: Frame, name: str, node: tree.Expression) -> Any:
    if name == "optimizer":
        return _constructor(frame, node, OPTIMIZERS, "optimizer")
    if name == "schedule":
        return _constructor(frame, node, SCHEDULES, "schedule")
    if name in ("device", "early_stop", "checkpoint") and not isinstance(node, tree.Literal):
        callee = node.function if isinstance(node, tree.Call) else node
        if isinstance(callee, tree.Identifier):
            given = node if isinstance(node, tree.Call) else None
            keywords = given.keywords if given else ()
            return Call(
                callee.name,
                tuple(_plain(frame, a) for a in (given.arguments if given else ())),
                tuple((k.name.name, _plain(frame, k.value)) for k in keywords),
            )
    if isinstance(node, tree.Identifier) and name == "precision":
        return node.name
    return _plain(frame, node)


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
            fail(BadLoss, place, "metrics need one pair of scores and target in the loss",
                 f"{len(pairs)} are there", "use one loss of (scores, target)")  # fmt: skip
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
        fail(BadLoss, block.model, f"the loss does not depend on `{name}`", "never called",
             f"write `loss = cross_entropy({name}(x), y)`")  # fmt: skip


def elaborate_deployment(frame: Frame, block: tree.DeployBlock) -> Deployment:
    """A deploy block: the part, the device, the options."""
    device = block.device
    if (
        not isinstance(device, tree.Call)
        or not isinstance(device.function, tree.Identifier)
        or device.function.name not in VENDORS
    ):
        fail(UnknownName, device, "this is no device", "not known",
             "devices are `ibm(\"torino\")`, `simulator()`, …: see `qmlc targets`")  # fmt: skip
    name = _plain(frame, device.arguments[0]) if device.arguments else ""
    options: dict[str, Any] = {}
    for statement in block.block.statements:
        if not isinstance(statement, tree.Assign) or len(statement.names) != 1:
            fail(Misplaced, statement, "a deploy block holds lines `option = value`", "not here")
        key = statement.names[0]
        if key.name == "mitigation":
            fail(NotAvailable, key, "error mitigation is not there yet", "would be ignored",
                 "leave it out")  # fmt: skip
        if key.name not in ("shots", "level", "layout"):
            close = nearest(key.name, ("shots", "mitigation", "level", "layout"))
            fail(BadOption, key, f"a deploy block has no option `{key.name}`", "not known",
                 f"did you mean `{close}`?" if close else "there are shots, level, layout")  # fmt: skip
        options[key.name] = _plain(frame, statement.value)
    target = f"{device.function.name}:{name}" if name else device.function.name
    return Deployment(block.part.span.text, target, tuple(options.items()))
