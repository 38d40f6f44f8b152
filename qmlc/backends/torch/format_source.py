"""Formats generated Python with ruff, independent of any configuration around."""

from __future__ import annotations

import subprocess
from functools import cache

from ruff import find_ruff_bin

LINE_LENGTH = 100

CONFIGURATION = (
    "--isolated",
    *("--config", f"line-length = {LINE_LENGTH}"),
    *("--config", "target-version = 'py311'"),
)


class FormatError(RuntimeError):
    """Ruff did not accept a text: a bug in what printed it."""


def format_source(text: str) -> str:
    """`text` as ruff formats it: 100 columns, Python 3.11; FormatError where it is no Python."""
    command = [_ruff(), "format", *CONFIGURATION, "--no-cache", "--quiet", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, encoding="utf-8")
    if done.returncode != 0:
        raise FormatError(done.stderr.strip())
    return done.stdout


@cache
def _ruff() -> str:
    try:
        return str(find_ruff_bin())
    except FileNotFoundError as error:
        raise FormatError("ruff is not installed: pip install ruff") from error
