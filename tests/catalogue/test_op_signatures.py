"""The rows of layers, functions, optimizers and metrics against the signatures of PyTorch."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F  # noqa: F401
from torch import nn

from qmlc.ops.functions import FUNCTIONS
from qmlc.ops.layers import LAYERS
from qmlc.ops.metrics import METRICS
from qmlc.ops.optimizers import OPTIMIZERS, SCHEDULES
from qmlc.ops.parameters import REQUIRED
from qmlc.types.polynomial import FUNCTIONS as SCALARS

NEVER = {
    "self", "cls", "args", "params", "optimizer", "device", "dtype", "inplace", "return_indices",
    "kwargs", "maximize", "foreach", "fused", "capturable", "differentiable", "last_epoch",
    "recompute_scale_factor", "validate_args", "num_classes", "ignore_index", "num_outputs",
    "multidim_average", "zero_division",
}  # fmt: skip


def load(path):
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def signature(kind, *more):
    """(names in order, defaults) of a constructor, less what no row has."""
    parameters = [
        p
        for p in inspect.signature(kind.__init__).parameters.values()
        if p.name not in NEVER and p.name not in more and not p.name.startswith("_")
    ]
    parameters = [p for p in parameters if p.kind is not p.KEYWORD_ONLY]
    return [p.name for p in parameters], {p.name: p.default for p in parameters}


def agrees(default, torchs):
    required = torchs is inspect.Parameter.empty
    return default is REQUIRED if required else default is not REQUIRED and default == torchs


@pytest.mark.parametrize("name", LAYERS)
def test_layer_has_the_parameters_of_torch(name):
    row = LAYERS[name]
    kind = getattr(nn, row.constructor.removeprefix("nn."))
    if issubclass(kind, nn.RNNBase):
        names, defaults = signature(nn.RNNBase, "mode", *(() if name == "lstm" else ["proj_size"]))
        if name == "rnn":
            names.insert(names.index("bias"), "nonlinearity")
            defaults["nonlinearity"] = "tanh"
    else:
        names, defaults = signature(kind)
    assert list(row.order) == names
    inferred = [n for n in names if n not in {p.name for p in row.parameters}]
    assert [p.name for p in row.parameters] == [n for n in names if n not in inferred]
    for parameter in row.parameters:
        if name.startswith("transformer") and parameter.name == "activation":
            continue  # torch's default is the function of that name
        if (kind, parameter.name) == (nn.AvgPool1d, "stride"):
            continue
        assert agrees(parameter.default, defaults[parameter.name]), parameter


@pytest.mark.parametrize("name", [n for n in OPTIMIZERS])
def test_optimizer_has_the_parameters_of_torch(name):
    row = OPTIMIZERS[name]
    names, defaults = signature(load(row.path))
    assert [p.name for p in row.parameters] == names
    assert all(agrees(p.default, defaults[p.name]) for p in row.parameters)


@pytest.mark.parametrize("name", [n for n, row in SCHEDULES.items() if row.path])
def test_schedule_has_the_parameters_of_torch(name):
    row = SCHEDULES[name]
    names, defaults = signature(load(row.path), "total_steps", "epochs", "steps_per_epoch")
    assert [p.name for p in row.parameters] == names
    assert all(agrees(p.default, defaults[p.name]) for p in row.parameters)


@pytest.mark.parametrize("name", METRICS)
def test_metric_has_the_parameters_of_torchmetrics(name):
    row = METRICS[name]
    known = {}
    for path in (row.two, row.many, row.numbers):
        if path:
            known |= signature(load(path))[1]
    for parameter in row.parameters:
        assert parameter.name in known
        if parameter.name not in row.own:
            assert agrees(parameter.default, known[parameter.name]), parameter
    assert row.many or row.two or row.numbers


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_row_is_whole(name):
    row = FUNCTIONS[name]
    templates = [row.template, *(template for _, template in row.alternatives)]
    fields = "".join(templates).replace("!s", "")
    for parameter in row.parameters:
        assert f"{{{parameter.name}}}" in fields, parameter
    assert row.doc.endswith(".") and "\n" not in row.doc
    assert not row.scalar or row.scalar in SCALARS
    assert len(row.tensors) == 1 or not row.variadic


def test_defaults_of_settings_are_those_of_torch():
    """Every keyword piece of a template that names a Python function of torch."""
    checked = 0
    for name, row in FUNCTIONS.items():
        path = row.template.partition("(")[0]
        if not path.startswith("F."):
            continue
        function = getattr(torch.nn.functional, path.removeprefix("F."))
        try:
            known = inspect.signature(function).parameters
        except ValueError:
            continue
        for parameter in row.settings:
            piece = f", {parameter.name}={{{parameter.name}}}"
            if parameter.name in known and piece in row.template:
                assert agrees(parameter.default, known[parameter.name].default), (name, parameter)
                checked += 1
    assert checked > 15


def test_rows_import_neither_torch_nor_numpy():
    code = (
        "import sys, qmlc.ops.functions, qmlc.ops.layers, qmlc.ops.optimizers, qmlc.ops.metrics;"
        "sys.exit(bool({'torch', 'numpy', 'einops', 'networkx'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
