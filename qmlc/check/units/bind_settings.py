"""The settings of an instance that were given, by name, each of the kind that is declared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NoReturn

from qmlc.check.bind_arguments import argument_at, bind_arguments
from qmlc.check.errors.types import WrongArguments
from qmlc.check.values import (
    Builtin,
    Declared,
    Instance,
    PartialGate,
    Poison,
    Stop,
    Tensor,
    Value,
    component_kind,
    describe,
    fail,
    setting_kind,
)
from qmlc.ops.layers import LAYERS
from qmlc.ops.parameters import Parameter
from qmlc.source.diagnostic import Label
from qmlc.syntax import tree
from qmlc.types.polynomial import Polynomial

PYTHON: dict[str, Any] = {"int": int, "real": (int, float), "str": str, "bool": bool}
ACCEPTED = {
    "layer": ("layer", "model", "circuit", "extern", "function", "fn"),
    "circuit": ("circuit",),
    "kernel": ("kernel",),
    "gate": ("gate",),
}
"""What a setting of each kind can be."""
EXAMPLES = {
    "layer": "hand over a layer, model, circuit or function: `linear(4)`, `gelu`",
    "circuit": "hand over a circuit, with its settings: `vqc(layers=2)`",
    "kernel": "hand over a kernel, with its settings: `fidelity(reps=2)`",
    "gate": "hand a gate over by its name: `ry`",
}
LIST = "write a list: `[linear(4), gelu]`"


def bind_settings(node: tree.Node, instance: Instance) -> dict[str, Value]:
    """The settings of an instance that were given, by name."""
    callee = instance.target
    assert isinstance(callee, Declared) and isinstance(callee.declaration, tree.Component)
    declared = callee.declaration.settings or ()
    rows = [Parameter(p.name.name, None) for p in declared]
    values = bind_arguments(
        node, callee.name, rows, list(instance.arguments), dict(instance.keywords)
    )
    given = {}
    for position, parameter in enumerate(declared):
        name = parameter.name.name
        if values[name] is not None:
            at = argument_at(node, position, name)
            given[name] = check_setting(at, parameter, values[name])
    return given


def check_setting(node: tree.Node, parameter: tree.Parameter, value: Value) -> Value:
    """The value given for a setting, where it is of the right kind; components as instances."""
    kind, wanted = setting_kind(parameter), PYTHON.get(setting_kind(parameter))
    if isinstance(value, Tensor):
        fail(
            WrongArguments,
            node,
            f"the setting `{parameter.name.name}` must be known when compiling",
            f"this is {describe(value)}",
            "settings first, inputs second: `c(…)(x)`",
            (Label(parameter.span, "declared here"),),
        )
    if component_kind(parameter):
        return _as_component(node, parameter, value)
    is_gate = isinstance(value, PartialGate)
    is_gate = is_gate or (isinstance(value, Declared | Builtin) and value.kind == "gate")
    if is_gate != (kind == "gate"):
        _refuse(node, parameter, value)
    if wanted is None or _is_list(parameter) or isinstance(value, Polynomial):
        return value
    if not isinstance(value, wanted) or (isinstance(value, bool) and kind != "bool"):
        _refuse(node, parameter, value)
    return value


def _refuse(node: tree.Node, parameter: tree.Parameter, value: Value) -> NoReturn:
    kind, name = setting_kind(parameter), f"the setting `{parameter.name.name}`"
    what = f"{name} is a {kind}" if kind in ACCEPTED else f"{name} is `{kind}`"
    where, proposal = f"this is {describe(value)}", EXAMPLES.get(kind, "")
    if component_kind(parameter) and _is_list(parameter):
        inside = isinstance(node, tree.List | tree.Generator)
        what, where = f"{name} is a list of {kind}s", f"it holds {describe(value)}"
        where, proposal = (where, proposal) if inside else (f"this is {describe(value)}", LIST)
    fail(WrongArguments, node, what, where, proposal, (Label(parameter.span, "declared here"),))


def _is_list(parameter: tree.Parameter) -> bool:
    """Whether a setting is declared as several: `layer[m]`."""
    return isinstance(parameter.type, tree.TypeName) and bool(parameter.type.dims)


def _as_component(node: tree.Node, parameter: tree.Parameter, value: Value) -> Value:
    """A component (or, as in `layer[m]`, a list of them) given for a setting, with its settings."""
    if _is_list(parameter):
        if not isinstance(value, tuple):
            _refuse(node, parameter, value)
        return tuple(_as_instance(node, parameter, item) for item in value)
    return _as_instance(node, parameter, value)


def _as_instance(node: tree.Node, parameter: tree.Parameter, value: Value) -> Value:
    if isinstance(value, Poison):
        raise Stop(None)
    target = value.target if isinstance(value, Instance) else value
    accepted = ACCEPTED[component_kind(parameter)]
    if not isinstance(target, Builtin | Declared) or target.kind not in accepted:
        _refuse(node, parameter, value)
    if target.kind in ("function", "fn"):
        return target
    instance = value if isinstance(value, Instance) else Instance(target, (), (), node.span)
    if isinstance(target, Builtin):
        rows = LAYERS[target.name].parameters
        bind_arguments(node, target.name, rows, instance.arguments, dict(instance.keywords))
        return instance
    settings = bind_settings(node, instance)
    assert isinstance(target.declaration, tree.Component)
    for needed in target.declaration.settings or ():
        if needed.default is None and needed.name.name not in settings:
            missing_setting(node, target, needed)
    return replace(instance, arguments=(), keywords=tuple(settings.items()))


def missing_setting(node: tree.Node, callee: Declared, parameter: tree.Parameter) -> NoReturn:
    """Stop: a setting without a default is not given."""
    name = parameter.name.name
    fail(
        WrongArguments,
        node,
        f"`{callee.name}` needs the setting `{name}`",
        "not given",
        f"write `{callee.name}({name}=…)(…)`",
        (Label(parameter.span, "declared here, without a default"),),
    )
