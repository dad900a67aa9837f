"""Credentials in what a cloud tells are masked before anything is written; that they were there is kept."""

from __future__ import annotations

from typing import Any

from assay.model import Text, Unknown

MASKED = Unknown("a credential, masked before it was stored", not_null=True, sensitive=True)


def masked(name: str, value: Any) -> Any:
    """A value under a name that may be a credential's: itself when it is harmless, else masked or three stars."""
    from assay.reports.masking import HIDDEN, hides, secret_name, spans

    if not isinstance(value, str):
        return value
    if hides(name, value) or spans(value):
        return MASKED
    return value if _harmless(value) or secret_name(name) else HIDDEN


def uncredited(name: str, value: Any) -> Any:
    """The value of a setting, unless the name or its form says that it is a credential: then masked."""
    return MASKED if masked(name, value) is MASKED else value


def _harmless(value: str) -> bool:
    low = value.lower()
    return (
        low in ("", "true", "false", "on", "off", "yes", "no")
        or low.isdigit()
        or low.startswith(("arn:", "ocid1.", "http"))
    )


def masked_text(value: Any) -> Any:
    """A script or document with the credentials in it left out; what is left says that there were some."""
    from assay.reports.masking import spans

    if not isinstance(value, str):
        return value
    found = spans(value)
    if not found:
        return value
    parts: list[str | Unknown] = []
    at = 0
    for start, end, _ in found:
        parts += (value[at:start], MASKED)
        at = end
    return Text([*parts, value[at:]])
