"""Compiles files of OpenQASM that others wrote, and compares with Qiskit's level 3.

`python -m benchmarks.suites FOLDER` takes a folder of files, such as QASMBench's, or what MQT Bench
generates. Each is imported, compiled by default for IBM Torino, and proved: two-qubit gates with
those of Qiskit (the best of three seeds), seconds of the processor from the program's text to all
files, without proof, and of Qiskit's `transpile`, and what was proved of the device's file.

Circuits that begin in |0> and measure lose what no measurement sees, which Qiskit keeps.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

from qiskit import QuantumCircuit, transpile

from qmlc.backends.qasm.load_openqasm import load_openqasm
from qmlc.backends.qasm.qiskit_target import qiskit_target
from qmlc.backends.qasm.transpile_circuit import count_two_qubit_gates
from qmlc.driver import compile_program, read_source
from qmlc.output.import_openqasm import import_openqasm
from qmlc.output.options import CompileOptions
from qmlc.source.compile_error import CompileError
from qmlc.targets.read_target import read_target

REPORT = Path(__file__).parent / "suites.md"
TARGET = "ibm:torino"
SEEDS = (1, 2, 3)


def measure_ours(path: Path, folder: Path) -> dict[str, Any]:
    """Gates, seconds and proof of a file; CompileError."""
    program = folder / f"{path.stem}.hqm"
    program.write_text(import_openqasm(read_source(path), path), "utf-8")
    start = time.process_time()
    compile_program(program, CompileOptions(target=TARGET, verify="off"))
    seconds = time.process_time() - start
    output = compile_program(program, CompileOptions(target=TARGET))
    circuits = json.loads(output.texts["manifest.json"])["circuits"]
    (file,) = [f for c in circuits for f in c["files"] if f.get("target") == TARGET]
    proof = file["certificate"]
    said = f"{proof['equal']}, by {proof['method']}" if proof.get("equal") else "not proved"
    return {"gates": file["two_qubit_gates"], "seconds": seconds, "proof": said}


def measure_qiskit(circuit: QuantumCircuit) -> dict[str, Any]:
    """Gates of the best seed, and the seconds of the fastest."""
    target = qiskit_target(read_target(TARGET), circuit.num_qubits)
    found, seconds = [], []
    for seed in SEEDS:
        start = time.process_time()
        compiled = transpile(circuit, target=target, optimization_level=3, seed_transpiler=seed)
        seconds.append(time.process_time() - start)
        found.append(count_two_qubit_gates(compiled))
    return {"gates": min(found), "seconds": min(seconds)}


def write_row(path: Path, folder: Path) -> tuple[str, float | None]:
    """A row of the table, and the ratio of gates, where both have some."""
    try:
        ours = measure_ours(path, folder)
    except CompileError as error:
        return f"| {path.stem} | | | | | | {error.diagnostics[0].message_text} |", None
    circuit = load_openqasm(read_source(path), path.parent)
    theirs = measure_qiskit(circuit)
    ratio = ours["gates"] / theirs["gates"] if ours["gates"] and theirs["gates"] else None
    numbers = [circuit.num_qubits, ours["gates"], theirs["gates"]]
    numbers += [f"{1e3 * side['seconds']:.0f}" for side in (ours, theirs)]
    return f"| {path.stem} | {' | '.join(map(str, numbers))} | {ours['proof']} |", ratio


def main() -> None:
    """Measure the files of a folder, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    paths = sorted(parser.parse_args().folder.rglob("*.qasm"))
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        write_row(paths[0], Path(folder))  # what is loaded at first is no work of the compiler
        rows = [write_row(path, Path(folder)) for path in paths]
    ratios = [math.log(ratio) for _, ratio in rows if ratio is not None]
    mean = math.exp(sum(ratios) / max(1, len(ratios)))
    lines = [
        "# Files of others",
        "",
        str(__doc__).partition("\n\n")[2].strip(),
        "",
        "| circuit | qubits | two-qubit gates | Qiskit | ms | Qiskit | proved |",
        "|---|---|---|---|---|---|---|",
        *(row for row, _ in rows),
        "",
        f"Ours over Qiskit's where both have some, geometric mean: {mean:.3f} of {len(ratios)}.",
        "",
    ]
    REPORT.write_text("\n".join(lines), "utf-8")
    print(REPORT.read_text("utf-8"))


if __name__ == "__main__":
    main()
