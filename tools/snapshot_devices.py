"""Write the device files of qmlc/targets/ from what the vendors' own packages say.

Needed only to renew them, never at run time:

    pip install qiskit-ibm-runtime
    python tools/snapshot_devices.py ibm FakeTorino FakeBrisbane
    pip download --no-deps cirq-google iqm-client    # and unzip
    python tools/snapshot_devices.py google <path to a device_spec_for_grid_device.proto.txt>
    python tools/snapshot_devices.py iqm <path to iqm/qiskit_iqm/fake_backends/fake_garnet.py>
    pip install mqt.bench
    python tools/snapshot_devices.py mqt rigetti_ankaa_84 iqm_crystal_54 ionq_aria_25 …

The same package version gives the same bytes.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from statistics import median
from typing import Any

TARGETS = Path(__file__).resolve().parent.parent / "qmlc" / "targets"
BRAKET_PRICES = "https://aws.amazon.com/braket/pricing, read in 2026"
Tables = dict[str, dict[str, Any]]


def braket(price: dict[str, float], limits: dict[str, int] | None = None) -> dict[str, Any]:
    """What a device costs on Amazon Braket, in US dollars, and how much of it one may ask for."""
    published: dict[str, Any] = {"price_source": BRAKET_PRICES, "price": price}
    if limits:
        published |= {"limits_source": "shotsRange of its Braket properties", "limits": limits}
    return published


IBM: dict[str, Any] = {
    "limits_source": "docs.quantum.ibm.com/guides/job-limits; max_shots of the snapshot",
    "limits": {"shots": 100_000, "executions": 10_000_000},
}
QUANTINUUM: dict[str, Any] = {
    "price_source": "learn.microsoft.com/azure/quantum/pricing: 5 + C (N1 + 10 N2 + 5 Nm) / 5000",
    "price_unit": "H-System Quantum Credits",
    "price": {"task": 5.0, "one_qubit_gate": 2e-4, "two_qubit_gate": 2e-3, "spam": 1e-3},
}
PUBLISHED: dict[str, dict[str, Any]] = {
    "ibm_brisbane": IBM,
    "ibm_torino": IBM,
    "ionq_aria": braket({"task": 0.3, "shot": 0.03}),
    "ionq_forte": braket({"task": 0.3, "shot": 0.08}),
    "iqm_garnet": braket({"task": 0.3, "shot": 0.00145}, {"shots": 20_000}),
    "iqm_emerald": braket({"task": 0.3, "shot": 0.0016}, {"shots": 20_000}),
    "quantinuum_h2": QUANTINUUM,
    "rigetti_ankaa_3": braket({"task": 0.3, "shot": 0.0009}),
}
"""What vendors' pages say, beside what their packages do: prices, limits, and where it stands."""

NOT_GATES = {"delay", "for_loop", "if_else", "measure", "reset", "switch_case", "while_loop"}


def main() -> None:
    """Write the files asked for on the command line."""
    vendor, *arguments = sys.argv[1:]
    for argument in arguments:
        makers = {"ibm": ibm, "google": google, "iqm": iqm, "mqt": mqt}
        name, fields, tables = makers[vendor](argument)
        path = TARGETS / f"{fields['vendor'].lower()}_{name}.toml"
        path.write_text(device_text(path.stem, fields, tables), encoding="ascii")
        print(path)


def device_text(stem: str, fields: dict[str, Any], tables: Tables) -> str:
    """The text of a device file."""
    published = PUBLISHED.get(stem, {})
    fields = fields | {k: v for k, v in published.items() if isinstance(v, str)}
    tables = tables | {k: v for k, v in published.items() if isinstance(v, dict)}
    lines = [f"{key} = {toml_value(value)}" for key, value in fields.items()]
    for title, table in tables.items():
        if table:
            lines += ["", f"[{title}]", *(f"{key} = {toml_value(x)}" for key, x in table.items())]
    return "\n".join(lines) + "\n"


