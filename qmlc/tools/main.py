"""The command line: its verbs, and what a status means.

0: done; 1: the program, or its data, is wrong; 2: the command is; 70: a bug in the compiler.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import traceback

import click

from qmlc.tools.check import check
from qmlc.tools.compile import compile_program
from qmlc.tools.diagnose import diagnose
from qmlc.tools.eval import evaluate
from qmlc.tools.explain import explain
from qmlc.tools.explain_plan import explain_plan, measure_host
from qmlc.tools.fmt import format_programs
from qmlc.tools.import_ import import_openqasm
from qmlc.tools.predict import predict
from qmlc.tools.report import report
from qmlc.tools.report_errors import WRONG_PROGRAM
from qmlc.tools.targets import targets
from qmlc.tools.train import train
from qmlc.tools.tune import tune
from qmlc.tools.verify import verify
from qmlc.tools.version import installed_version, version

OUR_BUG = 70

VERBS = (
    check, format_programs, compile_program, import_openqasm, verify, train, tune, evaluate,
    predict, report, diagnose, explain, explain_plan, measure_host, targets, version,
)  # fmt: skip


class Verbs(click.Group):
    """The verbs in the order in which they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return list(self.commands)


@click.group(
    "qmlc",
    cls=Verbs,
    commands=VERBS,
    context_settings={"max_content_width": 100, "help_option_names": ["-h", "--help"]},
)
@click.version_option(installed_version("qmlc"), message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of a bug in qmlc.")
def qmlc(debug: bool) -> None:
    """Compile hybrid quantum-classical models (.hqm) to PyTorch and OpenQASM."""


def main() -> None:
    """Run the command line and exit; no exception leaves it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal may know ASCII only
    try:
        qmlc(prog_name="qmlc")
    except ModuleNotFoundError as missing:
        if (missing.name or "qmlc").partition(".")[0] == "qmlc":
            _report_bug(missing)
        _fail(f"this needs the Python package {missing.name}: pip install {missing.name}")
    except OSError as refused:
        _fail(str(refused))
    except Exception as bug:
        _report_bug(bug)


def _fail(message: str) -> None:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(WRONG_PROGRAM)


def _report_bug(bug: Exception) -> None:
    if "--debug" in sys.argv:
        traceback.print_exception(bug)
    else:
        handle, path = tempfile.mkstemp(prefix="qmlc_bug_", suffix=".txt", text=True)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            print(f"qmlc {installed_version('qmlc')}, Python {sys.version}", file=file)
            print(f"arguments: {sys.argv[1:]}\n", file=file)
            traceback.print_exception(bug, file=file)
        headline = traceback.format_exception_only(bug)[-1].strip()
        print(f"this is a bug in qmlc, not in your program: {headline}", file=sys.stderr)
        print(f"please report it with the program and with {path}", file=sys.stderr)
    sys.exit(OUR_BUG)


if __name__ == "__main__":
    main()
