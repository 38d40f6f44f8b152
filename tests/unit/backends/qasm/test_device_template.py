import numpy as np
import pytest

from qmlc.backends.qasm.device_template import device_templates
from qmlc.backends.qasm.errors import Unbound
from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ir.operator import Operator
from qmlc.targets.read_target import read_target
from qmlc.types.polynomial import Polynomial


def template(**options):
    c = CircuitBuilder("reused")
    x, w = c.input("x"), c.parameter("w", 2)
    q = c.qubits("q", 2)
    c.rz(Polynomial.apply("sqrt", x) + w[0] * w[1] ** 2, q[0])
    c.cx(*q)
    c.rz(w[1] - 0.5, q[1])
    c.expval(Operator.pauli("X", 0) * Operator.pauli("Z", 1))
    (found,) = device_templates(c.build(), read_target("ibm:torino"), **options)
    return found


def test_angles_are_worked_out_at_once():
    angles = template().angles({"x": 4.0, "w": np.array([0.5, 3.0])})
    # with the quarter before the measurement; what turns the second qubit is not seen there
    assert sorted(angles) == pytest.approx([6.5 + np.pi / 2])


def test_text_is_that_of_numbers():
    found = template()
    text = found.text({"x": 4.0, "w": [0.5, 3.0]})
    assert "input" not in text and "angle" not in text and "rz(8.070796326794897)" in text
    assert text != found.text({"x": 4.0, "w": [0.5, 2.0]})


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"x": 1.0}, Unbound, "needs numbers for `w`"),
        ({"x": 1.0, "w": [1.0]}, ValueError, "`w` has another shape: 1 elements where 2 should be"),
        ({"x": 1.0, "w": [1.0, 2.0], "v": 3}, ValueError, "no input or parameter `v`"),
        ({"x": -1.0, "w": [1.0, 2.0]}, ValueError, "has no value for these numbers"),
    ],
)
def test_wrong_values(values, error, message):
    with pytest.raises(error, match=message):
        template().angles(values)


@pytest.mark.parametrize("dialect", ["openqasm2", "quantinuum"])
def test_dialects_without_inputs(dialect):
    """Numbers stand in the text before anybody reads it."""
    text = template(dialect=dialect).text({"x": 1.0, "w": [1.0, 2.0]})
    assert "input" not in text and "angle_" not in text
    assert text.startswith("OPENQASM 2.0;") and "rz(" in text
