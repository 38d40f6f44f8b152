"""Circuits as OpenQASM files: the circuit itself, or what a device runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from qiskit import QuantumCircuit

from qmlc.backends.qasm.bind_circuit import bind_value, circuit_numbers, real_number
from qmlc.backends.qasm.build_qiskit import to_qiskit
from qmlc.backends.qasm.convert_angle import is_arithmetic, is_expressible
from qmlc.backends.qasm.errors import Unbound
from qmlc.backends.qasm.lower_to_ions import lower_to_ions
from qmlc.backends.qasm.plan_measurement import MeasurementPlan, plan_measurement
from qmlc.backends.qasm.print_openqasm import print_openqasm
from qmlc.backends.qasm.scalar_names import name_scalars, scalar_formulas
from qmlc.backends.qasm.transpile_circuit import DeviceCircuit, transpile_circuit
from qmlc.ir.circuit import Circuit
from qmlc.targets.read_dialect import read_dialect
from qmlc.targets.read_target import Target
from qmlc.types.polynomial import Polynomial

TEMPLATES = "openqasm3"
"""What is written before all numbers are known, if the device's own dialect has no inputs."""


@dataclass(frozen=True)
class DeviceProgram:
    """What a device runs for a circuit: a text for each group of `plan`, and how it was made.

    All texts are in `dialect`.
    """

    dialect: str
    texts: tuple[str, ...]
    circuits: tuple[DeviceCircuit, ...]
    plan: MeasurementPlan


def emit_openqasm(
    circuit: Circuit,
    dialect: str | None = None,
    values: Any = None,
    target: Target | None = None,
    comments: Sequence[str] = (),
    level: int = 3,
    seed: int = 0,
    tries: int = 8,
) -> str:
    """`circuit` as OpenQASM, without its measured results; for a `target`, in the device's gates.

    In the `dialect` of that name: else in the device's, or in `openqasm3`. What `values` leaves out
    becomes an `input float[64]`, or is Unbound where the dialect has none. The same arguments give
    the same bytes. `comments` go under the header.
    """
    if target is None:
        plain = to_qiskit(circuit, values, arithmetic_only=True)
        return print_logical(circuit, plain, dialect, comments)
    options = {"measure": False, "level": level, "seed": seed, "tries": tries}
    (device,) = transpile_circuit(circuit, target, values, **options)  # type: ignore[arg-type]
    return device_text(circuit, device, dialect, comments)


def print_logical(
    circuit: Circuit, plain: QuantumCircuit, dialect: str | None, comments: Sequence[str]
) -> str:
    """The OpenQASM of `plain`, which is `circuit` in Qiskit; errors as in `emit_openqasm`."""
    header = [*_title(circuit, comments), *_scalars(plain)]
    return print_openqasm(plain, read_dialect(dialect or "openqasm3"), header)


def emit_device_program(
    circuit: Circuit,
    target: Target,
    values: Any = None,
    dialect: str | None = None,
    comments: Sequence[str] = (),
    level: int = 3,
    seed: int = 0,
    tries: int = 8,
) -> DeviceProgram:
    """What `target` runs to yield the results of `circuit`; errors as in `transpile_circuit`.

    Where these are its state alone, it is made and not measured.
    """
    if all(result.kind == "state" for result in circuit.results):
        circuit = replace(circuit, results=())
    plan = plan_measurement(circuit)
    circuits = transpile_circuit(
        circuit, target, values, measure=True, level=level, seed=seed, tries=tries
    )
    free = any(device.circuit.parameters for device in circuits)
    own = target.dialect if read_dialect(target.dialect).inputs or not free else TEMPLATES
    texts = tuple(
        device_text(circuit, device, dialect or own, (*comments, _group(circuit, plan, i)))
        for i, device in enumerate(circuits)
    )
    return DeviceProgram(dialect or own, texts, circuits, plan)


