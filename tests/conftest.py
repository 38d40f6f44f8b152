"""Options of the test run: `--deep` (many more random examples), `--update` (rewrite snapshots).

`QMLC_CASES=5000` in the environment draws so many for each law.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# two cores are shared by the workers: one thread each, and before numpy or torch are imported
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

# what was measured on this host is nothing that tests hang on
os.environ["QMLC_HOST"] = "typical"

SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile(
    "fast", max_examples=25, deadline=None, derandomize=True, suppress_health_check=SLOW_IS_FINE
)
settings.register_profile(
    "deep", max_examples=500, deadline=None, print_blob=True, suppress_health_check=SLOW_IS_FINE
)


CASES = os.environ.get("QMLC_CASES")
"""How many new examples each law is to draw: `make test-deep`."""

if CASES:
    settings.register_profile("cases", settings.get_profile("deep"), max_examples=int(CASES))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--deep", action="store_true", help="many more random examples, new each time")
    parser.addoption("--update", action="store_true", help="rewrite snapshots")


def pytest_configure(config: pytest.Config) -> None:
    deep = "cases" if CASES else "deep"
    settings.load_profile(deep if CASES or config.getoption("--deep") else "fast")


@pytest.fixture
def snapshot(request: pytest.FixtureRequest):
    """`snapshot(text, path)` compares with a file, or writes it under `--update`."""

    def check(text: str, path: Path) -> None:
        if request.config.getoption("--update"):
            path.write_text(text, encoding="utf-8", newline="\n")
        assert path.is_file(), f"{path} is missing: pytest --update writes it"
        assert text == path.read_text(encoding="utf-8")

    return check
