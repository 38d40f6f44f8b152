"""Prints a unit's graph as the body of `forward`: short expressions, the author's names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from qmlc.backends.torch.find_chains import Chain, find_chains
from qmlc.backends.torch.identifiers import (
    RESERVED,
    default_name,
    identifier,
    one_of,
    unique,
)
from qmlc.backends.torch.lay_out_parts import print_list
from qmlc.backends.torch.print_value import print_number, print_polynomial, print_value, symbols_of
from qmlc.ir.graph import Graph, Node
from qmlc.ops.fill_template import Expression, fill_template, write_tuple
from qmlc.ops.functions import FUNCTIONS
from qmlc.ops.parameters import REQUIRED
from qmlc.ops.rows import ATOM, COMPARISON, PRODUCT, SUM, UNARY, Function, Layer
from qmlc.types.polynomial import Polynomial, Symbol, lift
from qmlc.types.sizes import rounded
from qmlc.types.tensors import RecordType, TensorType, Type

MAX_DEPTH = 4
"""Calls inside of calls in one expression."""

MAX_WIDTH = 80
"""Columns of one expression; a longer one is broken into statements."""

LEAVES = frozenset({"input", "parameter", "constant", "dimension"})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What `forward` finds around it: how the unit's parts are reached, by the author's names."""

    modules: Mapping[str, str]
    parameters: Mapping[str, str]
    records: Mapping[Type, str]
    layers: Mapping[str, Layer]
    """The modules that are torch's own."""


@dataclass(frozen=True, slots=True)
class Forward:
    """The arguments of `forward`, the dimensions it needs by Python name, and its statements."""

    inputs: Mapping[str, str]
    optional: frozenset[str]
    """The inputs that can be left out."""
    dimensions: Mapping[str, str]
    statements: tuple[str, ...]


def print_forward(
    graph: Graph, inputs: Sequence[tuple[str, Type]], around: Surroundings
) -> Forward:
    """The statements that compute the output of `graph`, in its order, each with its shape."""
    return _Forward(graph, [name for name, _ in inputs], around).print()


@dataclass(frozen=True, slots=True)
class Step:
    """A node that becomes a statement, or is returned; `early`: where inputs are left out."""

    node: int
    returns: bool = False
    early: bool = False


