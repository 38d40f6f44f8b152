"""The pipe: read → parse → elaborate → optimise → emit. What the compiler does, in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any

from qmlc.check.elaborate import elaborate
from qmlc.check.load import Loader
from qmlc.ir.program import Program, Template, Unit
from qmlc.output.errors import NoSuchSetting
from qmlc.output.options import CompileOptions, Output, Report
from qmlc.output.save_files import save_output
from qmlc.passes.explain_passes import Figures
from qmlc.passes.explain_passes import explain_passes as explain
from qmlc.passes.pipeline import optimise
from qmlc.source.allow_recursion import allow_recursion
from qmlc.source.compile_error import CompileError
from qmlc.source.diagnostic import Diagnostic
from qmlc.source.errors import UnreadableFile
from qmlc.source.nearest import propose_nearest
from qmlc.source.pause_collection import pause_collection
from qmlc.source.span import NOWHERE, Source

MAX_READ = 10_000_000
"""Characters: parsing refuses less, and some files never end."""


@dataclass(frozen=True)
class Compilation:
    """A program, the texts it was made of, and what is wrong with it."""

    program: Program
    sources: tuple[tuple[Path, Source], ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that are errors, not warnings."""
        return tuple(d for d in self.diagnostics if d.severity == "error")

    def checked(self) -> Compilation:
        """This; CompileError where it has errors."""
        if self.errors:
            raise CompileError(self.diagnostics)
        return self


def analyse(
    source: Source, path: Path | None = None, settings: Mapping[str, Any] | None = None
) -> Compilation:
    """Parse and elaborate a text. `settings` fill sizes and settings that it leaves open."""
    with allow_recursion(), pause_collection():
        return _analyse(source, path, settings or {})


def _analyse(source: Source, path: Path | None, settings: Mapping[str, Any]) -> Compilation:
    loader = Loader(read_text)
    module = loader.load(source, path)
    name = path.stem if path is not None else "program"
    tree = loader.trees[str(path or source.name)]
    program, errors = elaborate(module, tree, name, settings)
    if any(e.severity == "error" for e in loader.errors):
        # what was lost may have used what now seems unused
        errors = tuple(e for e in errors if e.severity == "error")
    if not any(e.severity == "error" for e in (*loader.errors, *errors)):
        errors = (*errors, *check_settings(program, settings))
    return Compilation(program, tuple(loader.sources), (*loader.errors, *errors))


def check_settings(program: Program, settings: Mapping[str, Any]) -> tuple[Diagnostic, ...]:
    """An error for each of `settings` that no part of `program` has, or that is no size."""
    parts: list[Unit | Template] = [*program.units, *program.templates]
    known = {s.name: s.kind for part in parts for s in part.signature}
    known |= {f"{part.name}.{s.name}": s.kind for part in parts for s in part.signature}
    found = []
    for name, value in settings.items():
        whole = isinstance(value, int) and not isinstance(value, bool) and value > 0
        if name not in known:
            what = f"no part of `{program.name}` has a setting or size `{name}`"
            proposal = propose_nearest(name, list(known))
        elif known[name] == "dimension" and not whole:
            what, proposal = f"`{name}` is a size, and {value!r} is none", "give a whole number"
        else:
            continue
        found.append(NoSuchSetting(NOWHERE, what=what, proposal=proposal))
    return tuple(found)


def read_text(path: Path) -> str:
    """The text of a file; OSError or UnicodeDecodeError where there is none."""
    with path.open(encoding="utf-8-sig") as file:
        return file.read(MAX_READ)


def read_source(path: Path) -> Source:
    """The text of a program; CompileError where it cannot be read."""
    try:
        return Source(str(path), read_text(path))
    except OSError as error:
        reason = error.strerror or str(error)
    except UnicodeDecodeError as error:
        reason = f"it is not UTF-8 text (byte {error.start})"
    what, proposal = f"cannot read `{path}`: {reason}", "a program is a text file in UTF-8"
    raise CompileError((UnreadableFile(NOWHERE, what=what, proposal=proposal),))


def check_text(text: str, name: str = "program.hqm") -> tuple[Diagnostic, ...]:
    """What is wrong with a text, errors and warnings, in the order of the text."""
    return _sorted(analyse(Source(name, text)).diagnostics)


