"""The exception that carries diagnostics out of the compiler."""

from __future__ import annotations

from qmlc.source.diagnostic import Diagnostic
from qmlc.source.render import render_human


class CompileError(Exception):
    """A program is wrong: carries its `diagnostics` and prints them."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__(diagnostics)
        self.diagnostics = diagnostics

    def __str__(self) -> str:
        return "\n" + "\n".join(render_human(d) for d in self.diagnostics)
