"""Programs in Python: `load` and `compile` give one whose parts make torch modules."""

from __future__ import annotations

import hashlib
import linecache
import sys
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qmlc.backends.torch.emit_torch import class_names, emit_torch
from qmlc.driver import Compilation, analyse, read_source
from qmlc.ir.program import Program, Template, Unit
from qmlc.passes.pipeline import optimise
from qmlc.runtime.module import Module
from qmlc.source.nearest import nearest
from qmlc.source.span import Source


class LoadedProgram:
    """A compiled program: each model, circuit, layer and kernel is an attribute that makes modules.

    `program.iris()` is a `torch.nn.Module`; settings, and sizes that the text leaves open, are
    keyword arguments: `program.qaoa(depth=2, n=5)`.
    """

    def __init__(self, compilation: Compilation, path: Path | None, level: int) -> None:
        compilation.checked()
        self.diagnostics = compilation.diagnostics
        """Warnings."""
        self.program: Program = optimise(compilation.program, level)
        self.path = path
        self.source = compilation.sources[0][1] if compilation.sources else None
        self._text = emit_torch(self.program, path.name if path else "program.hqm")
        self._module = load_module(self._text, self.program.name)
        self._module.__dict__["SOURCE"] = path
        self._level = level

    @property
    def python(self) -> str:
        """The generated Python."""
        return self._text

    def class_of(self, name: str) -> type[Module]:
        """The generated class of a component; AttributeError where there is none."""
        return self.class_named(find_part(self.program, name).class_name)

    def class_named(self, class_name: str) -> type[Module]:
        """The generated class of a unit or template."""
        found: type[Module] = getattr(self._module, class_names(self.program)[class_name])
        return found

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.class_of(name)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *component_names(self.program)]

    def __repr__(self) -> str:
        return f"<qmlc program {self.program.name}: {', '.join(component_names(self.program))}>"


def component_names(program: Program) -> list[str]:
    """The authors' names of the parts that modules can be made of."""
    parts: list[Unit | Template] = [u for u in program.units if u.kind != "loss"]
    return list(dict.fromkeys(p.name for p in (*parts, *program.templates)))


def find_part(program: Program, name: str) -> Unit | Template:
    """The unit or template of a component; AttributeError with the nearest name."""
    parts: list[Unit | Template] = [*program.units, *program.templates]
    for part in parts:
        if part.name == name:
            return part
    close = nearest(name, component_names(program))
    hint = f"; did you mean `{close}`?" if close else ""
    raise AttributeError(f"the program `{program.name}` declares no `{name}`{hint}")


def load(path: str | Path, *, level: int = 2, **settings: Any) -> LoadedProgram:
    """The program in a file; CompileError where it is wrong.

    `settings` fill sizes and settings that the text leaves open, for all components alike.
    """
    path = Path(path)
    return LoadedProgram(analyse(read_source(path), path, settings), path, level)


def compile(text_or_path: str | Path, *, level: int = 2, **settings: Any) -> LoadedProgram:
    """The program in a text or a file; CompileError where it is wrong.

    A string with a line break or a `{` is a text, anything else a path.
    """
    if isinstance(text_or_path, str) and ("\n" in text_or_path or "{" in text_or_path):
        source = Source("<text>", text_or_path)
        return LoadedProgram(analyse(source, None, settings), None, level)
    return load(text_or_path, level=level, **settings)


def specialise(path: Path, name: str, settings: Mapping[str, Any]) -> type[Module]:
    """The class of the component `name` of a program, compiled for these settings."""
    qualified = {f"{name}.{key}": value for key, value in settings.items()}
    source = read_source(path)
    compilation = analyse(source, path, qualified)
    return LoadedProgram(compilation, path, 2).class_of(name)


def load_module(text: str, name: str) -> types.ModuleType:
    """Generated Python as a module, registered so that pickles and tracebacks find it."""
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    full = f"qmlc_generated.{name}_{digest}"
    module = types.ModuleType(full)
    file = f"<qmlc {name}>"
    module.__file__ = file
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    sys.modules[full] = module
    exec(builtins_compile(text, file), module.__dict__)
    return module


def builtins_compile(text: str, file: str) -> types.CodeType:
    """Python's own `compile`, which this module's function of that name hides."""
    import builtins

    code: types.CodeType = builtins.compile(text, file, "exec")
    return code
