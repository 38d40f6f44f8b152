"""From any circuit to one that a native program runs, what comes before it, and what after it.

The circuit that is left has angles that are polynomials, one array of observables with numbers for
coefficients, and its state where a result needs that. Functions in angles are evaluated before and
are inputs or parameters of it; results are read off its observables and its state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from qmlc.ir.build_circuit import result_size
from qmlc.ir.circuit import Circuit, Instruction, Result, Variable
from qmlc.ir.operator import Operator, PauliString
from qmlc.runtime.evaluate_expressions import evaluate_expressions
from qmlc.runtime.measure_results import Pure, measure_state
from qmlc.runtime.native.defer_measurements import defer_measurements
from qmlc.runtime.normal_form import Array
from qmlc.runtime.plan import PlannedResult
from qmlc.runtime.plan_circuit import symbol_positions
from qmlc.runtime.plan_expressions import Expressions, Table, plan_expressions
from qmlc.runtime.plan_results import measured_operators
from qmlc.runtime.squares import squares
from qmlc.types.polynomial import Apply, Polynomial, Symbol, Value, lift

SAMPLE_CALLS = "functions of inputs"
SHARED_CALLS = "functions of parameters"
"""Variables for the values of functions, with names that no author can give."""


@dataclass(frozen=True, eq=False)
class Formulas:
    """Expressions, and where their symbols stand among flat inputs, then among parameters."""

    expressions: Expressions
    inputs: Table
    parameters: Table

    def evaluate(self, inputs: Tensor, parameters: Tensor) -> Tensor:
        """`[formulas, batch]` for inputs `[batch, numbers]`; the batch is 1 where none enters."""
        symbols = parameters[self.parameters][:, None]
        if len(self.inputs):
            given = inputs.T[self.inputs]
            symbols = torch.cat([given, symbols.expand(-1, given.shape[1])])
        return evaluate_expressions(self.expressions, symbols)


@dataclass(frozen=True, eq=False)
class Coefficients:
    """Operators with symbols: the sums, by `mixing`, of `weights` times observables."""

    weights: Formulas
    observables: Table
    mixing: Table


@dataclass(frozen=True, eq=False)
class Reading:
    """How a result follows from the observables `first` to `last`, or (`state`) from the state."""

    kind: str
    shape: tuple[int, ...]
    first: int = 0
    last: int = 0
    coefficients: Coefficients | None = None
    state: PlannedResult | None = None
    branches: int = 1
    """Of how many parts the state is a mixture, by its highest qubits."""
    whole: bool = False
    """Whether the result is of all qubits of one pure state, in their order."""


@dataclass(frozen=True, eq=False)
class Lowered:
    """A circuit for a native program; `before` are the formulas of its last inputs, parameters."""

    circuit: Circuit
    before: tuple[Formulas | None, Formulas | None]
    readings: tuple[Reading, ...]


@dataclass
class _Calls:
    """Collects the functions in angles, each once."""

    inputs: frozenset[str]
    found: dict[str, dict[Apply, Symbol]] = field(
        default_factory=lambda: {SAMPLE_CALLS: {}, SHARED_CALLS: {}}
    )

    def take(self, value: Value) -> Value:
        """`value` with symbols in the place of functions."""
        polynomial = lift(value)
        if not any(isinstance(a, Apply) for monomial, _ in polynomial.terms for a, _ in monomial):
            return value
        result: Value = 0
        for monomial, coefficient in polynomial.terms:
            term: Value = coefficient
            for atom, power in monomial:
                symbol = self._symbol(atom) if isinstance(atom, Apply) else atom
                term = term * Polynomial.symbol(symbol.name, symbol.index) ** power
            result = result + term
        return result

    def _symbol(self, atom: Apply) -> Symbol:
        sample = any(s.name in self.inputs for a in atom.arguments for s in a.symbols())
        name = SAMPLE_CALLS if sample else SHARED_CALLS
        known = self.found[name]
        return known.setdefault(atom, Symbol(name, (len(known),)))

    def variable(self, name: str) -> list[Variable]:
        """The variable that the values of functions fill, where there are any."""
        count = len(self.found[name])
        return [Variable(name, (count,))] if count else []


def lower_circuit(circuit: Circuit) -> Lowered:
    """`circuit` for a native program; ValueError for what is no observable, or NotNative."""
    deferred = defer_measurements(circuit)
    branches = 1 << deferred.num_qubits - circuit.num_qubits
    calls = _Calls(frozenset(variable.name for variable in circuit.inputs))
    instructions = tuple(_take(instruction, calls.take) for instruction in deferred.instructions)
    operators: list[Operator] = []
    readings = tuple(_read(circuit, result, operators, branches) for result in circuit.results)
    results = []
    if operators:
        results.append(Result("expval", tuple(operators), (len(operators),)))
    if any(reading.state is not None for reading in readings):
        results.append(Result("state", qubits=tuple(range(deferred.num_qubits))))
    lowered = replace(
        deferred,
        inputs=(*circuit.inputs, *calls.variable(SAMPLE_CALLS)),
        parameters=(*circuit.parameters, *calls.variable(SHARED_CALLS)),
        instructions=instructions,
        results=tuple(results),
    )
    sample, shared = (
        _formulas(circuit, [Polynomial(((((atom, 1),), 1),)) for atom in atoms]) if atoms else None
        for atoms in calls.found.values()
    )
    return Lowered(lowered, (sample, shared), readings)


def _take(instruction: Instruction, take: Callable[[Value], Value]) -> Instruction:
    payload = instruction.payload
    if isinstance(payload, Operator):
        payload = Operator(tuple((string, take(c)) for string, c in payload.terms))
    return replace(instruction, angles=tuple(map(take, instruction.angles)), payload=payload)


def _formulas(circuit: Circuit, polynomials: Sequence[Polynomial]) -> Formulas:
    names = frozenset(variable.name for variable in circuit.inputs)
    expressions = plan_expressions(polynomials, names)
    inputs, parameters = symbol_positions(circuit.inputs), symbol_positions(circuit.parameters)
    symbols = expressions.symbols
    return Formulas(
        expressions,
        _index(inputs[s] for s in symbols if s.name in names),
        _index(parameters[s] for s in symbols if s.name not in names),
    )


def _index(positions: Iterable[int]) -> Array:
    return np.array(list(positions), dtype=np.int64)


def _read(circuit: Circuit, result: Result, observables: list[Operator], branches: int) -> Reading:
    """How `result` is read; `observables` grow by those that it needs."""
    shape, first = result_size(result), len(observables)
    if result.kind not in ("expval", "variance"):
        planned = PlannedResult(result.kind, shape, result.qubits, shots=result.shots)
        whole = branches == 1 and result.qubits == tuple(range(circuit.num_qubits))
        return Reading(result.kind, shape, state=planned, branches=branches, whole=whole)
    operators = measured_operators(result)
    if all(lift(c).constant is not None for operator in operators for _, c in operator.terms):
        observables += operators
        return Reading(result.kind, shape, first, len(observables))
    strings: dict[PauliString, int] = {}
    for operator in operators:
        for string, _ in operator.terms:
            strings.setdefault(string, len(strings))
    observables += [Operator(((string, 1),)) for string in strings]
    entries = [(i, s, c) for i, operator in enumerate(operators) for s, c in operator.terms]
    mixing = np.zeros((len(operators), len(entries)))
    mixing[[i for i, _, _ in entries], range(len(entries))] = 1.0
    coefficients = Coefficients(
        weights=_formulas(circuit, [lift(c) for *_, c in entries]),
        observables=_index(strings[s] for _, s, _ in entries),
        mixing=mixing,
    )
    return Reading(result.kind, shape, first, len(observables), coefficients)


def read_result(
    reading: Reading, values: Tensor, state: Tensor | None, weights: Tensor | None
) -> Tensor:
    """The result `[batch, *shape]` of observables `[batch, all]` and states `[batch, 2**qubits]`.

    The `weights` `[numbers, batch]` are those of the reading's coefficients, where it has any.
    """
    if reading.state is not None:
        assert state is not None
        if reading.whole and reading.kind in ("probs", "state"):
            return state if reading.kind == "state" else squares(state)
        parts = state.mT[None]
        if reading.branches > 1:
            parts = parts.reshape(reading.branches, -1, state.shape[0])
        return measure_state(reading.state, Pure(parts), state.shape[0])
    found = values[:, reading.first : reading.last]
    coefficients = reading.coefficients
    if coefficients is not None and weights is not None:
        found = (found[:, coefficients.observables] * weights.T) @ coefficients.mixing.T
    if reading.kind == "variance":
        means, second = found.chunk(2, 1)
        found = second - means * means
    return found.reshape(found.shape[0], *reading.shape)
