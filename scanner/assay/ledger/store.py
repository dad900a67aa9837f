"""The ledger: runs and their findings, in a file of SQLite or, by URL, in PostgreSQL.

A run is one transaction, made under a lock of the whole ledger: two writers wait for each other, and one that is killed
leaves nothing behind. What a run could not see (a rule that was not asked, a list that was denied, a file that could
not be read) is carried over from the run before, marked as not seen; so only what was looked for and not found is
resolved.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from assay import clock
from assay.ledger.baseline import COUNTED
from assay.scan import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from assay.ledger.sight import Sight

_LOCK = 0x61737361  # "assa": whoever writes to a PostgreSQL ledger holds this advisory lock
_COUNTED = tuple(v.value for v in COUNTED)
LATEST = 10
"""How many runs a trend tells of."""

MIGRATIONS = (
    """
    CREATE TABLE assay_ledger (name TEXT PRIMARY KEY, value BIGINT NOT NULL);
    INSERT INTO assay_ledger VALUES ('schema', 0), ('run', 0);
    CREATE TABLE assay_runs (
        id BIGINT PRIMARY KEY, scope TEXT NOT NULL, at DOUBLE PRECISION NOT NULL, tool TEXT NOT NULL,
        incomplete INTEGER NOT NULL, summary TEXT NOT NULL, changes TEXT NOT NULL);
    CREATE INDEX assay_runs_scope ON assay_runs (scope, id);
    CREATE TABLE assay_seen (
        scope TEXT NOT NULL, fingerprint TEXT NOT NULL, first_run BIGINT NOT NULL, first_at DOUBLE PRECISION NOT NULL,
        last_at DOUBLE PRECISION NOT NULL, resolved_at DOUBLE PRECISION, PRIMARY KEY (scope, fingerprint));
    CREATE TABLE assay_findings (
        run BIGINT NOT NULL REFERENCES assay_runs (id), fingerprint TEXT NOT NULL, verdict TEXT NOT NULL,
        status TEXT NOT NULL, severity TEXT NOT NULL, rule TEXT NOT NULL, place TEXT NOT NULL, address TEXT NOT NULL,
        account TEXT, region TEXT, message TEXT NOT NULL, PRIMARY KEY (run, fingerprint, verdict))
    """,
)
"""What brings a ledger from each version of its schema to the next; a change is a further entry, never an edit."""


class LedgerError(UsageError):
    """The ledger cannot be opened, read or written: one sentence."""


class Row(NamedTuple):
    """A finding as a run holds it, masked as in every report.

    `status` is new, unchanged, regressed, unseen (carried over from an earlier run), waived or not_evaluated;
    `place` is the root module or the account that the address stands in.
    """

    fingerprint: str
    verdict: str
    status: str
    severity: str
    rule: str
    place: str
    address: str
    account: str | None
    region: str | None
    message: str


class Run(NamedTuple):
    """One run; `at` in seconds since 1970, `changes` the counts against the run before of the same scope."""

    id: int
    scope: str
    at: float
    tool: str
    incomplete: bool
    summary: dict[str, Any]
    changes: dict[str, Any]


class Changes(NamedTuple):
    """How one run differs from another; regressed findings are those that came back after having been resolved."""

    new: list[Row]
    fixed: list[Row]
    regressed: list[Row]
    unchanged: list[Row]


def default_path() -> str:
    """Where the ledger is when nobody says."""
    top = os.environ.get("XDG_DATA_HOME") or os.path.join(os.path.expanduser("~"), ".local", "share")
    return os.path.join(top, "assay", "ledger.db")


def chosen(named: str | None) -> str:
    """The ledger that was named (`--ledger`), else that of ASSAY_LEDGER, else the default one."""
    url = named or os.environ.get("ASSAY_LEDGER") or "default"
    return default_path() if url == "default" else url


def file_of(url: str) -> str | None:
    """The file of a SQLite ledger, None where it is a server.

    Raises:
        LedgerError: a URL of another kind.
    """
    scheme, sign, rest = url.partition("://")
    if not sign:
        return os.path.abspath(os.path.expanduser(url))
    if scheme == "sqlite":
        return os.path.abspath(rest.removeprefix("/"))
    if scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        return None
    raise LedgerError(f"--ledger {scheme}://...: a ledger is a file of SQLite or postgresql://user@host/name")


class Ledger:
    """An open ledger."""

    def __init__(self, url: str) -> None:
        """Open it; a file that is not there is made, an older schema is migrated.

        Raises:
            LedgerError: it cannot be opened, or a newer Assay has made it.
        """
        self.file = file_of(url)
        self.name = self.file or _shown(url)
        self._faults: tuple[type[Exception], ...] = ()
        if self.file is not None:
            self._open_file(self.file)
        else:
            self._open_server(url)
        try:
            with self._told("cannot be opened"):
                self._migrate()
        except BaseException:
            self._base.close()
            raise

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *fault: object) -> None:
        self._base.close()

    # --- the two databases -----------------------------------------------------------------------------------------

    def _open_file(self, file: str) -> None:
        import sqlite3

        self._faults = (sqlite3.Error,)
        try:
            os.makedirs(os.path.dirname(file), mode=0o700, exist_ok=True)
            os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))  # what a team has open is nobody else's business
        except OSError as error:
            raise LedgerError(f"the ledger {file} cannot be opened: {error.strerror}") from error
        with self._told("cannot be opened"):
            self._base: Any = sqlite3.connect(file, timeout=60, isolation_level=None)

    def _open_server(self, url: str) -> None:
        try:
            import psycopg
        except ImportError:
            raise LedgerError("a ledger in PostgreSQL needs more packages: pip install 'assay[database]'") from None
        self._faults = (psycopg.Error,)
        word = os.environ.get("ASSAY_DATABASE_PASSWORD") or None
        with self._told("cannot be opened"):
            plain = f"postgresql://{url.partition('://')[2]}"
            self._base = psycopg.connect(plain, autocommit=True, connect_timeout=10, password=word)

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except self._faults as error:
            from assay.reports.shape import text

            said = text(" ".join(str(error).split()))
            raise LedgerError(f"the ledger {self.name} {what}: {said}") from None

    def _ask(self, sql: str, *values: object) -> list[Any]:
        return list(self._base.execute(self._dialect(sql), values).fetchall())

    def _do(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        if rows:
            self._base.cursor().executemany(self._dialect(sql), rows)

    def _dialect(self, sql: str) -> str:
        return sql if self.file is not None else sql.replace("?", "%s")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction, alone: another writer waits until it ends."""
        self._base.execute("BEGIN IMMEDIATE" if self.file is not None else "BEGIN")
        try:
            if self.file is None:
                self._base.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
            yield
            self._base.execute("COMMIT")
        except BaseException:
            with suppress(*self._faults):  # the database may have taken it back already
                self._base.execute("ROLLBACK")
            raise

    def _schema(self) -> int:
        there = (
            "SELECT 1 FROM sqlite_master WHERE name = 'assay_ledger'"
            if self.file is not None
            else "SELECT 1 FROM information_schema.tables WHERE table_name = 'assay_ledger'"
            " AND table_schema = current_schema()"
        )
        return int(self._ask("SELECT value FROM assay_ledger WHERE name = 'schema'")[0][0]) if self._ask(there) else 0

    def _migrate(self) -> None:
        if self._schema() < len(MIGRATIONS):
            with self._writing():
                for step in MIGRATIONS[self._schema() :]:  # asked again: another may have been faster
                    for sql in step.split(";"):
                        self._base.execute(sql)
                self._do("UPDATE assay_ledger SET value = ? WHERE name = 'schema'", [(len(MIGRATIONS),)])
        version = self._schema()
        if version > len(MIGRATIONS):
            raise LedgerError(
                f"the ledger {self.name} is of schema {version}, and this version of Assay knows {len(MIGRATIONS)}: "
                "use the newer Assay that made it"
            )

    # --- writing ---------------------------------------------------------------------------------------------------

    def record(self, scope: str, sight: Sight) -> tuple[Run, Changes]:
        """Keep a run: all of it or nothing.

        Args:
            scope: what was looked at; a run is compared with the last one of the same scope.
            sight: what was found, and what could be seen.

        Raises:
            LedgerError: it cannot be written.
        """
        with self._told("cannot be written"), self._writing():
            before = self._latest(scope)
            old = self._rows(before.id) if before is not None else []
            known: dict[str, float | None] = dict(
                self._ask("SELECT fingerprint, resolved_at FROM assay_seen WHERE scope = ?", scope)
            )
            rows = _with_status(sight, old, known)
            changes = compare(old, rows, known)
            counts = {"since": before.id if before is not None else None, **counted(changes)}
            number = int(self._ask("SELECT value FROM assay_ledger WHERE name = 'run'")[0][0]) + 1
            run = Run(number, scope, clock.seconds(), sight.tool, sight.incomplete, sight.summary, counts)
            self._do("UPDATE assay_ledger SET value = ? WHERE name = 'run'", [(number,)])
            self._do(
                "INSERT INTO assay_runs VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(run.id, scope, run.at, run.tool, int(run.incomplete), json.dumps(run.summary), json.dumps(counts))],
            )
            self._do(f"INSERT INTO assay_findings VALUES ({', '.join('?' * 11)})", [(run.id, *row) for row in rows])
            self._remember(run, rows, known)
        return run, changes

    def _remember(self, run: Run, rows: list[Row], known: dict[str, float | None]) -> None:
        """First seen, last seen, resolved, by fingerprint."""
        seen = {r.fingerprint for r in rows if r.status not in ("unseen", "not_evaluated")}
        unseen = {r.fingerprint for r in rows if r.status == "unseen"}
        gone = [f for f, resolved in known.items() if resolved is None and f not in seen and f not in unseen]
        self._do(
            "INSERT INTO assay_seen VALUES (?, ?, ?, ?, ?, NULL) ON CONFLICT (scope, fingerprint)"
            " DO UPDATE SET last_at = excluded.last_at, resolved_at = NULL",
            [(run.scope, f, run.id, run.at, run.at) for f in sorted(seen)],
        )
        self._do(
            "UPDATE assay_seen SET resolved_at = ? WHERE scope = ? AND fingerprint = ?",
            [(run.at, run.scope, f) for f in gone],
        )

    def prune(self, *, keep: int | None = None, before: float | None = None) -> int:
        """Forget runs: all but the last `keep` of each scope, or those before a time; returns how many.

        The last run of a scope stays, because the next one is compared with it; when each finding was first seen and
        resolved stays too.
        """
        with self._told("cannot be written"), self._writing():
            gone: list[int] = []
            by_scope: dict[str, list[tuple[int, float]]] = {}
            for number, scope, at in self._ask("SELECT id, scope, at FROM assay_runs ORDER BY id DESC"):
                by_scope.setdefault(scope, []).append((number, at))
            for runs in by_scope.values():
                gone += [
                    number for n, (number, at) in enumerate(runs)
                    if n and ((keep is not None and n >= keep) or (before is not None and at < before))
                ]  # fmt: skip
            self._do("DELETE FROM assay_findings WHERE run = ?", [(n,) for n in gone])
            self._do("DELETE FROM assay_runs WHERE id = ?", [(n,) for n in gone])
        return len(gone)

    # --- reading ---------------------------------------------------------------------------------------------------

    def runs(self, scope: str | None = None, most: int | None = None) -> list[Run]:
        """The runs, the latest first, of one scope or of all."""
        where, values = ("WHERE scope = ?", [scope]) if scope is not None else ("", [])
        limit = f"LIMIT {int(most)}" if most is not None else ""
        with self._told("cannot be read"):
            return [_run(r) for r in self._ask(f"SELECT * FROM assay_runs {where} ORDER BY id DESC {limit}", *values)]

    def run(self, number: int) -> Run:
        """One run.

        Raises:
            LedgerError: there is none of this number.
        """
        with self._told("cannot be read"):
            found = self._ask("SELECT * FROM assay_runs WHERE id = ?", number)
        if not found:
            raise LedgerError(f"the ledger {self.name} has no run {number}; `assay history list` lists what it has")
        return _run(found[0])

    def findings(self, run: Run) -> list[Row]:
        """What a run found, and what it carried over because it could not see it."""
        with self._told("cannot be read"):
            return self._rows(run.id)

    def times(self, scope: str) -> dict[str, tuple[float, float, float | None]]:
        """By fingerprint: when it was first seen, last seen and resolved (None while it is there), in seconds."""
        sql = "SELECT fingerprint, first_at, last_at, resolved_at FROM assay_seen WHERE scope = ?"
        with self._told("cannot be read"):
            return {f: (first, last, resolved) for f, first, last, resolved in self._ask(sql, scope)}

    def seen_until(self, run: Run) -> set[str]:
        """The fingerprints that this run and those before it have seen, of its scope."""
        sql = "SELECT fingerprint FROM assay_seen WHERE scope = ? AND first_run <= ?"
        with self._told("cannot be read"):
            return {f for (f,) in self._ask(sql, run.scope, run.id)}

    def _latest(self, scope: str) -> Run | None:
        found = self._ask("SELECT * FROM assay_runs WHERE scope = ? ORDER BY id DESC LIMIT 1", scope)
        return _run(found[0]) if found else None

    def _rows(self, number: int) -> list[Row]:
        names = ", ".join(Row._fields)
        sql = f"SELECT {names} FROM assay_findings WHERE run = ? ORDER BY rule, address, fingerprint, verdict"
        return [Row(*r) for r in self._ask(sql, number)]


