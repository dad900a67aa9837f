"""Durations as OpenSLO writes them, and the windows that they make: rolling ones, and those of a calendar."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from assay.patterns import pattern

if TYPE_CHECKING:
    from datetime import tzinfo

MINUTE, HOUR, DAY = 60, 3600, 86400
SECONDS = {"m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY, "M": 30 * DAY, "Q": 90 * DAY, "Y": 365 * DAY}
"""What a rolling window's month, quarter and year come to; those of a calendar are the calendar's."""
USUAL = "28d"
"""The window of an objective that names none: four weeks, so that every one holds as many weekends."""
_MONTHS = {"M": 1, "Q": 3, "Y": 12}
_DURATION = pattern(r"([1-9][0-9]{0,5})([mhdwMQY])")


class Fault(Exception):
    """What is wrong with a document: one sentence."""


def duration(value: Any, what: str) -> tuple[int, str]:
    """The number and the unit of a duration such as `4w`.

    Raises:
        Fault: it is none.
    """
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise Fault(f"{what} is {value!r}; a duration is a number and one of m, h, d, w, M, Q, Y, such as 28d")
    return int(found[1]), found[2]


def seconds(value: Any, what: str) -> int:
    """A duration in seconds, a month counting 30 days.

    Raises:
        Fault: it is none.
    """
    number, unit = duration(value, what)
    return number * SECONDS[unit]


class Bounds(NamedTuple):
    """A window at one moment, in seconds since 1970: from when to when it is measured, and when it will be over."""

    start: int
    end: int
    over: int


class Window(NamedTuple):
    """A window as it is declared; `anchor` is where a calendar's first one began (its own local time)."""

    text: str
    number: int
    unit: str
    anchor: datetime | None = None
    zone: tzinfo = UTC

    @property
    def length(self) -> int:
        """Its nominal seconds."""
        return self.number * SECONDS[self.unit]

    def bounds(self, now: int, step: int) -> Bounds:
        """The window of the moment `now`, on the grid of `step` seconds."""
        end = now // step * step
        if self.anchor is None:
            return Bounds(end - -(-self.length // step) * step, end, end)
        start, over = self._period(now)
        start = -(-start // step) * step
        return Bounds(min(start, end), end, over // step * step)

    def _period(self, now: int) -> tuple[int, int]:
        """The period of the calendar that `now` lies in."""
        anchor = self.anchor
        assert anchor is not None
        k = int((now - _instant(anchor, self.zone)) // (self.length * 1.05)) - 1  # never beyond, seldom far before
        while self._begin(k + 1) <= now:
            k += 1
        while self._begin(k) > now:
            k -= 1
        return self._begin(k), self._begin(k + 1)

    def _begin(self, k: int) -> int:
        assert self.anchor is not None
        months = _MONTHS.get(self.unit)
        if months is None:
            return _instant(self.anchor + timedelta(seconds=k * self.length), self.zone)
        return _instant(_later(self.anchor, k * self.number * months), self.zone)


def _later(day: datetime, months: int) -> datetime:
    """So many months later, on the month's last day where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return day.replace(year=year, month=month + 1, day=min(day.day, monthrange(year, month + 1)[1]))


def _instant(wall: datetime, zone: tzinfo) -> int:
    return int(wall.replace(tzinfo=zone).timestamp())


def window(written: Any) -> Window:
    """The window of an SLO's `timeWindow`; the usual one where there is none.

    Raises:
        Fault: it is not one window.
    """
    if written is None or written == []:
        return Window(USUAL, *duration(USUAL, "timeWindow"))
    if not isinstance(written, list) or len(written) != 1 or not isinstance(written[0], dict):
        raise Fault("timeWindow is a list with exactly one window")
    one = written[0]
    number, unit = duration(one.get("duration"), "timeWindow[0].duration")
    calendar = one.get("calendar")
    if calendar is None:
        if one.get("isRolling") is False:
            raise Fault("timeWindow[0] is neither rolling nor has a calendar: write isRolling: true, or a calendar")
        return Window(str(one["duration"]), number, unit)
    if one.get("isRolling") is True:
        raise Fault("timeWindow[0] is rolling and has a calendar: it is one or the other")
    if not isinstance(calendar, dict):
        raise Fault("timeWindow[0].calendar is a map of startTime and timeZone")
    return Window(str(one["duration"]), number, unit, _start(calendar.get("startTime")), _zone(calendar))


def _start(written: Any) -> datetime:
    try:
        found = datetime.fromisoformat(str(written))
    except ValueError:
        raise Fault(
            f"timeWindow[0].calendar.startTime is {written!r}; write a date and a time, such as 2026-01-01 00:00:00"
        ) from None
    return found.replace(tzinfo=None)


def _zone(calendar: dict[str, Any]) -> tzinfo:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    name = calendar.get("timeZone", "UTC")
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Fault(f"timeWindow[0].calendar.timeZone is {name!r}; there is no such time zone") from None
