"""The page on a training says what there is to know, and stands alone."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest
from click.testing import CliRunner
from hybrid_iris import HYBRID, write_iris
from tensorboardX.proto.event_pb2 import Event

from qmlc.tools.main import qmlc

CLASSES = (
    HYBRID
    + """
train iris on flowers {
    loss = cross_entropy(iris(x), y)   # a < b & c
    metrics = [accuracy]
    epochs = 3
    holdout = 0.2
}
"""
)
NUMBERS = """
model width(x: real[B, 3]) -> real[B, 1] = x |> linear(1)

data flowers = csv("iris.csv") {
    x = standardize([a, b, c])
    y = [d]
}

train width on flowers {
    loss = mse(width(x), y)
    epochs = 3
}
"""
ENERGY = """
circuit energy() -> real {
    param w: real[2] ~ normal(0, 1)
    qubit q[2]
    ry(w[0]) q[0]
    ry(w[1]) q[1]
    return expval(Z(q[0]) * Z(q[1]))
}

train energy {
    loss = energy()
    steps = 5
}
"""
KERNEL = """
kernel near(x: real[4]) {
    qubit q[4]
    for i in range(4) { ry(x[i]) q[i] }
}

data flowers = csv("iris.csv") {
    x = standardize([a, b, c, d])
    y = category(species)
}

train svm(kernel=near, C=1.0) on flowers {
    inputs = x
    target = y
    metrics = [accuracy]
}
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    write_iris(tmp_path)

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(qmlc, arguments)
        assert result.exit_code == 0, result.output
        return result.output

    return run


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        (CLASSES, ["Curves", "Confusion", "Calibration"]),
        (NUMBERS, ["Curves", "Fit"]),
        (ENERGY, ["Curves"]),
        (KERNEL, ["Confusion"]),
    ],
    ids=["classes", "numbers", "no data", "machine"],
)
def test_the_page(run, text, titles):
    Path("p.hqm").write_text(text)
    seed = [] if text is KERNEL else ["--seed", "3"]
    run("train", "p.hqm", "-q", "--folder", "out", *seed)
    assert run("report", "p.hqm", "--folder", "out") == "out/report.html\n"
    page = Path("out/report.html").read_text()
    assert re.findall(r'<figure role="img" aria-label="(\w+)"', page) == titles
    assert len(re.findall("<svg", page)) >= len(titles)
    assert not re.search(r'(?:src|href)="(?!#|data:)', page)
    assert ("a &lt; b &amp; c" in page) == (text is CLASSES)
    assert ("Circuit turns" in page) == (text is CLASSES)
    assert " ".join(["qmlc train p.hqm --folder out", *seed]) + "\n" in page
    assert ("Curves" in titles) == Path("out/curves.png").is_file()
    assert ("gradient by" in page) == (text is CLASSES or text is ENERGY)
    assert "s of training, since it was last started" in page
    if text is CLASSES:  # 3 epochs of 4 steps of 32 rows at most
        assert "<th>circuit turns</th><td>1 a row, 384 to learn from" in page
    if text is ENERGY:
        assert "1 a step, 5 to learn from" in page and "25, where each of 2 angles" in page


def test_without_a_training(run):
    Path("p.hqm").write_text(CLASSES)
    result = CliRunner().invoke(qmlc, ["report", "p.hqm", "--folder", "out"])
    assert result.exit_code == 1 and "train the model first" in result.output


def test_the_log_of_tensorboard(run):
    Path("p.hqm").write_text(CLASSES)
    run("train", "p.hqm", "-q", "--folder", "out", "--tensorboard")
    (file,) = Path("out/tensorboard").iterdir()
    found = {(value.tag, event.step) for event in events(file) for value in event.summary.value}
    tags = {"learning/loss", "held-out/loss", "held-out/accuracy"}
    assert found == {(tag, epoch) for tag in tags for epoch in (1, 2, 3)}


def events(file: Path):
    """The records of TensorFlow's format: length, checksum, bytes, checksum."""
    data, place = file.read_bytes(), 0
    while place < len(data):
        (length,) = struct.unpack_from("<Q", data, place)
        yield Event.FromString(data[place + 12 : place + 12 + length])
        place += length + 16
