"""Prints one class: a circuit with its builder's calls, or a module with parts and `forward`."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from qmlc.backends.torch.identifiers import MODULE_ATTRIBUTES, Identifiers, setting_name
from qmlc.backends.torch.lay_out_parts import (
    Access,
    container,
    in_order,
    lay_out,
    reach_inside,
)
from qmlc.backends.torch.print_check import describe_forward, print_check, with_settings
from qmlc.backends.torch.print_circuit import print_circuit
from qmlc.backends.torch.print_forward import Surroundings, field_name, print_forward
from qmlc.backends.torch.print_value import print_value
from qmlc.ir.circuit import Variable
from qmlc.ir.program import Part, Setting, Submodule, Template, Unit, all_parts, camel_case
from qmlc.ops.changes import CHANGES
from qmlc.ops.fill_template import write_constructor
from qmlc.ops.layers import LAYERS
from qmlc.ops.pretrained import LIBRARY
from qmlc.types.tensors import RecordType, TensorType, Type

INDENT = "    "
ANNOTATIONS = {
    "int": "int", "real": "float", "bool": "bool", "str": "str", "dimension": "int",
    "gate": "str", "layer": "str", "circuit": "str", "kernel": "str",
}  # fmt: skip

Classes = Mapping[str, str]
"""The Python name of each unit's class."""

LONG_SETTING = 60
"""Columns of a setting that is written once, in the class that is compiled for it."""

NO_BREAK = "\N{NO-BREAK SPACE}"


def print_unit(
    unit: Unit, classes: Classes, names: Identifiers, units: Mapping[str, Unit]
) -> Iterator[str]:
    """The lines of the classes for `unit`: the named tuples of its records, then its own.

    `units` are those that are there, by `class_name`.
    """
    name = classes[unit.class_name]
    records = {kind: names.new(f"{name}{suffix}") for kind, suffix in _records(unit)}
    for kind, record in records.items():
        yield from _print_record(record, kind)
    yield f"class {name}({_base(unit)}):"
    settings = _settings(unit)
    body = [*docstring(unit.doc or _summary(unit), *_declaration(unit.source, settings)), ""]
    if settings or unit.extern:
        body += [f"name = {unit.name!r}"]
    if settings:
        body += [f"settings = {print_value(settings)}"]
    body += [""] if body[-1] else []
    if unit.extern:
        body += [*_print_extern_body(unit)]
    elif unit.graph is None:
        body += [*_print_circuit_body(unit)]
    else:
        body += [*_print_module_body(unit, classes, records, units)]
    yield from _indent(body)


def print_template(template: Template, classes: Classes) -> Iterator[str]:
    """The class of a declaration that is compiled once its settings are given."""
    yield f"class {classes[template.class_name]}(TemplateModule):"
    what = template.doc or f"The {template.kind} `{template.name}`."
    body = [*docstring(what, *_declaration(template.source, {})), ""]
    sizes = any(s.name in template.needs and s.is_component for s in template.signature)
    body += [f"name = {template.name!r}", ""]
    body += [_print_signature(template.signature, {}, open_sizes=sizes)]
    verb = "is" if len(template.needs) == 1 else "are"
    needs = ", ".join(f"`{name}`" for name in template.needs)
    body += _indent([*docstring(f"Compiled once {needs} {verb} known.")])
    yield from _indent(body)


def docstring(*paragraphs: str) -> Iterator[str]:
    """The lines of a docstring that says `paragraphs`, whatever they hold."""
    text = "\n\n".join(p for p in paragraphs if p.strip())
    wrapped = (line for long in text.splitlines() for line in _wrap(long.rstrip()))
    lines = [_escape(line.replace(NO_BREAK, " ")) for line in wrapped]
    if len(lines) == 1 and not lines[0].endswith('"'):
        yield f'"""{lines[0]}"""'
    elif lines:
        yield from (f'"""{lines[0]}', *lines[1:], '"""')


