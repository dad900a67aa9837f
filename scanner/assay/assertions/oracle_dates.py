"""Oracle's dates in other databases' SQL: a day is the number 1 there, and nowhere else.

For SQLite, whose dates are texts, arithmetic becomes calls of functions that the connection is given (`SQLITE`): the
plain operators would add to the year and answer something that looks right.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_UNITS = {
    "DD": "DAY",
    "DDD": "DAY",
    "J": "DAY",
    "MM": "MONTH",
    "MON": "MONTH",
    "YYYY": "YEAR",
    "YY": "YEAR",
    "Y": "YEAR",
}
_PARTS = {"YEAR": "%Y", "MONTH": "%m", "DAY": "%d", "HOUR": "%H", "MINUTE": "%M", "SECOND": "%S"}


def translated(node: Any, target: str) -> Any:
    """A node of a parsed query as the target means it; its parts having been translated before."""
    from sqlglot import exp

    if isinstance(node, exp.Func):
        called = (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).upper()
        if called == "SYSTIMESTAMP":
            return exp.CurrentTimestamp()
        if called == "ADD_MONTHS" and target != "sqlite":
            day, months = node.expressions or (node.this, node.expression)
            return exp.Add(this=day.copy(), expression=_interval(months.copy(), "MONTH"))
    if isinstance(node, (exp.DateTrunc, exp.TimestampTrunc)):
        unit = node.args.get("unit")
        name = _UNITS.get(unit.name.upper(), unit.name.upper()) if unit is not None else "DAY"
        if target == "sqlite":
            return exp.func("assay_trunc", node.this, exp.Literal.string(name))
        node.set("unit", exp.Literal.string(name) if isinstance(unit, exp.Literal) else exp.var(name))
    if target == "sqlite":
        return _for_sqlite(node)
    if isinstance(node, (exp.Add, exp.Sub)) and _is_date(node.this) and _is_number(node.expression):
        node.set("expression", _interval(node.expression, "DAY"))
    return node


def _for_sqlite(node: Any) -> Any:
    from sqlglot import exp

    if isinstance(node, exp.Add):
        return exp.func("assay_add", node.this, node.expression)
    if isinstance(node, exp.Sub):
        return exp.func("assay_sub", node.this, node.expression)
    if isinstance(node, exp.Interval):
        return exp.func("assay_interval", node.this, exp.Literal.string(str(node.args.get("unit") or "DAY")))
    if isinstance(node, (exp.StrToDate, exp.StrToTime)):
        return exp.func("assay_date", node.this, node.args["format"])
    if isinstance(node, exp.Extract) and node.name.upper() in _PARTS:
        part = exp.func("strftime", exp.Literal.string(_PARTS[node.name.upper()]), node.expression)
        return exp.cast(part, "INTEGER")
    return node


def _interval(number: Any, unit: str) -> Any:
    from sqlglot import exp

    if isinstance(number, exp.Neg) and isinstance(number.this, exp.Literal):
        number = exp.Literal.number(f"-{number.this.name}")
    if isinstance(number, exp.Literal):
        return exp.Interval(this=exp.Literal.string(number.name), unit=exp.var(unit))
    return exp.Mul(this=exp.paren(number), expression=exp.Interval(this=exp.Literal.string("1"), unit=exp.var(unit)))


def _is_number(node: Any) -> bool:
    from sqlglot import exp

    inner = node.unnest()
    inner = inner.this if isinstance(inner, exp.Neg) else inner
    return isinstance(inner, exp.Literal) and not inner.is_string


def _is_date(node: Any) -> bool:
    """Whether an expression is certainly a moment in time, and no day that plain numbers can be added to."""
    from sqlglot import exp

    node = node.unnest()
    if isinstance(node, (exp.Add, exp.Sub)):
        return _is_date(node.this)
    moments = (
        exp.CurrentTimestamp, exp.CurrentDate, exp.CurrentDatetime, exp.StrToTime, exp.StrToDate, exp.DateTrunc,
        exp.TimestampTrunc,
    )  # fmt: skip
    return isinstance(node, moments) or (isinstance(node, exp.Cast) and node.is_type("date", "timestamp"))


# --- what a connection to SQLite is given ----------------------------------------------------------------------------

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?(?:Z|[+-]\d{2}:?\d{2})?")


def _moment(value: Any) -> datetime | None:
    if isinstance(value, str) and _DATE.fullmatch(value):
        return datetime.fromisoformat(value)
    return None


def _text(moment: datetime, like: str) -> str:
    """A moment as SQLite writes it; a whole day stays one."""
    whole = len(like) == 10 and (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0)
    return moment.date().isoformat() if whole else moment.isoformat(sep=" ")


def _add(x: Any, y: Any) -> Any:
    if x is None or y is None:
        return None
    for one, other in ((x, y), (y, x)):
        moment = _moment(one)
        if moment is not None:
            step = timedelta(days=float(other)) if isinstance(other, (int, float)) else _interval_of(other)
            return _text(moment + step, one) if isinstance(step, timedelta) else _text(_months(moment, step), one)
    return _number(x) + _number(y)


def _number(value: Any) -> Any:
    """A number as SQLite's own arithmetic takes it: texts that are one count too.

    Raises:
        ValueError: it is neither a number nor a date.
    """
    if isinstance(value, (int, float)):
        return value
    try:
        return int(value) if str(value).strip().lstrip("+-").isdigit() else float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{value!r} is neither a number nor a date (2026-01-31)") from None


def _sub(x: Any, y: Any) -> Any:
    if x is None or y is None:
        return None
    one, other = _moment(x), _moment(y)
    if one is not None and other is not None:
        return (one - other).total_seconds() / 86400
    if one is not None and isinstance(y, str):
        step = _interval_of(y)
        return _text(one - step, x) if isinstance(step, timedelta) else _text(_months(one, -step), x)
    return _add(x, -y) if one is not None else _number(x) - _number(y)


def _interval_made(number: Any, unit: str) -> str:
    return f"{number} {unit}"


def _interval_of(text: str) -> timedelta | int:
    """`5 DAY` as a time, `3 MONTH` as months."""
    number, _, unit = text.partition(" ")
    unit = unit.upper().rstrip("S")
    if unit in ("MONTH", "YEAR"):
        return int(number) * (12 if unit == "YEAR" else 1)
    return timedelta(**{f"{unit.lower()}s": float(number)})


def _months(moment: datetime, months: int) -> datetime:
    """So many months on; the last day of a month stays the last, as ADD_MONTHS has it."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    was_last = moment.day == monthrange(moment.year, moment.month)[1]
    return moment.replace(year=year, month=month + 1, day=last if was_last else min(moment.day, last))


