"""Kubernetes quantities: `500m`, `1.5Gi`, `2e3`."""

from __future__ import annotations

_SUFFIXES = {
    "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60,
}  # fmt: skip


def quantity(text: str | float) -> float:
    """The number that a quantity means.

    Raises:
        ValueError: it is none.
    """
    if isinstance(text, (int, float)):
        return float(text)
    text = text.strip()
    for suffix in (text[-2:], text[-1:]):
        if suffix in _SUFFIXES and len(text) > len(suffix):
            return float(text[: -len(suffix)]) * _SUFFIXES[suffix]
    return float(text)
