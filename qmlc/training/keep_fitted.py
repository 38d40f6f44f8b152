"""What a training learned from its data, as files: `fitted.json`, and a file a tokenizer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from qmlc.training.errors import DataError, shown
from qmlc.training.read_json import read_json
from qmlc.training.write_files import write_json


def write_fitted(path: Path, fitted: Mapping[str, Any]) -> list[Path]:
    """The files that were written: `path`, and beside it each tokenizer, for other programs too."""
    lean = deepcopy(dict(fitted))
    files = []
    for name, state in _tokenizers(lean["fields"]):
        files.append(write_json(path.with_name(name), state["tokenizer"]))
        state["tokenizer"] = name
    return [*files, write_json(path, lean)]


def _tokenizers(fields: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The name of each tokenizer's file, `tokenizer.json` for the first, and who learned it."""
    states = [s for learned in fields.values() for s in learned if "tokenizer" in s]
    for number, state in enumerate(states, start=1):
        yield ("tokenizer.json" if number == 1 else f"tokenizer_{number}.json"), state


def load_fitted(path: Path, data: str | None) -> dict[str, Any]:
    """What a training learned from the data block named `data`.

    DataError E0705 where the file cannot be read, E0707 where it is for something else.
    """
    saved = _read(path)
    if not isinstance(saved, dict) or saved.get("format") != 1 or saved.get("data") != data:
        message = f"the saved preprocessing is not that of `{data}`"
        raise DataError("E0707", message, "train again", shown(path))
    for name, state in _tokenizers(saved["fields"]):
        state["tokenizer"] = _read(path.with_name(name))
    return saved


def _read(path: Path) -> Any:
    if not path.exists():
        help = "train the model first"
        raise DataError("E0705", "there is no saved preprocessing", help, shown(path))
    return read_json(path, "the saved preprocessing")
