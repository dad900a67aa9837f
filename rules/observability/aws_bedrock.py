from collections.abc import Iterator

from assay import LOW, Finding, Graph, Resource, any_of, rule
from assay.patterns import pattern

_TROUBLE = pattern("Latency|Error|Throttle|Failed|Failure")


def _tells(alarm: Resource) -> bool:
    """Whether an alarm on latency or errors reaches somebody."""
    return bool(alarm["alarm_actions"]) and _TROUBLE.search(alarm["metric_name"] or "") != None


@rule(
    on=["aws_bedrockagent_knowledge_base", "aws_rds_cluster"],
    severity=LOW,
    controls=["nist-800-53r5:SI-4"],
)
def aws_rag_unmonitored(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Knowledge bases and the databases below them raise alarms.

    ## Why
    A slow or failing retrieval shows only as worse answers, which nobody reports as an outage.
    ## Fix
    Add alarms with an action on `InvocationLatency` or errors in `AWS/Bedrock`, and on the database's latency.
    """
    if r.type == "aws_rds_cluster":
        if not graph.users(r, "aws_bedrockagent_knowledge_base"):
            return
        if not any_of(graph.users(r, "aws_cloudwatch_metric_alarm"), _tells):
            yield r.fails("no alarm watches the latency or errors of the database of a knowledge base")
        return
    alarms = graph.beside(r, "aws_cloudwatch_metric_alarm")
    if not any_of(alarms, lambda a: (a["namespace"] or "").startswith("AWS/Bedrock") and _tells(a)):
        yield r.fails("no alarm watches latency or errors in AWS/Bedrock")
