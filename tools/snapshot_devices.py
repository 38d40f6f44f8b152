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

import re
import sys
from pathlib import Path
from statistics import median
from typing import Any

TARGETS = Path(__file__).resolve().parent.parent / "qmlc" / "targets"
BRAKET_PRICES = "https://aws.amazon.com/braket/pricing, read in 2026"
PRICES = {
    "ionq_aria": {"task": 0.3, "shot": 0.03},
    "ionq_forte": {"task": 0.3, "shot": 0.08},
    "iqm_garnet": {"task": 0.3, "shot": 0.00145},
    "iqm_emerald": {"task": 0.3, "shot": 0.0016},
    "rigetti_ankaa_3": {"task": 0.3, "shot": 0.0009},
}
"""US dollars, on Amazon Braket."""

NOT_GATES = {"delay", "for_loop", "if_else", "measure", "reset", "switch_case", "while_loop"}


def main() -> None:
    """Write the files asked for on the command line."""
    vendor, *arguments = sys.argv[1:]
    for argument in arguments:
        name, fields, noise = {"ibm": ibm, "google": google, "iqm": iqm, "mqt": mqt}[vendor](
            argument
        )
        path = TARGETS / f"{fields['vendor'].lower()}_{name}.toml"
        path.write_text(device_text(fields, noise, PRICES.get(path.stem, {})), encoding="ascii")
        print(path)


def device_text(fields: dict[str, Any], noise: dict[str, float], price: dict[str, float]) -> str:
    """The text of a device file."""
    fields = fields | ({"price_source": BRAKET_PRICES} if price else {})
    lines = [f"{key} = {toml_value(value)}" for key, value in fields.items()]
    for title, table in (("noise", noise), ("price", price)):
        if table:
            lines += ["", f"[{title}]", *(f"{key} = {x:.6g}" for key, x in table.items())]
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
        "dialect": "native",
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
        **iqm_fields(name, qubits),
        "source": f"iqm-client, {Path(path).name}",
        "edges": edges,
        "labels": [f"QB{i + 1}" for i in range(qubits)],
    }
    noise = {
        "one_qubit_error": median(numbers),
        "two_qubit_error": median(float(error) for _, _, error in pairs),
        "readout_error": median((float(a) + float(b)) / 2 for a, b in readout),
    }
    return name, fields, noise


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


def mqt(device: str) -> tuple[str, dict[str, Any], dict[str, float]]:
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
    return name, fields, mqt_noise(target, two_qubit)


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
