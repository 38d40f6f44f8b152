"""Run a trained model on the rows that were kept for measuring, and read what it says."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from qmlc.ir.program import Training
from qmlc.training.evaluate_block import Trained
from qmlc.training.predict_block import Prediction, class_probabilities, run_model
from qmlc.training.run_module import model_in


@dataclass(frozen=True)
class Scores:
    """What a model said of each row, and what was right."""

    predicted: Tensor
    """Of each class, `[rows, classes]`; or numbers."""
    target: Tensor
    classes: tuple[str, ...] = ()
    """Their names; none where the target is no class."""


def read_scores(trained: Trained, training: Training, prediction: Prediction) -> Scores | None:
    """The scores on all rows; None where none are to be compared, as of a language model.

    Scores of classes are probabilities if `prediction` says so.
    """
    if prediction.target is None:
        return None
    places = [training.inputs.index(name) for name in prediction.inputs]
    inputs = ([batch[place] for place in places] for batch in trained.batches)
    model = model_in(trained.module, training.model)
    targets = [target for _, target in prediction.heads]
    head = targets.index(prediction.target) if prediction.target in targets else 0
    scores = run_model(model, inputs)[head]
    target = training.inputs.index(prediction.target)
    right = torch.cat([batch[target].cpu() for batch in trained.batches])
    learned = trained.fitted["fields"].get(prediction.target) or [{}]
    classes = tuple(learned[-1].get("classes", ()))
    if not classes:
        return Scores(scores, right) if scores.numel() == right.numel() else None
    if scores[0].numel() not in (1, len(classes)):
        return None
    if prediction.probabilities:
        scores = class_probabilities(scores)
    return Scores(scores, right.flatten().long(), classes)
