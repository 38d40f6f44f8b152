"""Programs in Python: `load` and `compile` give a program whose parts are torch modules."""

from __future__ import annotations

import builtins
import hashlib
import linecache
import sys
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qmlc.backends.qasm.return_results import return_results
from qmlc.backends.torch.emit_torch import class_names, emit_torch
from qmlc.driver import Compilation, analyse, read_source
from qmlc.ir.program import Call, Program, Template, Unit
from qmlc.ops.pretrained import TORCH_HUB, TRUSTED
from qmlc.output.errors import UnreadableCircuit
from qmlc.passes.pipeline import optimise
from qmlc.runtime.circuit_module import CircuitModule
from qmlc.runtime.errors import ExternNotAllowed
from qmlc.runtime.module import Module
from qmlc.source.compile_error import CompileError
from qmlc.source.nearest import nearest
from qmlc.source.span import NOWHERE, Source

GENERATED = "qmlc_generated"
"""The package, in no folder, of the modules made here."""


class LoadedProgram:
    """A compiled program: each model, circuit, layer and kernel is an attribute that makes modules.

    `program.iris()` is a `torch.nn.Module`; settings, and sizes that the text leaves open, are
    keyword arguments: `program.qaoa(depth=2, n=5)`.
    """

    def __init__(
        self,
        source: Source,
        path: Path | None,
        level: int,
        settings: Mapping[str, Any],
        allow_extern: bool,
    ) -> None:
        compilation = analyse(source, path, settings).checked()
        if not allow_extern:
            refuse_extern(compilation)
        self.diagnostics = compilation.diagnostics
        """Warnings."""
        self.program: Program = optimise(compilation.program, level)
        self.path = path
        self.source = source
        self._text = emit_torch(self.program, path.name if path else "program.hqm")
        self._module = load_module(
            self._text,
            self.program.name,
            None if path is None else str(path.absolute()),
            source.text,
        )

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


def refuse_extern(compilation: Compilation) -> None:
    """Nothing; CompileError where the program has code of its own run."""
    found = [
        ExternNotAllowed(
            unit.place or NOWHERE,
            what=f"this program runs code of its own: {_code_of(unit.extern)}",
            where="named here",
            proposal="if you trust it: `--allow-extern`, in Python `allow_extern=True`",
        )
        for unit in compilation.program.units
        if unit.extern is not None and unit.extern.function not in TRUSTED
    ]
    if found:
        raise CompileError(tuple({error.at: error for error in found}.values()))


def _code_of(extern: Call) -> str:
    """Where the code of an extern layer is from."""
    settings = dict(extern.keywords)
    if extern.function == TORCH_HUB:
        return f"`{settings['name']}` of `{settings['path']}/hubconf.py`"
    return f"`{extern.function}`"


def load(
    path: str | Path, *, level: int = 2, allow_extern: bool = False, **settings: Any
) -> LoadedProgram:
    """The program in a file; CompileError where it is wrong.

    `settings` fill sizes and settings that the text leaves open, for all components alike. Modules
    of extern layers are code that the program names: they run only if `allow_extern`.
    """
    path = Path(path)
    return LoadedProgram(read_source(path), path, level, settings, allow_extern)


def compile(
    text_or_path: str | Path, *, level: int = 2, allow_extern: bool = False, **settings: Any
) -> LoadedProgram:
    """The program in a text or a file; CompileError where it is wrong.

    A string with a line break, a `{` or an arrow is a text, anything else a path. The options are
    those of `load`.
    """
    if isinstance(text_or_path, str) and any(mark in text_or_path for mark in ("\n", "{", "->")):
        source = Source("<text>", text_or_path)
        return LoadedProgram(source, None, level, settings, allow_extern)
    return load(text_or_path, level=level, allow_extern=allow_extern, **settings)


def from_qiskit(circuit: Any, observables: Any = None, *, inputs: Any = ()) -> CircuitModule:
    """The module that computes a Qiskit `QuantumCircuit`; CompileError where it cannot be read.

    Parameters in `inputs` (names, parameters, vectors or all their elements, or one of these) are
    its inputs, in that order; the others are trained. It returns the expectation values of
    `observables` (a SparsePauliOp, Pauli or label, or a list of them); without any, the
    probabilities of what the circuit measures at its end, or its state.
    """
    # qiskit takes seconds to import, and other programs do not need it
    from qmlc.backends.qasm.errors import NotReadable
    from qmlc.backends.qasm.read_qiskit import read_qiskit

    try:
        read = read_qiskit(circuit, inputs, observables)
    except NotReadable as error:
        found = UnreadableCircuit(NOWHERE, what=error.message, proposal=error.proposal)
        raise CompileError((found,)) from None
    return CircuitModule.from_circuit(read if read.results else return_results(read))


def specialise(path: Path, name: str, settings: Mapping[str, Any]) -> type[Module]:
    """The class of the component `name` of a program, compiled for these settings."""
    return _specialised(read_source(path), path, name, settings)


def specialise_text(
    program: str, path: str | None, source: str, name: str, settings: Mapping[str, Any]
) -> type[Module]:
    """The class of the component `name` of a text, compiled for these settings."""
    where = None if path is None else Path(path)
    return _specialised(Source(path or "<text>", source), where, name, settings)


def _specialised(
    source: Source, path: Path | None, name: str, settings: Mapping[str, Any]
) -> type[Module]:
    qualified = {f"{name}.{key}": value for key, value in settings.items()}
    # what is compiled anew was allowed, or imported, when it was compiled first
    return LoadedProgram(source, path, 2, qualified, True).class_of(name)


def load_module(text: str, name: str, path: str | None, source: str) -> types.ModuleType:
    """Generated Python as a module, registered so that pickles and tracebacks find it.

    `path` and `source` are the program's, for components that are compiled for further settings.
    """
    parts = (text, name, path, source)
    digest = hashlib.sha256(repr(parts).encode()).hexdigest()[:12]
    full = f"{GENERATED}.{name}_{digest}"
    if full in sys.modules:
        return sys.modules[full]
    module = types.ModuleType(full)
    file = f"<qmlc {name} {digest}>"
    module.__file__ = file
    module.__dict__["MADE_OF"] = parts
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    sys.modules.setdefault(GENERATED, types.ModuleType(GENERATED))
    sys.modules[full] = module
    try:
        exec(builtins.compile(text, file, "exec"), module.__dict__)
    except BaseException:
        del sys.modules[full]
        raise
    module.__dict__["SOURCE"] = None if path is None else Path(path)
    return module
