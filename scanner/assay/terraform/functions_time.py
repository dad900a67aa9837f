"""Functions on times, to the nanosecond."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from assay.patterns import pattern
from assay.terraform.values import STRING, EvalError, TypedUnknown

if TYPE_CHECKING:
    from collections.abc import Callable

_STAMP = pattern(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII)
_SPAN = pattern(r"(\d*)(?:\.(\d*))?(ns|us|\u00b5s|\u03bcs|ms|s|m|h)", re.ASCII)
_SECOND = 10**9
_UNITS = {
    "ns": 1, "us": 10**3, "\u00b5s": 10**3, "\u03bcs": 10**3, "ms": 10**6, "s": _SECOND, "m": 60 * _SECOND,
    "h": 3600 * _SECOND,
}  # fmt: skip
_PIECE = pattern(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+")


def _time(text: str) -> tuple[datetime, int]:
    """A timestamp, and the nanoseconds beyond its second."""
    match = _STAMP.fullmatch(text)
    if match is None:
        raise EvalError(f'"{text[:40]}" is not a time such as 2020-01-31T12:00:00Z')
    fraction, sign, hours, minutes = match.groups()[6:]
    offset = (int(hours) * 60 + int(minutes)) * (-1 if sign == "-" else 1) if sign else 0
    try:
        zone = timezone(timedelta(minutes=offset))
        moment = datetime(*(int(n) for n in match.groups()[:6]), tzinfo=zone)  # type: ignore[arg-type, misc]
    except ValueError as error:
        raise EvalError(f'"{text[:40]}" is not a time: {error}') from None
    return moment, int((fraction or "0")[:9].ljust(9, "0"))


def _written(moment: datetime) -> str:
    return f"{moment.year:04d}-{moment:%m-%dT%H:%M:%S}" + (_offset(moment, ":") if _minutes(moment) else "Z")


def _minutes(moment: datetime) -> int:
    offset = moment.utcoffset()
    return 0 if offset is None else offset // timedelta(minutes=1)


def _offset(moment: datetime, colon: str) -> str:
    minutes = _minutes(moment)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}{colon}{abs(minutes) % 60:02d}"


def timeadd(text: str, duration: str) -> str:
    """The time later by a duration such as `-1h30m`."""
    moment, nanoseconds = _time(text)
    seconds = (_span(duration) + nanoseconds) // 10**9
    try:
        return _written(moment + timedelta(seconds=seconds))
    except OverflowError:
        raise EvalError("the result is not in the years from 1 to 9999") from None


def _span(text: str) -> int:
    """A duration in nanoseconds."""
    rest = text[1:] if text[:1] in ("+", "-") else text
    total = place = 0
    while place < len(rest) and rest != "0":
        match = _SPAN.match(rest, place)
        if match is None or not (match[1] or match[2]) or len(match[1]) > 19:
            raise EvalError(f'"{text[:40]}" is not a duration such as 1h30m')
        fraction = (match[2] or "")[:18]
        unit = _UNITS[match[3]]
        total += int(match[1] or "0") * unit + int(fraction or "0") * unit // 10 ** len(fraction)
        place = match.end()
    if not rest or total >= 1 << 63:
        raise EvalError(f'"{text[:40]}" is not a duration such as 1h30m')
    return -total if text[0] == "-" else total


def timecmp(left: str, right: str) -> int:
    """-1, 0 or 1: which time is earlier."""
    a, b = _time(left), _time(right)
    return (a > b) - (a < b)


def formatdate(pattern: str, text: str) -> str:
    """The time in another form."""
    moment = _time(text)[0]
    pieces = []
    place = 0
    while place < len(pattern):
        match = _PIECE.match(pattern, place)
        if match is None:
            raise EvalError("a quoted part of the format has no end")
        place = match.end()
        if match[2]:
            pieces.append(_verb(match[0], moment))
        else:
            pieces.append(match[0] if match[1] is None else match[1].replace("''", "'"))
    return "".join(pieces)


def _verb(verb: str, moment: datetime) -> str:
    run = _VERBS.get(verb)
    if run is None:
        raise EvalError(f'"{verb[:20]}" is not a verb of a date format')
    return run(moment)


def _day_half(moment: datetime) -> str:
    return "PM" if moment.hour >= 12 else "AM"


def _zone(colon: str, utc: str) -> Callable[[datetime], str]:
    return lambda moment: _offset(moment, colon) if _minutes(moment) or not utc else utc


_MONTHS = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
]  # fmt: skip
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_VERBS: dict[str, Callable[[datetime], str]] = {
    "YYYY": lambda t: f"{t.year:04d}",
    "YY": lambda t: f"{t.year % 100:02d}",
    "MMMM": lambda t: _MONTHS[t.month - 1],
    "MMM": lambda t: _MONTHS[t.month - 1][:3],
    "MM": lambda t: f"{t.month:02d}",
    "M": lambda t: str(t.month),
    "DD": lambda t: f"{t.day:02d}",
    "D": lambda t: str(t.day),
    "EEEE": lambda t: _DAYS[t.weekday()],
    "EEE": lambda t: _DAYS[t.weekday()][:3],
    "hh": lambda t: f"{t.hour:02d}",
    "h": lambda t: str(t.hour),
    "HH": lambda t: f"{t.hour % 12 or 12:02d}",
    "H": lambda t: str(t.hour % 12 or 12),
    "AA": _day_half,
    "aa": lambda t: _day_half(t).lower(),
    "mm": lambda t: f"{t.minute:02d}",
    "m": lambda t: str(t.minute),
    "ss": lambda t: f"{t.second:02d}",
    "s": lambda t: str(t.second),
    "ZZZZZ": _zone(":", ""),
    "ZZZZ": _zone("", ""),
    "ZZZ": _zone("", "UTC"),
    "Z": _zone(":", "Z"),
}


def _later(name: str) -> Callable[[], Any]:
    return lambda: TypedUnknown(f"{name}() is the time of the plan", STRING, not_null=True)


TABLE: dict[str, Callable[..., Any]] = {
    "formatdate": formatdate,
    "plantimestamp": _later("plantimestamp"),
    "timeadd": timeadd,
    "timecmp": timecmp,
    "timestamp": _later("timestamp"),
}
