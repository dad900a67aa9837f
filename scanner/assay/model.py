"""The nouns every part of Assay speaks: resources, unknown values, locations, findings, coverage.

Nothing but `Resource` enters a graph and nothing but `Finding` and `Coverage` leaves the engine. This module imports
nothing heavy: it is on the path of every command.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from assay.tuples import NamedTuple

# The values that nobody can know are nouns too, and are known by this module's name everywhere.
from assay.unknown import Base64 as Base64
from assay.unknown import Encoded as Encoded
from assay.unknown import KleeneList as KleeneList
from assay.unknown import PartialList as PartialList
from assay.unknown import Ref as Ref
from assay.unknown import Text as Text
from assay.unknown import Undetermined as Undetermined
from assay.unknown import Unknown as Unknown
from assay.unknown import all_of as all_of
from assay.unknown import any_of as any_of
from assay.unknown import as_list as as_list
from assay.unknown import is_map as is_map
from assay.unknown import show as show
from assay.unknown import without_key as without_key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ValuePath = tuple[str | int, ...]


class Severity(enum.IntEnum):
    """How much a failed rule matters; ordered, so that gates can compare."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def label(self) -> str:
        """The lower-case word used on the command line and in reports."""
        return self.name.lower()


class Verdict(enum.Enum):
    """What a rule said of a resource; `unknown` and `not_evaluated` are never a pass or a fail."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"
    WAIVED = "waived"
    NOT_EVALUATED = "not_evaluated"


# --- places -----------------------------------------------------------------------------------------------------------


class Location(NamedTuple):
    """A span of a file: 1-based lines and columns (code points), the end column exclusive; `file` is relative to the
    working directory with forward slashes. `path`, `value` and `address` say what stands there, for evidence."""

    file: str
    start_line: int = 1
    start_column: int = 1
    end_line: int = 1
    end_column: int = 1
    note: str | None = None
    address: str | None = None
    path: str | None = None
    value: Any = None


class Step(NamedTuple):
    """One step of how a value came to be: where, and a sentence about it."""

    file: str
    start_line: int
    note: str


class Hop(NamedTuple):
    """One station of a path through a network or of a chain of permissions: `kind` for a drawing, a sentence, a place.

    `address` is the resource's, empty for what is none (the internet).
    """

    kind: str
    address: str
    note: str
    place: Location | None = None


class Remark(NamedTuple):
    """A comment that may hold a waiver, with the lines it speaks about (the block it stands in or above)."""

    file: str
    line: int
    text: str
    start_line: int
    end_line: int


class Origin(Protocol):
    """Where a resource comes from; asked only for findings, so it may be slow (it may parse the file again)."""

    def locate(self, path: ValuePath) -> Location:
        """The narrowest span for `path`; the whole block for `()`, or when the path is not written there."""
        ...

    def trace(self, path: ValuePath) -> list[Step]:
        """How the value at `path` came to be, nearest first; empty when there is nothing to tell."""
        ...


@runtime_checkable
class TextOrigin(Protocol):
    """An origin that can also point into a text that is written out."""

    def locate_chars(self, path: ValuePath, chars: tuple[int, int]) -> Location:
        """The span of some characters of the text at `path`; of the whole text where they cannot be told."""
        ...


class NowhereOrigin:
    """The origin of a resource that no file holds: its address stands in for a place."""

    __slots__ = ("address",)

    def __init__(self, address: str) -> None:
        self.address = address

    def locate(self, path: ValuePath) -> Location:
        return Location(self.address)

    def trace(self, path: ValuePath) -> list[Step]:
        return []


# --- resources --------------------------------------------------------------------------------------------------------

_paths: dict[str, ValuePath] = {}
_reads: list[tuple[Resource, ValuePath, Unknown]] = []
"""Which unknowns the running rule has read: a TypeError after one is an unknown, not a crash."""


def parse_path(path: str) -> ValuePath:
    """`"a.b[0].c"` as `("a", "b", 0, "c")`; parsed once per text."""
    known = _paths.get(path)
    if known is None:
        steps = path.replace("[", ".").replace("]", ".").split(".")
        known = _paths[path] = tuple(int(s) if s.isdigit() else s for s in steps if s)
    return known


def join_path(path: ValuePath) -> str:
    """The inverse of `parse_path`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else (f".{step}" if text else step)
    return text


