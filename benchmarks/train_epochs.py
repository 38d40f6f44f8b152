"""Trains a program as `qmlc train` does, an epoch when told to; `epochs.py` starts it.

`python -m benchmarks.train_epochs PROGRAM FOLDER`; with `--again`, what stays the same in all
epochs is computed again in each.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from qmlc.train_program import train_program
from qmlc.training import train_block
from qmlc.training.read_options import TrainOptions


def main() -> None:
    """Trains."""
    path, folder, *again = sys.argv[1:]
    torch.set_num_threads(1)
    if again:
        train_block.compute_features = lambda *given: None
    begin = time.process_time()

    def watch(row: Mapping[str, Any]) -> None:
        nonlocal begin
        print(json.dumps([row["learning"], time.process_time() - begin]), flush=True)
        if not sys.stdin.readline():
            raise SystemExit
        begin = time.process_time()

    sys.stdin.readline()
    options = TrainOptions(folder=Path(folder), quiet=True, device="cpu", watch=watch)
    train_program(Path(path), options)


if __name__ == "__main__":
    main()
