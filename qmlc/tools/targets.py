"""`qmlc targets`: the devices that are known."""

from __future__ import annotations

import typer


def targets() -> None:
    """List the known devices.

    A line each: the name for --target, how many qubits, the gates it runs, what it is.
    """
    from qmlc.targets.read_target import list_targets, read_target  # other verbs need none

    known = [read_target(name) for name in list_targets()]
    width = max(len(target.name) for target in known)
    gates = max(len(" ".join(target.basis)) for target in known)
    for target in known:
        basis = f"{' '.join(target.basis):<{gates}}"
        typer.echo(f"{target.name:<{width}}  {target.qubits:>4}  {basis}  {target.title}")
