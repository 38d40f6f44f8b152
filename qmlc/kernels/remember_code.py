"""Machine code that was made before is found again, where all that it was made of is the same."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from qmlc.resources import cache_folder

MAX_KEPT = 16
"""Libraries; the oldest go first."""
DIGEST_BYTES = 32


def remember_code(facts: Sequence[str], make: Callable[[], bytes]) -> bytes:
    """What `make` returns, or what it returned before for the same facts.

    Files are written whole, so that many processes may share the folder, and are used only where
    their content has the digest that they begin with, and belongs to this user.
    """
    folder = cache_folder("kernels")
    if folder is None:
        return make()
    file = folder / f"{hashlib.sha256(repr(facts).encode()).hexdigest()}.o"
    if code := _recall(file):
        return code
    code = make()
    _keep(file, code)
    return code


def _recall(file: Path) -> bytes | None:
    try:
        with file.open("rb") as opened:
            if hasattr(os, "getuid") and os.fstat(opened.fileno()).st_uid != os.getuid():
                return None
            content = opened.read()
    except OSError:
        return None
    digest, code = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
    return code if code and hashlib.sha256(code).digest() == digest else None


def _keep(file: Path, code: bytes) -> None:
    """Write machine code; a full disk is no error."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        temporary.write_bytes(hashlib.sha256(code).digest() + code)
        os.replace(temporary, file)
        by_age = sorted(file.parent.glob("*.o"), key=lambda path: path.stat().st_mtime_ns)
        for old in by_age[:-MAX_KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        temporary.unlink(missing_ok=True)