class _Forward:
    """One printing: which nodes become statements, and what they are called."""

    def __init__(self, graph: Graph, inputs: Sequence[str], around: Surroundings) -> None:
        self.nodes, self.around = tuple(map(_without_default, graph.nodes)), around
        self.authors, self.optional = dict(graph.names), graph.optional()
        last = graph.nodes[graph.output]
        *early, self.output = last.inputs if last.operation == "given" else [graph.output]
        self.early, self.absent = early, last.attribute("names") if early else ()
        self.live = _live(self.nodes, [*early, self.output])
        self.uses = self._count_uses()
        self.inputs: dict[str, str] = {}
        self.dimensions: dict[str, str] = {}
        taken: set[str] = set(RESERVED) | {"dims"}
        for name in inputs:
            self.inputs[name] = unique(identifier(name), taken.__contains__)
            taken.add(self.inputs[name])
        for symbol in dict.fromkeys(self._symbols()):
            self.dimensions[symbol] = unique(identifier(symbol), taken.__contains__)
            taken.add(self.dimensions[symbol])
        self.names = {
            n: self.inputs[node.attribute("name")]
            for n, node in enumerate(self.nodes)
            if node.operation == "input"
        }
        self.statements: set[int] = set()
        self.chains = {
            n: chain
            for chain in find_chains(self.nodes, self.uses, around.modules)
            for n in chain.calls
        }

    def print(self) -> Forward:
        """Choose the statements, name them, write them."""
        for n in self.live:
            self._break_up(n)
        for output in (*self.early, self.output):
            if output not in self.chains:
                self.statements.discard(output)
            if output in self.authors or self.uses[output] > 1:
                if self.nodes[output].operation not in LEAVES:
                    self.statements.add(output)
        steps = self._steps()
        self._choose_names(steps)
        lines: list[str] = []
        for k, step in enumerate(steps):
            if step.early and not (k and steps[k - 1].early):
                lines.append(
                    f"if {' and '.join(f'{self.inputs[n]} is None' for n in self.absent)}:"
                )
            lines += self._lines(step)
        return Forward(self.inputs, self.optional, self.dimensions, tuple(lines))

    def _steps(self) -> list[Step]:
        """What is done, in order: what both results need, then the early one, then the other."""
        order = sorted(self.statements)
        if not self.early:
            return [*map(Step, order), Step(self.output, returns=True)]
        early, late = (set(_live(self.nodes, [n])) for n in (*self.early, self.output))
        return [
            *(Step(n) for n in order if n in early & late),
            *(Step(n, early=True) for n in order if n in early - late),
            *(Step(n, returns=True, early=True) for n in self.early),
            *(Step(n) for n in order if n in late - early),
            Step(self.output, returns=True),
        ]

    def _lines(self, step: Step) -> list[str]:
        """A step; what is early stands under a condition, which its result ends."""
        if step.returns:
            lines = self._commented(f"return {self.expression(step.node)[0]}", step.node)
        else:
            lines = self._statement(step.node)
        return [f"    {line}" for line in lines] if step.early else lines

    def _statement(self, n: int) -> list[str]:
        chain = self.chains.get(n)
        if chain is not None:
            return self._loop(chain) if n == chain.calls[-1] else []
        return self._commented(f"{self.names[n]} = {self.expression(n, top=True)[0]}", n)

    def _loop(self, chain: Chain) -> list[str]:
        """All modules of a list, one after the other, on a variable of one name."""
        first, last = chain.calls[0], chain.calls[-1]
        name = self.names[last]
        module = unique(one_of(default_name(self.nodes[first])), self._taken(chain).__contains__)
        arguments = [self.expression(i)[0] for i in self.nodes[first].inputs]
        before = [] if arguments[chain.place] == name else [f"{name} = {arguments[chain.place]}"]
        arguments[chain.place] = name
        return [
            *before,
            f"for {module} in {chain.modules}:",
            *(
                f"    {line}"
                for line in self._commented(f"{name} = {module}({', '.join(arguments)})", last)
            ),
        ]

    def _taken(self, chain: Chain) -> set[str]:
        """The names that a loop over modules may not give to a module."""
        return {*self.names.values(), *self.dimensions.values(), *RESERVED}

    def _count_uses(self) -> Counter[int]:
        """How often each node is needed; a record as often as the fields taken from it."""
        uses = Counter([*self.early, self.output])
        for n in reversed(self.live):
            again = self.nodes[n].operation == "field" and n not in self.authors
            for i in self.nodes[n].inputs:
                uses[i] += uses[n] if again else 1
        return uses

    def _symbols(self) -> Iterator[str]:
        """The names of the dimensions that are computed with, in order."""
        for n in self.live:
            for _, value in self.nodes[n].attributes:
                yield from (symbol.name for symbol in symbols_of(value))

    def _break_up(self, n: int) -> None:
        """Make `n` a statement where it is named or used again; else parts of it, if too large."""
        node = self.nodes[n]
        if node.operation in LEAVES:
            if node.inputs:
                self.statements.add(n)
            return
        name = self.authors.get(n) or self._name_of_chain(n) or self._name_in_record(n)
        name = name or default_name(node)
        if n in self.chains:
            chain = self.chains[n]
            start = self.nodes[chain.calls[0]].inputs[chain.place]
            if self.uses[start] == 1:
                name = self.authors.get(start) or self.names.get(start, name)
            self.statements.add(n)
        self.names[n] = identifier(name)
        while True:
            depth, width = self.depth(n, top=True), len(self.expression(n, top=True)[0])
            inner = [i for i in node.inputs if self._inline(i)]
            if not inner or (depth <= MAX_DEPTH and width <= MAX_WIDTH):
                break
            self.statements.add(max(inner, key=lambda i: (self.depth(i), self._width(i))))
        if n in self.authors or (self.uses[n] > 1 and node.operation != "field"):
            self.statements.add(n)

    def _name_of_chain(self, n: int) -> str:
        """The name of the value that `n` is made for, where that is made of `n` first of all."""
        users = [m for m in self.live if n in self.nodes[m].inputs]
        if len(users) != 1 or self.uses[n] != 1 or self.nodes[users[0]].inputs[0] != n:
            return ""
        return self.authors.get(users[0]) or self._name_of_chain(users[0])

    def _name_in_record(self, n: int) -> str:
        """The name of the field of the result that `n` fills, if it does only that."""
        node = self.nodes[self.output]
        if node.operation != "record" or self.uses[n] != 1 or n not in node.inputs:
            return ""
        return str(node.attribute("names")[node.inputs.index(n)])

    def _inline(self, n: int) -> bool:
        return self.nodes[n].operation not in LEAVES and n not in self.statements

    def _width(self, n: int) -> int:
        return len(self.expression(n)[0])

    def depth(self, n: int, top: bool = False) -> int:
        """How many calls stand inside of each other; operators and fields are none."""
        node = self.nodes[n]
        if node.operation in LEAVES or (n in self.statements and not top):
            return 0
        row = FUNCTIONS.get(node.operation)
        own = 0 if node.operation == "field" or (row and row.precedence < ATOM) else 1
        return own + max((self.depth(i) for i in node.inputs), default=0)

    def _choose_names(self, steps: Sequence[Step]) -> None:
        """The author's name where no other value of that name is still needed, else `_2`, …."""
        last: dict[int, int] = {}
        for k, step in enumerate(steps):
            last.update(dict.fromkeys(self._reads(step.node, top=not step.returns), k))
        held = dict.fromkeys(self.dimensions.values(), len(steps))
        held.update((self.names[n], last.get(n, -1)) for n in self._input_nodes())
        for k, step in enumerate(steps):
            n = step.node
            if step.returns or self.nodes[n].operation == "input":
                continue
            busy = RESERVED.union(name for name, until in held.items() if until > k)
            self.names[n] = unique(self.names[n], busy.__contains__)
            held[self.names[n]] = last.get(n, k)

    def _input_nodes(self) -> list[int]:
        return [n for n, node in enumerate(self.nodes) if node.operation == "input"]

    def _reads(self, n: int, top: bool) -> Iterator[int]:
        """The variables in the expression of `n`."""
        if (self.nodes[n].operation == "input" or n in self.statements) and not top:
            yield n
            return
        for i in self.nodes[n].inputs:
            yield from self._reads(i, top=False)
        if self._on_device(n):
            yield from self._input_nodes()[:1]
        elif self._is_array(n):
            yield from self._like(n)[:1]

    def expression(self, n: int, top: bool = False) -> Expression:
        """The text of a node, and how tightly it binds."""
        node = self.nodes[n]
        if (node.operation == "input" or n in self.statements) and not top:
            return self.names[n], ATOM
        match node.operation:
            case "input":
                default, name = self.expression(node.inputs[0])[0], self.names[n]
                return f"{default} if {name} is None else {name}", COMPARISON
            case "parameter":
                text = self.parameter(node.attribute("name"))
                pairs = isinstance(node.type, TensorType) and node.type.dtype == "complex"
                return f"torch.view_as_complex({text})" if pairs else text, ATOM
            case "constant":
                return _constant(node.attribute("value"))
            case "dimension":
                return self.dimension(node.attribute("value"))
            case "call":
                return self.call(node), ATOM
            case "calls":
                return self.calls(node), ATOM
            case "record":
                return self.record(node), ATOM
            case "field":
                return self.field(node), ATOM
        return (self.array(n), ATOM) if self._is_array(n) else self.function(node)

    def parameter(self, name: str) -> str:
        """A parameter of the unit, or, by its path, of a module that the unit holds."""
        module, parts = name, []
        while module not in self.around.parameters and module not in self.around.modules:
            module, _, last = module.rpartition(".")
            parts.append(f"[{last}]" if last.isdigit() else f".{last}")
        text = {**self.around.modules, **self.around.parameters}[module]
        return text + "".join(reversed(parts))

    def call(self, node: Node) -> str:
        """A call of a module; what a layer of torch's can do without is given by name."""
        path = node.attribute("module")
        arguments = [self.expression(i)[0] for i in node.inputs]
        if path in self.around.layers:
            row = self.around.layers[path]
            inputs = row.inputs
            names = dict(node.attributes).get("names") or [p.name for p in inputs]
            optional = {p.name for p in inputs if p.default is not REQUIRED}
            given = list(zip(names, arguments, strict=False))
            arguments = [text for name, text in given if name not in optional]
            more = [(name, text) for name, text in given if name in optional]
            if row.packed and more:
                arguments.append(f"({', '.join(text for _, text in more)})")
            else:
                arguments += [f"{name}={text}" for name, text in more]
        elif places := dict(node.attributes).get("places"):
            texts = dict(zip(places, arguments, strict=True))
            arguments = [texts.get(i, "None") for i in range(max(places) + 1)]
        return f"{self.around.modules[path]}({', '.join(arguments)})"

    def calls(self, node: Node) -> str:
        """A call of several circuits."""
        circuits = print_list(node.modules(), self.around.modules)
        arguments = [self.expression(i)[0] for i in node.inputs]
        return f"run_together({', '.join([circuits, *arguments])})"

    def record(self, node: Node) -> str:
        """The named tuple of a record."""
        pairs = zip(node.attribute("names"), node.inputs, strict=True)
        arguments = ", ".join(f"{field_name(k)}={self.expression(i)[0]}" for k, i in pairs)
        return f"{self.around.records[node.type]}({arguments})"

    def field(self, node: Node) -> str:
        """A field of a record; a subscript where a layer of torch's returns a plain tuple."""
        (source,), name = node.inputs, node.attribute("name")
        text = self.expression(source)[0]
        module = str(dict(self.nodes[source].attributes).get("module"))
        layer = self.around.layers.get(module)
        subscripts = dict(layer.fields) if layer else {}
        return f"{text}{subscripts[name]}" if name in subscripts else f"{text}.{field_name(name)}"

    def function(self, node: Node) -> Expression:
        """A row of `ops.functions` with its operands."""
        row = FUNCTIONS[node.operation]
        operands = [self.operand(i, row.numbers) for i in node.inputs]
        names = [p.name for p in row.tensors]
        tensors: dict[str, Any] = {name: None for name in names}
        if row.variadic:
            tensors[names[0]] = operands
        else:
            tensors.update(zip(names, operands, strict=False))
        settings = dict(node.attributes)
        row = _without_flattening(row, [self.nodes[i].type for i in node.inputs])
        device = self.device() if "{device}" in row.template else None
        return fill_template(row, tensors, settings, self.setting, device), row.precedence

    def _literal(self, n: int) -> str:
        """Nested lists of numbers as Python writes them; "" for what is none."""
        node = self.nodes[n]
        if node.operation == "constant":
            return self.expression(n)[0]
        if node.operation != "stack" or dict(node.attributes).get("dim"):
            return ""
        items = [self._literal(i) for i in node.inputs]
        return f"[{', '.join(items)}]" if all(items) else ""

    def _is_array(self, n: int) -> bool:
        return self.nodes[n].operation == "stack" and bool(self._literal(n))

    def _like(self, n: int) -> list[int]:
        """The input that says where a new tensor belongs, for real ones in which precision."""
        inputs = self._input_nodes()
        return [i for i in inputs if _is_real(self.nodes[n].type, self.nodes[i].type)] or inputs

    def array(self, n: int) -> str:
        """A tensor of known numbers, in the precision of a real input or parameter."""
        literal, inputs = self._literal(n), self._like(n)
        like = [self.names[i] for i in inputs]
        if _is_real(self.nodes[n].type, *(self.nodes[i].type for i in inputs[:1])):
            like = like or list(self.around.parameters.values())
            if like:
                return f"{like[0]}.new_tensor({literal})"
        device = f", device={like[0]}.device" if like else ""
        return f"torch.tensor({literal}{device})"

    def operand(self, n: int, numbers: bool) -> Expression:
        """An operand, as a tensor where torch takes no number."""
        text, binding = self.expression(n)
        if numbers or self.nodes[n].operation not in ("constant", "dimension"):
            return text, binding
        return f"torch.tensor({text})", ATOM

    def device(self) -> str | None:
        """Where new tensors belong: with the first input, else with the first parameter."""
        given = next((text for name, text in self.inputs.items() if name not in self.optional), "")
        if given:
            return f"{given}.device"
        return next((f"{p}.device" for p in self.around.parameters.values()), None)

    def _on_device(self, n: int) -> bool:
        row = FUNCTIONS.get(self.nodes[n].operation)
        return row is not None and "{device}" in row.template

    def setting(self, value: Any) -> str:
        """A setting of a function: sizes are computed from the dimensions of the inputs."""
        if isinstance(value, Polynomial):
            return self.dimension(value)[0]
        if isinstance(value, (tuple, list)):
            return write_tuple(map(self.setting, value))
        return print_value(value)

    def dimension(self, value: Any) -> Expression:
        """Arithmetic on dimensions; whole also where the polynomial has fractions."""

        def name(symbol: Symbol) -> str:
            return self.dimensions[symbol.name]

        value = rounded(value)
        text = print_polynomial(value, name)
        terms = lift(value).terms
        if any(not isinstance(coefficient, int) for _, coefficient in terms):
            return f"round({text})", ATOM
        if text.isidentifier() or text.isdigit():
            return text, ATOM
        return text, SUM if len(terms) > 1 else UNARY if text.startswith("-") else PRODUCT

    def _commented(self, line: str, n: int) -> list[str]:
        """The line with the shape of what it makes, above it where there is no room behind."""
        text = f"{line}  # {self.nodes[n].type}"
        if isinstance(self.nodes[n].type, RecordType):
            return [line]
        return [text] if len(text) <= 90 else [f"# {self.nodes[n].type}", line]


