"""Archives of Lambda layers and functions: listed and read in memory, never unpacked, within bounds.

A package is what a function or layer consists of: the entries of a zip file, or the files of a tree that Terraform's
`archive_file` will zip.
"""

from __future__ import annotations

import os
import struct
import zlib
from typing import TYPE_CHECKING, Protocol

from assay.documents.positions import Malformed
from assay.model import Location, Resource, Unknown
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zipfile import ZipFile, ZipInfo

    from assay.documents.reading import File
    from assay.model import Step, ValuePath

MAX_ENTRIES = 200_000
MAX_DIRECTORY = 64_000_000
"""Bytes of a zip file's central directory."""
_END = b"PK\x05\x06"
_END_64 = b"PK\x06\x06"


class Entry(NamedTuple):
    """One file of a package; sizes in bytes, `mode` the Unix mode with its file type (0 when nobody says)."""

    name: str
    size: int
    packed: int
    mode: int = 0
    crc: int = 0
    offset: int = -1  # of its bytes in a zip file
    encrypted: bool = False


class Unread(Exception):
    """An entry whose content cannot be had: a sentence."""


class Package(Protocol):
    """The files of a layer or function."""

    shown: str
    entries: Sequence[Entry]
    refused: str  # why the entries are not all here; empty when they are
    hostile: bool  # that they are more than anybody needs, so whoever unpacks them is hurt
    unsized: Unknown | None  # why the size of an entry is not known

    def read(self, entry: Entry, most: int) -> bytes:
        """The first `most` bytes of an entry.

        Raises:
            Unread: it is encrypted, damaged or not what the directory says.
        """
        ...

    def place(self, entry: str) -> str:
        """An entry as reports spell it."""
        ...


class ZipPackage:
    """A zip file. Its directory is read once, its entries one at a time."""

    unsized: Unknown | None = None

    __slots__ = ("_zip", "entries", "hostile", "path", "refused", "shown")

    def __init__(self, path: str, shown: str) -> None:
        self.path = path
        self.shown = shown
        self._zip: ZipFile | None = None
        self.refused = _beyond_bounds(path)
        self.hostile = self.refused != ""
        self.entries: Sequence[Entry] = [] if self.refused else self._list()

    def _open(self) -> ZipFile:
        from zipfile import BadZipFile, ZipFile

        if self._zip is None:
            try:
                self._zip = ZipFile(self.path)
            except (BadZipFile, OSError, ValueError, NotImplementedError, struct.error, EOFError) as error:
                raise Malformed(f"it is no zip file: {error}") from None
        return self._zip

    def _list(self) -> list[Entry]:
        return [
            Entry(i.orig_filename or i.filename, i.file_size, i.compress_size, i.external_attr >> 16, i.CRC,
                  i.header_offset, bool(i.flag_bits & 1))
            for i in self._open().infolist()
        ]  # fmt: skip

    def read(self, entry: Entry, most: int) -> bytes:
        from zipfile import BadZipFile

        if entry.encrypted:
            raise Unread("it is encrypted")
        opened = self._open()
        info = next((i for i in _named(opened, entry) if i.header_offset == entry.offset), None)
        try:
            with opened.open(info or entry.name) as stream:
                return stream.read(most)
        except (BadZipFile, NotImplementedError, OSError, EOFError, RuntimeError, ValueError, KeyError, zlib.error,
                struct.error) as error:  # fmt: skip
            raise Unread(f"it cannot be unpacked: {error}") from None

    def place(self, entry: str) -> str:
        return f"{self.shown}!/{entry}"

    def close(self) -> None:
        if self._zip is not None:
            self._zip.close()
            self._zip = None


def _named(opened: ZipFile, entry: Entry) -> Sequence[ZipInfo]:
    try:
        info = opened.getinfo(entry.name)
    except KeyError:
        return [i for i in opened.infolist() if i.orig_filename == entry.name]
    return [info] if info.header_offset == entry.offset else [i for i in opened.infolist() if i.filename == entry.name]


Files = dict[str, tuple[str, str, "bytes | Unknown | None"]]
"""By the name in an archive: the path, the path as shown, and the content when it is written in Terraform."""


