"""Does a setting's name and literal value look like a credential? Names decide first, then the value's own shape."""

from __future__ import annotations

import re
from typing import Any

from assay.model import Unknown

_NAME = re.compile(
    r"(?i)(passwo?rd|passwd|passphrase|\bpwd\b|(^|[_.-])pwd$|secret|token|credential|api[_.-]?key|access[_.-]?key"
    r"|private[_.-]?key|auth[_.-]?key|encryption[_.-]?key|connection[_.-]?string)"
)
# What such a name may hold and is no credential: where the credential is, or what may be done with it.
_POINTER = re.compile(
    r"(?i)[_.-]?(id|ids|ocid|arn|name|names|url|uri|endpoint|host|path|file|dir|ttl|expiry|expires|expiration|timeout"
    r"|type|version|header|issuer|audience|rotation|length|policy|enabled|region|provider|source|store|vault|param|bucket"
    r"|key_id|alias|algorithm|mode|scope|count|size|hours|days|seconds|minutes|interval|lifetime|prefix)$"
)
_SHAPE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{36}"
    r"|\bglpat-[A-Za-z0-9_-]{20}"
    r"|\bxox[abprs]-[A-Za-z0-9-]{10}"
    r"|\bsk_live_[A-Za-z0-9]{16}"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"
    r"|[a-z][a-z0-9+.-]*://[^/\s:@]+:[^/\s:@${}]+@"
)
_REFERENCE = re.compile(
    r"(?i)^(ocid1\.|arn:|projects/|vault:|ssm:|secretsmanager:|\$\{|\{\{|https?://[^@]*$|/|true$|false$|none$|null$)"
)


def is_credential(name: Any, value: Any) -> bool:
    """True when a literal text looks like a credential by its name or by its own shape.

    What is not a literal (an unknown, a reference, a number) is none: nothing secret is written here.
    """
    if isinstance(value, Unknown) or not isinstance(value, str) or not value.strip():
        return False
    if _SHAPE.search(value):
        return True
    text = "" if isinstance(name, Unknown) else str(name)
    return bool(_NAME.search(text)) and not _POINTER.search(text) and not _REFERENCE.match(value) and len(value) > 3


def credentials(settings: Any) -> list[str]:
    """The keys of a map of settings whose values look like credentials; unknown values are left out."""
    return [k for k, v in settings.items() if is_credential(k, v)] if isinstance(settings, dict) else []
