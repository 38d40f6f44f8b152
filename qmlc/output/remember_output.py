"""What was compiled before is found again, as long as nothing that was read has changed."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from qmlc.output.options import CircuitSummary, CompileOptions, Output
from qmlc.output.trace_reads import Stamp, stamp, trace_reads
from qmlc.output.versions import compiler_version
from qmlc.resources import cache_folder, files_of_the_compiler

MAX_KEPT = 200
"""Outputs; the oldest go first."""


Make = Callable[[Path, CompileOptions], Output]


def remember_output(path: Path, options: CompileOptions, make: Make) -> Output:
    """What `make` returns for a program, or what it returned when all files had this content.

    An output is kept under the program's path, the options and the compiler, with the hash of each
    file that was read; it is used where all of these are the same. Files are written whole, so
    that many processes may share the folder. What `make` raises is not kept.
    """
    folder = cache_folder("outputs")
    if folder is None:
        return make(path, options)
    file = folder / f"{_key(path, options)}.json"
    if found := _recall(file):
        return found
    with trace_reads() as read:
        output = make(path, options)
    _keep(file, output, read)
    return output


def _key(path: Path, options: CompileOptions) -> str:
    """A hash of all but the contents of the files that the compiler reads."""
    compiler = [(str(p), stamp(str(p))) for p in files_of_the_compiler()]
    given = {name: _hash(str(file)) for name, file in options.inputs.items()}
    state = options.state and _hash(str(options.state))
    asked = (
        options.target,
        options.dialect,
        options.level,
        options.stages,
        options.verify,
        dict(options.settings),
        given,
        state,
    )
    facts = (compiler_version(), compiler, sys.version, str(path), os.path.abspath(path), asked)
    return hashlib.sha256(json.dumps(facts, default=str).encode()).hexdigest()


def _hash(path: str) -> str:
    """Of a file's content; empty where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _recall(file: Path) -> Output | None:
    """The output in a file, if what it was made of is as it was."""
    try:
        kept: dict[str, Any] = json.loads(file.read_text("utf-8"))
        if any(_hash(path) != content for path, content in kept.pop("read").items()):
            return None
        circuits = tuple(CircuitSummary(**circuit) for circuit in kept["circuits"])
        return Output(kept["program"], kept["texts"], tuple(kept["notes"]), circuits)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _keep(file: Path, output: Output, read: Mapping[str, Stamp | None]) -> None:
    """Write an output, unless a file changed while it was made; a full disk is no error."""
    if any(stamp(path) != seen for path, seen in read.items()):
        return
    text = json.dumps(asdict(output) | {"read": {path: _hash(path) for path in read}})
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        temporary.write_text(text, "utf-8")
        os.replace(temporary, file)
        by_age = sorted(file.parent.glob("*.json"), key=lambda p: p.stat().st_mtime_ns)
        for old in by_age[:-MAX_KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        temporary.unlink(missing_ok=True)
