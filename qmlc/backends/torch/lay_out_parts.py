"""Where a module keeps its parts and parameters, how they are made, and how each is reached."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qmlc.backends.torch.identifiers import MODULE_ATTRIBUTES, Identifiers, setting_name
from qmlc.ir.program import Submodule, Unit

Access = Mapping[str, str]
"""The expression that reaches the part or parameter at a path: `self.block[0]`."""
Make = Callable[[Access], str]
"""The expression that makes a part, which may reach others."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How parts are made (`self.linear = nn.Linear(4, 3)`), and how each path is reached."""

    assignments: tuple[str, ...]
    access: Access


def lay_out(
    parts: Sequence[tuple[str, Make]],
    attributes: Identifiers,
    kind: str,
    given: frozenset[str] = frozenset(),
) -> Layout:
    """The attributes for paths such as `linear` and `block.0`: lists where the paths go on.

    What is `given` to the constructor is made there only where it is given as a text.
    """
    tree: dict[str, Any] = {}
    for path, make in parts:
        *parents, leaf = path.split(".")
        place = tree
        for parent in parents:
            place = place.setdefault(parent, {})
        place[leaf] = make
    held = {name: attributes.new(f"part{name}" if name.startswith("_") else name) for name in tree}
    access = {
        path: text
        for name, part in tree.items()
        for path, text in _reach(name, f"self.{held[name]}", part)
    }
    assignments = []
    for name, part in tree.items():
        text = container(part, kind, access)
        if name in given:
            argument = setting_name(name)
            text = f"{text} if isinstance({argument}, str) else {argument}"
        assignments.append(f"self.{held[name]} = {text}")
    return Layout(tuple(assignments), access)


def module_paths(unit: Unit) -> dict[str, str]:
    """Where the module holds each part and parameter of a unit: `half_` for `half`.

    Names that torch's modules use themselves are the author's all the same.
    """
    if unit.graph is None:
        return {p.name: p.name for p in unit.parameters}
    own, parts = _access(unit)
    return {
        path: re.sub(r"\['?(.*?)'?\]", r".\1", text.removeprefix("self."))
        for path, text in {**own, **parts}.items()
    }


def reach_inside(unit: Unit, units: Mapping[str, Unit]) -> tuple[Access, Access]:
    """How the parameters and the parts of a unit are reached, and those of all units in it."""
    own, parts = map(dict, _access(unit))
    for part in unit.submodules:
        inner = units.get(part.target) if part.is_unit else None
        if inner is not None and inner.graph is not None:
            for known, found in zip((own, parts), reach_inside(inner, units), strict=True):
                known |= {
                    f"{part.path}.{path}": parts[part.path] + text.removeprefix("self")
                    for path, text in found.items()
                }
    return own, parts


def print_list(paths: Sequence[str], access: Access) -> str:
    """Parts as a list: `self.block` where they are all of one, else `[self.a, self.b]`."""
    texts = [access[path] for path in paths]
    whole = texts[0].removesuffix("[0]")
    held = [text for text in access.values() if text.startswith(f"{whole}[")]
    return whole if whole != texts[0] and held == texts else f"[{', '.join(texts)}]"


def _access(unit: Unit) -> tuple[Access, Access]:
    """How the parameters and the parts of a unit are reached."""
    attributes = Identifiers(MODULE_ATTRIBUTES)
    own = lay_out([(p.name, _nothing) for p in unit.parameters], attributes, "Parameter")
    parts = lay_out([(s.path, _nothing) for s in in_order(unit)], attributes, "Module")
    return own.access, parts.access


def _nothing(access: Access) -> str:
    return ""


def in_order(unit: Unit) -> tuple[Submodule, ...]:
    """The parts of a unit, each attribute behind those that it is handed."""
    groups: dict[str, list[Submodule]] = {}
    for part in unit.submodules:
        groups.setdefault(_head(part.path), []).append(part)
    order: dict[str, None] = {}
    open_: set[str] = set()

    def place(head: str) -> None:
        open_.add(head)
        for part in groups[head]:
            for path in part.parts():
                if _head(path) not in open_:
                    place(_head(path))
        order[head] = None

    for head in groups:
        if head not in open_:
            place(head)
    return tuple(part for head in order for part in groups[head])


def _head(path: str) -> str:
    return path.partition(".")[0]


def container(part: Any, kind: str, access: Access) -> str:
    """A part, or a list (where the numbers have gaps, a dictionary) of parts, as an expression."""
    if callable(part):
        return str(part(access))
    inner = [container(p, kind, access) for p in part.values()]
    if not _numbered(part):
        items = ", ".join(f"{key!r}: {text}" for key, text in zip(part, inner, strict=True))
        return f"nn.{kind}Dict({{{items}}})"
    if len(inner) > 1 and len(set(inner)) == 1:
        return f"nn.{kind}List({inner[0]} for _ in range({len(inner)}))"
    return f"nn.{kind}List([{', '.join(inner)}])"


def _numbered(part: Mapping[str, Any]) -> bool:
    return list(part) == [str(i) for i in range(len(part))]


def _reach(path: str, text: str, part: Any) -> Iterator[tuple[str, str]]:
    if callable(part):
        yield path, text
        return
    for key, inner in part.items():
        subscript = key if _numbered(part) else repr(key)
        yield from _reach(f"{path}.{key}", f"{text}[{subscript}]", inner)