def toml_value(value: Any) -> str:
    """A string, a truth value, a number or a list of these, in TOML."""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        # of what is measured anew every day, three digits say enough
        items = [f"{v:.3g}" if isinstance(v, float) else toml_value(v) for v in value]
        width = 9 if isinstance(value[0], float) else 8
        if len(items) <= width:
            return f"[{', '.join(items)}]"
        rows = [", ".join(items[i : i + width]) for i in range(0, len(items), width)]
        return "[\n" + "".join(f"    {row},\n" for row in rows) + "]"
    return str(value)


def ibm(class_name: str) -> tuple[str, dict[str, Any], Tables]:
    """A snapshot of qiskit-ibm-runtime's fake provider: `FakeTorino`."""
    from importlib.metadata import version

    from qiskit_ibm_runtime import fake_provider

    backend = getattr(fake_provider, class_name)()
    target = backend.target
    basis = sorted(set(target.operation_names) - NOT_GATES)
    two_qubit = [g for g in basis if len(next(iter(target[g]))) == 2]
    # IBM marks what does not work by an error of 1
    links = {pair: p.error for gate in two_qubit for pair, p in target[gate].items() if p.error < 1}
    directed = any((b, a) not in links for a, b in links)
    edges = sorted(links if directed else {tuple(sorted(pair)) for pair in links})
    pairs = {pair for gate in two_qubit for pair in target[gate]}
    broken = sorted({tuple(sorted(pair)) for pair in pairs - set(links)})
    name = class_name.removeprefix("Fake").lower()
    calibrated = backend.properties().last_update_date.date()
    fields = {
        "title": f"IBM {name.capitalize()}",
        "vendor": "IBM",
        "qubits": backend.num_qubits,
        "basis": basis,
        "virtual": ["rz"],
        "directed": directed,
        "feedforward": "if_else" in target.operation_names,
        "dialect": "native",
        "source": f"qiskit-ibm-runtime {version('qiskit-ibm-runtime')}, {class_name}, "
        f"calibrated {calibrated}",
        "notes": "rz is virtual: it takes no time and makes no error"
        + (f"; these do not work: {', '.join(f'{a}-{b}' for a, b in broken)}" if broken else ""),
        "edges": [list(edge) for edge in edges],
    }
    calibration = {
        "one_qubit_error": [target["sx"][(q,)].error for q in range(backend.num_qubits)],
        "two_qubit_error": [links[edge] for edge in edges],
        "readout_error": [target["measure"][(q,)].error for q in range(backend.num_qubits)],
    }
    tables = {"noise": ibm_noise(target, two_qubit, calibration), "calibration": calibration}
    return name, fields, tables


def ibm_noise(
    target: Any, two_qubit: list[str], calibration: dict[str, list[float]]
) -> dict[str, float]:
    """Medians over the device, in seconds and as probabilities."""

    def middle(gates: list[str], field: str) -> float:
        found = [getattr(p, field) for gate in gates for p in target[gate].values() if p]
        return median(v for v in found if v is not None)

    return {
        **medians(calibration),
        "one_qubit_time": middle(["sx"], "duration"),
        "two_qubit_time": middle(two_qubit, "duration"),
        "readout_time": middle(["measure"], "duration"),
        "t1": median(q.t1 for q in target.qubit_properties if q and q.t1),
        "t2": median(q.t2 for q in target.qubit_properties if q and q.t2),
    }


