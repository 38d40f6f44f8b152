"""From declarations to a `Program`: every component a unit, what needs sizes a template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from qmlc.check.blocks.elaborate_data import elaborate_data
from qmlc.check.blocks.elaborate_deployment import elaborate_deployment
from qmlc.check.blocks.elaborate_training import elaborate_training
from qmlc.check.blocks.read_train_options import Made
from qmlc.check.call import call
from qmlc.check.check_header import check_header
from qmlc.check.circuits.run_gate import run_gate
from qmlc.check.dimensions import REST, dimension_names, has_rest
from qmlc.check.errors.names import UnknownName
from qmlc.check.errors.types import NotKnown
from qmlc.check.frame import Frame, Session
from qmlc.check.reach import reach
from qmlc.check.resolve import resolve
from qmlc.check.rules.elaborate_rewrite import elaborate_rules
from qmlc.check.try_out import Sizes, is_guessed, is_stand_in, run_alone, stand_in, try_sizes
from qmlc.check.units.apply_unit import apply_unit
from qmlc.check.units.make_unit import make_unit, signature
from qmlc.check.units.making import Making, Units
from qmlc.check.units.read_outside import outside_settings, read_outside
from qmlc.check.values import (
    Declared,
    Exhausted,
    Module,
    NeedsDimensions,
    Scope,
    Value,
    fail,
)
from qmlc.ir.program import Data, Deployment, Program, Template, Training, camel_case
from qmlc.source.diagnostic import Diagnostic
from qmlc.syntax import tree
from qmlc.types.polynomial import Polynomial

ENTRIES = ("model", "circuit", "kernel", "layer", "extern")


@dataclass
class Elaboration:
    """One program on its way to a `Program`."""

    module: Module
    file: tree.File
    session: Session
    units: Units
    templates: list[Template] = field(default_factory=list)


def new_units(session: Session) -> Units:
    """An empty store of units, which `session` makes more of."""
    units = Units(session)
    session.apply_unit = partial(apply_unit, units)
    session.reach = partial(reach, units)
    return units


def elaborate(
    module: Module, file: tree.File, name: str, settings: Mapping[str, Value]
) -> tuple[Program, tuple[Diagnostic, ...]]:
    """The program of a file, and what is wrong with it.

    `settings` fill settings and sizes of components, as they are made by themselves and by blocks:
    by name, `n`, or `qaoa.n` for one component.
    """
    base = module.path.parent if module.path is not None else None
    session = Session(call, resolve, run_gate, apply_unit, reach, base=base)
    units = new_units(session)
    units.outside = settings
    state = Elaboration(module, file, session, units)
    components = []
    for declaration in (d for d in file.declarations if isinstance(d, tree.Component)):
        if check_header(session, module, declaration):
            components.append(declaration)
        else:
            module.declared[declaration.name.name] = tree.Lost(declaration.span, ())
    data, trainings, deployments = _declarations(state, components)
    rules = elaborate_rules(session, module)
    made = {unit.name for unit in units.order}
    templates = tuple(t for t in state.templates if t.name not in made)
    program = Program(
        name, file.doc, tuple(units.order), templates, data, trainings, deployments, rules
    )
    return program, tuple(session.errors)


def _declarations(
    state: Elaboration, components: Sequence[tree.Component]
) -> tuple[tuple[Data, ...], tuple[Training, ...], tuple[Deployment, ...]]:
    """Elaborate every declaration: entries, what none of them used, then the blocks."""
    try:
        for entry in _entries(state, components):
            with _recover(state):
                _entry(state, entry)
        for declaration in state.file.declarations:
            if isinstance(declaration, tree.Const):
                with _recover(state):
                    resolve(Frame(state.session, state.module, Scope()), declaration.name)
        for component in components:
            if component.kind not in ENTRIES:
                with _recover(state):
                    _check_unused(state, component)
        return _blocks(state)
    except Exhausted as stop:
        if stop.diagnostic is not None:
            state.session.report(stop.diagnostic)
        return (), (), ()


def _entries(state: Elaboration, components: Sequence[tree.Component]) -> list[Declared]:
    """The components to make; first those of this or a used file that are given settings.

    The first unit of a name is what a Python user gets by this name.
    """
    given = list(dict.fromkeys(k.partition(".")[0] for k in state.units.outside if "." in k))
    named = [find_component(state.module, name) for name in given]
    own = [Declared(c, state.module) for c in components if c.kind in ENTRIES]
    first = [found for found in named if found is not None and found.kind in ENTRIES]
    return list({id(entry.declaration): entry for entry in [*first, *own]}.values())


def find_component(module: Module, name: str) -> Declared | None:
    """The component called `name` in a file, else in those that it uses, the nearest first."""
    open_, seen = [module], {id(module)}
    for place in open_:
        declaration = place.declared.get(name)
        if isinstance(declaration, tree.Component):
            return Declared(declaration, place)
        used = {id(m): m for m, _ in place.imported.values() if id(m) not in seen}
        open_ += used.values()
        seen |= used.keys()
    return None


@contextmanager
def _recover(state: Elaboration) -> Iterator[None]:
    """Collect the error that stops a declaration, unless there is no going on after it."""
    state.session.begin()
    with state.session.recover():
        yield


def _blocks(
    state: Elaboration,
) -> tuple[tuple[Data, ...], tuple[Training, ...], tuple[Deployment, ...]]:
    data: dict[str, Made] = {}
    trainings: list[Training] = []
    deployments: list[Deployment] = []
    frame = Frame(state.session, state.module, Scope())
    for declaration in state.file.declarations:
        if isinstance(declaration, tree.DataBlock):
            with _recover(state):
                data[declaration.name.name] = elaborate_data(frame, declaration)
    for declaration in state.file.declarations:
        with _recover(state):
            match declaration:
                case tree.TrainBlock():
                    trainings.append(elaborate_training(state.units, frame, declaration, data))
                case tree.DeployBlock():
                    deployments.append(elaborate_deployment(state.units, frame, declaration))
    return tuple(d for d, *_ in data.values()), tuple(trainings), tuple(deployments)


def _entry(state: Elaboration, entry: Declared) -> None:
    """Make the unit of a component by itself, or note what it needs and try it out."""
    declaration = entry.declaration
    assert isinstance(declaration, tree.Component)
    given = outside_settings(state.units, declaration.name.name)
    needs: list[str] = [
        p.name.name
        for p in declaration.settings or ()
        if p.default is None and p.name.name not in given
    ]
    if not needs:
        try:
            make_entry(state.units, entry.module, declaration, given)
            return
        except NeedsDimensions as error:
            needs += _checked(declaration, error)
    sizes = tuple(dict.fromkeys(needs))
    if not _made_elsewhere(state, declaration):
        sizes = _try_out(state, entry, given, sizes)
    state.templates.append(
        Template(
            declaration.name.name,
            camel_case(declaration.name.name),
            declaration.kind,
            signature(declaration, tuple(n for n in sizes if n not in _setting_names(declaration))),
            sizes,
            declaration.doc,
            declaration.header,
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
            fail(
                NotKnown,
                error.span,
                f"`{name}` must be a number here",
                "not known",
                "make it a setting, or a dimension of an input",
            )
    return list(error.names)


def make_entry(
    units: Units, module: Module, declaration: tree.Component, given: Mapping[str, Value]
) -> Any:
    """The unit of a declaration by itself; NeedsDimensions names the sizes it cannot do without."""
    names = _setting_names(declaration)
    settings = {k: v for k, v in given.items() if k in names}
    for parameter in declaration.settings or ():
        if parameter.name.name in settings:
            value = settings[parameter.name.name]
            if is_stand_in(value):
                continue
            settings[parameter.name.name] = read_outside(units, module, parameter, value)
    making = Making(units, Declared(declaration, module), declaration.name, settings)
    types = [p.type for p in declaration.inputs if p.type is not None]
    for name in (n for kind in types for n in dimension_names(kind)):
        if name in given:
            making.binding[name] = given[name]
        elif not module.has_constant(name) and name not in names:
            making.binding.setdefault(name, Polynomial.symbol(name))
    if any(has_rest(kind) for kind in types):
        making.binding.setdefault(REST, (Polynomial.symbol(REST),))
    return make_unit(making)


def _try_out(
    state: Elaboration, entry: Declared, given: dict[str, Value], needs: tuple[str, ...]
) -> tuple[str, ...]:
    """Elaborate with made-up sizes, to find errors and further needs; nothing of it is kept."""
    declaration = entry.declaration
    assert isinstance(declaration, tree.Component)
    stand_ins = {
        p.name.name: value
        for p in declaration.settings or ()
        if p.name.name in needs and (value := stand_in(p)) is not None
    }
    found = [name for name in needs if name not in stand_ins]

    def attempt(session: Session, sizes: Sizes) -> None:
        units = new_units(session)
        while True:
            made_up = {name: sizes(found.index(name)) for name in found}
            try:
                make_entry(units, entry.module, declaration, {**given, **stand_ins, **made_up})
                return
            except NeedsDimensions as error:
                further = [n for n in _checked(declaration, error) if n not in found]
                if not further:
                    return
                found.extend(further)

    # of what follows from stand-ins, only names that are not there are certain to be wrong
    try_sizes(state.session, attempt, found, (UnknownName,) if stand_ins else ())
    return (*(name for name in needs if name in stand_ins), *found)


def _check_unused(state: Elaboration, declaration: tree.Component) -> None:
    """Try a gate, `fn` or hamiltonian that nothing else ran, so that its errors show."""
    if id(declaration) in state.session.entered:
        return

    def attempt(session: Session, sizes: Sizes) -> None:
        new_units(session)
        run_alone(session, state.module, declaration, sizes)

    guessed = any(is_guessed(parameter) for parameter in declaration.inputs)
    with suppress(NeedsDimensions):
        try_sizes(state.session, attempt, only=(UnknownName,) if guessed else ())
