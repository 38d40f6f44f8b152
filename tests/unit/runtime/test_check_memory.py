"""How much memory is free: on the machine, and to the container."""

from __future__ import annotations

import pytest
import torch

from qmlc.runtime import check_memory
from qmlc.runtime.check_memory import GROUPS, available_memory

CPU = torch.device("cpu")


@pytest.mark.parametrize("place", range(len(GROUPS)))
def test_a_container_may_take_less_than_the_machine_has(place, tmp_path, monkeypatch):
    _, limit, used, dropped = GROUPS[place]
    monkeypatch.setattr(check_memory, "GROUPS", [(tmp_path, limit, used, dropped)])
    on_the_machine = available_memory(CPU)
    (tmp_path / limit).write_text("5000\n")
    (tmp_path / used).write_text("4500\n")
    (tmp_path / "memory.stat").write_text(f"anon 3\n{dropped} 1500\n")
    assert available_memory(CPU) == 2000
    (tmp_path / limit).write_text("max\n")
    assert available_memory(CPU) is not None and on_the_machine is not None
    assert available_memory(CPU) > 2000 and on_the_machine > 2000