def compare(old: Sequence[Row], new: Sequence[Row], known: Collection[str]) -> Changes:
    """How the findings of one run differ from those of an earlier one, by the keys of baselines: an unknown that became
    a failure is new, and only what no longer stands there at all is fixed.

    Args:
        known: the fingerprints that were seen before the new run; what had gone and is back has regressed.
    """
    was = {(r.fingerprint, r.verdict) for r in old}
    stood, still = {r.fingerprint for r in old}, {r.fingerprint for r in new}
    changes = Changes([], [], [], [])
    changes.fixed.extend(r for r in old if r.verdict in _COUNTED and r.fingerprint not in still)
    for r in new:
        if r.verdict not in _COUNTED:
            continue
        if (r.fingerprint, r.verdict) in was:
            changes.unchanged.append(r)
        elif r.fingerprint in known and r.fingerprint not in stood:
            changes.regressed.append(r)
        else:
            changes.new.append(r)
    return changes


def counted(changes: Changes) -> dict[str, int]:
    """How many of each."""
    return {name: len(rows) for name, rows in zip(Changes._fields, changes, strict=True)}


def _with_status(sight: Sight, old: list[Row], known: Collection[str]) -> list[Row]:
    changes = compare(old, sight.rows, known)
    status = {(r.fingerprint, r.verdict): s for s in ("new", "regressed", "unchanged") for r in getattr(changes, s)}
    rows = [r._replace(status=status.get((r.fingerprint, r.verdict), r.verdict)) for r in sight.rows]
    there = {r.fingerprint for r in rows if r.verdict != "not_evaluated"}
    hidden = [r for r in old if r.verdict != "not_evaluated" and r.fingerprint not in there and not sight.saw(r, old)]
    return rows + [r._replace(status="unseen") for r in hidden]


def _run(r: Sequence[Any]) -> Run:
    return Run(r[0], r[1], r[2], r[3], bool(r[4]), json.loads(r[5]), json.loads(r[6]))


def _shown(url: str) -> str:
    """A URL without its password, wherever it stands."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    user, sign, host = parts.netloc.rpartition("@")
    return f"{parts.scheme}://{user.partition(':')[0]}{sign}{host}{parts.path}"
