"""Where models lie: beside the program, or in the cache that `huggingface_hub` keeps."""

from __future__ import annotations

import pytest

from qmlc.ops.find_pretrained import NotFound, find_pretrained

OLD, NEW = "a" * 40, "b" * 40


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    stored = tmp_path / "hub" / "models--some--model"
    for commit in (OLD, NEW):
        (stored / "snapshots" / commit).mkdir(parents=True)
    (stored / "refs").mkdir()
    (stored / "refs" / "main").write_text(NEW)
    (stored / "refs" / "v1").write_text(OLD)
    return stored / "snapshots"


def test_a_name_of_the_hub_means_what_was_downloaded(cache, tmp_path):
    assert find_pretrained("some/model", [tmp_path]) == cache / NEW
    assert find_pretrained("some/model@v1", [tmp_path]) == cache / OLD
    assert find_pretrained(f"some/model@{OLD}", [tmp_path]) == cache / OLD
    (tmp_path / "some/model").mkdir(parents=True)
    assert find_pretrained("some/model", [tmp_path]) == tmp_path / "some/model"


@pytest.mark.parametrize(
    "path, help",
    [
        ("some/other", "`hf download some/other`"),
        ("some/model@v2", "`hf download some/model --revision v2`"),
        (f"some/model@{'c' * 40}", "--revision"),
        ("some/model@../../v1", "relative to the program"),
        ("./here", "relative to the program"),
    ],
)
def test_what_is_not_there_is_fetched_by_hand(cache, tmp_path, path, help):
    with pytest.raises(NotFound) as found:
        find_pretrained(path, [tmp_path])
    assert help in found.value.proposal
    assert ("download" in found.value.proposal) == ("download" in help or "revision" in help)
