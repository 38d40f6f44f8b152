"""From kernels to the text of an LLVM module."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qmlc.kernels.errors import KernelError
from qmlc.kernels.language import Template
from qmlc.kernels.operations import Item, convert, value_of
from qmlc.kernels.scope import MISSING, Scope, kinds_of, known, syntax_of
from qmlc.kernels.statements import bind, run
from qmlc.kernels.types import Machine, Type, Value
from qmlc.kernels.writer import Writer

MAX_NESTING = 50


@dataclass(frozen=True)
class Result:
    """What a function of the module returns: nothing, a value, or several."""

    types: tuple[Type, ...]
    is_tuple: bool

    @property
    def llvm(self) -> str:
        """As LLVM writes it."""
        if not self.types:
            return "void"
        inner = ", ".join(type.llvm for type in self.types)
        return f"{{ {inner} }}" if self.is_tuple else inner


def translate(entries: Sequence[Template], machine: Machine) -> str:
    """A module with these entries as C functions, as LLVM's text."""
    module = Module(machine)
    for template in entries:
        module.entry(template)
    width = machine.vector_bytes * 8
    attributes = (
        f'attributes #0 = {{ nounwind "prefer-vector-width"="{width}" '
        f'"min-legal-vector-width"="{width}" }}'
    )
    declarations = [module.declared[name] for name in sorted(module.declared)]
    return "\n\n".join([*declarations, *module.texts, attributes]) + "\n"


class Module:
    """The functions that were translated so far."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.declared: dict[str, str] = {}
        self.texts: list[str] = []
        self._known: dict[object, tuple[str, Result]] = {}

    def entry(self, template: Template) -> None:
        """Add a C function."""
        tree, kinds = syntax_of(template), kinds_of(template)
        missing = [a.arg for a in tree.args.args if a.arg not in kinds]
        if template.shape != "entry" or missing:
            raise KernelError(f"{template.name} is no entry whose parameters all have types")
        types = [self.machine.types[kinds[a.arg]] for a in tree.args.args]
        returns = (self.machine.types["Int"],) if "return" in kinds else ()
        items = [Value(type, f"%a{n}") for n, type in enumerate(types)]
        self._define(template, template.name, items, "", Result(returns, False))

    def call(self, scope: Scope, template: Template, items: Sequence[Item]) -> Item:
        """What a call of a kernel gives: it is expanded there, or called."""
        if scope.nesting >= MAX_NESTING:
            raise KernelError(f"{template.name} is expanded without end")
        if template.shape == "entry":
            raise KernelError(f"{template.name} is an entry: kernels do not call it")
        if template.shape == "inline":
            inner = Scope(template, scope.writer, self.call, nesting=scope.nesting + 1)
            return _expand(inner, items)
        return self._call_function(scope, template, items)

    def _call_function(self, scope: Scope, template: Template, items: Sequence[Item]) -> Item:
        tree, kinds = syntax_of(template), kinds_of(template)
        writer = scope.writer
        given: list[Item] = []
        for parameter, item in zip(tree.args.args, items, strict=False):
            kind = kinds.get(parameter.arg)
            if kind == "Static":
                given.append(known(parameter.arg, item))
            elif kind:
                given.append(convert(writer, item, writer.types[kind]))
            else:
                given.append(value_of(writer, item))
        given.extend(items[len(given) :])
        key = (template, *(item.type if isinstance(item, Value) else repr(item) for item in given))
        if key not in self._known:
            name = f"{template.name}.{len(self._known)}"
            inside = [
                Value(item.type, f"%a{n}") if isinstance(item, Value) else item
                for n, item in enumerate(given)
            ]
            self._known[key] = name, self._define(template, name, inside, "internal ", None)
        name, result = self._known[key]
        values = ", ".join(str(item) for item in given if isinstance(item, Value))
        return _results(writer, result, f"call {result.llvm} @{name}({values})")

    def _define(
        self,
        template: Template,
        name: str,
        items: Sequence[Item],
        linkage: str,
        expected: Result | None,
    ) -> Result:
        """Add a function; what it returns."""
        writer = Writer(self.machine, self.declared)
        scope = Scope(template, writer, self.call)
        item = _expand(scope, items)
        parts = item if isinstance(item, tuple) else () if item is None else (item,)
        if expected is None:
            values = [value_of(writer, part) for part in parts]
            result = Result(tuple(v.type for v in values), isinstance(item, tuple))
        else:
            result = expected
            if len(parts) != len(result.types):
                error = KernelError(f"{name} returns an Int if and only if it says so")
                raise error.at(scope.place(syntax_of(template)), scope)
            values = [convert(writer, p, t) for p, t in zip(parts, result.types, strict=True)]
        _return(writer, result, values)
        parameters = ", ".join(str(item) for item in items if isinstance(item, Value))
        inner = "noinline " if linkage else ""
        head = f"define {linkage}{result.llvm} @{name}({parameters}) {inner}#0"
        self.texts.append(writer.text(head))
        return result


def _expand(scope: Scope, items: Sequence[Item]) -> Item:
    """Translate a kernel's body where the scope writes; what it returns."""
    tree = syntax_of(scope.template)
    try:
        bind(scope, tree, items)
    except KernelError as error:
        raise error.at(scope.place(tree), scope) from None
    run(scope, tree.body)
    return None if scope.returned is MISSING else scope.returned


def _return(writer: Writer, result: Result, values: Sequence[Value]) -> None:
    if not result.types:
        writer.do("ret void")
    elif not result.is_tuple:
        writer.do(f"ret {values[0]}")
    else:
        text = f"{result.llvm} poison"
        for number, value in enumerate(values):
            name = writer.name()
            writer.do(f"%{name} = insertvalue {text}, {value}, {number}")
            text = f"{result.llvm} %{name}"
        writer.do(f"ret {text}")


def _results(writer: Writer, result: Result, call: str) -> Item:
    if not result.types:
        writer.do(call)
        return None
    if not result.is_tuple:
        return writer.emit(result.types[0], call)
    name = writer.name()
    writer.do(f"%{name} = {call}")
    return tuple(
        writer.emit(type, f"extractvalue {result.llvm} %{name}, {number}")
        for number, type in enumerate(result.types)
    )
