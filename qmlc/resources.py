"""The grammar and the library: text files of the language that the compiler brings along."""

from __future__ import annotations

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


@cache
def _folder(name: str) -> Path:
    # a wheel carries the folder inside the package, a source tree beside it
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name
