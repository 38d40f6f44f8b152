"""Calls of functions: rows of `ops.functions`, `fn`s (inlined) and hamiltonians."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from qmlc.check.bind_arguments import argument_at, bind_arguments, plain
from qmlc.check.bind_settings import check_setting
from qmlc.check.compute_arrays import ARRAY_FUNCTIONS, compute_array
from qmlc.check.dimensions import (
    REST,
    Binding,
    Mismatch,
    dimension,
    dimension_names,
    match_dims,
    match_type,
    mismatch_error,
    resolve_type,
)
from qmlc.check.errors_names import SelfReference
from qmlc.check.errors_types import (
    BadOperation,
    Misplaced,
    NotKnown,
    ResultMismatch,
    ShapeMismatch,
    WrongArguments,
)
from qmlc.check.evaluate import evaluate
from qmlc.check.foreign_names import RESULTS
from qmlc.check.frame import Frame
from qmlc.check.match_operator import match_operator, takes_operator
from qmlc.check.operate import as_node, shape_error
from qmlc.check.run_block import run_block
from qmlc.check.values import (
    Declared,
    Poison,
    Qubits,
    RecordNode,
    Scope,
    Stop,
    Tensor,
    Unplaced,
    Value,
    describe,
    fail,
    type_of,
)
from qmlc.ir.array import Array, ArrayError, elementwise, matmul
from qmlc.ir.operator import Operator, lift_operator
from qmlc.ops.functions import FUNCTIONS
from qmlc.ops.parameters import REQUIRED, Parameter
from qmlc.ops.rows import Function
from qmlc.source.diagnostic import Label
from qmlc.syntax import tree
from qmlc.types.polynomial import Polynomial
from qmlc.types.polynomial import Value as Exact
from qmlc.types.tensors import RecordType, ShapeError, TensorType

Arguments = list[Value]
Keywords = dict[str, Value]


def call_function(
    frame: Frame, node: tree.Node, name: str, arguments: Arguments, keywords: Keywords
) -> Value:
    """A row of `ops.functions` applied: a node in a network, worked out at once elsewhere."""
    row = FUNCTIONS[name]
    if row.variadic:
        arguments = _gather(arguments)
    if row.rest and len(arguments) > len(row.parameters):
        last = len(row.parameters) - 1
        arguments = [*arguments[:last], tuple(arguments[last:])]
    sizes = {}
    if row.sizes:
        known = {p.name for p in row.parameters}
        sizes = {k: v for k, v in keywords.items() if k not in known}
        keywords = {k: v for k, v in keywords.items() if k in known}
    values = bind_arguments(node, name, row.parameters, arguments, keywords)
    tensors = [values[p.name] for p in row.tensors]
    settings = {p.name: plain(values[p.name]) for p in row.settings}
    if row.sizes:
        settings["sizes"] = tuple(sizes.items())
    if row.variadic:
        tensors = list(tensors[0])
    if frame.network is not None and _is_symbolic(tensors, settings, row):
        return _add(frame, node, name, row, tensors, settings)
    return _scalar(frame, node, name, row, tensors, settings)


def _is_symbolic(tensors: Sequence[Value], settings: dict[str, Any], row: Function) -> bool:
    return (
        any(isinstance(t, Tensor | range) for t in tensors)
        or not row.scalar
        or any(isinstance(t, Polynomial) for t in tensors)
    )


def _gather(arguments: Arguments) -> Arguments:
    """The list that a variadic function takes, given as a list or one by one."""
    first = next((i for i, a in enumerate(arguments) if not isinstance(a, str)), 0)
    rest = arguments[first:]
    if len(rest) and isinstance(rest[0], tuple):
        return arguments
    if [isinstance(r, Array) for r in rest].count(True) == 1 and isinstance(rest[0], Array):
        return [*arguments[:first], tuple(rest[0]), *rest[1:]]  # a list of arrays is one
    return [*arguments[:first], tuple(rest)]


def _add(
    frame: Frame,
    node: tree.Node,
    name: str,
    row: Function,
    tensors: Sequence[Value],
    settings: dict[str, Any],
) -> Value:
    assert frame.network is not None
    nodes = [None if t is None else as_node(frame, node, t) for t in tensors]
    for setting in settings.values():
        if isinstance(setting, Tensor):
            what = f"a setting of `{name}` must be known when compiling"
            fail(NotKnown, node, what, f"this is {describe(setting)}")
    try:
        kind = row.law([None if t is None else t.type for t in nodes], settings)
    except ShapeError as error:
        shape_error(frame, node, error, nodes)
    inputs = [t.node for t in nodes if t is not None]
    if any(t is None for t in nodes[: len(inputs)]):
        left_out = next(p.name for p, t in zip(row.tensors, nodes, strict=True) if t is None)
        fail(
            WrongArguments,
            node,
            f"`{name}` needs `{left_out}` here",
            "not given",
            "of several optional tensors, only the last can be left out",
        )
    position = frame.network.graph.add(name, inputs, kind, **settings)
    return RecordNode(position, kind) if isinstance(kind, RecordType) else Tensor(position, kind)


def _scalar(
    frame: Frame,
    node: tree.Node,
    name: str,
    row: Function,
    tensors: Sequence[Value],
    settings: dict[str, Any],
) -> Value:
    """A function of exact numbers: those of a circuit, or known when compiling."""
    values = [t for t in tensors if t is not None]
    if any(isinstance(v, Tensor) for v in values) or not all(
        isinstance(v, int | float | complex | Polynomial | Array | Operator) for v in values
    ):
        wrong = next((v for v in values if type_of(v) is None), values[0] if values else None)
        fail(BadOperation, node, f"`{name}` takes tensors", f"this is {describe(wrong)}")
    try:
        if name == "matmul" or name == "dot":
            return matmul(values[0], values[1])
        if name in _REDUCTIONS and isinstance(values[0], Array):
            return _reduce(name, values[0], settings.get("dim"))
        if name in ARRAY_FUNCTIONS:
            return compute_array(name, row, values, settings)
        if row.scalar:
            scalar = row.scalar
            return elementwise(lambda *a: _apply_scalar(node, name, scalar, a), *values)
    except (ArrayError, IndexError) as error:
        fail(BadOperation, node, f"`{name}` does not apply", str(error))
    except ShapeError as error:
        fail(ShapeMismatch, node, "shapes do not agree", error.message, error.proposal)
    fail(
        BadOperation,
        node,
        f"`{name}` belongs into a layer or a model",
        "a circuit's numbers are worked out one by one",
        "compute it before the circuit, and hand the result over as an input",
    )


def _apply_scalar(node: tree.Node, name: str, scalar: str, arguments: tuple[Exact, ...]) -> Exact:
    try:
        return Polynomial.apply(scalar, *arguments)
    except (ValueError, ZeroDivisionError, OverflowError, TypeError):
        fail(
            BadOperation,
            node,
            f"`{name}` is not defined there",
            "of " + ", ".join(map(str, arguments)),
        )


_REDUCTIONS = ("sum", "mean", "prod")


def _reduce(name: str, array: Array, axis: Any) -> Value:
    flat = Array((len(array.items),), array.items) if axis is None else array
    dim = 0 if axis is None else int(axis)
    count = flat.shape[dim]
    if name == "prod":
        return flat.reduce(lambda a, b: a * b, dim, 1)
    total = flat.reduce(lambda a, b: a + b, dim, 0)
    return total if name == "sum" else elementwise(lambda v: v / count, total)


def bind_declared(
    frame: Frame, node: tree.Node, callee: Declared, arguments: Arguments, keywords: Keywords
) -> list[tuple[tree.Parameter, Value]]:
    """The inputs of a declaration with what is given for them; see `fill_default` for the rest."""
    declaration = callee.declaration
    assert isinstance(declaration, tree.Component)
    rows = [
        Parameter(p.name.name, REQUIRED if p.default is None else p.default)
        for p in declaration.inputs
    ]
    values = bind_arguments(node, callee.name, rows, arguments, keywords)
    return [(parameter, values[parameter.name.name]) for parameter in declaration.inputs]


def fill_default(home: Frame, parameter: tree.Parameter, value: Value) -> Value:
    """`value`, or where none was given the default, in which the sizes of `home` may stand."""
    if value is parameter.default and isinstance(value, tree.Node):
        return evaluate(home, value)
    return value


def enter(frame: Frame, node: tree.Node, callee: Declared) -> Frame:
    """A frame for the body of an inlined declaration."""
    if callee.declaration in frame.stack:
        fail(
            SelfReference,
            node,
            f"`{callee.name}` calls itself",
            "there is no recursion",
            "write a `for` over a setting",
        )
    frame.session.step(node, 20)  # a body costs more than a statement
    frame.session.entered.add(id(callee.declaration))
    caller = frame.caller or (node.span if callee.module.is_library else None)
    return Frame(
        frame.session,
        callee.module,
        Scope(),
        frame.dimensions,
        frame.circuit,
        frame.network,
        frame.loops,
        stack=(*frame.stack, callee.declaration),
        caller=caller if callee.module.is_library else None,
    )


def bind_inputs(
    inner: Frame,
    node: tree.Node,
    bound: list[tuple[tree.Parameter, Value]],
    binding: Binding,
    broadcast: bool,
) -> None:
    """Match the values given to a `fn`, gate or hamiltonian with their types; bind the names."""
    # settings first: the sizes of tensors may depend on them
    for position, (parameter, value) in sorted(enumerate(bound), key=_settings_first):
        place = argument_at(node, position, parameter.name.name)
        if value is parameter.default:
            _bind_sizes(inner, binding)
            value = fill_default(inner, parameter, value)
        if takes_operator(parameter):
            match_operator(inner, place, parameter, value, binding)
        elif _is_setting(parameter):
            _match_setting(place, parameter, value, binding)
        else:
            _match_input(inner, place, parameter, value, binding, broadcast)
        inner.scope.bind(parameter.name.name, value, parameter.span)
    if broadcast:  # a name that met nothing but 1 is 1
        for parameter, _ in bound:
            for name in dimension_names(parameter.type) if parameter.type else ():
                if inner.scope.find(name) is None:
                    binding.setdefault(name, 1)
    _bind_sizes(inner, binding)


def _bind_sizes(inner: Frame, binding: Binding) -> None:
    for name, size in binding.items():
        if name != REST and name not in inner.scope.values:
            inner.scope.bind(name, size)


def _match_setting(
    place: tree.Node, parameter: tree.Parameter, value: Value, binding: Binding
) -> None:
    if not isinstance(value, Tensor):
        check_setting(place, parameter, value)
    if isinstance(value, int | Polynomial):
        binding[parameter.name.name] = value


def _settings_first(numbered: tuple[int, tuple[tree.Parameter, Value]]) -> bool:
    return not _is_setting(numbered[1][0])


def _is_setting(parameter: tree.Parameter) -> bool:
    """Whether a parameter takes a compile-time value and no tensor."""
    written = parameter.type
    kinds = ("int", "str", "bool", "gate")
    return isinstance(written, tree.TypeName) and written.name.name in kinds and not written.dims


def _match_input(
    inner: Frame,
    place: tree.Node,
    parameter: tree.Parameter,
    value: Value,
    binding: Binding,
    broadcast: bool,
) -> None:
    """Bind the dimension names of one parameter; ShapeMismatch where the value does not fit."""
    written = parameter.type
    if value == () and isinstance(written, tree.TypeName):
        value, written = Array((0,), ()), replace(written, dims=written.dims[:1])
    kind, name = type_of(value), parameter.name.name
    if isinstance(value, Array) and all(isinstance(item, int) for item in value.items):
        kind = TensorType("int", value.shape)
    declared = (Label(parameter.span, "declared here"),)
    if kind is None:
        what = f"`{name}` takes a {'record' if isinstance(written, tree.TypeRecord) else 'tensor'}"
        fail(WrongArguments, place, what, f"this is {describe(value)}", "", declared)
    if written is None and (isinstance(kind, RecordType) or kind.dims):
        fail(WrongArguments, place, f"`{name}` is a number", f"this is `{kind}`", "", declared)
    try:
        match_type(inner, written, kind, binding, broadcast)
    except Mismatch as mismatch:
        raise mismatch_error(place, f"`{name}`", parameter, kind, mismatch) from None


def call_fn(
    frame: Frame, node: tree.Node, callee: Declared, arguments: Arguments, keywords: Keywords
) -> Value:
    """A `fn` applied: its body stands in the place of the call."""
    declaration = callee.declaration
    assert isinstance(declaration, tree.Component)
    inner = enter(frame, node, callee)
    binding: Binding = {}
    bound = bind_declared(frame, node, callee, arguments, keywords)
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


def run_body(inner: Frame, declaration: tree.Component) -> Value:
    """What the body of a declaration returns."""
    if not isinstance(declaration.body, tree.Block):
        return evaluate(inner, declaration.body)
    result = run_block(inner, declaration.body)
    if result is None:
        last = declaration.body.statements[-1] if declaration.body.statements else declaration.name
        if isinstance(last, tree.Apply) and last.gate.name.name in RESULTS:
            raise Stop(None)  # a result without its `return`, which was told as an unknown gate
        fail(
            Misplaced,
            last,
            f"`{declaration.name.name}` returns nothing",
            "the body ends here",
            "end it with `return`",
        )
    return result.value


def call_hamiltonian(
    frame: Frame, node: tree.Node, callee: Declared, arguments: Arguments, keywords: Keywords
) -> Unplaced:
    """A hamiltonian with its values; it knows its size once it is placed."""
    declaration = callee.declaration
    assert isinstance(declaration, tree.Component)
    bound = bind_declared(frame, node, callee, arguments, keywords)
    if any(isinstance(value, Poison) for _, value in bound):
        raise Stop(None)

    def place(qubits: tuple[int, ...]) -> Operator:
        inner = enter(frame, node, callee)
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


def bind_operands(
    inner: Frame, node: tree.Node, callee: Declared, operands: Sequence[Any], binding: Binding
) -> None:
    """Bind the registers of a gate or hamiltonian to qubits, and the names of their sizes."""
    declaration = callee.declaration
    assert isinstance(declaration, tree.Component)
    for register, qubits in zip(declaration.registers, operands, strict=True):
        if register.size is not None:
            try:
                match_dims(inner, (register.size,), (len(qubits),), binding)
            except Mismatch as mismatch:
                fail(
                    WrongArguments,
                    node,
                    f"`{callee.name}` takes a register of another size",
                    str(mismatch),
                    "",
                    (Label(register.span, "declared here"),),
                )
        inner.scope.bind(
            register.name.name, Qubits(tuple(qubits), register.size is not None), register.span
        )
    for name, size in binding.items():
        inner.scope.bind(name, size)