def lookup(values: Any, path: ValuePath) -> Any:
    """The value at `path`: None when absent, an Unknown when nobody can tell.

    A single nested block needs no index (`a.b` reads `a[0].b`).

    Raises:
        LookupError: a name is asked of a list of several blocks, whose answer would depend on their order.
    """
    current = values
    for step in path:
        if isinstance(current, dict):
            current = current.get(step)
        elif current is None:
            return None
        elif isinstance(current, Unknown):
            current = current.child(step)
        elif isinstance(current, list):
            size = list.__len__(current)
            if isinstance(step, int):
                if step < size:
                    current = list.__getitem__(current, step)
                elif isinstance(current, PartialList):
                    return current.unknown
                else:
                    return None
            elif isinstance(current, PartialList):
                return current.unknown
            elif size == 0:
                return None
            elif size == 1:
                inner = current[0]
                if isinstance(inner, Unknown):
                    current = inner.child(step)
                else:
                    current = inner.get(step) if isinstance(inner, dict) else None
            else:
                raise LookupError(f"{join_path(path)} asks {size} blocks at once: use each()")
        else:
            return None
    return current


class View:
    """Reading by path, shared by a resource and by one of its nested blocks."""

    __slots__ = ()

    resource: Resource
    values: Any
    path: ValuePath

    @property
    def label(self) -> str:
        """What a message begins with where the address alone does not say which part is meant."""
        return ""

    def __getitem__(self, path: str) -> Any:
        """The value at `path`: the value, None when absent or null, or an Unknown."""
        steps = _paths.get(path) or parse_path(path)
        value = self.values
        for step in steps:  # as `lookup`, for maps within maps: nearly everything that is asked
            if type(value) is not dict:
                value = None if value is None else lookup(self.values, steps)
                break
            value = value.get(step)
        if value is None or type(value) is str or type(value) is dict:
            return value
        if isinstance(value, Unknown):
            _reads.append((self.resource, (*self.path, *steps), value))
        elif type(value) is list:
            for item in value:
                if isinstance(item, Unknown):
                    _reads.append((self.resource, (*self.path, *steps), item))
                    return KleeneList(value)
        elif isinstance(value, PartialList):
            _reads.append((self.resource, (*self.path, *steps), value.unknown))
        return value

    def each(self, path: str) -> list[Block]:
        """The nested blocks at `path`, always a list; when some cannot be known, it raises after the known ones."""
        steps = parse_path(path)
        value = lookup(self.values, steps)
        base = (*self.path, *steps)
        if value is None:
            return []
        if isinstance(value, Unknown):
            _reads.append((self.resource, base, value))
            return PartialList([], value)
        if not isinstance(value, list):
            return [Block(self.resource, base, value)]
        known = [Block(self.resource, (*base, i), v) for i, v in enumerate(list.__iter__(value))]
        if isinstance(value, PartialList):
            _reads.append((self.resource, base, value.unknown))
            return PartialList(known, value.unknown)
        return known

    def absent(self, path: str) -> bool:
        """True when nothing stands at `path` (or null); undetermined when that cannot be known.

        The providers of AWS and OCI take an empty text for nothing, and so does this; for Kubernetes it is a value.
        """
        value = self[path]
        if type(value) is str and not value:
            return self.resource.type.startswith(("aws_", "oci_"))
        if isinstance(value, PartialList) and not list.__len__(value):  # blocks of which none is certain
            raise Undetermined(value.unknown)
        return value is None if not isinstance(value, Unknown) else bool(value == None)  # noqa: E711 - Unknown answers ==

    def is_list(self, path: str) -> bool:
        """True when the value at `path` is a list; undetermined when it is unknown."""
        value = self[path]
        if isinstance(value, Unknown):
            raise Undetermined(value)
        return isinstance(value, list)

    def json(self, path: str) -> Any:
        """The JSON document in the text at `path`, unknown pieces as unknown leaves; None when absent.

        Raises:
            ValueError: the text is known and is not JSON.
        """
        from assay.decode import decode, unknown_leaves

        value = self[path]
        document = decode(value)
        if isinstance(value, Unknown):  # so that a doubt about a piece is located at the attribute
            _reads.extend((self.resource, (*self.path, *parse_path(path)), leaf) for leaf in unknown_leaves(document))
        return document

    def where(self, path: str | None = None) -> Location:
        """The narrowest place of `path` in its file: the attribute's, else the block's."""
        steps = (*self.path, *parse_path(path)) if path else self.path
        place = self.resource.origin.locate(steps)
        value = lookup_quietly(self.resource.values, steps) if steps else None
        return place._replace(address=self.resource.address, path=join_path(steps) or None, value=value)

    def set(self, path: str, value: Any, *, safe: bool = True) -> Fix:
        """The fix that gives `path` this value."""
        return Fix(self.resource, (*self.path, *parse_path(path)), value, safe)

    def fails(
        self,
        message: str,
        at: str | ValuePath | None = None,
        because: Sequence[Location] = (),
        fix: Fix | None = None,
        *,
        severity: Severity | None = None,
        key: str | None = None,
        hops: Sequence[Hop] = (),
        chars: tuple[int, int] | None = None,
    ) -> Finding:
        """A certain failure; `at` names the deciding path (steps where a name may hold a dot), `because` further
        places, `key` what tells it from its siblings on the same resource (default: the path and the block's own
        content), `hops` the way it is about, `chars` the characters of the text at the path (offsets, end excluded)."""
        found = self._finding(Verdict.FAIL, message, at, because, fix, severity, key)
        found.hops = tuple(hops)
        found.chars = chars
        return found

    def unsure(
        self, message: str, at: str | ValuePath | None = None, because: Sequence[Location] = (), *,
        key: str | None = None, hops: Sequence[Hop] = (),
    ) -> Finding:  # fmt: skip
        """The rule cannot decide; never a pass and never a fail."""
        found = self._finding(Verdict.UNKNOWN, message, at, because, None, None, key)
        found.hops = tuple(hops)
        return found

    def passes(self, message: str, at: str | ValuePath | None = None) -> Finding:
        """What a pass is to say, where passes are shown; a rule that has also found something does not pass."""
        return self._finding(Verdict.PASS, message, at, (), None, None, None)

    def not_evaluated(self, message: str) -> Finding:
        """The rule could not look at all: what it judges by was not collected. Counts against coverage."""
        return self._finding(Verdict.NOT_EVALUATED, message, None, (), None, None, None)

    def _finding(
        self,
        verdict: Verdict,
        message: str,
        at: str | ValuePath | None,
        because: Sequence[Location],
        fix: Fix | None,
        severity: Severity | None,
        key: str | None,
    ) -> Finding:
        steps = (*self.path, *(parse_path(at) if isinstance(at, str) else at)) if at else self.path
        return Finding(self.resource, verdict, message, steps, tuple(because), fix, severity, key)


