"""Calls of what a program declares: `fn`s, which are inlined, and hamiltonians."""

from __future__ import annotations

from itertools import islice
from typing import Any

from qmlc.check.dimensions import (
    REST,
    Binding,
    dimension,
    resolve_type,
)
from qmlc.check.enter_body import (
    Arguments,
    Keywords,
    bind_declared,
    bind_inputs,
    bind_operands,
    enter_body,
    run_body,
)
from qmlc.check.errors.types import (
    ResultMismatch,
    WrongArguments,
)
from qmlc.check.frame import Frame
from qmlc.check.values import (
    Declared,
    Poison,
    Stop,
    Tensor,
    Unplaced,
    Value,
    describe,
    fail,
)
from qmlc.ir.array import Array
from qmlc.ir.operator import Operator, lift_operator
from qmlc.source.diagnostic import Label
from qmlc.syntax import tree
from qmlc.types.polynomial import Polynomial
from qmlc.types.tensors import TensorType


def call_fn(
    frame: Frame, node: tree.Node, callee: Declared, arguments: Arguments, keywords: Keywords
) -> Value:
    """A `fn` applied: its body stands in the place of the call."""
    declaration = callee.declaration
    assert isinstance(declaration, tree.Component)
    inner = enter_body(frame, node, callee)
    binding: Binding = {}
    bound = bind_declared(node, callee, arguments, keywords)
    bind_inputs(inner, node, bound, binding, True)
    result = run_body(inner, declaration)
    if isinstance(result, Tensor) and declaration.result is not None and REST not in binding:
        declared = resolve_type(inner, declaration.result, binding)
        if isinstance(declared, TensorType) and not _broadcasts(result.type.dims, declared.dims):
            fail(
                ResultMismatch,
                declaration.result,
                f"`{callee.name}` returns another type",
                f"`{declared}` here, but the body gives `{result.type}`",
            )
    return result


def _broadcasts(actual: tuple[Any, ...], declared: tuple[Any, ...]) -> bool:
    return len(actual) == len(declared) and all(
        a == d or a == 1 for a, d in zip(actual, declared, strict=True)
    )


def call_hamiltonian(
    frame: Frame, node: tree.Node, callee: Declared, arguments: Arguments, keywords: Keywords
) -> Unplaced:
    """A hamiltonian with its values; it knows its size once it is placed."""
    declaration = callee.declaration
    assert isinstance(declaration, tree.Component)
    bound = bind_declared(node, callee, arguments, keywords)
    if any(isinstance(value, Poison) for _, value in bound):
        raise Stop(None)

    def place(qubits: tuple[int, ...]) -> Operator:
        inner = enter_body(frame, node, callee)
        binding: Binding = {}
        operands = _split(inner, node, callee, qubits)
        bind_operands(inner, node, callee, operands, binding)
        bind_inputs(inner, node, bound, binding, False)
        result = run_body(inner, declaration)
        if isinstance(result, Unplaced):
            result = result.place(qubits)
        if isinstance(result, Array) and result.shape == ():
            result = result.items[0]
        if isinstance(result, Poison):
            raise Stop(None)
        if not isinstance(result, int | float | Polynomial | Operator):
            fail(
                ResultMismatch,
                declaration.name,
                f"`{callee.name}` is not an operator",
                f"its body gives {describe(result)}",
            )
        return lift_operator(result)

    return Unplaced(place, _size(frame, declaration))


def _size(frame: Frame, declaration: tree.Component) -> int | None:
    """How many qubits a hamiltonian takes, where its header says so in numbers."""
    total = 0
    for register in declaration.registers:
        size = 1 if register.size is None else dimension(frame, register.size, {})
        if not isinstance(size, int):
            return None
        total += size
    return total


def _split(
    inner: Frame, node: tree.Node, callee: Declared, qubits: tuple[int, ...]
) -> list[tuple[int, ...]]:
    """Qubits dealt out to the registers of a hamiltonian, in order; one may be of open size."""
    declaration = callee.declaration
    assert isinstance(declaration, tree.Component)
    if len(declaration.registers) == 1:
        return [qubits]
    sizes: list[int | None] = []
    for register in declaration.registers:
        size: Value = 1 if register.size is None else dimension(inner, register.size, {})
        sizes.append(size if isinstance(size, int) else None)
    left = len(qubits) - sum(s for s in sizes if s is not None)
    if sizes.count(None) > 1 or left < 0 or (left and None not in sizes):
        what = f"`{callee.name}` acts on {len(sizes)} registers, which these qubits do not fill"
        place = declaration.registers[0].span.to(declaration.registers[-1].span)
        related = (Label(place, "declared here"),)
        fail(WrongArguments, node, what, f"{len(qubits)} qubits", "", related)
    dealt = iter(qubits)
    return [tuple(islice(dealt, left if s is None else s)) for s in sizes]
