"""Extern layers: what their declarations say of modules that are never imported here."""

from __future__ import annotations

import re

from qmlc.check.dimensions import resolve_type
from qmlc.check.errors_types import WrongArguments
from qmlc.check.frame import Frame
from qmlc.check.making import Making
from qmlc.check.values import fail
from qmlc.syntax import tree
from qmlc.types.tensors import Type

TARGET = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


def extern_output(making: Making, frame: Frame) -> Type:
    """The declared type of what the module yields; it is believed until the module runs."""
    assert making.declaration.result is not None
    return resolve_type(frame, making.declaration.result, making.binding)


def check_target(declaration: tree.Component) -> str:
    """The "module:Class" that an extern layer names; WrongArguments where that is none."""
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
    return target
