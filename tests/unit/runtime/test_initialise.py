from __future__ import annotations

import pytest
import torch

from qmlc.runtime.initialise import INITIALISERS, initialise

ARGUMENTS = {"constant": (0.5,), "normal": (1.0, 0.1), "uniform": (2.0, 3.0)}


@pytest.mark.parametrize("name", sorted(set(INITIALISERS) - {"identity_blocks"}))
def test_initialisers_are_torchs(name):
    torch.manual_seed(0)
    found = initialise(torch.empty(4, 3), name, *ARGUMENTS.get(name, ()))
    torch.manual_seed(0)
    wanted = getattr(torch.nn.init, f"{name}_")(torch.empty(4, 3), *ARGUMENTS.get(name, ()))
    assert torch.equal(found, wanted)


def test_what_cannot_be_filled_is_named():
    with pytest.raises(ValueError, match=r"`xavier_normal` cannot fill a tensor of shape \[3\]"):
        initialise(torch.empty(3), "xavier_normal")
    with pytest.raises(ValueError, match="no initialiser is called `zero`"):
        initialise(torch.empty(3), "zero")
