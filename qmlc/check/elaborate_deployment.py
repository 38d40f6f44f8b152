"""`deploy` blocks: a part, a device, options."""

from __future__ import annotations

from typing import Any

from qmlc.check.elaborate_training import plain_option
from qmlc.check.errors_names import NotAvailable, UnknownName
from qmlc.check.errors_training import BadOption
from qmlc.check.errors_types import Misplaced
from qmlc.check.frame import Frame
from qmlc.check.values import (
    fail,
)
from qmlc.ir.program import Deployment
from qmlc.source.nearest import nearest
from qmlc.syntax import tree

VENDORS = ("ibm", "google", "ionq", "rigetti", "quantinuum", "iqm", "azure", "simulator")


def elaborate_deployment(frame: Frame, block: tree.DeployBlock) -> Deployment:
    """A deploy block: the part, the device, the options."""
    device = block.device
    if (
        not isinstance(device, tree.Call)
        or not isinstance(device.function, tree.Identifier)
        or device.function.name not in VENDORS
    ):
        fail(
            UnknownName,
            device,
            "this is no device",
            "not known",
            'devices are `ibm("torino")`, `simulator()`, …: see `qmlc targets`',
        )
    name = plain_option(frame, device.arguments[0]) if device.arguments else ""
    options: dict[str, Any] = {}
    for statement in block.block.statements:
        if not isinstance(statement, tree.Assign) or len(statement.names) != 1:
            fail(Misplaced, statement, "a deploy block holds lines `option = value`", "not here")
        key = statement.names[0]
        if key.name == "mitigation":
            fail(
                NotAvailable,
                key,
                "error mitigation is not there yet",
                "would be ignored",
                "leave it out",
            )
        if key.name not in ("shots", "level", "layout"):
            close = nearest(key.name, ("shots", "mitigation", "level", "layout"))
            fail(
                BadOption,
                key,
                f"a deploy block has no option `{key.name}`",
                "not known",
                f"did you mean `{close}`?" if close else "there are shots, level, layout",
            )
        options[key.name] = plain_option(frame, statement.value)
    target = f"{device.function.name}:{name}" if name else device.function.name
    return Deployment(block.part.span.text, target, tuple(options.items()))
