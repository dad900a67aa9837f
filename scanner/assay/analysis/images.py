"""Container image references: do they name one image, or whatever the tag points to today?"""

from __future__ import annotations

import re
from typing import Any

from assay.model import Text, Undetermined, Unknown


def is_floating(image: Any) -> bool:
    """True when the reference has no tag or the tag `latest`, and no digest.

    Raises:
        Undetermined: the deciding end of the reference is unknown.
    """
    known = image.suffix if isinstance(image, Text) else image
    if isinstance(image, Unknown) and not isinstance(image, Text):
        raise Undetermined(image)
    if isinstance(image, Text):
        if any("@sha256:" in piece for piece in image.literals):
            return False
        if "/" not in known and ":" not in known:  # the tag, or what it hangs on, is in the unknown part
            raise Undetermined(image)
    last = str(known).rpartition("/")[2]
    if "@" in last:
        return False
    _, colon, tag = last.partition(":")
    return not colon or tag in ("", "latest")


_HUBS = ("docker.io", "index.docker.io", "registry-1.docker.io")


class Image:
    """An image reference in its parts; `docker.io/library` is understood where a registry or a path is not named."""

    __slots__ = ("digest", "registry", "repository", "tag")

    def __init__(self, reference: str) -> None:
        rest, _, self.digest = reference.partition("@")
        head, slash, tail = rest.partition("/")
        named = slash and ("." in head or ":" in head or head == "localhost")
        self.registry = "docker.io" if not named or head in _HUBS else head
        path, colon, tag = (tail if named else rest).rpartition(":")
        self.repository, self.tag = (path, tag) if colon else (tag, "")
        if self.registry == "docker.io" and "/" not in self.repository:
            self.repository = f"library/{self.repository}"

    @property
    def moves(self) -> bool:
        """True when the tag is one that publishers move: `latest`, a branch, `1` or `1.25`; never with a digest."""
        if self.digest:
            return False
        return not re.search(r"\d+\.\d+\.\d+|^[0-9a-f]{7,40}$|\d{6,}", self.tag)


def image_of(reference: Any) -> Image:
    """The parts of an image reference.

    Raises:
        Undetermined: a part of it is unknown.
    """
    if isinstance(reference, Unknown):
        raise Undetermined(reference)
    return Image(str(reference or ""))
