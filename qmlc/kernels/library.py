"""What the library of kernels is made of."""

from __future__ import annotations

from qmlc.kernels.execute import forward
from qmlc.kernels.execute_backward import backward

ENTRIES = (forward, backward)
