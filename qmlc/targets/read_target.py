"""Devices as data: one TOML file each, beside this module."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from qmlc.source.nearest import nearest


@dataclass(frozen=True)
class Target:
    """A device that a circuit may be compiled for.

    `name` is `vendor:device` (or a bare word), `basis` the gates it runs, by their names in
    `ops.gates`, of which the `virtual` take no time and make no error. `edges` are the pairs of
    qubits that a two-qubit gate may act on, in either order unless `directed`; None where all are
    connected. `feedforward` says whether gates may depend on measured bits. `labels` are the
    vendor's names of the qubits, if they are not numbers. `noise` holds medians over the device:
    probabilities (`…_error`) and seconds (`…_time`, `t1`, `t2`); `calibration` holds the errors of
    each qubit (`one_qubit_error`, `readout_error`), and of each pair in the order of `edges`
    (`two_qubit_error`). What does not work is no edge. What is not published is empty.

    `price` is for each `task` (a circuit), `shot`, and in every shot for each `one_qubit_gate`,
    `two_qubit_gate` and `spam` (preparation or measurement of a qubit), or for each `minute`, in
    `price_unit`; `limits` are the most `shots` of a circuit and the most `executions` (shots of all
    circuits) of a task. `price_source` and `limits_source` say where it stands.

    Files are written in `dialect`: with the gates `native`, where these are not the basis, and as
    QIR of the profile `qir` ("base", "adaptive").
    """

    name: str
    title: str
    vendor: str
    qubits: int
    basis: tuple[str, ...]
    virtual: tuple[str, ...] = ()
    edges: tuple[tuple[int, int], ...] | None = None
    directed: bool = False
    feedforward: bool = True
    dialect: str = "openqasm3"
    source: str = ""
    notes: str = ""
    labels: tuple[str, ...] = ()
    noise: tuple[tuple[str, float], ...] = ()
    native: tuple[str, ...] = ()
    qir: str = ""
    price: tuple[tuple[str, float], ...] = ()
    price_unit: str = "US dollars"
    price_source: str = ""
    limits: tuple[tuple[str, float], ...] = ()
    limits_source: str = ""
    calibration: tuple[tuple[str, tuple[float, ...]], ...] = ()

    def allows(self, first: int, second: int) -> bool:
        """Whether a two-qubit gate may act on these qubits, in this order."""
        if self.edges is None:
            return max(first, second) < self.qubits
        return (first, second) in self.edges or (
            not self.directed and (second, first) in self.edges
        )


class UnknownTarget(ValueError):
    """There is no such device; `name` is what was asked for, `proposal` the nearest name or ""."""

    def __init__(self, name: str, proposal: str) -> None:
        hint = (
            f"did you mean `{proposal}`?" if proposal else f"there are {', '.join(list_targets())}"
        )
        super().__init__(f"there is no device `{name}`; {hint}")
        self.name, self.proposal = name, proposal


@cache
def list_targets() -> tuple[str, ...]:
    """The names of all devices, in alphabetical order."""
    stems = (p.name.removesuffix(".toml") for p in _folder().iterdir() if p.name.endswith(".toml"))
    return tuple(sorted(stem.replace("_", ":", 1) for stem in stems))


@cache
def read_target(name: str) -> Target:
    """The device `name` (`ibm:torino`); UnknownTarget where there is none."""
    if name not in list_targets():
        raise UnknownTarget(name, nearest(name, list_targets()) or "")
    text = (_folder() / f"{name.replace(':', '_', 1)}.toml").read_text(encoding="utf-8")
    return parse_target(name, text)


def parse_target(name: str, text: str) -> Target:
    """The device that a TOML text describes; ValueError where it lacks a field or has another."""
    fields: Any = tomllib.loads(text)
    try:
        return Target(name=name, **{key: _frozen(value) for key, value in fields.items()})
    except TypeError as error:
        raise ValueError(f"the device file of `{name}` is not right: {error}") from error


def _folder() -> Any:
    return files("qmlc.targets")


def _frozen(value: Any) -> Any:
    """Lists and tables as tuples."""
    if isinstance(value, dict):
        return tuple((key, _frozen(v)) for key, v in value.items())
    return tuple(_frozen(v) for v in value) if isinstance(value, list) else value
