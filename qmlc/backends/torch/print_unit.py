"""Prints one class: a circuit with its builder's calls, or a module with its parts and `forward`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qmlc.backends.torch.identifiers import MODULE_ATTRIBUTES, RESERVED, Identifiers, identifier
from qmlc.backends.torch.print_circuit import print_circuit
from qmlc.backends.torch.print_forward import Surroundings, field_name, print_forward
from qmlc.backends.torch.print_value import print_value
from qmlc.ir.circuit import Variable
from qmlc.ir.program import Setting, Submodule, Template, Unit
from qmlc.ops.fill_template import write_constructor
from qmlc.ops.layers import LAYERS
from qmlc.types.polynomial import Polynomial, Symbol
from qmlc.types.tensors import RecordType, TensorType, Type

INDENT = "    "
ANNOTATIONS = {"int": "int", "real": "float", "bool": "bool", "str": "str", "dimension": "int"}

Classes = Mapping[str, str]
"""The Python name of each unit's class."""


def print_unit(unit: Unit, classes: Classes, names: Identifiers) -> Iterator[str]:
    """The lines of the classes for `unit`: the named tuples of its records, then its own."""
    name = classes[unit.class_name]
    records = {kind: names.new(f"{name}{suffix}") for kind, suffix in _records(unit)}
    for kind, record in records.items():
        yield from _print_record(record, kind)
    base = "Module" if unit.graph else "KernelModule" if unit.kind == "kernel" else "CircuitModule"
    yield f"class {name}({base}):"
    settings = _printable(unit.settings)
    body = [*docstring(unit.doc, _declaration(unit.source, settings)), ""]
    if settings:
        body += [f"settings = {print_value(settings)}", ""]
    if unit.graph is None and isinstance(unit.output, RecordType):
        body += [f"output = {records[unit.output]}", ""]
    if unit.graph is None:
        body += [*_print_circuit_body(unit)]
    else:
        body += [*_print_module_body(unit, classes, records)]
    yield from _indent(body)


def print_template(template: Template, classes: Classes) -> Iterator[str]:
    """The class of a declaration that is compiled once its settings are given."""
    yield f"class {classes[template.class_name]}(TemplateModule):"
    body = [*docstring(template.doc, _declaration(template.source, {})), ""]
    body += _print_signature(template.signature, {})
    needs = ", ".join(f"`{name}`" for name in template.needs)
    body += _indent([*docstring(f"Compiled once {needs} {'is' if len(template.needs) == 1 else 'are'} known.")])
    yield from _indent(body)


def docstring(*paragraphs: str) -> Iterator[str]:
    """The lines of a docstring that says `paragraphs`, whatever they hold."""
    text = "\n\n".join(p for p in paragraphs if p.strip())
    lines = [_escape(line.rstrip()) for line in text.splitlines()]
    if len(lines) == 1 and not lines[0].endswith('"'):
        yield f'"""{lines[0]}"""'
    elif lines:
        yield from (f'"""{lines[0]}', *lines[1:], '"""')


def _escape(line: str) -> str:
    line = line.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return "".join(c if c.isprintable() or c == "\t" else ascii(c)[1:-1] for c in line)


def _declaration(source: str, settings: Mapping[str, Any]) -> str:
    given = ", ".join(f"{name} = {value}" for name, value in settings.items())
    return f"{source}    with {given}" if given else source


