"""Compares what circuits become on devices: ours, Qiskit's level 3, pytket's two pipelines.

Counts two-qubit gates and the depth in these, of circuits with symbols; the best of three seeds of
Qiskit. Milliseconds are of the processor, the best of some, imports (and reading the library, which
is ours) left out and nothing else kept from the compilation before: ours from a program to
OpenQASM, as a person writes it (with loops and the library, `family_programs.py`), as a flat list
of gates, and from the circuit on, where Qiskit starts. The last column is what it takes to prove,
up to ten qubits, that the OpenQASM does what the program says. pytket runs where `make bench` would
put peers: under `$QMLC_PEERS`, in `pytket`.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from qiskit import QuantumCircuit, transpile
from qiskit.quantum_info import Statevector
from qiskit.transpiler import CouplingMap

from benchmarks.environments import install, python_of
from benchmarks.families import FAMILIES, GRID, hardware_efficient
from benchmarks.family_programs import PROGRAMS
from qmlc.backends.qasm import transpile_circuit as transpiling
from qmlc.backends.qasm.device_template import device_templates
from qmlc.backends.qasm.emit_openqasm import device_text, emit_device_program
from qmlc.backends.qasm.transpile_circuit import DeviceCircuit, transpile_circuit
from qmlc.driver import analyse
from qmlc.ir.circuit import Circuit
from qmlc.passes.pipeline import optimise
from qmlc.passes.synthesis import resynthesise
from qmlc.source.pause_collection import pause_collection
from qmlc.source.span import Source
from qmlc.targets.read_target import Target, read_target
from qmlc.verify.certify import certify_program

RESULTS = Path(__file__).parent / "transpile.json"
REPORT = Path(__file__).parent / "transpile.md"
PYTKET = {"torch": False, "packages": ["pytket==2.18.*", "pytket-qiskit==0.79.*"]}
SEEDS = (1, 2, 3)
REPEATS = 5
T = TypeVar("T")
WIDEST = 10
"""Qubits up to which results are compared with the circuit as written."""


def targets() -> dict[str, Target]:
    """The devices compared: IBM's heavy hexagons, a grid of 5 x 5, and all qubits connected."""
    basis = ("cz", "rz", "sx", "x")
    grid = Target("grid", "5 x 5 qubits", "nobody", 25, basis, edges=GRID)
    connected = Target("connected", "all connected", "nobody", 25, basis)
    return {"torino": read_target("ibm:torino"), "grid": grid, "connected": connected}


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


def forget() -> None:
    """Let go of what compilations keep for those that follow in a process."""
    resynthesise._resynthesised.cache_clear()
    transpiling._manager.cache_clear()


def compile_ours(circuit: Circuit, target: Target) -> DeviceCircuit:
    """What `qmlc compile --target` does to a circuit."""
    forget()
    with pause_collection():
        (device,) = transpile_circuit(circuit, target, measure=False, level=2)
        device_text(circuit, device, "openqasm3", ())
    return device


def compile_program(text: str, target: Target) -> DeviceCircuit:
    """What `qmlc compile --target` does to a program."""
    return compile_ours(read(text), target)


def fastest(call: Callable[[], T]) -> tuple[float, T]:
    """The least seconds of the processor that a call took, and what it returned."""
    seconds = []
    for _ in range(REPEATS):
        start = time.process_time()
        result = call()
        seconds.append(time.process_time() - start)
    return min(seconds), result


def measure_ours(family: str, circuit: QuantumCircuit, target: Target) -> dict[str, Any]:
    """Sizes and seconds of ours; of small ones, whether the state is right, and of the proof."""
    flat = write_program(circuit)
    seconds, device = fastest(partial(compile_ours, read(flat), target))
    result = sizes(device.circuit) | {
        "seconds": seconds,
        "flat": fastest(partial(compile_program, flat, target))[0],
        "program": fastest(partial(compile_program, PROGRAMS[family], target))[0],
    }
    if circuit.num_qubits > WIDEST:
        return result | {"proof": None, "right": None}
    return result | {"proof": measure_proof(family, target), "right": agrees(circuit, device)}


