"""The plans of a program's parts, predicted and, where that is asked for, measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from qmlc.costs.host_costs import HostCosts
from qmlc.costs.read_costs import WrongCosts, read_costs
from qmlc.driver import analyse_file
from qmlc.ir.program import Program, Unit
from qmlc.output.errors import NoSuchSetting
from qmlc.passes.pipeline import optimise
from qmlc.planning.errors import NothingToPlan, WrongHostCosts
from qmlc.planning.plan import Memory, Plan, make_rows
from qmlc.planning.plan_program import Planner, count_parameters, root_units
from qmlc.planning.work import NUMBER
from qmlc.source.compile_error import CompileError
from qmlc.source.nearest import nearest, propose_nearest
from qmlc.source.span import NOWHERE

BATCH = 32
USUAL_SIZE = 64
"""What stands for a size that neither the program nor an option says."""


@dataclass(frozen=True)
class PlanOptions:
    """What to plan: `model` names a part, else all that no other uses are planned.

    `sizes` are for sizes that are known only when a model is called; `batch` is the leading one of
    the first input, of circuits the number of samples.
    """

    model: str | None = None
    batch: int | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    level: int = 2
    run: bool = False
    allow_extern: bool = False
    folders: tuple[Path, ...] = ()
    """Where pretrained models may lie, besides the folder of the program and the current one."""


def explain_plan(path: Path, options: PlanOptions) -> tuple[HostCosts, tuple[Plan, ...]]:
    """The costs of this host, and a plan for each part that is asked for; CompileError."""
    costs = host_costs()
    loaded: Any = None
    if options.run:
        # running needs torch, which takes seconds to import
        from qmlc.program import load

        loaded = load(path, level=options.level, allow_extern=options.allow_extern,
                      **options.settings)  # fmt: skip
    program: Program = (
        loaded.program
        if loaded
        else optimise(analyse_file(path, options.settings).program, options.level)
    )
    options = replace(options, folders=(*options.folders, path.parent, Path()))
    units = chosen_units(program, options.model)
    _check_sizes(program, options.sizes)
    return costs, tuple(plan_unit(program, unit, costs, options, loaded) for unit in units)


def host_costs() -> HostCosts:
    """What work costs here; CompileError where a file of costs is wrong."""
    try:
        return read_costs()
    except WrongCosts as error:
        proposal = "`qmlc measure-host -o FILE` writes one; QMLC_HOST=typical takes the usual costs"
        wrong = WrongHostCosts(NOWHERE, what=str(error), proposal=proposal)
        raise CompileError((wrong,)) from None


def chosen_units(program: Program, model: str | None) -> tuple[Unit, ...]:
    """The units of a name, else those that no other uses; CompileError where there are none."""
    found = tuple(unit for unit in program.units if unit.name == model and unit.kind != "loss")
    if model is None:
        found = tuple(root_units(program))
    if found:
        return found
    what, proposal = f"`{program.name}` has no part whose settings are all known", ""
    if model is not None:
        names = [unit.name for unit in program.units if unit.kind != "loss"]
        what, proposal = f"no part is called `{model}`", propose_nearest(model, names)
    for template in program.templates:
        if model is None or nearest(model, [template.name]):
            needs = " ".join(f"--set {name}=…" for name in template.needs)
            what = f"`{template.name}` has settings that are not known"
            proposal = f"give {needs}"
    raise CompileError((NothingToPlan(NOWHERE, what=what, proposal=proposal),))


def plan_unit(
    program: Program, unit: Unit, costs: HostCosts, options: PlanOptions, loaded: Any = None
) -> Plan:
    """The plan of a unit; run on random numbers where there is a `loaded` program."""
    batch = options.batch or _batch(program, unit) or BATCH
    leading = _leading(unit)
    sizes = {**({leading: batch} if leading else {}), **options.sizes}
    planner = Planner(program, sizes, USUAL_SIZE, options.folders)
    planner.run(unit, batch)
    rows = make_rows(planner.steps, costs)
    learns = any(step.backward.calls for step in planner.steps)
    memory = Memory(
        NUMBER * count_parameters(program, unit, options.folders),
        sum(step.kept for step in planner.steps),
        max((step.needs for step in planner.steps), default=0),
    )
    gradient = costs.seconds["gradient"] + sum(row.gradient_seconds for row in rows)
    plan = Plan(
        unit.name,
        unit.kind,
        planner.assumed if unit.circuit is None else {"batch": batch},
        rows,
        memory,
        sum(row.seconds for row in rows),
        gradient if learns else None,
    )
    return plan if loaded is None else _measured(plan, loaded, unit, planner.arguments)


def _measured(plan: Plan, loaded: Any, unit: Unit, arguments: Sequence[Any]) -> Plan:
    # as above
    from qmlc.planning.measure_part import measure_part

    found = measure_part(loaded, unit, arguments)
    times = {"forward": found.forward, "gradient": found.gradient}
    return replace(plan, measured={key: v for key, v in times.items() if v is not None})


def _leading(unit: Unit) -> str:
    """The name of the first size of the first input that has one."""
    for _, kind in unit.inputs:
        for dim in getattr(kind, "dims", ())[:1]:
            if not isinstance(dim, int):
                return str(dim)
    return ""


def _batch(program: Program, unit: Unit) -> int | None:
    """The batch of the train block that a unit is the loss of."""
    for training in program.trainings:
        if training.loss == unit.class_name:
            batch = dict(training.options).get("batch")
            return batch if isinstance(batch, int) else None
    return None


def _check_sizes(program: Program, sizes: Mapping[str, int]) -> None:
    """CompileError for a size that no input has."""
    known = {
        symbol.name
        for unit in program.units
        for _, kind in unit.inputs
        for dim in getattr(kind, "dims", ())
        if not isinstance(dim, int)
        for symbol in dim.symbols()
    }
    for name in sizes:
        if name not in known:
            what = f"no input of `{program.name}` has a size `{name}` that is open"
            listed = f"open are {', '.join(f'`{size}`' for size in sorted(known))}"
            proposal = propose_nearest(name, sorted(known)) or (listed if known else "")
            raise CompileError((NoSuchSetting(NOWHERE, what=what, proposal=proposal),))
