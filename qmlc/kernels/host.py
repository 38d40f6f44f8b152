"""The machine that kernels run on: its instructions, vectors and caches."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from llvmlite import binding

WITHOUT = {64: ("prefer-256-bit",), 32: ("avx512f",), 16: ("avx512f", "avx")}
"""What code for vectors of so many bytes may not use; what builds on it goes, too."""
BUILT_ON = {"avx512f": ("avx512",), "avx": ("avx", "fma", "f16c", "vaes", "vpclmul", "xop")}
"""How the names of such features begin."""
CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
USUAL_CACHES = {1: 32 << 10, 2: 1 << 20}


@dataclass(frozen=True)
class Host:
    """A processor as LLVM calls it, the features that code may use, and the width of vectors."""

    triple: str
    processor: str
    switches: str
    """Of LLVM's features, as `+avx2,-avx512f`."""
    features: frozenset[str]
    vector_bytes: int

    @property
    def key(self) -> str:
        """What machine code for this host depends on."""
        return f"{self.triple} {self.processor} {self.switches} {self.vector_bytes}"


@cache
def this_host(vector_bytes: int | None = None) -> Host:
    """This machine, with its widest vectors or others (64, 32, 16), down to what that width needs.

    QMLC_VECTOR_BYTES asks for a width, too.
    """
    found = {name for name, on in binding.get_host_cpu_features().items() if on}
    widest = 64 if {"avx512f", "avx512dq"} <= found else 32 if "avx2" in found else 16
    asked = vector_bytes or int(os.environ.get("QMLC_VECTOR_BYTES", widest))
    width = asked if asked in WITHOUT else widest
    gone = [start for feature in WITHOUT[width] for start in BUILT_ON.get(feature, ())]
    features = frozenset(name for name in found if not name.startswith(tuple(gone)))
    on = [f"+{name}" for name in sorted(features)]
    off = [f"-{name}" for name in sorted(found - features)]
    triple = binding.get_default_triple()
    if width == 64 and "avx512f" in features:
        off.append("-prefer-256-bit")
    return Host(triple, binding.get_host_cpu_name(), ",".join(on + off), features, width)


@cache
def cache_bytes(level: int) -> int:
    """The size of a core's data cache of a level (1 or 2), or a usual one if nothing tells.

    QMLC_L1_BYTES and QMLC_L2_BYTES say otherwise.
    """
    if asked := os.environ.get(f"QMLC_L{level}_BYTES"):
        return int(asked)
    for folder in sorted(CACHES.glob("index*")):
        try:
            kind, size = (folder / "type").read_text(), (folder / "size").read_text().strip()
            if int((folder / "level").read_text()) == level and not kind.startswith("Inst"):
                return int(size.rstrip("KM")) << {"K": 10, "M": 20}.get(size[-1:], 0)
        except (OSError, ValueError):
            continue
    return USUAL_CACHES[level]
