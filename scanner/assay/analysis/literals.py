"""Values as configurations write them: numbers in quotes, texts written out, dates."""

from __future__ import annotations

from typing import Any

from assay import clock
from assay.model import Undetermined, Unknown


def number(value: Any) -> float:
    """The value as a number: the OCI provider takes `"80"` for 80 and its documentation tells no kinds.

    Raises:
        Undetermined: the value is unknown.
        ValueError: the text is no number.
    """
    return float(value)


def is_written(value: Any) -> bool:
    """True for a text that stands in the code, whole; an unknown one comes from elsewhere."""
    return isinstance(value, str) and value.strip() != ""


def days_from_now(date: Any) -> float:
    """How many days lie between now and an RFC 3339 date; negative when it is past.

    Raises:
        Undetermined: the date is unknown, or nobody can read it.
    """
    if isinstance(date, Unknown):
        raise Undetermined(date)
    from datetime import UTC, datetime

    try:
        then = datetime.fromisoformat(str(date))
    except ValueError:
        raise Undetermined(Unknown(f"{date} is no RFC 3339 date")) from None
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return (then.timestamp() - clock.seconds()) / 86400
