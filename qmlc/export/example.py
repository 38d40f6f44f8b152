"""What a module is traced with: tensors of its declared types, and which of their sizes vary."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from qmlc.backends.torch.print_check import with_settings
from qmlc.export.errors import NotExportableError
from qmlc.ir.program import Unit
from qmlc.types.polynomial import Polynomial, Symbol, Value, lift
from qmlc.types.tensors import RecordType, TensorType, Type

BATCH = "batch"
"""The name of a dimension before those that a type declares."""

STARTS = (2, 8, 32, 128)
"""From where sizes are tried: some models need large images or long texts. 0 and 1 are special."""


@dataclass(frozen=True)
class Field:
    """One tensor that a module takes: sizes that vary have names."""

    name: str
    dtype: str
    shape: tuple[Value, ...]

    @property
    def varying(self) -> dict[int, str]:
        """The names of the sizes that vary, by axis."""
        return {i: str(size) for i, size in enumerate(self.shape) if isinstance(size, Polynomial)}

    def make(self, sizes: Mapping[str, int]) -> Tensor:
        """A tensor of this type, zeros where it is of whole numbers; ArithmeticError."""
        known = {Symbol(name): size for name, size in sizes.items()}
        shape = [int(str(lift(size).substitute(known))) for size in self.shape]
        if self.dtype == "int":
            return torch.zeros(shape, dtype=torch.int64)
        if self.dtype == "bool":
            return torch.ones(shape, dtype=torch.bool)
        return torch.rand(shape, dtype=torch.complex64 if self.dtype == "complex" else None)


class FlatModule(nn.Module):
    """A module that takes tensors, one behind the other, and yields one, or a tuple of them."""

    def __init__(self, module: nn.Module, unit: Unit) -> None:
        super().__init__()
        self.module = module
        self.inputs = tuple(kind for _, kind, _ in _inputs(unit))

    def forward(self, *tensors: Tensor) -> Tensor | tuple[Tensor, ...]:
        """What `module` yields, records taken apart."""
        waiting, given = iter(tensors), []
        for kind, record in zip(self.inputs, _records(self.module, self.inputs), strict=True):
            if isinstance(kind, RecordType):
                given.append(record(*(next(waiting) for _ in kind.fields)))
            else:
                given.append(next(waiting))
        results: list[Tensor] = pytree.tree_leaves(self.module(*given))
        return results[0] if len(results) == 1 else tuple(results)


def _records(module: nn.Module, inputs: Sequence[Type]) -> Sequence[Any]:
    """The named tuple of each input that is a record."""
    if not any(isinstance(kind, RecordType) for kind in inputs):
        return [None] * len(inputs)
    signature = inspect.signature(type(module).forward, eval_str=True)
    return [p.annotation for p in list(signature.parameters.values())[1:]]


@dataclass(frozen=True)
class Example:
    """A module with plain tensors for inputs and results, and tensors to trace it with."""

    module: FlatModule
    fields: tuple[Field, ...]
    tensors: tuple[Tensor, ...]
    outputs: tuple[str, ...]
    """The names of the results."""

    def trace(
        self, module: nn.Module | None = None, *, strict: bool = False
    ) -> torch.export.ExportedProgram:
        """The module, or one in its place, as a graph of operations, for all sizes that vary."""
        auto = torch.export.Dim.AUTO
        shapes = tuple({axis: auto for axis in field.varying} for field in self.fields)
        with torch.no_grad():
            return torch.export.export(
                module or self.module,
                self.tensors,
                dynamic_shapes={"tensors": shapes} if shapes else None,
                strict=strict,
            )


def size_names(program: torch.export.ExportedProgram, example: Example) -> dict[str, str]:
    """What the author calls each size that varies, by its name in a traced program."""
    values = {
        node.name: node.meta["val"] for node in program.graph.nodes if node.op == "placeholder"
    }
    inputs = [values[name] for name in program.graph_signature.user_inputs]
    return {
        str(value.shape[axis]): name
        for value, field in zip(inputs, example.fields, strict=True)
        for axis, name in field.varying.items()
        if name.isidentifier()
    }


def make_example(unit: Unit, module: nn.Module) -> Example:
    """Tensors on which `module`, of the class of `unit`, runs; NotExportableError."""
    fields = tuple(_fields(unit))
    flat = FlatModule(module, unit)
    for start in STARTS:
        try:
            tensors = make_tensors(fields, start)
            with torch.no_grad():
                flat(*tensors)
        except (ValueError, RuntimeError, IndexError, ArithmeticError) as error:
            reason = error
        else:
            return Example(flat, fields, tensors, tuple(_outputs(unit)))
    raise NotExportableError(f"no sizes were found with which `{unit.name}` runs: {reason}")


def make_tensors(fields: Sequence[Field], start: int) -> tuple[Tensor, ...]:
    """Tensors for `fields`, whose sizes that vary are `start`, `start + 2`, …; ArithmeticError."""
    sizes = (size for field in fields for size in field.shape if isinstance(size, Polynomial))
    names = dict.fromkeys(symbol.name for size in sizes for symbol in size.symbols())
    # different sizes: equal ones could be taken for one
    given = {name: start + 2 * place for place, name in enumerate(names)}
    return tuple(field.make(given) for field in fields)


def _inputs(unit: Unit) -> list[tuple[str, Type, tuple[Value, ...]]]:
    """What a module of a unit takes, each with the dimensions before those of its type."""
    inputs = [(name, with_settings(kind, unit.settings)) for name, kind in unit.inputs]
    if unit.kind == "kernel":
        ((_, kind),) = inputs
        return [(name, kind, (Polynomial.symbol(name.upper()),)) for name in ("a", "b")]
    batch = (Polynomial.symbol(BATCH),) if unit.circuit is not None else ()
    return [(name, kind, batch) for name, kind in inputs]


def _fields(unit: Unit) -> Iterator[Field]:
    """The tensors that a unit takes, records taken apart."""
    for name, kind, batch in _inputs(unit):
        fields = kind.fields if isinstance(kind, RecordType) else (("", kind),)
        for field, tensor in fields:
            full = f"{name}.{field}" if field else name
            yield Field(full, tensor.dtype, (*batch, *map(_named, tensor.dims)))


def _named(size: Value) -> Value:
    """A size that varies: `...` stands for one."""
    return Polynomial.symbol(BATCH) if size == Polynomial.symbol("...") else size


def _outputs(unit: Unit) -> Iterator[str]:
    if isinstance(unit.output, RecordType):
        yield from (name for name, _ in unit.output.fields)
    else:
        assert isinstance(unit.output, TensorType)
        yield "output"
