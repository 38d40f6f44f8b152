"""Keep all that the rest of a training depends on, and go on from it after a stop."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from qmlc.ir.program import Program, Training
from qmlc.training.prepare_rows import Rows
from qmlc.training.read_options import Plan
from qmlc.training.run_epochs import Epoch, Learner
from qmlc.training.write_files import replace_file

CHECKPOINT = "checkpoint.safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """Where a training is kept, and what of it: parameters, optimizer, rate, random numbers."""

    path: Path
    run: str
    """A hash of the program, the options and the data: those of another run are not taken up."""
    learner: Learner
    order: torch.Generator | None
    """What the order of the rows is drawn from."""

    def write(self, epoch: Epoch, kept: Mapping[str, Any]) -> None:
        """Nothing; the file holds the training as it is after `epoch`, and `kept` besides."""
        cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
        state = {
            "epoch": (epoch.number, epoch.steps, epoch.loss),
            "module": dict(self.learner.module.state_dict()),
            "optimizer": self.learner.optimizer.state_dict(),
            "schedule": self.learner.schedule.state(),
            "random": torch.get_rng_state(),
            "cuda": cuda,
            "order": self.order.get_state() if self.order is not None else None,
            "kept": dict(kept),
        }
        tensors: dict[str, Tensor] = {}
        about = {"run": self.run, "state": json.dumps(_pack(state, tensors))}
        replace_file(self.path, lambda file: file.write_bytes(save(tensors, about)))

    def read(self) -> tuple[Epoch, dict[str, Any]] | None:
        """The epoch that the training stands behind again, and what was kept; None without one."""
        try:
            with safe_open(str(self.path), framework="pt") as file:
                about = file.metadata()
                if about.get("run") != self.run:
                    return None
                tensors = {name: file.get_tensor(name) for name in file.keys()}
        except (OSError, SafetensorError):
            return None
        state = _unpack(json.loads(about["state"]), tensors)
        self.learner.module.load_state_dict(state["module"])
        self.learner.optimizer.load_state_dict(state["optimizer"])
        self.learner.schedule.restore(state["schedule"])
        torch.set_rng_state(state["random"])
        if state["cuda"]:
            torch.cuda.set_rng_state_all(state["cuda"])
        if self.order is not None:
            self.order.set_state(state["order"])
        return Epoch(*state["epoch"]), state["kept"]


def identify_run(program: Program, training: Training, plan: Plan, rows: Rows | None) -> str:
    """A hash of all that decides what a training learns."""
    digest = hashlib.sha256(repr((program.units, training.inputs, training.metrics, plan)).encode())
    for tensors in rows.splits.values() if rows is not None else ():
        for tensor in tensors:
            digest.update(tensor.contiguous().numpy().tobytes())
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