def _wrap(line: str, width: int = 88) -> list[str]:
    """The line in parts of at most `width` columns, as far as its spaces allow."""
    indent = " " * (len(line) - len(line.lstrip()))
    return textwrap.wrap(
        line,
        width,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
    ) or [""]


def _escape(line: str) -> str:
    line = line.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return "".join(c if c.isprintable() or c == "\t" else ascii(c)[1:-1] for c in line)


def _summary(unit: Unit) -> str:
    """What a unit without documentation is."""
    if unit.circuit is None:
        kind = "extern layer" if unit.extern else unit.kind
        return f"The {kind} `{unit.name}`." if unit.source else ""
    count = unit.circuit.num_qubits
    return f"The {unit.kind} `{unit.name}` on {count} qubit{'s' if count != 1 else ''}."


def _declaration(source: str, settings: Mapping[str, Any]) -> Iterator[str]:
    """The declaration as written, and the settings for which it is compiled here."""
    if source:
        first, *rest = _wrap(_hold(source), 84)
        yield "\n".join([first, *(f"    {line}" for line in rest)])
    if settings:
        given = ", ".join(f"{name} = {_shown(value)}" for name, value in settings.items())
        yield f"Compiled for {given}."


def _hold(signature: str) -> str:
    """A signature that is broken between its inputs: never within `x: real[B, 4]` or after `->`."""
    held = r"\[[^\]]*\]|: | = |-> "
    return re.sub(held, lambda match: match[0].replace(" ", NO_BREAK), signature)


def _shown(value: Any) -> str:
    """A setting as the language writes it."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(_shown, value))}]"
    return str(value)


def _settings(unit: Unit) -> dict[str, Any]:
    """The settings in the signature of the unit's class, by their Python names."""
    known = {setting.name for setting in unit.signature}
    return {
        setting_name(name): value
        for name, value in unit.settings
        if name in known and _is_printable(value)
    }


def _is_printable(value: Any) -> bool:
    """Whether a setting can be given from Python."""
    if _holds_parts(value):
        return True
    try:
        print_value(value)
    except TypeError:
        return False
    return True


def _holds_parts(value: Any) -> bool:
    """Whether a setting is a module, or a list with modules in it."""
    items = value if isinstance(value, tuple) else (value,)
    return any(isinstance(item, Part | Submodule) for item in items)


def _records(unit: Unit) -> Iterator[tuple[Type, str]]:
    """The record types that the unit takes or makes, and what their classes' names end in."""
    if unit.graph is None:
        return
    found: dict[Type, str] = {}
    for name, kind in unit.inputs:
        if isinstance(kind, RecordType):
            found.setdefault(kind, camel_case(name))
    for node in unit.graph.nodes:
        if node.operation == "record":
            found.setdefault(node.type, "Output" if node.type == unit.output else "Record")
    for method in unit.methods:
        if isinstance(method.output, RecordType):
            found.setdefault(method.output, camel_case(method.name))
    yield from found.items()


def _base(unit: Unit) -> str:
    """What the class of a unit inherits from."""
    if unit.extern is not None and unit.extern.function in LIBRARY:
        return unit.extern.function.partition(":")[2]
    kinds = {"circuit": "CircuitModule", "kernel": "KernelModule", "extern": "ExternModule"}
    return kinds.get(unit.kind, "Module")


def _print_record(name: str, kind: Type) -> Iterator[str]:
    assert isinstance(kind, RecordType)
    yield f"class {name}(NamedTuple):"
    yield from _indent([f"{field_name(f)}: Tensor  # {tensor}" for f, tensor in kind.fields])
    yield ""


