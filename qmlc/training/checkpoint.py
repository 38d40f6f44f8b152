"""Keep all that the rest of a training depends on, and go on from it after a stop."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from qmlc.ir.program import Program, Training
from qmlc.training.data.prepare_rows import Rows
from qmlc.training.read_options import Plan
from qmlc.training.run_epochs import Learner, Position
from qmlc.training.shard_model import (
    agree,
    is_sharded,
    load_optimizer,
    load_whole,
    optimizer_state,
)
from qmlc.training.write_files import bytes_of, copy_weights, replace_file

SECONDS = 30.0
"""How much of a training may be lost, where the program does not say."""
SHARE = 20
"""Writing takes at most one part of so many of the time."""


@dataclass
class Checkpoint:
    """Where a training is kept, and what of it: parameters, optimizer, rate, random numbers."""

    path: Path
    run: str
    """A hash of the program, the options and the data: those of another run are not taken up."""
    learner: Learner
    due: float = field(default_factory=lambda: time.monotonic() + SECONDS)
    """When the next one is to be written, where the clock decides."""

    def is_due(self) -> bool:
        """Whether the clock says that one is to be written."""
        due = time.monotonic() >= self.due
        learner = self.learner
        return agree(due, learner.accelerator) if is_sharded(learner.module) else due

    def remove(self) -> None:
        """Nothing; the file is gone."""
        if self.learner.accelerator.is_main_process:
            self.path.unlink(missing_ok=True)

    def write(self, position: Position, kept: Mapping[str, Any]) -> None:
        """Nothing; the file holds the training as it is at `position`, and `kept` besides.

        Of several processes the first writes it; where the model is sharded, all are to call this.
        """
        learner = self.learner
        first = learner.accelerator.is_main_process
        if not first and not is_sharded(learner.module):
            return
        started = time.monotonic()
        cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
        state = {
            "position": {f.name: getattr(position, f.name) for f in fields(position)},
            "module": copy_weights(learner.module),
            "optimizer": optimizer_state(learner.module, learner.optimizer),
            "schedule": learner.schedule.state(),
            "random": torch.get_rng_state(),
            "cuda": cuda,
            "kept": dict(kept),
        }
        if not first:
            return
        tensors: dict[str, Tensor] = {}
        about = {"run": self.run, "state": json.dumps(_pack(state, tensors))}
        replace_file(self.path, lambda file: file.write_bytes(save(tensors, about)))
        ended = time.monotonic()
        self.due = ended + max(SECONDS, (ended - started) * SHARE)

    def read(self) -> tuple[Position, dict[str, Any]] | None:
        """Where the training stands again, and what was kept; None without a file of this run."""
        try:
            with safe_open(str(self.path), framework="pt") as file:
                about = file.metadata()
                if about.get("run") != self.run:
                    return None
                tensors = {name: file.get_tensor(name) for name in file.keys()}
        except (OSError, SafetensorError):
            return None
        state = _unpack(json.loads(about["state"]), tensors)
        load_whole(self.learner.module, state["module"])
        load_optimizer(self.learner.module, self.learner.optimizer, state["optimizer"])
        self.learner.schedule.restore(state["schedule"])
        torch.set_rng_state(state["random"])
        if state["cuda"]:
            torch.cuda.set_rng_state_all(state["cuda"])
        return Position(**state["position"]), state["kept"]


def identify_run(
    program: Program, training: Training, plan: Plan, rows: Rows | None, start: nn.Module
) -> str:
    """A hash of all that decides what a training learns, what its module starts with included."""
    changing = sorted(rows.changing) if rows is not None else []
    decided = (program.units, training.inputs, training.metrics, plan, changing)
    digest = hashlib.sha256(repr(decided).encode())
    for tensors in rows.splits.values() if rows is not None else ():
        for tensor in tensors:
            digest.update(bytes_of(tensor))
    for name, tensor in start.state_dict().items():
        digest.update(name.encode())
        digest.update(bytes_of(tensor))
    return digest.hexdigest()


def _pack(value: Any, tensors: dict[str, Tensor]) -> Any:
    """A nested state as JSON holds it; tensors are put aside under numbers."""
    match value:
        case Tensor():
            name = str(len(tensors))
            tensors[name] = value.detach().to("cpu", copy=True).contiguous()
            return {"tensor": name}
        case dict():
            return {"dict": [[k, _pack(v, tensors)] for k, v in value.items()]}
        case tuple():
            return {"tuple": [_pack(v, tensors) for v in value]}
        case list():
            return [_pack(v, tensors) for v in value]
    return value


def _unpack(value: Any, tensors: Mapping[str, Tensor]) -> Any:
    match value:
        case {"tensor": name}:
            return tensors[name]
        case {"dict": items}:
            return {key: _unpack(v, tensors) for key, v in items}
        case {"tuple": items}:
            return tuple(_unpack(v, tensors) for v in items)
        case list():
            return [_unpack(v, tensors) for v in value]
    return value