def lookup_quietly(values: Any, path: ValuePath) -> Any:
    """`lookup`, but None where the path is ambiguous: for evidence, which must never raise."""
    try:
        return lookup(values, path)
    except LookupError:
        return None


class Resource(View):
    """One thing that exists, or will: frozen. `values` has the provider's attribute names, nested blocks as lists."""

    __slots__ = ("account", "address", "name", "origin", "region", "root", "source", "type", "values")

    type: str
    address: str
    source: str
    values: dict[str, Any]
    origin: Origin
    root: str
    name: str
    account: str | None
    region: str | None

    def __init__(
        self,
        type: str,  # noqa: A002 - the contract's name
        address: str,
        source: str,
        values: dict[str, Any],
        origin: Origin | None = None,
        *,
        root: str = "",
        name: str = "",
        account: str | None = None,
        region: str | None = None,
    ) -> None:
        put = object.__setattr__
        put(self, "type", type)
        put(self, "address", address)
        put(self, "source", source)
        put(self, "values", values)
        put(self, "origin", origin or NowhereOrigin(address))
        put(self, "root", root)
        put(self, "name", name)
        put(self, "account", account)
        put(self, "region", region)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{self.address} is frozen: {name} cannot be set (use set() for a fix)")

    @property
    def resource(self) -> Resource:  # type: ignore[override]
        return self

    @property
    def path(self) -> ValuePath:  # type: ignore[override]
        return ()

    def __str__(self) -> str:
        return self.address

    def __repr__(self) -> str:
        return f"<Resource {self.address} ({self.source})>"

    def __reduce__(self) -> tuple[Any, ...]:
        return (
            _resource,
            (self.type, self.address, self.source, self.values, self.origin, self.root, self.name, self.account,
             self.region),
        )  # fmt: skip


