"""Names of the real scalars that a circuit's angles are written with, in Qiskit and OpenQASM.

The element `w[0, 1, 2]` becomes `w_0_1_2`. What a reader cannot express (`floor(x[0])`) becomes a
scalar of its own, `value_0`, whose formula is reported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from qmlc.backends.qasm.bind_circuit import variable_symbols
from qmlc.ir.circuit import Circuit, Instruction
from qmlc.ir.operator import Operator
from qmlc.ops.gates import ALIASES, GATES
from qmlc.types.polynomial import Apply, Atom, Polynomial, Symbol, Value

RESERVED = frozenset(GATES) | frozenset(ALIASES) | frozenset(
    # words of OpenQASM 3 and 2, their constants and functions
    """OPENQASM include defcalgrammar def cal defcal gate extern box let break continue if else end
    return for while in switch case default pragma input output const readonly mutable qreg qubit
    creg bool bit int uint float angle complex array void duration stretch gphase inv pow ctrl
    negctrl dim durationof delay reset measure barrier true false im pi tau euler arccos arcsin
    arctan ceiling cos exp floor log mod popcount real imag rotl rotr sin sizeof sqrt tan opaque
    ln nop""".split()
) | frozenset(
    # further gates of stdgates.inc, qelib1.inc and Qiskit
    "cphase cu3 u0 u1 u2 u3 c3x c4x c3sqrtx c3sx rccx rcccx rc3x dcx mcx mcp mcphase".split()
)  # fmt: skip


ARITHMETIC = ("divide", "multiply")
"""Functions of `types.polynomial` that are written as operators between scalars."""

ScalarNames = dict[Atom, str]
"""Names of symbols and of function values, in the order of declaration and of appearance."""


def name_scalars(circuit: Circuit, expressible: Callable[[Apply], bool]) -> ScalarNames:
    """Names for all inputs and parameters, and for the function values that are inexpressible.

    They clash with no register or word of OpenQASM. Those of inputs and parameters do not depend
    on what is bound. What a circuit is rewritten to has no other functions in its angles.
    """
    taken = {ascii_name(name) for name, _ in (*circuit.registers, *circuit.bit_registers)}
    names: ScalarNames = {}
    for variable in (*circuit.inputs, *circuit.parameters):
        for symbol in variable_symbols(variable):
            text = "_".join([symbol.name, *map(str, symbol.index)])
            names[symbol] = free_name(ascii_name(text), taken)
    count = 0
    for instruction in circuit.instructions:
        for value in _values(instruction):
            for apply in _inexpressible(value, _alone(value, expressible)):
                if apply not in names:
                    names[apply] = free_name(f"value_{count}", taken)
                    count += 1
    return names


def scalar_formulas(names: ScalarNames) -> dict[str, Polynomial]:
    """What each scalar stands for, by its name, in order."""
    return {name: Polynomial(((((atom, 1),), 1),)) for atom, name in names.items()}


def free_name(name: str, taken: set[str]) -> str:
    """`name`, with underscores until nothing else is called so; it is added to `taken`."""
    while name in taken or name in RESERVED:
        name += "_"
    taken.add(name)
    return name


def ascii_name(name: str) -> str:
    """`name` with letters outside ASCII as their code points, beginning as OpenQASM 2 wants it."""
    text = re.sub(r"[^A-Za-z0-9_]", lambda match: f"u{ord(match[0]):04x}", name)
    return text if re.match(r"[a-z]", text) else f"v{text}"


def _values(instruction: Instruction) -> Iterator[Value]:
    yield from instruction.angles
    if isinstance(instruction.payload, Operator):
        for _, coefficient in instruction.payload.terms:
            yield coefficient


def _alone(value: Value, expressible: Callable[[Apply], bool]) -> Callable[[Apply], bool]:
    """`expressible`, with at most one function in an angle: Qiskit takes f(x) + f(-x) for 0."""
    functions = [a for a in _applications(value) if a.function not in ARITHMETIC]
    if len(functions) <= 1:
        return expressible
    return lambda apply: apply.function in ARITHMETIC and expressible(apply)


def _applications(value: Value) -> Iterator[Apply]:
    if isinstance(value, Polynomial):
        for monomial, _ in value.terms:
            for atom, _ in monomial:
                if isinstance(atom, Apply):
                    yield atom
                    for argument in atom.arguments:
                        yield from _applications(argument)


def _inexpressible(value: Value, expressible: Callable[[Apply], bool]) -> Iterator[Apply]:
    if not isinstance(value, Polynomial):
        return
    for monomial, _ in value.terms:
        for atom, _ in monomial:
            if isinstance(atom, Symbol):
                continue
            if not expressible(atom):
                yield atom
                continue
            for argument in atom.arguments:
                yield from _inexpressible(argument, expressible)
