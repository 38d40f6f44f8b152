"""Make tensors from the columns of a table, learning what must be learned on the training rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from qmlc.ir.program import Call, Column, Data, Field
from qmlc.ops.data_functions import DATA_FUNCTIONS
from qmlc.ops.parameters import ArgumentError, bind
from qmlc.ops.tokenizers import TOKENIZERS
from qmlc.training.data.map_cells import make_stores
from qmlc.training.data.table import Table
from qmlc.training.data.transform import Arguments, State, numbers
from qmlc.training.data.transforms import TRANSFORMS
from qmlc.training.errors import DataError, placed, propose

States = dict[str, list[State]]
"""What the calls of each field learned, by the field's names, in the order of evaluation."""


def fit_fields(data: Data, table: Table, names: Iterable[str]) -> States:
    """What the fields `names`, and those they are made from, learn from the rows of `table`."""
    states: States = {}
    for line in needed_fields(data, names):
        learned = states.setdefault(line_key(line), [])
        with placed(line.place, "for this line"):
            for call, raw in calls_of(line.value):
                state: State = {"function": call.function}
                if call.function not in TRANSFORMS:
                    raise _unknown(call.function)
                fit = TRANSFORMS[call.function].fit
                if fit is not None:
                    state |= fit(_CallParts(data, table, states, line, call, raw))
                learned.append(state)
    return states


@dataclass(frozen=True)
class _CallParts:
    """The arguments of a call in a line, on some of the rows at a time, in the file's order."""

    data: Data
    table: Table
    states: States
    line: Field
    call: Call
    raw: bool

    def __iter__(self) -> Iterator[tuple[Arguments, Table]]:
        above = self.data.fields[: self.data.fields.index(self.line)]
        lines = needed_fields(replace(self.data, fields=above), _columns(self.call))
        for _, part in self.table.parts():
            run = _Run(part, self.states)
            for line in lines:
                run.evaluate(line)
            run.begin(self.line)
            yield run.arguments(self.call, self.raw), part


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
    data: Data,
    table: Table,
    names: Sequence[str],
    states: States,
    dtype: torch.dtype,
    counts: Counter[str] | None = None,
) -> Draw:
    """What makes the fields `names`, as `apply_fields` does, for each draw anew.

    What is not random is computed once; too large for the memory, it lies in mapped files. In
    `counts` is added up what stated policies did.
    """
    changing = set(random_fields(data, names))
    lines = needed_fields(data, names)
    moving = [line for line in lines if changing & set(line.names)]
    taken = {name for line in moving for name in _columns(line.value)} - changing
    kinds: dict[str, torch.dtype | None] = {n: dtype for n in names if n not in changing}
    kinds |= dict.fromkeys(n for line in lines for n in line.names if n in taken)
    still = [line for line in lines if line not in moving]
    made = _make(table, still, states, kinds, Counter() if counts is None else counts)

    def draw(number: int | None) -> Tensors:
        run = _Run(table, states, made=dict(made), draw=number)
        for line in moving:
            run.evaluate(line)
        return tuple(_as_dtype(run.made[name], dtype, name, table) for name in names)

    return draw


def _make(
    table: Table,
    lines: Sequence[Field],
    states: States,
    kinds: Mapping[str, torch.dtype | None],
    counts: Counter[str],
) -> dict[str, Tensor]:
    """The fields in `kinds`, made part by part of the table; real ones of the kind said."""
    whole = any(_is_whole(line.value) for line in lines)
    parts = [(np.arange(len(table)), table)] if whole else table.parts()
    made: dict[str, Tensor] = {}
    for positions, part in parts if lines else ():
        run = _Run(part, states, counts=counts)
        for line in lines:
            run.evaluate(line)
        found = {n: _as_dtype(run.made[n], kind, n, part) for n, kind in kinds.items()}
        if not made:
            shapes = [((len(table), *t.shape[1:]), t.dtype) for t in found.values()]
            made = dict(zip(found, make_stores(shapes), strict=True))
        for name, tensor in found.items():
            made[name][torch.from_numpy(positions)] = tensor
    return made


def _as_dtype(values: Tensor, dtype: torch.dtype | None, name: str, table: Table) -> Tensor:
    if dtype is None or not values.is_floating_point() or values.dtype == dtype:
        return values
    result = values.to(dtype)
    bad = (~result.isfinite()).reshape(len(result), -1).any(dim=1).nonzero()
    if len(bad):
        message = f"a number of `{name}` is too great for {str(dtype).removeprefix('torch.')}"
        help = "`standardize` or `scale` it, or take its `log`"
        raise table.error("E0702", int(bad[0, 0]), message, help)
    return result


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


def line_key(line: Field) -> str:
    """The name under which is kept what the calls of a line learned."""
    return ", ".join(line.names)


def calls_of(value: Any, raw: bool = False) -> Iterator[tuple[Call, bool]]:
    """The calls of data functions, innermost first, and whether cells are wanted of each."""
    match value:
        case tuple():
            for part in value:
                yield from calls_of(part)
        case Call(function, arguments, keywords) if function not in TOKENIZERS:
            takes = function in TRANSFORMS and TRANSFORMS[function].raw
            for part in (*arguments, *(v for _, v in keywords)):
                yield from calls_of(part, takes and (function != "fill" or raw))
            yield value, raw


