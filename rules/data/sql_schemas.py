"""SQL schemas: what data will be held, and how it is kept from being read, mixed up or lost."""

from collections.abc import Iterator

from assay import HIGH, LOW, MEDIUM, Finding, Graph, Resource, rule
from assay.analysis.sql import (
    FREE_TEXT,
    content,
    dimension_conflict,
    domain_of,
    forgotten,
    protected,
    sensitive,
    undimensioned,
    weak_pattern,
)


@rule(on="sql", severity=MEDIUM, controls=["nist-800-53r5:SC-28"])
def sql_plaintext_sensitive_column(schema: Resource) -> Iterator[Finding]:
    """Card numbers, national ids and passwords are not kept as free text.

    ## Why
    Whoever may read the table, a report or a copy of it, reads them; a text column also takes anything.
    ## Fix
    Give the column a domain, encrypt or redact it; keep of a password only a salted hash.
    """
    for t, table in enumerate(content(schema, "tables")):
        for c, column in enumerate(table["columns"]):
            if sensitive(column["name"]) and column["type"] in FREE_TEXT and not protected(column, table, schema):
                yield schema.fails(
                    f"{table['name']}.{column['name']} is {column['type']} without a domain, encryption or redaction",
                    at=("tables", t, "columns", c),
                    key=f"{table['name']}.{column['name']}",
                )


_READERS = ("read", "report", "summary", "lookup", "public", "export", "catalog", "_ro")


@rule(on="sql", severity=HIGH, controls=["nist-800-53r5:AC-6"])
def sql_duality_view_exposes(schema: Resource) -> Iterator[Finding]:
    """Duality views publish no sensitive column, and let be written only what must be.

    ## Why
    A duality view is an API: what it names leaves the database as JSON, and what its root allows anybody with the
    view changes in the tables.
    ## Fix
    Leave the column out of the view; grant `@insert`, `@update` and `@delete` only where the application writes.
    """
    for v, view in enumerate(content(schema, "views")):
        for c, column in enumerate(view["published"]):
            if sensitive(column["name"]):
                yield schema.fails(
                    f"{view['name']} publishes {column['name']}",
                    at=("views", v, "published", c),
                    key=f"{view['name']}.{column['name']}",
                )
        if view["writes"] != [] and any(word in view["name"] for word in _READERS):
            yield schema.fails(
                f"{view['name']} is for reading, and its root {view['root']} grants {', '.join(view['writes'])}",
                at=("views", v),
                key=f"{view['name']} writes",
            )


@rule(on="sql", severity=LOW)
def sql_unconstrained_domain(schema: Resource, graph: Graph) -> Iterator[Finding]:
    """Domains have a constraint, and columns use them instead of repeating it.

    ## Why
    A domain without a constraint is a name only. A check that is written again is mended in one of its places.
    ## Fix
    Give the domain a `CONSTRAINT ... CHECK`; declare the column with the domain.
    """
    for d, domain in enumerate(content(schema, "domains")):
        if not domain["checked"]:
            yield schema.fails(f"the domain {domain['name']} has no constraint", at=("domains", d), key=domain["name"])
    for t, table in enumerate(content(schema, "tables")):
        for c, column in enumerate(table["columns"]):
            name = domain_of(column, graph)
            if name != "":
                yield schema.fails(
                    f"{table['name']}.{column['name']} repeats a check instead of using the domain {name}",
                    at=("tables", t, "columns", c),
                    key=f"{table['name']}.{column['name']}",
                )


@rule(on="sql", severity=LOW)
def sql_domain_weak_pattern(schema: Resource) -> Iterator[Finding]:
    """A domain's regular expression ends in time and limits the length.

    ## Why
    Nested repetitions take exponential time on an input made for it: one insert stops a session. Without a bound the
    column takes a megabyte as an email address.
    ## Fix
    Repeat no group that repeats itself; write bounds (`{1,64}`) or a length in the type.
    """
    for d, domain in enumerate(content(schema, "domains")):
        for p, pattern in enumerate(domain["patterns"]):
            said = weak_pattern(pattern["text"], domain["arguments"] != [])
            if said != "":
                at = ("domains", d, "patterns", p)
                yield schema.fails(f"the pattern of {domain['name']} {said}", at=at, key=domain["name"])


@rule(on="sql", severity=LOW)
def sql_drop_without_guard(schema: Resource) -> Iterator[Finding]:
    """Migrations drop nothing for good without a guard.

    ## Why
    `PURGE` leaves nothing in the recycle bin and `CASCADE` takes along what others depend on: run twice, or against
    the wrong schema, it cannot be undone.
    ## Fix
    Write `DROP TABLE IF EXISTS`, leave out `PURGE`, and drop dependants by name.
    """
    for d, drop in enumerate(content(schema, "drops")):
        if drop["lethal"] != [] and not drop["guarded"]:
            how = " and ".join(drop["lethal"])
            yield schema.fails(f"DROP {drop['kind']} {drop['name']} with {how}", at=("drops", d), key=drop["name"])


@rule(on="sql", severity=MEDIUM)
def sql_vector_undimensioned(schema: Resource) -> Iterator[Finding]:
    """Vector columns have a dimension, that of their model.

    ## Why
    Vectors of different models in one column compare without an error and mean nothing; an index refuses them late.
    ## Fix
    Declare the dimension: `VECTOR(1024, FLOAT32)`, `vector(1024)`.
    """
    for t, table in enumerate(content(schema, "tables")):
        for c, column in enumerate(table["columns"]):
            said = undimensioned(column) or dimension_conflict(column, table, schema)
            if said != "":
                key = f"{table['name']}.{column['name']}"
                yield schema.fails(f"{table['name']}: {said}", at=("tables", t, "columns", c), key=key)


@rule(on="sql", severity=LOW)
def sql_embedding_no_model_version(schema: Resource) -> Iterator[Finding]:
    """A table of embeddings keeps the model, the source and the date of each.

    ## Why
    When the model changes nobody knows which rows are of the old one, and when a document is withdrawn nobody finds
    its vectors.
    ## Fix
    Add columns such as `model_version`, `source_uri` and `embedded_at`.
    """
    for t, table in enumerate(content(schema, "tables")):
        missing = forgotten(table)
        if missing != []:
            said = f"{table['name']} keeps embeddings without {' and '.join(missing)}"
            yield schema.fails(said, at=("tables", t), key=table["name"])
