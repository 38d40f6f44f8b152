"""From declarations to a `Program`: every component a unit, what needs sizes a template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from qmlc.check.call import call
from qmlc.check.call_function import bind_inputs, bind_operands, enter, run_body
from qmlc.check.dimensions import Binding, dimension_names, resolve_type
from qmlc.check.elaborate_training import (
    elaborate_data,
    elaborate_deployment,
    elaborate_training,
)
from qmlc.check.errors_types import NotKnown
from qmlc.check.frame import CircuitState, Frame, NetworkState, Session
from qmlc.check.instantiate import (
    Making,
    Units,
    apply_unit,
    camel_case,
    check_setting,
    header_of,
    make_unit,
    signature,
)
from qmlc.check.require_number import require_number
from qmlc.check.resolve import find_gate, resolve
from qmlc.check.run_gate import run_gate
from qmlc.check.values import Declared, Module, NeedsDimensions, Scope, Stop, Tensor, Value, fail
from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ir.program import Data, Deployment, Program, Template, Training
from qmlc.source.diagnostic import Diagnostic
from qmlc.syntax import tree
from qmlc.types.polynomial import Polynomial
from qmlc.types.tensors import TensorType

ENTRIES = ("model", "circuit", "kernel", "layer")
PROBES = (4, 2, 3, 6, 8, 1, 16, 12)
"""Sizes with which a declaration is tried out whose own are not known: the first that fits."""


@dataclass
class Elaboration:
    """One program on its way to a `Program`."""

    module: Module
    file: tree.File
    settings: Mapping[str, Value]
    session: Session
    units: Units
    templates: list[Template] = field(default_factory=list)


def new_session(base: Any = None) -> tuple[Session, Units]:
    """A session with the rules that the rooms of `check` call each other by."""
    session = Session(call, resolve, run_gate, apply_unit, base=base)
    units = Units(session)
    session.apply_unit = partial(apply_unit, units)
    return session, units


def elaborate(
    module: Module, file: tree.File, name: str, settings: Mapping[str, Value]
) -> tuple[Program, tuple[Diagnostic, ...]]:
    """The program of a file, and what is wrong with it.

    `settings` fill settings without default and sizes by name: `n`, or `qaoa.n` for one component.
    """
    session, units = new_session(module.path.parent if module.path is not None else None)
    state = Elaboration(module, file, settings, session, units)
    for declaration in file.declarations:
        if isinstance(declaration, tree.Component) and declaration.kind in ENTRIES:
            with session.recover():
                _entry(state, declaration)
    for declaration in file.declarations:
        if isinstance(declaration, tree.Const):
            _check_constant(state, declaration)
        elif isinstance(declaration, tree.Component) and declaration.kind not in ENTRIES:
            _check_unused(state, declaration)
    data, trainings, deployments = _blocks(state)
    made = {unit.name for unit in units.order}
    templates = tuple(t for t in state.templates if t.name not in made)
    program = Program(name, file.doc, tuple(units.order), templates, data, trainings, deployments)
    return program, tuple(session.errors)


def _blocks(
    state: Elaboration,
) -> tuple[tuple[Data, ...], tuple[Training, ...], tuple[Deployment, ...]]:
    data: dict[str, tuple[Data, dict[str, TensorType]]] = {}
    trainings: list[Training] = []
    deployments: list[Deployment] = []
    frame = Frame(state.session, state.module, Scope())
    for declaration in state.file.declarations:
        with state.session.recover():
            match declaration:
                case tree.DataBlock():
                    data[declaration.name.name] = elaborate_data(frame, declaration)
                case tree.TrainBlock():
                    trainings.append(elaborate_training(state.units, frame, declaration, data))
                case tree.DeployBlock():
                    deployments.append(elaborate_deployment(frame, declaration))
    return tuple(d for d, _ in data.values()), tuple(trainings), tuple(deployments)


def given_for(state: Elaboration, name: str) -> dict[str, Value]:
    """The settings given from outside for the component `name`."""
    own = {k.split(".", 1)[1]: v for k, v in state.settings.items() if k.startswith(f"{name}.")}
    return {**{k: v for k, v in state.settings.items() if "." not in k}, **own}


def _entry(state: Elaboration, declaration: tree.Component) -> None:
    """Make the unit of a component by itself, or note what it needs and try it out."""
    given = given_for(state, declaration.name.name)
    needs: list[str] = [
        p.name.name
        for p in declaration.settings or ()
        if p.default is None and p.name.name not in given
    ]
    if not needs:
        try:
            make_entry(state.units, state.module, declaration, given)
            return
        except NeedsDimensions as error:
            needs += _checked(declaration, error)
    sizes = tuple(dict.fromkeys(n for n in needs))
    if not _made_elsewhere(state, declaration):
        sizes = _try_out(state, declaration, given, sizes)
    state.templates.append(
        Template(
            declaration.name.name,
            camel_case(declaration.name.name),
            declaration.kind,
            signature(declaration, tuple(n for n in sizes if n not in _setting_names(declaration))),
            sizes,
            declaration.doc,
            header_of(declaration),
        )
    )


def _made_elsewhere(state: Elaboration, declaration: tree.Component) -> bool:
    return any(key[0] == id(declaration) for key in state.units.made)


def _setting_names(declaration: tree.Component) -> list[str]:
    return [p.name.name for p in declaration.settings or ()]


def _checked(declaration: tree.Component, error: NeedsDimensions) -> list[str]:
    """The sizes asked for, if the constructor can be given them."""
    own = {n for p in declaration.inputs if p.type for n in dimension_names(p.type)}
    for name in error.names:
        if name not in own:
            fail(NotKnown, error.span, f"`{name}` must be a number here", "not known",
                 "make it a setting, or a dimension of an input")  # fmt: skip
    return list(error.names)


def make_entry(
    units: Units, module: Module, declaration: tree.Component, given: Mapping[str, Value]
) -> Any:
    """The unit of a declaration by itself; NeedsDimensions names the sizes it cannot do without."""
    settings = {k: v for k, v in given.items() if k in _setting_names(declaration)}
    for parameter in declaration.settings or ():
        if parameter.name.name in settings:
            check_setting(parameter, parameter, settings[parameter.name.name])
    making = Making(units, Declared(declaration, module), declaration.name, settings)
    for parameter in declaration.inputs:
        if parameter.type is None:
            continue
        for name in dimension_names(parameter.type):
            if name in settings:
                making.binding[name] = settings[name]
            elif name in given:
                making.binding[name] = given[name]
            elif name not in module.declared and name not in _setting_names(declaration):
                making.binding.setdefault(name, Polynomial.symbol(name))
        if isinstance(parameter.type, tree.TypeName):
            if any(isinstance(d, tree.Ellipsis) for d in parameter.type.dims):
                making.binding.setdefault("...", (Polynomial.symbol("..."),))
    return make_unit(making)


def _try_out(
    state: Elaboration, declaration: tree.Component, given: dict[str, Value], needs: tuple[str, ...]
) -> tuple[str, ...]:
    """Elaborate with made-up sizes, to find errors and further needs; nothing of it is kept."""
    kinds = {p.name.name: p.type for p in declaration.settings or ()}
    for name in needs:
        written = kinds.get(name)
        if isinstance(written, tree.TypeName) and written.name.name not in ("int", "real"):
            return needs
    first: list[Diagnostic] | None = None
    for probe in PROBES:
        session, units = new_session(state.session.base)
        needs = _attempt(session, units, state.module, declaration, given, needs, probe)
        if not any(e.severity == "error" for e in session.errors):
            first = session.errors
            break
        first = first or session.errors
    for error in first or []:
        state.session.report(error)
    return needs


def _attempt(
    session: Session,
    units: Units,
    module: Module,
    declaration: tree.Component,
    given: dict[str, Value],
    needs: tuple[str, ...],
    probe: int,
) -> tuple[str, ...]:
    while True:
        sizes = {name: probe for name in needs}
        with session.recover():
            try:
                make_entry(units, module, declaration, {**given, **sizes})
            except NeedsDimensions as error:
                found = tuple(n for n in _checked(declaration, error) if n not in needs)
                if found:
                    needs = (*needs, *found)
                    continue
        return needs


def _check_constant(state: Elaboration, declaration: tree.Const) -> None:
    with state.session.recover():
        resolve(Frame(state.session, state.module, Scope()), declaration.name)


def _check_unused(state: Elaboration, declaration: tree.Component) -> None:
    """Try a gate, `fn` or hamiltonian that nothing else ran, so that its errors show."""
    if id(declaration) in state.session.entered or declaration.kind == "extern":
        return
    first: list[Diagnostic] = []
    for probe in PROBES:
        session, _ = new_session(state.session.base)
        with session.recover():
            try:
                _run_alone(session, state.module, declaration, probe)
            except NeedsDimensions:
                return
        if not any(e.severity == "error" for e in session.errors):
            return
        first = first or session.errors
    for error in first:
        state.session.report(error)


def _run_alone(session: Session, module: Module, declaration: tree.Component, probe: int) -> None:
    """Run the body of a gate, `fn` or hamiltonian with made-up sizes and symbols for values."""
    callee = Declared(declaration, module)
    frame = Frame(session, module, Scope())
    binding: Binding = {}
    registers = []
    if declaration.kind == "fn":
        frame.network = NetworkState()
    else:
        frame.circuit = CircuitState(CircuitBuilder("probe"))
    inner = enter(frame, declaration.name, callee)
    names = [n for p in declaration.inputs if p.type for n in dimension_names(p.type)]
    sizes: Binding = {name: probe for name in names if name not in module.declared}
    for register in declaration.registers:
        count = 1
        if register.size is not None:
            for name in _register_names(register):
                sizes.setdefault(name, probe)
            kind = resolve_type(inner, _sized(register), sizes)
            assert isinstance(kind, TensorType)
            count = require_number(inner, kind.dims[0], register, "the size of a register")
        assert frame.circuit is not None
        registers.append(frame.circuit.builder.qubits(register.name.name, count))
    bound: list[tuple[tree.Parameter, Value]] = []
    for parameter in declaration.inputs:
        bound.append((parameter, _made_up(inner, parameter, sizes, probe)))
    if frame.circuit is not None:
        inner.circuit = CircuitState(frame.circuit.builder, capture=[])
    bind_operands(inner, declaration.name, callee, registers, binding)
    bind_inputs(frame, inner, declaration.name, bound, binding, declaration.kind == "fn")
    if declaration.kind == "gate":
        assert isinstance(declaration.body, tree.Block)
        from qmlc.check.run_block import run_block

        run_block(inner, declaration.body)
    else:
        run_body(inner, declaration)


def _register_names(register: tree.Register) -> list[str]:
    return dimension_names(_sized(register))


def _sized(register: tree.Register) -> tree.TypeName:
    assert register.size is not None
    name = tree.Identifier(register.span, "real")
    return tree.TypeName(register.span, name, (register.size,))


def _made_up(frame: Frame, parameter: tree.Parameter, sizes: Binding, probe: int) -> Value:
    name = parameter.name.name
    written = parameter.type
    if isinstance(written, tree.TypeName) and written.name.name == "gate":
        default = parameter.default
        return find_gate(frame, default if isinstance(default, tree.Identifier) else
                         tree.Identifier(parameter.span, "ry"))  # fmt: skip
    if isinstance(written, tree.TypeName) and written.name.name in ("int", "str", "bool"):
        return {"int": probe, "str": "", "bool": True}[written.name.name]
    kind = TensorType("real") if written is None else resolve_type(frame, written, sizes)
    if not isinstance(kind, TensorType):
        raise Stop(None)
    if frame.network is not None:
        return Tensor(frame.network.graph.add("input", [], kind, name=name), kind)
    assert frame.circuit is not None
    dims = [require_number(frame, d, parameter, "a dimension") for d in kind.dims]
    return frame.circuit.builder.input(name, *dims)
