"""The end of a body: what is returned, against the declared type; qubits that nothing used."""

from __future__ import annotations

from typing import NoReturn

from qmlc.check.dimensions import REST, Binding, Mismatch, match_dims, resolve_type
from qmlc.check.errors.names import NotAvailable
from qmlc.check.errors.qubits import BitsReturned, ReadTooEarly, UnusedQubit
from qmlc.check.errors.types import BadOperation, ResultMismatch, UnknownDimension
from qmlc.check.frame import Frame
from qmlc.check.operate import as_node, as_record
from qmlc.check.values import (
    Bits,
    BitTest,
    Fields,
    Measured,
    Poison,
    RecordNode,
    Stop,
    Tensor,
    Value,
    describe,
    fail,
)
from qmlc.ir.array import Array, items_of, shape_of
from qmlc.ir.build_circuit import result_size
from qmlc.ir.circuit import Result
from qmlc.source.diagnostic import Label
from qmlc.syntax import tree
from qmlc.types.polynomial import Polynomial
from qmlc.types.tensors import RecordType, TensorType, Type


def circuit_output(
    binding: Binding, frame: Frame, declaration: tree.Component, value: Value
) -> Type:
    """Add the results of a circuit; their type, checked against the declaration."""
    if isinstance(value, Poison):
        raise Stop(None)
    place = _returned(declaration)
    _check_order(frame)
    if isinstance(value, Fields):
        kinds = []
        for name, field in value.values:
            kinds.append((name, _add_result(frame, place, field, name)))
        output: Type = RecordType(tuple(kinds))
    else:
        output = _add_result(frame, place, value, "")
    if declaration.result is not None:
        _compare(binding, frame, declaration, place, output)
    return output


def _check_order(frame: Frame) -> None:
    """Results are read at the end: none is asked for before its qubits are changed again."""
    assert frame.circuit is not None
    for place, statement in frame.circuit.overtaken.items():
        frame.session.report(
            ReadTooEarly(
                place,
                (Label(statement, "acts on its qubits later"),) if statement is not None else (),
                what=f"`{place.text}` is read at the end of the circuit",
                where="its qubits are changed after this line",
                proposal="write it behind the last gate on these qubits",
            )
        )


def _returned(declaration: tree.Component) -> tree.Node:
    if isinstance(declaration.body, tree.Block) and declaration.body.statements:
        last = declaration.body.statements[-1]
        return last.value if isinstance(last, tree.Return) else last
    return declaration.body


def _add_result(frame: Frame, place: tree.Node, value: Value, name: str) -> TensorType:
    assert frame.circuit is not None
    builder, touched = frame.circuit.builder, frame.circuit.touched
    if isinstance(value, Poison):
        raise Stop(None)
    if isinstance(value, Bits | BitTest):
        fail(
            BitsReturned,
            place,
            "a measured bit is no number",
            f"this is {describe(value)}",
            "return `expval(Z(q))` or `probs(q)`: a circuit yields expectations",
        )
    if isinstance(value, Array | Polynomial | int | float):
        fail(
            BadOperation,
            place,
            "a circuit returns what it measures",
            f"this is {describe(value)}",
            "return `expval(Z(q))`, `probs(q)`, `state(q)` or `variance(O)`",
        )
    if not isinstance(value, Measured):
        fail(
            BadOperation,
            place,
            "a circuit returns what it measures",
            f"this is {describe(value)}",
            "return `expval(Z(q))`, or a record: `(a=expval(O), b=probs(q))`",
        )
    touched |= set(value.qubits)
    if value.operators is not None:
        operators = items_of(value.operators)
        for operator in operators:
            touched |= set(operator.qubits)
        builder.result(Result(value.kind, operators, shape_of(value.operators), name=name))
        return TensorType("real", shape_of(value.operators))
    result = Result(value.kind, qubits=value.qubits, name=name, shots=value.shots)
    builder.result(result)
    if value.kind in ("probs", "state", "counts") and len(value.qubits) > 30:
        fail(
            NotAvailable,
            place,
            f"`{value.kind}` of {len(value.qubits)} qubits",
            f"2**{len(value.qubits)} numbers",
            "return `expval` of some operators",
        )
    dtypes = {"state": "complex", "counts": "int", "sample": "int"}
    return TensorType(dtypes.get(value.kind, "real"), result_size(result))


def finish_circuit(frame: Frame) -> None:
    """Warn of qubits that nothing acts on and nothing reads."""
    assert frame.circuit is not None
    for name, span, qubits in frame.circuit.declared:
        unused = [i for i, q in enumerate(qubits) if q not in frame.circuit.touched]
        if not unused:
            continue
        if len(qubits) == 1 or len(unused) == len(qubits):
            what = f"nothing uses `{name}`"
        else:
            what = "nothing uses " + ", ".join(f"`{name}[{i}]`" for i in unused[:5])
        frame.session.report(
            UnusedQubit(
                span, what=what, where="declared here", proposal="remove what is not needed"
            )
        )


def network_output(
    binding: Binding, frame: Frame, declaration: tree.Component, value: Value
) -> Tensor | RecordNode:
    """What a layer or model returns, which has the type that it declares."""
    if isinstance(value, Poison):
        raise Stop(None)
    assert frame.network is not None
    place = _returned(declaration)
    result = (
        as_record(frame, place, value)
        if isinstance(value, Fields | RecordNode)
        else as_node(frame, place, value)
    )
    if declaration.result is not None:
        _compare(binding, frame, declaration, place, result.type)
    return result


def _compare(
    binding: Binding, frame: Frame, declaration: tree.Component, place: tree.Node, output: Type
) -> None:
    """The type of the result against the declared one."""
    written = declaration.result
    assert written is not None
    resolve_type(frame, written, binding)
    if isinstance(written, tree.TypeRecord):
        declared = {n.name: t for n, t in written.fields}
        actual = dict(output.fields) if isinstance(output, RecordType) else {}
        if not isinstance(output, RecordType) or list(declared) != list(actual):
            _differ(declaration, place, output)
        for name, kind in actual.items():
            _compare_one(frame, declaration, place, declared[name], kind, binding)
    elif isinstance(output, RecordType):
        _differ(declaration, place, output)
    else:
        _compare_one(frame, declaration, place, written, output, binding)


def _compare_one(
    frame: Frame,
    declaration: tree.Component,
    place: tree.Node,
    written: tree.TypeExpression,
    actual: TensorType,
    binding: Binding,
) -> None:
    wanted = resolve_type(frame, written, binding)
    assert isinstance(wanted, TensorType) and isinstance(written, tree.TypeName)
    solved = dict(binding)
    try:
        match_dims(frame, written.dims, actual.dims, solved)
    except Mismatch as mismatch:
        _differ(declaration, place, actual, str(mismatch))
    new = [name for name in solved if name not in binding and name != REST]
    if new:
        fail(
            UnknownDimension,
            written,
            f"nothing says what `{new[0]}` is",
            f"`{new[0]}` stands only in the result",
            f"write {solved[new[0]]} in its place, or make it a setting",
        )
    if wanted.dtype != actual.dtype and not (wanted.dtype == "real" and actual.dtype == "int"):
        _differ(declaration, place, actual)


def _differ(
    declaration: tree.Component, place: tree.Node, actual: Type, reason: str = ""
) -> NoReturn:
    written = declaration.result
    assert written is not None
    fail(
        ResultMismatch,
        place,
        f"`{declaration.name.name}` returns another type than it declares",
        f"this is `{actual}`" + (f": {reason}" if reason else ""),
        f"declare the result as `{actual}`, or return `{written.span.text}`",
        (Label(written.span, "declared here"),),
    )
