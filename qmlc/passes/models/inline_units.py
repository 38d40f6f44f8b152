"""The graph of a unit with those of its parts put in where it calls them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from qmlc.ir.graph import Graph, GraphBuilder, Node
from qmlc.ir.program import Submodule, Unit
from qmlc.ops.indexing import Slice
from qmlc.types.polynomial import Polynomial, Symbol, Value
from qmlc.types.tensors import RecordType, TensorType, Type
from qmlc.types.unify import unify

Sizes = Mapping[Symbol, Value]


class NotInlined(Exception):
    """A part's sizes do not follow from what it is given."""


def inline_units(
    unit: Unit, units: Mapping[str, Unit], wanted: Callable[[Submodule, Unit], bool]
) -> Graph:
    """The graph of `unit` in which the `wanted` parts, and theirs, are no calls; NotInlined.

    Paths of modules and parameters go on from the unit: `encoder.linear`.
    """
    return _Inline(units, wanted).run(unit)


class _Inline:
    """One graph in the making."""

    def __init__(
        self, units: Mapping[str, Unit], wanted: Callable[[Submodule, Unit], bool]
    ) -> None:
        self.units, self.wanted = units, wanted
        self.builder = GraphBuilder()

    def run(self, unit: Unit) -> Graph:
        output = self.add_unit(unit, "", {}, {})
        return self.builder.build(output)

    def add_unit(self, unit: Unit, prefix: str, given: Mapping[str, int], sizes: Sizes) -> int:
        """Where the result of a unit stands, whose inputs stand where `given` says."""
        assert unit.graph is not None
        graph = unit.graph.for_inputs(given) if prefix else unit.graph
        parts = {part.path: part for part in unit.submodules}
        place: dict[int, int] = {}
        for n in sorted(graph.live()):
            place[n] = self.add_node(graph.nodes[n], place, parts, prefix, given, sizes)
        for n, name in graph.names:
            if n in place:
                self.builder.name(place[n], name)
        return place[graph.output]

    def add_node(
        self,
        node: Node,
        place: Mapping[int, int],
        parts: Mapping[str, Submodule],
        prefix: str,
        given: Mapping[str, int],
        sizes: Sizes,
    ) -> int:
        """Where a node of a part stands."""
        settings = {name: _settle(value, sizes) for name, value in node.attributes}
        inputs = [place[i] for i in node.inputs]
        if node.operation == "input" and prefix:
            name = settings["name"]
            return given[name] if name in given else inputs[0]
        if node.operation == "parameter":
            settings["name"] = prefix + settings["name"]
        if node.operation == "field" and self.builder.nodes[inputs[0]].operation == "record":
            record = self.builder.nodes[inputs[0]]
            names: tuple[str, ...] = record.attribute("names")
            return record.inputs[names.index(settings["name"])]
        kind = _settle_type(node.type, sizes)
        if node.operation == "calls":
            settings["modules"] = tuple(prefix + path for path in settings["modules"])
        if node.operation == "call":
            part = parts[settings["module"]]
            settings["module"] = prefix + part.path
            unit = self.units.get(part.target) if part.is_unit else None
            if unit is not None and self.wanted(part, unit):
                return self.add_call(unit, f"{prefix}{part.path}.", inputs, settings, kind)
        return self.builder.add(node.operation, inputs, kind, **settings)

    def add_call(
        self,
        unit: Unit,
        prefix: str,
        inputs: Sequence[int],
        settings: Mapping[str, Any],
        kind: Type,
    ) -> int:
        """Where the result of a part stands that is called with `inputs`."""
        places = settings.get("places", range(len(inputs)))
        names = [unit.inputs[k][0] for k in places]
        types = dict(unit.inputs)
        equations = [
            pair
            for name, n in zip(names, inputs, strict=True)
            for pair in _equations(types[name], self.builder.nodes[n].type)
        ]
        known = {Symbol(n): v for n, v in unit.settings if type(v) is int}
        sizes = unify(equations, known)
        if sizes is None:
            raise NotInlined
        put = self.add_unit(unit, prefix, dict(zip(names, inputs, strict=True)), sizes)
        if self.builder.nodes[put].type != kind:
            raise NotInlined
        return put


def _equations(declared: Type, given: Type) -> list[tuple[Value, Value]]:
    """What is to be equal where a value of one type is given for another; NotInlined."""
    if isinstance(declared, RecordType) and isinstance(given, RecordType):
        fields = zip(declared.fields, given.fields, strict=True)
        return [pair for (_, a), (_, b) in fields for pair in _equations(a, b)]
    if not (isinstance(declared, TensorType) and isinstance(given, TensorType)):
        raise NotInlined
    if declared.dtype != given.dtype or len(declared.dims) != len(given.dims):
        raise NotInlined
    return list(zip(declared.dims, given.dims, strict=True))


def _settle_type(kind: Type, sizes: Sizes) -> Type:
    if isinstance(kind, RecordType):
        return RecordType(tuple((name, _settle_tensor(t, sizes)) for name, t in kind.fields))
    return _settle_tensor(kind, sizes)


def _settle_tensor(kind: TensorType, sizes: Sizes) -> TensorType:
    return TensorType(kind.dtype, tuple(_settle(dim, sizes) for dim in kind.dims))


def _settle(value: Any, sizes: Sizes) -> Any:
    """A setting with its sizes put in, wherever they stand in it."""
    if isinstance(value, Polynomial):
        return value.substitute(sizes)
    if isinstance(value, tuple | list):
        return type(value)(_settle(item, sizes) for item in value)
    if isinstance(value, Slice):
        return Slice(*(_settle(v, sizes) for v in (value.start, value.stop, value.step)))
    return value
