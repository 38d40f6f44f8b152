"""`TorchHubModule`: what a function of a folder's `hubconf.py` makes, as `torch.hub` runs it."""

from __future__ import annotations

import ast
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from qmlc.ops.find_pretrained import find_file
from qmlc.runtime.errors import unfit
from qmlc.runtime.pretrained_module import PretrainedModule, find_blocks, find_parts
from qmlc.source.nearest import propose_nearest


class TorchHubModule(PretrainedModule):
    """A model of `torch.hub` from a local folder. Its folder is code, which is run.

    `torch.hub` itself makes it, with `source="local"`: see https://docs.pytorch.org/docs/stable/hub.
    """

    def read(self, folder: Path, **settings: Any) -> nn.Module:
        """What the function `name` makes, with the weights in a file; CompileError."""
        name, weights = settings.pop("name"), settings.pop("weights", "")
        known = list_functions(folder)
        if name not in known:
            there = "it has " + ", ".join(f"`{entry}`" for entry in known)
            proposal = propose_nearest(name, known, there)
            raise unfit(f"`{folder}/hubconf.py` has no function `{name}`", proposal)
        load: Any = torch.hub.load
        try:
            module = load(str(folder), name, source="local", **settings)
        except (ImportError, RuntimeError, OSError, TypeError, ValueError) as error:
            raise unfit(f"`{name}` of `{folder}/hubconf.py` fails: {error}") from error
        if not isinstance(module, nn.Module):
            what = f"`{name}` makes a {type(module).__name__}, and no torch.nn.Module"
            raise unfit(what)
        if weights:
            fill(module, self.locate(weights, find_file))
        return module

    def blocks(self, module: nn.Module) -> Sequence[nn.Module]:
        """The longest list of modules of one class, else the outermost parts with weights."""
        return find_blocks(module) or find_parts(module)


def list_functions(folder: Path) -> list[str]:
    """The names that a folder's `hubconf.py` defines or imports, without running it."""
    try:
        body = ast.parse((folder / "hubconf.py").read_text(encoding="utf-8")).body
    except OSError:
        raise unfit(f"there is no `hubconf.py` in `{folder}`") from None
    except (SyntaxError, ValueError) as error:
        raise unfit(f"`{folder}/hubconf.py` is no Python: {error}") from None
    names = []
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.ImportFrom):
            names += [alias.asname or alias.name for alias in node.names]
    return [name for name in names if not name.startswith("_")]


def fill(module: nn.Module, file: Path) -> None:
    """Nothing; the module holds the weights in a file, which is never run. CompileError."""
    try:
        if file.suffix == ".safetensors":
            state: Any = load_file(file)
        else:
            state = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        what = f"`{file.name}` holds more than weights, which would have to be run"
        raise unfit(what, "save its `state_dict()` with `safetensors.torch.save_file`") from None
    except (OSError, RuntimeError, SafetensorError, EOFError) as error:
        raise unfit(f"`{file.name}` cannot be read: {error}") from error
    while isinstance(state, Mapping) and "state_dict" in state:
        state = state["state_dict"]
    if not isinstance(state, Mapping) or not all(isinstance(v, Tensor) for v in state.values()):
        raise unfit(f"`{file.name}` holds no `state_dict`: no mapping of names to tensors")
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        raise unfit(f"`{file.name}` does not fit the model: {error}") from None
