"""What a page says of a run in words: its data, model, circuits, cost, and how to repeat it."""

from __future__ import annotations

import platform
import shlex
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import nn

from qmlc.ir.program import Call, Column, Program, Training
from qmlc.output.versions import compiler_version
from qmlc.program import LoadedProgram
from qmlc.runtime.circuit_module import CircuitModule
from qmlc.trainability.diagnose_circuit import diagnose_circuit
from qmlc.trainability.print_diagnosis import print_diagnosis
from qmlc.training.data.prepare_rows import find_data
from qmlc.training.errors import shown
from qmlc.training.evaluate_block import Trained
from qmlc.training.keep_settings import write_options
from qmlc.training.read_options import Plan

PACKAGES = ("torch", "numpy", "accelerate", "torchmetrics")
MANY_GATES = 400
"""More do not make a drawing that can be read."""
SAMPLES = 400
"""Of each diagnosis: fewer than those of `qmlc diagnose`, as a page is to be made in seconds."""


def describe_data(
    program: Program, training: Training, fitted: Mapping[str, Any]
) -> dict[str, str]:
    """The source, the number of rows, how they were split, and what each field is made of."""
    if training.data is None:
        return {}
    data = find_data(program, training)
    fields = {", ".join(f.names): _text(f.value) for f in data.fields}
    kept = {"held out": fitted.get("holdout"), "test": fitted.get("test")}
    splits = {name: _share(part) for name, part in kept.items() if part}
    rows = {"source": _text(data.source), "rows": f"{fitted['rows']:,}"}
    return {**rows, **splits, "seed": str(fitted["seed"]), **fields}


def _share(part: float | str) -> str:
    return part if isinstance(part, str) else f"{part:.0%} of the rows"


def describe_model(model: nn.Module, results: Mapping[str, Any]) -> dict[str, str]:
    """How much of the model learns, and when it was best."""
    learned = sum(p.numel() for p in model.parameters() if p.requires_grad)
    circuits = [m for m in model.modules() if isinstance(m, CircuitModule)]
    quantum = sum(p.numel() for m in circuits for p in m.parameters() if p.requires_grad)
    if "support_vectors" in results:
        return {"support vectors": f"{results['support_vectors']:,}"}
    found = {"parameters that learn": f"{learned:,}, of which {quantum:,} in circuits"}
    if "best_epoch" in results:
        found["best epoch"] = f"{results['best_epoch']}, after {results['steps']} steps in all"
    return found


def describe_circuits(model: nn.Module) -> Iterator[dict[str, str]]:
    """Each circuit of a model once: what it is, its drawing, and how well it can be trained."""
    seen = set()
    for name, module in model.named_modules():
        if not isinstance(module, CircuitModule) or type(module) in seen:
            continue
        seen.add(type(module))
        circuit = module.to_qiskit()
        gates = circuit.size()
        drawing = str(circuit.draw("text", fold=130)) if gates <= MANY_GATES else "too many gates"
        found = diagnose_circuit(module.circuit_ir, name, SAMPLES)
        yield {
            "name": name or type(module).__name__,
            "about": f"{found.qubits} qubits, {gates} gates, depth {circuit.depth()}",
            "drawing": drawing,
            "diagnosis": "\n".join(line.removeprefix("  ") for line in print_diagnosis(found)),
        }


def describe_cost(
    trained: Trained, results: Mapping[str, Any], run: Mapping[str, Any], plan: Plan
) -> dict[str, str]:
    """How long it took, how many circuits were run, and what that would be on a device."""
    found = {}
    if "seconds" in run:
        found["time"] = f"{run['seconds']:,.1f} s of training, since it was last started"
    if "steps" not in results:
        return found
    counts = _runs_a_row(trained)
    examples = results["steps"] * (plan.batch * plan.accumulate if trained.fitted else 1)
    for name, (module, runs) in counts.items():
        of = "row" if trained.fitted else "step"
        found[f"circuit {name}"] = f"{runs:g} a {of}, {runs * examples:,.0f} to learn from"
        turned = [a for i in module.circuit_ir.instructions for a in i.angles if _learns(a, module)]
        if turned:
            shifted = runs * examples * (1 + 2 * len(turned))
            found[f"{name} on a device"] = (
                f"{shifted:,.0f}, where each of {len(turned)} angles is shifted twice for its"
                " gradient; each in many shots"
            )
    return found


def _learns(angle: Any, module: CircuitModule) -> bool:
    """Whether a parameter stands in an angle."""
    names = {variable.name for variable in module.circuit_ir.parameters}
    return any(symbol.name in names for symbol in getattr(angle, "symbols", tuple)())


def _runs_a_row(trained: Trained) -> dict[str, tuple[CircuitModule, float]]:
    """How often each circuit is run for a row, by its name in the model: counted on a batch."""
    batch = next(iter(trained.batches), ())
    rows = len(batch[0]) if batch else 1
    runs: dict[str, tuple[CircuitModule, float]] = {}
    hooks = []

    def count(name: str, module: CircuitModule, inputs: tuple[Any, ...]) -> None:
        leading = [
            tensor.shape[: tensor.dim() - len(variable.shape)]
            for tensor, variable in zip(inputs, module.circuit_ir.inputs, strict=False)
            if isinstance(tensor, torch.Tensor)
        ]
        size = torch.broadcast_shapes(*leading).numel() if leading else 1  # type: ignore[no-untyped-call]
        runs[name] = module, runs.get(name, (module, 0.0))[1] + size / rows

    for name, module in trained.module.named_modules():
        if isinstance(module, CircuitModule):
            short = name.rpartition(".")[2] or module.circuit_ir.name
            hook = lambda m, inputs, short=short: count(short, m, inputs)  # noqa: E731
            hooks.append(module.register_forward_pre_hook(hook))
    with torch.no_grad():
        trained.module(*batch)
    for handle in hooks:
        handle.remove()
    return runs


def describe_commands(
    loaded: LoadedProgram,
    training: Training,
    folder: Path,
    settings: Mapping[str, Any],
    options: Mapping[str, Any],
) -> str:
    """The lines that make the run, measure it and make its page."""
    own = ["--name", training.name] if len(loaded.program.trainings) > 1 else []
    words = [str(loaded.path), *own, "--folder", shown(folder)]
    said = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    given = [*said, *write_options(settings)]  # which the other verbs recall
    verbs = {"train": given, "eval": [], "report": []}
    return "\n".join(shlex.join(["qmlc", verb, *words, *more]) for verb, more in verbs.items())


def describe_environment() -> dict[str, str]:
    """The machine, and the versions of what matters."""
    return {
        "machine": f"{platform.platform(terse=True)}, {platform.processor() or platform.machine()}",
        "threads": str(torch.get_num_threads()),
        "qmlc": compiler_version(),
        "Python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
    }


def _text(value: Any) -> str:
    """A value of a data block as it is written."""
    match value:
        case Call(function, arguments, keywords):
            named = (f"{name}={_text(v)}" for name, v in keywords)
            return f"{function}({', '.join([*map(_text, arguments), *named])})"
        case Column(name):
            return name
        case tuple():
            return f"[{', '.join(map(_text, value))}]"
        case str():
            return f'"{value}"'
    return str(value)
