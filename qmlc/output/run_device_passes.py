"""The passes for a device one by one: for `--print-after`, `--time-passes`, `--explain-passes`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

from qmlc.backends.qasm.errors import NotExpressible
from qmlc.backends.qasm.physical_circuit import physical_circuit
from qmlc.ir.circuit import Circuit
from qmlc.ir.program import Program
from qmlc.output.find_circuits import Use
from qmlc.output.print_qasm import as_compile_error, find_target
from qmlc.passes.explain_passes import compare_programs
from qmlc.passes.optimise_for_device import Kept, optimise_for_device
from qmlc.targets.read_target import Target

DEVICE_PASSES = {
    "optimise_for_device": "Write circuits anew from the rotations that they are: on devices, "
    "gates on two qubits are what fails.",
    "compile_for_device": "Give circuits the gates of the device and its neighbours, from the one "
    "before or the one as written, whichever takes fewer gates on two qubits.",
}
"""Why each is there."""


def run_device_passes(program: Program, target: str, level: int) -> Iterator[tuple[str, Program]]:
    """The program after each pass for a device, from level 2 on the first; CompileError.

    Circuits in the device's gates are in one register, of the qubits that are used.
    """
    device = find_target(target)
    if level >= 2:
        yield "optimise_for_device", _each(program, device, _optimised)
    yield (
        "compile_for_device",
        _each(program, device, lambda c, d: physical_circuit(c, d, level=level)),
    )


def explain_device_passes(program: Program, target: str, level: int) -> Iterator[str]:
    """Lines on what each pass for a device did; CompileError."""
    stages = [("", program), *run_device_passes(program, target, level)]
    for (_, before), (name, after) in pairwise(stages):
        yield from compare_programs(before, after, f"{name}: {DEVICE_PASSES[name]}")


def _optimised(circuit: Circuit, target: Target) -> Circuit:
    keep: Kept = "results" if circuit.results else "unitary"
    if not all(i.unitary for i in circuit.instructions):
        return circuit
    return optimise_for_device(circuit, target.basis, keep)


def _each(
    program: Program, target: Target, compiled: Callable[[Circuit, Target], Circuit]
) -> Program:
    units = []
    for unit in program.units:
        if unit.circuit is not None:
            try:
                unit = replace(unit, circuit=compiled(unit.circuit, target))
            except NotExpressible as error:
                raise as_compile_error(Use(unit.name, unit, {}), error) from None
        units.append(unit)
    return replace(program, units=tuple(units))