def _printable(settings: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """The settings that can be given from Python; a component that was handed in cannot."""
    result = {}
    for name, value in settings:
        try:
            print_value(value)
        except TypeError:
            continue
        result[name] = value
    return result


def _records(unit: Unit) -> Iterator[tuple[Type, str]]:
    """The record types that the unit makes, and what their classes' names end in."""
    seen = set()
    if isinstance(unit.output, RecordType):
        seen.add(unit.output)
        yield unit.output, "Output"
    for node in unit.graph.nodes if unit.graph else ():
        if node.operation == "record" and node.type not in seen:
            seen.add(node.type)
            yield node.type, "Record"


def _print_record(name: str, kind: Type) -> Iterator[str]:
    assert isinstance(kind, RecordType)
    yield f"class {name}(NamedTuple):"
    yield from _indent([f"{field_name(f)}: Tensor  # {tensor}" for f, tensor in kind.fields])
    yield ""


def _print_signature(signature: Sequence[Setting], values: Mapping[str, Any]) -> list[str]:
    """`def __init__(…) -> None:`, dimensions by keyword; without an own default, the value here."""
    parameters, keywords, taken = [], [], Identifiers(RESERVED)
    for setting in signature:
        default = values.get(setting.name) if setting.default is None else setting.default
        text = f"{taken.new(setting.name)}: {ANNOTATIONS.get(setting.kind, 'Any')}"
        text += "" if default is None else f" = {print_value(default)}"
        optional = any("=" in p for p in parameters)
        if setting.kind == "dimension" or keywords or (optional and default is None):
            keywords.append(text)
        else:
            parameters.append(text)
    star = ["*", *keywords] if keywords else []
    return [f"def __init__({', '.join(['self', *parameters, *star])}) -> None:"]


def _print_circuit_body(unit: Unit) -> Iterator[str]:
    assert unit.circuit is not None
    if unit.signature:
        yield from _print_signature(unit.signature, dict(unit.settings))
        yield from _indent(["super().__init__()", ""])
    yield "@staticmethod"
    yield "def circuit() -> Circuit:"
    yield from _indent(print_circuit(unit.circuit))


def _print_module_body(
    unit: Unit, classes: Classes, records: Mapping[Type, str]
) -> Iterator[str]:
    assert unit.graph is not None
    attributes = Identifiers(MODULE_ATTRIBUTES)
    parameters = lay_out([(p.name, _parameter(p)) for p in unit.parameters], attributes, "Parameter")
    modules = lay_out(
        [(s.path, _constructor(s, classes)) for s in unit.submodules], attributes, "Module"
    )
    if unit.signature or parameters.assignments or modules.assignments:
        yield from _print_signature(unit.signature, dict(unit.settings))
        yield from _indent(["super().__init__()"])
        yield from _indent([*parameters.assignments, *modules.assignments, ""])
    fields = {
        s.path: dict(LAYERS[s.target].fields)
        for s in unit.submodules
        if not s.is_unit and LAYERS[s.target].fields
    }
    around = Surroundings(modules.access, parameters.access, records, fields)
    forward = print_forward(unit.graph, unit.inputs, around)
    arguments = ", ".join(["self", *(f"{name}: Tensor" for name in forward.inputs.values())])
    output = records.get(unit.output, "Tensor")
    yield f"def forward({arguments}) -> {output}:"
    yield from _indent([*_print_forward_head(unit, forward.inputs), *(
        f"{python} = dims[{name!r}]" for name, python in forward.dimensions.items()
    ), *forward.statements])


def _print_forward_head(unit: Unit, inputs: Mapping[str, str]) -> Iterator[str]:
    types = {name: str(_known(kind, unit.settings)) for name, kind in unit.inputs}
    yield from docstring(f"{', '.join(types.values()) or '()'} -> {_known(unit.output, unit.settings)}")
    if not types:
        return
    tensors = ", ".join(f"{name!r}: {python}" for name, python in inputs.items())
    yield f"dims = bind_dimensions({unit.name!r}, {print_value(types)}, {{{tensors}}})"


def _known(kind: Type, settings: Sequence[tuple[str, Any]]) -> Type:
    """The type with the dimensions put in that the settings tell."""
    numbers = {Symbol(n): v for n, v in settings if isinstance(v, int)}
    if isinstance(kind, RecordType):
        fields = ((n, _known(t, settings)) for n, t in kind.fields)
        return RecordType(tuple((n, t) for n, t in fields if isinstance(t, TensorType)))
    dims = (d.substitute(numbers) if isinstance(d, Polynomial) else d for d in kind.dims)
    return TensorType(kind.dtype, tuple(dims))


def _parameter(parameter: Variable) -> str:
    start = parameter.distribution
    assert start is not None
    shape = ", ".join(map(str, parameter.shape)) or "()"
    arguments = "".join(f", {print_value(a)}" for a in start.arguments)
    return f"nn.Parameter(initialise(torch.empty({shape}), {start.name!r}{arguments}))"


def _constructor(submodule: Submodule, classes: Classes) -> str:
    if not submodule.is_unit:
        return write_constructor(LAYERS[submodule.target], dict(submodule.arguments), print_value)
    arguments = _printable(submodule.arguments)
    taken = Identifiers(RESERVED)
    given = ", ".join(f"{taken.new(name)}={print_value(v)}" for name, v in arguments.items())
    return f"{classes[submodule.target]}({given})"


@dataclass(frozen=True, slots=True)
class Layout:
    """How parts are made (`self.linear = nn.Linear(4, 3)`), and how each path is reached."""

    assignments: tuple[str, ...]
    access: Mapping[str, str]


def lay_out(parts: Sequence[tuple[str, str]], attributes: Identifiers, kind: str) -> Layout:
    """The attributes for paths such as `linear` and `block.0`: lists where the paths go on."""
    tree: dict[str, Any] = {}
    for path, constructor in parts:
        *parents, leaf = path.split(".")
        place = tree
        for parent in parents:
            place = place.setdefault(parent, {})
        place[leaf] = constructor
    assignments, access = [], {}
    for name, part in tree.items():
        attribute = attributes.new(f"part{name}" if name.startswith("_") else name)
        assignments.append(f"self.{attribute} = {_container(part, kind)}")
        access.update(_reach(name, f"self.{attribute}", part))
    return Layout(tuple(assignments), access)


def _container(part: Any, kind: str) -> str:
    if isinstance(part, str):
        return part
    inner = [_container(p, kind) for p in part.values()]
    if not _numbered(part):
        items = ", ".join(f"{key!r}: {text}" for key, text in zip(part, inner, strict=True))
        return f"nn.{kind}Dict({{{items}}})"
    if len(inner) > 1 and len(set(inner)) == 1:
        return f"nn.{kind}List({inner[0]} for _ in range({len(inner)}))"
    return f"nn.{kind}List([{', '.join(inner)}])"


def _numbered(part: Mapping[str, Any]) -> bool:
    return list(part) == [str(i) for i in range(len(part))]


def _reach(path: str, text: str, part: Any) -> Iterator[tuple[str, str]]:
    if isinstance(part, str):
        yield path, text
        return
    for key, inner in part.items():
        subscript = key if _numbered(part) else repr(key)
        yield from _reach(f"{path}.{key}", f"{text}[{subscript}]", inner)


def _indent(lines: Sequence[str]) -> list[str]:
    return [INDENT + line if line else "" for line in lines]


def python_name(name: str) -> str:
    """The keyword under which a setting is given from Python."""
    return Identifiers(RESERVED).new(identifier(name))