def _print_signature(
    signature: Sequence[Setting],
    values: Mapping[str, Any],
    modules: frozenset[str] = frozenset(),
    open_sizes: bool = False,
) -> str:
    """`def __init__(…) -> None:`, dimensions by keyword; defaults as declared, else `values`.

    Components are given as they are written in the language; those in `modules`, as modules too.
    With `open_sizes`, which sizes are needed depends on the components that are given.
    """
    parameters: list[str] = []
    keywords: list[str] = []
    for setting in signature:
        name = setting_name(setting.name)
        default = setting.default if setting.default is not None else values.get(name)
        text = f"{name}: {'nn.Module | str' if setting.name in modules else _annotation(setting)}"
        if default is not None:
            long = setting.default is None and len(print_value(default)) > LONG_SETTING
            text += f" = settings[{name!r}]" if long else f" = {print_value(default)}"
        late = default is None and any("=" in p for p in parameters)
        if setting.kind == "dimension" or keywords or late:
            keywords.append(text)
        else:
            parameters.append(text)
    star = ["*", *keywords] if keywords else []
    sizes = ["**sizes: int"] if open_sizes else []
    return f"def __init__({', '.join(['self', *parameters, *star, *sizes])}) -> None:"


def _annotation(setting: Setting) -> str:
    """The Python type of a setting; lists of numbers are tuples, components are texts."""
    kind, _, dims = setting.kind.partition("[")
    known = ANNOTATIONS.get(kind, "Any")
    if not dims or setting.is_component or known == "Any":
        return known
    return f"tuple[{known}, ...]" if "," not in dims else "Any"


def _own_signature(unit: Unit) -> list[Setting]:
    """The settings that can be given from Python."""
    settings = _settings(unit)
    return [setting for setting in unit.signature if setting_name(setting.name) in settings]


def _print_circuit_body(unit: Unit) -> Iterator[str]:
    assert unit.circuit is not None
    if _settings(unit):
        yield _print_signature(_own_signature(unit), _settings(unit))
        yield from _indent(["super().__init__()", ""])
    yield "@staticmethod"
    yield "def circuit() -> Circuit:"
    yield from _indent(print_circuit(unit.circuit))


def _print_extern_body(unit: Unit) -> Iterator[str]:
    """Where the module is from, its declared types, and its settings, handed on by name."""
    assert unit.extern is not None
    if unit.extern.function not in LIBRARY:
        yield f"target = {unit.extern.function!r}"
    inputs = {name: str(with_settings(kind, unit.settings)) for name, kind in unit.inputs}
    yield f"inputs = {print_value(inputs)}"
    output = with_settings(unit.output, unit.settings)
    fields = output.fields if isinstance(output, RecordType) else ()
    yield f"output = {print_value({n: str(k) for n, k in fields} if fields else str(output))}"
    settings = _settings(unit)
    given = {setting_name(name): value for name, value in unit.extern.keywords}
    if settings or given:
        texts = {n: n if n in settings else print_value(value) for n, value in given.items()}
        handed = ", ".join(f"{name}={text}" for name, text in texts.items())
        yield from ("", _print_signature(_own_signature(unit), settings))
        yield from _indent([f"super().__init__({handed})"])


def _print_module_body(
    unit: Unit, classes: Classes, records: Mapping[Type, str], units: Mapping[str, Unit]
) -> Iterator[str]:
    assert unit.graph is not None
    attributes = Identifiers(MODULE_ATTRIBUTES)
    own = [(p.name, partial(_parameter, p)) for p in unit.parameters]
    parts = [(s.path, partial(_constructor, s, classes)) for s in in_order(unit)]
    given = frozenset(s.path.partition(".")[0] for s in unit.submodules if s.given)
    parameters = lay_out(own, attributes, "Parameter")
    modules = lay_out(parts, attributes, "Module", given)
    if _settings(unit) or parameters.assignments or modules.assignments:
        yield _print_signature(_own_signature(unit), _settings(unit), given)
        yield from _indent(["super().__init__()"])
        yield from _indent([*parameters.assignments, *modules.assignments, ""])
    layers = {s.path: LAYERS[s.target] for s in unit.submodules if not s.is_unit}
    around = Surroundings(modules.access, parameters.access, records, layers)
    yield from print_method("forward", unit, around)
    for method in unit.methods:
        reached, held = reach_inside(unit, units)
        layers = {
            path: LAYERS[part.target] for path, part in all_parts(unit, units) if not part.is_unit
        }
        around = Surroundings(held, reached, records, layers)
        called = replace(unit, inputs=method.inputs, output=method.output, graph=method.graph)
        yield ""
        yield from print_method(method.name, called, around, method.doc)


