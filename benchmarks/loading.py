"""Pretrained models loaded by a program, beside `transformers` itself.

`python -m benchmarks.loading FOLDER …` writes loading.md: for folders of Hugging Face, and for
a random BERT-base.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import AutoModel, BertConfig, BertModel

import qmlc
from benchmarks.take_turns import Times, take_turns

PAGE = Path(__file__).parent / "loading.md"
TUNINGS = ("frozen", "full", "last(1)")
PROCESSES = 2
TEXT = """use std.pretrained (huggingface)

model m(tokens: int[B, T], mask: bool[B, T]) -> real[B, T, {width}] =
    huggingface("{folder}", tune={tune})(tokens, mask).last_hidden_state
"""
THEIRS = "import torch; from transformers import AutoModel; "
THEIRS += "AutoModel.from_pretrained({folder!r}, dtype=torch.float32, local_files_only=True)"

INTRODUCTION = f"""# Loading pretrained models

Milliseconds of the processor, the sides in turns, one thread; torch {torch.__version__},
transformers {transformers.__version__}. Made by `python -m benchmarks.loading FOLDER …`.

* *transformers* is `AutoModel.from_pretrained` of the folder; each `tune` is the module of a
  compiled program that has the model, made anew.
* A *process* starts Python, imports what it needs and loads the first model once, frozen: from the
  Python that `qmlc compile` wrote, or by `qmlc.load`, which imports the compiler and compiles."""


def main() -> None:
    """Measure, and write the page."""
    torch.set_num_threads(1)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as home:
        random = Path(home) / "random_bert_base"
        BertModel(BertConfig()).save_pretrained(random)
        folders = [*(Path(folder).absolute() for folder in sys.argv[1:]), random]
        lines = [line for folder in folders for line in measure(folder, Path(home))]
        lines += rows("processes", take_turns_of_processes(folders[0], Path(home)))
    header = "| model | | least | median | over transformers |\n|---|---|---|---|---|"
    PAGE.write_text("\n".join([INTRODUCTION, "", header, *lines]) + "\n", encoding="utf-8")


def measure(folder: Path, home: Path) -> list[str]:
    """The rows of the table for a model."""

    def theirs() -> Any:
        return AutoModel.from_pretrained(folder, dtype=torch.float32, local_files_only=True)

    model = theirs()
    count = sum(p.numel() for p in model.parameters()) / 1e6
    ways = {"transformers": theirs}
    for tune in TUNINGS:
        ways[f"`{tune}`"] = qmlc.load(write(folder, home, tune)).m
    name = f"{model.config.model_type}, {count:.1f} million parameters"
    del model
    return rows(name, take_turns(ways, limit=14.0, least=20))


def write(folder: Path, home: Path, tune: str) -> Path:
    """A program that has the model in a folder."""
    width = json.loads((folder / "config.json").read_text(encoding="utf-8"))["hidden_size"]
    path = home / f"{tune.partition('(')[0]}.hqm"
    path.write_text(TEXT.format(width=width, folder=folder, tune=tune), encoding="utf-8")
    return path


def rows(name: str, times: dict[str, Times]) -> list[str]:
    """A row a side, with its least time and its median over those of `transformers`."""
    base = times["transformers"]
    return [
        f"| {name if side == 'transformers' else ''} | {side} | {least:.1f} | {median:.1f} | "
        + ("|" if side == "transformers" else f"{over(least, base[0])}, {over(median, base[1])} |")
        for side, (least, median) in times.items()
    ]


def over(time: float, base: float) -> str:
    """By how much a time is longer."""
    return f"{100 * (time / base - 1):+.1f} %"


def take_turns_of_processes(folder: Path, home: Path) -> dict[str, Times]:
    """The times of loading a model in processes of their own, with all that these start."""
    program = write(folder, home, "frozen")
    (home / "compiled.py").write_text(qmlc.load(program).python, encoding="utf-8")
    sides = {
        "transformers": THEIRS.format(folder=str(folder)),
        "compiled before": "import compiled; compiled.M()",
        "compiled in it": f"import qmlc; qmlc.load({str(program)!r}).m()",
    }
    quiet = {"OMP_NUM_THREADS": "1", "TRANSFORMERS_VERBOSITY": "error"}
    where = os.pathsep.join((str(Path(__file__).parent.parent), str(home)))
    environment = {**os.environ, **quiet, "PYTHONPATH": where}
    found: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(PROCESSES):
        for name, text in sides.items():
            before = spent()
            subprocess.run([sys.executable, "-c", text], check=True, env=environment)
            found[name].append(1000 * (spent() - before))
    return {name: (min(times), statistics.median(times)) for name, times in found.items()}


def spent() -> float:
    """Seconds of the processor that processes started here have taken."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
