"""What a layer's or function's archive holds: what is unsafe to unpack, dead weight, shadowed modules, dangerous code,
credentials. Names and sizes come from its directory; the contents are read once, when a rule first asks for them."""

from __future__ import annotations

import stat
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from assay.model import Undetermined, Unknown
from assay.patterns import pattern
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.documents.layer_archive import Entry, Package
    from assay.graph import Graph
    from assay.model import Resource

MEGABYTE = 1024 * 1024
UNPACKED_LIMIT = 250 * MEGABYTE
"""What a function and its layers may have unpacked together (Lambda quotas, read November 2026)."""
BOMB_RATIO = 100
BOMB_SIZE = 10 * MEGABYTE
BOMB_TOTAL = 1024 * MEGABYTE
READ_LIMIT = 5 * MEGABYTE
"""Of one entry; a source or a configuration that is larger is said to be unread."""
READ_TOTAL = 1024 * MEGABYTE

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


class Contents(NamedTuple):
    """What reading an archive's entries has shown."""

    calls: list[Spot]
    secrets: list[Spot]
    unread: list[Spot]  # content that cannot be had
    broken: list[Spot]  # code that cannot be parsed


def package_of(archive: Resource) -> Package:
    """The package behind an archive.

    Raises:
        Undetermined: it could not be parsed, or not all of it was listed.
    """
    found: Package | None = getattr(archive.origin, "package", None)
    if found is None:
        problem = archive["entries"]
        raise Undetermined(problem if isinstance(problem, Unknown) else Unknown(f"{archive} was not read"))
    if found.refused:
        raise Undetermined(Unknown(f"{found.shown}: {found.refused}"))
    return found


def is_function_code(archive: Resource, graph: Graph) -> bool:
    """True for what only functions use; an archive that nobody names is judged as a layer.

    That of a live account says in its address whose it is, also where nobody could look into it.
    """
    if archive.source == "aws":
        return ":function:" in archive.address
    functions = list.__len__(graph.users(archive, "aws_lambda_function"))
    return functions > 0 and list.__len__(graph.users(archive, "aws_lambda_layer_version")) == 0


def layers_of(function: Resource, graph: Graph) -> list[Resource]:
    """The archives of a function's layers that are at hand, in the order in which they are unpacked.

    Raises:
        Undetermined: the function is live and the code of one of them was not looked at.
    """
    found = []
    for layer in list.__iter__(graph.follow(function, "layers")):
        live = graph.find(f"{layer.address}{LIVE}", source=function.source) if function.source == "aws" else None
        mine = [live] if live is not None else list.__iter__(graph.follow(layer, "filename"))
        here = [a for a in mine if a.type == "archive" and a.source != "uncollected"]
        if not here and function.source == "aws":
            raise Undetermined(Unknown(f"the code of {layer} was not looked at"))
        found += here
    return found


def with_code(thing: Resource, graph: Graph) -> list[Resource]:
    """The thing itself, to be judged by its code; nothing where it is live and its code was not asked for."""
    live = thing.type == "aws_lambda_function" and thing.source == "aws"
    asked = not live or any(a.type == "archive" for a in list.__iter__(graph.follow(thing, "filename")))
    return [thing] if asked else []


def with_packages(thing: Resource, graph: Graph) -> list[Resource]:
    """The thing itself; nothing for the archive of a live layer, whose packages are told of the layer."""
    told = thing.source == "aws" and list.__len__(graph.users(thing, "aws_lambda_layer_version")) > 0
    return [] if thing.type == "archive" and told else [thing]


# --- what is unsafe to unpack -----------------------------------------------------------------------------------------


