"""The body of a declaration that stands in the place of its call: names bound, then run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from qmlc.check.bind_arguments import argument_at, bind_arguments
from qmlc.check.circuits.match_operator import match_operator, takes_operator
from qmlc.check.dimensions import (
    REST,
    Binding,
    Mismatch,
    dimension_names,
    match_dims,
    match_type,
    mismatch_error,
)
from qmlc.check.errors.names import SelfReference
from qmlc.check.errors.types import (
    Misplaced,
    WrongArguments,
)
from qmlc.check.evaluate import evaluate
from qmlc.check.foreign_names import RESULTS
from qmlc.check.frame import Frame
from qmlc.check.run_block import run_block
from qmlc.check.units.bind_settings import check_setting
from qmlc.check.values import (
    Declared,
    Qubits,
    Scope,
    Stop,
    Tensor,
    Value,
    describe,
    fail,
    type_of,
)
from qmlc.ir.array import Array
from qmlc.ops.parameters import REQUIRED, Parameter
from qmlc.source.diagnostic import Label
from qmlc.syntax import tree
from qmlc.types.polynomial import Polynomial
from qmlc.types.tensors import RecordType, TensorType

Arguments = list[Value]
Keywords = dict[str, Value]


def bind_declared(
    node: tree.Node, callee: Declared, arguments: Arguments, keywords: Keywords
) -> list[tuple[tree.Parameter, Value]]:
    """The inputs of a declaration with what is given for them; see `fill_default` for the rest."""
    declaration = callee.declaration
    assert isinstance(declaration, tree.Component)
    rows = [
        Parameter(p.name.name, REQUIRED if p.default is None else p.default)
        for p in declaration.inputs
    ]
    values = bind_arguments(node, callee.name, rows, arguments, keywords)
    return [(parameter, values[parameter.name.name]) for parameter in declaration.inputs]


def fill_default(home: Frame, parameter: tree.Parameter, value: Value) -> Value:
    """`value`, or where none was given the default, in which the sizes of `home` may stand."""
    if value is parameter.default and isinstance(value, tree.Node):
        return evaluate(home, value)
    return value


def enter_body(frame: Frame, node: tree.Node, callee: Declared) -> Frame:
    """A frame for the body of an inlined declaration."""
    if callee.declaration in frame.stack:
        fail(
            SelfReference,
            node,
            f"`{callee.name}` calls itself",
            "there is no recursion",
            "write a `for` over a setting",
        )
    frame.session.step(node, 20)  # a body costs more than a statement
    frame.session.entered.add(id(callee.declaration))
    caller = frame.caller or (node.span if callee.module.is_library else None)
    return Frame(
        frame.session,
        callee.module,
        Scope(),
        frame.dimensions,
        frame.circuit,
        frame.network,
        frame.loops,
        stack=(*frame.stack, callee.declaration),
        caller=caller if callee.module.is_library else None,
    )


def bind_inputs(
    inner: Frame,
    node: tree.Node,
    bound: list[tuple[tree.Parameter, Value]],
    binding: Binding,
    broadcast: bool,
) -> None:
    """Match the values given to a `fn`, gate or hamiltonian with their types; bind the names."""
    # settings first: the sizes of tensors may depend on them
    for position, (parameter, value) in sorted(enumerate(bound), key=_settings_first):
        place = argument_at(node, position, parameter.name.name)
        if value is parameter.default:
            _bind_sizes(inner, binding)
            value = fill_default(inner, parameter, value)
        if takes_operator(parameter):
            match_operator(inner, place, parameter, value, binding)
        elif _is_setting(parameter):
            _match_setting(place, parameter, value, binding)
        else:
            _match_input(inner, place, parameter, value, binding, broadcast)
        inner.scope.bind(parameter.name.name, value, parameter.span)
    if broadcast:  # a name that met nothing but 1 is 1
        for parameter, _ in bound:
            for name in dimension_names(parameter.type) if parameter.type else ():
                if inner.scope.find(name) is None:
                    binding.setdefault(name, 1)
    _bind_sizes(inner, binding)


def _bind_sizes(inner: Frame, binding: Binding) -> None:
    for name, size in binding.items():
        if name != REST and name not in inner.scope.values:
            inner.scope.bind(name, size)


def _match_setting(
    place: tree.Node, parameter: tree.Parameter, value: Value, binding: Binding
) -> None:
    if not isinstance(value, Tensor):
        check_setting(place, parameter, value)
    if isinstance(value, int | Polynomial):
        binding[parameter.name.name] = value


def _settings_first(numbered: tuple[int, tuple[tree.Parameter, Value]]) -> bool:
    return not _is_setting(numbered[1][0])


def _is_setting(parameter: tree.Parameter) -> bool:
    """Whether a parameter takes a compile-time value and no tensor."""
    written = parameter.type
    kinds = ("int", "str", "bool", "gate")
    return isinstance(written, tree.TypeName) and written.name.name in kinds and not written.dims


def _match_input(
    inner: Frame,
    place: tree.Node,
    parameter: tree.Parameter,
    value: Value,
    binding: Binding,
    broadcast: bool,
) -> None:
    """Bind the dimension names of one parameter; ShapeMismatch where the value does not fit."""
    written = parameter.type
    if value == () and isinstance(written, tree.TypeName):
        value, written = Array((0,), ()), replace(written, dims=written.dims[:1])
    kind, name = type_of(value), parameter.name.name
    if isinstance(value, Array) and all(isinstance(item, int) for item in value.items):
        kind = TensorType("int", value.shape)
    declared = (Label(parameter.span, "declared here"),)
    if kind is None:
        what = f"`{name}` takes a {'record' if isinstance(written, tree.TypeRecord) else 'tensor'}"
        fail(WrongArguments, place, what, f"this is {describe(value)}", "", declared)
    if written is None and (isinstance(kind, RecordType) or kind.dims):
        fail(WrongArguments, place, f"`{name}` is a number", f"this is `{kind}`", "", declared)
    try:
        match_type(inner, written, kind, binding, broadcast)
    except Mismatch as mismatch:
        raise mismatch_error(place, f"`{name}`", parameter, kind, mismatch) from None


def bind_operands(
    inner: Frame, node: tree.Node, callee: Declared, operands: Sequence[Any], binding: Binding
) -> None:
    """Bind the registers of a gate or hamiltonian to qubits, and the names of their sizes."""
    declaration = callee.declaration
    assert isinstance(declaration, tree.Component)
    for register, qubits in zip(declaration.registers, operands, strict=True):
        if register.size is not None:
            try:
                match_dims(inner, (register.size,), (len(qubits),), binding)
            except Mismatch as mismatch:
                fail(
                    WrongArguments,
                    node,
                    f"`{callee.name}` takes a register of another size",
                    str(mismatch),
                    "",
                    (Label(register.span, "declared here"),),
                )
        inner.scope.bind(
            register.name.name, Qubits(tuple(qubits), register.size is not None), register.span
        )
    for name, size in binding.items():
        inner.scope.bind(name, size)


def run_body(inner: Frame, declaration: tree.Component) -> Value:
    """What the body of a declaration returns."""
    if not isinstance(declaration.body, tree.Block):
        return evaluate(inner, declaration.body)
    result = run_block(inner, declaration.body)
    if result is None:
        last = declaration.body.statements[-1] if declaration.body.statements else declaration.name
        if isinstance(last, tree.Apply) and last.gate.name.name in RESULTS:
            raise Stop(None)  # a result without its `return`, which was told as an unknown gate
        fail(
            Misplaced,
            last,
            f"`{declaration.name.name}` returns nothing",
            "the body ends here",
            "end it with `return`",
        )
    return result.value
