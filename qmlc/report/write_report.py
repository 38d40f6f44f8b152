"""Write what there is to know of a trained model as one HTML page that needs nothing else."""

from __future__ import annotations

import base64
import json
import platform
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from jinja2 import Environment
from torch import nn

from qmlc.ir.program import Call, Column, Program, Training
from qmlc.output.versions import compiler_version
from qmlc.program import LoadedProgram
from qmlc.report.draw_figures import draw_calibration, draw_confusion, draw_curves, draw_fit
from qmlc.report.read_scores import Scores, read_scores
from qmlc.runtime.circuit_module import CircuitModule
from qmlc.train_program import (
    chosen,
    find_prediction,
    load_program,
    loss_maker,
    own_options,
)
from qmlc.training.errors import DataError, shown
from qmlc.training.evaluate_block import Trained, load_trained
from qmlc.training.keep_settings import recall_settings, write_options
from qmlc.training.prepare_rows import find_data
from qmlc.training.read_options import TrainOptions
from qmlc.training.run_files import ABLATION, CURVES, HISTORY, REPORT, RESULTS, run_folder
from qmlc.training.run_module import model_in
from qmlc.training.write_files import replace_file, write_text

PACKAGES = ("torch", "numpy", "accelerate", "torchmetrics")
MANY_CLASSES = 30
"""More do not make a matrix that can be read."""
MANY_GATES = 400
"""More do not make a drawing that can be read."""


@dataclass(frozen=True)
class Figure:
    """A picture with what stands above it."""

    title: str
    caption: str
    image: bytes

    @property
    def png(self) -> str:
        """The image as the page holds it."""
        return base64.b64encode(self.image).decode()


def write_reports(
    path: Path, options: TrainOptions | None = None, *, name: str | None = None
) -> list[Path]:
    """The pages of the trained blocks of a program, in the folders of their runs.

    A page shows the results, the curves, the confusion matrix and the calibration (or the fit) on
    the rows that were kept from training, the data, the model, its circuits, the text and how to
    repeat it; `curves.png` stands beside it. CompileError; DataError, also where a block is not
    trained.
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
        written.append(_write_report(loaded, training, trained, folder, options.settings))
    return written


def _write_report(
    loaded: LoadedProgram,
    training: Training,
    trained: Trained,
    folder: Path,
    settings: Mapping[str, Any],
) -> Path:
    results = _read_json(folder / RESULTS)
    splits = {name: values for name, values in results.items() if isinstance(values, dict)}
    history = _read_history(folder)
    figures = list(_figures(loaded.program, training, trained, history))
    if history:
        replace_file(folder / CURVES, lambda file: file.write_bytes(figures[0].image))
    model = model_in(trained.module, training.model)
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["number"] = _number
    page = environment.from_string(files("qmlc.report").joinpath("page.html").read_text())
    text = page.render(
        title=f"{loaded.program.name}: {training.name}",
        lead=loaded.program.doc,
        results=splits,
        measures=[n for n, v in next(iter(splits.values())).items() if isinstance(v, float)],
        ablation=_read_json(folder / ABLATION) if (folder / ABLATION).is_file() else None,
        figures=figures,
        data=_describe_data(loaded.program, training, trained.fitted),
        model=_describe_model(model, results),
        parts=str(model),
        circuits=list(_circuits(model)),
        program=loaded.source.text,
        commands=_commands(loaded, training, folder, settings),
        environment=_describe_environment(),
    )
    return write_text(folder / REPORT, text)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"the results of the training cannot be read: {error}"
        raise DataError("E0705", message, "train the model first", shown(path)) from None
    return found


def _read_history(folder: Path) -> list[dict[str, Any]]:
    """A row for each epoch; none for a support-vector machine."""
    path = folder / HISTORY
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return [json.loads(line) for line in lines]


def _figures(
    program: Program, training: Training, trained: Trained, history: Sequence[Mapping[str, Any]]
) -> Iterator[Figure]:
    if history:
        yield Figure("Curves", "By epoch.", draw_curves(history))
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
        yield Figure("Fit", f"The {rows}.", draw_fit(scores.predicted, scores.target))
        return
    if len(scores.classes) <= MANY_CLASSES:
        yield _confusion(scores, rows)
    if prediction.probabilities:
        caption = f"The {rows}; a bar says how many of them it stands for."
        image = draw_calibration(scores.predicted, scores.target)
        yield Figure("Calibration", caption, image)


def _confusion(scores: Scores, rows: str) -> Figure:
    image = draw_confusion(scores.predicted, scores.target, scores.classes)
    return Figure("Confusion", f"The {rows}.", image)


def _describe_data(
    program: Program, training: Training, fitted: Mapping[str, Any]
) -> dict[str, str]:
    if training.data is None:
        return {}
    data = find_data(program, training)
    fields = {", ".join(f.names): _text(f.value) for f in data.fields}
    return {"source": _text(data.source), "rows": str(fitted["rows"]), **fields}


def _describe_model(model: nn.Module, results: Mapping[str, Any]) -> dict[str, str]:
    learned = sum(p.numel() for p in model.parameters() if p.requires_grad)
    circuits = [m for m in model.modules() if isinstance(m, CircuitModule)]
    quantum = sum(p.numel() for m in circuits for p in m.parameters() if p.requires_grad)
    found = {"parameters that learn": f"{learned:,}, of which {quantum:,} in circuits"}
    if "best_epoch" in results:
        found["best epoch"] = f"{results['best_epoch']}, after {results['steps']} steps in all"
    return found


def _circuits(model: nn.Module) -> Iterator[dict[str, str]]:
    """Each circuit of a model once."""
    seen = set()
    for name, module in model.named_modules():
        if not isinstance(module, CircuitModule) or type(module) in seen:
            continue
        seen.add(type(module))
        circuit = module.to_qiskit()
        gates = circuit.size()
        about = f"{module.circuit_ir.num_qubits} qubits, {gates} gates, depth {circuit.depth()}"
        drawing = str(circuit.draw("text", fold=96)) if gates <= MANY_GATES else "too many gates"
        yield {"name": name or type(module).__name__, "about": about, "drawing": drawing}


def _commands(
    loaded: LoadedProgram, training: Training, folder: Path, settings: Mapping[str, Any]
) -> str:
    own = ["--name", training.name] if len(loaded.program.trainings) > 1 else []
    words = [str(loaded.path), *own, "--folder", shown(folder)]
    given = write_options(settings)  # which the other verbs recall
    verbs = {"train": given, "eval": [], "report": []}
    return "\n".join(shlex.join(["qmlc", verb, *words, *more]) for verb, more in verbs.items())


def _describe_environment() -> dict[str, str]:
    return {
        "machine": f"{platform.platform(terse=True)}, {platform.processor() or platform.machine()}",
        "threads": str(torch.get_num_threads()),
        "qmlc": compiler_version(),
        "Python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
    }


def _number(value: float) -> str:
    return f"{value:.4f}"


def _text(value: Any) -> str:
    """A value of a data block as it is written."""
    match value:
        case Call(function, arguments, keywords):
            named = (f"{name}={_text(v)}" for name, v in keywords)
            return f"{function}({', '.join([*map(_text, arguments), *named])})"
        case Column(name):
            return name
        case tuple():
            return f"[{', '.join(map(_text, value))}]"
        case str():
            return f'"{value}"'
    return str(value)
