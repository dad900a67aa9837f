"""From an assertion to the query of its violations, in the SQL of the database at hand.

A condition that is false for some rows becomes the query of those rows; one that is false as a whole becomes a query of
one row that says so. As for every constraint, what is neither true nor false is no violation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assay.assertions.language import Assertion

DIALECTS = {
    "postgresql": "postgres", "sqlite": "sqlite", "oracle": "oracle", "mysql": "mysql", "mariadb": "mysql",
    "mssql": "tsql", "duckdb": "duckdb",
}  # fmt: skip
"""SQLAlchemy's name of a database to sqlglot's."""
_NEEDS_DUAL = ("oracle",)
_DANGEROUS = set(
    """
    nextval setval set_config query_to_xml query_to_xmlschema query_to_xml_and_xmlschema cursor_to_xml
    cursor_to_xmlschema load_extension readfile writefile edit load_file sleep benchmark get_lock release_lock
    release_all_locks master_pos_wait sys_exec sys_eval sys_set xp_cmdshell openrowset openquery opendatasource
    """.split()  # noqa: SIM905 - as quoted strings it would be a page
)
"""Functions that do something, or read outside the database, from inside a query."""
_FAMILIES = ("dblink", "lo_", "dbms_", "utl_", "pg_")
"""Functions of these kinds too, but for those that only look."""
_LOOKING = (
    "pg_typeof", "pg_get_", "pg_size_", "pg_relation_size", "pg_table_size", "pg_total_relation_size",
    "pg_indexes_size", "pg_database_size", "pg_column_size", "pg_has_role", "pg_table_is_visible",
    "pg_is_in_recovery", "pg_last_xact_replay_timestamp", "pg_postmaster_start_time",
)  # fmt: skip


class Untranslatable(Exception):
    """Why an assertion has no query in the SQL of this database."""


class Refused(Exception):
    """What in an assertion would do more than read."""


def queries(assertion: Assertion, database: str) -> list[str]:
    """The queries whose rows violate an assertion, one for each part of its condition.

    Args:
        database: SQLAlchemy's name of the database, `postgresql`.

    Raises:
        Untranslatable: it cannot be said in that database's SQL.
        Refused: it would do more than read.
    """
    from sqlglot.errors import SqlglotError

    target = DIALECTS.get(database)
    if target is None:
        raise Untranslatable(f"there is no translation for {database}; there is for {', '.join(DIALECTS)}")
    try:
        if assertion.query is not None:
            found = [_query(assertion.query)]
        else:
            found = [_violations(part, target) for part in _parts(_condition(assertion.condition or ""))]
        for query in found:
            refuse(query)
        return [_written(query, target) for query in found]
    except SqlglotError as error:
        raise Untranslatable(_first(error)) from error


def _first(error: Exception) -> str:
    errors = getattr(error, "errors", None)
    if errors:
        one = errors[0]
        return f"{one['description']} near {one['highlight']!r} (line {one['line']} of its condition)"
    return str(error).splitlines()[0]


def _query(text: str) -> Any:
    import sqlglot
    from sqlglot import exp

    found = sqlglot.parse(text, read="oracle")
    if len(found) != 1 or not isinstance(found[0], exp.Query):
        raise Refused("it is not one query")
    return found[0]


def _condition(text: str) -> Any:

    where = _query(f"SELECT 1 FROM dual WHERE {text}").args["where"]
    return where.this


def _parts(condition: Any) -> list[Any]:
    """The conditions that must all hold."""
    from sqlglot import exp

    condition = condition.unnest()
    if isinstance(condition, exp.And):
        return [*_parts(condition.left), *_parts(condition.right)]
    return [condition]


def _violations(condition: Any, target: str) -> Any:
    from sqlglot import exp

    inner = condition.this.unnest() if isinstance(condition, exp.Not) else None
    if isinstance(inner, exp.Exists):
        return _telling(inner.this)
    said = "no row satisfies it" if isinstance(condition, exp.Exists) else "the condition is false"
    query = exp.select(exp.alias_(exp.Literal.string(said), "violation")).where(exp.not_(condition.copy()))
    return query.from_("dual") if target in _NEEDS_DUAL else query


def _telling(query: Any) -> Any:
    """The rows themselves, where EXISTS was content with a literal (`SELECT 1 FROM ...`)."""
    from sqlglot import exp

    query = query.copy()
    plain = isinstance(query, exp.Select) and not any(query.args.get(k) for k in ("group", "distinct", "having"))
    if plain and all(isinstance(p.unalias(), (exp.Literal, exp.Null)) for p in query.expressions):
        query.set("expressions", [exp.Star()])
    return query


def refuse(query: Any) -> None:
    """Let nothing through that could do more than read.

    Raises:
        Refused: naming what it is.
    """
    from sqlglot import exp

    if not isinstance(query, exp.Query):
        raise Refused("it is not a query")
    writing = (
        exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Create, exp.Drop, exp.Alter, exp.Command, exp.Into, exp.Lock,
        exp.Set, exp.TruncateTable,
    )  # fmt: skip
    for node in query.walk():
        if isinstance(node, writing):
            raise Refused(f"it holds {type(node).__name__.upper()}, which does more than read")
        if isinstance(node, exp.Func):
            name = (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).lower()
            if name in _DANGEROUS or (name.startswith(_FAMILIES) and not name.startswith(_LOOKING)):
                raise Refused(f"it calls {name}, which does more than read the tables")
        elif isinstance(node, exp.Dot) and node.sql().lower().startswith(("dbms_", "utl_", "sys.dbms_", "sys.utl_")):
            raise Refused(f"it calls {node.sql()}, which does more than read the tables")


def _written(query: Any, target: str) -> str:
    from sqlglot import ErrorLevel, exp

    if target == "sqlite":  # it has no schemas but the files that are attached
        query = query.copy()
        for table in query.find_all(exp.Table):
            table.set("db", None)
            table.set("catalog", None)
    if target != "oracle":
        from assay.assertions.oracle_dates import translated

        query = query.transform(_without_dual)
        for node in reversed(list(query.walk(bfs=False))):  # what stands inside first
            meant = translated(node, target)
            if meant is not node:
                node.replace(meant)
    text: str = query.sql(dialect=target, unsupported_level=ErrorLevel.RAISE, comments=False)
    return text


def _without_dual(node: Any) -> Any:
    from sqlglot import exp

    if isinstance(node, exp.From) and isinstance(node.this, exp.Table) and node.this.name.lower() == "dual":
        return None
    return node
