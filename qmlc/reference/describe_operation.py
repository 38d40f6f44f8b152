"""The pages of layers and functions: their call, an example of their shape law, their torch."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from qmlc.ops.parameters import REQUIRED, Parameter
from qmlc.ops.rows import Function, Layer
from qmlc.reference.entry import Entry, write_call, write_value, written
from qmlc.types.polynomial import Polynomial
from qmlc.types.tensors import ShapeError, TensorType, UnknownDimension

SHAPES: tuple[tuple[str | int, ...], ...] = (
    ("B", 16), ("B", 16, "H", "W"), ("B", 16, "L"), ("B", "T", 16), ("B", 16, "D", "H", "W"),
    ("n", "n"), (16,), (),
)  # fmt: skip
KINDS = ("real", "int", "complex", "bool")
VALUES: tuple[Any, ...] = (8, 2, 1, (2, 2), (1, 0), 0.5, "b n -> n b", "b n -> b", "sum")
CUSTOMARY = {"kernel_size": (3,)}
MAX_REQUIRED = 3


def describe_layer(name: str, row: Layer) -> Entry:
    """The entry of a layer."""
    call = write_call(name, row.parameters)
    inputs = ", ".join(p.name for p in row.inputs)
    parts = [f"```text\n{call}({inputs})\n```", row.doc]
    example = next(
        _examples(row.parameters, row.inputs, lambda types, s: row.law(types, s).output), None
    )
    if example:
        types, chosen, result = example
        parts.append(f"`{name}({chosen})` takes {_listed(types)} to `{result}`.")
    arguments = ", ".join(row.order)
    parts.append(
        f"In PyTorch: `torch.{row.constructor}({arguments})`; sizes of the input are known."
    )
    return Entry("layer", name, row.doc, written("\n\n".join(parts)))


def describe_function(kind: str, name: str, row: Function) -> Entry:
    """The entry of a function or of a loss."""
    call = write_call(name, row.parameters)
    parts = [f"```text\n{call}\n```", row.doc]
    law = row.law
    if not row.variadic and (example := next(_examples(row.settings, row.tensors, law), None)):
        types, chosen, result = example
        given = f" with `{chosen}`" if chosen else ""
        parts.append(f"It takes {_listed(types)} to `{result}`{given}.")
    if row.scalar:
        parts.append("It works on the numbers of a circuit, too.")
    template = re.sub(r"\{(\w+)(!\w)?\}", r"\1", row.template.replace("{sizes}", ", **sizes"))
    parts.append(f"In PyTorch: `{template}`.")
    return Entry(kind, name, row.doc, written("\n\n".join(parts)))


Types = Sequence[TensorType | None]
Law = Callable[[Any, Mapping[str, Any]], Any]


def _examples(
    settings: Sequence[Parameter], inputs: Sequence[Parameter], law: Law
) -> Iterator[tuple[Types, str, Any]]:
    """(types of the inputs, the required settings, type of the result) that the law accepts."""
    required = [p.name for p in settings if p.default is REQUIRED]
    defaults = {p.name: p.default for p in settings if p.default is not REQUIRED}
    if len(required) > MAX_REQUIRED:
        return
    for shape, kind in product(SHAPES, KINDS):
        dims = tuple(Polynomial.symbol(d) if isinstance(d, str) else d for d in shape)
        given = TensorType(kind, dims)
        types = [given if p.default is REQUIRED else None for p in inputs]
        for values in product(*(CUSTOMARY.get(name, VALUES) for name in required)):
            chosen = dict(zip(required, values, strict=True))
            try:
                result = law(types, {"sizes": ()} | defaults | chosen)
            except (ShapeError, UnknownDimension, TypeError, ValueError, KeyError, AttributeError):
                continue
            yield types, ", ".join(f"{k}={write_value(v)}" for k, v in chosen.items()), result


def _listed(types: Types) -> str:
    return " and ".join(f"`{kind}`" for kind in types if kind is not None)
