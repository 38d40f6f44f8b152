"""Put texts into a folder, all or none, and clear away what an earlier compilation left there."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from qmlc.output.errors import UnwritableFile
from qmlc.output.options import Output, Report
from qmlc.source.compile_error import CompileError
from qmlc.source.span import NOWHERE


def save_output(output: Output, folder: Path) -> Report:
    """Write an output into a folder and remove what an earlier one left there; CompileError."""
    earlier = read_manifest(folder)
    written = save(folder, output.texts)
    forgotten = forget_old_files(folder, earlier, output.program, tuple(output.texts))
    return Report(tuple(written), (*output.notes, *forgotten), output.circuits)


def save(folder: Path, texts: Mapping[str, str | bytes]) -> list[Path]:
    """Write each file under a temporary name, then move all into place; CompileError."""
    waiting: list[tuple[Path, Path]] = []
    try:
        for name, text in texts.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f".{path.name}.{os.getpid()}")
            waiting.append((temporary, path))
            temporary.write_bytes(text if isinstance(text, bytes) else text.encode())
        for temporary, path in waiting:
            temporary.replace(path)
    except OSError as error:
        what = f"cannot write `{error.filename or folder}`: {error.strerror or error}"
        proposal = "give a folder with `-o` in which files can be made"
        raise CompileError((UnwritableFile(NOWHERE, what=what, proposal=proposal),)) from None
    finally:
        for temporary, _ in waiting:
            if temporary.exists():
                temporary.unlink()
    return [path for _, path in waiting]


def forget_old_files(
    folder: Path, earlier: Mapping[str, Any] | None, program: str, names: Sequence[str]
) -> list[str]:
    """Remove what the manifest `earlier` lists of the same program and is not in `names`; notes."""
    if earlier is None:
        return []
    if earlier.get("program") != program:
        other = earlier.get("program")
        return [f"manifest.json: was that of `{other}`, whose other files stay in {folder}"]
    notes = []
    for name in earlier.get("files", ()):
        if name in names or not _is_inside(name) or not (folder / name).is_file():
            continue
        try:
            (folder / name).unlink()
        except OSError:
            notes.append(f"{name}: an earlier compilation wrote it; it could not be removed")
        else:
            notes.append(f"{name}: an earlier compilation wrote it; removed")
    return notes


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of an earlier compilation, or None."""
    try:
        content = json.loads((folder / "manifest.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    compiler = content.get("compiler") if isinstance(content, dict) else None
    ours = isinstance(compiler, dict) and compiler.get("name") == "qmlc"
    return content if ours and isinstance(content.get("files"), list) else None


def _is_inside(name: Any) -> bool:
    """Whether a name from a manifest stays inside the folder."""
    if not isinstance(name, str):
        return False
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts
