from collections.abc import Iterator

from assay import LOW, Finding, Graph, Resource, rule


@rule(
    on="aws_cloudwatch_event_bus",
    severity=LOW,
    controls=["nist-800-53r5:CP-9"],
)
def aws_event_bus_no_archive(bus: Resource, graph: Graph) -> Iterator[Finding]:
    """Custom event buses keep an archive for at least seven days.

    ## Why
    After a bug in a consumer, only an archive can replay the events it mishandled.
    ## Fix
    Declare an `aws_cloudwatch_event_archive` for the bus, without `retention_days` or with at least 7.
    """
    if bus["name"] == "default":
        return
    archives = graph.users(bus, "aws_cloudwatch_event_archive")
    if not archives:
        yield bus.fails("no archive keeps the events of this bus")
        return
    days = [a["retention_days"] or 0 for a in archives]
    if all(0 < d < 7 for d in days):
        places = [a.where("retention_days") for a in archives]
        yield bus.fails(f"its archive keeps events for {max(days)} days only", because=places)