def measure_proof(family: str, target: Target) -> float:
    """Seconds that the certificate of what a program becomes takes."""
    source = analyse(Source("family.hqm", PROGRAMS[family])).checked().program.units[0].circuit
    assert source is not None
    made = emit_device_program(source, target, dialect="openqasm3", level=2)
    with pause_collection():
        seconds, verdict = fastest(partial(certify_program, source, source, {}, made, made.texts))
    print(verdict)
    return seconds


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
    pairs = [e for a, b in target.edges or () for e in ((a, b), (b, a))]
    coupling = CouplingMap(pairs) if pairs else None
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


TITLES = {
    "torino": "IBM Torino",
    "grid": "A grid of 5 x 5",
    "connected": "All qubits connected",
}
HEADER = (
    "| circuit | ours | pytket Pauli / pytket peephole / Qiskit | ratio | depth | best other | "
    "ms, as written | flat | from the circuit | Qiskit | proof |"
)


def write_report(results: dict[str, dict[str, dict[str, Any]]]) -> str:
    """Tables of what was kept."""
    lines = ["# Circuits on devices", "", str(__doc__).partition("\n\n")[2].strip(), ""]
    means = []
    for target, title in TITLES.items():
        lines += [f"## {title}", "", HEADER, "|" + "---|" * HEADER.count(" | ") + "---|"]
        found = {f: results.get(f"{f}/{target}", {}) for f in FAMILIES}
        found = {family: each for family, each in found.items() if len(each) > 1}
        lines += [_row(family, each) for family, each in found.items()]
        lines += ["", _summary(list(found.values())), ""]
        means.append(_ratio(list(found.values())))
    template = results["template"]
    return "\n".join(
        [
            *lines,
            f"Ours over the best of the others where circuits are routed, geometric mean: "
            f"{math.sqrt(means[0] * means[1]):.3f}.",
            "",
            "Other numbers in a compiled circuit of 1,000 parameters: "
            f"{1e3 * template['angles']:.2f} ms for its angles, "
            f"{1e3 * template['text']:.2f} ms for its text.",
            "",
        ]
    )


def _others(found: dict[str, Any], key: str) -> int:
    """The best of the others."""
    return min(each[key] for name, each in found.items() if name != "ours")


def _ratio(found: Sequence[dict[str, Any]]) -> float:
    """Our gates over those of the best other, geometric mean."""
    logarithms = [math.log(each["ours"]["gates"] / _others(each, "gates")) for each in found]
    return math.exp(sum(logarithms) / max(1, len(logarithms)))


def _row(family: str, found: dict[str, Any]) -> str:
    ours, best = found["ours"], _others(found, "gates")
    counts = " / ".join(str(v["gates"]) for k, v in sorted(found.items()) if k != "ours")
    seconds = [ours[key] for key in ("program", "flat", "seconds")]
    times = [f"{1e3 * each:.0f}" for each in (*seconds, found["qiskit"]["seconds"])]
    proof = "" if ours["proof"] is None else f"{1e3 * ours['proof']:.0f}"
    cells = [
        family, ours["gates"], counts, f"{ours['gates'] / best:.2f}", ours["depth"],
        _others(found, "depth"), *times, proof,
    ]  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def _summary(found: Sequence[dict[str, Any]]) -> str:
    """All circuits of a device together."""
    qiskit = sum(each["qiskit"]["seconds"] for each in found)
    times = [
        f"{sum(each['ours'][key] for each in found) / qiskit:.1f}"
        for key in ("program", "flat", "seconds")
    ]
    proofs = [each["ours"] for each in found if each["ours"]["proof"] is not None]
    cheap = sum(each["proof"] < each["program"] for each in proofs)
    return (
        f"All together: {_ratio(found):.2f} of the gates of the best other, geometric mean; "
        f"{' / '.join(times)} of Qiskit's time. "
        f"{cheap} of {len(proofs)} proofs take less than the compilation."
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
            entry["ours"] = measure_ours(family, circuit, target)
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
