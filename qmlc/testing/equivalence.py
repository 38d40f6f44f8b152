"""Whether two circuits do the same, whoever wrote them: oracles for tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from qiskit import QuantumCircuit

from qmlc.backends.qasm.bind_circuit import bind_circuit
from qmlc.backends.qasm.load_openqasm import COMMENT, load_openqasm
from qmlc.backends.qasm.read_qiskit import read_with_bits
from qmlc.backends.qasm.transpile_circuit import DeviceCircuit
from qmlc.driver import analyse
from qmlc.ir.circuit import Circuit, Condition, Result
from qmlc.ir.dense import apply_instructions
from qmlc.runtime.circuit_module import CircuitModule
from qmlc.source.span import Source
from qmlc.testing.oracle import holds, run, simulate

DRAWS = 2
"""Values for which symbolic circuits are compared."""

MAX_UNITARY = 10
"""Qubits up to which gates are compared on all states; wider circuits are on |0…0>."""

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Subject:
    """A circuit, and where its qubits and bits are.

    Those of a device begin and end at places of theirs. A bit is 1 where its condition holds.
    """

    circuit: Circuit
    begin: tuple[int, ...]
    end: tuple[int, ...]
    bits: tuple[Condition, ...]


def as_circuit(subject: Any) -> Circuit:
    """The circuit of a module, a Qiskit circuit, or a text in OpenQASM or in the language."""
    return read_subject(subject).circuit


def read_subject(subject: Any) -> Subject:
    """See `as_circuit`; a Qiskit circuit that was compiled for a device keeps its layout."""
    match subject:
        case Circuit():
            circuit = subject
        case CircuitModule():
            circuit = subject.circuit_ir
        case QuantumCircuit():
            return _read_qiskit(subject)
        case DeviceCircuit():
            return _place(subject.circuit, subject.layout, subject.final_layout)
        case str() if ";" not in COMMENT.sub("", subject):  # each statement of OpenQASM has one
            units = analyse(Source("text.hqm", subject)).checked().program.units
            (circuit,) = [u.circuit for u in units if u.circuit is not None]
        case str():
            return _read_qiskit(load_openqasm(Source("text.qasm", subject)))
        case _:
            raise TypeError(f"a `{type(subject).__name__}` is no circuit")
    everywhere = tuple(range(circuit.num_qubits))
    bits = tuple(Condition((bit,), frozenset({1})) for bit in range(circuit.num_bits))
    return Subject(circuit, everywhere, everywhere, bits)


def _read_qiskit(circuit: QuantumCircuit) -> Subject:
    everywhere = tuple(range(circuit.num_qubits))
    if circuit.layout is None:
        read, bits = read_with_bits(circuit)
        return Subject(read, everywhere, everywhere, bits)
    begin = tuple(circuit.layout.initial_index_layout(filter_ancillas=True))
    end = tuple(circuit.layout.final_index_layout(filter_ancillas=True))
    return _place(circuit, begin, end)


def _place(circuit: QuantumCircuit, begin: tuple[int, ...], end: tuple[int, ...]) -> Subject:
    """A circuit of a device on those of its qubits that are used."""
    read, bits = read_with_bits(circuit)
    used = sorted(
        {*begin, *end, *(q for i in read.instructions if i.name != "barrier" for q in i.qubits)}
    )
    place = {qubit: i for i, qubit in enumerate(used)}
    moved = tuple(
        replace(i, qubits=tuple(place[q] for q in i.qubits if q in place))
        for i in read.instructions
    )
    small = replace(read, registers=(("device", len(used)),), instructions=moved)
    return Subject(small, tuple(place[q] for q in begin), tuple(place[q] for q in end), bits)


def assert_equivalent(
    left: Any,
    right: Any,
    values: Values | None = None,
    *,
    phase: bool = True,
    everywhere: bool = True,
    tolerance: float = 1e-8,
) -> None:
    """Nothing, or an AssertionError that says for which values two circuits differ, and where.

    Each is a Circuit, a circuit module, a Qiskit or device circuit, or a text in OpenQASM or in the
    language.
    Where both return results these are compared. Else what they do is: gates on all states (unless
    `everywhere` is false: then on |0…0>), with the global `phase` or without; what measures or
    resets on |0…0>, in the probabilities of the bits and the state that each record leaves. Inputs
    and parameters of one name are one (`w[0, 1]` is `w_0_1` to OpenQASM); those that `values`
    leaves out are drawn.
    """
    first, second = read_subject(left), read_subject(right)
    for number in range(DRAWS if _variables(first.circuit) else 1):
        drawn = draw_values(first.circuit, second.circuit, values or {}, number)
        one, other = ({n: v for n, v in side.items()} for side in drawn)
        if first.circuit.results and second.circuit.results:
            _compare_results(first.circuit, second.circuit, one, other, tolerance)
        else:
            _compare_operations(first, second, one, other, phase, everywhere, tolerance)


def _variables(circuit: Circuit) -> list[Any]:
    return [*circuit.inputs, *circuit.parameters]


def draw_values(
    left: Circuit, right: Circuit, values: Values, seed: int
) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]]]:
    """Numbers for the variables of both: the given ones, and the same ones by name."""
    known: dict[str, float] = {}
    for name, value in values.items():
        array = np.asarray(value, dtype=np.float64)
        for index in np.ndindex(array.shape):
            known[_flat(name, index)] = float(array[index])
    random = np.random.default_rng(seed)
    sides = []
    for circuit in (left, right):
        side = {}
        for variable in _variables(circuit):
            array = np.zeros(variable.shape)
            for index in np.ndindex(variable.shape):
                key = _flat(variable.name, index)
                array[index] = known.setdefault(key, round(random.uniform(-3, 3), 3))
            side[variable.name] = array
        sides.append(side)
    return sides[0], sides[1]


def _flat(name: str, index: tuple[int, ...]) -> str:
    # OpenQASM's names of scalars end with `_` where they would be words of it
    return "_".join([name, *map(str, index)]).rstrip("_")


def _compare_results(
    left: Circuit, right: Circuit, one: Values, other: Values, tolerance: float
) -> None:
    kinds = [[(r.kind, r.name) for r in c.results] for c in (left, right)]
    assert kinds[0] == kinds[1], f"one returns {kinds[0]}, the other {kinds[1]}"
    pairs = zip(simulate(left, one), simulate(right, other), strict=True)
    for (kind, name), (a, b) in zip(kinds[0], pairs, strict=True):
        _check(a, b, tolerance, f"{name or kind} differs", one)


def _compare_operations(
    left: Subject,
    right: Subject,
    one: Values,
    other: Values,
    phase: bool,
    everywhere: bool,
    tolerance: float,
) -> None:
    counts = len(left.begin), len(right.begin)
    assert counts[0] == counts[1], f"one acts on {counts[0]} qubits, the other on {counts[1]}"
    bound = bind_circuit(left.circuit, one), bind_circuit(right.circuit, other)
    if all(i.unitary or i.name in ("barrier", "delay") for c in bound for i in c.instructions):
        narrow = all(c.num_qubits <= MAX_UNITARY for c in bound)
        columns = 2 ** counts[0] if everywhere and narrow else 1
        a, b = (_columns(c, s, columns) for c, s in zip(bound, (left, right), strict=True))
        if not phase:
            overlap = np.vdot(b, a)
            b = b * (overlap / abs(overlap) if abs(overlap) > tolerance else 1)
        _check(a, b, tolerance, "the amplitudes differ", one)
        return
    tables = [_records(c, s) for c, s in zip(bound, (left, right), strict=True)]
    for record in sorted({*tables[0], *tables[1]}):
        nothing = np.zeros((2 ** counts[0],) * 2)
        a, b = (table.get(record, nothing) for table in tables)
        _check(a, b, tolerance, f"the state where the bits are {record} differs", one)


def _columns(circuit: Circuit, subject: Subject, columns: int) -> NDArray[Any]:
    """What gates make of the first basis states of the qubits, the others being in |0>."""
    gates = [i for i in circuit.instructions if i.unitary]
    count = len(subject.begin)
    start = np.zeros((2**circuit.num_qubits, columns), dtype=np.complex128)
    start[_places(subject.begin, columns), range(columns)] = 1
    end = apply_instructions(gates, range(circuit.num_qubits), start)
    return np.asarray(end[_places(subject.end, 2**count)])


def _places(qubits: tuple[int, ...], states: int) -> list[int]:
    """The basis states in which `qubits` hold a number and all others are in |0>."""
    return [sum((i >> k & 1) << q for k, q in enumerate(qubits)) for i in range(states)]


def _records(circuit: Circuit, subject: Subject) -> dict[tuple[int, ...], NDArray[Any]]:
    """For each record of bits the unnormalised density matrix of the qubits."""
    table: dict[tuple[int, ...], NDArray[Any]] = {}
    count = circuit.num_qubits
    axes = [count - 1 - q for q in reversed(subject.end)]
    rest = [axis for axis in range(count) if axis not in axes]
    for record, columns in run(circuit).items():
        bits = tuple(int(holds(condition, record)) for condition in subject.bits)
        split = columns.reshape((2,) * count + (-1,)).transpose([*axes, *rest, count])
        matrix = split.reshape(2 ** len(axes), -1)
        table[bits] = table.get(bits, 0) + matrix @ matrix.conj().T
    return table


def _check(a: NDArray[Any], b: NDArray[Any], tolerance: float, what: str, values: Values) -> None:
    assert a.shape == b.shape, f"{what}: shapes {a.shape} and {b.shape}"
    difference = np.abs(a - b)
    if difference.size and not np.max(difference) <= tolerance:
        place = np.unravel_index(int(np.argmax(difference)), difference.shape)
        at = f" at {tuple(map(int, place))}" if place else ""
        shown = ", ".join(f"{name}={np.asarray(v).tolist()}" for name, v in values.items())
        where = f" for {shown}" if shown else ""
        raise AssertionError(f"{what}{at}: {a[place]} and {b[place]}{where}")


def assert_same_gradients(
    left: Any, right: Any = None, values: Values | None = None, *, tolerance: float = 1e-5
) -> None:
    """Nothing, or an AssertionError that says which derivative differs.

    Differentiates the sum of all real results by every input and parameter that both have, with
    torch in float64. Without a `right`, `left` is held against central differences of an
    independent simulation, where these settle. Circuits that return nothing are measured: the
    probabilities of all qubits count. The `tolerance` is relative for derivatives above 1.
    Subjects and `values` are those of `assert_equivalent`.
    """
    first = with_results(as_circuit(left))
    second = with_results(as_circuit(right)) if right is not None else first
    one, other = draw_values(first, second, values or {}, 0)
    wanted = numeric_gradients if right is None else torch_gradients
    found = {_flat(n, i): d for (n, i), d in torch_gradients(first, one).items()}
    known = {_flat(n, i): d for (n, i), d in wanted(second, other).items()}
    for name in sorted({*found} & {*known}):
        a, b = found[name], known[name]
        near = abs(a - b) <= tolerance * max(1.0, abs(b))
        assert near, f"the derivative by {name} is {a} and {b}"


Gradients = dict[tuple[str, tuple[int, ...]], float]


def with_results(circuit: Circuit) -> Circuit:
    """`circuit`, or where it returns nothing, one that returns all probabilities."""
    if circuit.results:
        return circuit
    return replace(circuit, results=(Result("probs", qubits=tuple(range(circuit.num_qubits))),))


def torch_gradients(circuit: Circuit, values: Values) -> Gradients:
    """The derivatives of the weighted sum of a circuit's results, by torch."""
    module = CircuitModule.from_circuit(circuit).double()
    own: Any = module._parameters
    leaves = {}
    with torch.no_grad():
        for variable in circuit.parameters:
            own[variable.name].copy_(torch.as_tensor(values[variable.name]))
            leaves[variable.name] = own[variable.name]
    for variable in circuit.inputs:
        leaves[variable.name] = torch.tensor(values[variable.name], requires_grad=True)
    found = module(*(leaves[v.name] for v in circuit.inputs))
    results = found if isinstance(found, tuple) else (found,)
    total = sum(_weighted(r) for r in results if not r.is_complex())
    if not isinstance(total, torch.Tensor) or not total.requires_grad:
        return {}
    torch.autograd.backward(total)
    gradients: Gradients = {}
    for name, leaf in leaves.items():
        grad = np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.numpy()
        gradients |= {(name, index): float(grad[index]) for index in np.ndindex(grad.shape)}
    return gradients


