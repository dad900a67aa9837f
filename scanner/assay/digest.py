"""BLAKE2 without OpenSSL: `hashlib` loads that library first, which costs more than all our hashing."""

from __future__ import annotations

try:
    from _blake2 import blake2b
except ImportError:  # another Python than CPython
    from hashlib import blake2b


def digest(data: bytes, size: int = 16) -> str:
    """The lower-case hex digest of `data`, `size` bytes long."""
    return blake2b(data, digest_size=size).hexdigest()