class TreePackage:
    """Files of the scanned tree that Terraform will put into an archive: their names there, and where they are."""

    __slots__ = ("entries", "files", "hostile", "refused", "shown", "unsized")

    def __init__(self, shown: str, files: Files, refused: str = "") -> None:
        self.shown = shown
        self.files = files
        self.hostile = False
        self.refused = refused
        contents = (data for _, _, data in files.values())
        self.unsized: Unknown | None = next((data for data in contents if isinstance(data, Unknown)), None)
        self.entries: Sequence[Entry] = [_of_tree(name, path, data) for name, (path, _, data) in files.items()]

    def read(self, entry: Entry, most: int) -> bytes:
        path, _, data = self.files[entry.name]
        if isinstance(data, Unknown):
            raise Unread(f"its content is not known: {data.reason}")
        if data is not None:
            return data[:most]
        try:
            with open(path, "rb") as handle:
                return handle.read(most)
        except OSError as error:
            raise Unread(f"it cannot be read: {error.strerror}") from None

    def place(self, entry: str) -> str:
        return self.files[entry][1] if entry in self.files else self.shown


def _of_tree(name: str, path: str, data: bytes | Unknown | None) -> Entry:
    if data is not None:
        size = 0 if isinstance(data, Unknown) else len(data)
        return Entry(name, size, size)
    size = os.stat(path).st_size  # of what a link leads to, which `archive_file` puts in its place
    return Entry(name, size, size)


class PackageOrigin:
    """Where an archive's findings stand: a path `entries, name, line` is a line of that entry."""

    __slots__ = ("memo", "package")

    def __init__(self, package: Package) -> None:
        self.package = package
        self.memo: dict[str, object] = {}  # what analyses have found in it

    def locate(self, path: ValuePath) -> Location:
        if len(path) < 2 or path[0] != "entries":
            return Location(self.package.shown)
        line = int(path[2]) if len(path) > 2 else 1
        return Location(self.package.place(str(path[1])), line, 1, line, 1)

    def trace(self, path: ValuePath) -> list[Step]:
        return []

    def __reduce__(self) -> tuple[object, ...]:
        return (PackageOrigin, (self.package,))


def read(file: File) -> list[Resource]:
    """The archive of a zip file.

    Raises:
        Malformed: it is none.
    """
    return [archive_of(ZipPackage(file.path, file.shown), "layer")]


def archive_of(package: Package, source: str) -> Resource:
    """The resource of a package."""
    values = {
        "path": package.shown, "name": os.path.basename(package.shown), "entry_count": len(package.entries),
        "size": sum(e.packed for e in package.entries), "unpacked_size": sum(e.size for e in package.entries),
    }  # fmt: skip
    return Resource("archive", package.shown, source, values, PackageOrigin(package), name=str(values["name"]))


def _beyond_bounds(path: str) -> str:
    """Why a zip file's directory is not read, from the record at its end; empty when it may be read.

    Raises:
        Malformed: there is no such record, so it is no zip file.
    """
    try:
        with open(path, "rb") as handle:
            size = os.fstat(handle.fileno()).st_size
            handle.seek(max(0, size - 65_600))
            tail = handle.read()
    except OSError as error:
        raise Malformed(f"it cannot be read: {error.strerror}") from None
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 22:
        raise Malformed("it is no zip file: it has no central directory")
    entries, directory = struct.unpack("<HI", tail[at + 10 : at + 16])
    at_64 = tail.rfind(_END_64, 0, at)
    if at_64 >= 0 and len(tail) >= at_64 + 48 and (entries == 0xFFFF or directory == 0xFFFFFFFF):
        entries, directory = struct.unpack("<QQ", tail[at_64 + 32 : at_64 + 48])
    if entries > MAX_ENTRIES:
        return f"it holds {entries:,} entries; Assay lists at most {MAX_ENTRIES:,}"
    if directory > MAX_DIRECTORY:
        return f"its directory has {directory:,} bytes; Assay reads at most {MAX_DIRECTORY:,}"
    return ""
