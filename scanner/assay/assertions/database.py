"""Asking a database, by reading alone: read-only transactions, a time limit for each query, a bound on rows.

SQLite is opened by Python's own library, in read-only mode; every other database through SQLAlchemy and its driver.
A password comes from the environment or a file rather than from the command line, and stands in no message.
"""

from __future__ import annotations

import os
import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from assay.scan import UsageError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

INVENTORY = "inventory:"
"""What a URL begins with that means the resources of a path."""
PASSWORD = "ASSAY_DATABASE_PASSWORD"
MEANT = {"assay_add": "+", "assay_sub": "-", "assay_trunc": "TRUNC", "assay_date": "TO_DATE",
         "assay_interval": "INTERVAL"}  # fmt: skip
"""What an assertion calls the functions that stand for it on SQLite."""
_SECRET = re.compile(r"([?&][^=&]*(?:password|passwd|pwd|secret|token)[^=&]*=)[^&]*", re.IGNORECASE)
_SQLITE = re.compile(r"sqlite(\+\w+)?:")
_LINE = re.compile(r"\(Background on this error at: [^)]*\)|\[SQL: .*", re.DOTALL)


class Failed(Exception):
    """A query that the database refused or did not finish: its own sentence."""


class Session(Protocol):
    """An open database."""

    name: str  # as SQLAlchemy calls the kind of database

    def rows(self, sql: str, limit: int) -> list[dict[str, Any]]:
        """The first rows of a query, at most `limit`.

        Raises:
            Failed: the database refused it, or it took too long.
        """
        ...


@contextmanager
def opened(url: str, *, password_file: str | None, seconds: int) -> Iterator[Session]:
    """A session on the database at a URL.

    Args:
        password_file: a file whose first line is the password.
        seconds: how long one query may take.

    Raises:
        UsageError: the URL is none, its driver is not installed, the password file cannot be read.
        Failed: the database cannot be opened.
    """
    if url.startswith(INVENTORY):
        yield InventorySession(url.removeprefix(INVENTORY) or ".", seconds)
        return
    if _SQLITE.match(url):
        with _sqlite(url, seconds) as session:
            yield session
        return
    with _alchemy(url, _password(password_file), seconds) as session:
        yield session


def shown(url: str) -> str:
    """A URL without its password, wherever that stands."""
    start, sign, rest = url.partition("://")
    who, at, place = rest.rpartition("@")
    hidden = f"{start}{sign}{who.partition(':')[0]}:***@{place}" if at and ":" in who else url
    return _SECRET.sub(r"\1***", hidden)


def _password(file: str | None) -> str | None:
    if file is None:
        return os.environ.get(PASSWORD)
    try:
        with open(file, encoding="utf-8") as handle:
            return handle.readline().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UsageError(f"--password-file {file}: cannot be read: {said}") from error


# --- SQLite -----------------------------------------------------------------------------------------------------------


