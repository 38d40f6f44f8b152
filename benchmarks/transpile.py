"""Compares what circuits become on devices: ours, Qiskit's level 3, pytket's two pipelines.

Counts two-qubit gates and the depth in these, of circuits with symbols; the best of three seeds of
Qiskit. Seconds are of the processor, the best of some, imports left out: ours from the text of a
program to OpenQASM (the text lists gate by gate), and from the circuit on, where Qiskit starts.
pytket runs where `make bench` would put peers: under `$QMLC_PEERS`, in `pytket`.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from qiskit import QuantumCircuit, transpile
from qiskit.quantum_info import Statevector
from qiskit.transpiler import CouplingMap

from benchmarks.environments import install, python_of
from benchmarks.families import FAMILIES, GRID, hardware_efficient
from qmlc.backends.qasm.device_template import device_templates
from qmlc.backends.qasm.emit_openqasm import device_text
from qmlc.backends.qasm.transpile_circuit import DeviceCircuit, transpile_circuit
from qmlc.driver import analyse
from qmlc.ir.circuit import Circuit
from qmlc.passes.pipeline import optimise
from qmlc.source.pause_collection import pause_collection
from qmlc.source.span import Source
from qmlc.targets.read_target import Target, read_target

RESULTS = Path(__file__).parent / "transpile.json"
REPORT = Path(__file__).parent / "transpile.md"
PYTKET = {"torch": False, "packages": ["pytket==2.18.*", "pytket-qiskit==0.79.*"]}
SEEDS = (1, 2, 3)
REPEATS = 5
T = TypeVar("T")
WIDEST = 10
"""Qubits up to which results are compared with the circuit as written."""


def targets() -> dict[str, Target]:
    """The devices compared: IBM's heavy hexagons, and a grid of 5 x 5."""
    basis = ("cz", "rz", "sx", "x")
    grid = Target("grid", "5 x 5 qubits", "nobody", 25, basis, edges=GRID)
    return {"torino": read_target("ibm:torino"), "grid": grid}


def sizes(circuit: QuantumCircuit) -> dict[str, int]:
    """Two-qubit gates, and the depth in them."""
    return {
        "gates": sum(len(i.qubits) == 2 for i in circuit.data),
        "depth": circuit.depth(lambda i: len(i.qubits) == 2),
    }


def write_program(circuit: QuantumCircuit) -> str:
    """The program of a circuit, gate by gate."""
    shapes: dict[str, int] = {}
    for parameter in circuit.parameters:
        name, bracket, index = ascii_name(parameter.name).partition("[")
        shapes[name] = max(shapes.get(name, 0), int(index[:-1]) + 1 if bracket else 0)
    lines = [
        f"param {name}: real{f'[{size}]' if size else ''} ~ uniform(-pi, pi)"
        for name, size in sorted(shapes.items())
    ]
    lines.append(f"qubit q[{circuit.num_qubits}]")
    for item in circuit.data:
        angles = ", ".join(ascii_name(str(a)) for a in item.operation.params)
        places = ", ".join(f"q[{circuit.find_bit(q).index}]" for q in item.qubits)
        lines.append(f"{item.operation.name}{f'({angles})' if angles else ''} {places}")
    body = "\n".join(f"    {line}" for line in [*lines, "return probs(q)"])
    return f"circuit family() -> real[{2**circuit.num_qubits}] {{\n{body}\n}}\n"


def ascii_name(text: str) -> str:
    """Without the Greek letter of Qiskit's library."""
    return text.replace("θ", "theta")


def read(text: str) -> Circuit:
    """The circuit of a program, after the passes that all targets share."""
    with pause_collection():
        program = optimise(analyse(Source("family.hqm", text)).checked().program)
    circuit = program.units[0].circuit
    assert circuit is not None
    return circuit


def compile_ours(circuit: Circuit, target: Target) -> DeviceCircuit:
    """What `qmlc compile --target` does to a circuit."""
    with pause_collection():
        (device,) = transpile_circuit(circuit, target, measure=False, level=2)
        device_text(circuit, device, "openqasm3", ())
    return device


def fastest(call: Callable[[], T]) -> tuple[float, T]:
    """The least seconds of the processor that a call took, and what it returned."""
    seconds = []
    for _ in range(REPEATS):
        start = time.process_time()
        result = call()
        seconds.append(time.process_time() - start)
    return min(seconds), result


def measure_ours(circuit: QuantumCircuit, target: Target) -> dict[str, Any]:
    """Sizes and seconds of ours, and whether the state is right, where that is small."""
    reading, own = fastest(partial(read, write_program(circuit)))
    seconds, device = fastest(partial(compile_ours, own, target))
    right = agrees(circuit, device) if circuit.num_qubits <= WIDEST else None
    whole = reading + seconds
    return sizes(device.circuit) | {"seconds": seconds, "whole": whole, "right": right}


def measure_templates() -> dict[str, float]:
    """Seconds for other numbers in a compiled circuit of a thousand parameters."""
    circuit = hardware_efficient(20, 25)
    own = read(write_program(circuit))
    (template,) = device_templates(own, read_target("ibm:torino"), measure=False, level=2)
    numbers = {v.name: np.linspace(-3, 3, math.prod(v.shape)) for v in own.parameters}
    return {
        "angles": fastest(partial(template.angles, numbers))[0],
        "text": fastest(partial(template.text, numbers))[0],
    }


