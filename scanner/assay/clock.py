"""Today, for what judges by dates: `SOURCE_DATE_EPOCH` (seconds) fixes it, so that a report can be made again."""

from __future__ import annotations

import os
import time

moving = False
"""Whether somebody has asked what time it is: an answer made of that is another one in a minute."""


def seconds() -> float:
    """Now, in seconds since 1970."""
    global moving
    fixed = _fixed()
    if fixed is None:
        moving = True
        return time.time()
    return fixed


def today() -> str:
    """The day in UTC, as `2026-11-30`."""
    fixed = _fixed()
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() if fixed is None else fixed))


def _fixed() -> float | None:
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return float(epoch) if epoch.isdecimal() else None


def stamp(at: float) -> str:
    """Seconds since 1970 as Kubernetes writes a time: `2026-11-30T08:00:00Z`."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def instant(text: str) -> float:
    """A time as RFC 3339 writes it (`2026-11-30T08:00:00Z`, with fractions or an offset), in seconds since 1970.

    Raises:
        ValueError: it is none.
    """
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp()
