"""`KerasModule`: a model in a file of Keras, run with torch."""

from __future__ import annotations

import inspect
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from qmlc.ops.find_pretrained import find_file
from qmlc.ops.pretrained_type import PackageMissing, Unsupported, name_of
from qmlc.ops.read_keras import check_safe, load_config
from qmlc.ops.safetensors_header import Unreadable
from qmlc.ops.tunings import Last, Tuning
from qmlc.runtime.errors import unfit
from qmlc.runtime.pretrained_module import PretrainedModule, find_parts


def import_keras() -> Any:
    """Keras with torch behind it; CompileError where it is missing, or runs on something else."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    try:
        import keras  # heavy, and in an extra
    except ImportError:
        raise unfit("`keras` is not installed", "pip install 'qmlc[keras]'") from None
    if keras.backend.backend() != "torch":
        what = f"Keras runs on {keras.backend.backend()} in this process"
        raise unfit(what, "set KERAS_BACKEND=torch in the environment")
    return keras


NUMBERED = re.compile(r"seed_generator_\d+")
"""Keras numbers these from model to model, in the order of their making."""


class KerasGraph(nn.Module):
    """A model of Keras as a function of its weights, which are parameters and buffers here.

    Each layer that has weights is a part, under its name in Keras. What Keras itself holds is made
    again, from the configuration, for copies and for other precisions.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        model.trainable = True  # what never learns, such as statistics of batches, stays so
        self.text = json.dumps(import_keras().saving.serialize_keras_object(model))
        self.parts: dict[str, str] = {}
        """By layer, in their order, the part with its weights, if it has any."""
        self.resting: tuple[str, ...] = ()
        """Those that are in evaluation mode for good."""
        self.places: list[tuple[str, str]] = []
        for layer in model.layers:
            self.parts[layer.name] = part = _free(self, name_of(layer.name))
            if layer.variables:
                self.add_module(part, nn.Module())
        for layer, variable in _variables(model):
            holder = self.get_submodule(self.parts[layer.name])
            _, _, path = variable.path.rpartition(f"{layer.name}/")
            own = _free(holder, name_of(NUMBERED.sub("seed_generator", path)))
            value = variable.value.detach().clone()
            if variable.trainable:
                holder.register_parameter(own, nn.Parameter(value))
            else:
                holder.register_buffer(own, value)
            self.places.append((self.parts[layer.name], own))
        self._made = {torch.float32: model}

    def forward(self, *inputs: Tensor) -> Any:
        """What the model yields: a tensor, or a tuple of them in the order of its file."""
        keras = import_keras()
        values = [getattr(self.get_submodule(part), name) for part, name in self.places]
        model = self._model(next((v.dtype for v in values if v.is_floating_point()), torch.float32))
        state = [(v, value) for (_, v), value in zip(_variables(model), values, strict=True)]
        config = json.loads(self.text)["config"]
        taken, yielded = config.get("input_layers"), config.get("output_layers")
        given = dict(zip(taken, inputs, strict=True)) if isinstance(taken, Mapping) else inputs
        with keras.device(str(inputs[0].device)), keras.StatelessScope(state) as scope:
            result = model(given if len(given) > 1 else inputs[0], training=self.training)
        for variable, value in state:
            new = scope.get_current_value(variable)
            if new is not None and new is not value:
                value.data.copy_(new.detach())
        found = tuple(_flatten(result, yielded))
        return found if len(found) > 1 else found[0]

    def _model(self, dtype: torch.dtype) -> Any:
        """The model as Keras has it, for numbers of a type."""
        if dtype not in self._made:
            text = self.text.replace('"float32"', f'"{str(dtype).partition(".")[2]}"')
            make = import_keras().saving.deserialize_keras_object
            self._made[dtype] = make(json.loads(text), safe_mode=True)
            self.rest(self.resting)
        return self._made[dtype]

    def rest(self, names: tuple[str, ...]) -> None:
        """Nothing; the layers of these names are in evaluation mode from now on."""
        self.resting = names
        for model in self._made.values():
            for layer in model.layers:
                if layer.name in names and "training" in inspect.signature(layer.call).parameters:
                    layer.call = _resting(layer.call)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_made": {}}


def _free(module: nn.Module, name: str) -> str:
    """The name, or one like it, that nothing of the module has."""
    return _free(module, f"{name}_") if hasattr(module, name) else name


def _resting(call: Any) -> Any:
    def rest(*inputs: Any, training: Any = None, **options: Any) -> Any:
        return call(*inputs, training=False, **options)

    return rest


def _variables(model: Any) -> list[tuple[Any, Any]]:
    """Every variable of a model once, with the outermost layer that holds it, in order."""
    found: dict[int, tuple[Any, Any]] = {}
    for layer in model.layers:
        for variable in layer.variables:
            found.setdefault(id(variable), (layer, variable))
    return list(found.values())


def _flatten(result: Any, like: Any) -> Iterator[Tensor]:
    """The tensors of a result, in the order in which the configuration `like` names them."""
    if isinstance(result, Tensor):
        yield result
    elif isinstance(like, Mapping):
        for key, inner in like.items():
            yield from _flatten(result[key], inner)
    else:
        for part, inner in zip(result, like, strict=True):
            yield from _flatten(part, inner)


class KerasModule(PretrainedModule):
    """A model of Keras in the module's precision; a file with code of its own is refused."""

    find = staticmethod(find_file)

    def read(self, folder: Path, **settings: Any) -> nn.Module:
        """The model in a file; CompileError where it cannot be read."""
        try:
            check_safe(folder, load_config(folder))
        except PackageMissing as error:
            raise unfit(f"`{error}` is not installed", error.help) from None
        except (Unreadable, Unsupported) as error:
            raise unfit(str(error)) from None
        load = import_keras().saving.load_model
        try:
            return KerasGraph(load(folder, compile=False, safe_mode=True))
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise unfit(f"`{folder}` cannot be read: {error}") from error

    def tune(self, module: nn.Module, tune: Tuning) -> nn.Module:
        """The model, of which learns what `tune` says: `last(k)` are layers with weights."""
        assert isinstance(module, KerasGraph)
        super().tune(module, tune)
        if isinstance(tune, Last):
            parts, layers = dict(module.named_children()), list(module.parts)
            first = find_parts(module)[-tune.blocks]
            module.rest(tuple(layers[: list(map(parts.get, module.parts.values())).index(first)]))
        return module

    def blocks(self, module: nn.Module) -> Sequence[nn.Module]:
        """The layers that have weights."""
        return find_parts(module)
