"""What rows of `ops.functions` and `ops.layers` hold: names, a shape law, how torch says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qmlc.ops.parameters import REQUIRED, Parameter
from qmlc.types.tensors import TensorType, Type

Settings = Mapping[str, Any]
Types = Sequence[TensorType]
Law = Callable[[Sequence[TensorType | None], Settings], TensorType]

COMPARISON, SUM, PRODUCT, UNARY, POWER, ATOM = range(6)
"""How tightly a printed expression binds, as in Python: what is lower needs brackets inside."""


@dataclass(frozen=True, slots=True)
class Function:
    """A pure function of tensors; `ops/functions.py` explains the fields."""

    parameters: tuple[Parameter, ...]
    law: Callable[[Any, Settings], Any]
    template: str
    doc: str
    precedence: int = ATOM
    scalar: str = ""
    variadic: bool = False
    sizes: bool = False
    numbers: bool = False
    rest: bool = False
    random: bool = False
    alternatives: tuple[tuple[str, str], ...] = ()

    @property
    def tensors(self) -> tuple[Parameter, ...]:
        """The parameters that are tensors, in order."""
        return tuple(p for p in self.parameters if p.tensor)

    @property
    def settings(self) -> tuple[Parameter, ...]:
        """The parameters that are settings, in order."""
        return tuple(p for p in self.parameters if not p.tensor)


@dataclass(frozen=True, slots=True)
class LayerShape:
    """What a layer yields, and the constructor's arguments that follow from its inputs."""

    output: Type
    inferred: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Layer:
    """A `torch.nn` module; `ops/layers.py` explains the fields."""

    parameters: tuple[Parameter, ...]
    law: Callable[[Any, Settings], LayerShape]
    constructor: str
    doc: str
    order: tuple[str, ...]
    inputs: tuple[Parameter, ...] = (Parameter("x", tensor=True),)
    random: bool = False
    fields: tuple[tuple[str, str], ...] = ()
    packed: bool = False


def layer(
    constructor: str,
    law: Callable[[Any, Settings], LayerShape],
    doc: str,
    parameters: tuple[Parameter, ...] = (),
    *inferred: str,
    **more: Any,
) -> Layer:
    """A row whose constructor takes what is inferred first, then the author's settings."""
    order = (*inferred, *(p.name for p in parameters))
    return Layer(parameters, law, f"nn.{constructor}", doc, **{"order": order, **more})


def tensors(*names: str) -> tuple[Parameter, ...]:
    """Parameters that are tensors; `name?` may be left out."""
    return tuple(
        Parameter(n.rstrip("?"), None if n.endswith("?") else REQUIRED, tensor=True) for n in names
    )


def settings(*required: str, **defaults: Any) -> tuple[Parameter, ...]:
    """Parameters that are settings: those without a default, then those with one."""
    return (
        *(Parameter(name) for name in required),
        *(Parameter(name, value) for name, value in defaults.items()),
    )