def _add_months(value: Any, months: Any) -> Any:
    moment = _moment(value)
    return None if moment is None or months is None else _text(_months(moment, int(months)), value)


def _months_between(x: Any, y: Any) -> Any:
    one, other = _moment(x), _moment(y)
    if one is None or other is None:
        return None
    whole = (one.year - other.year) * 12 + one.month - other.month
    ends = (one.day == monthrange(one.year, one.month)[1]) and (other.day == monthrange(other.year, other.month)[1])
    return whole if ends or one.day == other.day else whole + (one.day - other.day) / 31


def _trunc(value: Any, unit: str = "DAY") -> Any:
    moment = _moment(value)
    if moment is None:
        return value if not isinstance(value, (int, float)) else int(value)
    day = date(moment.year, moment.month if unit != "YEAR" else 1, moment.day if unit == "DAY" else 1)
    return day.isoformat()


def _date(text: Any, form: str) -> Any:
    if text is None:
        return None
    moment = _moment(text)
    if moment is None or not form.startswith("%Y-%m-%d"):
        moment = datetime.strptime(str(text), form)  # noqa: DTZ007 - the text says no zone, and none is invented
    return _text(moment, "0000-00-00")


def _regexp(form: Any, text: Any) -> Any:
    import re2

    return None if form is None or text is None else int(re2.search(str(form), str(text)) is not None)


SQLITE: dict[str, tuple[int, Callable[..., Any]]] = {
    "assay_add": (2, _add), "assay_sub": (2, _sub), "assay_interval": (2, _interval_made), "assay_trunc": (2, _trunc),
    "assay_date": (2, _date), "trunc": (1, _trunc), "add_months": (2, _add_months),
    "months_between": (2, _months_between), "regexp": (2, _regexp),
}  # fmt: skip
"""Functions for SQLite by name: how many arguments, and what they do."""
