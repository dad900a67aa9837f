"""Functions on address ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from assay.model import Unknown
from assay.terraform.values import STRING, EvalError, ListValue, list_of, unknown_like, whole

if TYPE_CHECKING:
    from collections.abc import Callable


class _Range(NamedTuple):
    """A prefix: its first address as a number, its length, and how many bits an address has."""

    first: int
    length: int
    bits: int

    def __str__(self) -> str:
        return f"{_address(self.first, self.bits)}/{self.length}"


def _address(number: int, bits: int) -> str:
    if bits == 32:
        return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))
    from ipaddress import IPv6Address

    return str(IPv6Address(number))


def _number(text: str) -> tuple[int, int]:
    """An address as a number, and its bits; leading zeros are decimal, as Terraform has always read them."""
    if ":" in text:
        from ipaddress import AddressValueError, IPv6Address

        try:
            return int(IPv6Address(text)), 128
        except AddressValueError:
            raise EvalError(f'"{text[:60]}" is not an address') from None
    parts = text.split(".")
    if len(parts) != 4 or not all(p.isascii() and p.isdecimal() and len(p) < 10 and int(p) < 256 for p in parts):
        raise EvalError(f'"{text[:60]}" is not an address')
    a, b, c, d = (int(p) for p in parts)
    return a << 24 | b << 16 | c << 8 | d, 32


def _range(text: str) -> _Range:
    address, slash, suffix = text.partition("/")
    number, bits = _number(address) if slash else (0, -1)
    length = int(suffix) if suffix.isascii() and suffix.isdecimal() and len(suffix) < 10 else -1
    if not 0 <= length <= bits:
        raise EvalError(f'"{text[:60]}" is not an address range such as 10.0.0.0/16')
    return _Range(number >> (bits - length) << (bits - length), length, bits)


def cidrhost(prefix: str, number: Any) -> str:
    """The address of a host in the range, counted from the end when negative."""
    given, host = _range(prefix), whole(number)
    size = 1 << (given.bits - given.length)
    place = host + size if host < 0 else host
    if not 0 <= place < size:
        raise EvalError(f"{prefix} has no host number {host}")
    # Of an IPv4 range written as IPv6, Terraform counts the hosts at the wrong end, and so that is what it gives.
    shift = 96 if given.bits == 128 and given.first >> 32 == 0xFFFF else 0
    return _address(given.first + (place << shift), given.bits)


def cidrnetmask(prefix: str) -> str:
    """The range's netmask."""
    given = _range(prefix)
    if given.bits != 32:
        raise EvalError("an IPv6 range has no netmask")
    return _address((1 << 32) - (1 << (32 - given.length)), 32)


def cidrsubnet(prefix: str, newbits: Any, number: Any) -> str:
    """A numbered part of the range, `newbits` longer in its prefix."""
    given, extra, place = _range(prefix), whole(newbits), whole(number)
    length = given.length + extra
    if not 0 <= length <= given.bits:
        raise EvalError(f"{prefix} cannot be extended by {extra} bits")
    if extra >= 0 and place >= 1 << extra:
        raise EvalError(f"{extra} bits have no subnet number {place}")
    # Negative numbers make no sense, but Terraform takes them, and gives this.
    first = abs(given.first | place << (given.bits - length))
    return str(_Range(first & ((1 << given.bits) - 1), length, given.bits))


def cidrsubnets(prefix: Any, *newbits: Any) -> Any:
    """Consecutive parts of the range, one for each number of bits: so many of an unknown range too."""
    if isinstance(prefix, Unknown):
        if "terraform_data." in prefix.reason:  # Terraform itself does not say how many
            return unknown_like(prefix, list_of(STRING))
        return ListValue([unknown_like(prefix, STRING) for _ in newbits], STRING)
    given = _range(prefix)
    place, end = given.first, given.first + (1 << (given.bits - given.length))
    found = []
    for bits in newbits:
        extra = whole(bits)
        length = given.length + extra
        if not 1 <= extra <= 32 or length > given.bits:
            raise EvalError(f"{prefix} cannot be extended by {extra} bits")
        size = 1 << (given.bits - length)
        first = -(-place // size) * size
        if first + size > end:
            raise EvalError(f"{prefix} has no room left for a range of /{length}")
        found.append(str(_Range(first, length, given.bits)))
        place = first + size
    return ListValue(found, STRING)


def cidrcontains(prefix: str, inner: str) -> bool:
    """Whether the range holds an address or another range (OpenTofu)."""
    given = _range(prefix)
    other = _range(inner) if "/" in inner else _Range(*(n := _number(inner)), n[1])
    if other.bits != given.bits:
        raise EvalError("one is an IPv4 range and the other is not")
    return other.length >= given.length and other.first >> (given.bits - given.length) == given.first >> (
        given.bits - given.length
    )


TABLE: dict[str, Callable[..., Any]] = {
    "cidrcontains": cidrcontains,
    "cidrhost": cidrhost,
    "cidrnetmask": cidrnetmask,
    "cidrsubnet": cidrsubnet,
    "cidrsubnets": cidrsubnets,
}
