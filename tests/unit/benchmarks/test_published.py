"""The programs of published results compile, their data are those that were published."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVC

import qmlc
from benchmarks.published import GRID, KEPT, PAGE, PROGRAMS, put_table, read_works
from benchmarks.published_data import MAKERS
from benchmarks.published_sets import (
    bars_and_stripes,
    hidden_manifold,
    hyperplanes,
    two_curves,
)

WORKS = read_works()
ENCODER = Path(__file__).parents[2] / "spec" / "models" / "minilm"


def shapes(name):
    """Of an example: MNIST's images are in a row."""
    return {"bars_and_stripes": (1, 4, 4), "iris": (4,), "moons": (2,)}.get(
        name, (784,) if name.startswith("digits") else (10,)
    )


@pytest.mark.parametrize("name", sorted({work["program"] for work in WORKS.values()}))
def test_every_program_compiles(name, tmp_path):
    if not (PROGRAMS / f"{name}.hqm").exists():
        assert "missing" in WORKS[name]
        return
    program = Path(shutil.copy(PROGRAMS / f"{name}.hqm", tmp_path))
    shutil.copytree(ENCODER, tmp_path / "minilm")
    np.savez(tmp_path / "train.npz", inputs=np.zeros((6, *shapes(name))), label=np.arange(6) % 2)
    np.savez(tmp_path / "market.npz", mu=np.zeros((1, 5)), sigma=np.zeros((1, 5, 5)))
    loaded = qmlc.load(program)
    assert len(loaded.program.trainings) == 1


def test_every_program_is_of_a_work():
    programs = {work["program"] for work in WORKS.values() if "missing" not in work}
    assert programs == {path.stem for path in PROGRAMS.glob("*.hqm")}
    assert {work["data"] for work in WORKS.values() if "missing" not in work} == set(MAKERS)


PUBLISHED = [
    (two_curves, ("2d", 0.9000), ("3d", 0.9167)),
    (hidden_manifold, ("2d", 0.7000), ("3d", 0.5833)),
    (hyperplanes, ("2n", 0.9333), ("3n", 0.9833)),
]
"""The accuracy of SVC in the results that Bowles, Ahmed and Schuld published."""


@pytest.mark.parametrize(("draw", "first", "second"), PUBLISHED)
def test_a_known_machine_scores_what_was_published(draw, first, second):
    for (name, split), wanted in zip(draw(3), (first, second), strict=True):
        assert split.train.inputs.shape[0] == 240 and split.test.inputs.shape[0] == 60
        labels = np.concatenate([split.train.label, split.test.label])
        assert labels.sum() == 150 and set(labels) == {0, 1}
        machine = GridSearchCV(SVC(), GRID, cv=5).fit(*split.train)
        assert (name, round(machine.score(*split.test), 4)) == wanted


def test_lines_of_images_run_along_their_class():
    (name, split), *_ = bars_and_stripes((8,))
    assert name == "8x8" and split.train.inputs.shape == (1000, 1, 8, 8)
    means = [np.sign(split.train.inputs[:, 0].mean(axis)) for axis in (1, 2)]
    for label, mean in enumerate(means):
        images = split.train.inputs[split.train.label == label, 0]
        lines = mean[split.train.label == label]
        lines = lines[:, :, None] if label else lines[:, None, :]
        assert (images - lines).std() == pytest.approx(0.5, abs=0.02)


def test_the_table_is_of_the_scores_that_were_kept():
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    assert kept.keys() <= WORKS.keys()
    page = PAGE.read_text(encoding="utf-8")
    assert put_table(page, WORKS, kept) == page
