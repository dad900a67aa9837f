"""Whether a value of the code and one of an inventory are the same, as the provider would say.

The answers are True, False and None: nobody can tell. Neither the order of a set, nor the spelling of a policy, nor a
number written as text makes a difference; an unknown part decides nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from assay.decode import decode
from assay.model import Encoded, KleeneList, PartialList, Text, Unknown
from assay.provenance.identity import resolve, same_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from assay.model import Ref, Resource

    LiveOf = Callable[[Ref], Resource | None]

MOST = 400
"""So many blocks or items of one attribute are held against each other."""
_FLAGS = {"true": True, "false": False}
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_PROTOCOLS = {"all": "-1", "tcp": "6", "udp": "17", "icmp": "1", "icmpv6": "58"}
_ACCOUNT = re.compile(r"arn:[\w-]+:iam::(\d{12}):root")
_LISTS = {"Action", "NotAction", "Resource", "NotResource", "AWS", "Service", "Federated", "CanonicalUser"}
_NOTHING: tuple[Any, ...] = (None, "", [], {})


def same(code: Any, live: Any, live_of: LiveOf, name: str = "", told: frozenset[str] = frozenset()) -> bool | None:
    """Whether the two are the same.

    Args:
        live_of: the live resource that a reference of the code means, where it is known.
        name: the attribute, for what has words of its own (a protocol).
        told: names of blocks inside the attribute that an inventory tells where they are: those missing are not there.
    """
    if isinstance(live, (Unknown, PartialList)):
        return None
    if isinstance(code, Encoded) or (isinstance(code, Text) and _document(code.prefix)):
        return _documents(code, live, live_of)
    if isinstance(code, Unknown):
        return _named(code, live, live_of)
    if isinstance(code, list) or (isinstance(live, list) and live):
        return _lists(code, live, live_of, name, told)
    if isinstance(code, dict) or isinstance(live, dict):
        return _maps(code, live, live_of, told)
    if _document(code) or _document(live):
        return _documents(code, live, live_of)
    if isinstance(code, str) and isinstance(live, str) and code.casefold() == live.casefold():
        return True  # words of an API are not told apart by case
    return _scalars(code, live, name)


def _named(code: Unknown, live: Any, live_of: LiveOf) -> bool | None:
    """A reference, or a text with one in it: certain only where what it means is linked."""
    found = resolve(code, live_of)
    if found is None or not isinstance(live, str) or not live:
        return None
    if found.pattern is not None:
        return None if found.pattern.matches(live) else False
    return any(same_name(n, live) for n in found.known)


def _scalars(code: Any, live: Any, name: str) -> bool:
    one, other = _scalar(code, name), _scalar(live, name)
    if one == other and type(one) is type(other):
        return True
    return isinstance(one, str) and isinstance(other, str) and same_name(one, other)


def _scalar(value: Any, name: str) -> Any:
    if value in _NOTHING and not isinstance(value, (bool, int, float)):
        return None
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if name in ("protocol", "ip_protocol"):
        text = _PROTOCOLS.get(text.lower(), text)
    if text in _FLAGS:
        return _FLAGS[text]
    return float(text) if _NUMBER.fullmatch(text) and len(text) < 16 else text


# --- lists and blocks -------------------------------------------------------------------------------------------------


def _lists(code: Any, live: Any, live_of: LiveOf, name: str, told: frozenset[str]) -> bool | None:
    mine, more = _items(code)
    other, _ = _items(live)
    if len(mine) > MOST or len(other) > MOST:
        return None
    known: dict[tuple[int, int], bool | None] = {}

    def answer(i: int, j: int) -> bool | None:
        if (i, j) not in known:
            known[i, j] = same(mine[i], other[j], live_of, name, told)
        return known[i, j]

    if _paired(range(len(mine)), len(other), lambda i, j: answer(i, j) is True):
        return None if more else len(mine) == len(other)
    certain = [i for i, item in enumerate(mine) if not isinstance(item, Unknown)]
    return None if _paired(certain, len(other), lambda i, j: answer(i, j) is not False) else False


def _paired(mine: Iterable[int], others: int, fits: Callable[[int, int], bool]) -> bool:
    """Whether each of these has a counterpart of its own among so many others; what fits two leaves one to another."""
    taken: dict[int, int] = {}

    def find(i: int, tried: set[int]) -> bool:
        for j in sorted(range(others), key=lambda j: j != i):  # most often it is the one at the same place
            if j not in tried and fits(i, j):
                tried.add(j)
                if j not in taken or find(taken[j], tried):
                    taken[j] = i
                    return True
        return False

    return all(find(i, set()) for i in mine)


def _items(value: Any) -> tuple[list[Any], bool]:
    """The items that are known to be there, and whether there may be more."""
    if isinstance(value, PartialList):
        return value.known(), True
    if isinstance(value, (list, KleeneList)):
        return list(list.__iter__(value)), False
    return ([] if value in _NOTHING else [value]), False


def _without(items: Sequence[Any], gone: Any) -> list[Any]:
    at = next(i for i, item in enumerate(items) if item is gone)
    return [*items[:at], *items[at + 1 :]]


def _maps(code: Any, live: Any, live_of: LiveOf, told: frozenset[str]) -> bool | None:
    """Two blocks: what the code leaves out is the provider's business, and no difference."""
    if code in _NOTHING or not isinstance(code, dict) or not isinstance(live, dict):
        return None
    doubt = False
    for name, value in code.items():
        if _empty(value):
            continue
        if live.get(name) is None:
            if name in told and isinstance(value, (list, dict)) and not isinstance(value, PartialList):
                return False
            doubt = doubt or isinstance(value, Unknown) or value not in (False, 0)
            continue
        answer = same(value, live[name], live_of, name, told)
        if answer is False:
            return False
        doubt = doubt or answer is None
    return None if doubt else True