def agrees(circuit: QuantumCircuit, device: DeviceCircuit) -> bool:
    """Whether a device circuit makes the state of `circuit`, for random numbers, up to a phase."""
    random = np.random.default_rng(11)
    numbers = {p.name: random.uniform(-math.pi, math.pi) for p in circuit.parameters}
    wanted = Statevector(circuit.assign_parameters(numbers)).data
    named = {re.sub(r"\[(\d+)\]", r"_\1", ascii_name(k)): v for k, v in numbers.items()}
    compiled = device.circuit
    own = {p: named[p.name.rstrip("_")] for p in compiled.parameters}
    bound = compiled.assign_parameters(own)
    find = bound.find_bit
    used = {find(q).index for item in bound.data for q in item.qubits}
    last = list(device.final_layout)
    order = [*last, *sorted(used - set(last))]
    small = QuantumCircuit(len(order))
    for item in bound.data:
        small.append(item.operation, [order.index(find(q).index) for q in item.qubits])
    found = Statevector(small).data[: len(wanted)]
    return bool(abs(abs(np.vdot(wanted, found)) - 1) < 1e-6)


def measure_qiskit(circuit: QuantumCircuit, target: Target) -> dict[str, Any]:
    """The best of some seeds, and the seconds of one."""
    assert target.edges is not None
    coupling = CouplingMap([e for a, b in target.edges for e in ((a, b), (b, a))])
    basis = [gate for gate in target.basis if gate != "id"]
    found, seconds = [], []
    for seed in SEEDS:
        second, compiled = fastest(
            partial(
                transpile,
                circuit,
                coupling_map=coupling,
                basis_gates=basis,
                optimization_level=3,
                seed_transpiler=seed,
            )
        )
        seconds.append(second)
        found.append(sizes(compiled))
    return min(found, key=lambda s: (s["gates"], s["depth"])) | {"seconds": min(seconds)}


def measure_pytket() -> Iterator[tuple[str, dict[str, Any]]]:
    """What pytket makes of each family on each device, from a process of its own."""
    install("pytket", PYTKET)
    edges = {name: target.edges for name, target in targets().items()}
    command = [python_of("pytket"), "-m", "benchmarks.transpile_pytket", json.dumps(edges)]
    child = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    for line in child.stdout.splitlines():
        yield tuple(json.loads(line))


def write_report(results: dict[str, dict[str, dict[str, Any]]]) -> str:
    """Tables of what was kept."""
    lines = ["# Circuits on devices", "", str(__doc__).partition("\n\n")[2].strip(), ""]
    ratios = []
    for target, title in (("torino", "IBM Torino"), ("grid", "A grid of 5 x 5")):
        lines += [f"## {title}", "", HEADER, "|" + "---|" * HEADER.count(" | ") + "---|"]
        for family in FAMILIES:
            found = results.get(f"{family}/{target}", {})
            if len(found) < 2:
                continue
            ours, others = found["ours"], [v for k, v in found.items() if k != "ours"]
            best, depth = (min(o[key] for o in others) for key in ("gates", "depth"))
            ratios.append(ours["gates"] / best)
            counts = " / ".join(str(v["gates"]) for k, v in sorted(found.items()) if k != "ours")
            lines.append(
                f"| {family} | {ours['gates']} | {counts} | {ratios[-1]:.2f} | "
                f"{ours['depth']} | {depth} | {1e3 * ours['whole']:.0f} | "
                f"{1e3 * ours['seconds']:.0f} | {1e3 * found['qiskit']['seconds']:.0f} |"
            )
        lines.append("")
    mean = math.exp(sum(map(math.log, ratios)) / max(1, len(ratios)))
    template = results["template"]
    return "\n".join(
        [
            *lines,
            f"Ours over the best of the others, geometric mean: {mean:.3f}.",
            "",
            "Other numbers in a compiled circuit of 1,000 parameters: "
            f"{1e3 * template['angles']:.2f} ms for its angles, "
            f"{1e3 * template['text']:.2f} ms for its text.",
            "",
        ]
    )


HEADER = (
    "| circuit | ours | pytket Pauli / pytket peephole / Qiskit | ratio | depth | best other | "
    "ms | from the circuit | Qiskit |"
)


def main() -> None:
    """Measure, keep, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ours", action="store_true", help="measure ours alone")
    parser.add_argument("--families", default="", help="those whose names hold this")
    options = parser.parse_args()
    results = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    for family, make in FAMILIES.items():
        circuit = make()
        for name, target in targets().items():
            if options.families not in family:
                continue
            entry = results.setdefault(f"{family}/{name}", {})
            entry["ours"] = measure_ours(circuit, target)
            if not options.ours:
                entry["qiskit"] = measure_qiskit(circuit, target)
            print(family, name, entry, flush=True)
    if not options.ours and "QMLC_PEERS" in os.environ:
        for key, found in measure_pytket():
            results.setdefault(key, {}).update(found)
    results["template"] = measure_templates()
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    REPORT.write_text(write_report(results), "utf-8")
    print(REPORT.read_text("utf-8"))


if __name__ == "__main__":
    main()
