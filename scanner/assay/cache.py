"""The cache: what the same command answered on the same files.

A scan repeated costs little more than Python's own start, because nothing else happens: no option is parsed, no rule
index read. One file per command line holds the exit code, what was written, and the state of all that the answer
came from: every file and folder walked or read, every place where a configuration might stand. Anything that changed
makes a new scan. The key holds the rest: our own code and rules, what is installed, the folder, the day (waivers and
certificates expire), and what of the environment reports look at. The file is plain text: nothing is executed on
reading it, and what it holds is masked as every report is.
"""

from __future__ import annotations

import os
import sys
import time

TYPE_CHECKING = False  # as `typing.TYPE_CHECKING`, without importing typing
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any, TextIO

    from assay.catalogue import Catalogue
    from assay.engine import Report
    from assay.model import Request

    Outputs = Sequence[tuple[str | None, str]]

_MAGIC = b"assay-cache 5"
_TICK = 50_000_000  # ns: a file changed this shortly before the scan may change again without its times showing it
_KEEP = 64
_LARGEST = 32_000_000  # characters of output
_LOOKED_AT = ("COLUMNS", "FORCE_COLOR", "NO_COLOR", "SOURCE_DATE_EPOCH", "TERM")
_UNCACHED = ("--no-cache", "--timings", "--plugin", "--diff", "--ledger", "--notify", "--code", "-")
"""With these an answer depends on more than files, or on files that nobody lists."""


def directory() -> str:
    """Where the cache is."""
    named = os.environ.get("ASSAY_CACHE_DIR")
    if named:
        return named
    top = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(top, "assay")


def cacheable(argv: Sequence[str]) -> bool:
    """Whether the answer to this command line may be kept at all."""
    return not os.environ.get("ASSAY_LEDGER") and not any(a.partition("=")[0] in _UNCACHED for a in argv)


def recall(argv: Sequence[str]) -> int | None:
    """Answer as the last time and give the exit code; None when something has changed or nothing is kept."""
    if not cacheable(argv):
        return None
    try:
        with open(_file(argv), "rb") as handle:
            magic, head, rest = handle.read().split(b"\n", 2)
        code, size = map(int, head.split())
        stamps, _, kept = rest.partition(b"\n\n")
        if magic != _MAGIC or len(kept) != size or not _fresh(stamps):
            return None
        outputs = list(_outputs(kept))
        for target, text in outputs:
            if target is not None:
                _put(target, text)
    except (OSError, ValueError):  # the scan will say what is wrong
        return None
    for target, text in outputs:
        if target is None:
            sys.stdout.write(text)
    return code


def _put(target: str, text: str) -> None:
    from assay.files import output

    with output(target) as stream:
        stream.write(text)


def _outputs(kept: bytes) -> Iterator[tuple[str | None, str]]:
    at = 0
    while at < len(kept):
        end = kept.index(b"\n", at)
        size, _, target = kept[at:end].partition(b" ")
        at = end + 1 + int(size)
        yield os.fsdecode(target) if target else None, kept[end + 1 : at].decode()


# --- what an answer came from -----------------------------------------------------------------------------------------


def _file(argv: Sequence[str]) -> str:
    from assay._version import __version__
    from assay.bundled import RULES
    from assay.digest import digest

    asked = (
        __version__, sys.version, os.getcwd(), tuple(argv), time.strftime("%Y-%m-%d", time.gmtime()),
        sys.stdout.isatty(), [os.environ.get(name) for name in _LOOKED_AT],
        _code(os.path.dirname(__file__)), _code(RULES), _installed(),
    )  # fmt: skip
    return os.path.join(directory(), f"{digest(repr(asked).encode('utf-8', 'surrogateescape'), 20)}.cache")


def _code(folder: str) -> list[tuple[str, int, int]]:
    """What tells one state of our own code and tables from another."""
    found = []
    folders = [folder]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.name.endswith((".py", ".json", ".txt")):
                    status = entry.stat()
                    found.append((entry.path, status.st_size, status.st_mtime_ns))
                elif "." not in entry.name and entry.name != "__pycache__" and entry.is_dir():
                    folders.append(entry.path)
    found.sort()
    return found


