import pytest

from qmlc.targets.read_target import UnknownTarget, list_targets, parse_target, read_target


def test_names_are_vendor_and_device():
    assert {"ibm:torino", "ibm:brisbane", "google:willow", "simulator"} <= set(list_targets())
    assert list(list_targets()) == sorted(list_targets())


def test_torino_is_the_heron_of_133_qubits():
    target = read_target("ibm:torino")
    # of 150 pairs, 11 did not work when it was calibrated
    assert (target.qubits, len(target.edges)) == (133, 139)
    assert set(target.basis) == {"cz", "id", "rz", "sx", "x"}
    assert target.allows(0, 1) and target.allows(1, 0) and not target.allows(0, 2)
    assert 0 < dict(target.noise)["two_qubit_error"] < 0.05


def test_directed_edges_hold_one_way():
    target = read_target("ibm:brisbane")
    assert target.allows(1, 0) and not target.allows(0, 1)


def test_without_edges_all_are_connected():
    target = read_target("ionq:aria")
    assert target.allows(0, 24) and not target.allows(0, 25)


def test_a_miss_proposes_the_nearest():
    with pytest.raises(UnknownTarget, match="did you mean `ibm:torino`") as caught:
        read_target("ibm:turino")
    assert caught.value.proposal == "ibm:torino"
    with pytest.raises(UnknownTarget, match="there are azure:ionq_aria, azure:ionq_forte"):
        read_target("../../etc/passwd")


def test_a_wrong_file_is_told_as_such():
    with pytest.raises(ValueError, match="the device file of `a:b` is not right"):
        parse_target("a:b", 'title = "B"')