def _weighted(result: Any) -> Any:
    """The sum of a result, its elements weighed so that none stands for another."""
    flat = result.reshape(-1)
    weights = 1 / np.arange(1, len(flat) + 1)
    return flat @ torch.as_tensor(weights) if isinstance(flat, torch.Tensor) else flat @ weights


STENCIL = ((1, 8), (-1, -8), (2, -1), (-2, 1))
"""Steps, and twelve times what they weigh: differences that are exact to the fourth order."""


STEPS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
"""Where a formula turns fast small ones are right, elsewhere larger ones, which round less."""

SETTLED = 1e-6
"""Relative differences between two steps above which neither is trusted."""


def numeric_gradients(circuit: Circuit, values: Values) -> Gradients:
    """The derivatives of the weighted sum of a circuit's results, by central differences.

    Those that no step settles, of formulas that turn too fast, are left out.
    """

    def total(changed: Values) -> float:
        found = simulate(circuit, changed)
        return float(sum(_weighted(np.asarray(r)) for r in found if not np.iscomplexobj(r)))

    def slope(name: str, index: tuple[int, ...], step: float) -> float:
        rise = 0.0
        for steps, weight in STENCIL:
            moved = np.array(values[name], dtype=np.float64)
            moved[index] += steps * step
            rise += weight * total({**values, name: moved})
        return rise / (12 * step)

    gradients: Gradients = {}
    for name, array in values.items():
        for index in np.ndindex(np.shape(array)):
            slopes = [slope(name, index, step) for step in STEPS]
            # the best is what changes least with the step
            change, best = min((abs(a - b), b) for a, b in pairwise(slopes))
            if change <= SETTLED * max(1.0, abs(best)):
                gradients[name, index] = best
    return gradients
