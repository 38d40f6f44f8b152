"""Prints the check of what a module is called with, and the dimensions that `forward` needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from qmlc.backends.torch.print_forward import Forward, field_name
from qmlc.backends.torch.print_value import print_value
from qmlc.ir.program import Unit
from qmlc.ops.indexing import demanded_sizes
from qmlc.types.polynomial import Polynomial, Symbol, Value
from qmlc.types.sizes import doubtful_sizes
from qmlc.types.tensors import RecordType, TensorType, Type


def describe_forward(unit: Unit) -> str:
    """`real[B, 4] -> real[B, 2]`: the types of the inputs and of the result."""
    inputs = ", ".join(str(with_settings(kind, unit.settings)) for _, kind in unit.inputs)
    return f"{inputs or '()'} -> {with_settings(unit.output, unit.settings)}"


def print_check(unit: Unit, forward: Forward) -> Iterator[str]:
    """The call that compares the inputs with their types, and a line for each dimension used."""
    types: dict[str, str] = {}
    python: dict[str, str] = {}
    for name, kind in unit.inputs:
        known = with_settings(kind, unit.settings)
        if isinstance(known, RecordType):
            types |= {f"{name}.{field}": str(tensor) for field, tensor in known.fields}
            fields = [field for field, _ in known.fields]
            python |= {f"{name}.{f}": f"{forward.inputs[name]}.{field_name(f)}" for f in fields}
        else:
            types[name], python[name] = str(known), forward.inputs[name]
    if types:
        tensors = ", ".join(f"{name!r}: {text}" for name, text in python.items())
        sizes = [str(size) for size in _doubtful(unit)]
        more = f", sizes={sizes!r}" if sizes else ""
        optional = tuple(name for name, _ in unit.inputs if name in forward.optional)
        more += f", optional={optional!r}" if optional else ""
        check = f"bind_dimensions({unit.name!r}, {print_value(types)}, {{{tensors}}}{more})"
        yield f"dims = {check}" if forward.dimensions else check
    for name, variable in forward.dimensions.items():
        yield f"{variable} = dims[{name!r}]"


def _doubtful(unit: Unit) -> list[Polynomial]:
    """The sizes in the unit that a call has to be checked for: `T / 2`, `T - 3`."""
    assert unit.graph is not None
    nodes = unit.graph.nodes
    declared = {size for _, kind in unit.inputs for t in _tensors(kind) for size in t.dims}
    names = {s.name for size in declared if isinstance(size, Polynomial) for s in size.symbols()}
    sizes: list[Value] = []
    for node in nodes:
        sizes += [size for kind in _tensors(node.type) for size in kind.dims]
        if node.operation == "index":
            (x,) = _tensors(nodes[node.inputs[0]].type)
            sizes += demanded_sizes(x, node.attribute("index"))
    return [
        size
        for size in doubtful_sizes(sizes)
        if size not in declared and names.issuperset(s.name for s in size.symbols())
    ]


def _tensors(kind: Type) -> tuple[TensorType, ...]:
    return tuple(t for _, t in kind.fields) if isinstance(kind, RecordType) else (kind,)


def with_settings(kind: Type, settings: Sequence[tuple[str, Any]]) -> Type:
    """The type with the dimensions put in that the settings tell."""
    numbers = {Symbol(n): v for n, v in settings if isinstance(v, int)}
    if isinstance(kind, RecordType):
        fields = ((n, with_settings(t, settings)) for n, t in kind.fields)
        return RecordType(tuple((n, t) for n, t in fields if isinstance(t, TensorType)))
    dims = (d.substitute(numbers) if isinstance(d, Polynomial) else d for d in kind.dims)
    return TensorType(kind.dtype, tuple(dims))
