"""Make tensors from the columns of a table, learning what must be learned on the training rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from qmlc.ir.program import Call, Column, Data, Field
from qmlc.ops.data_functions import DATA_FUNCTIONS
from qmlc.ops.parameters import ArgumentError, bind
from qmlc.training.errors import DataError, placed, propose
from qmlc.training.table import Table
from qmlc.training.transform import State, numbers
from qmlc.training.transforms import TRANSFORMS

States = dict[str, list[State]]
"""What the calls of each field learned, by the field's names, in the order of evaluation."""


def fit_fields(data: Data, table: Table, names: Iterable[str]) -> States:
    """What the fields `names`, and those they are made from, learn from the rows of `table`."""
    run = _Run(table, fitting=True)
    for line in needed_fields(data, names):
        run.evaluate(line)
    return run.states


Tensors = tuple[Tensor, ...]
Draw = Callable[[int | None], Tensors]
"""Fields with their random choices made under a number; None: those of rows that are measured."""


def apply_fields(
    data: Data, table: Table, names: Sequence[str], states: States, dtype: torch.dtype
) -> Tensors:
    """The tensors of the fields `names`, the rows of `table` along their first dimension.

    Real numbers come as `dtype`, classes as int64. Random choices are those of rows that are
    measured. DataError E0707 where `states` were learned by other fields.
    """
    return draw_fields(data, table, names, states, dtype)(None)


def draw_fields(
    data: Data, table: Table, names: Sequence[str], states: States, dtype: torch.dtype
) -> Draw:
    """What makes the fields `names`, as `apply_fields` does, for each draw anew.

    What is not random is computed once.
    """
    fixed = _Run(table, fitting=False, states=states)
    changing = set(random_fields(data, names))
    lines = needed_fields(data, names)
    for line in lines:
        if not changing & set(line.names):
            fixed.evaluate(line)

    def draw(number: int | None) -> Tensors:
        run = replace(fixed, made=dict(fixed.made), tokenizers=dict(fixed.tokenizers), draw=number)
        for line in lines:
            if changing & set(line.names):
                run.evaluate(line)
        made = (run.made[name] for name in names)
        return tuple(t.to(dtype) if t.is_floating_point() else t for t in made)

    return draw


def random_fields(data: Data, names: Iterable[str]) -> tuple[str, ...]:
    """Of the fields that make `names`, those that other draws change."""
    changing: list[str] = []
    for line in needed_fields(data, names):
        if _draws(line.value) or set(changing) & set(_columns(line.value)):
            changing += line.names
    return tuple(changing)


def _draws(value: Any) -> bool:
    match value:
        case tuple():
            return any(map(_draws, value))
        case Call(function, arguments, keywords) if function in DATA_FUNCTIONS:
            row = DATA_FUNCTIONS[function]
            given = bind(row.parameters, arguments, dict(keywords))
            return (row.random and given.get("fresh", True)) or any(map(_draws, given.values()))
    return False


def needed_fields(data: Data, names: Iterable[str]) -> tuple[Field, ...]:
    """The fields that make `names` and what those are made from, in the order of the text."""
    wanted, chosen = set(names), []
    for line in reversed(data.fields):
        if wanted & set(line.names):
            chosen.append(line)
            wanted -= set(line.names)
            wanted |= set(_columns(line.value))
    return tuple(reversed(chosen))


def _columns(value: Any) -> Iterable[str]:
    match value:
        case Column(name):
            yield name
        case tuple():
            for part in value:
                yield from _columns(part)
        case Call(_, arguments, keywords):
            yield from _columns(arguments)
            yield from _columns(tuple(v for _, v in keywords))


