"""Write `digits.npz`: scikit-learn's handwritten digits, and a caption for each of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

NAMES = "zero one two three four five six seven eight nine".split()
CAPTIONS = (
    "a handwritten {}",
    "the digit {}",
    "somebody wrote {}",
    "this is the number {}",
    "{} in small handwriting",
)

if __name__ == "__main__":
    digits, draw = load_digits(), np.random.default_rng(0)
    captions = [CAPTIONS[draw.integers(len(CAPTIONS))].format(NAMES[d]) for d in digits.target]
    file = Path(__file__).parent / "digits.npz"
    np.savez_compressed(file, image=digits.images.astype("uint8"), caption=np.array(captions))
