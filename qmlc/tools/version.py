"""`qmlc version`: of the compiler and of what it stands on."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed

import click

PACKAGES = ("torch", "qiskit", "qiskit-ibm-runtime", "numpy", "lark", "networkx")


@click.command()
@click.option("--verbose", "-v", is_flag=True, help="Also Python and packages.")
def version(verbose: bool) -> None:
    """Print the version of qmlc.

    With --verbose, also those of Python and of the main packages.
    """
    click.echo(f"qmlc {installed_version('qmlc')}")
    if verbose:
        click.echo(f"python {platform.python_version()} on {platform.platform(terse=True)}")
        for package in PACKAGES:
            click.echo(f"{package} {installed_version(package)}")


def installed_version(package: str) -> str:
    """The version from the package's metadata, without importing it."""
    try:
        return installed(package)
    except PackageNotFoundError:
        return "not installed"
