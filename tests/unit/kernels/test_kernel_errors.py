"""What is wrong with a kernel is said at its line."""

from __future__ import annotations

import importlib.util

import pytest

from qmlc.kernels.errors import KernelError
from qmlc.kernels.load_library import compile_entries

HEAD = """
from __future__ import annotations
from qmlc.kernels.language import *

@entry
def run(n: Int, x: Real, rows: Vectors, numbers: IntVectors) -> None:
"""
CASES = {
    "nowhere": "nothing is called nowhere here",
    "for i in range(n):\n    y = i\nrows[y] = 1.0": "nothing is called y here",
    "y = 0\nif n > 0:\n    y = rows[0]": "Vector does not become Int by itself",
    "y = rows\nif n > 0:\n    y = n": "Int does not become Vectors by itself",
    "rows[0] = numbers[0]": "IntVector does not become Vector by itself",
    "rows[0] = rows[0] + numbers[0]": "IntVector does not become Vector by itself",
    "y = rows[0] // 2.0": "FloorDiv of Vector is not there",
    "y = rows[0] & 1": "BitAnd of Vector is not there",
    "y = x[3]": "Real has no elements",
    "if n:\n    pass": "Int is no Bool: compare it",
    "while rows[0] < 1.0:\n    pass": "Mask is no Bool: compare it",
    "y = 1.0 if n > 0 else 2.0": "`if` in an expression is decided at translation: use select",
    "y = registers(n)": "registers takes a compile-time number",
    "y = registers(4)\ny[n] = 1": "registers are numbered at translation: use a buffer",
    "y = registers(4)\ny[4] = 1": "there are registers 0 to 3, not 4",
    "y = registers(4)\nz = y[2]": "register 2 holds nothing yet",
    "y = buffer(n)": "a buffer has a compile-time size",
    "y = fma(x, x)": "fma: missing a required argument: 'c'",
    "y = fma(n, n, n)": "fma is of reals",
    "y = sqrt(n)": "sqrt of Int is not there",
    "y = exchange(rows[0], n)": "exchange takes a vector and a compile-time lane number",
    "y = permute(rows[0], rows[1])": "permute takes a vector and an IntVector of lane numbers",
    "y = splat(a=x)": "kernels are called without names of parameters",
    "y = print(n)": "print is no kernel and no builtin",
    "y = (x, n)": "a name takes one value: unpack the tuple",
    "y, z = x, n, n": "2 names take a tuple of as many",
    "y = [x]": "kernels have no List",
    "try:\n    pass\nfinally:\n    pass": "kernels have no Try",
    "for i in range(n):\n    break": "kernels have no Break",
    "for i in range(n):\n    return": "`return` stands at the end, or where it is known",
    "for k in unroll(n):\n    pass": "unroll takes compile-time numbers",
    "for i in rows:\n    pass": "a loop is over range, unroll or a compile-time tuple",
    "for i in range(1, 2, 0):\n    pass": "a step is not 0",
    "for k in unroll(2):\n    if k == 0:\n        y = 5\n    elif n > 0:\n        y = 6": (
        "y changes in a loop or branch: say its type where it begins"
    ),
    "run(n, x, rows, numbers)": "run is an entry: kernels do not call it",
    "return n": "run returns an Int if and only if it says so",
    "y = 1 // 0": "integer division or modulo by zero",
    "y = min(n, rows)": "Vectors does not become Int by itself",
}


def load(path, text):
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("body", CASES)
def test_says_what_is_wrong_and_where(tmp_path, body):
    path = tmp_path / "wrong.py"
    module = load(path, HEAD + "".join(f"    {line}\n" for line in body.splitlines()))
    with pytest.raises(KernelError) as caught:
        compile_entries([module.run], "float32")
    place, _, message = str(caught.value).partition(": ")
    assert place.startswith(f"{path}:")
    assert int(place.rpartition(":")[2]) >= HEAD.count("\n") - 1
    assert CASES[body] in message


def test_says_where_it_was_called_from(tmp_path):
    path = tmp_path / "nested.py"
    inner = "@inline\ndef inner(n: Any) -> Any:\n    y = n\n    return y[0]\n"
    module = load(
        path, HEAD.replace("@entry", inner + "@entry") + "    if n > 0:\n        inner(n)\n"
    )
    with pytest.raises(KernelError) as caught:
        compile_entries([module.run], "float32")
    assert str(caught.value) == f"{path}:8: Int has no elements\n  called from {path}:12"


@pytest.mark.parametrize(
    "kernel, message",
    [
        ("@inline\ndef run(n: Int) -> None:\n    run(n)", "run is no entry"),
        ("@entry\ndef run(n) -> None:\n    pass", "run is no entry whose parameters all have"),
        ("@inline\ndef f(n: Int):\n    f(n)\n@entry\ndef run(n: Int):\n    f(n)", "without end"),
        ("@inline\ndef f(n: Int):\n    pass\n@entry\ndef run(n: Int):\n    f()", "takes 1 argum"),
        ("@inline\ndef f(n: Static):\n    pass\n@entry\ndef run(n: Int):\n    f(n)", "n is known"),
        (
            "@function\ndef f(n: Static):\n    pass\n@entry\ndef run(n: Int):\n    f(n)",
            "n is known",
        ),
    ],
)
def test_says_what_is_wrong_with_a_call(tmp_path, kernel, message):
    module = load(tmp_path / "call.py", HEAD.partition("@entry")[0] + kernel)
    with pytest.raises(KernelError) as caught:
        compile_entries([module.run], "float32")
    assert message in str(caught.value)
