"""Where the grammar and the library are found."""

from __future__ import annotations

import pytest

from qmlc import resources


@pytest.fixture(params=["installed", "source tree"])
def tree(request, tmp_path, monkeypatch):
    """A package whose files lie inside it, as in a wheel, or beside it."""
    package = tmp_path / "qmlc"
    root = package if request.param == "installed" else tmp_path
    for name, text in {
        "qmlc/__init__.py": "",
        f"{root}/grammar/hqm.lark": "start: NAME",
        f"{root}/stdlib/ansatz.hqm": "# an ansatz",
        f"{root}/stdlib/rules/gates.hqm": "# a rule",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(resources, "_PACKAGE", package)
    resources._folder.cache_clear()
    yield
    resources._folder.cache_clear()


@pytest.mark.usefixtures("tree")
def test_files_are_found():
    assert resources.grammar_text() == "start: NAME"
    assert resources.stdlib_names() == ("ansatz", "rules/gates")
    assert resources.stdlib_text("rules/gates") == "# a rule"
    assert resources.stdlib_path("ansatz").name == "ansatz.hqm"


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize("name", ["anzats", "../grammar/hqm.lark", "", "/etc/passwd"])
def test_nothing_else_is(name):
    with pytest.raises(KeyError):
        resources.stdlib_path(name)
