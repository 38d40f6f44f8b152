"""Write `corpus.txt` and `sentences.csv` from the documentation that Python brings along.

The corpus holds pages of the language reference, a sentence a line; the table holds sentences of
other pages and of the doc strings of the library, each with where it is from.
"""

from __future__ import annotations

import csv
import importlib
import re
import sys
from pathlib import Path
from pydoc_data.topics import topics

HERE = Path(__file__).parent
PAGES, LONGEST, EACH = 60, 14, 250
"""Pages of the corpus, sentences of a page, rows of the table for each label."""


def sentences(text: str) -> list[str]:
    """The sentences of running text in it, without lists, code and tables."""
    found = []
    for paragraph in re.split(r"\n\s*\n", text):
        lines = paragraph.splitlines()
        indented = any(line.startswith("   ") for line in lines)
        if indented or re.search(r"::=|\*\*\*|---|>>>", paragraph):
            continue
        words = " ".join(" ".join(lines).replace("*", "").split())
        parts = re.split(r"(?<=[.?!]) (?=[A-Z])", words)
        found += [part for part in parts if 5 <= len(part.split()) <= 40 and part.isascii()]
    return found


def doc_strings() -> list[str]:
    """The sentences of what modules of the library say of their functions and classes."""
    texts = []
    for name in sorted(n for n in sys.stdlib_module_names if n[0] not in "_ait"):
        try:
            members = vars(importlib.import_module(name)).values()
        except ImportError:
            continue
        own = [m for m in members if getattr(m, "__module__", None) == name]
        texts += [m.__doc__ for m in own if isinstance(m.__doc__, str)]
    return [s for text in texts for s in sentences(re.sub(r"(?m)^ +", "", text))]


def main() -> None:
    """Write both files; a sentence that comes again is left out."""
    seen: set[str] = set()
    pages = [[s for s in sentences(t) if not (s in seen or seen.add(s))] for t in topics.values()]
    pages = [page for page in pages if len(page) >= 4]
    kept = [page[:LONGEST] for page in pages[:PAGES]]
    (HERE / "corpus.txt").write_text("\n\n".join("\n".join(page) for page in kept) + "\n")
    reference = [s for page in pages for s in page[LONGEST:]] + [
        s for p in pages[PAGES:] for s in p
    ]
    library = [s for s in doc_strings() if not (s in seen or seen.add(s))]
    with (HERE / "sentences.csv").open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["text", "source"])
        for label, rows in (("reference", reference), ("library", library)):
            step = len(rows) / EACH
            table.writerows([rows[int(i * step)], label] for i in range(EACH))


if __name__ == "__main__":
    main()
