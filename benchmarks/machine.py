"""The machine: what it is, and how fast one core multiplies and moves float32 numbers."""

from __future__ import annotations

import ctypes
import os
import platform
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numpy as np

WORKING_SETS = tuple(1 << bits for bits in (14, 15, 17, 19, 20, 21, 23, 25, 27, 28))
"""Bytes."""
CHAINS = 12
"""Multiply-adds of which none waits for another."""
TAKES = 20

PROGRAM = """
declare VECTOR @llvm.fma.KIND(VECTOR, VECTOR, VECTOR)

define void @multiply_add(ptr %data, i64 %count) {
entry:
  %value = load VECTOR, ptr %data
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  PHIS
  STEPS
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %count
  br i1 %more, label %loop, label %end
end:
  STORES
  ret void
}

define void @scale(ptr %data, i64 %vectors, i64 %times) {
entry:
  %factor = load VECTOR, ptr %data
  br label %again
again:
  %t = phi i64 [ 0, %entry ], [ %t1, %done ]
  br label %loop
loop:
  %i = phi i64 [ 0, %again ], [ %next, %loop ]
  MOVES
  %next = add i64 %i, 4
  %more = icmp ult i64 %next, %vectors
  br i1 %more, label %loop, label %done
done:
  %t1 = add i64 %t, 1
  %repeat = icmp ult i64 %t1, %times
  br i1 %repeat, label %again, label %end
end:
  ret void
}
"""
MOVE = """
  %iK = add i64 %i, K
  %pK = getelementptr VECTOR, ptr %data, i64 %iK
  %aK = load VECTOR, ptr %pK
  %bK = fmul VECTOR %aK, %factor
  store VECTOR %bK, ptr %pK
"""


def program(lanes: int) -> str:
    """The LLVM text for vectors of so many numbers."""
    chains = range(CHAINS)
    fma = "call VECTOR @llvm.fma.KIND(VECTOR %a{0}, VECTOR %value, VECTOR %value)"
    parts = {
        "PHIS": "\n".join(
            f"%a{i} = phi VECTOR [ %value, %entry ], [ %b{i}, %loop ]" for i in chains
        ),
        "STEPS": "\n".join(f"%b{i} = {fma.format(i)}" for i in chains),
        "STORES": "\n".join(f"store volatile VECTOR %b{i}, ptr %data" for i in chains),
        "MOVES": "".join(re.sub(r"K\b", str(i), MOVE) for i in range(4)),
        "VECTOR": f"<{lanes} x float>",
        "KIND": f"v{lanes}f32",
    }
    text = PROGRAM
    for name, part in parts.items():
        text = text.replace(name, part)
    return text


def vector_lanes() -> int:
    """Float32 numbers in the widest vector of the processor."""
    features = llvm.get_host_cpu_features()
    return 16 if features.get("avx512f") else 8 if features.get("avx") else 4


def best_time(call: Callable[[], object]) -> float:
    """Seconds of the fastest of a few calls."""
    times = []
    for _ in range(TAKES):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def measure_core() -> dict[str, Any]:
    """Multiply-adds a second, and bytes read and written a second for each working set."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    lanes = vector_lanes()
    target = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=3
    )
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(program(lanes)), target)
    engine.finalize_object()
    sizes = (ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
    multiply_add = ctypes.CFUNCTYPE(None, *sizes[:2])(engine.get_function_address("multiply_add"))
    scale = ctypes.CFUNCTYPE(None, *sizes)(engine.get_function_address("scale"))
    room = np.zeros(WORKING_SETS[-1] // 4 + 16, np.float32)
    data = -(-room.ctypes.data // 64) * 64
    room.fill(1.0)
    count, bandwidth = 4_000_000, {}
    speed = CHAINS * lanes * count / best_time(lambda: multiply_add(data, count))
    for size in WORKING_SETS:
        times = max(1, (1 << 29) // size)
        seconds = best_time(lambda size=size, times=times: scale(data, size // 4 // lanes, times))
        bandwidth[size] = 2 * size * times / seconds
    return {"lanes": lanes, "multiply_adds": speed, "bandwidth": bandwidth}


def caches(core: int) -> dict[str, int]:
    """KiB of each cache for data that a core reaches, by its level."""
    found = {}
    for folder in sorted(Path(f"/sys/devices/system/cpu/cpu{core}/cache").glob("index*")):
        kind, level, size = (
            (folder / name).read_text(encoding="utf-8").strip()
            for name in ("type", "level", "size")
        )
        if kind != "Instruction":
            found[f"L{level}"] = int(size.removesuffix("K"))
    return found


def describe_machine(core: int) -> dict[str, Any]:
    """What the results were measured on, `measure_core` on the given core included."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    measured = measure_core()
    os.sched_setaffinity(0, before)
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    names = re.findall(r"^model name\s*: (.*)$", info, re.MULTILINE)
    return {
        "processor": names[0] if names else platform.machine(),
        "cores": len(before),
        "caches": caches(core),
        "memory": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
        **measured,
    }
