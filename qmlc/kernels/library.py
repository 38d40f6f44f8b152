"""What the libraries of kernels are made of."""

from __future__ import annotations

from qmlc.kernels.execute import forward, share_forward
from qmlc.kernels.execute_backward import backward, share_backward
from qmlc.kernels.route_gates import find_routes
from qmlc.kernels.synthesise_strings import synthesise_strings

ENTRIES = (forward, share_forward, backward, share_backward)
"""Of the runtime."""

COMPILING = (find_routes, synthesise_strings)
"""Of the compiler."""
