"""Contracts over every error class: its code, its templates, its page, its pair."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from string import Formatter

import pytest

from qmlc.source.diagnostic import Diagnostic
from qmlc.testing.read_fences import read_fences

PAIRS = Path(__file__).parent.parent / "errors"

CHECKED = ("E01", "E02", "E03", "E04")
"""The phases of `check`. Later ones need a device, options or data: their programs are optional."""


@pytest.fixture(scope="module")
def errors() -> dict[str, type[Diagnostic]]:
    from qmlc.errors import all_errors

    return all_errors()


def subclasses(kind: type) -> Iterator[type]:
    for each in kind.__subclasses__():
        yield each
        yield from subclasses(each)


def test_every_error_is_in_the_catalogue_under_a_code_of_its_own(errors):
    # by name: a dataclass with slots leaves the class that it was made of behind
    classes = {
        (c.__module__, c.__qualname__): c.code
        for c in subclasses(Diagnostic)
        if c.__module__.startswith("qmlc.") and c.code
    }
    assert set(classes) == {(c.__module__, c.__qualname__) for c in errors.values()}
    assert [code for code, count in Counter(classes.values()).items() if count > 1] == []
    assert all(code == kind.code for code, kind in errors.items())


def test_codes_go_by_phase(errors):
    assert [code for code in errors if not re.fullmatch(r"E0[1-7]\d\d", code)] == []


def test_templates_name_facts(errors):
    wrong = []
    for code, kind in errors.items():
        facts = {field.name for field in fields(kind)}
        for template in (kind.message, kind.label, kind.help):
            named = {name for _, name, _, _ in Formatter().parse(template) if name is not None}
            wrong += [
                f"{code}: {name}" for name in named if re.split(r"[.\[]", name)[0] not in facts
            ]
    assert wrong == []
    assert [code for code, kind in errors.items() if not kind.title or not kind.message] == []


def test_pages_say_something(errors):
    bare = [
        code
        for code, kind in errors.items()
        if "__doc__" not in vars(kind) or not (kind.__doc__ or "").strip().partition("```")[0]
    ]
    assert bare == []


def test_the_first_program_of_a_page_fails_and_the_second_is_its_repair(errors):
    from qmlc.driver import check_text

    wrong = []
    for code, kind in errors.items():
        fences = read_fences(kind.__doc__ or "")
        if len(fences) < 2:
            wrong += [f"{code}: {len(fences)} fences"] if code.startswith(CHECKED) else []
            continue
        failing, repaired = (check_text(f.text, name=f"{code}.hqm") for f in fences[:2])
        if (found := {d.code for d in failing}) != {code}:
            wrong.append(f"{code}: the first program has {sorted(found)}")
        if repaired:
            wrong.append(f"{code}: the second program has {sorted(d.code for d in repaired)}")
    assert wrong == []


def test_every_code_has_a_pair(errors):
    pairs = {path.stem.partition("_")[0] for path in PAIRS.glob("*.hqm")}
    assert [code for code in errors if code.startswith(CHECKED) and code not in pairs] == []
    assert [code for code in sorted(pairs) if code not in errors] == []
