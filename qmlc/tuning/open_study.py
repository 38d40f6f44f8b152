"""A study of Optuna in a file: it goes on where its process was killed, and several share it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np

from qmlc.source.compile_error import CompileError
from qmlc.source.render import render_concise
from qmlc.training.errors import DataError, shown
from qmlc.training.import_optional import import_optional
from qmlc.tuning.search_space import Varied

STUDY = "study.db"
"""The file of a study, of SQLite: `optuna.load_study` and `optuna-dashboard` open it."""

BEAT, GRACE = 5, 20
"""Seconds between the signs of life of a trial, and without one until it counts as killed."""

LOCKED = 60
"""Seconds to wait for another process that writes the file."""

OF_DATA = frozenset({"E0701", "E0702", "E0703", "E0705", "E0707", "E0709"})
"""Errors of data, files and libraries: no other value would help."""

Watch = Callable[[Mapping[str, Any]], object]
"""Takes a row of the history of a training; what it raises ends that."""

Train = Callable[[int, Mapping[str, Any], Watch], float]
"""Trains with the values of a trial of this number; yields what is to be made best."""


class ImpossibleError(Exception):
    """A trial failed for its values: the sweep goes on."""


class SurplusError(Exception):
    """A trial is none of the sweep."""


@dataclass(frozen=True)
class Study:
    """A study, and how its trials are made."""

    optuna: Any
    """The library."""
    study: Any
    """Its study."""
    space: tuple[Varied, ...]
    metric: str
    seed: int
    trials: int
    """How many make the sweep."""

    def settled(self) -> list[Any]:
        """The trials that ended by themselves: measured, pruned, or failed for their values."""
        return [t for t in self.study.get_trials(deepcopy=False) if self._is_settled(t)]

    def running(self) -> list[Any]:
        """The trials that are under way, also in other processes; not those that were killed."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", self.optuna.exceptions.ExperimentalWarning)
            self.optuna.storages.fail_stale_trials(self.study)
        running = (self.optuna.trial.TrialState.RUNNING,)
        found: list[Any] = self.study.get_trials(deepcopy=False, states=running)
        return found

    def best(self) -> Any | None:
        """The best trial that was measured; None where none was."""
        complete = (self.optuna.trial.TrialState.COMPLETE,)
        return self.study.best_trial if self.study.get_trials(False, complete) else None

    def run_trial(self, train: Train, tell: Callable[[Any], object]) -> None:
        """Nothing; a further trial has ended, of which `tell` heard, if there was one to make."""

        def run(trial: Any) -> float:
            sampler = self.optuna.samplers.TPESampler
            place = self._place(trial)
            if place >= self.trials:  # another process was as quick
                raise SurplusError
            self.study.sampler = sampler(seed=_seed(self.seed, place))
            values = {varied.name: varied.suggest(trial) for varied in self.space}
            try:
                known = self._find_equal(trial)
                return known if known is not None else train(trial.number, values, watch(trial))
            except CompileError as error:
                if error.diagnostics[0].code in OF_DATA:
                    raise
                trial.set_user_attr("error", render_concise(error.diagnostics[0]))
                raise ImpossibleError from error

        def watch(trial: Any) -> Watch:
            def report(row: Mapping[str, Any]) -> None:
                trial.report(row[self.metric], step=row["epoch"])
                if trial.should_prune():
                    raise self.optuna.TrialPruned

            return report

        def hear(study: Any, trial: Any) -> None:
            if self._is_settled(trial):
                tell(trial)

        self.study.optimize(
            run, n_trials=1, catch=(ImpossibleError, SurplusError), callbacks=[hear]
        )

    def _is_settled(self, trial: Any) -> bool:
        states = self.optuna.trial.TrialState
        return trial.state in (states.COMPLETE, states.PRUNED) or "error" in trial.user_attrs

    def _place(self, trial: Any) -> int:
        """Where a trial stands in the sweep: what it draws depends on this and on earlier trials.

        It takes the first place that is free: so it is drawn again what a killed trial had drawn.
        """
        live = [*self.settled(), *self.running()]
        taken = {t.user_attrs["place"] for t in live if "place" in t.user_attrs}
        before = [t for t in live if t.number < trial.number and "place" not in t.user_attrs]
        place = next(islice((i for i in count() if i not in taken), len(before), None))
        trial.set_user_attr("place", place)
        return place

    def _find_equal(self, trial: Any) -> float | None:
        """What an earlier trial of the same values came to: the same would come again."""
        for other in self.settled():
            if other.params == trial.params:
                trial.set_user_attr("same_as", other.number)
                if "error" in other.user_attrs:
                    trial.set_user_attr("error", other.user_attrs["error"])
                    raise ImpossibleError
                if other.state == self.optuna.trial.TrialState.PRUNED:
                    raise self.optuna.TrialPruned
                value: float = other.value
                return value
        return None


def _seed(*numbers: int) -> int:
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])


def open_study(
    folder: Path,
    name: str,
    space: tuple[Varied, ...],
    metric: str,
    *,
    maximize: bool,
    prune: bool,
    seed: int,
    trials: int,
    sweep: Mapping[str, Any],
) -> Study:
    """The study `name` in a folder, new or as it was left.

    `sweep` says what stays the same, by the words that name it: DataError E0706 where the study in
    the folder was of something else, E0709 without the library.
    """
    optuna = import_optional("optuna", "optuna", "a sweep")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    folder.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        storage = optuna.storages.RDBStorage(
            f"sqlite:///{folder / STUDY}",
            engine_kwargs={"connect_args": {"timeout": LOCKED}},
            heartbeat_interval=BEAT,
            grace_period=GRACE,
        )
    pruner = optuna.pruners.MedianPruner() if prune else optuna.pruners.NopPruner()
    study = optuna.create_study(
        storage=storage,
        study_name=name,
        direction="maximize" if maximize else "minimize",
        pruner=pruner,
        load_if_exists=True,
    )
    before = study.user_attrs.get("sweep", sweep)
    for what, value in sweep.items():
        if before.get(what) != value:
            message = f"{what} was another in the sweep that this folder holds"
            help = "repeat it as it was, or begin another: `--folder DIR`"
            raise DataError("E0706", message, help, shown(folder / STUDY))
    study.set_user_attr("sweep", dict(sweep))
    return Study(optuna, study, space, metric, seed, trials)
