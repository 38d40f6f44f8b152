"""Extern layers: what their declarations say of modules that are never imported here."""

from __future__ import annotations

import re
from dataclasses import replace

from qmlc.check.dimensions import resolve_type
from qmlc.check.errors.types import WrongArguments
from qmlc.check.evaluate import evaluate
from qmlc.check.frame import Frame
from qmlc.check.units.bind_settings import bind_settings, missing_setting
from qmlc.check.units.declare_pretrained import check_tuning, is_pretrained, target_of
from qmlc.check.units.making import Making
from qmlc.check.values import Declared, Instance, Value, describe, fail
from qmlc.ir.program import Call, Unit
from qmlc.ops.pretrained import LIBRARY, SAFETENSORS, TORCH_HUB
from qmlc.ops.tunings import Frozen
from qmlc.syntax import tree
from qmlc.types.tensors import Type

TARGET = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


def extern_output(making: Making, frame: Frame) -> Type:
    """The declared type of what the module yields; it is believed until the module runs."""
    if making.declaration.result is None:
        what = f"`{making.declaration.name.name}` does not say what it yields"
        fail(WrongArguments, making.declaration.name, what, "no result", "add `-> real[B, …]`")
    return resolve_type(frame, making.declaration.result, making.binding)


def name_module(frame: Frame, unit: Unit, declaration: tree.Component) -> Unit:
    """The unit with the "module:Class" that it names, and what that is constructed with.

    Modules of the runtime are made for one program, and take no other settings from Python.
    WrongArguments where neither a class nor a pretrained model is named.
    """
    body = declaration.body
    own = [p.name.name for p in declaration.settings or ()]
    handed = tuple((name, value) for name, value in unit.settings if name in own)
    if isinstance(body, tree.Call):
        call = _name_pretrained(frame, body, handed)
    else:
        call = Call(_class_of(declaration), (), handed)
    if call.function in LIBRARY:
        unit = replace(unit, settings=(), signature=())
    return replace(unit, extern=call)


def _class_of(declaration: tree.Component) -> str:
    """The "module:Class" that a declaration names."""
    body = declaration.body
    if isinstance(body, tree.Literal) and TARGET.fullmatch(str(body.value)):
        return str(body.value)
    fail(
        WrongArguments,
        body,
        f"`{declaration.name.name}` is to name a class of Python",
        "no module and class",
        'write `"module:Class"`, such as `"my_layers:Backbone"`',
    )


def _name_pretrained(frame: Frame, body: tree.Call, handed: tuple[tuple[str, Value], ...]) -> Call:
    """The module of the runtime, with its settings, that a body such as `keras("m.keras")` means.

    A function of `hubconf.py` is handed the settings of the declaration, too.
    """
    value = evaluate(frame, body)
    target = value.target if isinstance(value, Instance) else None
    if (
        not isinstance(value, Instance)
        or not isinstance(target, Declared)
        or not isinstance(target.declaration, tree.Component)
        or not is_pretrained(target.declaration)
        or target_of(target.declaration) == SAFETENSORS
    ):
        what, where = (
            "an extern layer is a class of Python, or a model",
            f"this is {describe(value)}",
        )
        fail(WrongArguments, body, what, where, 'write `"my_layers:Backbone"` or `huggingface(…)`')
    settings, declared = bind_settings(body, value), target.declaration.settings or ()
    for needed in declared:
        if needed.default is None and needed.name.name not in settings:
            missing_setting(body, target, needed)
    check_tuning(body.span, settings.setdefault("tune", Frozen()), target)
    module = target_of(target.declaration)
    if module != TORCH_HUB:
        return Call(module, (), tuple(settings.items()))
    if both := {name for name, _ in handed} & {p.name.name for p in declared}:
        what = f"`{min(both)}` is a setting of `torch_hub` itself"
        fail(WrongArguments, body, what, "of this", "give that of the function another name")
    return Call(module, (), (*settings.items(), *handed))
