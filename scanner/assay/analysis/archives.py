"""What the directory of a layer's or function's archive tells: what is unsafe to unpack, weight, dead weight."""

from __future__ import annotations

import stat
from collections import Counter
from typing import TYPE_CHECKING

from assay.model import Undetermined, Unknown
from assay.patterns import pattern
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assay.documents.layer_archive import Entry, Package
    from assay.graph import Graph
    from assay.model import Resource

MEGABYTE = 1024 * 1024
UNPACKED_LIMIT = 250 * MEGABYTE
"""What a function and its layers may have unpacked together (Lambda quotas, read November 2026)."""
BOMB_RATIO = 100
BOMB_SIZE = 10 * MEGABYTE
BOMB_TOTAL = 1024 * MEGABYTE
LIVE = "/code"
"""Behind the ARN of a live function or layer version: the address of its archive."""

_DRIVE = pattern(r"[A-Za-z]:|[\\/]")
_KINDS = {
    stat.S_IFCHR: "a character device", stat.S_IFBLK: "a block device", stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
}  # fmt: skip


class Spot(NamedTuple):
    """Something in an archive: the entry, the line (1-based), what it is, and the third-party package it belongs to."""

    entry: str
    line: int
    what: str
    package: str = ""


def package_of(archive: Resource) -> Package:
    """The package behind an archive.

    Raises:
        Undetermined: it could not be parsed, or not all of it was listed.
    """
    found, doubt = listing_of(archive)
    if doubt is not None:
        raise Undetermined(doubt)
    return found


def listing_of(archive: Resource) -> tuple[Package, Unknown | None]:
    """The package behind an archive, and why it may hold more than is listed; None when it does not.

    Raises:
        Undetermined: it could not be parsed, so nothing of it is known.
    """
    found: Package | None = getattr(archive.origin, "package", None)
    if found is None:
        problem = archive["entries"]
        raise Undetermined(problem if isinstance(problem, Unknown) else Unknown(f"{archive} was not read"))
    return found, Unknown(f"{found.shown}: {found.refused}") if found.refused else None


def is_function_code(archive: Resource, graph: Graph) -> bool:
    """True for what only functions use; an archive that nobody names is judged as a layer.

    That of a live account says in its address whose it is, also where nobody could look into it.
    """
    if archive.source == "aws":
        return ":function:" in archive.address
    functions = list.__len__(graph.users(archive, "aws_lambda_function"))
    return functions > 0 and list.__len__(graph.users(archive, "aws_lambda_layer_version")) == 0


# --- what is unsafe to unpack -----------------------------------------------------------------------------------------


def hazards(archive: Resource) -> Iterator[Spot]:
    """Names, kinds and sizes that hurt whoever unpacks the archive.

    Raises:
        Undetermined: at the end, when it may hold more than is listed.
    """
    found: Package | None = getattr(archive.origin, "package", None)
    if found is not None and found.hostile:
        yield Spot("", 1, f"has too much to list: {found.refused}")
        return
    package, doubt = listing_of(archive)
    names = Counter(e.name for e in package.entries)
    for entry in package.entries:
        what = _name_hazard(entry.name) or _mode_hazard(package, entry)
        if not what and entry.size > BOMB_SIZE and entry.size > BOMB_RATIO * max(entry.packed, 1):
            times = entry.size // max(entry.packed, 1)
            what = f"is {times:,} times as large unpacked ({in_units(entry.size)}): a zip bomb"
        if not what and entry.encrypted:
            what = "is encrypted, so nobody can say what it is"
        if not what and names[entry.name] > 1:
            names[entry.name] = 1  # said once
            what = "is there more than once: which one counts depends on the unpacker"
        if what:
            yield Spot(entry.name, 1, what)
    total = sum(e.size for e in package.entries)
    if total > BOMB_TOTAL:
        yield Spot("", 1, f"unpacks to {in_units(total)}: a zip bomb")
    overlapping = _overlapping(package)
    if overlapping:
        yield Spot(overlapping, 1, "shares its bytes with another entry: a zip bomb")
    if doubt is not None:
        raise Undetermined(doubt)


def _name_hazard(name: str) -> str:
    if _DRIVE.match(name):
        return "has an absolute path"
    if ".." in name.replace("\\", "/").split("/"):
        return "leads out of the folder it is unpacked in"
    if "\0" in name or any(ord(c) < 32 for c in name):
        return "has control characters in its name"
    return ""


