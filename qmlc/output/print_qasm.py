"""OpenQASM of a program's circuits, with what could not be written as diagnostics or notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from qmlc.backends.qasm.build_qiskit import to_qiskit
from qmlc.backends.qasm.emit_openqasm import DeviceProgram, emit_device_program, emit_openqasm
from qmlc.backends.qasm.errors import NotExpressible
from qmlc.backends.qasm.transpile_circuit import count_two_qubit_gates
from qmlc.ir.program import Program, Unit
from qmlc.output.errors import BadNumbers, NoSuchTarget, NotForTarget
from qmlc.output.find_circuits import Use, uses_with_state, uses_without_state
from qmlc.output.options import CompileOptions
from qmlc.output.read_numbers import read_inputs, read_state
from qmlc.source.compile_error import CompileError
from qmlc.source.diagnostic import Problem
from qmlc.source.span import Source, Span
from qmlc.targets.read_target import Target, UnknownTarget, read_target


def circuit_uses(program: Program, options: CompileOptions) -> list[Use]:
    """The circuits to write, with the numbers that the options name; CompileError."""
    inputs = read_inputs(options.inputs)
    if options.state is None:
        return uses_without_state(program, inputs)
    uses = uses_with_state(program, read_state(options.state), inputs)
    if not uses:
        raise error_at(
            None,
            BadNumbers,
            f"`{options.state}` fits no model of this program that holds a circuit",
            "give the weights that `qmlc train` saved for this program",
        )
    return uses


def logical_qasm(use: Use, version: int) -> str:
    """OpenQASM of a circuit without a device; CompileError."""
    try:
        return emit_openqasm(use.circuit, version, use.values)
    except (NotExpressible, ValueError) as error:
        raise as_compile_error(use.unit, error) from None


def device_qasm(use: Use, target: Target, level: int) -> DeviceProgram:
    """What a device runs for a circuit; CompileError."""
    try:
        return emit_device_program(use.circuit, target, use.values, level=level)
    except (NotExpressible, ValueError) as error:
        raise as_compile_error(use.unit, error) from None


def find_target(name: str, place: Span | None = None) -> Target:
    """The device of a name; CompileError with the nearest one."""
    try:
        return read_target(name)
    except UnknownTarget as error:
        proposal = f"did you mean `{error.proposal}`?" if error.proposal else "see `qmlc targets`"
        raise error_at(place, NoSuchTarget, f"there is no device `{name}`", proposal) from None


def as_compile_error(unit: Unit, error: Exception) -> CompileError:
    """An error of the back-end with the place of the circuit."""
    message = getattr(error, "message", str(error))
    kind = NotForTarget if isinstance(error, NotExpressible) else BadNumbers
    return error_at(unit.place, kind, message, getattr(error, "proposal", ""), "this circuit")


def error_at(
    place: Span | None, kind: type[Problem], what: str, proposal: str, where: str = ""
) -> CompileError:
    """One error, at a place in the program if there is one."""
    span = place or Span(Source("", ""), 0, 0)
    return CompileError((kind(span, what=what, where=where, proposal=proposal),))


@dataclass(frozen=True)
class Size:
    """How large a circuit is on paper."""

    depth: int
    two_qubit_gates: int
    gates: int


def circuit_size(use: Use) -> Size | None:
    """Depth and gates of the circuit as written, or None where Qiskit cannot say it."""
    try:
        circuit: Any = to_qiskit(use.circuit, use.values)
    except (NotExpressible, ValueError):
        return None
    return Size(circuit.depth(), count_two_qubit_gates(circuit), circuit.size())


def file_name(parts: Sequence[str]) -> str:
    """A file name of parts that may hold `:`."""
    return ".".join(part.replace(":", "_") for part in parts)
