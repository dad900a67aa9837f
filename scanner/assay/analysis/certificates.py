"""What a PEM certificate says: the day it ends, and how long its RSA key is.

Only these two fields are read, straight from the DER: a library for X.509 would be a dependency for two rules. Nothing
is verified.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, NamedTuple

from assay.model import Undetermined, Unknown

_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
_RSA = bytes.fromhex("2a864886f70d010101")
_MAX = 64 * 1024
_OID, _UTC, _GENERALIZED = 0x06, 0x17, 0x18


class Certificate(NamedTuple):
    """The last day it is valid (`2027-01-31`), and the bits of its RSA key (None for another kind of key)."""

    ends: str
    rsa_bits: int | None


def read_certificate(text: Any) -> Certificate | None:
    """The first certificate of a PEM text; None when there is none, or it cannot be read.

    Raises:
        Undetermined: the text is unknown.
    """
    if isinstance(text, Unknown):
        raise Undetermined(text)
    body = text.partition(_BEGIN)[2].partition(_END)[0] if isinstance(text, str) else ""
    if not body or len(body) > _MAX:
        return None
    try:
        return _certificate(base64.b64decode("".join(body.split()), validate=True))
    except (binascii.Error, ValueError, IndexError):
        return None


def _certificate(der: bytes) -> Certificate:
    fields = _children(_children(_element(der)[1])[0][1])
    if fields[0][0] == 0xA0:  # the version stands first when there is one
        fields = fields[1:]
    validity, key = _children(fields[3][1]), _children(fields[5][1])
    return Certificate(_date(*validity[1]), _rsa_bits(key))


def _rsa_bits(key: list[tuple[int, bytes]]) -> int | None:
    if _children(key[0][1])[0] != (_OID, _RSA):
        return None
    modulus = _children(_element(key[1][1][1:])[1])[0][1]
    return int.from_bytes(modulus, "big").bit_length()


def _date(tag: int, value: bytes) -> str:
    text = value.decode("ascii")
    if tag == _UTC:
        text = ("19" if int(text[:2]) >= 50 else "20") + text
    elif tag != _GENERALIZED:
        raise ValueError("no date")
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}"


def _element(data: bytes, at: int = 0) -> tuple[int, bytes, int]:
    """Tag, content and end of the element at a position."""
    tag, length, start = data[at], data[at + 1], at + 2
    if length & 0x80:
        size = length & 0x7F
        length = int.from_bytes(data[start : start + size], "big")
        start += size
    end = start + length
    if end > len(data):
        raise ValueError("the element is longer than the data")
    return tag, data[start:end], end


def _children(data: bytes) -> list[tuple[int, bytes]]:
    found = []
    at = 0
    while at < len(data):
        tag, content, at = _element(data, at)
        found.append((tag, content))
    return found


def days_from(today: str, days: int) -> str:
    """The day so many days after another."""
    from datetime import date, timedelta

    return (date.fromisoformat(today) + timedelta(days=days)).isoformat()
