"""`train svm(kernel=…) on d { … }`: a support-vector machine with a quantum kernel."""

from __future__ import annotations

from qmlc.check.bind_arguments import bind_arguments
from qmlc.check.blocks.elaborate_metrics import check_metrics, metric_calls
from qmlc.check.blocks.read_train_options import (
    Made,
    check_together,
    option_values,
    written_options,
)
from qmlc.check.circuits.check_width import check_width
from qmlc.check.errors.names import WrongKind
from qmlc.check.errors.training import BadOption
from qmlc.check.evaluate import evaluate
from qmlc.check.frame import Frame, NetworkState
from qmlc.check.units.bind_settings import bind_settings
from qmlc.check.units.make_unit import make_unit
from qmlc.check.units.making import Making, Units
from qmlc.check.units.match_inputs import match_rows
from qmlc.check.units.read_outside import override_settings
from qmlc.check.values import Declared, Instance, Poison, Scope, Stop, Tensor, describe, fail
from qmlc.ir.program import Call, Training, Unit
from qmlc.ops.parameters import Parameter
from qmlc.syntax import tree
from qmlc.types.polynomial import Polynomial
from qmlc.types.tensors import TensorType

NAME = "svm"
PARAMETERS = (Parameter("kernel"), Parameter("C", 1.0))
"""As scikit-learn's `SVC`."""


def is_machine(block: tree.TrainBlock) -> bool:
    """Whether a train block makes a support-vector machine."""
    callee = block.model.function if isinstance(block.model, tree.Call) else block.model
    return isinstance(callee, tree.Identifier) and callee.name == NAME


def elaborate_machine(
    units: Units, outer: Frame, block: tree.TrainBlock, made: Made | None
) -> Training:
    """A train block of a support-vector machine; the unit is its kernel."""
    frame = Frame(outer.session, outer.module, Scope(), network=NetworkState())
    kernel, cost = _arguments(outer, block)
    given = written_options(frame, block, NAME)
    nodes = dict(given)
    if made is None:
        what = "a support-vector machine learns from data"
        fail(BadOption, block.model, what, "no `on d`", "write `train svm(…) on d { … }`")
    inputs, features = _field(block, made, nodes.pop("inputs", None), "inputs")
    target, classes = _field(block, made, nodes.pop("target", None), "target")
    if classes != TensorType("int"):
        what = f"a support-vector machine tells classes apart, and `{target}` is `{classes}`"
        fail(BadOption, given["target"], what, "not classes", f"write `{target} = category(…)`")
    metrics_node = nodes.pop("metrics", None)
    metrics, _ = metric_calls(frame, metrics_node)
    if metrics_node is not None:
        check_metrics(frame, metrics_node, metrics, {}, numbers=False, classes=True)
    check_together(frame, block, nodes)
    options = option_values(frame, nodes)
    unit = _kernel_unit(units, frame, kernel, features, given["inputs"])
    return Training(
        units.training_name(NAME),
        unit.class_name,
        NAME,
        "",
        made[0].name,
        (inputs, target),
        metrics,
        options,
        {"": block.model.span} | {key: node.span for key, node in given.items()},
        Call(NAME, (), (("C", cost),)),
    )


def _arguments(frame: Frame, block: tree.TrainBlock) -> tuple[Instance, float]:
    """The kernel, and the cost of an example on the wrong side."""
    node = block.model
    arguments = [evaluate(frame, a) for a in node.arguments] if isinstance(node, tree.Call) else []
    keywords = node.keywords if isinstance(node, tree.Call) else ()
    named = {k.name.name: evaluate(frame, k.value) for k in keywords}
    bound = bind_arguments(node, NAME, PARAMETERS, arguments, named)
    kernel, cost = bound["kernel"], bound["C"]
    if isinstance(kernel, Poison):
        raise Stop(None)
    if isinstance(kernel, Declared):
        kernel = Instance(kernel, (), (), node.span, (), kernel.name)
    target = kernel.target if isinstance(kernel, Instance) else None
    if not isinstance(target, Declared) or target.kind != "kernel":
        what = f"`svm` takes a kernel, and this is {describe(kernel)}"
        fail(WrongKind, node, what, "no kernel", "declare one: `kernel k(x: real[n]) { … }`")
    if not isinstance(cost, int | float) or isinstance(cost, bool) or cost <= 0:
        fail(BadOption, node, "`C` takes a number above 0", f"this is {describe(cost)}")
    return kernel, float(cost)


def _field(
    block: tree.TrainBlock, made: Made, node: tree.Expression | None, option: str
) -> tuple[str, TensorType]:
    """The data field that an option names, and its type for one example."""
    _, kinds, _ = made
    listing = "there are " + ", ".join(f"`{name}`" for name in kinds)
    if node is None:
        what = f"this block does not say what its `{option}` is"
        fail(BadOption, block.model, what, f"no `{option} = …`", listing)
    if not isinstance(node, tree.Identifier) or node.name not in kinds:
        fail(BadOption, node, f"`{option}` takes a field of the data", "not a field", listing)
    kind = kinds[node.name]
    if kind is None:
        raise Stop(None)
    return node.name, kind


def _kernel_unit(
    units: Units, frame: Frame, kernel: Instance, kind: TensorType, node: tree.Expression
) -> Unit:
    """The kernel for examples of this type."""
    callee = kernel.target
    assert isinstance(callee, Declared) and frame.network is not None
    settings = {**bind_settings(node, kernel), **override_settings(units, callee)}
    making = Making(units, callee, node, settings)
    batched = TensorType(kind.dtype, (Polynomial.symbol("B"), *kind.dims))
    place = frame.network.graph.add("input", [], batched, name=node.span.text)
    rows = Tensor(place, batched)
    inputs, _ = match_rows(making, frame, (rows, rows), {})
    check_width(making, frame, inputs)
    return make_unit(making)[0]
