"""Addresses as whole numbers on one line: IPv4 first, IPv6 after it, then one point for each kind of cloud service.

A prefix is an interval of that line, so that sets of addresses of both versions are lists of disjoint intervals and
need one algebra only.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from assay.analysis import network

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Interval = tuple[int, int]
"""First and last, both inclusive."""

V6 = 1 << 32
TOP = V6 + (1 << 128) - 1
V4_ALL: Interval = (0, V6 - 1)
V6_ALL: Interval = (V6, TOP)
SERVICES = TOP + 1
"""Where the points of cloud services begin: a service's own addresses are not known, its name is."""


EVERYTHING: Interval = (0, SERVICES + 255)
"""Every address of both versions, and every service."""


def interval(cidr: Any) -> Interval | None:
    """The interval of a CIDR block or an address; None for any other text.

    Raises:
        Undetermined: the text is unknown.
    """
    found = network.parse_cidr(cidr)
    return None if found is None else _placed(found)


def _placed(block: network.Range) -> Interval:
    version, first, last = block
    return (first, last) if version == 4 else (first + V6, last + V6)


def show(span: Interval) -> str:
    """An interval as a person writes it: a prefix where it is one, an address, else `first-last`."""
    first, last = span
    if first >= SERVICES:
        return "a service"
    bits, base = (32, 0) if first < V6 else (128, V6)
    size = last - first + 1
    if size & (size - 1) == 0 and (first - base) % size == 0:
        length = bits - (size.bit_length() - 1)
        return _text(first) if length == bits else f"{_text(first)}/{length}"
    return f"{_text(first)}-{_text(last)}"


def _text(number: int) -> str:
    from ipaddress import IPv4Address, IPv6Address

    return str(IPv4Address(number)) if number < V6 else str(IPv6Address(number - V6))


def joined(spans: Iterable[Interval]) -> list[Interval]:
    """The union as disjoint intervals in order."""
    found: list[Interval] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


def common(left: Iterable[Interval], right: Sequence[Interval]) -> list[Interval]:
    """The addresses of both."""
    return joined((max(a, c), min(b, d)) for a, b in left for c, d in right if max(a, c) <= min(b, d))


def without(spans: Iterable[Interval], taken: Iterable[Interval]) -> list[Interval]:
    """The addresses of `spans` that are not in `taken`."""
    rest = joined(spans)
    for first, last in joined(taken):
        kept: list[Interval] = []
        for a, b in rest:
            if b < first or a > last:
                kept.append((a, b))
                continue
            if a < first:
                kept.append((a, first - 1))
            if b > last:
                kept.append((last + 1, b))
        rest = kept
    return rest


def holds(spans: Iterable[Interval], address: int) -> bool:
    """True when the address is in one of the intervals."""
    return any(first <= address <= last for first, last in spans)


# Neither private nor reserved: RFC 6890 and its updates. Multicast and the future-use block answer nobody.
_SPECIAL = ("0.0.0.0/8", "192.0.0.0/24", "198.18.0.0/15", "224.0.0.0/3")
_SPECIAL_V6 = (network.v6_block(0xFF00, 8), network.v6_block(0, 8))
_UNICAST_V6 = network.v6_block(0x2000, 3)


def _internet() -> tuple[Interval, ...]:
    blocks = [*map(interval, _SPECIAL), *map(_placed, (*network.PRIVATE, *_SPECIAL_V6))]
    return tuple(without([V4_ALL, _placed(_UNICAST_V6)], [b for b in blocks if b]))


INTERNET = _internet()
"""The addresses that the internet routes."""


class Atoms:
    """The points at which any prefix of a model begins or ends: between two of them all addresses fare alike."""

    def __init__(self, spans: Iterable[Interval]) -> None:
        self.starts = sorted({0, V6, SERVICES, *(p for a, b in spans for p in (a, b + 1))})

    def split(self, spans: Iterable[Interval]) -> list[Interval]:
        """The given addresses cut at the points."""
        found: list[Interval] = []
        for first, last in spans:
            at = first
            i = bisect_right(self.starts, first)
            while at <= last:
                end = self.starts[i] - 1 if i < len(self.starts) else last
                found.append((at, min(end, last)))
                at = end + 1
                i += 1
        return found