def google(path: str) -> tuple[str, dict[str, Any], Tables]:
    """A device specification of cirq-google, whose qubits are places `row_column` of a grid."""
    text = Path(path).read_text()
    labels = sorted(
        set(re.findall(r'valid_qubits: "(\d+_\d+)"', text)), key=lambda s: [*map(int, s.split("_"))]
    )
    place = {label: i for i, label in enumerate(labels)}
    pairs = re.findall(r'targets \{\s*ids: "(\d+_\d+)"\s*ids: "(\d+_\d+)"\s*\}', text)
    processor = Path(path).name.split("_")[0]
    name = {"weber": "sycamore"}.get(processor, processor)
    fields = {
        "title": f"Google {name.capitalize()}",
        "vendor": "Google",
        "qubits": len(labels),
        "basis": ["cz", "rx", "ry", "rz"],
        "virtual": ["rz"],
        "directed": False,
        "feedforward": False,
        "dialect": "cirq",
        "source": f"cirq-google, {Path(path).name}",
        "notes": "the device has cz, phased XZ and virtual Z: rx, ry, rz are its phased XZ, "
        "which OpenQASM cannot name; qubit i is the place labels[i] of the grid",
        "edges": (edges := sorted(sorted((place[a], place[b])) for a, b in set(pairs))),
        "labels": labels,
    }
    if name != "willow":  # of the other, no errors of cz are published
        return name, fields, {}
    found = google_metrics(Path(path))
    error = {
        metric: {frozenset(place[q] for q in qubits): value for qubits, value in values.items()}
        for metric, values in found.items()
    }
    cz = error["two_qubit_parallel_cz_gate_xeb_pauli_error_per_cycle"]
    one = error["single_qubit_rb_pauli_error_per_gate"]
    zero, other = error["single_qubit_p00_error"], error["single_qubit_p11_error"]
    every = [frozenset([q]) for q in range(len(labels))]
    calibration = {
        # of a Pauli error, the average over states sees d / (d + 1)
        "one_qubit_error": [one[q] * 2 / 3 for q in every],
        "two_qubit_error": [cz[frozenset(edge)] * 4 / 5 for edge in edges],
        "readout_error": [(zero[q] + other[q]) / 2 for q in every],
    }
    return name, fields, {"noise": medians(calibration), "calibration": calibration}


def google_metrics(specification: Path) -> dict[str, dict[tuple[str, ...], float]]:
    """The calibration beside a device specification of cirq-google: metric, qubits, value."""
    stem = specification.name.removesuffix("_device_spec_for_grid_device.proto.txt")
    path = specification.parent.parent / "calibrations" / f"{stem}_calibration.json"
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for metric in json.loads(path.read_text())["metrics"]["metrics"]:
        values = found.setdefault(metric["name"], {})
        values[tuple(metric["targets"])] = metric["values"][0]["doubleVal"]
    return found


def medians(calibration: dict[str, list[float]]) -> dict[str, float]:
    """Of each list of errors, the median."""
    return {kind: median(errors) for kind, errors in calibration.items()}


def iqm(path: str) -> tuple[str, dict[str, Any], Tables]:
    """A fake back-end of iqm-client, by the path of its file."""
    text = Path(path).read_text()
    pairs = re.findall(r'\("QB(\d+)", "QB(\d+)"\): ([\d.e-]+)', text)
    readout = re.findall(r'\{"0": ([\d.]+), "1": ([\d.]+)\}', text)
    one = re.search(r'"prx": \{(.*?)\}', text, re.DOTALL)
    numbers = [float(x) for x in re.findall(r": ([\d.]+)", one[1])] if one else []
    name = Path(path).stem.removeprefix("fake_")
    errors = {tuple(sorted((int(a) - 1, int(b) - 1))): float(error) for a, b, error in pairs}
    edges = sorted(errors)
    qubits = max(max(edge) for edge in edges) + 1
    fields = {
        **iqm_fields(name, qubits),
        "source": f"iqm-client, {Path(path).name}",
        "edges": edges,
        "labels": [f"QB{i + 1}" for i in range(qubits)],
    }
    # of a depolarization, the average over states sees (d - 1) / d
    calibration = {
        "one_qubit_error": [number / 2 for number in numbers],
        "two_qubit_error": [errors[edge] * 3 / 4 for edge in edges],
        "readout_error": [(float(a) + float(b)) / 2 for a, b in readout],
    }
    return name, fields, {"noise": medians(calibration), "calibration": calibration}


