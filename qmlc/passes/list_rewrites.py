"""What the optimiser does, entry by entry: for `qmlc explain` and docs/optimisation.md."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import dedent

from qmlc.passes.library_rules import MODULES
from qmlc.passes.pipeline import PIPELINE
from qmlc.resources import stdlib_text
from qmlc.source.span import Source
from qmlc.syntax import tree
from qmlc.syntax.parse import parse


@dataclass(frozen=True, slots=True)
class Rewriting:
    """A pass (`module` is `passes`, and nothing stands before and after) or a rule."""

    name: str
    module: str
    doc: str
    before: str = ""
    after: str = ""


def list_rewrites() -> tuple[Rewriting, ...]:
    """The passes in the order in which they run, then the library's rules."""
    passes = [Rewriting(p.name, "passes", f"{p.doc} From level {p.level}.") for p in PIPELINE]
    return (*passes, *(entry for module in MODULES for entry in _rules(module)))


def _rules(module: str) -> Iterator[Rewriting]:
    source = Source(f"std/rules/{module}.hqm", stdlib_text(f"rules/{module}"))
    file, _ = parse(source)
    for rule in file.declarations:
        if isinstance(rule, tree.Rewrite):
            before, after = _text(rule.before), _text(rule.after)
            yield Rewriting(rule.name.name, f"std.rules.{module}", rule.doc, before, after)


def _text(body: tree.Body) -> str:
    """A side as written; a block without its braces."""
    text = body.span.text
    if isinstance(body, tree.Block):
        text = dedent(text.strip().removeprefix("{").removesuffix("}").strip("\n")).strip()
    return text
