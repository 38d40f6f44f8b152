"""How the model of a train block is fed, and what its outputs answer to, as the loss says."""

from __future__ import annotations

from qmlc.ir.graph import Graph
from qmlc.ir.program import Program, Training
from qmlc.ops.losses import LOSSES
from qmlc.training.errors import DataError
from qmlc.training.predict_block import Prediction
from qmlc.types.tensors import RecordType


def find_prediction(program: Program, training: Training) -> Prediction:
    """Which data fields feed the model, and which ones its outputs answer to.

    DataError where the model takes something else than fields.
    """
    if training.machine is not None:
        return Prediction(training.inputs[:1], training.inputs[1], probabilities=False)
    graph = program.unit(training.loss).graph
    assert graph is not None
    names = _inputs(graph)
    place, call = next(
        (place, node)
        for place, node in enumerate(graph.nodes)
        if node.operation == "call" and node.attribute("module") == training.model
    )
    skips = "places" in dict(call.attributes)
    if skips or not all(source in names for source in call.inputs):
        raise DataError(
            "E0706",
            f"`{training.name}` does not take its inputs straight from the data",
            "hand data fields to the model in the loss, as in `m(x)`",
        )
    inputs = tuple(names[source] for source in call.inputs)
    others = [name for name in training.inputs if name not in inputs]
    target = others[0] if len(others) == 1 else None
    return Prediction(inputs, target, _heads(graph, place))


def _inputs(graph: Graph) -> dict[int, str]:
    """The nodes of data fields, and their names."""
    nodes = enumerate(graph.nodes)
    return {n: node.attribute("name") for n, node in nodes if node.operation == "input"}


def _heads(graph: Graph, model: int) -> tuple[tuple[str, str | None], ...]:
    """The fields of the record that a model yields, and what losses compare them with."""
    kind = graph.nodes[model].type
    if not isinstance(kind, RecordType):
        return ()
    names, targets = _inputs(graph), dict[str, str]()
    for node in graph.nodes:
        if node.operation in LOSSES and len(node.inputs) > 1 and node.inputs[1] in names:
            scores = graph.nodes[node.inputs[0]]
            if scores.operation == "field" and scores.inputs[0] == model:
                targets[scores.attribute("name")] = names[node.inputs[1]]
    return tuple((name, targets.get(name)) for name, _ in kind.fields)