@dataclass
class _Run:
    """One evaluation of a data block's fields over a table."""

    table: Table
    fitting: bool
    states: States = field(default_factory=dict)
    made: dict[str, Tensor] = field(default_factory=dict)
    tokenizers: dict[str, State] = field(default_factory=dict)
    """What was learned to make the tokens of a field."""
    key: str = ""
    calls: int = 0
    draw: int | None = None
    """What random choices are drawn from besides their seeds, where rows are learned from."""

    def evaluate(self, line: Field) -> None:
        """Add what `line` makes to `made`."""
        self.key, self.calls = ", ".join(line.names), 0
        if self.fitting:
            self.states[self.key] = []
        with placed(line.place, "for this line"):
            results = self.results(line.value)
            if not self.fitting and self.calls != len(self.states.get(self.key, [])):
                raise self._misfit()
        self.made |= zip(line.names, results, strict=False)
        for state in self.states[self.key]:
            if "tokenizer" in state:
                self.tokenizers |= dict.fromkeys(line.names, state)

    def results(self, value: Any) -> tuple[Tensor, ...]:
        """The values of an expression that may yield several tensors."""
        return self.call(value) if isinstance(value, Call) else (self.tensor(value),)

    def tensor(self, value: Any) -> Tensor:
        """The values of an expression, one a row."""
        match value:
            case Column(name) if name in self.made:
                return self.made[name]
            case Column(name) if name in self.table.arrays:
                return self.table.tensor(name)
            case Column(name):
                return numbers(self.table.column(name), self.table)
            case bool() | int() | float():
                return torch.full((len(self.table),), float(value), dtype=torch.float64)
            case tuple():
                return torch.stack([self.tensor(part) for part in value], dim=1)
            case Call():
                return self.call(value)[0]
        raise DataError("E0706", f"`{self.key}` cannot be made from {value!r}")

    def call(self, call: Call) -> tuple[Tensor, ...]:
        """The results of a data function, learned first when fitting."""
        arguments = self.arguments(call)
        transform = TRANSFORMS[call.function]
        state: State = {"function": call.function}
        if self.fitting:
            state |= transform.fit(arguments, self.table)
            self.states[self.key].append(state)
        else:
            state = self._saved(call.function)
        self.calls += 1
        try:
            result = transform.apply(arguments, state, self.table)
        except (KeyError, RuntimeError):
            raise self._misfit() from None
        results = result if isinstance(result, tuple) else (result,)
        self._check_finite(results[0], call.function)
        return results

    def arguments(self, call: Call) -> dict[str, Any]:
        """Arguments by name: tensors, or cells for functions that take those."""
        if call.function not in TRANSFORMS:
            raise _unknown(call.function)
        parameters = DATA_FUNCTIONS[call.function].parameters
        try:
            values = bind(parameters, call.arguments, dict(call.keywords))
        except ArgumentError as error:
            raise DataError("E0706", f"`{call.function}` {error.message}") from None
        value_of = self.cells if TRANSFORMS[call.function].raw else self.tensor
        columns: dict[str, Any] = {p.name: value_of(values[p.name]) for p in parameters if p.tensor}
        if "tokens" in columns:
            columns["tokenizer"] = self.tokenizers[values["tokens"].name]
        if DATA_FUNCTIONS[call.function].random:
            columns["generator"] = self.generator(values)
        return values | columns

    def generator(self, settings: Mapping[str, Any]) -> torch.Generator | None:
        """What a random function draws from: its seed, and the draw where it is to be fresh."""
        drawn = self.draw if settings.get("fresh", True) else None
        if drawn is None and "seed" not in settings:
            return None
        return torch.Generator().manual_seed(settings.get("seed", 0) + (drawn or 0))

    def cells(self, value: Any) -> pd.Series[Any] | Tensor:
        """The raw cells of a column; whatever else it is, as a tensor."""
        made = self.made.keys() | self.table.arrays.keys()
        if isinstance(value, Column) and value.name not in made:
            return self.table.column(value.name)
        return self.tensor(value)

    def _saved(self, function: str) -> State:
        saved = self.states.get(self.key, [])
        if self.calls >= len(saved) or saved[self.calls].get("function") != function:
            raise self._misfit()
        return saved[self.calls]

    def _misfit(self) -> DataError:
        message = f"what was saved for `{self.key}` was learned by another data block"
        return DataError("E0707", message, "train again", self.table.file)

    def _check_finite(self, values: Tensor, function: str) -> None:
        bad = (~values.isfinite()).reshape(len(values), -1).any(dim=1).nonzero()
        if len(bad):
            message = f"`{function}` in `{self.key}` has no finite value here"
            raise self.table.error("E0702", int(bad[0, 0]), message)


def _unknown(function: str) -> DataError:
    if function in DATA_FUNCTIONS:
        return DataError("E0706", f"the data function `{function}` is not available yet")
    help = propose(function, TRANSFORMS, "the data functions are")
    return DataError("E0706", f"there is no data function `{function}`", help)
