"""Hashes without OpenSSL: `hashlib` loads that library first, which costs more than all our hashing."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

try:
    from _blake2 import blake2b
except ImportError:  # another Python than CPython
    from hashlib import blake2b


def digest(data: bytes, size: int = 16) -> str:
    """The lower-case hex digest of `data`, `size` bytes long."""
    return blake2b(data, digest_size=size).hexdigest()


def hasher(algorithm: str) -> Callable[[bytes], Any]:
    """What makes a hash object of md5, sha1, sha256 or sha512: CPython's own, else OpenSSL's."""
    from importlib import import_module

    for module in (f"_{algorithm}", "_sha2"):  # `_sha2` holds them from Python 3.12 on
        try:
            found: Callable[[bytes], Any] = getattr(import_module(module), algorithm)
        except (ImportError, AttributeError):
            continue
        return found
    import hashlib

    return lambda data: hashlib.new(algorithm, data, usedforsecurity=False)
