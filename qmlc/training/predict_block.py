"""Run a trained model on raw rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn

from qmlc.ir.program import Call, Column, Data, Field, Program, Training
from qmlc.training.data.fit_fields import States, apply_fields, line_key, needed_fields
from qmlc.training.data.prepare_rows import find_data, make_batches, read_rows
from qmlc.training.data.train_tokenizer import build_tokenizer
from qmlc.training.data.transform import State
from qmlc.training.data.transforms import TRANSFORMS
from qmlc.training.errors import DataError
from qmlc.training.keep_fitted import load_fitted
from qmlc.training.load_weights import load_weights
from qmlc.training.make_accelerator import DTYPES, make_accelerator
from qmlc.training.read_options import TrainOptions, read_options
from qmlc.training.run_epochs import Batch
from qmlc.training.run_files import BEST, FITTED, run_folder
from qmlc.training.run_module import fixed_draws, run_module
from qmlc.training.write_files import replace_file


@dataclass(frozen=True, slots=True)
class Prediction:
    """How a model is fed and read."""

    inputs: tuple[str, ...]
    """The data fields that the model takes, in order."""
    target: str | None = None
    """The field that the model was trained to yield; a `category` makes its outputs scores."""
    heads: tuple[tuple[str, str | None], ...] = ()
    """Where the model yields a record: its fields, and the data field that each answers to."""
    probabilities: bool = True
    """Whether scores of classes are logits, which make probabilities."""


def predict_block(
    program: Program,
    training: Training,
    make_model: Callable[[], nn.Module],
    base: Path,
    prediction: Prediction,
    table: Path,
    options: TrainOptions | None = None,
    *,
    output: Path | None = None,
    weights: str = BEST,
) -> pd.DataFrame:
    """What the saved model says of each row of `table`, also written as CSV to `output`.

    For classes: a column `prediction` with the class name, and `probability_<class>` for each
    class (softmax of the scores; the sigmoid of a single score is the probability of the second
    class), or `score_<class>` where scores are no logits. For scores of tokens: the text of the
    likeliest ones. For numbers: a column for each output,
    named after the columns of the target, in their units (`standardize` and `scale` are undone).
    The table needs no column of the target. Of `options`, `folder`, `batch`, `device`
    and `settings` count. Of a record each field has its columns, which begin with its name.
    DataError as the others.
    """
    options = options or TrainOptions()
    given = TrainOptions(batch=options.batch, device=options.device, settings=options.settings)
    plan = read_options(training, given)
    folder = options.folder or run_folder(program, training)
    data = find_data(program, training)
    saved = load_fitted(folder / FITTED, training.data)
    dtype = DTYPES[plan.precision]
    rows = read_rows(data, base, prediction.inputs, table)
    tensors = apply_fields(data, rows, prediction.inputs, saved["fields"], dtype)
    accelerator = make_accelerator(plan.device, plan.precision)
    model = make_model().to(device=accelerator.device, dtype=dtype)
    load_weights(model, folder / weights)
    batches = accelerator.prepare(make_batches(tensors, plan.batch))
    outputs = run_model(accelerator.prepare(model), batches)
    result = describe_outputs(data, saved["fields"], prediction, outputs)
    # rows that were left out have empty cells: there is a line for each row of the table
    result = result.set_axis(rows.rows).reindex(range(rows.total)) if rows.left_out else result
    if output is not None:
        replace_file(output, lambda f: result.to_csv(f, index=False, float_format="%.7g"))
    return result


def run_model(model: nn.Module, batches: Iterable[Batch]) -> tuple[Tensor, ...]:
    """What a model yields for all batches: one tensor, or those of the fields of a record."""
    model.eval()
    parts = []
    with torch.no_grad(), fixed_draws():
        for batch in batches:
            result = run_module(model, batch)
            results = (result,) if isinstance(result, Tensor) else tuple(result)
            parts.append([tensor.double().cpu() for tensor in results])
    return tuple(map(torch.cat, zip(*parts, strict=True)))


def describe_outputs(
    data: Data, states: States, prediction: Prediction, outputs: Sequence[Tensor]
) -> pd.DataFrame:
    """A model's outputs, a row for each example, as columns that a reader understands.

    Those of a record begin with the names of its fields.
    """
    if not prediction.heads:
        return _describe_output(data, states, prediction, prediction.target, outputs[0])
    tables = [
        _describe_output(data, states, prediction, target, output).add_prefix(f"{name}_")
        for (name, target), output in zip(prediction.heads, outputs, strict=True)
    ]
    return pd.concat(tables, axis=1)


def _describe_output(
    data: Data, states: States, prediction: Prediction, target: str | None, outputs: Tensor
) -> pd.DataFrame:
    """The columns of one tensor that answers to the field `target`."""
    field = next((f for f in data.fields if target in f.names), None)
    value = field.value if field else None
    state = states[target][-1] if target and states.get(target) else None
    if isinstance(value, Call) and value.function == "category" and state is not None:
        if not prediction.probabilities:
            return _class_table("score", outputs, state["classes"])
        return _class_table("probability", class_probabilities(outputs), state["classes"])
    learned = _tokenizer(data, states, field) if field and outputs.ndim == 3 else None
    if learned is not None:
        likely = outputs.argmax(dim=-1).tolist()
        return pd.DataFrame({"prediction": build_tokenizer(learned).decode_batch(likely)})
    if isinstance(value, Call) and state is not None:
        outputs = _undo(value, state, outputs)
        value = value.arguments[0] if value.arguments else None
    table = outputs.flatten(1) if outputs.ndim > 1 else outputs[:, None]
    return pd.DataFrame(table.numpy(), columns=_names(value, target or "output", table.shape[1]))


def _tokenizer(data: Data, states: States, field: Field) -> State | None:
    """What was learned to make the tokens that a field, or what it is made from, holds."""
    for line in needed_fields(data, field.names):
        for state in states.get(line_key(line), []):
            if "tokenizer" in state:
                return state
    return None


def class_probabilities(scores: Tensor) -> Tensor:
    """Of each class, `[rows, classes]`; a single score is the logit of the second class."""
    if scores.ndim == 1 or scores.shape[-1] == 1:
        second = scores.reshape(-1).sigmoid()
        return torch.stack([1 - second, second], dim=1)
    return scores.softmax(dim=-1)


def _class_table(kind: str, values: Tensor, classes: Sequence[str]) -> pd.DataFrame:
    """The class with the greatest value, and the values."""
    if values.ndim != 2 or values.shape[1] != len(classes):
        message = f"the model yields {list(values.shape[1:])} scores for {len(classes)} classes"
        raise DataError("E0707", message, "the classes are: " + ", ".join(classes))
    table = {"prediction": [classes[i] for i in values.argmax(dim=1).tolist()]}
    columns = {f"{kind}_{c}": values[:, i].numpy() for i, c in enumerate(classes)}
    return pd.DataFrame(table | columns)


def _undo(value: Call, state: State, outputs: Tensor) -> Tensor:
    invert = TRANSFORMS[value.function].invert
    if invert is None:
        return outputs
    features = torch.tensor(next(v for k, v in state.items() if k != "function")).shape
    return invert(outputs.reshape(-1, *features), state)


def _names(value: Any, target: str, count: int) -> list[str]:
    parts = value if isinstance(value, tuple) else (value,)
    if len(parts) == count and all(isinstance(part, Column) for part in parts):
        return [part.name for part in parts]
    return [target] if count == 1 else [f"{target}_{i}" for i in range(count)]