def hazards(archive: Resource) -> Iterator[Spot]:
    """Names, kinds and sizes that hurt whoever unpacks the archive."""
    found: Package | None = getattr(archive.origin, "package", None)
    if found is not None and found.hostile:
        yield Spot("", 1, f"has too much to list: {found.refused}")
        return
    package = package_of(archive)
    names = Counter(e.name for e in package.entries)
    for entry in package.entries:
        what = _name_hazard(entry.name) or _mode_hazard(package, entry)
        if not what and entry.size > BOMB_SIZE and entry.size > BOMB_RATIO * max(entry.packed, 1):
            what = (
                f"is {entry.size // max(entry.packed, 1):,} times as large unpacked ({_size(entry.size)}): a zip bomb"
            )
        if not what and entry.encrypted:
            what = "is encrypted, so nobody can say what it is"
        if not what and names[entry.name] > 1:
            names[entry.name] = 1  # said once
            what = "is there more than once: which one counts depends on the unpacker"
        if what:
            yield Spot(entry.name, 1, what)
    total = sum(e.size for e in package.entries)
    if total > BOMB_TOTAL:
        yield Spot("", 1, f"unpacks to {_size(total)}: a zip bomb")
    overlapping = _overlapping(package)
    if overlapping:
        yield Spot(overlapping, 1, "shares its bytes with another entry: a zip bomb")


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


def _size(size: float) -> str:
    return f"{size / MEGABYTE:,.0f} MB" if size >= MEGABYTE else f"{size / 1024:,.0f} KB"


def too_large(archives: list[Resource], limit: int) -> str:
    """What to say when packages unpack to more than `limit` bytes together; empty when they do not."""
    sizes = [sum(e.size for e in package_of(a).entries) for a in archives]
    total = sum(sizes)
    if total <= limit:
        return ""
    if _size(total) == _size(limit):
        return f"{total:,} bytes unpacked, of {limit:,} allowed"
    return f"{_size(total)} unpacked, of {_size(limit)} allowed"


def largest(archive: Resource) -> str:
    """The name of the largest entry."""
    return max(package_of(archive).entries, key=lambda e: e.size).name


# --- dead weight and shadows ------------------------------------------------------------------------------------------

_DEAD_FOLDERS = frozenset((
    "test", "tests", "testing", "__pycache__", "doc", "docs", "example", "examples", "sample", "samples", "benchmark",
    "benchmarks", ".git", ".pytest_cache", ".mypy_cache",
))  # fmt: skip
_DEAD_ENDINGS = (
    ".pyc", ".pyo", ".pyi", ".pyx", ".pxd", ".c", ".h", ".cc", ".cpp", ".hpp", ".o", ".a", ".la", ".map", ".md", ".rst",
    ".orig", ".bak", ".whl", ".egg", ".ts",
)  # fmt: skip


def dead_weight(archive: Resource) -> tuple[int, int, str]:
    """Bytes that no function needs at run time, bytes in all, and the largest entry among the former."""
    dead = total = 0
    heaviest, weight = "", -1
    for entry in package_of(archive).entries:
        total += entry.size
        *folders, last = entry.name.split("/")
        if last == ".DS_Store" or last.endswith(_DEAD_ENDINGS) or not _DEAD_FOLDERS.isdisjoint(folders):
            dead += entry.size
            if entry.size > weight:
                heaviest, weight = entry.name, entry.size
    return dead, total, heaviest


_SITE = pattern(r"(?:python/(?:lib/python3\.\d+/site-packages/)?|nodejs/(?:node\d+/)?node_modules/)")
OF_THE_RUNTIME = {
    "boto3": "the runtime", "botocore": "the runtime", "s3transfer": "the runtime", "jmespath": "the runtime",
    "dateutil": "the runtime", "six": "the runtime", "urllib3": "the runtime", "awslambdaric": "the runtime",
    "snapshot_restore_py": "the runtime", "aws-sdk": "the runtime", "@aws-sdk": "the runtime",
}  # fmt: skip
"""What the Python and Node.js runtimes bring (developer guide, read November 2026); a layer's copy comes first."""


def shadowed(archive: Resource) -> Iterator[Spot]:
    """The modules of a layer that hide one of the standard library or the runtime."""
    seen: set[str] = set()
    for entry in package_of(archive).entries:
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


