"""`qmlc compile`: a program as a PyTorch module and OpenQASM."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from qmlc.source.nearest import nearest
from qmlc.tools.options import (
    Color,
    ColorOption,
    Format,
    FormatOption,
    ProgramFile,
)
from qmlc.tools.report_errors import reporting

STAGES = (
    "tokens", "tree", "graph", "optimised", "circuit", "torch", "qasm3", "qasm2", "dot", "json",
)  # fmt: skip

OutputOption = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="DIR", help="Where to write.", file_okay=False),
]
TargetOption = Annotated[
    str | None,
    typer.Option("--target", metavar="T", help="A device, such as ibm:torino; see qmlc targets."),
]
StateOption = Annotated[
    Path | None,
    typer.Option("--state", metavar="F.safetensors", help="Weights.", exists=True, dir_okay=False),
]
EmitOption = Annotated[
    str | None,
    typer.Option(
        "--emit", metavar="STAGES", help=f"Print (or, with -o, also write): {', '.join(STAGES)}."
    ),
]
InputOption = Annotated[
    list[str] | None,
    typer.Option("--input", metavar="NAME=FILE", help="Numbers for an input of circuits (.npy)."),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="A value for a setting that has none."),
]
LevelOption = Annotated[int, typer.Option("-O", min=0, max=3, help="How much to optimise.")]


def compile_program(
    file: ProgramFile,
    output: OutputOption = None,
    target: TargetOption = None,
    emit: EmitOption = None,
    state: StateOption = None,
    input: InputOption = None,
    set: SetOption = None,
    level: LevelOption = 2,
    format: FormatOption = Format.human,
    color: ColorOption = Color.auto,
) -> None:
    """Write a program as a readable PyTorch module and OpenQASM.

    With --state, circuits are bound to trained weights. With --emit, stages of the compiler are
    printed, or with -o written beside the rest.
    """
    from qmlc.driver import compile_file, emit_stage
    from qmlc.output.options import CompileOptions

    if not output and not emit:
        raise typer.BadParameter("give -o DIR to write files, or --emit STAGES to print")
    stages = _stages(emit or "")
    options = CompileOptions(
        output=output,
        target=target,
        state=state,
        inputs={name: Path(text) for name, text in map(_pair, input or [])},
        settings={name: _value(text) for name, text in map(_pair, set or [])},
        level=level,
        stages=tuple(stages) if output else (),
    )
    with reporting(format, color):
        for stage in () if output else stages:
            typer.echo(emit_stage(file, stage, options).removesuffix("\n"))
        if output:
            report = compile_file(file, options)
            for line in (*report.files, *report.notes):
                typer.echo(line)


def _stages(text: str) -> list[str]:
    stages = [stage.strip() for stage in text.split(",") if stage.strip()]
    for stage in stages:
        if stage not in STAGES:
            meant = nearest(stage, STAGES)
            proposal = f"did you mean {meant}?" if meant else f"there are {', '.join(STAGES)}"
            raise typer.BadParameter(f"no stage is called {stage}: {proposal}")
    return stages


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not all(part.isidentifier() for part in name.strip().split(".")):
        raise typer.BadParameter(f"{text} should read NAME=VALUE")
    return name.strip(), value.strip()


def _value(text: str) -> Any:
    """Numbers, true, false, none and lists as the language writes them; else a string."""
    try:
        return None if text == "none" else json.loads(text)
    except ValueError:
        return text