def field_name(name: str) -> str:
    """The attribute of a named tuple for a field; these may not begin with `_`."""
    text = identifier(name)
    return f"field{text}" if text.startswith("_") else text


def _live(nodes: Sequence[Node], results: Sequence[int]) -> list[int]:
    """The nodes that some results need, in order."""
    live, open_ = set(), [*results]
    while open_:
        n = open_.pop()
        if n not in live:
            live.add(n)
            open_ += nodes[n].inputs
    return sorted(live)


def _without_default(node: Node) -> Node:
    """An input that stays None where it is left out needs nothing in its place."""
    return replace(node, inputs=()) if "none" in dict(node.attributes) else node


def _constant(value: Any) -> Expression:
    if isinstance(value, bool):
        return repr(value), ATOM
    if isinstance(value, complex) and value.imag == 0:
        return repr(complex(value)), ATOM  # a real number would make the tensor real
    text = print_number(value)
    if text.startswith("-"):
        return text, UNARY
    return text, PRODUCT if "*" in text or "/" in text else ATOM


def _is_real(*kinds: Type) -> bool:
    return all(isinstance(kind, TensorType) and kind.dtype == "real" for kind in kinds)


def _without_flattening(row: Function, kinds: Sequence[Type]) -> Function:
    """The row of a loss without `flatten` where there is nothing to flatten."""
    template = row.template
    for parameter, kind in zip(row.tensors, kinds, strict=False):
        if isinstance(kind, TensorType) and Polynomial.symbol("...") not in kind.dims:
            field = f"{{{parameter.name}}}"
            needless = {1: ".flatten()", 2: ".flatten(0, -2)"}.get(len(kind.dims), "")
            template = template.replace(f"{field}{needless}", field)
    return replace(row, template=template)
