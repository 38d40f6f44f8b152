"""What is wrong with a program: a code, a sentence, every place involved, and a proposal."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar

from qmlc.source.span import Span


@dataclass(frozen=True, slots=True)
class Label:
    """A further place and what is there."""

    span: Span
    text: str


@dataclass(frozen=True)
class Diagnostic:
    """The base of all errors: templates as class fields, facts as dataclass fields.

    A subclass's docstring is its `explain` page; the page's first fence is a program that fails
    with exactly this error, the second its repair. Templates may name any field.
    """

    code: ClassVar[str] = ""
    title: ClassVar[str] = ""
    """What the error is called, in the list of errors."""
    message: ClassVar[str] = ""
    """One line that says what is."""
    label: ClassVar[str] = ""
    """What to say under the primary place."""
    help: ClassVar[str] = ""
    """A proposal; left out where it formats to an empty text."""
    severity: ClassVar[str] = "error"

    at: Span
    related: tuple[Label, ...] = ()

    def _fill(self, template: str) -> str:
        facts = {f.name: getattr(self, f.name) for f in fields(self)}
        return template.format(**facts)

    @property
    def message_text(self) -> str:
        """The message with its facts."""
        return self._fill(self.message)

    @property
    def label_text(self) -> str:
        """The text under the primary place."""
        return self._fill(self.label)

    @property
    def help_text(self) -> str:
        """The proposal, or an empty text."""
        return self._fill(self.help)


@dataclass(frozen=True)
class Problem(Diagnostic):
    """The base of errors whose sentence depends on what stood there: the facts are the texts."""

    message: ClassVar[str] = "{what}"
    label: ClassVar[str] = "{where}"
    help: ClassVar[str] = "{proposal}"

    what: str = ""
    where: str = ""
    proposal: str = ""
