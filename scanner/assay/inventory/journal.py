"""What a collection has finished, on disk: so that a killed one goes on where it was, and memory stays flat.

In the folder of the parts every worker appends the units it finishes to a file of its own, a gzip member each, and
`index.jsonl` says of every whole member `{"key", "file", "offset", "length", "resources", "again"}`: `again` where the
unit is to be asked once more (it was throttled out). What a kill cut off has no line there.
"""

from __future__ import annotations

import json
import os
from threading import Lock, local
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from assay.files import whole_bytes
from assay.inventory.snapshot import RecordWriter, SnapshotWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Key = tuple[str, ...]
_CHUNK = 1 << 20


class Part(NamedTuple):
    """Where the records of one unit stand, and how many resources they hold."""

    file: str
    offset: int
    length: int
    resources: int


class Journal:
    """The folder of the parts; `finished` are the units that need not be asked again.

    With `resume` it takes over what an interrupted collection left there.

    Raises:
        OSError: the folder cannot be written.
    """

    def __init__(self, folder: str, *, resume: bool) -> None:
        self.folder = folder
        self.finished: dict[Key, Part] = dict(self._before()) if resume else {}
        self._lock = Lock()
        self._thread = local()
        self._open: list[IO[bytes]] = []
        self._used = {name for name in os.listdir(folder) if name.endswith(".jsonl.gz")}
        self._index = open(f"{folder}/index.jsonl", "ab")  # noqa: SIM115 - closed by close()
        self._index.write(b"\n")  # the last line of before may be half a line
        self._open.append(self._index)

    def _before(self) -> Iterator[tuple[Key, Part]]:
        try:
            with open(f"{self.folder}/index.jsonl", "rb") as handle:
                lines = handle.read().splitlines()
        except FileNotFoundError:
            return
        for line in lines:
            try:
                told = json.loads(line)
                part = Part(told["file"], told["offset"], told["length"], told["resources"])
                key, again = tuple(told["key"]), told["again"]
            except (ValueError, KeyError, TypeError):
                continue  # half a line, or what a disk made of one
            if not again and self._whole(part):
                yield key, part

    def _whole(self, part: Part) -> bool:
        """A machine that lost its power may have kept the index and not what it speaks of."""
        try:
            return os.path.getsize(f"{self.folder}/{part.file}") >= part.offset + part.length
        except OSError:
            return False

    def write(self, key: Key, fill: Callable[[RecordWriter], None], again: Iterable[str] = ()) -> Part:
        """Let `fill` write the records of a unit; it counts as finished unless one of its rows has a status of `again`.

        What `fill` raises passes through, and nothing of the unit is left.
        """
        name, raw = self._own()
        start = raw.tell()
        try:
            with RecordWriter(raw) as writer:
                fill(writer)
        except BaseException:
            raw.seek(start)
            raw.truncate()
            raise
        raw.flush()
        part = Part(name, start, raw.tell() - start, writer.count)
        told = {"key": key, **part._asdict(), "again": not writer.statuses.isdisjoint(again)}
        with self._lock:
            self._index.write(json.dumps(told).encode() + b"\n")
            self._index.flush()
        return part

    def _own(self) -> tuple[str, IO[bytes]]:
        """The file of the calling thread; one that a killed collection left is never written to."""
        found: tuple[str, IO[bytes]] | None = getattr(self._thread, "own", None)
        if found is None:
            with self._lock:
                number = 1
                while (name := f"{number}.jsonl.gz") in self._used:
                    number += 1
                self._used.add(name)
                raw = open(f"{self.folder}/{name}", "wb")  # noqa: SIM115 - closed by close()
                self._open.append(raw)
            found = self._thread.own = (name, raw)
        return found

    def close(self) -> None:
        for handle in self._open:
            handle.close()

    def assemble(self, path: str, header: dict[str, Any], parts: Iterable[Part]) -> None:
        """The snapshot at `path`: the parts in this order; it is there as a whole or not at all."""
        count = 0
        files: dict[str, IO[bytes]] = {}
        with whole_bytes(path) as out:
            SnapshotWriter.begin(out, header)
            try:
                for part in parts:
                    if part.file not in files:
                        files[part.file] = open(f"{self.folder}/{part.file}", "rb")  # noqa: SIM115 - closed below
                    _copy(files[part.file], part, out)
                    count += part.resources
            finally:
                for handle in files.values():
                    handle.close()
            SnapshotWriter.end(out, count)


def _copy(handle: IO[bytes], part: Part, out: IO[bytes]) -> None:
    handle.seek(part.offset)
    left = part.length
    while left:
        chunk = handle.read(min(left, _CHUNK))
        if not chunk:
            raise OSError(f"{part.file} is shorter than its index says")
        out.write(chunk)
        left -= len(chunk)
