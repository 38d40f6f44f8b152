"""The overlaps of states: their gradients, first and second, and under torch's transforms."""

from __future__ import annotations

import pytest
import torch

from qmlc.runtime.overlaps import overlaps


def states(*shape: int) -> torch.Tensor:
    """States that are not normalised, as gradients must not rely on that."""
    generator = torch.Generator().manual_seed(sum(shape))
    return torch.randn(*shape, dtype=torch.complex128, generator=generator, requires_grad=True)


@pytest.mark.parametrize("others", [(), (2, 4, 3)], ids=["with themselves", "with others"])
def test_gradients_are_those_of_finite_differences(others: tuple[int, ...]) -> None:
    tensors = (states(2, 5, 3), *([states(*others)] if others else []))

    def square(*given: torch.Tensor) -> torch.Tensor:
        return overlaps(given[0], given[-1])

    assert torch.autograd.gradcheck(square, tensors)
    assert torch.autograd.gradgradcheck(square, tensors)


def test_overlaps_of_one_batch_are_those_of_two_equal_ones() -> None:
    left = states(6, 4)
    twin = left.detach().clone().requires_grad_()
    weights = torch.arange(36.0, dtype=torch.float64).reshape(6, 6)
    (overlaps(left, left) * weights).sum().backward()  # type: ignore[no-untyped-call]
    one = left.grad
    left.grad = None
    (overlaps(left, twin) * weights).sum().backward()  # type: ignore[no-untyped-call]
    assert one is not None and left.grad is not None and twin.grad is not None
    torch.testing.assert_close(one, left.grad + twin.grad)


def test_transforms_follow_every_operation() -> None:
    left = states(3, 2).detach().real

    def square(x: torch.Tensor) -> torch.Tensor:
        complex_x = torch.complex(x, 2 * x)
        return overlaps(complex_x, complex_x)

    backward = torch.func.jacrev(square)(left)
    forward = torch.func.jacfwd(square)(left)
    torch.testing.assert_close(backward, forward)
