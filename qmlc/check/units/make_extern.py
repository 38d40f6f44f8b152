"""Extern layers: what their declarations say of modules that are never imported here."""

from __future__ import annotations

import re
from dataclasses import replace

from qmlc.check.dimensions import resolve_type
from qmlc.check.errors.types import WrongArguments
from qmlc.check.frame import Frame
from qmlc.check.units.making import Making
from qmlc.check.values import fail
from qmlc.ir.program import Call, Unit
from qmlc.ops.pretrained import LIBRARY
from qmlc.syntax import tree
from qmlc.types.tensors import Type

TARGET = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


def extern_output(making: Making, frame: Frame) -> Type:
    """The declared type of what the module yields; it is believed until the module runs."""
    if making.declaration.result is None:
        what = f"`{making.declaration.name.name}` does not say what it yields"
        fail(WrongArguments, making.declaration.name, what, "no result", "add `-> real[B, …]`")
    return resolve_type(frame, making.declaration.result, making.binding)


def name_module(unit: Unit, declaration: tree.Component) -> Unit:
    """The unit with the "module:Class" that it names, and what that is constructed with.

    Modules of the runtime are made for one program, and take no other settings from Python.
    WrongArguments where no module and class are named.
    """
    body = declaration.body
    assert isinstance(body, tree.Literal)
    target = str(body.value)
    if not TARGET.fullmatch(target):
        fail(
            WrongArguments,
            body,
            f"`{declaration.name.name}` is to name a class of Python",
            "no module and class",
            'write `"module:Class"`, such as `"my_layers:Backbone"`',
        )
    own = [p.name.name for p in declaration.settings or ()]
    handed = tuple((name, value) for name, value in unit.settings if name in own)
    if target in LIBRARY:
        unit = replace(unit, settings=(), signature=())
    return replace(unit, extern=Call(target, (), handed))
