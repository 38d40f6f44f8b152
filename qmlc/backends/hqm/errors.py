"""What the language has no words for."""

from __future__ import annotations


class NotPrintable(ValueError):
    """A circuit that no program says; `proposal` says what would help."""

    def __init__(self, message: str, proposal: str = "") -> None:
        super().__init__(f"{message}; {proposal}" if proposal else message)
        self.message, self.proposal = message, proposal
