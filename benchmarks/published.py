"""Published results beside ours: `python -m benchmarks.published [WORK ...]`.

Each work has a program in `published/`, which is trained over its data beside its classical twin as
`qmlc train PROGRAM --ablate 5` does. Scores are kept in `published.json`, by work, so that they can
be measured one at a time; the table in `published.md` is of all that are kept.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tomllib
from collections.abc import Iterable, Mapping
from itertools import combinations
from math import sqrt
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
import torch
from scipy.stats import t
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVC

from benchmarks.published_data import HOME, MissingDataError, find_sets
from qmlc.train_program import train_program
from qmlc.training.make_twins import TWINS
from qmlc.training.read_options import TrainOptions

HERE = Path(__file__).parent
PROGRAMS, KEPT, PAGE = HERE / "published", HERE / "published.json", HERE / "published.md"
SEEDS = 5
"""As many as the means of Bowles et al. are of."""
CONFIDENCE = 0.95
START, END = "<!-- table: made by python -m benchmarks.published -->", "<!-- end of table -->"
HEAD = """\
| program | work | task | published | ours | classical twin | without entanglement | \
published, classical | seconds | sets |
|---|---|---|---|---|---|---|---|---|---|"""
GRID = {"gamma": [0.001, 0.01, 0.1, 1], "C": [0.1, 1, 10, 100]}
"""That of Bowles et al. for support-vector machines."""

Work = Mapping[str, Any]
Scores = dict[str, list[float]]
"""A score for each seed, by model: `as written`, its twins, a baseline."""


def read_works() -> dict[str, Work]:
    """All works, by name, with what they leave unsaid."""
    works = tomllib.loads((PROGRAMS / "works.toml").read_text(encoding="utf-8"))
    usual = {"score": "accuracy", "runs": "twins", "settings": {}, "classical": ""}
    return {name: usual | {"program": name, "data": name} | work for name, work in works.items()}


def measure_work(name: str, work: Work) -> dict[str, Any]:
    """The scores of a work, means over its sets, and the seconds of a training."""
    found: dict[str, Scores] = {}
    seconds = []
    for folder in find_sets(work["data"]):
        scores, took = _measure_set(folder, name, work)
        if work.get("baseline") == "SVC":
            scores["SVC"] = [_score_machine(folder)]
        print(name, folder.name, {model: mean(s) for model, s in scores.items()}, flush=True)
        found[folder.name], seconds = scores, [*seconds, took]
    columns = {model: [scores[model] for scores in found.values()] for model in scores}
    means = {
        model: [round(mean(seed), 4) for seed in zip(*columns[model], strict=True)]
        for model in columns
    }
    return {"sets": len(found), "seconds": round(mean(seconds), 1), "scores": means}


def _measure_set(folder: Path, name: str, work: Work) -> tuple[Scores, float]:
    """The scores of all models on one set, and the seconds that the first training took."""
    program = folder / f"{work['program']}.hqm"
    shutil.copyfile(PROGRAMS / program.name, program)
    runs = HOME / "runs" / name / folder.name
    options = {"quiet": True, "settings": work["settings"]}
    if work["runs"] == "twins":
        trained = _train(program, folder=runs, ablate=SEEDS, **options)
        names = ["as written", *TWINS]
        parts = {n: [runs / "ablation" / n.replace(" ", "_") / f"seed_{i}" for i in range(SEEDS)]
                 for n in names}  # fmt: skip
    else:
        count = SEEDS if work["runs"] == "seeds" else 1
        parts = {"as written": [runs / f"seed_{i}" for i in range(count)]}
        for seed, part in enumerate(parts["as written"]):
            trained = _train(program, folder=part, seed=seed, **options)
    scores = {
        model: [_score(json.loads((run / "metrics.json").read_text()), folder, work) for run in own]
        for model, own in parts.items()
    }
    return scores, trained.seconds


def _train(program: Path, **options: Any) -> Any:
    """What came of the one training of a program."""
    return next(iter(train_program(program, TrainOptions(**options)).values()))


def _score(measured: Mapping[str, Any], folder: Path, work: Work) -> float:
    """What is compared of a run: on the test rows, if there are some."""
    split = measured.get("test", measured["training"])
    if work["score"] == "ratio":
        least, greatest = _bounds(folder)
        return float((greatest - split["loss"]) / (greatest - least))
    return float(split[work["score"]])


def _bounds(folder: Path, budget: int = 2, risk: float = 0.5) -> tuple[float, float]:
    """The least and the greatest cost of all portfolios of that size."""
    market = np.load(folder / "market.npz")
    mu, sigma = market["mu"][0], market["sigma"][0]
    costs = []
    for held in combinations(range(len(mu)), budget):
        costs.append(risk * sigma[np.ix_(held, held)].sum() - mu[list(held)].sum())
    return min(costs), max(costs)


def _score_machine(folder: Path) -> float:
    """The accuracy of scikit-learn's machine on the test rows."""
    train, test = np.load(folder / "train.npz"), np.load(folder / "test.npz")
    machine = GridSearchCV(SVC(), GRID, cv=5).fit(train["inputs"], train["label"])
    return float(machine.score(test["inputs"], test["label"]))


