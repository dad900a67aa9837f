"""Functions that hash, and those whose results nobody can foretell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.digest import hasher
from assay.terraform.functions_encoding import encoded
from assay.terraform.values import STRING, EvalError, TypedUnknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from assay.model import Unknown


def digest(algorithm: str, data: bytes) -> bytes:
    """The hash of bytes: as a value, never as protection."""
    found: bytes = hasher(algorithm)(data).digest()
    return found


def _hex(algorithm: str) -> Callable[[str], str]:
    return lambda text: digest(algorithm, text.encode()).hex()


def _base64(algorithm: str) -> Callable[[str], str]:
    return lambda text: encoded(digest(algorithm, text.encode()))


_NAMESPACES = {
    name: f"6ba7b81{i}-9dad-11d1-80b4-00c04fd430c8" for name, i in (("dns", 0), ("url", 1), ("oid", 2), ("x500", 4))
}


def uuidv5(namespace: str, name: str) -> str:
    """The name-based UUID."""
    import uuid

    try:
        space = uuid.UUID(_NAMESPACES.get(namespace, namespace))
    except ValueError:
        raise EvalError(f'"{namespace[:40]}" is neither dns, url, oid, x500 nor a UUID') from None
    return str(uuid.uuid5(space, name))


def bcrypt(text: str, *cost: Any) -> Unknown:
    """A salted hash: another one every time."""
    if len(cost) > 1:
        raise EvalError("it takes at most one cost")
    return TypedUnknown("bcrypt() gives another hash every time", STRING, not_null=True)


def rsadecrypt(text: str, key: str) -> Unknown:
    """What a private key would reveal: Assay never uses one."""
    return TypedUnknown(
        "rsadecrypt() was not computed: Assay uses no private key", STRING, not_null=True, sensitive=True
    )


TABLE: dict[str, Callable[..., Any]] = {
    "base64sha256": _base64("sha256"),
    "base64sha512": _base64("sha512"),
    "bcrypt": bcrypt,
    "md5": _hex("md5"),
    "rsadecrypt": rsadecrypt,
    "sha1": _hex("sha1"),
    "sha256": _hex("sha256"),
    "sha512": _hex("sha512"),
    "uuid": lambda: TypedUnknown("uuid() gives another value every time", STRING, not_null=True),
    "uuidv5": uuidv5,
}
