"""Circuits made of entries of the library, as matrices of complex128 numpy."""

from __future__ import annotations

import re

import numpy as np

from qmlc.driver import analyse
from qmlc.ir.dense import instructions_matrix, operator_matrix
from qmlc.ir.operator import Operator
from qmlc.source.span import Source
from qmlc.syntax.list_library import list_library
from qmlc.testing.oracle import bind, bind_operator, symbol_values

MODULES = {e.name: e.module for e in list_library()}


def program(body: str, before: str = "") -> str:
    """A program with the `use`s of the entries that are mentioned in it."""
    names = [n for n in MODULES if re.search(rf"\b{n}\b", body + before)]
    uses = "".join(f"use std.{MODULES[n]} ({n})\n" for n in names)
    return f"{uses}{before}\n{body}"


def circuit_of(text: str):
    """The last circuit of a program, which must have no errors."""
    return analyse(Source("library.hqm", text)).checked().program.units[-1].circuit


def unitary_of(statements: str, qubits: int, before: str = "", **inputs):
    """The matrix of statements on `q`, whose inputs are the arrays given by name."""
    header = ", ".join(f"{k}: real{list(np.shape(v)) or ''}" for k, v in inputs.items())
    body = f"circuit c({header}) -> real {{\n qubit q[{qubits}]\n {statements}\n"
    circuit = circuit_of(program(body + " return expval(Z(q[0]))\n}\n", before))
    numbers = symbol_values(circuit.inputs, inputs)
    return instructions_matrix([bind(i, numbers) for i in circuit.instructions], range(qubits))


def operator_of(expression: str, qubits: int, before: str = "", **inputs):
    """The matrix of an operator expression on `q`."""
    header = ", ".join(f"{k}: real{list(np.shape(v)) or ''}" for k, v in inputs.items())
    body = f"circuit c({header}) -> real {{\n qubit q[{qubits}]\n h q\n"
    circuit = circuit_of(program(body + f" return expval({expression})\n}}\n", before))
    (operator,) = circuit.results[0].operators
    assert isinstance(operator, Operator)
    return operator_matrix(bind_operator(operator, symbol_values(circuit.inputs, inputs)), qubits)


def same_up_to_phase(a, b) -> bool:
    """Whether two unitaries differ by a global phase at most."""
    return bool(abs(abs(np.vdot(a, b)) - len(a)) < 1e-9)


def angles(*shape: int, seed: int = 0):
    """Random angles."""
    return np.random.default_rng(seed).uniform(-3, 3, shape)
