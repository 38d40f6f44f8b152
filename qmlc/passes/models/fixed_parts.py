"""Which parts of a unit yield the same for the same inputs, however long it is trained."""

from __future__ import annotations

from collections.abc import Mapping

from qmlc.ir.program import Submodule, Unit
from qmlc.ops.functions import FUNCTIONS
from qmlc.ops.layer_parameters import layer_parameters
from qmlc.ops.layers import LAYERS
from qmlc.ops.pretrained import LIBRARY
from qmlc.ops.tunings import Frozen

Units = Mapping[str, Unit]

RANDOM = frozenset(name for name, row in FUNCTIONS.items() if row.random) - {
    "scaled_dot_product_attention"
}
"""Functions whose results differ from call to call, in evaluation mode, too."""

BY_BATCH = ("batch_norm", "instance_norm")
"""Layers that, even without parameters, look at the whole batch in training mode."""


def is_fixed(part: Submodule, units: Units, frozen: bool = False) -> bool:
    """Whether a part is frozen, or has nothing that learns or is drawn; `frozen`: what it is in."""
    frozen = frozen or any(change.function == "freeze" for change in part.changes)
    if not part.is_unit:
        row = LAYERS[part.target]
        learns = layer_parameters(part.target, dict(part.arguments)) or row.random
        return frozen or not (learns or part.target.startswith(BY_BATCH))
    unit = units[part.target]
    if unit.extern is not None:
        tuned = dict(unit.extern.keywords).get("tune", Frozen())
        return frozen or (unit.extern.function in LIBRARY and tuned == Frozen())
    if not frozen and (unit.parameters or part.parts()):
        return False
    nodes = unit.graph.nodes if unit.graph is not None else ()
    if any(node.operation in RANDOM for node in nodes):
        return False
    return all(is_fixed(inner, units, frozen) for inner in unit.submodules)


def is_costly(part: Submodule, units: Units) -> bool:
    """Whether a part is a circuit or a pretrained model, has parameters, or holds such a part."""
    if not part.is_unit:
        return bool(layer_parameters(part.target, dict(part.arguments)))
    unit = units[part.target]
    own = unit.graph is None or unit.parameters
    return bool(own) or any(is_costly(inner, units) for inner in unit.submodules)
