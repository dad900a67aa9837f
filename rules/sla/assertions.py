"""What must hold for whole tables: assertions, asked of a database."""

from collections.abc import Iterator

from assay import HIGH, Finding, Resource, Severity, rule


def violations(assertion: Resource) -> Iterator[Finding]:
    """One finding for an assertion that rows violate, with the first of them."""
    rows = assertion["violations"]
    if rows == None or rows == []:
        return
    count = f"more than {len(rows)}" if assertion["more"] == True else f"{len(rows)}"
    noun = "row violates" if count == "1" else "rows violate"
    shown = "; ".join(", ".join(f"{k} = {v}" for k, v in row.items()) for row in rows[:3])
    title = assertion["title"]
    said = f"{count} {noun} it" + (f" ({title})" if title != None else "") + f": {shown}"
    severity = assertion["severity"]
    yield assertion.fails(
        said, at="violations", severity=Severity[severity.upper()] if severity != None else None, key="violations"
    )


@rule(on="assertion", severity=HIGH, controls=["nist-800-53r5:SI-10", "iso-27001-2022:A.5.33"], sources=["database"])
def sql_assertion(assertion: Resource) -> Iterator[Finding]:
    """Assertions hold for every row.

    ## Why
    A rule across tables that no constraint enforces is broken the first time two programs write at once, and nobody
    notices until a customer does.
    ## Fix
    Mend the rows that the finding shows. On Oracle 23ai and later, create the assertion: the database then keeps it.
    """
    yield from violations(assertion)


@rule(on="tickets", severity=HIGH, controls=["nist-800-53r5:SI-10"], sources=["database"])
def sla_uncovered_ticket(tickets: Resource) -> Iterator[Finding]:
    """Every ticket lies inside an active SLA of its customer.

    ## Why
    Work without an agreement is promised to nobody and paid by nobody, and its times spoil the figures of the others.
    ## Fix
    Close the gap in the customer's SLA, or the ticket. An assertion stands for this rule by the comment
    `-- rule: sla-uncovered-ticket` above it.
    """
    yield from violations(tickets)
