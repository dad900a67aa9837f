"""Container image references: do they name one image, or whatever the tag points to today?"""

from __future__ import annotations

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
