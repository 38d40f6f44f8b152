"""Refuse a simulation that cannot fit, before it is begun."""

from __future__ import annotations

from pathlib import Path

import torch

from qmlc.runtime.errors import TooLargeError

SMALL = 1 << 28
"""Bytes below which nothing is asked of the system."""

GROUPS = (
    (Path("/sys/fs/cgroup"), "memory.max", "memory.current", "inactive_file"),
    (
        Path("/sys/fs/cgroup/memory"),
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
        "total_inactive_file",
    ),
)
"""Where Linux says what a container may take and takes, and what of that are files it may drop."""


def states_bytes(num_qubits: int, samples: int, dtype: torch.dtype) -> int:
    """What the amplitudes of so many states fill."""
    return samples * (1 << num_qubits) * 2 * dtype.itemsize


def check_memory(
    name: str, num_qubits: int, samples: int, needed: int, device: torch.device
) -> None:
    """Nothing, where the bytes that `samples` states need are free; else TooLargeError."""
    if needed <= SMALL:
        return
    available = available_memory(device)
    if available is not None and needed > available:
        states = "1 state" if samples == 1 else f"{samples} states"
        raise TooLargeError(
            f"{name}: {states} of {num_qubits} qubits need{'s' * (samples == 1)} {_size(needed)},"
            f" and {_size(available)} of memory are free",
            "a smaller batch needs less" if samples > 1 else "",
        )


def available_memory(device: torch.device) -> int | None:
    """The bytes free on a device, or None where that is not known."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    if device.type != "cpu":
        return None
    known = [
        free for free in (_free_memory(), *map(_left_to_container, GROUPS)) if free is not None
    ]
    return min(known, default=None)


def _free_memory() -> int | None:
    """The bytes free on the machine."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    values = dict(line.split(":", 1) for line in lines)
    return int(values["MemAvailable"].split()[0]) * 1024 if "MemAvailable" in values else None


def _left_to_container(group: tuple[Path, str, str, str]) -> int | None:
    """The bytes that the container may still take; None where there is no such limit."""
    folder, limit, used, dropped = group
    try:
        most, now = (int((folder / name).read_text(encoding="ascii")) for name in (limit, used))
        lines = (folder / "memory.stat").read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):  # without a limit, it is "max"
        return None
    files = dict(line.split() for line in lines).get(dropped, "0")
    return max(most - now + int(files), 0)


def _size(amount: int) -> str:
    value = float(amount)
    for unit in ("bytes", "KB", "MB", "GB", "TB"):
        if value < 1024 or unit == "TB":
            break
        value /= 1024
    return f"{value:.3g} {unit}" if value < 1e4 else f"{value:.2g} {unit}"
