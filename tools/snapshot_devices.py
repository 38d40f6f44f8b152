"""Write the device files of qmlc/targets/ from what the vendors' own packages say.

Needed only to renew them, never at run time:

    pip install qiskit-ibm-runtime
    python tools/snapshot_devices.py ibm FakeTorino FakeBrisbane
    pip download --no-deps cirq-google iqm-client    # and unzip
    python tools/snapshot_devices.py google <path to a device_spec_for_grid_device.proto.txt>
    python tools/snapshot_devices.py iqm <path to iqm/qiskit_iqm/fake_backends/fake_garnet.py>

The same package version gives the same bytes.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from statistics import median
from typing import Any

TARGETS = Path(__file__).resolve().parent.parent / "qmlc" / "targets"
NOT_GATES = {"delay", "for_loop", "if_else", "measure", "reset", "switch_case", "while_loop"}


def main() -> None:
    """Write the files asked for on the command line."""
    vendor, *arguments = sys.argv[1:]
    for argument in arguments:
        name, fields, noise = {"ibm": ibm, "google": google, "iqm": iqm}[vendor](argument)
        path = TARGETS / f"{vendor}_{name}.toml"
        path.write_text(device_text(fields, noise), encoding="ascii")
        print(path)


def device_text(fields: dict[str, Any], noise: dict[str, float]) -> str:
    """The text of a device file."""
    lines = [f"{key} = {toml_value(value)}" for key, value in fields.items()]
    if noise:
        lines += ["", "[noise]", *(f"{key} = {value:.6g}" for key, value in noise.items())]
    return "\n".join(lines) + "\n"


def toml_value(value: Any) -> str:
    """A string, a truth value, a number or a list of these, in TOML."""
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        items = [toml_value(v) for v in value]
        if len(items) <= 8:
            return f"[{', '.join(items)}]"
        rows = [", ".join(items[i : i + 8]) for i in range(0, len(items), 8)]
        return "[\n" + "".join(f"    {row},\n" for row in rows) + "]"
    return str(value)


def ibm(class_name: str) -> tuple[str, dict[str, Any], dict[str, float]]:
    """A snapshot of qiskit-ibm-runtime's fake provider: `FakeTorino`."""
    from importlib.metadata import version

    from qiskit_ibm_runtime import fake_provider

    backend = getattr(fake_provider, class_name)()
    target = backend.target
    basis = sorted(set(target.operation_names) - NOT_GATES)
    two_qubit = [g for g in basis if len(next(iter(target[g]))) == 2]
    links = {pair for gate in two_qubit for pair in target[gate]}
    directed = any((b, a) not in links for a, b in links)
    edges = sorted(links if directed else {tuple(sorted(pair)) for pair in links})
    name = class_name.removeprefix("Fake").lower()
    calibrated = backend.properties().last_update_date.date()
    fields = {
        "title": f"IBM {name.capitalize()}",
        "vendor": "IBM",
        "qubits": backend.num_qubits,
        "basis": basis,
        "directed": directed,
        "feedforward": "if_else" in target.operation_names,
        "dialect": "openqasm3",
        "source": f"qiskit-ibm-runtime {version('qiskit-ibm-runtime')}, {class_name}, "
        f"calibrated {calibrated}",
        "notes": "rz is virtual: it takes no time and makes no error",
        "edges": [list(edge) for edge in edges],
    }
    return name, fields, ibm_noise(target, two_qubit)


def ibm_noise(target: Any, two_qubit: list[str]) -> dict[str, float]:
    """Medians over the device, in seconds and as probabilities."""

    def middle(gates: list[str], field: str) -> float:
        found = [getattr(p, field) for gate in gates for p in target[gate].values() if p]
        # IBM marks what does not work by an error of 1
        return median(v for v in found if v is not None and (field != "error" or v < 1))

    return {
        "one_qubit_error": middle(["sx"], "error"),
        "two_qubit_error": middle(two_qubit, "error"),
        "readout_error": middle(["measure"], "error"),
        "one_qubit_time": middle(["sx"], "duration"),
        "two_qubit_time": middle(two_qubit, "duration"),
        "readout_time": middle(["measure"], "duration"),
        "t1": median(q.t1 for q in target.qubit_properties if q and q.t1),
        "t2": median(q.t2 for q in target.qubit_properties if q and q.t2),
    }


def google(path: str) -> tuple[str, dict[str, Any], dict[str, float]]:
    """A device specification of cirq-google, whose qubits are places `row_column` of a grid."""
    text = Path(path).read_text()
    labels = sorted(
        set(re.findall(r'valid_qubits: "(\d+_\d+)"', text)), key=lambda s: [*map(int, s.split("_"))]
    )
    place = {label: i for i, label in enumerate(labels)}
    pairs = re.findall(r'targets \{\s*ids: "(\d+_\d+)"\s*ids: "(\d+_\d+)"\s*\}', text)
    name = Path(path).name.split("_")[0]
    fields = {
        "title": f"Google {name.capitalize()}",
        "vendor": "Google",
        "qubits": len(labels),
        "basis": ["cz", "rx", "ry", "rz"],
        "directed": False,
        "feedforward": False,
        "dialect": "openqasm3",
        "source": f"cirq-google, {Path(path).name}",
        "notes": "the device has cz, phased XZ and virtual Z: rx, ry, rz are its phased XZ, "
        "which OpenQASM cannot name; qubit i is the place labels[i] of the grid",
        "edges": sorted(sorted((place[a], place[b])) for a, b in set(pairs)),
        "labels": labels,
    }
    return name, fields, {}


def iqm(path: str) -> tuple[str, dict[str, Any], dict[str, float]]:
    """A fake back-end of iqm-client, by the path of its file."""
    text = Path(path).read_text()
    pairs = re.findall(r'\("QB(\d+)", "QB(\d+)"\): ([\d.e-]+)', text)
    readout = re.findall(r'\{"0": ([\d.]+), "1": ([\d.]+)\}', text)
    one = re.search(r'"prx": \{(.*?)\}', text, re.DOTALL)
    numbers = [float(x) for x in re.findall(r": ([\d.]+)", one[1])] if one else []
    name = Path(path).stem.removeprefix("fake_")
    edges = sorted(sorted((int(a) - 1, int(b) - 1)) for a, b, _ in pairs)
    qubits = max(max(edge) for edge in edges) + 1
    fields = {
        "title": f"IQM {name.capitalize()}",
        "vendor": "IQM",
        "qubits": qubits,
        "basis": ["cz", "r"],
        "directed": False,
        "feedforward": False,
        "dialect": "openqasm3",
        "source": f"iqm-client, {Path(path).name}",
        "notes": "r is the device's prx; qubit i is the device's labels[i]",
        "edges": edges,
        "labels": [f"QB{i + 1}" for i in range(qubits)],
    }
    noise = {
        "one_qubit_error": median(numbers),
        "two_qubit_error": median(float(error) for _, _, error in pairs),
        "readout_error": median((float(a) + float(b)) / 2 for a, b in readout),
    }
    return name, fields, noise


if __name__ == "__main__":
    main()