def _is_whole(value: Any) -> bool:
    """Whether what an expression yields for a row depends on other rows."""
    names = [call.function for call, _ in calls_of(value)]
    return any(DATA_FUNCTIONS[n].random or TRANSFORMS[n].whole for n in names if n in TRANSFORMS)


@dataclass
class _Run:
    """One evaluation of a data block's fields over a table."""

    table: Table
    states: States
    made: dict[str, Tensor] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    draw: int | None = None
    """What random choices are drawn from besides their seeds, where rows are learned from."""
    key: str = ""
    numbers: dict[int, int] = field(default_factory=dict)
    """Which of the calls of the line each one is."""

    def evaluate(self, line: Field) -> None:
        """Add what `line` makes to `made`."""
        with placed(line.place, "for this line"):
            self.begin(line)
            if len(self.numbers) != len(self.states.get(self.key, [])):
                raise self._misfit()
            results = self.results(line.value)
        self.made |= zip(line.names, results, strict=False)

    def begin(self, line: Field) -> None:
        """What is evaluated next stands in `line`."""
        self.key = line_key(line)
        self.numbers = {id(call): n for n, (call, _) in enumerate(calls_of(line.value))}

    def results(self, value: Any) -> tuple[Tensor, ...]:
        """The values of an expression that may yield several tensors."""
        return self.call(value) if isinstance(value, Call) else (self.tensor(value),)

    def tensor(self, value: Any, gaps: bool = False) -> Tensor:
        """The values of an expression, one a row; NaN for missing cells if there may be `gaps`."""
        match value:
            case Column(name) if name in self.made:
                return self.made[name]
            case Column(name) if name in self.table.arrays:
                return self._array(name, gaps)
            case Column(name):
                return numbers(self.table.column(name), self.table, gaps)
            case bool() | int() | float():
                return torch.full((len(self.table),), float(value), dtype=torch.float64)
            case tuple():
                return torch.stack([self.tensor(part, gaps) for part in value], dim=1)
            case Call():
                result: Tensor = self.call(value)[0]
                return result
        raise DataError("E0706", f"`{self.key}` cannot be made from {value!r}")

    def _array(self, name: str, gaps: bool) -> Tensor:
        values = torch.from_numpy(self.table.tensor(name))
        odd = values.isinf() if gaps else ~values.isfinite()
        bad = odd.reshape(len(values), -1).any(dim=1).nonzero()
        if len(bad):
            message = f"the array `{name}` holds what is no finite number"
            help = f'write `fill({name}, …)`, or `missing="drop"` in the source'
            raise self.table.error("E0702", int(bad[0, 0]), message, help)
        return values

    def call(self, call: Call, raw: bool = False) -> tuple[Any, ...]:
        """The results of a data function; of one that fills cells, if `raw`, the cells."""
        if call.function not in TRANSFORMS:
            raise _unknown(call.function)
        state = self._saved(call)
        arguments = self.arguments(call, raw)
        transform = TRANSFORMS[call.function]
        try:
            result = transform.apply(arguments, state, self.table)
        except (KeyError, RuntimeError):
            raise self._misfit() from None
        if transform.count is not None:
            self.counts[f"{call.function} in {self.key}"] += transform.count(arguments, state)
        results = result if isinstance(result, tuple) else (result,)
        if isinstance(results[0], Tensor):
            self._check_finite(results[0], call.function)
        return results

    def arguments(self, call: Call, raw: bool = False) -> dict[str, Any]:
        """Arguments by name: tensors, or cells for functions that take those."""
        parameters = DATA_FUNCTIONS[call.function].parameters
        try:
            values = bind(parameters, call.arguments, dict(call.keywords))
        except ArgumentError as error:
            raise DataError("E0706", f"`{call.function}` {error.message}") from None
        value_of: Callable[[Any], Any] = self.tensor
        if call.function == "fill" and not raw:
            value_of = partial(self.tensor, gaps=True)
        elif TRANSFORMS[call.function].raw:
            value_of = self.cells
        columns: dict[str, Any] = {p.name: value_of(values[p.name]) for p in parameters if p.tensor}
        if "tokens" in columns:
            columns["tokenizer"] = self._tokenizer(values["tokens"].name)
        if DATA_FUNCTIONS[call.function].random:
            columns["generator"] = self.generator(values)
        return values | columns

    def _tokenizer(self, name: str) -> State:
        """What was learned to make the tokens of a field."""
        learned = [
            s for key, found in self.states.items() if name in key.split(", ") for s in found
        ]
        return next(state for state in learned if "tokenizer" in state)

    def generator(self, settings: Mapping[str, Any]) -> torch.Generator | None:
        """What a random function draws from: its seed, and the draw where it is to be fresh."""
        drawn = self.draw if settings.get("fresh", True) else None
        if drawn is None and "seed" not in settings:
            return None
        return torch.Generator().manual_seed(settings.get("seed", 0) + (drawn or 0))

    def cells(self, value: Any) -> pd.Series[Any] | Tensor:
        """The raw cells of a column; whatever else it is, as a tensor."""
        match value:
            case Column(name) if name not in self.made and name not in self.table.arrays:
                return self.table.column(name)
            case Call("fill"):
                filled: pd.Series[Any] = self.call(value, raw=True)[0]
                return filled
        return self.tensor(value)

    def _saved(self, call: Call) -> State:
        saved = self.states.get(self.key, [])
        number = self.numbers[id(call)]
        if number >= len(saved) or saved[number].get("function") != call.function:
            raise self._misfit()
        return saved[number]

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