def device_text(
    circuit: Circuit,
    device: DeviceCircuit,
    dialect: str | None,
    comments: Sequence[str],
    is_template: bool = False,
) -> str:
    """The OpenQASM of a device circuit, its header telling where each qubit lies.

    A template has free scalars as inputs, even in a dialect that has none.
    """
    target = device.target
    spoken = read_dialect(dialect or target.dialect)
    header = [
        *_title(circuit, comments),
        f"target {target.name} ({target.title})",
        *_layout(circuit, device),
        f"depth {device.depth}, two-qubit gates {device.two_qubit_gates}{_success(device)}",
        *_scalars(device.circuit),
    ]
    native = target.native and spoken.name == target.dialect
    written = lower_to_ions(device.circuit) if native else device.circuit
    # no device has a phase of its branches
    spoken = replace(spoken, phase=False, inputs=spoken.inputs or is_template)
    return print_openqasm(written, spoken, header, target.labels)


def _success(device: DeviceCircuit) -> str:
    return "" if device.success is None else f", estimated success {device.success:.3g}"


def scalar_values(circuit: Circuit, values: Any, arithmetic_only: bool = True) -> dict[str, float]:
    """The number of each scalar in the emitted text, by its name there; else as `to_qiskit` says.

    Unbound where `values` lacks an input or parameter of the circuit.
    """
    numbers = circuit_numbers(circuit, values)
    names = name_scalars(circuit, is_arithmetic if arithmetic_only else is_expressible)
    missing = tuple(v.name for v in (*circuit.inputs, *circuit.parameters) if v.name not in values)
    if missing:
        raise Unbound(f"`{circuit.name}`", missing)
    return {
        name: real_number(_number(bind_value(formula, numbers)))
        for name, formula in scalar_formulas(names).items()
    }


def _number(value: Any) -> Any:
    return value.constant if isinstance(value, Polynomial) else value


def _title(circuit: Circuit, comments: Sequence[str]) -> list[str]:
    return [f"circuit {circuit.name}", *comments]


def _scalars(circuit: QuantumCircuit) -> list[str]:
    """Which element or formula each scalar stands for, where the name does not say it.

    The elements of one tensor, named by their indices, share a line.
    """
    scalars = dict((circuit.metadata or {}).get("scalars", {}))
    lines: dict[str, list[tuple[str, str]]] = {}
    for name, meaning in scalars.items():
        if name != meaning:
            head, bracket, indices = meaning.partition("[")
            plain = bracket and name == "_".join([head, *indices.removesuffix("]").split(", ")])
            lines.setdefault(head if plain else name, []).append((name, meaning))
    return [_range_text(pairs) for pairs in lines.values()]


def _range_text(pairs: Sequence[tuple[str, str]]) -> str:
    (first, start), (last, end) = pairs[0], pairs[-1]
    return f"{first} is {start}" if len(pairs) == 1 else f"{first} to {last} are {start} to {end}"


def _layout(circuit: Circuit, device: DeviceCircuit) -> list[str]:
    lines = [f"layout {_places(circuit, device, device.layout)}"]
    if device.final_layout != device.layout:
        lines.append(f"at the end {_places(circuit, device, device.final_layout)}")
    return lines


def _places(circuit: Circuit, device: DeviceCircuit, layout: Sequence[int]) -> str:
    labels = device.target.labels
    return ", ".join(
        f"{name} on {place}" + (f" ({labels[place]})" if labels else "")
        for name, place in zip(circuit.qubit_names(), layout, strict=True)
    )


def _group(circuit: Circuit, plan: MeasurementPlan, index: int) -> str:
    if not plan.groups:
        return "nothing is measured"
    names = circuit.qubit_names()
    read = plan.groups[index].basis
    basis = ", ".join(f"{letter} of {names[q]}" for q, letter in read)
    bits = f"the last {len(read)} bits, in this order" if len(read) > 1 else "the last bit"
    return f"measurement {index + 1} of {len(plan.groups)}: {basis} ({bits})"
