"""`qmlc verify`: whether two files of OpenQASM do the same."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from qmlc.tools.options import READABLE

DIFFERENT, UNDECIDED = 1, 2


@click.command()
@click.argument("first", metavar="A.qasm", type=READABLE)
@click.argument("second", metavar="B.qasm", type=READABLE)
@click.option("--full", is_flag=True, help="However long it takes; else a moment.")
def verify(first: Path, second: Path, full: bool) -> None:
    """Find out whether two files of OpenQASM 2 or 3 do the same.

    Inputs are matched by their names. The status is 0 if the files are equal, 1 if they differ, and
    2 if that was not found out.
    """
    # it imports qiskit, which takes seconds and which other verbs do not need
    from qmlc.verify.compare_texts import compare_texts
    from qmlc.verify.verdict import Certificate, Difference

    left, right = (p.read_text(encoding="utf-8", errors="replace") for p in (first, second))
    verdict = compare_texts(left, right, "full" if full else "auto")
    match verdict:
        case Certificate():
            click.echo(str(verdict))
        case Difference():
            click.echo(f"different: {verdict}")
            sys.exit(DIFFERENT)
        case _:
            click.echo(f"undecided: {verdict}")
            sys.exit(UNDECIDED)
