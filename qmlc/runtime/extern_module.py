"""`ExternModule`: a module that the program only names, held against its declared type."""

from __future__ import annotations

import importlib
import sys
from collections import namedtuple
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from torch import Tensor, nn

from qmlc.runtime.check_shapes import bind_dimensions
from qmlc.runtime.errors import unfit
from qmlc.runtime.module import Module, source_of
from qmlc.source.nearest import propose_nearest


class ExternModule(Module):
    """An extern layer: imports and makes the module that it names when it is constructed.

    The module is `module`; every call of it is checked. CompileError (E0606) where it cannot be
    made, or yields another type than declared.
    """

    target: ClassVar[str] = ""
    """Where the module is from: "module:Class"."""
    inputs: ClassVar[Mapping[str, str]] = {}
    output: ClassVar[str | Mapping[str, str]] = ""
    """The declared types; a record by its fields."""

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        self.module = self.make(**settings)

    def make(self, **settings: Any) -> nn.Module:
        """The module, made with the author's settings."""
        source = source_of(type(self))
        found = import_class(self.target, None if source is None else Path(source).parent)
        try:
            module = found(**settings)
        except TypeError as error:
            raise unfit(f"`{self.name}` cannot be made: {error}") from error
        if not isinstance(module, nn.Module):
            what = f"`{self.target}` makes a {type(module).__name__}, and no torch.nn.Module"
            raise unfit(what)
        return module

    def forward(self, *inputs: Tensor) -> Any:
        """What the module yields, as the declared type says."""
        given = dict(zip(self.inputs, inputs, strict=True))
        bind_dimensions(self.name, self.inputs, given)
        return self.check(given, self.call(*inputs))

    def call(self, *inputs: Tensor) -> Any:
        """The module applied to the inputs."""
        return self.module(*inputs)

    def check(self, given: Mapping[str, Tensor], result: Any) -> Any:
        """The result, a named tuple for a record; CompileError where it is of another type."""
        whole = isinstance(self.output, str)
        declared = {"result": self.output} if whole else dict(self.output)  # type: ignore[arg-type]
        values = {"result": result} if whole else self._fields(result, list(declared))
        for name, value in values.items():
            if not isinstance(value, Tensor):
                what = f"`{self.name}`: `{name}` is a {type(value).__name__}"
                raise unfit(f"{what}, but {declared[name]} is declared")
        shown = {"result": "result"} if whole else {name: f"result.{name}" for name in declared}
        types = {**self.inputs, **{shown[name]: str(kind) for name, kind in declared.items()}}
        try:
            bind_dimensions(self.name, types, {**given, **{shown[n]: values[n] for n in values}})
        except ValueError as error:
            raise unfit(str(error), "declare what the module yields, or change it") from None
        return result if whole else _record(tuple(values))(**values)

    def _fields(self, result: Any, names: Sequence[str]) -> dict[str, Any]:
        """The declared fields of a mapping, of an object, or of a tuple in their order."""
        if isinstance(result, Mapping) and all(name in result for name in names):
            return {name: result[name] for name in names}
        if not isinstance(result, Tensor) and all(hasattr(result, name) for name in names):
            return {name: getattr(result, name) for name in names}
        if isinstance(result, tuple | list) and len(result) == len(names):
            return dict(zip(names, result, strict=True))
        wanted = ", ".join(f"`{name}`" for name in names)
        raise unfit(f"`{self.name}` yields a {type(result).__name__} without the fields {wanted}")


def _record(names: tuple[str, ...]) -> Any:
    if names not in _RECORDS:
        _RECORDS[names] = namedtuple("Output", names)
    return _RECORDS[names]


_RECORDS: dict[tuple[str, ...], Any] = {}


def import_class(target: str, beside: Path | None) -> Any:
    """The class that "module:Class" names, also from a file beside the program; CompileError."""
    module_name, _, name = target.partition(":")
    try:
        with _importable(beside):
            module = importlib.import_module(module_name)
    except ImportError as error:
        proposal = "install it, or put its file beside the program"
        raise unfit(f"`{target}` cannot be imported: {error}", proposal) from error
    if not hasattr(module, name):
        raise unfit(
            f"the module `{module_name}` has no `{name}`",
            propose_nearest(name, dir(module)),
        )
    return getattr(module, name)


@contextmanager
def _importable(folder: Path | None) -> Iterator[None]:
    """Within, modules are looked for in `folder`, too, after all others."""
    path = str(folder)
    if folder is None or path in sys.path:
        yield
        return
    sys.path.append(path)
    try:
        yield
    finally:
        sys.path.remove(path)
