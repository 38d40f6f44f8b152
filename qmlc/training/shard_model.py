"""A model that several processes hold in parts, each its own (FSDP2, torch's `fully_shard`).

Accelerate shards on accelerators alone; torch does so on processors too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_optimizer_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard

from qmlc.training.errors import DataError
from qmlc.training.read_options import Plan

WHOLE = StateDictOptions(full_state_dict=True, cpu_offload=True)
"""How states are gathered, and handed out."""


def check_shards(plan: Plan, accelerator: Accelerator) -> None:
    """Nothing; DataError E0706 where a model is to be sharded that cannot be."""
    if not plan.shard:
        return
    if accelerator.num_processes == 1:
        help = "start several: `torchrun --nproc-per-node 4 -m qmlc train … --shard`"
        raise DataError("E0706", "there is one process: it holds the whole model", help)
    if plan.optimizer.function == "lbfgs":
        raise DataError("E0706", "`lbfgs` needs the whole model in one process", "take `adam`, say")


def shard_model(module: nn.Module, accelerator: Accelerator) -> None:
    """Nothing; each process holds its part of the parameters, and gathers others when used.

    What transformers says not to split is gathered by itself, all else at once.
    """
    mesh = init_device_mesh(accelerator.device.type, (accelerator.num_processes,))
    blocks = {
        n for part in module.modules() for n in getattr(part, "_no_split_modules", None) or ()
    }
    for part in list(module.modules()):
        if type(part).__name__ in blocks:
            fully_shard(part, mesh=mesh)
    fully_shard(module, mesh=mesh)


def is_sharded(module: nn.Module) -> bool:
    """Whether the parameters of a module are parts."""
    return any(hasattr(parameter, "full_tensor") for parameter in module.parameters())


def load_whole(module: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Nothing; the module has these weights, or its part of them."""
    if is_sharded(module):
        set_model_state_dict(module, dict(weights), options=WHOLE)
    else:
        module.load_state_dict(weights)


def optimizer_state(module: nn.Module, optimizer: Any) -> Any:
    """The state of an optimizer: where it is sharded gathered, for the first process."""
    if is_sharded(module):
        return get_optimizer_state_dict(module, optimizer, options=WHOLE)
    return optimizer.state_dict()


def load_optimizer(module: nn.Module, optimizer: Any, state: Any) -> None:
    """Nothing; the optimizer is in a state that `optimizer_state` told, or has its part of it."""
    if is_sharded(module):
        set_optimizer_state_dict(module, optimizer, state, options=WHOLE)
    else:
        optimizer.load_state_dict(state)


def agree(said: bool, accelerator: Accelerator) -> bool:
    """What the first process says."""
    flag = torch.tensor([said], device=accelerator.device, dtype=torch.int64)
    torch.distributed.broadcast(flag, 0)
    return bool(flag)
