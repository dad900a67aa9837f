"""Documents that the infrastructure uses and nobody can read."""

from collections.abc import Iterator

from assay import MEDIUM, Finding, Resource, rule


@rule(
    on=["archive", "build_spec", "dockerfile", "python", "workflow", "sql"],
    severity=MEDIUM,
    sources=["document", "layer"],
)
def document_not_parsed(document: Resource) -> Iterator[Finding]:
    """Documents that the infrastructure uses can be parsed.

    ## Why
    What cannot be parsed here fails later, at the deployment or in the first call, and no rule has judged it.
    ## Fix
    Mend the document at the place that is named.
    """
    problem = document["problem"]
    if problem != None:
        where = f"line {problem['line']}, column {problem['column']}"
        yield document.fails(f"{document} cannot be parsed at {where}: {problem['message']}", at="problem")
