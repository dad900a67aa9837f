"""What the files of an archive say: dangerous calls, credentials, and what of it could not be read.

The contents are read once, when a rule first asks for them.
"""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Any

from assay.analysis.archives import MEGABYTE, Spot, in_units, listing_of
from assay.patterns import pattern
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.documents.layer_archive import Entry, Package
    from assay.model import Resource

READ_LIMIT = 5 * MEGABYTE
"""Of one entry; a source or a configuration that is larger is said to be unread."""
READ_TOTAL = 1024 * MEGABYTE


class Contents(NamedTuple):
    """What reading an archive's entries has shown."""

    calls: list[Spot]
    secrets: list[Spot]
    unread: list[Spot]  # content that cannot be had
    broken: list[Spot]  # code that cannot be parsed


_CODE = (".py", ".js", ".mjs", ".cjs")
_TEXTS = (
    ".env", ".json", ".yaml", ".yml", ".ini", ".cfg", ".conf", ".toml", ".properties", ".txt", ".sh", ".xml", ".tf",
    ".tfvars", ".pem", ".key", ".crt", ".netrc", ".npmrc", ".pypirc", ".sql", ".ts", ".rb", ".java", ".ps1", ".php",
    ".kt", ".cs", ".groovy", ".gradle", ".config", ".cnf", ".ipynb",
)  # fmt: skip
_ASSIGNING = (".js", ".mjs", ".cjs", ".ts", ".rb", ".java", ".php", ".kt", ".cs", ".groovy", ".gradle", ".ipynb")
"""Languages in which a name gets a text in quotes."""
_NESTED = (".zip", ".whl", ".egg", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
"""What may hold code and credentials of its own, and is not opened. (A `.jar` holds compiled code, judged nowhere.)"""
_PLAIN = ("credentials", "config", ".env", "id_rsa", "id_ed25519", "id_ecdsa", "id_dsa", "dockerfile", "makefile")


def contents(archive: Resource) -> Contents:
    """Dangerous calls, credentials, and what could not be read; that some of it is not listed is among the latter.

    Raises:
        Undetermined: it could not be parsed.
    """
    package, doubt = listing_of(archive)
    memo: dict[str, Any] = getattr(archive.origin, "memo", {})
    if "contents" not in memo:
        found = inspected(package)
        if doubt is not None and not package.hostile:
            found.unread.append(Spot("", 1, package.refused))
        memo["contents"] = found
    held: Contents = memo["contents"]
    return held


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
            raise Unread(f"more than {in_units(READ_TOTAL)} of this archive were read before it")
        data = self.package.read(entry, READ_LIMIT + 1)
        self.total += len(data)
        if len(data) > READ_LIMIT:
            raise Unread(f"it has {in_units(entry.size)}; Assay reads at most {in_units(READ_LIMIT)} of an entry")
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
    low = name.lower()
    base = low.rpartition("/")[2]
    return low.endswith((*_CODE, *_TEXTS)) or base in _PLAIN or base.startswith(".env")


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
    data = _as_utf_8(data)
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


def _tree(text: str) -> Any:
    """The syntax tree of Python; None of what is none, or newer than what reads it: it is searched as a text then."""
    from assay.analysis.python_code import parse
    from assay.analysis.source_code import NoSource

    try:
        return parse(text)
    except NoSource:
        return None


def _as_utf_8(data: bytes) -> bytes:
    """A text without the mark that some editors put before it; of UTF-16 anew, as its mark says."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace").encode()
    return data.removeprefix(b"\xef\xbb\xbf")


def _named_in(name: str, text: str) -> Iterator[tuple[int, str]]:
    from assay.analysis import python_code

    low = name.lower()
    tree = _tree(text) if low.endswith(".py") else None
    if tree is not None:
        for found in python_code.literal_credentials(tree):
            yield found.line, f"a credential ({found.name})"
        for line, written in python_code.texts(tree):
            if _in_address(written):
                yield line, "a credential (in an address)"
    elif low.endswith((".py", *_ASSIGNING)):
        text = text.replace('\\"', '"') if low.endswith(".ipynb") else text  # code in texts of JSON
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
