"""What a loss computes of data and fixed parts alone: once for all epochs, and kept in a file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from qmlc.ir.program import Method, Program, Training, Unit, all_parts
from qmlc.runtime.check_memory import available_memory
from qmlc.training.data.fit_fields import Tensors
from qmlc.training.data.prepare_rows import Rows
from qmlc.training.read_options import Plan
from qmlc.training.write_files import bytes_of, replace_file

FEATURES = "features.safetensors"

PROBED = 4
"""How many rows must yield alone what they yield in a batch."""

TOLERANCE = 1e-3
"""By how much of the largest feature that may differ: batches round otherwise than rows."""

SHARE = 0.5
"""Of the free memory, how much features may fill."""

MAX_FILE = 1 << 30
"""Bytes; more are kept in memory alone."""


def compute_features(
    program: Program,
    training: Training,
    module: nn.Module,
    rows: Rows | None,
    plan: Plan,
    accelerator: Any,
    folder: Path,
) -> Rows | None:
    """Rows that hold features, from which calls of `module` then go on; None where there are none.

    They are taken from a file in `folder` where it holds those of the same data and fixed parts,
    and written there otherwise, up to a gigabyte: in the order of the table, so that they are the
    same however its rows are split. A row must yield the same in each batch, and all must fit in
    memory. Simulated devices draw, and change what circuits yield: under them nothing is kept.
    """
    loss = next((unit for unit in program.units if unit.class_name == training.loss), None)
    imitates = plan.noise is not None or plan.shots is not None
    if loss is None or not loss.methods or rows is None or imitates or _is_short(plan, rows):
        return None
    features, rest = loss.methods
    names = [name for name, _ in loss.inputs]
    splits = {name: dict(zip(names, given, strict=True)) for name, given in rows.splits.items()}
    needed = [name for name, _ in features.inputs]
    if rows.changing & set(needed):
        return None
    table = {name: _in_order(rows, [t[name] for t in splits.values()]) for name in needed}
    compute = _Compute(module, needed, accelerator, plan.batch)
    probe = compute.probe(table)
    if probe is None:
        return None
    size = sum(t[0].nbytes for t in probe) * len(table[needed[0]])
    free = available_memory(torch.device("cpu"))
    if free is not None and size > SHARE * free:
        return None
    file = folder / FEATURES
    key = _identify(program, loss, features, module, table, plan)
    found = _read(file, key, probe)
    if found is None:
        found = compute.all(table)
        if size <= MAX_FILE:
            _write(file, key, found)
    own = [names.index(name) for name, _ in rest.inputs if name in names]

    def join(split: str, given: Tensors) -> Tensors:
        return (*(given[field] for field in own), *(t[rows.places[split]] for t in found))

    kept = {name: join(name, given) for name, given in rows.splits.items()}
    draw = rows.draw
    module.__dict__["forward"] = module.from_features
    return replace(
        rows,
        splits=kept,
        draw=None if draw is None else lambda number: join("training", draw(number)),
    )


def _in_order(rows: Rows, parts: Sequence[Tensor]) -> Tensor:
    """The parts of a field that the splits have, as one tensor in the order of the table."""
    places = np.concatenate(list(rows.places.values()))
    return torch.cat(list(parts))[places.argsort()]


def _is_short(plan: Plan, rows: Rows) -> bool:
    """Whether a training sees no row twice."""
    return plan.epochs == 1 or (plan.steps or inf) * plan.batch <= len(rows.splits["training"][0])


def whole_again(module: nn.Module) -> None:
    """Nothing; calls of `module` compute features again."""
    module.__dict__.pop("forward", None)


@dataclass(frozen=True)
class _Compute:
    """The method `features` of a module, applied to fields by name."""

    module: Any
    inputs: Sequence[str]
    accelerator: Any
    batch: int

    def one(self, fields: Mapping[str, Tensor], rows: slice) -> Tensors:
        """The features of some rows."""
        given = [fields[name][rows].to(self.accelerator.device) for name in self.inputs]
        self.module.eval()
        with torch.no_grad(), self.accelerator.autocast():
            return tuple(tensor.cpu() for tensor in self.module.features(*given))

    def all(self, fields: Mapping[str, Tensor]) -> Tensors:
        """The features of all rows."""
        count = len(fields[self.inputs[0]])
        parts = [self.one(fields, slice(i, i + self.batch)) for i in range(0, count, self.batch)]
        return tuple(map(torch.cat, zip(*parts, strict=True)))

    def probe(self, fields: Mapping[str, Tensor]) -> Tensors | None:
        """The features of the first batch; None unless each row yields them by itself."""
        first = self.one(fields, slice(self.batch))
        count = len(fields[self.inputs[0]][: self.batch])
        if count < 2 or any(len(tensor) != count for tensor in first):
            return None
        for row in range(min(count, PROBED)):
            alone = self.one(fields, slice(row, row + 1))
            if not _agree(alone, [tensor[row : row + 1] for tensor in first]):
                return None
        return first


def _agree(some: Sequence[Tensor], others: Sequence[Tensor]) -> bool:
    """Whether tensors of real or whole numbers are the same but for rounding."""
    return all(
        a.shape == b.shape
        and a.dtype == b.dtype
        and bool((a.double() - b.double()).abs().max() <= TOLERANCE * b.double().abs().max())
        for a, b in zip(some, others, strict=True)
    )


def _identify(
    program: Program,
    loss: Unit,
    features: Method,
    module: nn.Module,
    table: Mapping[str, Tensor],
    plan: Plan,
) -> str:
    """A hash of all that decides what the features are."""
    units = {unit.class_name: unit for unit in program.units}
    calls = [path for n in features.graph.nodes for path in n.modules()]
    parts = [
        (path, part, units.get(part.target))
        for path, part in all_parts(loss, units)
        if any(f"{path}.".startswith(f"{call}.") for call in calls)
    ]
    digest = hashlib.sha256(repr((features.graph, parts, plan.precision)).encode())
    fixed = [p for p in module.parameters() if not p.requires_grad]
    for tensor in (*fixed, *module.buffers(), *table.values()):
        digest.update(bytes_of(tensor))
    return digest.hexdigest()


def _read(file: Path, key: str, probe: Tensors) -> Tensors | None:
    """The features in a file, if they are those wanted and begin with `probe`."""
    try:
        with safe_open(str(file), framework="pt") as stored:
            if (stored.metadata() or {}).get("key") != key:
                return None
            found = tuple(stored.get_tensor(str(i)) for i in range(len(probe)))
    except (OSError, SafetensorError):
        return None
    begin = [tensor[: len(own)] for tensor, own in zip(found, probe, strict=True)]
    return found if _agree(begin, probe) else None


def _write(file: Path, key: str, features: Tensors) -> None:
    data = save({str(i): tensor.contiguous() for i, tensor in enumerate(features)}, {"key": key})
    replace_file(file, lambda temporary: temporary.write_bytes(data))
