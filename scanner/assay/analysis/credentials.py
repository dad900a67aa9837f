"""Is this value a credential: by its name, by its form, or because of where it comes from."""

from __future__ import annotations

import binascii
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from assay.model import Base64, Ref, Text, Undetermined, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.graph import Graph
    from assay.model import Block, Resource, View

_SOURCES = (
    "random_password", "data.aws_secretsmanager_secret_version", "data.aws_ssm_parameter", "aws_iam_access_key",
    "data.oci_secrets_secretbundle", "data.vault_", "tls_private_key",
)  # fmt: skip
_CARRIERS = {"result", "secret_string", "secret_binary", "value", "secret", "private_key_pem", "secret_bundle_content"}


def is_credential(name: str, value: Any) -> bool:
    """True when a value under a name is a credential in clear: written out, or read from a sensitive place.

    Raises:
        Undetermined: the name says it is one, and the value is unknown.
    """
    if isinstance(value, str):
        return _short_credential(name, value) if len(value) < 500 else _plain_credential(name, value)
    from assay.reports.masking import secret_name, spans

    if isinstance(value, Ref):
        return _from_secret(value)
    if isinstance(value, Unknown):
        if value.sensitive or any(_from_secret(r) for r in (value.refs() if isinstance(value, Text) else ())):
            return True
        if isinstance(value, Text):
            return any(bool(spans(piece)) for piece in value.literals)
        if secret_name(name):
            raise Undetermined(value)
    return False


def _plain_credential(name: str, value: str) -> bool:
    from assay.reports.masking import hides, spans

    return hides(name, value) or bool(spans(value))


_short_credential = lru_cache(maxsize=4096)(_plain_credential)  # replicas repeat their settings


def is_masked(value: Any) -> bool:
    """True for a credential that a live audit masked before it was stored: it was there, in clear."""
    return isinstance(value, Unknown) and value.sensitive


def _from_secret(ref: Ref) -> bool:
    """True for the clear text of a secret that another resource or data source holds."""
    kind = any(f".{source}" in f".{ref.target}" for source in _SOURCES)
    return ref.sensitive or (kind and ref.attribute.partition("[")[0].partition(".")[0] in _CARRIERS)


def credential_within(text: Any) -> bool:
    """True when a script or document, plain or in base64, holds a credential written out.

    Raises:
        Undetermined: the text is unknown.
    """
    if isinstance(text, Base64):
        text = text.plain
    if isinstance(text, Text):
        return text.sensitive or any(_written_out(piece) for piece in text.literals)
    if isinstance(text, Unknown):
        raise Undetermined(text)
    return isinstance(text, str) and (_written_out(text) or _written_out(_decoded(text)))


def cloud_init_parts(text: Any, r: Resource, graph: Graph) -> list[Block]:
    """The `part` blocks of the `cloudinit_config` that a resource's user data is; none when it is something else."""
    if not (isinstance(text, Ref) and text.kind.endswith("cloudinit_config")):
        return []
    found = graph.find(text.target, r.root, r.source)
    return [] if found is None else found.each("part")


def address_with_credential(address: Any) -> bool:
    """True when an address that is written here holds a user's password or a token; another resource's holds none.

    Raises:
        Undetermined: the address is unknown.
    """
    return False if isinstance(address, Ref) else credential_within(address)


def last_segment(name: Any) -> str:
    """The part of a path after its last slash, of a text with unknown pieces as much of it as is known.

    Raises:
        Undetermined: nothing of the end is known.
    """
    if isinstance(name, Text) and name.suffix:
        return name.suffix.rpartition("/")[2]
    if isinstance(name, Unknown):
        raise Undetermined(name)
    return str(name or "").rpartition("/")[2]


def _written_out(text: str) -> bool:
    """True when a text holds a credential itself, not a variable or a command that will give it."""
    return next(written_out(text), None) is not None


def written_out(text: str) -> Iterator[int]:
    """Where the credentials of a text begin that are themselves there, not a variable or a command that gives them."""
    from assay.reports.masking import spans

    for start, end, _ in spans(text):
        if not text[start:end].lstrip("\"'`").startswith(("$", "%", "<", "{")):
            yield start


def _decoded(text: str) -> str:
    """What a base64 text says; empty when it is none."""
    try:
        return binascii.a2b_base64(text.encode("ascii"), strict_mode=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def from_variable(value: Any) -> bool:
    """True when a value is written here or comes from a variable, a generated password or the like: it is in the state.

    A reference to another resource's own attributes says nothing about where that has it from.
    """
    if isinstance(value, Ref):
        return _from_secret(value)
    if isinstance(value, Unknown):
        return value.sensitive or (value.key is not None and value.key[0] == "var")
    return isinstance(value, str) and value != ""


def is_written(value: Any) -> bool:
    """True for a text that is known, or a list with one: what is not known is not in the code."""
    items = list.__iter__(value) if isinstance(value, list) else iter([value])
    return any(isinstance(item, str) and item != "" for item in items)


def credential_or_doubt(name: str, value: Any, doubts: list[str]) -> bool:
    """`is_credential`, but a doubt is noted by name, so that it hides no certain one."""
    try:
        return is_credential(name, value)
    except Undetermined:
        doubts.append(name)
        return False


def static_key(value: Any) -> bool:
    """True for a provider's key that is written out; stand-ins for a local emulator do not count.

    Raises:
        Undetermined: a part of it is written out.
    """
    if isinstance(value, Text) and value.literals:
        raise Undetermined(value)
    if isinstance(value, Unknown):
        return False  # a variable or a reference: not written here
    if not isinstance(value, str) or value == "":
        return False
    if "PRIVATE KEY-----" in value:  # its base64 may well spell a stand-in
        return True
    stand_ins = ("test", "mock", "fake", "dummy", "localstack", "anaccess", "asecret")
    return not any(word in value.lower() for word in stand_ins)


def rotation_days(rules: View) -> float:
    """How many days lie between two rotations; 0 for a calendar expression, infinite when nothing is said."""
    days = rules["automatically_after_days"]
    if days is not None and days != 0:
        return float(days)
    expression = rules["schedule_expression"]
    if expression is None:
        return float("inf")
    if not expression.startswith("rate("):
        return 0.0
    number, _, unit = str(expression)[5:].strip(") ").partition(" ")
    per_day = {"d": 1, "h": 24, "m": 1440}.get(unit.strip()[:1], 1)
    return float(number) / per_day if number.isdigit() else 0.0
