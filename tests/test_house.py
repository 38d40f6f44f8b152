"""The bars of the house: style, types, sizes, imports. docs/architecture.md says why."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "qmlc"
MODULES = sorted(PACKAGE.rglob("*.py"))
FILES = [*MODULES, *sorted((ROOT / "tests").rglob("*.py"))]

MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 60

ROOMS_OF_PACKAGES = {
    "lark": ["qmlc.syntax"],
    "llvmlite": ["qmlc.kernels"],
    "networkx": ["qmlc.ir"],
    "qiskit": [
        "qmlc.backends.qasm",
        "qmlc.targets",
        "qmlc.verify",
        "qmlc.runtime",
        "qmlc.testing",
    ],
    "qiskit_aer": ["qmlc.backends.qasm", "qmlc.runtime", "qmlc.testing"],
    "qiskit_ibm_runtime": ["qmlc.backends.qasm", "qmlc.targets", "qmlc.runtime"],
    "qiskit_qasm3_import": ["qmlc.backends.qasm", "qmlc.testing"],
    "torch": [
        "qmlc.runtime",
        "qmlc.training",
        "qmlc.train_program",
        "qmlc.planning",
        "qmlc.export",
        "qmlc.report",
        "qmlc.trainability",
        "qmlc.testing",
    ],
    "torchmetrics": ["qmlc.training", "qmlc.report"],
    "matplotlib": ["qmlc.report"],
    "jinja2": ["qmlc.report"],
    "accelerate": ["qmlc.training"],
    "transformers": ["qmlc.runtime"],
    "peft": ["qmlc.runtime"],
    "mqt": ["qmlc.verify"],
    "onnx": ["qmlc.ops", "qmlc.runtime"],
    "h5py": ["qmlc.ops"],
    "keras": ["qmlc.runtime"],
    "pandas": ["qmlc.training", "qmlc.train_program"],
    "einops": ["qmlc.runtime", "qmlc.planning", "qmlc.testing"],
    "click": ["qmlc.tools"],
    "pygments": ["qmlc.tools"],
    "rich": ["qmlc.tools", "qmlc.training", "qmlc.tuning"],
    "hypothesis": ["qmlc.testing"],
}

HEAVY = {
    "accelerate", "h5py", "keras", "llvmlite", "networkx", "numpy", "onnx", "pandas", "peft",
    "qiskit", "rich", "scipy", "torch", "torchmetrics", "transformers",
}  # fmt: skip
"""What no verb may import that only reads programs and tables."""

CHECK_AND_LIST_HEAVY = """
import sys
from qmlc.tools.main import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
roots = {module.partition(".")[0] for module in sys.modules}
print("imported:", *sorted(roots & set(HEAVY)))
"""


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """A Python tool, run on the repository."""
    return subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(node: ast.AST) -> Iterator[str]:
    """What is imported by name, at the top of a module or inside a function."""
    for child in ast.walk(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert not child.level, "imports are absolute"
            yield from (f"{child.module}.{alias.name}" for alias in child.names)


def within(module: str, rooms: list[str]) -> bool:
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


def lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


TOOLS = {
    "ruff check": ["-m", "ruff", "check"],
    "ruff format": ["-m", "ruff", "format", "--check"],
    "mypy": ["-m", "mypy"],
    "import-linter": [
        "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()",
        "--no-cache",
    ],
}  # fmt: skip


@pytest.mark.parametrize("tool", TOOLS.values(), ids=TOOLS)
def test_tool_is_content(tool):
    result = run(*tool)
    assert result.returncode == 0, result.stdout + result.stderr


def test_packages_stay_in_their_rooms():
    strays = [
        f"{module_name(path)} imports {package}"
        for path in MODULES
        for package in sorted({name.partition(".")[0] for name in imports(tree(path))})
        if package in ROOMS_OF_PACKAGES
        and not within(module_name(path), ROOMS_OF_PACKAGES[package])
    ]
    assert not strays


def test_no_imports_for_type_checking_only():
    hidden = [
        path.relative_to(ROOT)
        for path in MODULES
        if any(name == "typing.TYPE_CHECKING" for name in imports(tree(path)))
    ]
    assert not hidden


def test_no_import_cycles():
    names = {module_name(path) for path in MODULES}
    graph = {
        module_name(path): {
            name if name in names else name.rpartition(".")[0]
            for name in imports(tree(path))
            if name.startswith("qmlc.")
        }
        for path in MODULES
    }
    TopologicalSorter(graph).prepare()


def test_files_are_short():
    long = [
        f"{path.relative_to(ROOT)}: {count}"
        for path in FILES
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > MAX_FILE_LINES
    ]
    assert not long


def test_functions_are_short():
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {lines(node)}"
        for path in FILES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and lines(node) > MAX_FUNCTION_LINES
    ]
    assert not long


def test_versions_are_those_that_are_pinned():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if not line.startswith("#"))
    # left to itself, pip takes a torch with gigabytes of CUDA libraries
    assert "torch" in pinned
    assert {name: version(name).partition("+")[0] for name in pinned} == pinned


def test_modules_have_docstrings():
    bare = [
        path.relative_to(ROOT)
        for path in MODULES
        if path.stat().st_size and not ast.get_docstring(tree(path))
    ]
    assert not bare


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "examples/iris/iris.hqm"],
        ["explain"],
        ["targets"],
        ["version", "--verbose"],
        ["--help"],
    ],
    ids=" ".join,
)
def test_answers_without_heavy_packages(arguments):
    result = run("-c", CHECK_AND_LIST_HEAVY.replace("HEAVY", repr(sorted(HEAVY))), *arguments)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.splitlines()[-1] == "imported:"
