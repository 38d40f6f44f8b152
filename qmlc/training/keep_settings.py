"""The settings that a run was trained with, for all that is done with it later."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from qmlc.training.errors import DataError, shown
from qmlc.training.read_json import read_json
from qmlc.training.read_options import TrainOptions
from qmlc.training.run_files import SETTINGS
from qmlc.training.write_files import write_json


def write_settings(folder: Path, settings: Mapping[str, Any]) -> None:
    """Nothing; the folder holds these settings, and no others."""
    if settings:
        write_json(folder / SETTINGS, dict(settings))
    else:
        (folder / SETTINGS).unlink(missing_ok=True)


def recall_settings(path: Path, options: TrainOptions | None, name: str | None) -> TrainOptions:
    """The options, with the settings that the runs of the program at `path` were trained with.

    Those that `options` hold go before them. It is read from the folders alone: without its
    settings a program may be wrong. DataError where its blocks were trained with different ones.
    """
    options = options or TrainOptions()
    root = options.folder or Path("runs") / path.stem
    whole = [root / SETTINGS] if options.folder is not None else []
    files = [file for file in whole if file.is_file()] or sorted(
        root.glob(f"{name or '*'}/{SETTINGS}")
    )
    found: dict[str, Any] = {}
    for file in files:
        kept = read_json(file, "the settings of the training", "train the model again")
        for key, value in kept.items():
            if found.setdefault(key, value) != value:
                message = f"`{key}` was {found[key]} for one block, and {value} for another"
                raise DataError("E0706", message, "say which: --name MODEL, or --set", shown(file))
    return replace(options, settings={**found, **options.settings})


def write_options(settings: Mapping[str, Any]) -> list[str]:
    """The settings as words of a command line."""
    texts = {n: v if isinstance(v, str) else json.dumps(v) for n, v in settings.items()}
    return [word for name, text in texts.items() for word in ("--set", f"{name}={text}")]
