"""Known vulnerabilities of the packages in an archive, by advisories in the OSV format that lie on this machine.

Advisories are asked of nobody: a file of one or several, a folder of such files, or a zip file of them (as osv.dev
offers one for each ecosystem) is named by the configuration.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from assay.model import PartialList, Undetermined, Unknown
from assay.patterns import pattern
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from assay.documents.layer_archive import Entry, Package
    from assay.graph import Graph
    from assay.model import Resource

MAX_FILES = 500_000
MAX_SIZE = 4 * 1024 * 1024
"""Of one description of a package."""
MAX_ADVISORY = 64 * 1024 * 1024
"""Of one advisory in a zip file; those of osv.dev have some megabytes at most."""

_DIST = pattern(r"(?:^|/)([A-Za-z0-9][A-Za-z0-9._]*)-([^/-]+)\.(?:dist-info/METADATA|egg-info/PKG-INFO)$")
_NODE = pattern(r"(?:^|/)node_modules/((?:@[^/]+/)?[^/@]+)/package\.json$")
_HYPHENS = pattern(r"[-_.]+")
_SEMVER = pattern(r"^v?(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$")


class AdvisoryFault(Exception):
    """Advisories that cannot be used: which, and what is wanted."""


class Installed(NamedTuple):
    """A package of an archive: its ecosystem as OSV calls it, name, version, and the entry that says so."""

    ecosystem: str
    name: str
    version: str
    entry: str


class Hit(NamedTuple):
    """An advisory that a package falls under: its id, the name it goes by (a CVE where it has one), and the fix."""

    id: str
    called: str
    fixed: str


def installed(package: Package) -> list[Installed]:
    """The packages of Python and Node.js that an archive holds.

    Raises:
        Unread: a description cannot be unpacked.
    """
    found = []
    for entry in package.entries:
        if "/package.json" not in entry.name and "-info/" not in entry.name:
            continue
        python = _DIST.search(entry.name)
        if python is not None:
            found.append(Installed("PyPI", _plain(python[1]), python[2], entry.name))
            continue
        node = _NODE.search(entry.name)
        if node is not None and (version := _version_of(package, entry)):
            found.append(Installed("npm", node[1], version, entry.name))
    return found


def _version_of(package: Package, entry: Entry) -> str:
    try:
        told = json.loads(package.read(entry, MAX_SIZE))
    except ValueError:
        return ""
    version = told.get("version") if isinstance(told, dict) else None
    return version if isinstance(version, str) else ""


def _plain(name: str) -> str:
    """A name of PyPI in its normal form."""
    return _HYPHENS.sub("-", name).lower()


# --- advisories -------------------------------------------------------------------------------------------------------


def advisories(paths: Sequence[str], graph: Graph) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """The advisories at these paths, by ecosystem and package.

    Raises:
        AdvisoryFault: a path is missing, or holds no advisories.
    """
    key = ("advisories", tuple(paths))
    if key not in graph._memo:
        index: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for path in paths:
            count = 0
            for record in _records(path):
                count += 1
                for affected in record.get("affected") or ():
                    named = affected.get("package") or {}
                    system = str(named.get("ecosystem")).partition(":")[0]
                    name = _plain(str(named.get("name"))) if system == "PyPI" else str(named.get("name"))
                    if not record.get("withdrawn"):
                        index.setdefault((system, name), []).append({"record": record, "affected": affected})
            if not count:
                raise AdvisoryFault(f"advisories: {path} holds none in the OSV format")
        graph._memo[key] = index
    found: dict[tuple[str, str], list[dict[str, Any]]] = graph._memo[key]
    return found


def _records(path: str) -> Iterator[dict[str, Any]]:
    from zipfile import BadZipFile

    try:
        for name, text in _texts(path):
            try:
                told = json.loads(text)
            except ValueError as error:
                raise AdvisoryFault(f"advisories: {name} is no JSON: {error}") from error
            for record in told if isinstance(told, list) else [told]:
                if isinstance(record, dict) and isinstance(record.get("id"), str) and "affected" in record:
                    yield record
    except (OSError, BadZipFile) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise AdvisoryFault(f"advisories: {path} cannot be read: {said}") from error


def _texts(path: str) -> Iterator[tuple[str, bytes]]:
    """The JSON texts of a file, a folder or a zip file, each with its name."""
    if os.path.isdir(path):
        for folder, folders, names in os.walk(path):
            folders.sort()
            for name in sorted(names):
                if name.endswith(".json"):
                    yield from _texts(os.path.join(folder, name))
    elif path.endswith(".zip"):
        from zipfile import ZipFile

        with ZipFile(path) as archive:
            listed = [info for info in archive.infolist() if info.filename.endswith(".json")]
            if len(listed) > MAX_FILES:
                raise AdvisoryFault(f"advisories: {path} holds {len(listed):,} files; at most {MAX_FILES:,} are read")
            for info in listed:
                if info.file_size > MAX_ADVISORY:
                    limit = f"at most {MAX_ADVISORY:,} are read"
                    raise AdvisoryFault(f"advisories: {path}!/{info.filename} has {info.file_size:,} bytes; {limit}")
                yield f"{path}!/{info.filename}", archive.read(info)
    else:
        with open(path, "rb") as handle:
            yield path, handle.read()


# --- comparing --------------------------------------------------------------------------------------------------------


def hits(one: Installed, index: dict[tuple[str, str], list[dict[str, Any]]]) -> list[Hit]:
    """The advisories with a fix that a package falls under.

    Raises:
        ValueError: its version, or one in an advisory about it, cannot be compared.
    """
    found: dict[str, Hit] = {}
    for known in index.get((one.ecosystem, one.name), ()):
        record = known["record"]
        fixed = _fix(one, known["affected"])
        if fixed:
            called = next((a for a in record.get("aliases") or () if str(a).startswith("CVE-")), record["id"])
            found.setdefault(called, Hit(record["id"], called, fixed))
    return list(found.values())


def _fix(one: Installed, affected: dict[str, Any]) -> str:
    """The first version above this one that mends it; empty when it is not affected, or nothing mends it."""
    key = _COMPARED[one.ecosystem]
    mine = key(one.version)
    listed = one.version in (affected.get("versions") or ())
    fixes = []
    for told in affected.get("ranges") or ():
        if told.get("type") not in ("ECOSYSTEM", "SEMVER"):
            continue
        events = told.get("events") or []
        later = [e["fixed"] for e in events if "fixed" in e and key(e["fixed"]) > mine]
        if later and (listed or _within(mine, events, key)):
            fixes.append(min(later, key=key))
    return min(fixes, key=key, default="")


def _within(mine: Any, events: Iterable[dict[str, Any]], key: Any) -> bool:
    """Whether a version lies in a range of OSV: the last event at or below it decides."""
    inside = False
    timed = [(key("0") if v == "0" else key(v), kind) for e in events for kind, v in e.items() if kind in _KINDS]
    for at, kind in sorted(timed, key=lambda event: event[0]):
        if kind == "introduced" and mine >= at:
            inside = True
        elif (kind == "fixed" and mine >= at) or (kind == "last_affected" and mine > at):
            inside = False
    return inside


_KINDS = ("introduced", "fixed", "last_affected")


def _python(text: str) -> Any:
    from packaging.version import Version

    return Version(text)  # InvalidVersion is a ValueError


def _semver(text: str) -> Any:
    """What sorts as semver.org says: a pre-release before its release, numbers before words."""
    if text == "0":
        return (0, 0, 0), 0, ()
    found = _SEMVER.match(text)
    if found is None:
        raise ValueError(f"Invalid version: {text!r}")
    before = [(0, int(p), "") if p.isdigit() else (1, 0, p) for p in (found[4] or "").split(".") if p]
    return (int(found[1]), int(found[2]), int(found[3])), 0 if before else 1, tuple(before)


_COMPARED: dict[str, Any] = {"PyPI": _python, "npm": _semver}


def vulnerable(archive: Resource, paths: Sequence[str], graph: Graph) -> Iterator[tuple[Installed, list[Hit], str]]:
    """Every package of an archive with its advisories, or with why nobody can tell.

    Raises:
        AdvisoryFault: the advisories cannot be read, or the library that compares versions is not installed.
        Undetermined: the archive could not be parsed, or, at the end, not all of it was listed.
    """
    index = advisories(paths, graph)
    for one in packages(archive):
        try:
            found = hits(one, index)
        except ImportError as error:
            raise AdvisoryFault("versions are compared with packaging: pip install 'assay[documents]'") from error
        except ValueError as error:
            yield one, [], str(error)
            continue
        yield one, found, ""


def packages(archive: Resource) -> list[Installed]:
    """The packages that an archive holds, read once; a partial list when not all of it was listed.

    Raises:
        Undetermined: the archive could not be parsed, or a description in it not be unpacked.
    """
    if archive.type != "archive":  # a layer of an account, whose packages the audit has listed
        told = archive["packages"]
        if isinstance(told, Unknown):
            raise Undetermined(told)
        return [Installed(p["ecosystem"], p["name"], p["version"], p["entry"]) for p in told or ()]
    from assay.analysis.archives import listing_of
    from assay.documents.layer_archive import Unread

    package, doubt = listing_of(archive)
    memo: dict[str, Any] = getattr(archive.origin, "memo", {})
    if "packages" not in memo:
        try:
            memo["packages"] = installed(package)
        except Unread as error:
            raise Undetermined(Unknown(f"{archive}: {error}")) from None
    found: list[Installed] = memo["packages"]
    return found if doubt is None else PartialList(found, doubt)