def _mode_hazard(package: Package, entry: Entry) -> str:
    kind = stat.S_IFMT(entry.mode)
    if kind in _KINDS:
        return f"is {_KINDS[kind]}"
    if kind == stat.S_IFLNK:
        return _link_hazard(package, entry)
    if entry.mode & (stat.S_ISUID | stat.S_ISGID):
        return "runs with its owner's rights (setuid or setgid)"
    return "may be written by anybody" if entry.mode & stat.S_IWOTH and kind != stat.S_IFDIR else ""


def _link_hazard(package: Package, entry: Entry) -> str:
    import posixpath

    from assay.documents.layer_archive import Unread

    try:
        target = package.read(entry, 4096).decode("utf-8", "replace")
    except Unread:
        return "is a symbolic link that cannot be read"
    inside = posixpath.normpath(posixpath.join("/opt", posixpath.dirname(entry.name), target))
    out = target.startswith("\\") or not (inside == "/opt" or inside.startswith("/opt/"))
    return f"is a symbolic link out of /opt, to {target[:80]}" if out else ""


def _overlapping(package: Package) -> str:
    """The first entry whose bytes begin within those of the one before."""
    end = 0
    for entry in sorted((e for e in package.entries if e.packed and e.offset >= 0), key=lambda e: e.offset):
        if entry.offset < end:
            return entry.name
        end = entry.offset + entry.packed
    return ""


def in_units(size: float) -> str:
    """Bytes as people read them: `12 MB`, `3 KB`."""
    return f"{size / MEGABYTE:,.0f} MB" if size >= MEGABYTE else f"{size / 1024:,.0f} KB"


def too_large(archives: Sequence[Resource], limit: int, doubts: Sequence[Unknown] = ()) -> str:
    """What to say when packages unpack to more than `limit` bytes together; empty when they do not.

    Args:
        doubts: why there is more of them than is here.

    Raises:
        Undetermined: they do not as far as they are known, and not all of them is.
    """
    total = 0
    for archive in archives:
        try:
            package, more = listing_of(archive)
        except Undetermined as unread:
            doubts = [*doubts, unread.unknown]
        else:
            total += sum(e.size for e in package.entries)
            doubts = [*doubts, *(d for d in (more, package.unsized) if d is not None)]
    if total <= limit:
        if doubts:
            raise Undetermined(doubts[0])
        return ""
    if in_units(total) == in_units(limit):
        return f"{total:,} bytes unpacked, of {limit:,} allowed"
    return f"{in_units(total)} unpacked, of {in_units(limit)} allowed"


def largest(archive: Resource) -> str:
    """The name of the largest entry."""
    return max(listing_of(archive)[0].entries, key=lambda e: e.size).name


# --- dead weight ---------------------------------------------------------------------------------------------------

_DEAD_FOLDERS = frozenset((
    "test", "tests", "testing", "__pycache__", "doc", "docs", "example", "examples", "sample", "samples", "benchmark",
    "benchmarks", ".git", ".pytest_cache", ".mypy_cache",
))  # fmt: skip
_DEAD_ENDINGS = (
    ".pyc", ".pyo", ".pyi", ".pyx", ".pxd", ".c", ".h", ".cc", ".cpp", ".hpp", ".o", ".a", ".la", ".map", ".md", ".rst",
    ".orig", ".bak", ".whl", ".egg", ".ts",
)  # fmt: skip


def dead_weight(archive: Resource) -> tuple[int, int, str]:
    """Bytes that no function needs at run time, bytes in all, and the largest entry among the former.

    Raises:
        Undetermined: the size of something in it is not known.
    """
    dead = total = 0
    heaviest, weight = "", -1
    package = package_of(archive)
    if package.unsized is not None:
        raise Undetermined(package.unsized)
    for entry in package.entries:
        total += entry.size
        *folders, last = entry.name.split("/")
        if last == ".DS_Store" or last.endswith(_DEAD_ENDINGS) or not _DEAD_FOLDERS.isdisjoint(folders):
            dead += entry.size
            if entry.size > weight:
                heaviest, weight = entry.name, entry.size
    return dead, total, heaviest