def overwritten(archives: list[Resource]) -> Iterator[tuple[str, Resource, Resource]]:
    """The files of several layers, merged in order: what a later one overwrites with other content, one a folder."""
    owner: dict[str, tuple[Entry, Resource]] = {}
    said: set[str] = set()
    for archive in archives:
        for entry in package_of(archive).entries:
            before = owner.get(entry.name)
            owner[entry.name] = (entry, archive)
            folder = entry.name.rpartition("/")[0]
            if before is None or before[1] is archive or entry.name.endswith("/") or folder in said:
                continue
            if before[0].size != entry.size or _checksum(before[1], before[0]) != _checksum(archive, entry):
                said.add(folder)
                yield entry.name, before[1], archive


def _checksum(archive: Resource, entry: Entry) -> int:
    """The CRC-32 of an entry, which a zip file's directory holds.

    Raises:
        Undetermined: it must be read for that, and cannot be.
    """
    from zlib import crc32

    from assay.documents.layer_archive import TreePackage, Unread

    package = package_of(archive)
    if not isinstance(package, TreePackage):
        return entry.crc
    try:
        return crc32(package.read(entry, entry.size))
    except Unread as error:
        raise Undetermined(Unknown(f"{entry.name} of {archive}: {error}")) from None


# --- contents ---------------------------------------------------------------------------------------------------------