def check_file(path: Path) -> tuple[Diagnostic, ...]:
    """What is wrong with a program, errors and warnings, in the order of the text."""
    try:
        return _sorted(analyse(read_source(path), path).diagnostics)
    except CompileError as error:
        return error.diagnostics


def _sorted(diagnostics: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
    return tuple(sorted(diagnostics, key=lambda d: (d.at.source.name, d.at.start)))


def analyse_file(path: Path, settings: Mapping[str, Any] | None = None) -> Compilation:
    """Parse and elaborate a program; CompileError where it has errors."""
    return analyse(read_source(path), path, settings).checked()


def compile_file(path: Path, options: CompileOptions) -> Report:
    """Write a program as Python, OpenQASM and a manifest; CompileError where it has errors."""
    assert options.output is not None
    return save_output(compile_program(path, options), options.output)


def compile_program(path: Path, options: CompileOptions) -> Output:
    """The files that a program becomes; CompileError where it has errors."""
    # this needs qiskit and numpy, which take seconds to import; checking does not
    from qmlc.output.make_output import make_output

    with pause_collection():
        compilation = analyse_file(path, options.settings)
        program = optimise(compilation.program, options.level)
        return make_output(path, program, compilation.program, compilation.sources, options)


def emit_stage(path: Path, stage: str, options: CompileOptions) -> str:
    """What a stage of the compiler makes of a program, as text; CompileError."""
    # some stages need qiskit and numpy, which take seconds to import
    from qmlc.output.print_stage import print_stage, print_syntax

    if stage in ("tokens", "tree"):
        return print_syntax(read_source(path), stage)
    compilation = analyse_file(path, options.settings)
    program = compilation.program
    if stage != "graph":
        program = optimise(program, options.level)
    return print_stage(path, program, stage, options, compilation.sources)


def _for_device(program: Program, options: CompileOptions) -> Iterator[tuple[str, Program]]:
    """The program after each pass for the device that is asked for, if one is; CompileError."""
    if options.target is None:
        return iter(())
    # this needs qiskit, which takes seconds to import
    from qmlc.output.run_device_passes import run_device_passes

    return run_device_passes(program, options.target, options.level)


def emit_after(path: Path, name: str, options: CompileOptions) -> str:
    """The program after the pass `name`, as text; CompileError."""
    # printing needs qiskit and numpy, which take seconds to import
    from qmlc.output.print_stage import print_stage

    compilation = analyse_file(path, options.settings)
    found = {"": compilation.program}
    program = optimise(compilation.program, options.level, found.__setitem__)
    found |= dict(_for_device(program, options))
    if name not in found:
        known = ", ".join(found).removeprefix(", ")
        proposal = f"at this level there are {known}" if known else "at -O 0 there are none"
        raise CompileError((NoSuchSetting(NOWHERE, what=f"no pass `{name}`", proposal=proposal),))
    return print_stage(path, found[name], "optimised", options, compilation.sources)


def time_passes(path: Path, options: CompileOptions) -> Iterator[str]:
    """A line for each pass: its milliseconds of the processor, and what it leaves; CompileError."""
    program = analyse_file(path, options.settings).program
    list(_for_device(Program(program.name), options))  # its imports are not what is timed
    found = [("elaboration", process_time(), program)]
    optimise(
        program, options.level, lambda name, after: found.append((name, process_time(), after))
    )
    for name, after in _for_device(found[-1][2], options):
        found.append((name, process_time(), after))
    yield f"{'pass':<20} {'ms':>8} {'gates':>8} {'nodes':>8}"
    for (_, start, _), (name, end, after) in zip(found[:1] + found, found, strict=False):
        gates = sum(len(u.circuit.instructions) for u in after.units if u.circuit is not None)
        nodes = sum(len(u.graph.nodes) for u in after.units if u.graph is not None)
        yield f"{name:<20} {1e3 * (end - start):>8.1f} {gates:>8} {nodes:>8}"


def explain_passes(
    path: Path, options: CompileOptions, figures: Figures | None = None
) -> Iterator[str]:
    """Lines on what each pass did to a program, and why; CompileError where it has errors."""
    program = analyse_file(path, options.settings).program
    yield from explain(program, options.level, figures)
    if options.target is not None:
        # this needs qiskit, which takes seconds to import
        from qmlc.output.run_device_passes import explain_device_passes

        program = optimise(program, options.level)
        yield from explain_device_passes(program, options.target, options.level)
