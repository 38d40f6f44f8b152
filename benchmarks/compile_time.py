"""How the cost of checking and compiling grows: with gates, and with lines of a program.

Prints seconds of the processor, and microseconds for each gate or line; imports are not counted.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from qmlc.driver import check_file, compile_file
from qmlc.output.options import CompileOptions

GATES = (5_000, 10_000, 20_000, 50_000, 100_000, 200_000)
LINES = (250, 500, 1_000, 2_000, 4_000)

CIRCUIT = """
circuit big(x: real[10]) -> real[10] {{
    param w: real[100, 10] ~ uniform(0, 2*pi)
    qubit q[10]
    for i in range({rounds}) {{
        for j in range(50) {{
            ry(w[i % 100, j % 10] + 2 * x[j % 10]) q[j % 10]
            cx q[j % 10], q[(3 * j + 1) % 10]
        }}
    }}
    return expval(Z(q))
}}
"""
"""A hundred gates a round."""

PARTS = """
## Attention over a sequence, then a circuit for each position.
layer attend_{i}(d: int)(x: real[B, T, d]) -> real[B, T, d] {{
    let q = x |> linear(d)
    let k = x |> linear(d)
    let v = x |> linear(d)
    let s = softmax(q @ k.T / sqrt(d), dim=-1)
    return (s @ v + x) |> layer_norm
}}

circuit turn_{i}(x: real[4]) -> real[4] {{
    param w: real[2, 4, 3] ~ uniform(0, 2*pi)
    qubit q[4]
    ry(x) q
    for l in range(2) {{
        for j in range(4) {{ u(w[l, j, 0], w[l, j, 1], w[l, j, 2]) q[j] }}
        for a, b in ring(q) {{ cx a, b }}
    }}
    return expval(Z(q))
}}

model net_{i}(x: real[B, T, 4]) -> real[B, 3] {{
    let h = x |> attend_{i}(4)
    let y = h |> turn_{i}
    return mean(y, dim=1) |> linear(8) |> relu |> linear(3)
}}
"""
"""25 lines with blank ones."""


def seconds(work: Callable[[], object]) -> float:
    """The processor's time that `work` takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def measure(text: str, folder: Path) -> tuple[float, float]:
    """(check, compile) of a program."""
    path = folder / "program.hqm"
    path.write_text(text)
    errors = [str(e) for e in check_file(path) if e.severity == "error"]
    if errors:
        sys.exit("\n".join(errors))
    options = CompileOptions(output=folder / "out")
    return seconds(lambda: check_file(path)), seconds(lambda: compile_file(path, options))


def show(what: str, sizes: tuple[int, ...], text: Callable[[int], str]) -> None:
    """One row for each size."""
    print(f"\n{what:>8} | check s | µs each | compile s | µs each")
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            check, whole = measure(text(size), Path(folder))
        each = (
            f"{check:7.2f} | {1e6 * check / size:7.1f} | {whole:9.2f} | {1e6 * whole / size:7.1f}"
        )
        print(f"{size:8,} | {each}", flush=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as warm:
        measure(PARTS.format(i=0), Path(warm))  # imports what compiling needs
    count = PARTS.count("\n")
    show("gates", GATES, lambda size: CIRCUIT.format(rounds=size // 100))
    show("lines", LINES, lambda size: "".join(PARTS.format(i=i) for i in range(size // count)))
