"""Layers as a function sees them: unpacked into `/opt` one after the other, searched in the order of its runtime.

A layer whose code is not at hand leaves a doubt: what the others show for certain is told all the same.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from assay.analysis.archives import LIVE, Spot, listing_of, too_large
from assay.model import PartialList, Undetermined, Unknown
from assay.patterns import pattern
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from assay.documents.layer_archive import Entry
    from assay.graph import Graph
    from assay.model import Resource


class Code(NamedTuple):
    """Archives that are at hand, in the order in which they are unpacked, and why there are more."""

    archives: list[Resource]
    doubts: list[Unknown]


def layers_of(function: Resource, graph: Graph) -> Code:
    """The code of a function's layers."""
    named = graph.follow(function, "layers")
    found = Code([], [named.unknown] if isinstance(named, PartialList) else [])
    for layer in list.__iter__(named):
        here = code_of(layer, graph)
        found.archives.extend(here.archives)
        found.doubts.extend(here.doubts)
    return found


def code_of(thing: Resource, graph: Graph) -> Code:
    """The code of one function or layer version."""
    live = graph.find(f"{thing.address}{LIVE}", source="aws") if thing.address.startswith("arn:") else None
    mine = [live] if live is not None else list.__iter__(graph.follow(thing, "filename"))
    here = [a for a in mine if a.type == "archive" and a.source != "uncollected"]
    return Code(here, [] if here else [Unknown(_why_not(thing))])


def _why_not(thing: Resource) -> str:
    """Why the code of a function or layer version is not at hand."""
    if thing.source == "uncollected":
        missing = thing.values.get("filename")
        return missing.reason if isinstance(missing, Unknown) else f"{thing} is not among the inputs"
    if thing.source == "aws":
        return f"the code of {thing} was not looked at"
    filename = thing.values.get("filename")
    if isinstance(filename, Unknown):
        return f"the archive of {thing} is not known: {filename.reason}"
    if filename:
        return f"the archive of {thing}, {filename}, is not here"
    return (
        f"the code of {thing} lies in a bucket"
        if thing.values.get("s3_bucket") is not None
        else f"{thing} names no archive"
    )


def together_too_large(function: Resource, graph: Graph, limit: int) -> tuple[str, list[Resource], str]:
    """As `too_large`, of a function with its layers, their archives, and why nobody can tell; a single archive is told
    of itself."""
    own, layers = code_of(function, graph), layers_of(function, graph)
    archives = [*own.archives, *layers.archives]
    doubts = [*own.doubts, *layers.doubts]
    try:
        return too_large(archives, limit, doubts) if len(archives) > 1 or doubts else "", archives, ""
    except Undetermined as doubt:
        return "", archives, doubt.reason


def with_code(thing: Resource, graph: Graph) -> list[Resource]:
    """The thing itself, to be judged by its code; nothing where it is live and its code was not asked for."""
    live = thing.type == "aws_lambda_function" and thing.source == "aws"
    asked = not live or any(a.type == "archive" for a in list.__iter__(graph.follow(thing, "filename")))
    return [thing] if asked else []


def with_weight(thing: Resource, graph: Graph) -> list[Resource]:
    """As `with_code`; nothing for a function without layers either, whose archive is weighed by itself."""
    layers = thing.values.get("layers") if thing.type == "aws_lambda_function" else thing
    none = isinstance(layers, list) and not isinstance(layers, PartialList) and not list.__len__(layers)
    return [] if layers is None or none else with_code(thing, graph)


def with_packages(thing: Resource, graph: Graph) -> list[Resource]:
    """The thing itself; nothing for the archive of a live layer, whose packages are told of the layer."""
    told = thing.source == "aws" and list.__len__(graph.users(thing, "aws_lambda_layer_version")) > 0
    return [] if thing.type == "archive" and told else [thing]


# --- what hides what --------------------------------------------------------------------------------------------------

_SITE = pattern(r"(?:python/(?:lib/python3\.\d+/site-packages/)?|nodejs/(?:node\d+/)?node_modules/)")
OF_THE_RUNTIME = {
    "boto3": "the runtime", "botocore": "the runtime", "s3transfer": "the runtime", "jmespath": "the runtime",
    "dateutil": "the runtime", "six": "the runtime", "urllib3": "the runtime", "awslambdaric": "the runtime",
    "snapshot_restore_py": "the runtime", "aws-sdk": "the runtime", "@aws-sdk": "the runtime",
}  # fmt: skip
"""What the Python and Node.js runtimes bring (developer guide, read November 2026); a layer's copy comes first."""


def shadowed(archive: Resource) -> Iterator[Spot]:
    """The modules of a layer that hide one of the standard library or the runtime.

    Raises:
        Undetermined: at the end, when it may hold more than is listed.
    """
    package, doubt = listing_of(archive)
    seen: set[str] = set()
    for entry in package.entries:
        site = _SITE.match(entry.name)
        if site is None:
            continue
        first, slash, _ = entry.name[site.end() :].partition("/")
        module = first if slash else first.removesuffix(".py") if first.endswith(".py") else ""
        whose = OF_THE_RUNTIME.get(module, "")
        if not whose and module in sys.stdlib_module_names and site[0].startswith("python"):
            whose = "the standard library"
        if whose and module not in seen:
            seen.add(module)
            yield Spot(entry.name, 1, f"{module} of {whose}")
    if doubt is not None:
        raise Undetermined(doubt)


class Hidden(NamedTuple):
    """Something of one layer that another one hides: what, whose it is, who hides it, and how it is said."""

    what: str
    hidden: Resource
    by: Resource
    said: str