def print_method(name: str, unit: Unit, around: Surroundings, doc: str = "") -> Iterator[str]:
    """The method that computes the graph of a unit."""
    assert unit.graph is not None
    forward = print_forward(unit.graph, unit.inputs, around)
    arguments = ["self"]
    for given, kind in unit.inputs:
        text = f"{forward.inputs[given]}: {around.records.get(kind, 'Tensor')}"
        arguments.append(f"{text} | None = None" if given in forward.optional else text)
    output = "Tensor"
    if not isinstance(unit.output, TensorType):
        output = around.records.get(unit.output, "tuple")
    yield f"def {name}({', '.join(arguments)}) -> {output}:"
    yield from _indent(
        [
            *docstring(doc, _hold(describe_forward(unit))),
            *print_check(unit, forward),
            *forward.statements,
        ]
    )


def _parameter(parameter: Variable, access: Access) -> str:
    start = parameter.distribution
    assert start is not None
    shape = ", ".join(map(str, parameter.shape)) or "()"
    arguments = "".join(f", {print_value(a)}" for a in start.arguments)
    if parameter.dtype == "real":
        return f"nn.Parameter(initialise(torch.empty({shape}), {start.name!r}{arguments}))"
    # pairs of real numbers: `.double()` and optimizers work on these
    filled = f"initialise(torch.empty({shape}, dtype=torch.complex64), {start.name!r}{arguments})"
    return f"nn.Parameter(torch.view_as_real({filled}))"


def _constructor(submodule: Submodule, classes: Classes, access: Access) -> str:
    """The expression that makes a part; other parts that it is handed are reached by `access`."""
    text = _make(submodule, classes, access)
    for call in submodule.changes:
        change = CHANGES[call.function]
        defaults = {p.name: p.default for p in change.parameters}
        given = [f"{n}={print_value(v)}" for n, v in call.keywords if v != defaults[n]]
        given += ["beside=self"] if change.beside else []
        text = f"{change.python}({', '.join([text, *given])})"
    return text


def _make(submodule: Submodule, classes: Classes, access: Access) -> str:
    """The part as it is at first, before anything is done to it."""
    if not submodule.is_unit:
        return write_constructor(LAYERS[submodule.target], dict(submodule.arguments), print_value)
    target, given = classes[submodule.target], {}
    for name, value in submodule.arguments:
        if _is_printable(value):
            python, text = setting_name(name), _argument(value, classes, access)
            long = len(text) > LONG_SETTING and not (isinstance(value, str) or _holds_parts(value))
            given[python] = f"{target}.settings[{python!r}]" if long else text
    return f"{target}({', '.join(f'{name}={text}' for name, text in given.items())})"


def _argument(value: Any, classes: Classes, access: Access) -> str:
    """A setting of a part: a value, a module that it is handed, or several of these."""
    if isinstance(value, Part):
        return access[value.path]
    if isinstance(value, Submodule):
        return _constructor(value, classes, access)
    if isinstance(value, tuple) and any(isinstance(v, Part | Submodule) for v in value):
        items = {str(i): partial(_argument, v, classes) for i, v in enumerate(value) if v}
        return container(items, "Module", access)
    return print_value(value)


def _indent(lines: Sequence[str]) -> list[str]:
    return [INDENT + line if line else "" for line in lines]