def _empty(value: Any) -> bool:
    return not isinstance(value, (Unknown, PartialList)) and not isinstance(value, (bool, int, float)) and not value


# --- documents --------------------------------------------------------------------------------------------------------


def _document(value: Any) -> bool:
    return isinstance(value, str) and value.lstrip()[:1] in ("{", "[")


def _documents(code: Any, live: Any, live_of: LiveOf) -> bool | None:
    """Two JSON texts by what they say; a policy also by what it means."""
    try:
        mine, other = decode(code), decode(live)
    except ValueError:
        return None
    if isinstance(mine, Unknown) or isinstance(other, Unknown):
        return None
    if mine in _NOTHING or other in _NOTHING:
        return mine in _NOTHING and other in _NOTHING
    return _deep(_meaning(mine), _meaning(other), live_of)


def _meaning(value: Any, name: str = "") -> Any:
    """A document with one spelling for what a policy may write in several."""
    if isinstance(value, dict):
        made = {k: _meaning(v, k) for k, v in value.items() if not (k == "Sid" and v == "")}
        if isinstance(made.get("Statement"), dict):
            made["Statement"] = [made["Statement"]]
        return made
    if isinstance(value, list) and not isinstance(value, PartialList):
        items = [_meaning(v, name) for v in list.__iter__(value)]
        return _ordered(items) if name in _LISTS else items
    if isinstance(value, str):
        account = _ACCOUNT.fullmatch(value) if name == "AWS" else None
        text = account[1] if account else value
        if name in ("Principal", "NotPrincipal") and text == "*":
            return {"AWS": ["*"]}
        return [text] if name in _LISTS else text
    return [value] if name in _LISTS and isinstance(value, Unknown) else value


def _ordered(items: list[Any]) -> list[Any]:
    """A set of words; unknown ones at the end."""
    known = [i for item in items for i in (item if isinstance(item, list) else [item])]
    plain = sorted({i for i in known if isinstance(i, str)})
    return [*plain, *(i for i in known if not isinstance(i, str))]


def _deep(mine: Any, other: Any, live_of: LiveOf) -> bool | None:
    if isinstance(mine, (Unknown, PartialList)):
        return _named(mine, other, live_of) if isinstance(mine, Unknown) else None
    if isinstance(mine, dict) and isinstance(other, dict):
        if mine.keys() != other.keys():
            return False
        return _all([_deep(mine[k], other[k], live_of) for k in mine])
    if isinstance(mine, list) and isinstance(other, list):
        return _deep_lists(mine, other, live_of)
    return _scalars(mine, other, "")


def _deep_lists(mine: list[Any], other: list[Any], live_of: LiveOf) -> bool | None:
    """In order where that fits, else as sets: statements have no order, and most other lists here have none."""
    if len(mine) != len(other) or len(mine) > MOST:
        return False if len(mine) != len(other) else None
    in_order = _all([_deep(a, b, live_of) for a, b in zip(mine, other, strict=True)])
    if in_order is not False:
        return in_order
    left, doubt = list(other), False
    for item in mine:
        answers = [(x, _deep(item, x, live_of)) for x in left]
        hit = next((x for x, answer in answers if answer), None)
        if hit is None and any(answer is None for _, answer in answers):
            doubt = True
        elif hit is None:
            return False
        else:
            left = _without(left, hit)
    return None if doubt else True


def _all(answers: Sequence[bool | None]) -> bool | None:
    if any(answer is False for answer in answers):
        return False
    return None if any(answer is None for answer in answers) else True
