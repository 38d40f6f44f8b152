"""`qmlc targets`: the devices that are known."""

from __future__ import annotations

import click


@click.command()
def targets() -> None:
    """List the known devices.

    A line each: the name for --target, its size, what it is, the gates it runs.
    """
    from qmlc.targets.read_target import list_targets, read_target  # other verbs need none

    known = [read_target(name) for name in list_targets()]
    width = max(len(target.name) for target in known)
    titles = max(len(target.title) for target in known)
    for target in known:
        gates = " ".join(target.basis)
        size = f"{target.qubits:>4} qubits"
        click.echo(f"{target.name:<{width}}  {size}  {target.title:<{titles}}  {gates}")
