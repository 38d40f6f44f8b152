"""Read the options of a train block: every name and value is checked, none is ignored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import permutations
from pathlib import Path
from typing import Any

from qmlc.ir.program import Call, Column, Training
from qmlc.ops.optimizers import CALLED
from qmlc.ops.option_ranges import OPTION_RANGES
from qmlc.ops.train_options import EITHER, NEED_DATA, TRAIN_OPTIONS
from qmlc.training.construct import find_row
from qmlc.training.errors import DataError, placed, propose


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """What the caller of a training says; where given, it goes before what the program says."""

    epochs: int | None = None
    steps: int | None = None
    batch: int | None = None
    seed: int | None = None
    device: str | None = None
    folder: Path | None = None
    """Where the outputs go; unsaid, `runs/<program>/<training>` in the current folder."""
    quiet: bool = False
    allow_extern: bool = False
    """Whether code that the program names may run."""
    tensorboard: bool = False
    """Whether the history is also written for TensorBoard."""
    ablate: int | None = None
    """Over how many seeds the model is then compared with its twins."""

    keep: bool = False
    """Whether the checkpoint stays when the training ends, so that it is not done again where a
    command of several trainings goes on."""
    features: Path | None = None
    """Where features are kept that several trainings share; unsaid, with the outputs."""
    fold: tuple[int, int] | None = None
    """Hold out this part of the rows, counted from 0, of so many: cross-validation does."""
    shard: bool = False
    """Whether each of several processes holds a part of the model."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """By name: settings of what is trained, and options of train blocks, as `optimizer.lr`."""
    test: bool = True
    """Whether the test rows are measured in the end: a sweep does so for its best run alone."""
    watch: Callable[[Mapping[str, Any]], object] | None = None
    """Takes each row of the history; what it raises ends the training."""


def given_options(options: TrainOptions) -> dict[str, int | str]:
    """What is said on the command line in the place of the program's options, by name."""
    names = ("epochs", "steps", "batch", "seed", "device", "ablate")
    values = {name: getattr(options, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def is_option(name: str) -> bool:
    """Whether this names an option of train blocks, or an argument in one: else it is a setting."""
    option, dot, _ = name.partition(".")
    return option in CALLED if dot else name in TRAIN_OPTIONS


DEFAULT_OPTIMIZER = Call("adam")
DEFAULT_GRADIENT = Call("adjoint")


@dataclass(frozen=True, slots=True)
class Plan:
    """The options of a training, with their defaults."""

    optimizer: Call = DEFAULT_OPTIMIZER
    schedule: Call | None = None
    epochs: int | None = None
    """Passes over the training rows; 10 where neither these nor steps are given."""
    steps: int | None = None
    """Steps of the optimizer; 100 where there is no data and none are given."""
    batch: int = 32
    holdout: float | str = 0.0
    """The fraction of rows, or the file, that is measured each epoch and never trained on."""
    test: float | str = 0.0
    """The fraction of rows, or the file, that is measured once, at the end."""
    folds: int | None = None
    """How many trainings hold out a part of the rows each, before one learns from all."""
    fold: tuple[int, int] | None = None
    groups: str | None = None
    """The column whose cells say which rows stay in one split."""
    seed: int = 0
    clip: float | None = None
    """The greatest norm of the gradient of all parameters together."""
    precision: str = "float32"
    early_stop: int | None = None
    """How many epochs in a row may bring no better model."""
    accumulate: int = 1
    """How many batches make a step."""
    checkpoint: int | None = None
    """After how many epochs all is kept that the rest depends on; by the clock where not given."""
    device: str | None = None
    noise: str | None = None
    """The target under whose noise circuits are trained."""
    shots: int | None = None
    """How often each circuit is measured in training; exact results where not given."""
    gradient: Call = DEFAULT_GRADIENT
    """How the gradients of circuits are found."""
    shard: bool = False
    """Whether each of several processes holds a part of the model."""
    private: Call | None = None
    """How the rows that are learned from are kept private."""


def read_options(training: Training, given: TrainOptions | None = None) -> Plan:
    """The plan of `training`, with what is `given` in the place of what it says.

    DataError E0706 for an unknown option, or a value that does not fit.
    """
    values: dict[str, Any] = {}
    for name, value in training.options:
        with placed(training.places.get(name), ""):
            values[name] = _read(name, value)
    given = given or TrainOptions()
    _override(values, given)
    for first, second, why in EITHER:
        if first in values and second in values:
            raise DataError("E0706", f"`{first}` and `{second}` {why}: give either")
    if training.data is None:
        return _without_data(values, given)
    if not {"epochs", "steps"} & values.keys():
        values["epochs"] = 10
    if "validation" in values:
        values["holdout"] = values.pop("validation")
    return Plan(**values, fold=given.fold, shard=given.shard)


def _override(values: dict[str, Any], given: TrainOptions) -> None:
    """Nothing; `values` hold what is given in their place: options first, then their arguments."""
    names = ("epochs", "steps", "batch", "seed", "device")
    said = {name: getattr(given, name) for name in names if getattr(given, name) is not None}
    said |= {name: value for name, value in given.settings.items() if name in TRAIN_OPTIONS}
    for pair in EITHER:
        for one, other in permutations(pair[:2]):
            if one in said:
                values.pop(other, None)
    values |= {name: _read(name, value) for name, value in said.items()}
    for option in CALLED.keys() & said.keys():
        find_row(values[option], CALLED[option], option)
    for name, value in given.settings.items():
        option, dot, argument = name.partition(".")
        if dot and is_option(name):
            values[option] = _with_argument(option, values.get(option), argument, value)


def _with_argument(option: str, call: Call | None, argument: str, value: Any) -> Call:
    """The call of an optimizer or a schedule with one argument in the place of what it has."""
    if call is None and option == "optimizer":
        call = DEFAULT_OPTIMIZER
    if call is None:
        message = f"`{option}.{argument}` is given, and the block has no {option}"
        raise DataError("E0706", message, f"name one: `--set {option}=…`")
    defaults = {p.name: p.default for p in find_row(call, CALLED[option], option).parameters}
    if argument not in defaults:
        help = propose(argument, defaults, "its arguments are")
        raise DataError("E0706", f"`{call.function}` has no argument `{argument}`", help)
    value = tuple(value) if isinstance(value, list) else value
    known = OPTION_RANGES.get(argument)
    if known is not None and value != defaults[argument] and not known.fits(value):
        message = f"`{argument}` of `{call.function}` takes {known.takes}, not `{value}`"
        raise DataError("E0706", message)
    arguments = dict(zip(defaults, call.arguments, strict=False)) | dict(call.keywords)
    return Call(call.function, (), tuple((arguments | {argument: value}).items()))


def _without_data(values: Mapping[str, Any], given: TrainOptions) -> Plan:
    for name in NEED_DATA:
        if name in values:
            help = "give `steps`" if name == "epochs" else "leave it out"
            raise DataError("E0706", f"without data there is no `{name}`", help)
    return Plan(**({"steps": 100} | dict(values)), shard=given.shard)


def _read(name: str, value: Any) -> Any:
    row = TRAIN_OPTIONS.get(name)
    if row is None:
        known = (*READERS, "metrics", "loss")
        raise DataError(
            "E0706", f"there is no option `{name}`", propose(name, known, "the options are")
        )
    value = READERS[name](value)
    if not row.fits(value):
        raise DataError("E0706", f"`{name}` takes {row.takes}, not `{_text(value)}`")
    return value


def _call(value: Any) -> Any:
    word = _word(value)
    return Call(word) if word is not None else value


def _word(value: Any) -> str | None:
    """The name that stands alone as a value, however it was written."""
    match value:
        case str(word) | Column(word) | Call(word, (), ()):
            return word
    return None


def _text(value: Any) -> str:
    match value:
        case Call(function):
            return f"{function}(…)"
        case Column(name):
            return name
    return str(value)


def _as_word(value: Any) -> Any:
    word = _word(value)
    return value if word is None else word


def _as_is(value: Any) -> Any:
    return value


_READERS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(CALLED, _call),
    "precision": _as_word,
    "device": _as_word,
    "groups": _as_word,
}

READERS: dict[str, Callable[[Any], Any]] = {
    name: _READERS.get(name, _as_is) for name in TRAIN_OPTIONS
}
"""How the value of each option is brought into the form that its row asks for."""
