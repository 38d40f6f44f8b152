"""The families as programs do what the families in Qiskit do."""

import numpy as np
import pytest
from qiskit.quantum_info import Statevector

from benchmarks.families import FAMILIES
from benchmarks.family_programs import PROGRAMS
from qmlc.backends.qasm.build_qiskit import to_qiskit
from qmlc.driver import analyse
from qmlc.source.span import Source


@pytest.mark.parametrize("family", FAMILIES)
def test_as_in_qiskit(family):
    own = analyse(Source("family.hqm", PROGRAMS[family])).checked().program.units[0].circuit
    random = np.random.default_rng(1)
    values = {v.name: random.uniform(-3, 3, v.shape) for v in (*own.inputs, *own.parameters)}
    circuit = FAMILIES[family]()
    numbers = [number for name in sorted(values) for number in np.ravel(values[name])]
    wanted = circuit.assign_parameters(dict(zip(circuit.parameters, numbers, strict=True)))
    found = to_qiskit(own, values)
    # the same gates, or else the same state
    if wanted != found:
        states = [Statevector(each).data for each in (wanted, found)]
        assert abs(np.vdot(*states)) == pytest.approx(1)
