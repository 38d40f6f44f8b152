"""The circuits of a program as they are used: which unit, at which path, with which numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from qmlc.ir.circuit import Circuit
from qmlc.ir.program import Program, Unit


@dataclass(frozen=True)
class Use:
    """A circuit under the name of its file, with numbers for what is known of it."""

    name: str
    unit: Unit
    values: Mapping[str, Any]

    @property
    def circuit(self) -> Circuit:
        """The circuit itself."""
        assert self.unit.circuit is not None
        return self.unit.circuit


def circuit_units(program: Program) -> list[tuple[str, Unit]]:
    """Each circuit of a program with a name of its own: the author's, `_2` for the second use."""
    units = [unit for unit in program.units if unit.circuit is not None]
    authors = {unit.name for unit in units}
    found: dict[str, Unit] = {}
    for unit in units:
        name, count = unit.name, 1
        while name in found or (count > 1 and name in authors):
            count += 1
            name = f"{unit.name}_{count}"
        found[name] = unit
    return list(found.items())


def circuit_paths(program: Program, root: Unit) -> Iterator[tuple[str, Unit]]:
    """The circuits inside a unit, by their paths in its state; the unit itself at ""."""
    if root.circuit is not None:
        yield "", root
    for submodule in root.submodules:
        if submodule.is_unit:
            for path, unit in circuit_paths(program, program.unit(submodule.target)):
                yield f"{submodule.path}.{path}".rstrip("."), unit


def uses_without_state(program: Program, inputs: Mapping[str, Any]) -> list[Use]:
    """Each circuit once, its parameters free."""
    return [Use(name, unit, inputs_of(name, unit, inputs)) for name, unit in circuit_units(program)]


def uses_with_state(
    program: Program, state: Mapping[str, Any], inputs: Mapping[str, Any]
) -> list[Use]:
    """Each circuit of the model that `state` belongs to, at each of its paths; [] if none fits."""
    trained = [training.unit for training in program.trainings]
    roots = sorted(
        (u for u in program.units if u.kind != "loss"),
        key=lambda u: (u.class_name not in trained, u.kind != "model"),
    )
    for root in roots:
        paths = list(circuit_paths(program, root))
        keys = [_key(path, p.name) for path, unit in paths for p in unit.parameters]
        if paths and all(key in state for key in keys) and _covers(root, state):
            return [
                Use(
                    path or unit.name,
                    unit,
                    {
                        **{p.name: state[_key(path, p.name)] for p in unit.parameters},
                        **inputs_of(path or unit.name, unit, inputs),
                    },
                )
                for path, unit in paths
            ]
    return []


def circuit_weights(program: Program) -> dict[str, list[str]]:
    """For each model or circuit, the weights of the circuits in it by their names in its state."""
    found = {
        root.name: [
            _key(path, p.name)
            for path, unit in circuit_paths(program, root)
            for p in unit.parameters
        ]
        for root in program.units
        if root.kind != "loss"
    }
    return {name: keys for name, keys in found.items() if keys}


def _covers(root: Unit, state: Mapping[str, Any]) -> bool:
    """Whether every entry of `state` lies in `root`."""
    heads = {submodule.path for submodule in root.submodules}
    own = {p.name for p in root.parameters}
    return all(key in own or any(key.startswith(f"{head}.") for head in heads) for key in state)


def _key(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def inputs_of(name: str, unit: Unit, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers given for inputs of a circuit: for `x` of all circuits, or for `vqc.x`."""
    own = [variable for variable, _ in unit.inputs]
    found = {key: value for key, value in inputs.items() if key in own}
    for key, value in inputs.items():
        head, _, last = key.rpartition(".")
        if head in (name, unit.name) and last in own:
            found[last] = value
    return found
