"""Numbers as configurations write them."""

from __future__ import annotations

from typing import Any


def number(value: Any) -> float:
    """The value as a number: the OCI provider takes `"80"` for 80 and its documentation tells no kinds.

    Raises:
        Undetermined: the value is unknown.
        ValueError: the text is no number.
    """
    return float(value)
