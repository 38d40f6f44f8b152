"""Settings that are given from outside: on the command line, or in Python."""

from __future__ import annotations

from qmlc.check.evaluate import make_list
from qmlc.check.frame import Frame
from qmlc.check.units.bind_settings import PYTHON, check_setting
from qmlc.check.units.complete_settings import read_setting
from qmlc.check.units.making import Units
from qmlc.check.values import Declared, Module, Scope, Stop, Value, setting_kind
from qmlc.source.span import Source
from qmlc.syntax import tree
from qmlc.syntax.parse import parse


def outside_settings(units: Units, name: str) -> dict[str, Value]:
    """The settings and sizes that are given from outside for the component `name`."""
    own = {k.split(".", 1)[1]: v for k, v in units.outside.items() if k.startswith(f"{name}.")}
    return {**{k: v for k, v in units.outside.items() if "." not in k}, **own}


def override_settings(units: Units, callee: Declared) -> dict[str, Value]:
    """The settings that go before those that a block gives to a component, checked.

    None within a component: there the text says what its parts are.
    """
    declaration = callee.declaration
    if units.active or not isinstance(declaration, tree.Component):
        return {}
    given = outside_settings(units, declaration.name.name)
    return {
        p.name.name: read_outside(units, callee.module, p, given[p.name.name])
        for p in declaration.settings or ()
        if p.name.name in given
    }


def read_outside(units: Units, module: Module, parameter: tree.Parameter, value: Value) -> Value:
    """A setting given from outside: components, gates and operators are texts in the language."""
    if isinstance(value, tuple | list):
        value = make_list(Frame(units.session, module, Scope()), parameter, list(value))
    if not isinstance(value, str) or setting_kind(parameter) in PYTHON:
        return check_setting(parameter, parameter, value)
    name = parameter.name.name
    file, errors = parse(Source(f"<{name}>", f"const {name} = {value}\n"))
    written = file.declarations[0] if file.declarations else None
    if errors or not isinstance(written, tree.Const):
        raise Stop(errors[0] if errors else None)
    return read_setting(Frame(units.session, module, Scope()), parameter, written.value)
