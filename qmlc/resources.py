"""The grammar and the library: text files of the language that the compiler brings along."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).parent


def grammar_text() -> str:
    """The grammar of the language, for Lark."""
    return (_folder("grammar") / "hqm.lark").read_text(encoding="utf-8")


def stdlib_names() -> tuple[str, ...]:
    """The modules of the library, sorted: `ansatz`, `rules/attention`."""
    folder = _folder("stdlib")
    return tuple(
        sorted(p.relative_to(folder).with_suffix("").as_posix() for p in folder.rglob("*.hqm"))
    )


def stdlib_path(name: str) -> Path:
    """The file of a module of the library; KeyError where there is none of that name."""
    if name not in stdlib_names():
        raise KeyError(name)
    return _folder("stdlib") / f"{name}.hqm"


def stdlib_text(name: str) -> str:
    """The text of a module of the library; KeyError where there is none of that name."""
    return stdlib_path(name).read_text(encoding="utf-8")


def files_of_the_compiler() -> list[Path]:
    """All that the compiler is made of: its modules, devices, grammar and library."""
    folders = (_PACKAGE, _folder("grammar"), _folder("stdlib"))
    kinds = (".py", ".toml", ".lark", ".hqm")
    return sorted({p for f in folders for p in f.rglob("*.*") if p.suffix in kinds})


def cache_folder(name: str = "") -> Path | None:
    """Where things may be kept between runs: in the user's own folder, never a shared one.

    None where nothing can be written there.
    """
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "qmlc"
    try:
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        (base / name).mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryFile(dir=base / name):
            pass
    except OSError:
        return None
    return base / name


@cache
def _folder(name: str) -> Path:
    # a wheel carries the folder inside the package, a source tree beside it
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name
