"""The tensors of a file as a part without a forward, whose tensors are reached by name."""

from __future__ import annotations

from pathlib import Path

from qmlc.check.errors.types import WrongArguments
from qmlc.check.frame import Frame
from qmlc.check.units.apply import hold_unit, register
from qmlc.check.units.bind_settings import bind_settings
from qmlc.check.units.making import Units
from qmlc.check.values import Declared, Inside, Instance, Value, fail
from qmlc.ir.program import Call, Submodule, Unit
from qmlc.ops.find_pretrained import NotFound, find_file
from qmlc.ops.pretrained import SAFETENSORS
from qmlc.ops.safetensors_header import Unreadable, tensor_types
from qmlc.source.errors import UnreadableFile
from qmlc.source.span import Span
from qmlc.syntax import tree
from qmlc.types.tensors import RecordType, TensorType


def holds_tensors(value: Value) -> bool:
    """Whether a component is `safetensors` of the library."""
    return (
        isinstance(value, Declared)
        and isinstance(value.declaration, tree.Component)
        and isinstance(value.declaration.body, tree.Literal)
        and value.declaration.body.value == SAFETENSORS
    )


def hold_tensors(units: Units, frame: Frame, node: tree.Node, instance: Instance) -> Inside:
    """The tensors of the file that an instance names, held by the unit at hand."""
    path = bind_settings(node, instance).get("path")
    if path is None:
        proposal = 'write `safetensors("FILE")`'
        fail(WrongArguments, instance.mention, "`safetensors` needs `path`", "not given", proposal)
    types = _read(frame, instance.mention, str(path))
    unit = _unit(units, str(path), types, instance.mention)
    place = register(frame.network, instance, instance.target.name)
    held = Submodule(place, unit.class_name, (), True, changes=instance.changes)
    hold_unit(frame, node, held, types)
    return Inside(f"{place}.tensors", "", types)


def _unit(units: Units, path: str, types: dict[str, TensorType], place: Span) -> Unit:
    """The class for a file, made once a program."""
    key, output = (SAFETENSORS, path), RecordType(tuple(types.items()))
    if key not in units.made:
        unit = Unit(
            "safetensors",
            units.class_name("safetensors"),
            "extern",
            (),
            output,
            extern=Call(SAFETENSORS, (), (("path", path),)),
            doc=f"The tensors of `{path}`, which do not learn.",
            place=place,
        )
        units.made[key] = unit, output
        units.order.append(unit)
    return units.made[key][0]


def _read(frame: Frame, place: Span, path: str) -> dict[str, TensorType]:
    """The types of the tensors in a file beside the program or in the current folder."""
    bases = [Path(base) for base in (frame.session.base,) if base is not None]
    try:
        return tensor_types(find_file(path, [*bases, Path()]))
    except NotFound as error:
        fail(UnreadableFile, place, error.what, "not found", error.proposal)
    except (OSError, Unreadable) as error:
        fail(UnreadableFile, place, str(error), "cannot be read", "name a file of safetensors")
