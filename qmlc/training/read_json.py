"""Read what a training keeps as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from qmlc.training.errors import DataError, shown


def read_json(path: Path, what: str, help: str = "") -> Any:
    """What a file holds; DataError E0705, by the name of `what` it is, where it cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"{what} cannot be read: {error}"
        raise DataError("E0705", message, help, shown(path)) from None
