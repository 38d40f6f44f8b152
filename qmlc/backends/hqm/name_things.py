"""Names of the language for names from elsewhere."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container

from qmlc.ops.gates import ALIASES, GATES
from qmlc.syntax.lay_out import ANYWHERE, STATEMENTS
from qmlc.types.polynomial import FUNCTIONS

RESULTS = "expval variance probs state purity entropy counts sample".split()

SAID = frozenset([*ANYWHERE, *FUNCTIONS, *RESULTS]) | frozenset(
    "measure evolve prepare reset barrier delay gphase ctrl negctrl inv pow on to range chain ring"
    " X Y Z I pi tau inf time real int complex s ms us ns".split()
)
"""Words that printed programs say themselves, or that no name may be."""


class Names:
    """Gives out names, each once."""

    def __init__(self) -> None:
        self._taken = set(SAID)

    def new(self, name: str, besides: Container[str] = ()) -> str:
        """`name` in the letters of the language, with a number behind it where it is taken."""
        base = ascii_name(name)
        choice, count = base, 1
        while choice in self._taken or choice in besides:
            count += 1
            choice = f"{base}_{count}"
        self._taken.add(choice)
        return choice

    def gate(self, name: str) -> str:
        """A name for a gate: none of those that there are."""
        return self.new(name, {*GATES, *ALIASES, *STATEMENTS})


def ascii_name(name: str) -> str:
    """`name` as letters, digits and `_`: `θ` is `theta`."""
    letters = "".join(map(_letters, name))
    text = re.sub(r"\W+", "_", re.sub(r"^\W+|\W+$", "", letters)) or "_"
    return f"_{text}" if text[0].isdigit() else text


def _letters(letter: str) -> str:
    if letter.isascii():
        return letter
    found = re.match(r"GREEK (SMALL|CAPITAL) LETTER (\w+)$", unicodedata.name(letter, ""))
    if found:
        return found[2].lower() if found[1] == "SMALL" else found[2].capitalize()
    plain = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return plain or "_"