_CODE = (".py", ".js", ".mjs", ".cjs")
_TEXTS = (
    ".env", ".json", ".yaml", ".yml", ".ini", ".cfg", ".conf", ".toml", ".properties", ".txt", ".sh", ".xml", ".tf",
    ".tfvars", ".pem", ".key", ".crt", ".netrc", ".npmrc", ".pypirc", ".sql", ".ts", ".rb", ".java", ".ps1",
)  # fmt: skip
_NESTED = (".zip", ".whl", ".egg", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
"""What may hold code and credentials of its own, and is not opened. (A `.jar` holds compiled code, judged nowhere.)"""
_PLAIN = ("credentials", "config", ".env", "id_rsa", "id_ed25519", "id_ecdsa", "id_dsa", "Dockerfile", "Makefile")


def contents(archive: Resource) -> Contents:
    """Dangerous calls, credentials, and what could not be read."""
    package = package_of(archive)
    memo: dict[str, Any] = getattr(archive.origin, "memo", {})
    if "contents" not in memo:
        memo["contents"] = inspected(package)
    found: Contents = memo["contents"]
    return found


def inspected(package: Package) -> Contents:
    """As `contents`, of a package that is no resource yet."""
    return _Inspection(package).run()


class _Inspection:
    """One pass over the entries of a package."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.found = Contents([], [], [], [])
        self.third_party: dict[str, str] = {}
        self.total = 0

    def run(self) -> Contents:
        from assay.documents.layer_archive import Unread

        self._records()
        for entry in self.package.entries:
            if entry.name.endswith("/") or stat.S_IFMT(entry.mode) not in (0, stat.S_IFREG):
                continue
            if entry.name.endswith(_NESTED):
                owner = self.third_party.get(entry.name) or _node_package(entry.name)
                self.found.unread.append(Spot(entry.name, 1, "it is an archive in the archive", owner))
            if not _is_text(entry.name):
                continue
            try:
                data = self._read(entry)
            except Unread as error:
                self.found.unread.append(Spot(entry.name, 1, str(error)))
                continue
            owner = self.third_party.get(entry.name) or _node_package(entry.name)
            self._code(entry.name, data, owner)
            self.found.secrets.extend(_secrets(entry.name, data, owner))
        close = getattr(self.package, "close", None)
        if close is not None:
            close()
        return self.found

    def _read(self, entry: Entry) -> bytes:
        from assay.documents.layer_archive import Unread

        if self.total > READ_TOTAL:
            raise Unread(f"more than {_size(READ_TOTAL)} of this archive were read before it")
        data = self.package.read(entry, READ_LIMIT + 1)
        self.total += len(data)
        if len(data) > READ_LIMIT:
            raise Unread(f"it has {_size(entry.size)}; Assay reads at most {_size(READ_LIMIT)} of an entry")
        return data

    def _records(self) -> None:
        """Which files belong to an installed distribution, by its RECORD."""
        from assay.documents.layer_archive import Unread

        for entry in self.package.entries:
            folder, slash, name = entry.name.rpartition("/")
            if name == "RECORD" and folder.endswith(".dist-info"):
                site, _, distribution = folder.rpartition("/")
                try:
                    lines = self.package.read(entry, READ_LIMIT).decode("utf-8", "replace").splitlines()
                except Unread:
                    continue
                whose = distribution.removesuffix(".dist-info").replace("-", " ", 1)
                for line in lines:
                    self.third_party[f"{site}{slash if site else ''}{line.partition(',')[0]}"] = whose

    def _code(self, name: str, data: bytes, owner: str) -> None:
        from assay.analysis.source_code import NoSource

        if not name.endswith(_CODE):
            return
        if name.endswith(".py"):
            from assay.analysis.python_code import dangerous_calls
        else:
            from assay.analysis.javascript import dangerous_calls
        try:
            found = dangerous_calls(data)
        except NoSource as error:
            self.found.broken.append(Spot(name, error.line, str(error), owner))
        except ImportError as error:
            reason = f"{error.name} is not installed, which reads such code: pip install 'assay[documents]'"
            self.found.broken.append(Spot(name, 1, reason, owner))
        else:
            self.found.calls.extend(Spot(name, c.line, c.name, owner) for c in found)


def _is_text(name: str) -> bool:
    base = name.rpartition("/")[2]
    return name.endswith((*_CODE, *_TEXTS)) or base in _PLAIN or base.startswith(".env")


def _node_package(name: str) -> str:
    _, found, rest = name.rpartition("node_modules/")
    parts = rest.split("/")
    return "/".join(parts[: 2 if rest.startswith("@") else 1]) if found else ""


_SHAPES = (
    rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY|\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b|\bgh[pousr]_\w{30}"
    rb"|\bgithub_pat_\w{20}"
    rb"|\bgl(?:pat|rt|dt|ft)-[\w-]{16}|\bxox[abeops][.-][\w-]{16}|\bnpm_\w{30}|\bpypi-\w{40}|\b[sr]k_live_\w{16}"
    rb"|\bAIza[\w-]{30}"
    rb"|\bSG\.[\w-]{16}|\bhv[sb]\.\w{20}|\bdop_v1_\w{30}|\bhf_\w{30}|\bdckr_[po]at_[\w-]{20}|hooks\.slack\.com/services/"
)
_WORDS = rb"(?i)(?:passw|pwd|passphrase|secret|token|credential|(?:api|access|private|auth)[_-]?key)"
_IN_ADDRESS = rb"://[^\s/:@'\"]{1,64}:[^\s/'\"@]{1,64}@"
_NAMES = _WORDS + rb"|" + _IN_ADDRESS
_NAMED_IN_PYTHON = _IN_ADDRESS + rb"|" + _WORDS + rb"\w*[\"']?\]?\s*(?::[\w\s.|\[\]]{0,40}=|[=:])\s*[bruf]{0,2}[\"']"
"""A name with a text behind it: most files that speak of tokens have none, and are not parsed."""
_CLUES = (b"private key", b"akia", b"asia", b"abia", b"acca", b"gh", b"gl", b"xox", b"npm_", b"pypi-", b"k_live_",
          b"aiza", b"sg.", b"hv", b"dop_v1_", b"hf_", b"dckr_", b"slack", b"passw", b"pwd", b"passphrase", b"secret",
          b"token", b"credential", b"key", b"://")  # fmt: skip
"""One of these, in any case, is in whatever the patterns above match."""
_KEY_BODY = pattern(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:\\[rn]|\s|[\"'+,\\])*[A-Za-z0-9+/=]{8}")
_WHOLE_KEY = pattern(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[^-]{0,20000}")
_ASSIGNED_IN_JS = pattern(r"""([\w$.\"']{1,60}?)["']?\s*[:=]\s*["'`]([^"'`\n]{4,200})["'`]""")
_ADDRESS = pattern(r"://[^\s/:@'\"]{1,200}:([^\s/:@'\"{}$%<>*]{4,200})@")
_STAND_INS = frozenset(
    ("password", "passwd", "pass", "secret", "pswd", "user", "token", "changeme", "postgres", "guest")
)
_compiled: list[Any] = []


def _secrets(name: str, data: bytes, owner: str) -> Iterator[Spot]:
    """The credentials of one file. Of a third-party package only what has the form of a key, for its documentation
    and its tests are full of names and values that are none."""
    if len(data) < 4096 and not any(clue in data.lower() for clue in _CLUES):
        return  # most functions are this short, and loading re2 for one takes longer than looking
    if not _compiled:
        import re2

        _compiled.extend(re2.compile(p) for p in (_SHAPES, _NAMES, _NAMED_IN_PYTHON))
    shaped, named = _compiled[0], _compiled[2 if name.endswith(".py") else 1]
    seen: set[int] = set()
    text = ""
    if shaped.search(data) is not None:
        text = data.decode("utf-8", "replace")
        for line, what in _shaped_in(text, owner):
            if line not in seen:
                seen.add(line)
                yield Spot(name, line, what, owner)
    if not owner and not name.endswith("/RECORD") and named.search(data) is not None:
        text = text or data.decode("utf-8", "replace")
        for line, what in _named_in(name, text):
            if line not in seen:
                seen.add(line)
                yield Spot(name, line, what, owner)


def _shaped_in(text: str, owner: str) -> Iterator[tuple[int, str]]:
    from assay.reports.masking import tokens

    for match in _KEY_BODY.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, "a private key"
    for start, end in tokens(text):
        example = owner and "EXAMPLE" in text[start:end]
        if not example:
            yield text.count("\n", 0, start) + 1, "a token"


def _in_address(text: str) -> bool:
    """True when an address holds a password that is written out (`postgres://app:...@db`), no stand-in for one."""
    from assay.analysis.python_code import is_secret

    found = _ADDRESS.search(text) if "://" in text else None
    return found is not None and found[1].lower() not in _STAND_INS and is_secret("password", found[1])


def _named_in(name: str, text: str) -> Iterator[tuple[int, str]]:
    from assay.analysis import python_code

    if name.endswith(".py"):
        from assay.analysis.source_code import NoSource

        try:
            tree = python_code.parse(text)
        except NoSource:  # said when its calls were looked for, or not Python at all
            return
        for found in python_code.literal_credentials(tree):
            yield found.line, f"a credential ({found.name})"
        for line, written in python_code.texts(tree):
            if _in_address(written):
                yield line, "a credential (in an address)"
    elif name.endswith((".js", ".mjs", ".cjs", ".ts", ".rb", ".java")):
        for match in _ASSIGNED_IN_JS.finditer(text):
            key = match[1].rpartition(".")[2].strip("\"'")
            if python_code.is_secret(key, match[2]):
                yield text.count("\n", 0, match.start(2)) + 1, f"a credential ({key})"
            elif _in_address(match[2]):
                yield text.count("\n", 0, match.start(2)) + 1, "a credential (in an address)"
    else:
        from assay.analysis.credentials import written_out

        keys = [m.span() for m in _WHOLE_KEY.finditer(text)]  # told already
        for start in written_out(text):
            if any(a <= start < b for a, b in keys):
                continue
            yield text.count("\n", 0, start) + 1, "a credential"