def put_table(page: str, works: Mapping[str, Work], kept: Mapping[str, Any]) -> str:
    """The page with the table of all works, measured or not, in the place of the one it has."""
    rows = [_row(name, work, kept.get(name)) for name, work in works.items()]
    before, _, rest = page.partition(START)
    return "\n".join([before + START, "", HEAD, *rows, "", END + rest.partition(END)[2]])


def _row(name: str, work: Work, kept: Mapping[str, Any] | None) -> str:
    program = f"[{name}](published/{work['program']}.hqm)"
    theirs = work["published"]
    if kept is None:
        why = work.get("missing", "not measured yet")
        cells = [name, work["work"], work["task"], theirs, why, "", "", work["classical"], "", ""]
        return "| " + " | ".join(cells) + " |"
    scores = kept["scores"]
    ours, twin, free = (scores.get(n, []) for n in ("as written", "classical", "entanglement-free"))
    other = f", SVC {scores['SVC'][0]:.3f}" if "SVC" in scores else ""
    cells = [
        program, work["work"], work["task"], theirs, f"{_told(work, ours)}, {_verdict(work, ours)}",
        (_interval(twin) + other).strip(", "), _interval(free), work["classical"],
        f"{kept['seconds']:.1f}", str(kept["sets"]),
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def _told(work: Work, scores: list[float]) -> str:
    if work["score"] != "ratio":
        return f"**{_interval(scores)}**"
    return f"**{max(scores):.3f}** (mean {_interval(scores)})"


def _interval(scores: list[float]) -> str:
    """The mean, and by how much the true one may be above or below it: Student's, for 95 %."""
    if len(scores) < 2:
        return "".join(f"{score:.3f}" for score in scores)
    return f"{mean(scores):.3f} ± {_within(scores):.3f}"


def _within(scores: list[float]) -> float:
    count = len(scores)
    if count < 2:
        return 0.0
    return stdev(scores) / sqrt(count) * float(t.ppf((1 + CONFIDENCE) / 2, count - 1))


def _verdict(work: Work, scores: list[float]) -> str:
    """Whether the published score is reached, in as many digits as it was published."""
    sign = -1 if work["score"] == "loss" else 1
    digits = len(work["published"].partition(".")[2])
    ahead = sign * (_ours(work, scores) - float(work["published"]))
    if round(ahead, digits) >= 0:
        return "reached"
    return "level" if -ahead <= _within(scores) else "below"


def _ours(work: Work, scores: list[float]) -> float:
    """The mean; of ratios the best, as only the best start of an optimisation counts."""
    return max(scores) if work["score"] == "ratio" else mean(scores)


def main(arguments: Iterable[str] | None = None) -> None:
    """Measures what is asked for, or all; keeps it, and writes the page."""
    works = read_works()
    known = [name for name, work in works.items() if "missing" not in work]
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("works", nargs="*", metavar="WORK", help=", ".join(known))
    chosen = parser.parse_args(arguments).works or known
    if unknown := set(chosen) - set(known):
        parser.error(f"there is no work {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    torch.set_num_threads(1)
    for name in chosen:
        try:
            measured = measure_work(name, works[name])
        except MissingDataError as error:
            print(f"{name}: {error}", flush=True)
            continue
        kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
        KEPT.write_text(json.dumps(kept | {name: measured}, indent=1) + "\n", encoding="utf-8")
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(put_table(page, works, kept), encoding="utf-8")


if __name__ == "__main__":
    main()
