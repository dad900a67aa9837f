from collections.abc import Iterator

from assay import MEDIUM, Finding, Graph, Resource, any_of, rule


@rule(
    on="aws_config_configuration_aggregator",
    severity=MEDIUM,
    controls=["nist-800-53r5:CM-8"],
    equivalents=[
        "CKV_AWS_121",
        "kics:ac5a0bc0",
        "AVD-AWS-0019",
        "prowler:config_delegated_admin_and_org_aggregator_all_regions",
    ],
)
def aws_config_not_all_regions(aggregator: Resource) -> Iterator[Finding]:
    """Configuration aggregators cover all regions.

    ## Why
    What runs in a region that is left out is in no inventory.
    ## Fix
    Set `all_regions = true` in the aggregation source.
    """
    sources = ("account_aggregation_source", "organization_aggregation_source")
    given = [s for s in sources if not aggregator.absent(s)]
    for source in given or sources[:1]:
        path = f"{source}.all_regions"
        if aggregator[path] != True:
            yield aggregator.fails("only some regions are aggregated", at=path, fix=aggregator.set(path, True))


_RECORDER = "aws_config_configuration_recorder"
_STATUS = "aws_config_configuration_recorder_status"


@rule(
    on=[_RECORDER, _STATUS, "account"],
    severity=MEDIUM,
    controls=["cis-aws-1.2:2.5", "cis-aws-1.4:3.5", "cis-aws-7.0:4.3", "nist-800-53r5:CM-8"],
    equivalents=[
        "CKV2_AWS_45",
        "prowler:config_recorder_all_regions_enabled",
        "steampipe-aws:config_enabled_all_regions",
    ],
)
def aws_config_recorder_off(r: Resource, graph: Graph) -> Iterator[Finding]:
    """The configuration recorder runs.

    ## Why
    Without it there is no history of how a resource was configured when something happened.
    ## Fix
    Declare an `aws_config_configuration_recorder_status` with `is_enabled = true` for the recorder.
    """
    if r.type == _STATUS:
        here = any(x.source != "uncollected" for x in graph.follow(r, "name"))
        if not here and r["is_enabled"] != True:
            yield r.fails("the recorder is stopped", at="is_enabled", fix=r.set("is_enabled", True))
    elif r.type == _RECORDER:
        if not any_of(graph.users(r, _STATUS), lambda s: s["is_enabled"] == True):
            yield r.fails("no status resource starts the recorder")
    elif r.source == "aws" and not graph.beside(r, _RECORDER):
        yield r.fails("the account has no configuration recorder")
