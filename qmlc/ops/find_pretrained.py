"""Where a pretrained model lies: a folder beside the program, or the local cache of the hub."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from qmlc.source.nearest import nearest


class NotFound(Exception):
    """There is no such model; `proposal` names the nearest folder."""

    def __init__(self, what: str, proposal: str) -> None:
        super().__init__(what)
        self.what, self.proposal = what, proposal


def find_pretrained(path: str, bases: Sequence[Path]) -> Path:
    """The folder of a model: `path` below one of `bases`, or its download from the hub.

    That is the latest one, or the one of a branch, tag or commit: `name@revision`. Nothing is ever
    downloaded. NotFound where there is no such folder.
    """
    for base in bases:
        if (base / path).is_dir():
            return base / path
    cached = _cached(path)
    if cached is not None:
        return cached
    close = next((c for base in bases if (c := _nearest_folder(base, path))), None)
    proposal = f"did you mean `{close}`?" if close else _propose_download(path)
    raise NotFound(f"there is no folder `{path}`", proposal)


def _propose_download(path: str) -> str:
    name, _, revision = path.partition("@")
    if path.count("/") > 1 or path.startswith((".", "/")):
        return _BESIDE
    command = f"hf download {name}" + (f" --revision {revision}" if revision else "")
    return f"{_BESIDE}; where there is a network, `{command}` fetches the model of the hub"


def find_file(path: str, bases: Sequence[Path]) -> Path:
    """The file `path` below one of `bases`; NotFound."""
    for base in bases:
        if (base / path).is_file():
            return base / path
    folder, name = Path(path).parent, Path(path).name
    beside = [p.name for b in bases for p in sorted((b / folder).glob(f"*{Path(path).suffix}"))]
    close = nearest(name, beside)
    proposal = f"did you mean `{folder / close}`?" if close else _BESIDE
    raise NotFound(f"there is no file `{path}`", proposal)


_BESIDE = "a path is relative to the program, or to the current folder"
COMMIT = re.compile("[0-9a-f]{40}")


def _cached(name: str) -> Path | None:
    """What `huggingface_hub` has stored under a model's name; see its guide "Manage your cache"."""
    home = os.environ.get("HF_HOME") or "~/.cache/huggingface"
    hub = Path(os.environ.get("HF_HUB_CACHE") or f"{home}/hub").expanduser()
    name, _, revision = name.partition("@")
    stored = hub / f"models--{name.replace('/', '--')}"
    try:
        reference = stored / "refs" / (revision or "main")
        revision = reference.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        if not COMMIT.fullmatch(revision):
            return None
    folder = stored / "snapshots" / revision
    return folder if folder.is_dir() else None


def _nearest_folder(base: Path, path: str) -> str | None:
    """The folder whose name is nearest, part by part from the left; None where a part has none."""
    found: list[str] = []
    for part in Path(path).parts:
        here = base.joinpath(*found)
        if (here / part).is_dir():
            found.append(part)
            continue
        try:
            names = sorted(p.name for p in here.iterdir() if p.is_dir())
        except OSError:
            return None
        close = nearest(part, names) or (names[0] if found and len(names) == 1 else None)
        if close is None:
            return None
        found.append(close)
    return "/".join(found)
