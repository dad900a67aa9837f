"""Grapheme clusters: what Terraform's `length`, `substr`, `strrev` and `format` widths count as characters.

Only ever asked for text that is not plain ASCII (or holds a carriage return). Follows Unicode's annex 29 by general
category, which Python knows, instead of by the annex's own table, which it does not; they differ on some Indic
vowel signs.
"""

from __future__ import annotations

from unicodedata import category

_JOINER = "\u200d"


def clusters(text: str) -> list[str]:
    """The text's user-perceived characters."""
    if text.isascii() and "\r" not in text:
        return list(text)
    found: list[str] = []
    current = ""
    for char in text:
        if current and not _joins(current, char):
            found.append(current)
            current = ""
        current += char
    return [*found, current] if current else found


def count(text: str) -> int:
    """How many characters a reader would count."""
    return len(clusters(text))


def _joins(before: str, char: str) -> bool:
    last = before[-1]
    if last == "\r" and char == "\n":
        return True
    if _control(last) or _control(char):
        return False
    code = ord(char)
    if char == _JOINER or category(char) in ("Mn", "Me", "Mc") or 0x1F3FB <= code <= 0x1F3FF or char == "\u200c":
        return True
    if last == _JOINER:
        return _pictograph(before[0]) and _pictograph(char)
    if _flag(last) and _flag(char):
        return sum(map(_flag, before)) % 2 == 1
    return _hangul_joins(ord(last), code)


def _control(char: str) -> bool:
    return char in "\r\n" or (category(char) in ("Cc", "Zl", "Zp", "Cf") and char not in "\u200c\u200d")


def _flag(char: str) -> bool:
    return 0x1F1E6 <= ord(char) <= 0x1F1FF


def _pictograph(char: str) -> bool:
    code = ord(char)
    return 0x1F000 <= code <= 0x1FAFF or 0x2190 <= code <= 0x21FF or 0x2300 <= code <= 0x2BFF or code in (0xA9, 0xAE)


def _hangul_joins(last: int, code: int) -> bool:
    leading = 0x1100 <= last <= 0x115F
    vowel = 0x1160 <= last <= 0x11A7 or (0xAC00 <= last <= 0xD7A3 and (last - 0xAC00) % 28 == 0)
    trailing = 0x11A8 <= last <= 0x11FF or (0xAC00 <= last <= 0xD7A3 and (last - 0xAC00) % 28 != 0)
    to_vowel, to_trailing = 0x1160 <= code <= 0x11A7, 0x11A8 <= code <= 0x11FF
    return (
        (leading and (0x1100 <= code <= 0x115F or to_vowel or 0xAC00 <= code <= 0xD7A3))
        or (vowel and (to_vowel or to_trailing))
        or (trailing and to_trailing)
    )
