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
    from collections.abc import Iterator

INVENTORY = "inventory:"
"""What a URL begins with that means the resources of a path."""
PASSWORD = "ASSAY_DATABASE_PASSWORD"
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
    if url.startswith("sqlite:"):
        with _sqlite(url, seconds) as session:
            yield session
        return
    with _alchemy(url, _password(password_file), seconds) as session:
        yield session


def shown(url: str) -> str:
    """A URL without its password."""
    return re.sub(r"(://[^/@]*?):[^@]*@", r"\1:***@", url)


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
        for name, (arguments, function) in SQLITE.items():
            connection.create_function(name, arguments, function, deterministic=True)

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
            raise Failed(str(error)) from error
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

    def doubts(self, queries: list[str]) -> list[str]:
        """The addresses and columns whose unknown values these queries ask for: their answer is not known either."""
        import sqlglot
        from sqlglot import exp

        found: dict[str, None] = {}
        for query in queries:
            tree = sqlglot.parse_one(query, read="sqlite")
            asked = {c.name.lower() for c in tree.find_all(exp.Column)}
            for table in tree.find_all(exp.Table):
                for column, addresses in self._tables.unknown.get(table.name, {}).items():
                    if column.lower() in asked:
                        found |= dict.fromkeys(f"{column} of {address}" for address in addresses)
        return list(found)


@contextmanager
def _sqlite(url: str, seconds: int) -> Iterator[Session]:
    import sqlite3
    from urllib.parse import quote, unquote

    path = unquote(url.partition("://")[2].removeprefix("/").partition("?")[0])
    if not url.startswith("sqlite:///") or not path:
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
        if self.name in ("mysql", "mariadb"):
            return [f"SET SESSION max_execution_time = {milliseconds}"] if self.name == "mysql" else []
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
