"""Assertions and constraints that are written and do not judge."""

from collections.abc import Iterator

from assay import MEDIUM, Finding, Graph, Resource, rule
from assay.analysis.sql import content, enforced_later


@rule(on=["assertion", "sql"], severity=MEDIUM, controls=["nist-800-53r5:SI-10"], sources=["document", "database"])
def sql_assertion_not_enforced(thing: Resource, graph: Graph) -> Iterator[Finding]:
    """Assertions and constraints judge every row, the old ones too.

    ## Why
    `DISABLE` judges nothing, `NOVALIDATE` and `NOT VALID` only what comes: the schema promises what the data may not
    hold.
    ## Fix
    Mend the rows, then `ENABLE VALIDATE` (Oracle) or `VALIDATE CONSTRAINT` (PostgreSQL).
    """
    if thing.type == "assertion":
        if thing["weak"] not in ("", None):
            yield thing.fails(f"the assertion {thing['name']} is {thing['weak']}", at="definition")
        return
    for i, one in enumerate(content(thing, "constraints")):
        if one["weak"] != "" and not enforced_later(one, thing, graph):
            yield thing.fails(f"the constraint {one['name']} is {one['weak']}", at=("constraints", i), key=one["name"])
    for t, table in enumerate(content(thing, "tables")):
        for i, one in enumerate(table["constraints"]):
            if one["weak"] != "":
                at = ("tables", t, "constraints", i)
                said = f"{table['name']}: the constraint {one['name']} is {one['weak']}"
                yield thing.fails(said, at=at, key=f"{table['name']}.{one['name']}")