def _resource(
    type_: str, address: str, source: str, values: dict[str, Any], origin: Origin, root: str, name: str,
    account: str | None, region: str | None,
) -> Resource:  # fmt: skip
    return Resource(type_, address, source, values, origin, root=root, name=name, account=account, region=region)


class Block(View):
    """One nested block of a resource: the same reading, the same findings, located at the block."""

    __slots__ = ("path", "resource", "values")

    def __init__(self, resource: Resource, path: ValuePath, values: Any) -> None:
        self.resource = resource
        self.path = path
        self.values = values

    def __str__(self) -> str:
        return f"{self.resource.address} {join_path(self.path)}"


class Fix(NamedTuple):
    """Give `path` of `resource` this value; `safe` when it cannot break what works."""

    resource: Resource
    path: ValuePath
    value: Any
    safe: bool = True


# --- what leaves the engine -------------------------------------------------------------------------------------------


class Finding:
    """One verdict on one resource; the engine completes what the rule left open (rule, location, fingerprint)."""

    __slots__ = (
        "because", "chars", "controls", "equivalents", "evidence", "fingerprint", "fix", "hops", "key", "location",
        "message", "own_severity", "path", "resource", "rule", "severity", "theme", "trace", "verdict", "waiver",
    )  # fmt: skip

    def __init__(
        self,
        resource: Resource,
        verdict: Verdict,
        message: str,
        path: ValuePath = (),
        because: tuple[Location, ...] = (),
        fix: Fix | None = None,
        severity: Severity | None = None,
        key: str | None = None,
    ) -> None:
        self.resource = resource
        self.verdict = verdict
        self.message = message
        self.path = path
        self.because = because
        self.fix = fix
        self.own_severity = severity  # what the rule said of this one; None inherits the rule's
        self.severity: Severity = Severity.INFO
        self.key = key
        self.rule = ""
        self.theme = ""
        self.location: Location | None = None
        self.trace: list[Step] = []
        self.chars: tuple[int, int] | None = None  # which characters of the text at the path it is about
        self.hops: tuple[Hop, ...] = ()  # a path to draw: through a network, along permissions
        self.evidence: list[dict[str, Any]] = []
        self.controls: Sequence[str] = ()
        self.equivalents: Sequence[str] = ()
        self.fingerprint = ""
        self.waiver: Waiver | None = None

    def __repr__(self) -> str:
        return f"<Finding {self.rule} {self.verdict.value} {self.resource.address}: {self.message}>"


class Waiver(NamedTuple):
    """Why a failure does not count: who said so, where, until when."""

    kind: str  # inline | annotation | file | foreign
    reason: str
    place: str  # file:line of the comment
    owner: str | None = None
    expires: str | None = None  # ISO date, the day included


NOT_DOWNLOADED = "a remote module that terraform init has not downloaded; not evaluated"
"""How the reason ends of an input that is a module from elsewhere."""


