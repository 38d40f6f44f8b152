"""`qmlc targets`: the devices that are known."""

from __future__ import annotations

import typer


def targets() -> None:
    """List the known devices."""
    from qmlc.targets.load_target import list_targets  # not before it is needed

    for target in list_targets():
        typer.echo(target)
