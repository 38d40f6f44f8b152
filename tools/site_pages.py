"""A hook of mkdocs: the pages of the site that are kept elsewhere, or made from catalogues.

The reference of the language is `tests/spec/`, where its programs are tests; pages of errors,
gates and all else that has a name are those of `qmlc explain`. Links between files of the
repository become links between pages.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

from qmlc.reference.list_entries import KINDS, library_page, list_entries
from qmlc.syntax.list_library import list_library

ROOT = Path(__file__).parent.parent
KEPT = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "examples/README.md": "examples.md",
    "benchmarks/README.md": "benchmarks.md",
    "benchmarks/results.md": "results.md",
    "benchmarks/predictions.md": "predictions.md",
    "benchmarks/published.md": "published.md",
}
"""From files of the repository to pages."""
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)#:]+)(#[^)]*)?\)")


def on_files(files: Files, config: Any) -> Files:
    """Add pages to those of docs/."""
    for path, page in _kept_pages().items():
        text = (ROOT / path).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=text))
    for page, text in _made_pages():
        files.append(File.generated(config, page, content=text))
    return files


def on_config(config: Any) -> Any:
    """Fill the sections of the navigation that are given by a pattern."""
    pages = [*_kept_pages().values(), *(page for page, _ in _made_pages())]
    for section in config["nav"]:
        for title, value in section.items() if isinstance(section, dict) else ():
            if isinstance(value, str) and "*" in value:
                section[title] = fnmatch.filter(pages, value)
    return config


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Lead links of the repository to pages; what has no page is only named."""
    pages = {f"docs/{f.src_uri}": f.src_uri for f in files if f.src_uri} | _kept_pages()
    sources = {target: path for path, target in pages.items()}
    source = sources.get(page.file.src_uri)
    if source is None or page.file.src_uri.startswith(("library/", "reference/", "errors/")):
        return markdown

    def lead(link: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), link[2]))
        if path not in pages:
            return link[1]
        here = posixpath.dirname(page.file.src_uri)
        return f"[{link[1]}]({posixpath.relpath(pages[path], here or '.')}{link[3] or ''})"

    return LINK.sub(lead, markdown)


def _kept_pages() -> dict[str, str]:
    spec = sorted((ROOT / "tests" / "spec").glob("*.md"))
    return KEPT | {f"tests/spec/{path.name}": f"language/{path.name}" for path in spec}


def _made_pages() -> Iterator[tuple[str, str]]:
    """Each page and its text."""
    for module, entries in groupby(list_library(), lambda entry: entry.module):
        parts = (f"## {entry.name}\n\n{library_page(entry)}" for entry in entries)
        yield f"library/{module}.md", f"# std.{module}\n\n" + "\n\n".join(parts)
    for kind in KINDS:
        if kind not in ("error", "library"):
            parts = (f"## {entry.name}\n\n{entry.page}" for entry in list_entries(kind))
            title = kind.capitalize() + ("es" if kind.endswith("s") else "s")
            yield f"reference/{kind.replace(' ', '_')}.md", f"# {title}\n\n" + "\n\n".join(parts)
    rows = "".join(f"| [{e.name}]({e.name}.md) | {e.summary} |\n" for e in list_entries("error"))
    yield "errors/index.md", f"# All errors\n\n| code | what it is |\n|---|---|\n{rows}"
    for entry in list_entries("error"):
        yield f"errors/{entry.name}.md", f"# {entry.name}: {entry.summary}\n\n{entry.page}"
