"""An instance of a declared component applied to tensors: sizes matched, a unit made or found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qmlc.check.apply import call_node, check_types, hold_unit, register
from qmlc.check.bind_arguments import bind_arguments
from qmlc.check.complete_settings import bind_settings
from qmlc.check.dimensions import (
    DTYPES,
    REST,
    Binding,
    Mismatch,
    match_dims,
    mismatch_error,
)
from qmlc.check.errors_names import NotAvailable
from qmlc.check.errors_types import WrongArguments
from qmlc.check.frame import Frame
from qmlc.check.make_unit import make_unit
from qmlc.check.making import CIRCUITS, Making, Units
from qmlc.check.operate import as_node
from qmlc.check.values import (
    Declared,
    Instance,
    Stop,
    Tensor,
    Value,
    fail,
    type_of,
)
from qmlc.ir.program import Submodule
from qmlc.ops.parameters import REQUIRED, Parameter
from qmlc.syntax import tree
from qmlc.types.polynomial import Polynomial, lift
from qmlc.types.polynomial import Value as Exact
from qmlc.types.tensors import RecordType, TensorType, Type


def apply_unit(
    units: Units,
    frame: Frame,
    node: tree.Node,
    instance: Instance,
    arguments: Sequence[Value],
    keywords: Mapping[str, Value],
) -> Value:
    """An instance of a declared component applied to tensors."""
    callee = instance.target
    assert isinstance(callee, Declared)
    making = Making(units, callee, node, bind_settings(units, frame, node, instance))
    declaration = making.declaration
    if declaration.kind == "extern":
        fail(
            NotAvailable,
            node,
            "`extern` layers are not run yet",
            "a module of your own",
            "embed the compiled part in your own torch module instead",
        )
    if declaration.kind == "kernel":
        fail(
            NotAvailable,
            node,
            "kernels are not applied yet",
            "a kernel",
            "return `state` from a circuit, and compute overlaps of two",
        )
    rows = [
        Parameter(p.name.name, REQUIRED if p.default is None else p.default)
        for p in declaration.inputs
    ]
    bound = bind_arguments(node, callee.name, rows, list(arguments), dict(keywords))
    pairs = [(p, bound[p.name.name]) for p in declaration.inputs]
    check_types(node, pairs)
    tensors = [v if isinstance(v, Tensor) else as_node(frame, node, v) for _, v in pairs]
    kinds = [(p, type_of(t)) for (p, _), t in zip(pairs, tensors, strict=True)]
    leading = match_inputs(making, kinds)
    unit, output, outer = make_unit(making)
    kind = _substitute(output, outer)
    if leading:
        kind = _lead(kind, leading)
    path = register(frame.network, instance, callee.name)
    hold_unit(frame, node, Submodule(path, unit.class_name, unit.settings, is_unit=True))
    return call_node(frame, path, tensors, kind)


def match_inputs(
    making: Making, kinds: Sequence[tuple[tree.Parameter, Type | None]]
) -> tuple[Exact, ...]:
    """Bind the sizes of the inputs; the leading dimensions that a circuit maps over."""
    declaration = making.declaration
    leading: list[tuple[Exact, ...]] = []
    for name, value in making.given.items():
        if isinstance(value, int) and not isinstance(value, bool):
            making.binding.setdefault(name, value)
    for parameter, kind in kinds:
        written = parameter.type
        if isinstance(kind, RecordType) or not isinstance(written, tree.TypeName):
            raise Stop(None)
        assert kind is not None
        dims = kind.dims
        if declaration.kind in CIRCUITS:
            own = len(written.dims)
            leading.append(dims[: len(dims) - own] if len(dims) >= own else ())
            dims = dims[len(dims) - own :] if len(dims) >= own else dims
        try:
            _check_dtype(written, kind)
            match_dims(making.frame(), written.dims, dims, making.binding)
        except Mismatch as mismatch:
            raise mismatch_error(
                _place(making.node, parameter, declaration),
                f"`{declaration.name.name}`",
                parameter,
                kind,
                mismatch,
                _proposal(declaration, parameter, kind),
            ) from None
    return _broadcast(making, leading)


def _place(node: tree.Node, parameter: tree.Parameter, declaration: tree.Component) -> tree.Node:
    """The argument in the text that fills a parameter."""
    position = declaration.inputs.index(parameter)
    if isinstance(node, tree.Pipe):
        return node.value if position == 0 else node
    if isinstance(node, tree.Call):
        for keyword in node.keywords:
            if keyword.name.name == parameter.name.name:
                return keyword.value
        if position < len(node.arguments):
            return node.arguments[position]
    return node


def _proposal(declaration: tree.Component, parameter: tree.Parameter, kind: TensorType) -> str:
    if declaration.kind in CIRCUITS and kind.dims and isinstance(kind.dims[-1], int):
        if kind.dims[-1] > 24:
            return f"bring the {kind.dims[-1]} features down first: `… |> linear(4) |> tanh`"
    return ""


def _check_dtype(written: tree.TypeName, kind: TensorType) -> None:
    wanted = DTYPES.get(written.name.name)
    if wanted == kind.dtype or wanted is None or (wanted == "real" and kind.dtype == "int"):
        return
    raise Mismatch(f"its elements are `{kind.dtype}`, not `{written.name.name}`")


def _broadcast(making: Making, leading: list[tuple[Exact, ...]]) -> tuple[Exact, ...]:
    """The common leading dimensions of a circuit's inputs."""
    width = max((len(dims) for dims in leading), default=0)
    result: list[Exact] = []
    for i in range(-width, 0):
        sizes = [dims[i] for dims in leading if len(dims) >= -i and dims[i] != 1]
        if any(size != sizes[0] for size in sizes):
            other = next(size for size in sizes if size != sizes[0])
            fail(
                WrongArguments,
                making.node,
                "the inputs do not broadcast together",
                f"leading dimensions {sizes[0]} and {other}",
                "a circuit maps over leading dimensions, which must be equal or 1",
            )
        result.append(sizes[0] if sizes else 1)
    return tuple(result)


def _substitute(kind: Type, binding: Binding) -> Type:
    if isinstance(kind, RecordType):
        return RecordType(tuple((n, _tensor(_substitute(k, binding))) for n, k in kind.fields))
    dims: list[Exact] = []
    for size in kind.dims:
        polynomial = lift(size)
        if size == Polynomial.symbol(REST):
            dims += binding.get(REST, (size,))
        else:
            values = {s: binding[s.name] for s in polynomial.symbols() if s.name in binding}
            dims.append(polynomial.substitute(values))
    return TensorType(kind.dtype, tuple(dims))


def _lead(kind: Type, leading: tuple[Exact, ...]) -> Type:
    if isinstance(kind, RecordType):
        return RecordType(tuple((n, _tensor(_lead(k, leading))) for n, k in kind.fields))
    return TensorType(kind.dtype, (*leading, *kind.dims))


def _tensor(kind: Type) -> TensorType:
    assert isinstance(kind, TensorType)
    return kind
