"""Hypothesis strategies for circuits over all gates, and for what goes with them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from qmlc.backends.hqm.print_hqm import print_hqm
from qmlc.ir.array import Array
from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ir.circuit import Circuit, Condition, Distribution, Instruction, Result
from qmlc.ir.modify_gates import gate_instruction
from qmlc.ir.operator import Operator
from qmlc.ops.gates import GATES, gate_arity
from qmlc.ops.matrices import rotation_matrix
from qmlc.targets.read_target import Target, list_targets, read_target
from qmlc.types.polynomial import Polynomial, Value

NO_ROWS = ("gphase", "rotation", "unitary", "evolve")
"""Gates that are no rows of `ops.gates`."""

BITS = (("c", 2), ("d", 1))
"""The registers of bits of a circuit, and their sizes."""

_letters = st.sampled_from("IXYZ")
_numbers = st.integers(-300, 300).map(lambda n: n / 100)


@st.composite
def angles(draw: st.DrawFn, symbols: Sequence[Any]) -> Value:
    """A number, or an affine or other expression of `symbols`."""
    kind = draw(st.sampled_from(["number", "symbol", "affine", "product", "function"]))
    fixed = st.sampled_from([0.0, 0.3, -1.1, math.pi / 2, math.pi, 2.5])
    if kind == "number" or not symbols:
        return draw(fixed)
    first, second = draw(st.sampled_from(symbols)), draw(st.sampled_from(symbols))
    if kind == "symbol":
        return first  # type: ignore[no-any-return]
    if kind == "affine":
        return first * draw(st.sampled_from([0.5, -2, 3])) + second + draw(fixed)  # type: ignore[no-any-return]
    if kind == "product":
        return first * second * first - second  # type: ignore[no-any-return]
    inner = draw(st.sampled_from(["sin", "tanh", "exp", "sigmoid"]))
    return Polynomial.apply(inner, first * second) + Polynomial.apply("atan2", first, 2)


@st.composite
def operators(draw: st.DrawFn, num_qubits: int, symbols: Sequence[Any] = ()) -> Operator:
    """A sum of one to four Pauli strings; coefficients may be symbolic."""
    total: Any = Operator(())
    for _ in range(draw(st.integers(1, 4))):
        coefficient: Any = draw(st.sampled_from([1, -0.5, 2.0]))
        if draw(st.booleans()) and symbols:
            coefficient = draw(angles(symbols)) * coefficient
        string = Operator((((), 1),))
        for qubit in range(num_qubits):
            string = string * Operator.pauli(draw(_letters), qubit)
        total = total + string * coefficient
    return total  # type: ignore[no-any-return]


def _some(draw: st.DrawFn, num_qubits: int, count: int) -> tuple[int, ...]:
    """`count` of the qubits, each once: as many draws, however many qubits there are."""
    left = list(range(num_qubits))
    return tuple(left.pop(draw(st.integers(0, len(left) - 1))) for _ in range(count))


@st.composite
def gates(
    draw: st.DrawFn,
    num_qubits: int,
    symbols: Sequence[Any] = (),
    names: Sequence[str] = (*GATES, *NO_ROWS),
) -> Instruction:
    """Any gate of `names` that fits on `num_qubits`, under random controls."""
    fitting = [n for n in names if n in NO_ROWS or gate_arity(n)[1] <= num_qubits]
    name = draw(st.sampled_from(fitting))
    if name == "gphase":
        states = draw(st.text("01", max_size=min(num_qubits, 3)))
        qubits = _some(draw, num_qubits, len(states))
        return Instruction("gphase", qubits, (draw(angles(symbols)),), states)
    width = gate_arity(name)[1] if name in GATES else draw(st.integers(1, min(2, num_qubits)))
    states = draw(st.text("01", max_size=min(num_qubits - width, 2)))
    order = _some(draw, num_qubits, len(states) + width)
    controls, targets = order[: len(states)], order[len(states) :]
    if name == "rotation":
        letters = "".join(draw(_letters) for _ in range(width))
        gate = Instruction(name, targets, (draw(angles(symbols)),), payload=letters)
    elif name == "unitary":
        matrix = rotation_matrix("XY"[:width], 0.7) @ rotation_matrix("ZX"[:width], 1.9)
        payload = tuple(tuple(complex(v) for v in row) for row in matrix)
        gate = Instruction(name, targets, payload=payload)
    elif name == "evolve":
        operator = draw(operators(width, symbols))
        gate = Instruction(name, targets, (draw(angles(symbols)),), payload=operator)
    else:
        values = [draw(angles(symbols)) for _ in range(gate_arity(name)[0])]
        gate = gate_instruction(name, targets, values)
    return replace(gate, qubits=controls + gate.qubits, controls=states + gate.controls)


@st.composite
def circuits(
    draw: st.DrawFn,
    max_qubits: int = 4,
    max_gates: int = 12,
    *,
    min_qubits: int = 1,
    names: Sequence[str] = (*GATES, *NO_ROWS),
    measurements: bool = False,
    preparation: bool = True,
    kinds: Sequence[str] = ("expval", "variance", "probs", "purity"),
    symbolic_observables: bool = True,
) -> Circuit:
    """A circuit with an input `x`, a parameter `w` and up to `max_gates` gates of `names`.

    With `measurements` it has mid-circuit measurements, feed-forward, resets, barriers and delays
    as well, and with `preparation` it may begin with one. `kinds` are the results that it may
    return; `state` is for circuits without measurements, and without any kinds it returns nothing.
    """
    num_qubits = draw(st.integers(min_qubits, max_qubits))
    builder = CircuitBuilder("random")
    x = builder.input("x", 2)
    w = builder.parameter("w", 3, start=Distribution("uniform", (-2.0, 2.0)))
    symbols = [*x, *w]
    qubits = builder.qubits("q", num_qubits)
    num_bits = sum(len(builder.bits(name, size)) for name, size in BITS)
    if preparation and draw(st.integers(0, 4)) == 4:
        builder.prepare(Array((2,), (x[0] + 1.5, w[0])), qubits[0])
    step = gates(num_qubits, symbols, names)
    if measurements:
        other = _measurements(num_qubits, num_bits)
        step = st.one_of(
            step, other, _conditioned(st.one_of(step, other), num_bits), _pauses(num_qubits)
        )
    # a list: what does not matter can be left out of its middle
    builder.extend(draw(st.lists(step, max_size=max_gates)))
    for position in range(draw(st.integers(1, 2)) if kinds else 0):
        kind = draw(st.sampled_from(list(kinds)))
        allowed = symbols if symbolic_observables else []
        builder.result(draw(_results(kind, num_qubits, allowed, position)))
    return builder.build()


@st.composite
def hamiltonians(
    draw: st.DrawFn, min_qubits: int = 1, max_qubits: int = 4, max_terms: int = 4
) -> Operator:
    """A Hermitian operator: Pauli strings with real coefficients."""
    num_qubits = draw(st.integers(min_qubits, max_qubits))
    letters = st.text("IXYZ", min_size=num_qubits, max_size=num_qubits)
    terms = st.tuples(letters, _numbers.filter(bool))
    return Operator.from_labels(draw(st.lists(terms, min_size=1, max_size=max_terms)))


@st.composite
def parameter_values(draw: st.DrawFn, subject: Any) -> dict[str, Any]:
    """A number for each element of the inputs and parameters of a circuit, as nested lists.

    `subject` is whatever `assert_equivalent` takes.
    """
    # torch takes seconds to import, and circuits alone do not need it
    from qmlc.testing.equivalence import as_circuit

    circuit = as_circuit(subject)
    return {v.name: draw(_nested(v.shape)) for v in (*circuit.inputs, *circuit.parameters)}


def _nested(shape: tuple[int, ...]) -> st.SearchStrategy[Any]:
    if not shape:
        return _numbers
    return st.lists(_nested(shape[1:]), min_size=shape[0], max_size=shape[0])


def targets(min_qubits: int = 1) -> st.SearchStrategy[Target]:
    """A device with so many qubits, the simplest first."""
    fitting = [t for t in map(read_target, list_targets()) if t.qubits >= min_qubits]
    return st.sampled_from(sorted(fitting, key=lambda t: (t.edges is not None, t.qubits)))


@st.composite
def models(draw: st.DrawFn, max_qubits: int = 3, max_gates: int = 6) -> str:
    """A program with a model `net` of `real[B, 3]`: layers around a circuit; `qmlc.compile` it."""
    names = tuple(name for name in (*GATES, *NO_ROWS) if name != "unitary")
    circuit = draw(circuits(max_qubits, max_gates, names=names, kinds=(), preparation=False))
    operators = draw(st.lists(hamiltonians(1, circuit.num_qubits), min_size=1, max_size=3))
    result = Result("expval", tuple(operators), (len(operators),))
    text = print_hqm(replace(circuit, results=(result,)))
    before, after = draw(_layers), draw(_layers)
    chain = " |> ".join(["x", *before, "linear(2)", "random", *after, "linear(2)"])
    return f"{text}\nmodel net(x: real[B, 3]) -> real[B, 2] = {chain}\n"


_layers = st.lists(st.sampled_from(["tanh", "relu", "linear(4)", "layer_norm", "sin"]), max_size=2)


@st.composite
def _measurements(draw: st.DrawFn, num_qubits: int, num_bits: int) -> Instruction:
    """A measurement or a reset."""
    qubit = draw(st.integers(0, num_qubits - 1))
    if draw(st.booleans()):
        return Instruction("measure", (qubit,), bits=(draw(st.integers(0, num_bits - 1)),))
    return Instruction("reset", (qubit,))


@st.composite
def _conditioned(
    draw: st.DrawFn, step: st.SearchStrategy[Instruction], num_bits: int
) -> Instruction:
    """A step that depends on one or two of the bits."""
    bits = _some(draw, num_bits, draw(st.integers(1, 2)))
    values = st.frozensets(st.integers(0, 2 ** len(bits) - 1), min_size=1)
    return replace(draw(step), condition=Condition(bits, draw(values)))


@st.composite
def _pauses(draw: st.DrawFn, num_qubits: int) -> Instruction:
    """A barrier or a delay."""
    if draw(st.booleans()):
        return Instruction("barrier", _some(draw, num_qubits, draw(st.integers(1, num_qubits))))
    return Instruction(
        "delay", (draw(st.integers(0, num_qubits - 1)),), (draw(st.sampled_from([1e-7, 2e-6])),)
    )


@st.composite
def _results(
    draw: st.DrawFn, kind: str, num_qubits: int, symbols: Sequence[Any], position: int
) -> Result:
    name = f"r{position}"
    if kind in ("expval", "variance"):
        if draw(st.booleans()):
            return Result(kind, (draw(operators(num_qubits, symbols)),), (), name=name)
        count = draw(st.integers(1, 3))
        found = tuple(draw(operators(num_qubits, symbols)) for _ in range(count))
        return Result(kind, found, (count,), name=name)
    order = tuple(draw(st.permutations(range(num_qubits))))
    if kind == "state":
        return Result(kind, qubits=order, name=name)
    return Result(kind, qubits=order[: draw(st.integers(1, num_qubits))], name=name)
