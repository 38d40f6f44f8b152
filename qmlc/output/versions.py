"""Which qmlc this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def compiler_version() -> str:
    """The version of qmlc, or `unknown` where it runs from a folder that was not installed."""
    try:
        return version("qmlc")
    except PackageNotFoundError:
        return "unknown"
