"""The arguments and options that several verbs share, and how options are declared."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


class Format(StrEnum):
    """How diagnostics are written."""

    human = "human"
    concise = "concise"
    json = "json"
    github = "github"


class Color(StrEnum):
    """When diagnostics are colored."""

    auto = "auto"
    always = "always"
    never = "never"


READABLE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
TABLE = click.Path(dir_okay=False, path_type=Path)

program_file = click.argument("file", metavar="FILE", type=READABLE)
format_option = click.option(
    "--format",
    type=click.Choice(Format),
    default=Format.human,
    show_default=True,
    help="Diagnostics with their source, a line each, as JSON, as GitHub's annotations.",
)
color_option = click.option(
    "--color",
    type=click.Choice(Color),
    default=Color.auto,
    show_default=True,
    help="When to use colors.",
)
name_option = click.option("--name", metavar="MODEL", help="Only the train block of this model.")
extern_option = click.option(
    "--allow-extern", is_flag=True, help="Run the code that `extern` layers name."
)
folder_option = click.option(
    "--folder", metavar="DIR", type=FOLDER, help="The run; else runs/PROGRAM/MODEL."
)


def _settings(help: str) -> Callable[[F], F]:
    return click.option("settings", "--set", metavar="NAME=VALUE", multiple=True, help=help)


settings_option = _settings("A value for a setting that has none.")
training_settings_option = _settings(
    "A value for a setting of the model, or for an option of its block: optimizer.lr=0.1."
)


def run_options(command: F) -> F:
    """The command with the options of the verbs that go on from what was trained."""
    options = (
        name_option,
        training_settings_option,
        folder_option,
        extern_option,
        format_option,
        color_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


def read_settings(texts: Iterable[str]) -> dict[str, Any]:
    """The values that `--set` gives, by name."""
    return {name: setting_value(text) for name, text in map(pair, texts)}


def pair(text: str) -> tuple[str, str]:
    """The two sides of `NAME=VALUE`."""
    name, equals, value = text.partition("=")
    if not equals or not all(part.isidentifier() for part in name.strip().split(".")):
        raise click.BadParameter(f"{text} should read NAME=VALUE")
    return name.strip(), value.strip()


def setting_value(text: str) -> Any:
    """Numbers, true, false, none and lists as the language writes them; else the text itself."""
    try:
        return None if text == "none" else json.loads(text)
    except ValueError:
        return text
