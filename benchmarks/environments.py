"""The virtual environments that peers live in: outside the tree, made once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import venv
from pathlib import Path
from typing import Any

HOME = Path(os.environ.get("QMLC_PEERS", Path.home() / ".cache/qmlc/peers"))
CONSTRAINTS = Path(__file__).parent.parent / "constraints.txt"


def python_of(environment: str | None) -> str:
    """The interpreter of an environment; of this process where there is no name."""
    return sys.executable if environment is None else str(HOME / environment / "bin/python")


def read_peers() -> dict[str, Any]:
    """What peers.toml says."""
    return tomllib.loads((Path(__file__).parent / "peers.toml").read_text(encoding="utf-8"))


def install(name: str, settings: dict[str, Any]) -> None:
    """Makes the environment, where it does not hold what the settings ask for already."""
    mark, wanted = HOME / name / "installed.json", json.dumps(settings)
    if mark.exists() and mark.read_text(encoding="utf-8") == wanted:
        return
    print(f"installing {name} in {HOME / name}", flush=True)
    venv.create(HOME / name, symlinks=True, with_pip=True)
    pip = [python_of(name), "-m", "pip", "install", "--quiet"]
    if settings["torch"]:  # first: peers left to themselves bring one with gigabytes for GPUs
        subprocess.run([*pip, "-r", str(CONSTRAINTS)], check=True)
        pip += ["-c", str(CONSTRAINTS)]
    subprocess.run([*pip, *settings["packages"]], check=True)
    mark.write_text(wanted, encoding="utf-8")
