"""Folders of images and of recordings as tables: a row a file, a folder a class."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from qmlc.training.data.table import Table
from qmlc.training.errors import DataError, shown

IMAGES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
AUDIO = frozenset({".flac", ".mp3", ".ogg", ".wav"})

FILES = 64
"""How many files are decoded at once."""


def list_images(path: Path, arguments: Mapping[str, Any]) -> Table:
    """The images of a folder, `image`, and the names of the folders they lie in, `label`."""
    return _list(path, "image", IMAGES)


def list_audio(path: Path, arguments: Mapping[str, Any]) -> Table:
    """The recordings of a folder, `audio`, and the names of the folders they lie in, `label`."""
    return _list(path, "audio", AUDIO)


def _list(path: Path, column: str, endings: frozenset[str]) -> Table:
    """Files in the order of their paths; those in the folder itself have no label."""
    if not path.is_dir():
        what = "this is a file, not a folder" if path.exists() else "there is no such folder"
        raise DataError("E0705", what, file=shown(path))
    files = sorted(f for f in path.rglob("*") if f.suffix.lower() in endings)
    if not files:
        message = f"the folder holds no {column} files"
        help = "they end in " + ", ".join(sorted(endings))
        raise DataError("E0704", message, help, shown(path))
    labels = [file.relative_to(path).parts[0] if file.parent != path else "" for file in files]
    frame = pd.DataFrame({column: list(map(str, files)), "label": labels})
    return Table(frame, shown(path), list, range(len(frame)), part=FILES)
