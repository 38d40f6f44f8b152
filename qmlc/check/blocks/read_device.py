"""Devices as a program names them: `ibm("torino")`."""

from __future__ import annotations

from qmlc.check.blocks.elaborate_constructor import plain_option
from qmlc.check.errors.names import UnknownName
from qmlc.check.errors.training import BadOption
from qmlc.check.frame import Frame
from qmlc.check.values import fail
from qmlc.source.nearest import nearest, propose_nearest
from qmlc.syntax import tree
from qmlc.targets.read_target import list_targets, read_target


def read_device(frame: Frame, device: tree.Expression) -> str:
    """The device as `vendor:name`."""
    callee = device.function if isinstance(device, tree.Call) else device
    text = callee.name if isinstance(callee, tree.Identifier) else callee.span.text
    vendors = sorted({known.split(":")[0] for known in list_targets()})
    if text not in vendors or not isinstance(device, tree.Call):
        close = nearest(text, vendors)
        known = 'devices are `ibm("torino")`, `simulator()`, …: see `qmlc targets`'
        proposal = f"did you mean `{close}`?" if close and close != text else known
        fail(UnknownName, callee, f"`{text}` is no device", "not known", proposal)
    name = plain_option(frame, device.arguments[0]) if device.arguments else ""
    target = f"{text}:{name}" if name else text
    if target not in list_targets():
        where = device.arguments[0] if device.arguments else callee
        proposal = propose_nearest(target, list_targets(), "`qmlc targets` lists the devices")
        fail(UnknownName, where, f"there is no device `{target}`", "not known", proposal)
    return target


def read_noise(frame: Frame, node: tree.Expression) -> str:
    """The device of `device(ibm("torino"))`, whose noise must be known."""
    match node:
        case tree.Call(function=tree.Identifier(name="device"), arguments=(device,), keywords=()):
            target = read_device(frame, device)
        case _:
            proposal = 'write `noise = device(ibm("torino"))`'
            fail(BadOption, node, "`noise` takes that of a device", "not that", proposal)
    if not read_target(target).noise:
        known = [name for name in list_targets() if read_target(name).noise]
        what = f"how noisy `{target}` is, is not known"
        fail(BadOption, node, what, "no figures", "they are for " + ", ".join(known))
    return target
