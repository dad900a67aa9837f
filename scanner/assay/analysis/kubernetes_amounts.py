"""Amounts that are a number or a percentage of the pods."""

from __future__ import annotations

from typing import Any

from assay.model import Undetermined, Unknown


def is_none(amount: Any) -> bool:
    """True for no pods at all: 0 or 0%."""
    return _text(amount) in ("0", "0%")


def is_all(amount: Any) -> bool:
    """True for all of the pods: 100%."""
    return _text(amount) == "100%"


def count(value: Any) -> int:
    """A whole number; a manifest may hold anything in its place.

    Raises:
        Undetermined: the value is unknown, or no number.
    """
    if isinstance(value, Unknown):
        raise Undetermined(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Undetermined(Unknown(f"{value!r} is no number"))
    return int(value)


def _text(amount: Any) -> str:
    if isinstance(amount, Unknown):
        raise Undetermined(amount)
    return str(amount).strip()
