"""The arguments and options that several verbs share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """How diagnostics are written."""

    human = "human"
    concise = "concise"
    json = "json"


class Color(StrEnum):
    """When diagnostics are colored."""

    auto = "auto"
    always = "always"
    never = "never"


ProgramFile = Annotated[
    Path,
    typer.Argument(metavar="FILE", help="A program (.hqm).", exists=True, dir_okay=False),
]
FormatOption = Annotated[
    Format, typer.Option("--format", help="Diagnostics with their source, a line each, or JSON.")
]
ColorOption = Annotated[Color, typer.Option("--color", help="When to use colors.")]
NameOption = Annotated[
    str | None,
    typer.Option("--name", metavar="MODEL", help="Only the train block of this model."),
]
FolderOption = Annotated[
    Path | None,
    typer.Option("--folder", metavar="DIR", help="The run; else runs/PROGRAM/MODEL."),
]
