"""Components handed over as settings: `dressed(circuit=vqc(layers=2))`; each is one instance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from qmlc.check.frame import Frame, NetworkState
from qmlc.check.units.apply import hold_part, register
from qmlc.check.values import (
    Builtin,
    Declared,
    Instance,
    PartialGate,
    Value,
    component_kind,
)
from qmlc.ir.array import Array
from qmlc.ir.program import Part, Submodule, Unit
from qmlc.syntax import tree


def adopt(parameter: tree.Parameter, value: Value, loops: tuple[int, ...] = ()) -> Value:
    """The component inside the body that it was handed to: one instance, called as the setting."""
    if isinstance(value, tuple):
        return tuple(adopt(parameter, item, (i,)) for i, item in enumerate(value))
    if not isinstance(value, Instance):
        return value
    return replace(
        _unnamed(value),
        mention=parameter.span,
        loops=loops,
        name=parameter.name.name,
        given=True,
    )


def _unnamed(value: Value) -> Value:
    """A component without the names that the body it comes from gave to it and to its settings."""
    if isinstance(value, tuple):
        return tuple(map(_unnamed, value))
    if not isinstance(value, Instance):
        return value
    return replace(
        value,
        name="",
        given=False,
        arguments=tuple(map(_unnamed, value.arguments)),
        keywords=tuple((name, _unnamed(v)) for name, v in value.keywords),
    )


def reserve_names(network: NetworkState, declaration: tree.Component) -> None:
    """Let the components handed over stand under the names of their settings."""
    for parameter in declaration.settings or ():
        if component_kind(parameter):
            span = parameter.span
            network.taken[parameter.name.name] = 1
            network.bases[span.source.name, span.start, span.end] = parameter.name.name


def constructor_arguments(
    frame: Frame, node: tree.Node, given: Mapping[str, Value], unit: Unit
) -> tuple[tuple[str, Any], ...]:
    """The arguments of a unit's constructor where it is applied; components as modules."""
    slots = {part.path: part for part in unit.submodules if part.given}
    settings = [(n, v) for n, v in unit.settings if not _is_module(n, slots)]
    modules = [
        (name, _modules(frame, node, name, value, slots))
        for name, value in given.items()
        if _is_module(name, slots)
    ]
    order = [name for name, _ in unit.settings]
    return tuple(sorted([*settings, *modules], key=lambda item: order.index(item[0])))


def _is_module(name: str, slots: Mapping[str, Submodule]) -> bool:
    return any(path.partition(".")[0] == name for path in slots)


def _modules(
    frame: Frame, node: tree.Node, name: str, value: Value, slots: Mapping[str, Submodule]
) -> Any:
    """What is handed over for a setting; None for a function in a list of layers."""
    if isinstance(value, tuple):
        return tuple(
            _module(frame, node, item, slots[path]) if (path := f"{name}.{i}") in slots else None
            for i, item in enumerate(value)
        )
    return _module(frame, node, value, slots[name])


def _module(frame: Frame, node: tree.Node, instance: Value, slot: Submodule) -> Submodule | Part:
    """A module made in its place, or, where a body named it, the one that this unit holds."""
    inner = dict(instance.keywords) if slot.is_unit else {}
    arguments = tuple(
        (name, _again(frame, node, inner.get(name), value)) for name, value in slot.arguments
    )
    module = replace(slot, path="", arguments=arguments, given=False)
    if not instance.name:
        return module
    path = register(frame.network, instance, instance.name)
    hold_part(frame, node, replace(module, path=path, given=instance.given))
    return Part(path)


def _again(frame: Frame, node: tree.Node, value: Value, made: Any) -> Any:
    if isinstance(made, tuple) and isinstance(value, tuple):
        return tuple(
            m if m is None else _again(frame, node, v, m) for v, m in zip(value, made, strict=True)
        )
    if isinstance(made, Submodule) and isinstance(value, Instance):
        return _module(frame, node, value, made)
    return made


def component_text(value: Value) -> str:
    """A component as it is written in the language: `vqc(layers=2)`, `[linear(4), gelu]`."""
    match value:
        case tuple() | Array():
            return f"[{', '.join(map(component_text, value))}]"
        case Builtin() | Declared():
            return value.name
        case PartialGate(head):
            given = [_angle_text(node) for node in head.arguments]
            given += [f"{k.name.name}={_angle_text(k.value)}" for k in head.keywords]
            return f"{head.name.name}({', '.join(given)})"
        case Instance():
            given = [component_text(v) for v in value.arguments]
            given += [f"{name}={component_text(v)}" for name, v in value.keywords]
            text = f"{value.target.name}({', '.join(given)})" if given else value.target.name
            for change in value.changes:
                more = [f", {name}={component_text(v)}" for name, v in change.keywords]
                text = f"{change.function}({text}{''.join(more)})"
            return text
        case None:
            return "none"
        case bool() | str():
            return json.dumps(value)
    return str(value)


def _angle_text(node: tree.Expression) -> str:
    return str(node.value) if isinstance(node, tree.Literal) else node.span.text


def component_key(value: Value) -> Any:
    """What tells components apart: equal texts from two files may mean different ones."""
    match value:
        case tuple():
            return tuple(map(component_key, value))
        case Declared():
            return id(value.declaration)
        case PartialGate():
            return (component_text(value), value.frame.module.source.name)
        case Instance():
            given = (*value.arguments, *(v for _, v in value.keywords))
            return (component_key(value.target), component_text(value), component_key(given))
    return component_text(value)
