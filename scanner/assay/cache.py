"""The cache: the report of the same scan of the same files.

One JSON file per scan (command line, rules, version), kept in `ASSAY_CACHE_DIR`, else below `XDG_CACHE_HOME` or
`~/.cache`. It is used only while every file and folder that the scan walked or read has the size, times and number
that it had; nothing is executed on reading it, and what it holds is masked as every report is.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any

from assay.paths import walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from assay.catalogue import Catalogue, Entry
    from assay.engine import Report
    from assay.model import Request

Stamp = list[int]

_FORMAT = 1
_TICK = 50_000_000  # ns: a file changed this shortly before the scan may change again without its times showing it
_KEEP = 64


def directory() -> str:
    """Where the cache is."""
    named = os.environ.get("ASSAY_CACHE_DIR")
    if named:
        return named
    top = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(top, "assay")


def cached(request: Request, catalogue: Catalogue, entries: Sequence[Entry], options: dict[str, Any]) -> Report:
    """The report of this scan: from the cache when nothing it depends on has changed, else made and kept."""
    from assay.scan import run

    path = os.path.join(directory(), f"{_key(request, catalogue, entries, options)}.json")
    kept = _read(path)
    if kept is not None and _fresh(kept["stamps"], request):
        from assay.run_file import restore

        return restore(kept["report"], catalogue, request.base)
    started = time.time_ns()
    report = run(request, catalogue, entries, options)
    _write(path, request, report, started)
    return report


def _key(request: Request, catalogue: Catalogue, entries: Sequence[Entry], options: dict[str, Any]) -> str:
    from assay import plugins
    from assay._version import __version__
    from assay.digest import digest

    package = os.path.dirname(__file__)
    asked = [
        _FORMAT, __version__, sys.version, os.path.abspath(request.base), request.paths, request.variables,
        request.var_files, request.files_only, [e.id for e in entries], catalogue.params, options,
        plugins.installed(), _code(package), [_code(d) for d in catalogue.directories],
    ]  # fmt: skip
    return digest(json.dumps(asked, sort_keys=True, default=str).encode(), 20)


def _code(folder: str) -> list[Any]:
    """What tells one state of our own code from another."""
    return [_stamp(path) for path in walk(folder) if path.endswith((".py", ".json", ".txt"))]


def _stamp(path: str) -> Stamp | None:
    try:
        s = os.stat(path)
    except OSError:
        return None
    return [s.st_size, s.st_mtime_ns, s.st_ctime_ns, s.st_ino]


def _walked(paths: Iterable[str]) -> Iterable[str]:
    """Every file and folder a scan of these paths looks at: a folder's times change when an entry comes or goes."""
    for path in paths:
        yield path
        if os.path.isdir(path):
            last = ""
            for file in walk(path):
                folder = os.path.dirname(file)
                if folder != last:
                    last = folder
                    yield folder
                yield file


def _fresh(stamps: dict[str, Stamp | None], request: Request) -> bool:
    seen = set()
    for path in _walked(request.paths):
        seen.add(path)
        if path not in stamps or stamps[path] != _stamp(path):
            return False
    return all(path in seen or _stamp(path) == stamp for path, stamp in stamps.items())


def _read(path: str) -> dict[str, Any] | None:
    try:
        with open(path, "rb") as handle:
            kept: dict[str, Any] = json.loads(handle.read())
    except (OSError, ValueError):
        return None
    return kept if kept.get("format") == _FORMAT else None


def _write(path: str, request: Request, report: Report, started: int) -> None:
    """Keep the report; a cache that cannot be written is no reason to fail."""
    from assay.run_file import record

    stamps = {p: _stamp(p) for p in _walked(request.paths)}
    for name in (*(i["path"] for i in report.coverage.inputs), *report.coverage.consulted, *request.var_files):
        full = os.path.join(request.base, name)
        for p in (full, os.path.dirname(full)):
            stamps.setdefault(p, _stamp(p))
    if any(stamp is not None and max(stamp[1:3]) > started - _TICK for stamp in stamps.values()):
        return  # too fresh to be told from a change still to come
    part = f"{path}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with open(part, "w", encoding="utf-8") as handle:
            json.dump({"format": _FORMAT, "stamps": stamps, "report": record(report)}, handle)
        os.replace(part, path)
        _prune(os.path.dirname(path))
    except OSError:
        return


def _prune(folder: str) -> None:
    """Keep the newest few dozen scans."""
    files = [os.path.join(folder, n) for n in os.listdir(folder) if n.endswith(".json")]
    if len(files) > _KEEP:
        for path in sorted(files, key=os.path.getmtime)[:-_KEEP]:
            os.remove(path)
