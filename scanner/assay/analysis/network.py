"""Addresses, ports and protocols as rules need them: small, pure, and undetermined where a value is unknown.

An unknown argument raises `Undetermined` (the verdict `unknown`), save where its known pieces decide: a text that ends
in `/32` is not the whole internet, whatever its address.
"""

from __future__ import annotations

from typing import Any

from assay.model import Text, Undetermined, Unknown, all_of

Range = tuple[int, int, int]
"""IP version, first address, last address (inclusive)."""

LAST_PORT = 65535
SSH, RDP = 22, 3389

_PROTOCOLS = {
    "-1": "all", "all": "all", "any": "all", "*": "all", "1": "icmp", "icmp": "icmp", "6": "tcp", "tcp": "tcp",
    "17": "udp", "udp": "udp", "58": "icmpv6", "icmpv6": "icmpv6", "ipv6-icmp": "icmpv6",
}  # fmt: skip


def parse_cidr(text: Any) -> Range | None:
    """The range of a CIDR block or a single address, host bits ignored; None for anything else (an OCID, a label).

    Raises:
        Undetermined: the text is unknown.
    """
    if isinstance(text, Unknown):
        raise Undetermined(text)
    if not isinstance(text, str):
        return None
    address, slash, length = text.strip().partition("/")
    version, bits = (6, 128) if ":" in address else (4, 32)
    number = _ipv6(address) if version == 6 else _ipv4(address)
    if number is None or (slash and not (length.isascii() and length.isdigit() and int(length) <= bits)):
        return None
    host = bits - int(length) if slash else 0
    first = number >> host << host
    return version, first, first + (1 << host) - 1


def _ipv4(text: str) -> int | None:
    parts = text.split(".")
    if len(parts) != 4 or not all(p.isascii() and p.isdigit() and int(p) < 256 for p in parts):
        return None
    a, b, c, d = map(int, parts)
    return a << 24 | b << 16 | c << 8 | d


def _ipv6(text: str) -> int | None:
    if text == "::":  # most are `::/0`: not worth loading what reads the others
        return 0
    from ipaddress import AddressValueError, IPv6Address

    try:
        return int(IPv6Address(text.partition("%")[0]))
    except AddressValueError:
        return None


def v6_block(head: int, length: int) -> Range:
    """The block of IPv6 addresses that begin like `head`, the first 16 bits of them."""
    return 6, head << 112, (head << 112) + (1 << (128 - length)) - 1


PRIVATE: tuple[Range, ...] = (
    *(found for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16",
                          "127.0.0.0/8") if (found := parse_cidr(block))),
    v6_block(0xFC00, 7), v6_block(0xFE80, 10), (6, 1, 1),
)  # fmt: skip
"""What the internet cannot route to (RFC 1918, 6598, 3927, 1122, 4193, 4291)."""


def _cannot_be_everything(cidr: Any) -> bool:
    """A partial text whose known end already rules out a prefix length of zero."""
    if not isinstance(cidr, Text):
        return False
    tail = cidr.suffix
    return "/" in tail and tail.rpartition("/")[2].strip("0") != ""


def length_written(cidr: Any) -> int:
    """The prefix length at the known end of a text of which the address is unknown, else 0."""
    tail = cidr.suffix.rpartition("/") if isinstance(cidr, Text) else ("", "", "")
    return int(tail[2]) if tail[1] and tail[2].isascii() and tail[2].isdigit() else 0


def is_anywhere(cidr: Any) -> bool:
    """True for the whole internet of either version: `0.0.0.0/0`, `::/0` and every other spelling of a /0.

    Raises:
        Undetermined: the text is unknown and its known pieces do not rule it out.
    """
    if _cannot_be_everything(cidr):
        return False
    found = parse_cidr(cidr)
    return found is not None and found[1] == 0 and found[2] == (1 << (128 if found[0] == 6 else 32)) - 1


_NOBODY = {4: 8, 6: 16}
"""The longest prefix, by version, of which nobody can say that it names somebody: a choice."""


def names_nobody(cidr: Any) -> bool:
    """True for the whole internet and for public blocks nearly as wide, `0.0.0.0/1` and `2000::/3` say.

    Raises:
        Undetermined: the text is unknown and its known pieces do not rule it out.
    """
    if is_anywhere(cidr):
        return True
    found = None if isinstance(cidr, Unknown) else parse_cidr(cidr)
    if found is None or is_private(cidr):
        return False
    bits = 32 if found[0] == 4 else 128
    return found[2] - found[1] + 1 > 1 << (bits - _NOBODY[found[0]])


def is_private(cidr: Any) -> bool:
    """True when no address of the block is routed on the internet (private, shared, link-local, loopback).

    Raises:
        Undetermined: the text is unknown.
    """
    found = parse_cidr(cidr)
    return found is not None and any(_within(found, block) for block in PRIVATE)


def is_address(text: Any) -> bool:
    """True for an IP address or a CIDR block of either version."""
    return parse_cidr(text) is not None


def contains(outer: Any, inner: Any) -> bool:
    """True when every address of the block `inner` lies in the block `outer`."""
    within, around = parse_cidr(inner), parse_cidr(outer)
    return within is not None and _within(within, around)


def _within(inner: Range, outer: Range | None) -> bool:
    return outer is not None and inner[0] == outer[0] and outer[1] <= inner[1] and inner[2] <= outer[2]


def covers(low: Any, high: Any, port: int) -> bool:
    """True when `port` lies between `low` and `high`, both inclusive; a bound that is absent or -1 does not bound.

    Raises:
        Undetermined: an unknown bound decides.
    """
    return all_of((lambda: _number(low, 0) <= port, lambda: port <= _number(high, LAST_PORT)), lambda test: test())


def covers_any(low: Any, high: Any, ports: tuple[int, ...]) -> bool:
    """True when one of `ports` lies between the bounds."""
    from assay.model import any_of

    return any_of(ports, lambda port: covers(low, high, port))


def covers_all(low: Any, high: Any) -> bool:
    """True when the bounds leave every port open (1 to 65535 or more)."""
    return all_of((lambda: _number(low, 0) <= 1, lambda: _number(high, LAST_PORT) >= LAST_PORT), lambda test: test())


def _number(value: Any, absent: int) -> int:
    if not isinstance(value, Unknown) and value in (None, "", -1, "-1"):
        return absent
    try:
        return int(value)
    except ValueError:
        raise Undetermined(Unknown(f"{value!r} is no port")) from None


def protocol(value: Any) -> str:
    """A protocol by its name, however written: `6`, `"6"`, `"TCP"` are `tcp`; `-1` and `all` are `all`.

    What has no name here stays as it is, in lower case; absent is `all`.

    Raises:
        Undetermined: the value is unknown.
    """
    if value is None:
        return "all"
    text = str(value).strip().lower()
    return _PROTOCOLS.get(text, text)


def carries(value: Any, wanted: str) -> bool:
    """True when the protocol `value` includes `wanted` (`tcp`, `udp`): itself or all of them."""
    return protocol(value) in ("all", wanted)