class Coverage:
    """What was read and what was not; a report without it would be a guess."""

    __slots__ = ("code", "consulted", "feeds", "inputs", "left_out", "notes", "units", "unlisted")

    def __init__(self) -> None:
        self.inputs: list[dict[str, Any]] = []
        self.units: list[dict[str, Any]] = []
        self.notes: list[str] = []
        self.consulted: list[str] = []  # further files whose content decided something (`file()`, templates)
        self.unlisted: list[tuple[str, str | None, str | None, str]] = []
        self.feeds: dict[str, set[str]] = {}  # by live source: the types it looks for; others may be there unseen
        self.left_out: set[str] = set()  # types that a narrowed audit did not look for: there may be some
        self.code: dict[str, Any] | None = None  # how live resources were linked to the code of `--code`

    def input(self, path: str, status: str, reason: str | None = None, line: int | None = None) -> None:
        """Say what became of an input: status `read`, `failed` (counts as incomplete) or `skipped`."""
        entry: dict[str, Any] = {"path": path, "status": status, "reason": reason}
        if line is not None:
            entry["line"] = line
        self.inputs.append(entry)

    def unit(
        self, account: str | None, region: str | None, service: str, status: str, reason: str | None = None
    ) -> None:
        """Say what became of one account, region and service of a live source: `ok|denied|throttled|failed`."""
        self.units.append(
            {"account": account, "region": region, "service": service, "status": status, "reason": reason}
        )

    def take(self, other: Coverage) -> None:
        """Add what became of the inputs of another intake, and its notes."""
        known = {(i["path"], i["reason"]) for i in self.inputs}
        self.inputs += [i for i in other.inputs if (i["path"], i["reason"]) not in known]
        self.notes += [n for n in other.notes if n not in self.notes]
        self.consulted += other.consulted

    def not_listed(self, type_: str, account: str | None, region: str | None, reason: str) -> None:
        """The resources of a type could not be listed there: rules on it are not evaluated, links to it unknown."""
        self.unlisted.append((type_, account, region, reason))

    @property
    def incomplete(self) -> bool:
        return (
            any(i["status"] == "failed" for i in self.inputs)
            or any(u["status"] != "ok" for u in self.units)
            or bool(self.unlisted)
        )


class Intake:
    """What a source pours into: resources, remarks and coverage, in the order of arrival."""

    __slots__ = ("apart", "coverage", "links", "remarks", "resources")

    def __init__(self) -> None:
        self.apart: set[str] = set()  # files whose resources take no value from the files that a hook names
        self.resources: list[Resource] = []
        self.links: list[tuple[Resource, Resource, str]] = []  # (user, used, via) that no value of the user tells
        self.remarks: list[Remark] = []
        self.coverage = Coverage()

    def add(self, resource: Resource) -> None:
        self.resources.append(resource)


def written_in(r: Resource) -> list[str] | None:
    """The files in which a resource of Terraform is written; None of any other, whose origin does not tell."""
    files: list[str] | None = getattr(r.origin, "files", None)
    return files


def is_apart(r: Resource, files: set[str]) -> bool:
    """Whether a resource of Terraform is written in these files (`Intake.apart`) and in no other."""
    own = written_in(r)
    return own is not None and files.issuperset(own)


class Request:
    """What a scan was asked for: the same for every source."""

    __slots__ = ("base", "files_only", "options", "paths", "var_files", "variables")

    def __init__(
        self,
        paths: Sequence[str],
        base: str = ".",
        *,
        variables: dict[str, str] | None = None,
        var_files: Sequence[str] = (),
        files_only: bool = False,
        options: dict[str, Any] | None = None,
    ) -> None:
        self.paths = list(paths)
        self.base = base  # locations are relative to this directory
        self.variables = variables or {}
        self.var_files = list(var_files)
        self.files_only = files_only  # every path is a file (the hook): report what touches them
        self.options = options or {}


class Source(Protocol):
    """Anything that yields resources: Terraform, a plan, a snapshot, a live account. Terraform has no privilege.

    A source may also have `join(request, intake)`, called when all sources have loaded: for what their resources name.
    """

    name: str
    trees: bool  # True: `load` takes the directories that hold claimed files; False: it takes the files

    def claims(self, path: str, head: Callable[[], bytes]) -> bool:
        """True when this source reads the file at `path`; `head()` gives its first 64 KiB (empty when unreadable)."""
        ...

    def load(self, request: Request, paths: Sequence[str], intake: Intake) -> None:
        """Read the claimed `paths` and pour what they hold into `intake`; faults become coverage, not exceptions."""
        ...
