"""Which packages a layer of the account holds: downloaded in memory, only where `--layer-contents` asks for it.

Kept are the names and versions of packages; the code itself is neither stored nor shown.
"""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile, ZipFile

from assay.model import Unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.inventory.aws.table import Item

MAX_BYTES = 260_000_000
"""Of an archive: Lambda takes 250 MB unpacked."""
MAX_ENTRIES = 200_000


class NoContent(Exception):
    """An archive that cannot be had: one sentence that says why."""


def download(url: str) -> bytes:
    """What stands at the address that Lambda gives for a layer, which is signed and needs no credentials.

    Raises:
        NoContent: it is no web address, nobody answers, or it is too large.
    """
    import urllib3

    if not url.startswith(("https://", "http://")):
        raise NoContent(f"{url.partition('?')[0]} is no web address")
    try:
        answer = urllib3.request("GET", url, timeout=60.0, retries=urllib3.Retry(2, redirect=0), preload_content=False)
        with answer:
            if answer.status != 200:
                raise NoContent(f"the download answered HTTP {answer.status}")
            data = answer.read(MAX_BYTES + 1)
    except urllib3.exceptions.HTTPError as error:
        raise NoContent(f"the download failed: {type(error).__name__}") from error
    if len(data) > MAX_BYTES:
        raise NoContent(f"it is larger than {MAX_BYTES:,} bytes")
    return bytes(data)


class _Held:
    """An archive in memory, read as those on disk are."""

    shown = "layer"
    refused = ""

    def __init__(self, data: bytes) -> None:
        from assay.documents.layer_archive import Entry

        self._zip = ZipFile(io.BytesIO(data))
        if len(self._zip.infolist()) > MAX_ENTRIES:
            raise NoContent(f"it holds more than {MAX_ENTRIES:,} entries")
        self.entries: Sequence[Any] = [Entry(i.filename, i.file_size, i.compress_size) for i in self._zip.infolist()]

    def read(self, entry: Any, most: int) -> bytes:
        with self._zip.open(entry.name) as stream:
            return stream.read(most)

    def place(self, entry: str) -> str:
        return f"{self.shown}!/{entry}"


def packages(item: Item) -> Any:
    """The packages of a layer version as blocks; unknown where nobody asked for them, or they cannot be had."""
    from assay.analysis.advisories import installed

    location = item["$content.Content.Location"]
    if item.place.fetch is None or location is None:
        return Unknown("the contents of layers were not read (--layer-contents)")
    try:
        found = installed(_Held(item.place.fetch(location)))
    except NoContent as error:
        return Unknown(f"the content of the layer: {error}")
    except (
        BadZipFile,
        OSError,
        ValueError,
        NotImplementedError,
        RuntimeError,
        zlib.error,
        KeyError,
        EOFError,
    ) as error:
        return Unknown(f"the content of the layer is no zip file that can be read: {type(error).__name__}")
    return [{"ecosystem": p.ecosystem, "name": p.name, "version": p.version, "entry": p.entry} for p in found]