def iqm_fields(name: str, qubits: int) -> dict[str, Any]:
    """What IQM's devices share."""
    return {
        "title": f"IQM {name.capitalize()}",
        "vendor": "IQM",
        "qubits": qubits,
        "basis": ["cz", "r"],
        "directed": False,
        "feedforward": False,
        "dialect": "verbatim",
        "notes": "r is the device's prx; qubit i is the device's labels[i]",
    }


def ions(name: str, gates: list[str], native: list[str]) -> dict[str, Any]:
    """What IonQ's devices share."""
    return {
        "title": f"IonQ {name.capitalize()}",
        "vendor": "IonQ",
        "basis": gates,
        "virtual": ["rz"],
        "directed": False,
        "feedforward": False,
        "dialect": "verbatim",
        "native": native,
        "notes": "all qubits are connected; turns about Z are made by turning the axes of others; "
        "an angle of ms or zz that is bound later should lie within a quarter turn",
    }


def mqt(device: str) -> tuple[str, dict[str, Any], Tables]:
    """A device of mqt.bench, which holds means of the vendors' published calibrations."""
    from importlib.metadata import version

    from mqt.bench.targets.devices import get_device

    target = get_device(device)
    name, fields = {
        "rigetti_ankaa_84": (
            "ankaa_3",
            {
                "title": "Rigetti Ankaa-3",
                "vendor": "Rigetti",
                "basis": ["iswap", "rz", "sx", "x"],
                "virtual": ["rz"],
                "directed": False,
                "feedforward": False,
                "dialect": "verbatim",
                "notes": "sx and x are the device's rx by a quarter and a half turn",
            },
        ),
        "iqm_crystal_54": ("emerald", iqm_fields("emerald", target.num_qubits)),
        "ionq_aria_25": ("aria", ions("aria", ["rx", "rxx", "ry", "rz"], ["gpi", "gpi2", "ms"])),
        "ionq_forte_36": ("forte", ions("forte", ["rx", "ry", "rz", "rzz"], ["gpi", "gpi2", "zz"])),
        "quantinuum_h2_56": (
            "h2",
            {
                "title": "Quantinuum H2",
                "vendor": "Quantinuum",
                "basis": ["rx", "ry", "rz", "rzz"],
                "virtual": ["rz"],
                "directed": False,
                "feedforward": True,
                "dialect": "quantinuum",
                "notes": "all qubits are connected; rx and ry are the device's U1q",
            },
        ),
    }[device]
    gates = [g for g in target.operation_names if g not in NOT_GATES]
    two_qubit = [g for g in gates if len(next(iter(target[g]))) == 2]
    links = {tuple(sorted(pair)) for gate in two_qubit for pair in target[gate]}
    fields |= {
        "qubits": target.num_qubits,
        "source": f"mqt.bench {version('mqt.bench')}, {device}",
    }
    if len(links) < target.num_qubits * (target.num_qubits - 1) // 2:
        # what has no neighbour does not work
        found = sorted({q for pair in links for q in pair})
        place = {q: i for i, q in enumerate(found)}
        fields["qubits"] = len(found)
        fields["edges"] = sorted([place[a], place[b]] for a, b in links)
        fields["labels"] = [f"QB{q + 1}" if fields["vendor"] == "IQM" else str(q) for q in found]
    return name, fields, {"noise": mqt_noise(target, two_qubit)}


def mqt_noise(target: Any, two_qubit: list[str]) -> dict[str, float]:
    """Means over the device, in seconds and as probabilities; what is not known is left out."""
    others = {*two_qubit, *NOT_GATES, "rz"}
    one_qubit = [g for g in target.operation_names if g not in others]
    groups = {"one_qubit": one_qubit[0], "two_qubit": two_qubit[0], "readout": "measure"}
    firsts = {key: next(iter(target[gate].values())) for key, gate in groups.items()}
    errors = {f"{key}_error": first.error for key, first in firsts.items()}
    times = {f"{key}_time": first.duration for key, first in firsts.items()}
    return {key: value for key, value in (errors | times).items() if value}


if __name__ == "__main__":
    main()
