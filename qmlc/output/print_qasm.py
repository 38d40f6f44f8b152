"""OpenQASM of a program's circuits, with what could not be written as diagnostics or notes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from qmlc.backends.qasm.bind_circuit import circuit_numbers
from qmlc.backends.qasm.build_qiskit import to_qiskit
from qmlc.backends.qasm.emit_openqasm import DeviceProgram, emit_device_program, emit_openqasm
from qmlc.backends.qasm.errors import NeedsMethod, NotExpressible, Unbound
from qmlc.backends.qasm.transpile_circuit import count_two_qubit_gates
from qmlc.ir.program import Program
from qmlc.output.errors import BadNumbers, NoSuchTarget, NotForTarget
from qmlc.output.find_circuits import (
    Use,
    circuit_units,
    circuit_weights,
    uses_with_state,
    uses_without_state,
)
from qmlc.output.options import CompileOptions
from qmlc.output.read_numbers import read_inputs, read_state
from qmlc.source.compile_error import CompileError
from qmlc.source.diagnostic import Problem
from qmlc.source.nearest import nearest
from qmlc.source.span import NOWHERE, Span
from qmlc.syntax.parse import parse
from qmlc.syntax.tree import Apply
from qmlc.targets.read_target import Target, UnknownTarget, read_target


def circuit_uses(program: Program, options: CompileOptions) -> list[Use]:
    """The circuits to write, with the numbers that the options name; CompileError."""
    inputs = read_inputs(options.inputs)
    check_inputs(program, tuple(inputs))
    if options.state is None:
        return uses_without_state(program, inputs)
    uses = uses_with_state(program, read_state(options.state), inputs)
    if not uses:
        needs = [
            f"`{name}` needs {listed(keys)}" for name, keys in circuit_weights(program).items()
        ]
        raise error_at(
            None,
            BadNumbers,
            f"the weights in `{options.state}` fit no part of `{program.name}`",
            "; ".join(needs) or "no part of it has weights for a circuit",
        )
    return uses


def check_inputs(program: Program, names: Sequence[str]) -> None:
    """CompileError where a circuit has no input of such a name."""
    known = dict.fromkeys(
        name
        for title, unit in circuit_units(program)
        for variable, _ in unit.inputs
        for name in (variable, f"{title}.{variable}", f"{unit.name}.{variable}")
    )
    for name in names:
        if name not in known and name.rpartition(".")[2] not in known:
            close = nearest(name, list(known))
            hint = f"did you mean `{close}`?" if close else "there are " + listed(known)
            what = f"no circuit of `{program.name}` has an input `{name}`"
            raise error_at(None, BadNumbers, what, hint if known else "")


def listed(names: Iterable[str]) -> str:
    """Names in backquotes."""
    return ", ".join(f"`{name}`" for name in names)


def check_values(use: Use) -> None:
    """CompileError where the numbers given for a circuit do not have its shapes."""
    try:
        circuit_numbers(use.circuit, use.values)
    except ValueError as error:
        raise as_compile_error(use, error) from None


def logical_qasm(use: Use, version: int) -> str:
    """OpenQASM of a circuit without a device; CompileError."""
    try:
        return emit_openqasm(use.circuit, version, use.values)
    except (NotExpressible, ValueError) as error:
        raise as_compile_error(use, error) from None


def device_qasm(use: Use, target: Target, level: int, version: int = 3) -> DeviceProgram:
    """What a device runs for a circuit; CompileError."""
    try:
        return emit_device_program(use.circuit, target, use.values, version, level=level)
    except (NotExpressible, ValueError) as error:
        raise as_compile_error(use, error) from None


def find_target(name: str, place: Span | None = None) -> Target:
    """The device of a name; CompileError with the nearest one."""
    try:
        return read_target(name)
    except UnknownTarget as error:
        proposal = f"did you mean `{error.proposal}`?" if error.proposal else "see `qmlc targets`"
        raise error_at(place, NoSuchTarget, f"there is no device `{name}`", proposal) from None


def as_compile_error(use: Use, error: Exception) -> CompileError:
    """An error of the back-end, at the circuit or at the evolution that is to blame."""
    place, where = use.unit.place, "this circuit"
    match error:
        case Unbound():
            free = [
                v.name
                for v in (*use.circuit.inputs, *use.circuit.parameters)
                if v.name not in use.values
            ]
            what = f"{error.what} needs numbers for {listed(free)}"
            proposal = "give weights with `--state FILE`, and inputs with `--input NAME=FILE`"
            return error_at(place, NotForTarget, what, proposal, where)
        case NeedsMethod():
            found = find_evolution(place) if place is not None else None
            if found is not None:
                place, where = found, "this evolution is exact"
            return error_at(place, NotForTarget, error.message, error.proposal, where)
        case NotExpressible():
            return error_at(place, NotForTarget, error.message, error.proposal, where)
    return error_at(place, BadNumbers, f"`{use.name}`: {error}", "", where)


def find_evolution(place: Span) -> Span | None:
    """The first `evolve` without a method in the component whose name stands at `place`."""
    file, _ = parse(place.source)
    for declaration in file.declarations:
        if declaration.span.start <= place.start < declaration.span.end:
            return next(_exact_evolutions(declaration), None)
    return None


def _exact_evolutions(node: Any) -> Iterator[Span]:
    if isinstance(node, Apply) and node.gate.name.name == "evolve":
        if not any(k.name.name == "method" for k in node.gate.keywords):
            yield node.span
    for item in fields(node):
        value = getattr(node, item.name)
        for child in value if isinstance(value, tuple) else (value,):
            if is_dataclass(child) and not isinstance(child, Span):
                yield from _exact_evolutions(child)


def error_at(
    place: Span | None, kind: type[Problem], what: str, proposal: str, where: str = ""
) -> CompileError:
    """One error, at a place in the program if there is one."""
    return CompileError((kind(place or NOWHERE, what=what, where=where, proposal=proposal),))


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
