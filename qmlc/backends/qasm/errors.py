"""What Qiskit, OpenQASM or a device cannot take: exceptions with a proposal."""

from __future__ import annotations

from textwrap import shorten


class NotExpressible(ValueError):
    """A circuit that cannot be written in the form asked for; `proposal` says what would help."""

    def __init__(self, message: str, proposal: str = "") -> None:
        super().__init__(f"{message}; {proposal}" if proposal else message)
        self.message, self.proposal = message, proposal


class NeedsMethod(NotExpressible):
    """An exact evolution under terms that do not commute."""

    def __init__(self, operator: object) -> None:
        super().__init__(
            f"the terms of `{shorten(str(operator), 80, placeholder=' …')}` do not commute",
            "a device must be told a method: evolve(H, time=t, method=trotter(steps=...))",
        )


class Unbound(NotExpressible):
    """Numbers are needed for inputs or parameters; `names` are those that lack them."""

    def __init__(self, what: str, names: tuple[str, ...]) -> None:
        listed = ", ".join(f"`{name}`" for name in names)
        super().__init__(f"{what} needs numbers for {listed}", "give them in `values`")
        self.what, self.names = what, names


class NeedsState(NotExpressible):
    """A result that only a simulator can return; `kind` is the result's."""

    def __init__(self, kind: str) -> None:
        super().__init__(
            f"`{kind}` cannot be measured on a device", "return expval, variance or probs"
        )
        self.kind = kind


class TooFewQubits(NotExpressible):
    """A circuit that is wider than the device."""

    def __init__(self, circuit: str, needed: int, device: str, available: int) -> None:
        super().__init__(f"`{circuit}` needs {needed} qubits and {device} has {available}")
        self.needed, self.available = needed, available


class NotReadable(ValueError):
    """What a circuit from elsewhere holds and ours cannot; `proposal` says what would help."""

    def __init__(self, message: str, proposal: str = "") -> None:
        super().__init__(f"{message}; {proposal}" if proposal else message)
        self.message, self.proposal = message, proposal
