"""What is wrong with a kernel: a fault of ours, never of a program."""

from __future__ import annotations


class KernelError(Exception):
    """A kernel that cannot be translated: what is wrong, and where, the innermost place first."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.places: list[str] = []
        self._inside: object = None

    def at(self, place: str, inside: object) -> KernelError:
        """This error, with a place, `file:line`, if it has none yet inside this kernel."""
        if inside is not self._inside:
            self._inside = inside
            self.places.append(place)
        return self

    def __str__(self) -> str:
        return "\n  called from ".join(
            [": ".join([*self.places[:1], self.message]), *self.places[1:]]
        )
