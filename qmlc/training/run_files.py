"""What is in the folder of a run, and where that is."""

from __future__ import annotations

from pathlib import Path

from qmlc.ir.program import Program, Training

BEST, LAST, FITTED = "best.safetensors", "last.safetensors", "fitted.json"
HISTORY, RESULTS = "history.jsonl", "metrics.json"
REPORT, CURVES, ABLATION = "report.html", "curves.png", "ablation.json"
RUN = "run.json"
"""With which options the training was started, and how long it took: no two runs have it alike."""
CHECKPOINT = "checkpoint.safetensors"
SETTINGS, TENSORBOARD = "settings.json", "tensorboard"
"""What is in a run's folder: the settings where `--set` gave any; the last is a folder itself."""


def run_folder(program: Program, training: Training) -> Path:
    """Where the outputs of a training go unless another folder is given."""
    return Path("runs") / program.name / training.name


def clear_run(folder: Path) -> None:
    """Nothing; what an earlier run left in its folder is gone."""
    for name in (BEST, LAST, FITTED, HISTORY, RESULTS, CHECKPOINT, REPORT, CURVES, ABLATION):
        (folder / name).unlink(missing_ok=True)
    for file in folder.glob("tokenizer*.json"):
        file.unlink()


def remove_checkpoints(folder: Path) -> None:
    """Nothing; the checkpoints of a run, its folds and its twins are gone."""
    for below in (".", "fold_*", "ablation/*/*"):
        for file in folder.glob(f"{below}/{CHECKPOINT}"):
            file.unlink(missing_ok=True)
