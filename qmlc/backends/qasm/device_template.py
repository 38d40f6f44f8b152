"""A circuit that is compiled for a device once, and gets its numbers many times."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit

from qmlc.backends.qasm.bind_circuit import circuit_numbers, variable_symbols
from qmlc.backends.qasm.convert_angle import qiskit_parameter
from qmlc.backends.qasm.emit_openqasm import device_text
from qmlc.backends.qasm.errors import Unbound
from qmlc.backends.qasm.print_gates import is_symbolic
from qmlc.backends.qasm.slot_angles import read_angle, slot_angles
from qmlc.backends.qasm.tabulate_angles import AngleTable, tabulate_angles
from qmlc.backends.qasm.transpile_circuit import DeviceCircuit, transpile_circuit
from qmlc.ir.circuit import Circuit
from qmlc.targets.read_target import Target
from qmlc.types.polynomial import Value

ANGLE = "angle"
"""Names what stands in the text of a device circuit for an angle that is not a number yet."""


@dataclass(frozen=True, eq=False, slots=True)
class DeviceTemplate:
    """A device circuit whose angles are `angle_0`, `angle_1`, …, and what these are."""

    source: Circuit
    device: DeviceCircuit
    table: AngleTable
    pieces: tuple[str, ...]
    """The text of the device circuit between its angles."""
    order: NDArray[np.int64]
    """The angles in the text."""

    def angles(self, values: Mapping[str, Any]) -> NDArray[np.float64]:
        """The number of each angle, for the inputs and parameters of the circuit by name.

        ValueError for another name or shape; Unbound where one is missing.
        """
        return self.table.evaluate(self._numbers(values))

    def text(self, values: Mapping[str, Any]) -> str:
        """The OpenQASM of the circuit with numbers; errors as in `angles`."""
        parts = [""] * (2 * len(self.pieces) - 1)
        parts[::2] = self.pieces
        parts[1::2] = map(repr, self.angles(values)[self.order].tolist())
        return "".join(parts)

    def circuit(self, values: Mapping[str, Any]) -> QuantumCircuit:
        """The circuit with numbers, in Qiskit; errors as in `angles`."""
        angles = self.angles(values)
        names = {qiskit_parameter(f"{ANGLE}_{i}"): angle for i, angle in enumerate(angles.tolist())}
        return self.device.circuit.assign_parameters(names)

    def _numbers(self, values: Mapping[str, Any]) -> NDArray[np.float64]:
        variables = (*self.source.inputs, *self.source.parameters)
        missing = tuple(v.name for v in variables if v.name not in values)
        if missing:
            raise Unbound(f"`{self.source.name}`", missing)
        arrays = [np.asarray(values[v.name], dtype=np.float64) for v in variables]
        shapes = all(a.shape == v.shape for a, v in zip(arrays, variables, strict=True))
        if not shapes or len(values) > len(variables):
            # says what is wrong
            circuit_numbers(self.source, values)
        return np.concatenate([np.zeros(0), *(array.ravel() for array in arrays)])


def device_templates(
    circuit: Circuit,
    target: Target,
    *,
    measure: bool = True,
    level: int = 3,
    seed: int = 0,
    dialect: str | None = None,
) -> tuple[DeviceTemplate, ...]:
    """A template for each device circuit of `transpile_circuit`, whose errors are raised here, too.

    Its texts are in the `dialect`, else in the device's.
    """
    outline, angles = slot_angles(circuit)
    devices = transpile_circuit(outline, target, measure=measure, level=level, seed=seed)
    return tuple(_template(circuit, device, angles, dialect) for device in devices)


def _template(
    source: Circuit, device: DeviceCircuit, angles: list[Value], dialect: str | None
) -> DeviceTemplate:
    found: dict[Value, int] = {}
    plain = device.circuit.copy_empty_like()
    plain.metadata = {}
    for item in device.circuit.data:
        operation = item.operation
        if any(map(is_symbolic, operation.params)):
            operation = operation.to_mutable()
            operation.params = [_named(p, angles, found) for p in operation.params]
        plain.append(operation, item.qubits, item.clbits)
    named = replace(device, circuit=plain)
    text = device_text(source, named, dialect, (), is_template=True)
    text = re.sub(rf"^input .*\b{ANGLE}_\d+;\n", "", text, flags=re.MULTILINE)
    pieces = re.split(rf"\b{ANGLE}_(\d+)\b", text)
    variables = (*source.inputs, *source.parameters)
    symbols = [symbol for variable in variables for symbol in variable_symbols(variable)]
    return DeviceTemplate(
        source,
        named,
        tabulate_angles(list(found), symbols),
        tuple(pieces[::2]),
        np.array(pieces[1::2], dtype=np.int64),
    )


def _named(angle: Any, angles: list[Value], found: dict[Value, int]) -> Any:
    if not is_symbolic(angle):
        return angle
    number = found.setdefault(read_angle(angle, angles), len(found))
    return qiskit_parameter(f"{ANGLE}_{number}")
