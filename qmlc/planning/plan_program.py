"""Goes through a part of a program for given sizes, and yields the step of everything that runs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from qmlc.ir.graph import Graph, Node
from qmlc.ir.program import Program, Submodule, Unit
from qmlc.ops.functions import FUNCTIONS
from qmlc.planning.count_circuits import Runs, count_circuit, count_overlaps
from qmlc.planning.count_functions import count_function
from qmlc.planning.count_layers import count_layer, layer_size
from qmlc.planning.count_pretrained import count_pretrained, pretrained_shapes
from qmlc.planning.step import Array, Step
from qmlc.planning.work import Work
from qmlc.types.polynomial import Polynomial, Symbol, Value
from qmlc.types.tensors import RecordType, TensorType, Type
from qmlc.types.unify import Numbers, unify

Known = Any
"""What a node yields: an Array, or a dict of these by the names of a record."""


@dataclass
class Planner:
    """Collects the steps of units of a program; `sizes` are for symbols that nothing fixes."""

    program: Program
    sizes: Mapping[str, int]
    usual: int
    """What stands for a size that is not among `sizes`."""
    folders: tuple[Path, ...] = ()
    """Where pretrained models may lie."""
    steps: list[Step] = field(default_factory=list)
    assumed: dict[str, int] = field(default_factory=dict)
    """The sizes that were needed, with what stood for them."""
    arguments: tuple[Known, ...] = ()
    """What the unit that runs by itself is called with."""

    def run(self, unit: Unit, batch: int) -> Known:
        """Go through a unit that is called by itself; what it yields."""
        numbers: Numbers = {}
        arguments = []
        for _, kind in unit.inputs:
            array = self.array(kind, numbers, True)
            if unit.circuit is not None and isinstance(array, Array):
                array = replace(array, shape=(batch, *array.shape))
            arguments.append(_without_gradient(array))
        if unit.kind == "kernel" and len(arguments) == 1:
            arguments *= 2
        self.arguments = tuple(arguments)
        return self.call(unit, arguments, False, 0)

    def call(self, unit: Unit, arguments: Sequence[Known], frozen: bool, same: int = 0) -> Known:
        """Go through a unit for certain arguments; `same`: the kernel's two are one tensor."""
        if unit.circuit is not None:
            return self._circuit(unit, arguments, frozen, same)
        if unit.graph is None:
            output = self.array(unit.output, _bind(unit, arguments), True)
            shapes = pretrained_shapes(unit, self.folders)
            step = count_pretrained(unit, arguments, frozen, shapes)
            self.steps.append(step)
            return output
        self.steps.append(Step("call", "checks of the shapes of inputs", _UNIT, _UNIT, Work()))
        numbers = _bind(unit, arguments)
        pairs = zip((name for name, _ in unit.inputs), arguments, strict=False)
        given = {name: argument for name, argument in pairs if argument is not None}
        graph = unit.graph.for_inputs(given)
        values: dict[int, Known] = {}
        for n in sorted(graph.live()):
            values[n] = self._node(unit, graph, graph.nodes[n], values, given, numbers, frozen)
        return values[graph.output]

    def _node(
        self, unit: Unit, graph: Graph, node: Node, values: Mapping[int, Known],
        given: Mapping[str, Known], numbers: Numbers, frozen: bool,
    ) -> Known:  # fmt: skip
        inputs = [values[i] for i in node.inputs]
        settings = {name: self.settle(value, numbers) for name, value in node.attributes}
        output = self.array(node.type, numbers, any(_learns(value) for value in inputs))
        match node.operation:
            case "input":
                default = None if "none" in settings else inputs[0] if inputs else output
                return given.get(settings["name"], default)
            case "parameter":
                return replace(output, learns=not frozen)
            case "constant" | "dimension":
                return output
            case "record":
                return dict(zip(settings["names"], inputs, strict=True))
            case "field":
                return inputs[0][settings["name"]]
            case "call":
                return self._module(unit, settings, inputs, output, node, frozen)
            case "calls":
                entries = [replace(value, shape=value.shape[1:]) for value in inputs]
                entry = replace(output, shape=output.shape[1:])
                for path in settings["modules"]:
                    entry = self._module(unit, {"module": path}, entries, entry, node, frozen)
                return replace(output, learns=entry.learns)
            case _:
                row = FUNCTIONS[node.operation]
                self.steps.append(
                    count_function(node.operation, inputs, output, settings, row.random)
                )
                return output

    def _module(
        self, unit: Unit, settings: Mapping[str, Any], inputs: Sequence[Known], output: Known,
        node: Node, frozen: bool,
    ) -> Known:  # fmt: skip
        module = next(part for part in unit.submodules if part.path == settings["module"])
        frozen = frozen or any(change.function == "freeze" for change in module.changes)
        if module.is_unit:
            target = self.program.unit(module.target)
            places = settings.get("places", range(len(inputs)))
            arguments: list[Known] = [None] * len(target.inputs)
            if target.kind == "kernel":
                arguments = [None] * len(inputs)
            for place, value in zip(places, inputs, strict=True):
                arguments[place] = value
            same = int(len(node.inputs) == 2 and node.inputs[0] == node.inputs[1])
            found = self.call(target, arguments, frozen, same)
            return found if isinstance(output, dict) else replace(output, learns=_learns(found))
        learns = layer_learns(module, frozen)
        if isinstance(output, Array):
            output = replace(output, learns=output.learns or learns)
        else:
            output = {k: replace(v, learns=v.learns or learns) for k, v in output.items()}
        main = output if isinstance(output, Array) else next(iter(output.values()))
        arrays = [value for value in inputs if isinstance(value, Array)]
        step = count_layer(module.target, dict(module.arguments), arrays, main, frozen)
        self.steps.append(step)
        return output

    def _circuit(self, unit: Unit, arguments: Sequence[Known], frozen: bool, same: int) -> Known:
        circuit = unit.circuit
        assert circuit is not None
        given = [value for value in arguments if isinstance(value, Array)]
        learns = any(x.learns for x in given) or bool(circuit.parameters and not frozen)
        ranks = [len(variable.shape) for variable in circuit.inputs] or [0]
        leads = [x.shape[: len(x.shape) - rank] for x, rank in zip(given, ranks * 2, strict=False)]
        if unit.kind == "kernel":
            counts = [math.prod(lead) for lead in leads]
            sizes = tuple(counts[:1] if same else counts)
            self.steps += count_overlaps(unit.name, circuit, sizes, learns)
            return Array((counts[0], counts[-1]), "real", learns)
        lead = max(leads, key=math.prod, default=())
        runs = Runs(circuit, math.prod(lead), learns, spread=len(set(leads)) > 1)
        self.steps.append(count_circuit(unit.name, runs))
        found = self.array(unit.output, {}, learns)
        if isinstance(found, Array):
            return replace(found, shape=(*lead, *found.shape))
        return {name: replace(x, shape=(*lead, *x.shape)) for name, x in found.items()}

    def array(self, kind: Type, numbers: Numbers, learns: bool) -> Known:
        """A tensor or record of a type; what learns is real."""
        if isinstance(kind, RecordType):
            return {name: self.array(part, numbers, learns) for name, part in kind.fields}
        shape = tuple(self.size(dim, numbers) for dim in kind.dims)
        return Array(shape, kind.dtype, learns and kind.dtype in ("real", "complex"))

    def size(self, dim: Value, numbers: Numbers) -> int:
        """A size as a number; symbols that nothing fixes get what was asked for."""
        value = self.settle(dim, numbers)
        return max(int(value), 1) if isinstance(value, int | float) else 1

    def settle(self, setting: Any, numbers: Numbers) -> Any:
        """A setting with numbers in the place of symbols, inside tuples as well."""
        if isinstance(setting, tuple):
            return tuple(self.settle(item, numbers) for item in setting)
        if not isinstance(setting, Polynomial):
            return setting
        values: dict[Symbol, Value] = {}
        for symbol in setting.symbols():
            values[symbol] = numbers[symbol] if symbol in numbers else self._assume(symbol)
        return setting.substitute(values)

    def _assume(self, symbol: Symbol) -> int:
        size = self.sizes.get(symbol.name, self.usual)
        return self.assumed.setdefault(symbol.name, size)


