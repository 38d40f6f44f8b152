"""The name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate with the fewest slips from `name`, the first of equals, or None.

    A slip is a character too many, too few, other or in another case, or two neighbours swapped
    (Damerau and Levenshtein). At most a third of the longer name may be slips, so a name of one or
    two characters is only near to itself in another case.
    """
    best: tuple[float, str] | None = None
    for candidate in candidates:
        slips = _slips(name.lower(), candidate.lower()) + 0.5 * (name != candidate)
        limit = max(len(name), len(candidate)) // 3
        if int(slips) <= limit and (best is None or slips < best[0]):
            best = slips, candidate
    return best[1] if best else None


def propose_nearest(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """The help text "did you mean `…`?" with the nearest of `known`; `otherwise` if none is."""
    close = nearest(name, known)
    return f"did you mean `{close}`?" if close else otherwise


def _slips(left: str, right: str) -> int:
    """The optimal string alignment distance."""
    before: list[int] = []
    previous = list(range(len(right) + 1))
    for i, a in enumerate(left):
        current = [i + 1]
        for j, b in enumerate(right):
            distance = min(previous[j + 1] + 1, current[j] + 1, previous[j] + (a != b))
            if i and j and a == right[j - 1] and left[i - 1] == b:
                distance = min(distance, before[j - 1] + 1)
            current.append(distance)
        before, previous = previous, current
    return previous[-1]
