"""Numbers of things, in words of messages."""

from __future__ import annotations


def count_noun(number: int, noun: str) -> str:
    """`no dimensions`, `1 dimension`, `2 dimensions`."""
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
