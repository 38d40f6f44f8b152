"""The circuits of a program as they are used: which unit, at which path, with which numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from qmlc.backends.qasm.build_qiskit import to_qiskit
from qmlc.backends.qasm.errors import NotExpressible
from qmlc.backends.qasm.transpile_circuit import count_two_qubit_gates
from qmlc.backends.torch.lay_out_parts import module_paths
from qmlc.ir.circuit import Circuit
from qmlc.ir.program import Program, Unit


@dataclass(frozen=True)
class Size:
    """How large a circuit is on paper."""

    depth: int
    two_qubit_gates: int
    gates: int


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

    @cached_property
    def logical(self) -> Any:
        """The circuit in Qiskit, as OpenQASM 3 says it; made once. Errors as in `to_qiskit`."""
        return to_qiskit(self.circuit, self.values, arithmetic_only=True)

    @cached_property
    def size(self) -> Size | None:
        """Depth and gates of the circuit as written, or None where Qiskit cannot say it."""
        try:
            circuit = self.logical
        except (NotExpressible, ValueError):
            return None
        return Size(circuit.depth(_counts), count_two_qubit_gates(circuit), circuit.size(_counts))


def _counts(item: Any) -> bool:
    """Whether depth and size count an instruction; Qiskit's own test makes each operation first."""
    return bool(item.name != "barrier")


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


@dataclass(frozen=True, slots=True)
class Place:
    """A circuit inside a unit: its path as the author names it, and in the unit's state."""

    path: str
    state: str
    unit: Unit

    def key(self, name: str) -> str:
        """The name of a parameter of the circuit in the state."""
        return f"{self.state}.{name}".lstrip(".")


def circuit_places(program: Program, root: Unit, path: str = "", state: str = "") -> list[Place]:
    """The circuits inside a unit, in order; the unit itself has no path."""
    found = [] if root.circuit is None else [Place(path, state, root)]
    names = module_paths(root)
    for part in root.submodules:
        if part.is_unit:
            inner = program.unit(part.target)
            places = (f"{path}.{part.path}", f"{state}.{names[part.path]}")
            found += circuit_places(program, inner, *(place.lstrip(".") for place in places))
    return found


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
        places = circuit_places(program, root)
        keys = [place.key(p.name) for place in places for p in place.unit.parameters]
        if places and all(key in state for key in keys) and _covers(root, state):
            return [_bound(place, state, inputs) for place in places]
    return []


def _bound(place: Place, state: Mapping[str, Any], inputs: Mapping[str, Any]) -> Use:
    unit, name = place.unit, place.path or place.unit.name
    weights = {p.name: state[place.key(p.name)] for p in unit.parameters}
    return Use(name, unit, {**weights, **inputs_of(name, unit, inputs)})


def circuit_weights(program: Program) -> dict[str, list[str]]:
    """For each model or circuit, the weights of the circuits in it by their names in its state."""
    found = {
        root.name: [
            place.key(p.name)
            for place in circuit_places(program, root)
            for p in place.unit.parameters
        ]
        for root in program.units
        if root.kind != "loss"
    }
    return {name: keys for name, keys in found.items() if keys}


def _covers(root: Unit, state: Mapping[str, Any]) -> bool:
    """Whether every entry of `state` lies in `root`."""
    heads = {name.partition(".")[0] for name in module_paths(root).values()}
    return all(key.partition(".")[0] in heads for key in state)


def inputs_of(name: str, unit: Unit, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers given for inputs of a circuit: for `x` of all circuits, or for `vqc.x`."""
    own = [variable for variable, _ in unit.inputs]
    found = {key: value for key, value in inputs.items() if key in own}
    for key, value in inputs.items():
        head, _, last = key.rpartition(".")
        if head in (name, unit.name) and last in own:
            found[last] = value
    return found
