"""Write what there is to know of a trained model as one HTML page that needs nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from math import sqrt
from pathlib import Path
from typing import Any

from jinja2 import Environment

from qmlc.ir.program import Program, Training
from qmlc.program import LoadedProgram
from qmlc.report.describe_run import (
    describe_circuits,
    describe_commands,
    describe_cost,
    describe_data,
    describe_environment,
    describe_model,
)
from qmlc.report.draw_figures import (
    as_png,
    as_svg,
    draw_calibration,
    draw_confusion,
    draw_curves,
    draw_fit,
    draw_twins,
    measured_names,
)
from qmlc.report.read_scores import Scores, read_scores
from qmlc.train_program import (
    chosen,
    load_program,
    loss_maker,
    own_options,
)
from qmlc.training.compare_twins import show_interval, tell_differences
from qmlc.training.cross_validate import FOLDS
from qmlc.training.errors import DataError
from qmlc.training.evaluate_block import Trained, load_trained
from qmlc.training.find_prediction import find_prediction
from qmlc.training.keep_settings import recall_settings
from qmlc.training.read_json import read_json
from qmlc.training.read_options import TrainOptions, read_options
from qmlc.training.run_files import ABLATION, CURVES, HISTORY, REPORT, RESULTS, RUN, run_folder
from qmlc.training.run_module import model_in
from qmlc.training.show_number import show_number
from qmlc.training.write_files import replace_file, write_text

MANY_CLASSES = 30
"""More do not make a matrix that can be read."""
NORMAL = 1.959964
"""So many standard deviations hold 95 % of a normal distribution on both sides."""


@dataclass(frozen=True)
class Figure:
    """Drawings side by side, with their title and what stands below them."""

    title: str
    caption: str
    drawings: Sequence[Any]

    @property
    def images(self) -> list[str]:
        """The drawings as elements of the page."""
        return [as_svg(drawing) for drawing in self.drawings]


def write_reports(
    path: Path, options: TrainOptions | None = None, *, name: str | None = None
) -> list[Path]:
    """The pages of the trained blocks of a program, in the folders of their runs.

    A page shows the results, what the circuits bring, the curves, the confusion matrix and the
    calibration (or the fit) on the rows that were kept from training, the circuits and how well
    they can be trained, the data, the model, the cost, the text and how to repeat it; `curves.png`
    stands beside it. CompileError; DataError, also where a block is not trained.
    """
    options = recall_settings(path, options, name)
    loaded = load_program(path, options)
    written = []
    for training in chosen(loaded.program, name):
        own = own_options(loaded.program, options, training)
        trained = load_trained(
            loaded.program, training, loss_maker(loaded, training, options), path.parent, own
        )
        folder = own.folder or run_folder(loaded.program, training)
        text = _make_page(loaded, training, trained, folder, own)
        written.append(write_text(folder / REPORT, text))
    return written


def _make_page(
    loaded: LoadedProgram, training: Training, trained: Trained, folder: Path, options: TrainOptions
) -> str:
    results = _read(folder / RESULTS)
    splits = {name: values for name, values in results.items() if isinstance(values, dict)}
    measures = [n for n, v in next(iter(splits.values())).items() if isinstance(v, float)]
    ablation = _read(folder / ABLATION) if (folder / ABLATION).is_file() else None
    figures = list(_figures(loaded.program, training, trained, folder))
    model = model_in(trained.module, training.model)
    about = describe_model(model, results)
    run = _read(folder / RUN) if (folder / RUN).is_file() else {}
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["number"] = show_number
    environment.filters["interval"] = show_interval
    page = environment.from_string(files("qmlc.report").joinpath("page.html").read_text())
    return page.render(
        title=f"{loaded.program.name}: {training.name}",
        lead=loaded.program.doc,
        split=trained.split,
        headline=splits.get(trained.split) or next(iter(splits.values())),
        results=splits,
        measures=measures,
        headlines=[*measures[1:], *measures[:1]],
        folds=_read(folder / FOLDS) if (folder / FOLDS).is_file() else None,
        ablation=ablation,
        twins=_twins(ablation, measures) if ablation else None,
        figures=figures,
        circuits=list(describe_circuits(model)),
        tables={
            "Data": describe_data(loaded.program, training, trained.fitted),
            "Model": about,
            "Cost": describe_cost(trained, results, run, read_options(training, options)),
        },
        parts=str(model),
        program=loaded.source.text,
        commands=describe_commands(
            loaded, training, folder, options.settings, run.get("options", {})
        ),
        environment=describe_environment(),
    )


def _twins(ablation: dict[str, Any], measures: Sequence[str]) -> Figure:
    drawings = [draw_twins(ablation["models"], measure) for measure in measures]
    return Figure("Twins", " ".join(tell_differences(ablation)), drawings)


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = read_json(path, "the results of the training", "train the model first")
    return found


def _read_history(folder: Path) -> list[dict[str, Any]]:
    """A row for each epoch; none for a support-vector machine."""
    path = folder / HISTORY
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return [json.loads(line) for line in lines]


def _figures(
    program: Program, training: Training, trained: Trained, folder: Path
) -> Iterator[Figure]:
    """The curves, which are kept beside the page, too, and what compares scores and targets."""
    history = _read_history(folder)
    if history:
        names = measured_names(history)
        image = as_png(draw_curves(history, names))
        replace_file(folder / CURVES, lambda file: file.write_bytes(image))
        yield Figure("Curves", "", [draw_curves(history, [name]) for name in names])
    if training.data is None:
        return
    try:
        prediction = find_prediction(program, training)
    except DataError:  # the model is fed with more than the data: nothing to compare
        return
    scores = read_scores(trained, training, prediction)
    if scores is None:
        return
    rows = f"{len(scores.target)} {trained.split} rows"
    if not scores.classes:
        yield Figure("Fit", f"The {rows}.", [draw_fit(scores.predicted, scores.target)])
        return
    if len(scores.classes) <= MANY_CLASSES:
        drawing = draw_confusion(scores.predicted, scores.target, scores.classes)
        yield Figure("Confusion", _tell_right(scores, rows), [drawing])
    if prediction.probabilities:
        caption = f"The {rows}; a bar says how many of them it stands for."
        yield Figure("Calibration", caption, [draw_calibration(scores.predicted, scores.target)])


def _tell_right(scores: Scores, rows: str) -> str:
    """How many rows are right, and what that says of rows that were never looked at.

    The interval is that of E. B. Wilson, Journal of the American Statistical Association 22, 209
    (1927).
    """
    count = len(scores.target)
    right = int((scores.predicted.argmax(dim=1) == scores.target).sum())
    share, square = right / count, NORMAL**2 / count
    middle = (share + square / 2) / (1 + square)
    within = NORMAL / (1 + square) * sqrt(share * (1 - share) / count + square / count / 4)
    low, high = max(0.0, middle - within), min(1.0, middle + within)
    interval = f"a 95 % interval of {low:.0%} to {high:.0%}"
    return f"{right} of the {rows} are right: {share:.1%}, with {interval}."
