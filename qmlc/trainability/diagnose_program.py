"""Diagnose the circuits of a program, for settings that are known or for several in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qmlc.driver import analyse_file
from qmlc.ir.program import Program, Unit
from qmlc.source.compile_error import CompileError
from qmlc.source.nearest import nearest, propose_nearest
from qmlc.source.span import NOWHERE
from qmlc.trainability.diagnose_circuit import SAMPLES, Diagnosis, diagnose_circuit
from qmlc.trainability.errors import NothingToDiagnose
from qmlc.trainability.fit_decay import Decay, fit_decay


@dataclass(frozen=True)
class DiagnoseOptions:
    """What to diagnose: the circuits called `name`, else all, over so many draws under a seed."""

    name: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    samples: int = SAMPLES
    seed: int = 0


@dataclass(frozen=True)
class Sweep:
    """The diagnoses of a circuit as one setting takes several values."""

    setting: str
    values: tuple[Any, ...]
    diagnoses: tuple[Diagnosis, ...]
    counted: str
    """What the decay goes by: `qubit` where their number changes, else the setting."""
    decay: Decay | None
    random: Decay | None
    """That of circuits as good as random, where it is known."""


def diagnose_program(path: Path, options: DiagnoseOptions) -> tuple[Diagnosis, ...]:
    """A diagnosis of each circuit and kernel whose settings are known; CompileError."""
    program = analyse_file(path, options.settings).program
    units = chosen_circuits(program, options.name, options.settings)
    return tuple(_diagnose(unit, options) for unit in units)


def sweep_program(
    path: Path, setting: str, values: Sequence[Any], options: DiagnoseOptions
) -> Sweep:
    """The diagnoses of one circuit as `setting` takes the `values`; CompileError.

    CompileError also where several circuits have the setting.
    """
    diagnoses = []
    for value in values:
        settings = {**options.settings, setting: value}
        program = analyse_file(path, settings).program
        units = chosen_circuits(program, options.name, settings)
        names = sorted({unit.name for unit in units if _own(unit, {setting: value})})
        if len(names) != 1:
            listed = ", ".join(f"`{name}`" for name in names) or "none"
            what = f"one circuit is swept, and those with the setting `{setting}` are: {listed}"
            raise _error(what, "say which: --name NAME" if names else "")
        diagnoses.append(_diagnose(next(u for u in units if u.name == names[0]), options))
    qubits = [float(diagnosis.qubits) for diagnosis in diagnoses]
    grows = len(set(qubits)) > 1
    numbers = qubits if grows else [v for v in values if isinstance(v, int)]
    variances = [d.gradients[-1].variance for d in diagnoses if d.gradients]
    random = [d.random_variance for d in diagnoses if d.random_variance is not None]
    return Sweep(
        setting,
        tuple(values),
        tuple(diagnoses),
        "qubit" if grows else setting,
        fit_decay(numbers, variances) if len(variances) == len(numbers) else None,
        fit_decay(qubits, random) if len(random) == len(qubits) else None,
    )


def _diagnose(unit: Unit, options: DiagnoseOptions) -> Diagnosis:
    assert unit.circuit is not None
    settings = ", ".join(f"{name}={value}" for name, value in unit.settings)
    name = f"{unit.name}({settings})" if settings else unit.name
    return diagnose_circuit(unit.circuit, name, options.samples, options.seed)


def chosen_circuits(
    program: Program, name: str | None, settings: Mapping[str, Any]
) -> tuple[Unit, ...]:
    """The circuits of that name, or all; those with these settings, where there are any.

    CompileError where there is no circuit.
    """
    circuits = [unit for unit in program.units if unit.circuit is not None]
    found = [unit for unit in circuits if name in (None, unit.name)]
    if found:
        given = [unit for unit in found if _own(unit, settings)]
        return tuple(given or found)
    templates = [t for t in program.templates if t.kind in ("circuit", "kernel")]
    for template in templates:
        if name is None or nearest(name, [template.name]):
            needs = " ".join(f"--set {needed}=…" for needed in template.needs)
            raise _error(f"`{template.name}` has settings that are not known", f"give {needs}")
    if name is None:
        raise _error(f"`{program.name}` has no circuit")
    raise _error(
        f"no circuit is called `{name}`", propose_nearest(name, [unit.name for unit in circuits])
    )


def _own(unit: Unit, settings: Mapping[str, Any]) -> bool:
    """Whether a unit has one of `settings`, and those that it has with these values."""
    own = {key.removeprefix(f"{unit.name}."): value for key, value in settings.items()}
    shared = {key: value for key, value in unit.settings if key in own}
    return bool(shared) and all(own[key] == value for key, value in shared.items())


def _error(what: str, proposal: str = "") -> CompileError:
    return CompileError((NothingToDiagnose(NOWHERE, what=what, proposal=proposal),))