class SqliteSession:
    """A connection of Python's own sqlite3, with Oracle's date functions."""

    name = "sqlite"

    def __init__(self, connection: sqlite3.Connection, seconds: int) -> None:
        from assay.assertions.oracle_dates import SQLITE

        self._connection = connection
        self._seconds = seconds
        self._fault = ""
        for name, (arguments, function) in SQLITE.items():
            connection.create_function(name, arguments, self._said(name, function), deterministic=True)

    def _said(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, keeping what is wrong: SQLite itself says only that there was something."""

        def call(*values: Any) -> Any:
            try:
                return function(*values)
            except Exception as error:
                self._fault = f"{MEANT.get(name, name.upper())} of {', '.join(map(repr, values))}: {error}"
                raise

        return call

    def rows(self, sql: str, limit: int) -> list[dict[str, Any]]:
        import sqlite3

        end = time.monotonic() + self._seconds
        self._connection.set_progress_handler(lambda: int(time.monotonic() > end), 10_000)
        try:
            cursor = self._connection.execute(sql)
            found = cursor.fetchmany(limit)
            names = [d[0] for d in cursor.description or ()]
            cursor.close()
        except sqlite3.Error as error:
            if "interrupted" in str(error):
                raise Failed(f"it was stopped after {self._seconds} s (--timeout)") from error
            raise Failed(self._fault if self._fault and "user-defined" in str(error) else str(error)) from error
        return [named(names, row) for row in found]


class InventorySession(SqliteSession):
    """The resources of a scan or a snapshot as tables (`assay.inventory.tables`)."""

    def __init__(self, path: str, seconds: int) -> None:
        from assay.inventory.tables import Tables
        from assay.model import Request
        from assay.scan import collect

        self.graph = collect(Request([path], os.getcwd()))
        self._tables = Tables(self.graph)
        super().__init__(self._tables.connection, seconds)

    def rows(self, sql: str, limit: int) -> list[dict[str, Any]]:
        try:
            return super().rows(sql, limit)
        except Failed as error:
            missing = str(error).partition("no such table: ")[2]
            if missing and self._tables.know(missing):
                return self.rows(sql, limit)
            raise

    def certain(self, query: str, rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
        """Which of the rows that a query gave violate for certain, and what its answer depends on that nobody knows.

        What is not known is NULL, and a comparison with it finds nothing: rows that plain comparisons found are
        certain. What makes a truth of NULL (IS NULL, EXISTS, COALESCE, counting) may find others.
        """
        import sqlglot

        tree = sqlglot.parse_one(query, read="sqlite")
        doubts: dict[str, None] = {}
        open_: set[str] = set()  # addresses whose rows are not certain
        whole = False  # nor is any other
        for node, said, addresses in self._unknown_in(tree):
            if rows and not _two_valued(node):
                continue
            doubts |= dict.fromkeys(said)
            open_ |= addresses
            whole |= not addresses or _of_others(node)
        if whole or not all("address" in row for row in rows):
            return ([], list(doubts)) if doubts else (rows, [])
        return [row for row in rows if row["address"] not in open_], list(doubts)

    def _unknown_in(self, tree: Any) -> Iterator[tuple[Any, list[str], set[str]]]:
        """The columns and tables of a query that are not known: what to say, and of which resources it is."""
        from sqlglot import exp

        coverage = self.graph.coverage
        tables = list(tree.find_all(exp.Table))
        named = {table.name.lower() for table in tables}
        unknown: dict[str, dict[str, list[str]]] = {}
        for type_, columns in self._tables.unknown.items():
            for name, addresses in columns.items() if type_.lower() in named else ():
                unknown.setdefault(name.lower(), {}).setdefault(name, []).extend(addresses)
        for column in tree.find_all(exp.Column):
            for name, addresses in unknown.get(column.name.lower(), {}).items():
                yield column, [f"{name} of {address}" for address in addresses], set(addresses)
        for table in tables:
            for type_, account, region, reason in coverage.unlisted:
                if table.name.lower() in (type_.lower(), "resources"):
                    place = "/".join(p for p in (account, region) if p)
                    yield table, [f"what there is of {type_} in {place or 'this inventory'} ({reason})"], set()
            if table.name.lower() in {t.lower() for t in coverage.left_out}:
                yield table, [f"what there is of {table.name}: the audit was narrowed and did not collect it"], set()


def _two_valued(node: Any) -> bool:
    """Whether something between a part of a query and the whole makes a truth of what is not known."""
    from sqlglot import exp

    makers = (exp.Is, exp.Exists, exp.Coalesce, exp.Case, exp.If, exp.AggFunc, exp.All, exp.Any, exp.Window,
              exp.NullSafeEQ, exp.NullSafeNEQ, exp.SetOperation)  # fmt: skip
    while node.parent is not None:
        node = node.parent
        if isinstance(node, makers) or (isinstance(node, exp.In) and node.args.get("query")):
            return True
        if isinstance(node, exp.Join) and node.side:
            return True
        if isinstance(node, exp.Select) and (node.args.get("group") or _counts(node)):
            return True
    return False


def _counts(select: Any) -> bool:
    from sqlglot import exp

    return any(isinstance(part, exp.AggFunc) for one in select.expressions for part in one.walk())


def _of_others(node: Any) -> bool:
    """Whether a value decides about rows of others too: it stands in a query inside the query, or beside a join."""
    from sqlglot import exp

    selects = 0
    while node is not None:
        if isinstance(node, exp.Select):
            selects += 1
            if node.args.get("joins") or node.args.get("group") or _counts(node):
                return True
        node = node.parent
    return selects > 1


@contextmanager
def _sqlite(url: str, seconds: int) -> Iterator[Session]:
    import sqlite3
    from urllib.parse import quote, unquote

    place = url.partition("://")[2]
    path = unquote(place.removeprefix("/").partition("?")[0])
    if not place.startswith("/") or not path:
        raise UsageError(f"{url}: a SQLite URL is sqlite:///path/to/file.db, with a fourth slash for an absolute path")
    if not os.path.isfile(path):
        raise Failed("there is no such file")
    try:
        connection = sqlite3.connect(f"file:{quote(os.path.abspath(path))}?mode=ro", uri=True)
        connection.execute("PRAGMA query_only = ON")
        connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.Error as error:
        raise Failed(str(error)) from error
    try:
        yield SqliteSession(connection, seconds)
    finally:
        connection.close()


# --- everything else, through SQLAlchemy ------------------------------------------------------------------------------


class AlchemySession:
    """A SQLAlchemy engine; every query runs in a read-only transaction of its own, which is rolled back."""

    def __init__(self, engine: Any, seconds: int) -> None:
        self._engine = engine
        self._seconds = seconds
        self.name: str = engine.dialect.name

    def rows(self, sql: str, limit: int) -> list[dict[str, Any]]:
        from sqlalchemy import text
        from sqlalchemy.exc import DBAPIError, SQLAlchemyError

        options = {"postgresql_readonly": True} if self.name == "postgresql" else {}
        try:
            with self._engine.connect().execution_options(**options) as connection:
                for statement in self._before():
                    connection.execute(text(statement))
                if self.name == "oracle":
                    connection.connection.call_timeout = self._seconds * 1000
                streamed = {"stream_results": True, "max_row_buffer": limit}  # of a million rows only these are sent
                result = connection.execute(text(sql.replace(":", "\\:")), execution_options=streamed)
                names = list(result.keys())
                found = [named(names, row) for row in result.fetchmany(limit)]
                result.close()
                connection.rollback()
                return found
        except DBAPIError as error:
            raise Failed(_said(error.orig or error, self._seconds)) from error
        except SQLAlchemyError as error:
            raise Failed(_said(error, self._seconds)) from error

    def _before(self) -> list[str]:
        milliseconds = self._seconds * 1000
        if self.name == "postgresql":
            return [f"SET LOCAL statement_timeout = {milliseconds}"]
        if self.name == "mysql":
            return [f"SET SESSION max_execution_time = {milliseconds}"]
        if self.name == "mariadb":
            return [f"SET SESSION max_statement_time = {self._seconds}"]
        return ["SET TRANSACTION READ ONLY"] if self.name == "oracle" else []


@contextmanager
def _alchemy(url: str, password: str | None, seconds: int) -> Iterator[Session]:
    try:
        from sqlalchemy import create_engine, event
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError, NoSuchModuleError
    except ImportError:
        raise UsageError("auditing a database needs more packages: pip install 'assay[database]'") from None
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        elif parsed.drivername == "oracle":
            parsed = parsed.set(drivername="oracle+oracledb")
        if password is not None and parsed.password is None:
            parsed = parsed.set(password=password)
        arguments: dict[str, Any] = {}
        if parsed.drivername.startswith(("postgresql", "mysql")):
            arguments["connect_timeout"] = 10
        if parsed.drivername == "postgresql+psycopg":
            arguments["client_encoding"] = "utf8"  # from a server without an encoding, texts would come as bytes
        engine = create_engine(parsed, connect_args=arguments, pool_size=1, hide_parameters=True)
    except (NoSuchModuleError, ImportError) as error:
        raise UsageError(f"{shown(url)}: its driver is not installed ({error})") from error
    except (ArgumentError, ValueError) as error:
        example = "postgresql://user@host:5432/name"
        raise UsageError(f"{shown(url)}: not a database URL such as {example}") from error
    if engine.dialect.name in ("mysql", "mariadb"):

        @event.listens_for(engine, "connect")
        def _read_only(connection: Any, _record: Any) -> None:
            with connection.cursor() as cursor:
                cursor.execute("SET SESSION TRANSACTION READ ONLY")

    try:
        with engine.connect():
            pass
    except Exception as error:  # drivers raise what they like; each is a database that cannot be asked
        engine.dispose()
        raise Failed(_said(getattr(error, "orig", None) or error, seconds)) from error
    try:
        yield AlchemySession(engine, seconds)
    finally:
        engine.dispose()


def _said(error: BaseException, seconds: int) -> str:
    """A driver's sentence, on one line, without the query."""
    text = " ".join(_LINE.sub("", str(error)).split())
    text = text.partition(" LINE 1:")[0]
    if "statement timeout" in text or "maximum statement execution time" in text or "DPY-4024" in text:
        return f"it was stopped after {seconds} s (--timeout)"
    return text or type(error).__name__


def named(names: list[str], row: Any) -> dict[str, Any]:
    """A row by column names, made unique, its values as JSON has them."""
    found: dict[str, Any] = {}
    for name, value in zip(names, row, strict=True):
        key, n = name, 1
        while key in found:
            n += 1
            key = f"{name}_{n}"
        found[key] = value if isinstance(value, (str, int, float, bool, type(None))) else _plain(value)
    return found


def _plain(value: Any) -> Any:
    from decimal import Decimal

    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (bytes, memoryview)):
        return f"({len(bytes(value))} bytes)"
    return str(value)
