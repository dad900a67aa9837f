"""Snapshots as a source: which files are some. What is in them is read by `assay.inventory.snapshot`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from assay.model import Intake, Request

_BEGINNING = b'{"schema":"assay-snapshot/'


class SnapshotSource:
    """Reads snapshots; the resources keep the source they were collected from."""

    name = "snapshot"
    trees = False

    def claims(self, path: str, head: Callable[[], bytes]) -> bool:
        if not path.endswith((".jsonl", ".jsonl.gz")):
            return False
        start = head()
        if start.startswith(b"\x1f\x8b"):
            import zlib

            try:
                start = zlib.decompressobj(31).decompress(start, 4096)
            except zlib.error:
                return False
            if _BEGINNING.startswith(start):  # cut off before it could say what it is
                return True
        return b'"schema":"assay-snapshot/' in start or b'"schema": "assay-snapshot/' in start

    def load(self, request: Request, paths: Sequence[str], intake: Intake) -> None:
        import zlib

        from assay.inventory.snapshot import opened, read
        from assay.paths import display

        for path in paths:
            shown = display(path, request.base)
            try:
                with opened(path) as handle:
                    read(handle, shown, intake)
            except (OSError, EOFError, zlib.error) as error:
                intake.coverage.input(shown, "failed", f"the snapshot is cut off or unreadable: {error}")