_UNIT = Work({"unit": 1})


def layer_learns(module: Submodule, frozen: bool) -> bool:
    """Whether a layer has parameters that are trained."""
    return not frozen and layer_size(module.target, dict(module.arguments)) > 0


def _learns(value: Known) -> bool:
    if isinstance(value, dict):
        return any(_learns(part) for part in value.values())
    return isinstance(value, Array) and value.learns


def _without_gradient(value: Known) -> Known:
    if isinstance(value, dict):
        return {name: replace(part, learns=False) for name, part in value.items()}
    return replace(value, learns=False)


def _bind(unit: Unit, arguments: Sequence[Known]) -> Numbers:
    """What the symbols in a unit's inputs are for certain arguments."""
    equations: list[tuple[Any, Any]] = []
    for (_, kind), value in zip(unit.inputs, arguments, strict=False):
        if isinstance(kind, TensorType) and isinstance(value, Array):
            equations += zip(kind.dims, value.shape, strict=False)
        elif isinstance(kind, RecordType) and isinstance(value, dict):
            for name, part in kind.fields:
                equations += zip(part.dims, value[name].shape, strict=False)
    return unify(equations, {}, partial=True) or {}


def count_parameters(program: Program, unit: Unit, folders: Sequence[Path] = ()) -> int:
    """How many numbers a unit learns or holds, its parts' among them."""
    own = sum(math.prod(v.shape) for v in unit.parameters)
    own += sum(map(math.prod, pretrained_shapes(unit, folders).values()))
    if unit.circuit is not None:
        own = sum(math.prod(v.shape) for v in unit.circuit.parameters)
    for part in unit.submodules:
        if not part.is_unit:
            own += layer_size(part.target, dict(part.arguments))
        elif not part.given:
            own += count_parameters(program, program.unit(part.target), folders)
    return own


def root_units(program: Program) -> Iterator[Unit]:
    """The units that no other uses."""
    used = {part.target for unit in program.units for part in unit.submodules if part.is_unit}
    yield from (unit for unit in program.units if unit.class_name not in used)