def _installed() -> list[str]:
    """The names of what is installed: a plugin may have come."""
    found: list[str] = []
    for folder in filter(os.path.isdir, dict.fromkeys(sys.path)):
        found += sorted(name for name in os.listdir(folder) if name.endswith((".dist-info", ".egg-info")))
    return found


def _stamp(path: str | bytes) -> bytes:
    try:
        s = os.stat(path)
    except (OSError, ValueError):
        return b"-"
    return b"%d %d %d %d" % (s.st_size, s.st_mtime_ns, s.st_ctime_ns, s.st_ino)


def _fresh(stamps: bytes) -> bool:
    for line in stamps.split(b"\n"):
        stamp, sign, path = line.partition(b"\t")
        if not sign or stamp != _stamp(path):
            return False
    return True


def _sources(request: Request, report: Report, catalogue: Catalogue) -> Iterator[str]:
    """Everything the answer depends on; a folder's times change when an entry comes or goes."""
    from assay.paths import above, enters

    for top in (*request.paths, *catalogue.directories[1:]):
        yield top
        for folder, inner, files in os.walk(top):
            inner[:] = [name for name in inner if enters(name)]
            yield folder
            yield from (os.path.join(folder, name) for name in files)
    for name in (*(i["path"] for i in report.coverage.inputs), *report.coverage.consulted, *request.var_files):
        full = os.path.join(request.base, name)
        yield full
        yield os.path.dirname(full)
    for path in request.paths:  # where a configuration may stand, and where the repository begins or may yet begin
        for folder in above(path):
            yield from (os.path.join(folder, n) for n in ("assay.toml", "pyproject.toml", "assay-waivers.toml"))
        folder = os.path.abspath(path)
        while folder != os.path.dirname(folder):
            yield os.path.join(folder, ".git")
            folder = os.path.dirname(folder)


class Tee:
    """A stream that also keeps what passes through it, while that is not too much."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._parts: list[str] = []
        self._size = 0

    def write(self, text: str) -> int:
        self._size += len(text)
        if self._size <= _LARGEST:
            self._parts.append(text)
        return self._stream.write(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @property
    def text(self) -> str | None:
        """What was written; None when it was too much to keep."""
        return "".join(self._parts) if self._size <= _LARGEST else None


def keep(
    argv: Sequence[str], started: int, request: Request, report: Report, catalogue: Catalogue, outputs: Outputs
) -> None:
    """Keep an answer that was asked for at `started` (ns); a cache that cannot be written is no reason to fail."""
    from assay import clock, plugins

    if plugins.installed() or clock.moving:  # a plugin may look at anything, and the key knows the day, not the hour
        return
    stamps = {path: _stamp(path) for path in _sources(request, report, catalogue)}
    newest = started - _TICK
    for stamp in stamps.values():
        if stamp != b"-" and any(int(t) > newest for t in stamp.split()[1:3]):
            return  # too fresh to be told from a change still to come
    if any("\n" in path for path in stamps):
        return
    path = _file(argv)
    part = f"{path}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        kept = b"".join(b"%d %s\n%s" % (len(t.encode()), os.fsencode(f or ""), t.encode()) for f, t in outputs)
        with open(part, "wb") as handle:
            handle.write(b"%s\n%d %d\n" % (_MAGIC, report.exit_code, len(kept)))
            handle.write(b"\n".join(stamp + b"\t" + os.fsencode(p) for p, stamp in stamps.items()))
            handle.write(b"\n\n" + kept)
        os.replace(part, path)
        _prune(os.path.dirname(path))
    except (OSError, ValueError):
        return


def _prune(folder: str) -> None:
    """Keep the newest few dozen answers."""
    files = [os.path.join(folder, n) for n in os.listdir(folder) if n.endswith((".cache", ".json"))]
    if len(files) > _KEEP:
        for path in sorted(files, key=os.path.getmtime)[:-_KEEP]:
            os.remove(path)
