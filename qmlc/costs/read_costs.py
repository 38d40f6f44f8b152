"""Finds out what work costs here: from a file that is named, measured before, or shipped."""

from __future__ import annotations

import os
import platform
import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import Any

from qmlc.costs.host_costs import CURVES, TABLES, HostCosts, costs_from
from qmlc.resources import cache_folder

VARIABLE = "QMLC_HOST"
"""The environment variable that names a file of costs; `typical` for those that are shipped."""

TYPICAL = Path(__file__).parent / "typical_host.toml"
CPU_INFO = Path("/proc/cpuinfo")


class WrongCosts(ValueError):
    """A file of costs that cannot be read, or holds something else: what, and which file."""


def typical_costs() -> HostCosts:
    """The costs that are shipped."""
    return costs_from(tomllib.loads(TYPICAL.read_text(encoding="utf-8")))


def read_costs() -> HostCosts:
    """The costs of this host; WrongCosts.

    They are those in the file that QMLC_HOST names, else what `qmlc measure-host` measured for this
    processor, else those that are shipped. What a file leaves out is as in these.
    """
    named = os.environ.get(VARIABLE, "")
    if named == "typical":
        return typical_costs()
    if named:
        return costs_from_file(Path(named))
    measured = measured_file()
    try:
        found = costs_from_file(measured) if measured and measured.is_file() else None
    except WrongCosts:  # another version of qmlc wrote it
        found = None
    return found if found and found.processor == processor_name() else typical_costs()


def costs_from_file(path: Path) -> HostCosts:
    """The costs in a file; WrongCosts."""
    try:
        return costs_from(tomllib.loads(path.read_text(encoding="utf-8")), typical_costs())
    except OSError as error:
        raise WrongCosts(f"cannot read `{path}`: {error.strerror}") from None
    except ValueError as error:  # also of TOML and UTF-8
        raise WrongCosts(f"`{path}` does not say what work costs: {error}") from None


def measured_file() -> Path | None:
    """Where measured costs are kept; None where nothing can be."""
    folder = cache_folder("host")
    return None if folder is None else folder / "costs.toml"


def write_costs(costs: HostCosts, path: Path) -> None:
    """Write costs as TOML that `costs_from_file` reads."""
    content: dict[str, Any] = asdict(costs)
    lines = [f'processor = "{costs.processor}"']
    for name in (*TABLES, *CURVES):
        lines += ["", f"[{name}]"]
        lines += [f"{key} = {_text(value)}" for key, value in content[name].items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _text(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_text, value))}]"
    return f"{value:.4g}"


def processor_name() -> str:
    """What the processor calls itself."""
    try:
        lines = CPU_INFO.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = names[0] if names else platform.processor() or platform.machine()
    return "".join(c for c in name if c.isprintable() and c not in '"\\')
