"""The models whose epochs are timed are programs; PennyLane's are held against them where timed."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.epoch_models import BODIES, SIZES, write_model
from benchmarks.epochs import write_rows
from qmlc.driver import check_file


@pytest.mark.parametrize("family", BODIES)
def test_models_are_right(family: str, tmp_path: Path) -> None:
    write_rows(tmp_path)
    for qubits in SIZES:
        path = tmp_path / "hybrid.hqm"
        path.write_text(write_model(family, qubits))
        assert not check_file(path)
