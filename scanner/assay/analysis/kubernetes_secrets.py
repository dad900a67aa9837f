"""Values of Secrets and ConfigMaps: real ones, encrypted ones, and those that stand for another."""

from __future__ import annotations

import base64
import binascii
from contextlib import suppress
from typing import Any

from assay.model import Unknown
from assay.patterns import pattern

_STANDS_FOR = pattern(
    r"\s*(?:<[^<>]*>|\$\{[^}]*\}|\$\([^)]*\)|\{\{.*\}\}|\*+|x{3,}|-|ENC\[.*\]|ref\+.*"
    r"|(?:change|replace|fill|insert)[ _-]?(?:me|this|in)?[\w -]*|todo\w*|placeholder|redacted|example|dummy|null)?\s*",
    18,  # case ignored, `.` takes line ends
)


def is_placeholder(value: Any, *, encoded: bool = False) -> bool:
    """True for a value that is not written here: unknown, empty, encrypted, or a word in its place."""
    if isinstance(value, Unknown) or value is None:
        return True
    if not isinstance(value, str):
        return False
    if encoded:
        with suppress(binascii.Error, ValueError):  # what is no base64, `${PASSWORD}`, is judged as it stands
            value = base64.b64decode(value, validate=True).decode("utf-8", "replace")
    return _STANDS_FOR.fullmatch(value) is not None


def is_sealed(values: Any) -> bool:
    """True for a Secret whose values SOPS has encrypted, or that Kubernetes fills itself."""
    return isinstance(values, dict) and (
        "sops" in values or values.get("type") == "kubernetes.io/service-account-token"
    )
