"""What the library of kernels is made of."""

from __future__ import annotations

from qmlc.kernels.execute import forward, share_forward
from qmlc.kernels.execute_backward import backward, share_backward

ENTRIES = (forward, share_forward, backward, share_backward)
