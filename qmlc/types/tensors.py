"""Types of values: tensors with symbolic dimensions, and records of them."""

from __future__ import annotations

from dataclasses import dataclass

from qmlc.types.polynomial import Value

DTYPES = ("real", "int", "bool", "complex")


@dataclass(frozen=True, slots=True)
class TensorType:
    """`real[B, 4]`; a scalar has no dimensions."""

    dtype: str
    dims: tuple[Value, ...] = ()

    def __str__(self) -> str:
        return f"{self.dtype}[{', '.join(map(str, self.dims))}]" if self.dims else self.dtype


@dataclass(frozen=True, slots=True)
class RecordType:
    """`(energy: real, picks: real[8])`."""

    fields: tuple[tuple[str, TensorType], ...]

    def __str__(self) -> str:
        return f"({', '.join(f'{name}: {kind}' for name, kind in self.fields)})"


Type = TensorType | RecordType


class ShapeError(ValueError):
    """A shape law that does not hold; `argument` is the position of the culprit, or None."""

    def __init__(self, message: str, argument: int | None = None, proposal: str = "") -> None:
        super().__init__(message)
        self.message, self.argument, self.proposal = message, argument, proposal


class UnknownDimension(Exception):
    """A parameter's shape needs the number of a dimension that is still a symbol: `dimension`."""

    def __init__(self, dimension: Value) -> None:
        super().__init__(f"`{dimension}` must be known, because it fixes the shape of a parameter")
        self.dimension = dimension
