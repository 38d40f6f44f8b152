from __future__ import annotations

import pytest
from safetensors.torch import load_file
from torch import nn

from qmlc.training.write_files import replace_file, write_text, write_weights


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = write_text(tmp_path / "deep" / "a.txt", "old")

    def fail(file):
        file.write_text("half of the n")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace_file(path, fail)
    assert path.read_text() == "old"
    assert [p.name for p in path.parent.iterdir()] == ["a.txt"]


def test_tied_weights_are_written_under_all_their_names(tmp_path):
    module = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    module[1].weight = module[0].weight
    loaded = load_file(write_weights(tmp_path / "w.safetensors", module))
    module.load_state_dict(loaded)
    assert loaded["0.weight"].equal(loaded["1.weight"])