def hidden(function: Resource, graph: Graph) -> tuple[list[Hidden], str]:
    """What the layers of a function hide of one another, and why there may be more: not all of them are at hand.

    Files are hidden by a later layer that overwrites them, modules by one that has them in a folder which the runtime
    searches before.
    """
    archives, doubts = layers_of(function, graph)
    read: list[tuple[Resource, Mapping[str, Entry]]] = []
    for archive in archives:
        try:
            package, more = listing_of(archive)
        except Undetermined as unread:
            doubts.append(unread.unknown)
        else:
            doubts += [more] if more is not None else []
            read.append((archive, {e.name: e for e in package.entries if not e.name.endswith("/")}))
    found = list(_overwritten(read, doubts))
    runtime = function["runtime"]
    if not isinstance(runtime, Unknown):
        found += _before(read, _searched(str(runtime or "")), doubts)
    elif len(read) > 1:
        doubts.append(runtime)
    return found, doubts[0].reason if doubts else ""


def _overwritten(layers: Sequence[tuple[Resource, Mapping[str, Entry]]], doubts: list[Unknown]) -> Iterator[Hidden]:
    """What a later layer overwrites with other content, one file a folder."""
    owner: dict[str, tuple[Entry, Resource]] = {}
    said: set[str] = set()
    for archive, entries in layers:
        for name, entry in entries.items():
            before = owner.get(name)
            owner[name] = (entry, archive)
            folder = name.rpartition("/")[0]
            if before is None or before[1] is archive or folder in said:
                continue
            if _differ(before, (entry, archive), doubts):
                said.add(folder)
                yield Hidden(name, before[1], archive, f"{archive} overwrites {name} of {before[1]}")


def _differ(one: tuple[Entry, Resource], other: tuple[Entry, Resource], doubts: list[Unknown]) -> bool:
    """Whether two files certainly have another content; where nobody knows, that is a doubt more."""
    try:
        return one[0].size != other[0].size or _checksum(one[1], one[0]) != _checksum(other[1], other[0])
    except Undetermined as unread:
        doubts.append(unread.unknown)
        return False


def _checksum(archive: Resource, entry: Entry) -> int:
    """The CRC-32 of an entry, which a zip file's directory holds.

    Raises:
        Undetermined: it must be read for that, and cannot be.
    """
    from zlib import crc32

    from assay.documents.layer_archive import TreePackage, Unread

    package = listing_of(archive)[0]
    if not isinstance(package, TreePackage):
        return entry.crc
    try:
        return crc32(package.read(entry, entry.size))
    except Unread as error:
        raise Undetermined(Unknown(f"{entry.name} of {archive}: {error}")) from None


def _searched(runtime: str) -> tuple[str, str] | None:
    """The folders of layers in which a runtime looks for modules, the first that it searches first.

    So the developer guide has it ("Packaging layers", "Dependency search path"; read November 2026): of Python
    `/opt/python/lib/python3.13/site-packages`, then `/opt/python`; of Node.js `NODE_PATH`.
    """
    if runtime.startswith("python3."):
        return f"python/lib/{runtime}/site-packages/", "python/"
    if runtime.startswith("nodejs"):
        return f"nodejs/node{runtime[6:].partition('.')[0]}/node_modules/", "nodejs/node_modules/"
    return None


def _before(
    layers: Sequence[tuple[Resource, Mapping[str, Entry]]], searched: tuple[str, str] | None, doubts: list[Unknown]
) -> Iterator[Hidden]:
    """The modules of one layer that another one has in the folder that is searched before."""
    if searched is None:
        return
    first, second = searched
    firsts = [(archive, _modules(entries, first)) for archive, entries in layers]
    seconds = [(archive, _modules(entries, second)) for archive, entries in layers]
    for by, theirs in firsts:
        for archive, mine in seconds:
            if archive is by:
                continue
            for name in sorted(theirs.keys() & mine.keys()):
                if not _regular(name, theirs[name], first):
                    continue
                if _other(by, theirs[name], archive, mine[name], doubts):
                    said = f"{by} hides {name} of {archive}: the runtime searches {first} before {second}"
                    yield Hidden(name, archive, by, said)


def _modules(entries: Mapping[str, Entry], site: str) -> dict[str, dict[str, Entry]]:
    """The modules in a folder of a layer, each with its files by their names within the folder."""
    python = site.startswith("python/")
    found: dict[str, dict[str, Entry]] = {}
    for name, entry in entries.items():
        if not name.startswith(site) or (site == "python/" and name.startswith("python/lib/python3.")):
            continue
        inside = name[len(site) :]
        parts = inside.split("/")
        module = "/".join(parts[:2]) if not python and inside.startswith("@") else parts[0]
        if python:
            module = module if len(parts) > 1 else module.partition(".")[0] if module.endswith((".py", ".so")) else ""
        if module and (not python or module.isidentifier()):
            found.setdefault(module, {})[inside] = entry
    return found


def _regular(module: str, files: Mapping[str, Entry], site: str) -> bool:
    """False for a folder of Python without `__init__`, whose parts in several folders are all found."""
    if not site.startswith("python/"):
        return True
    return any(not inside.startswith(f"{module}/") or inside.startswith(f"{module}/__init__.") for inside in files)


def _other(
    by: Resource, theirs: Mapping[str, Entry], archive: Resource, mine: Mapping[str, Entry], doubts: list[Unknown]
) -> bool:
    """Whether two layers certainly hold different files of a module, so that it matters which is found."""
    if theirs.keys() != mine.keys():
        return True
    return any(_differ((mine[name], archive), (theirs[name], by), doubts) for name in mine)
