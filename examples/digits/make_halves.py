"""Writes low.npz and high.npz: scikit-learn's 8 x 8 pictures of the digits 0 to 4, and 5 to 9."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits


def main() -> None:
    """Two files, each with `image` (0 to 16, [rows, 8, 8]) and `digit` ([rows])."""
    digits = load_digits()
    for name, chosen in (("low", digits.target < 5), ("high", digits.target >= 5)):
        np.savez_compressed(
            Path(__file__).with_name(f"{name}.npz"),
            image=digits.images[chosen].astype("uint8"),
            digit=digits.target[chosen].astype("uint8"),
        )


if __name__ == "__main__":
    main()
