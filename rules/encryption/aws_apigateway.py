from collections.abc import Iterator

from assay import MEDIUM, Finding, Graph, Resource, rule


@rule(
    on=["aws_api_gateway_method_settings", "aws_api_gateway_stage"],
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-28"],
    equivalents=[
        "CKV_AWS_308",
        "kics:b7c9a40c",
        "AVD-AWS-0002",
        "prowler:apigateway_restapi_cache_encrypted",
        "steampipe-aws:apigateway_stage_cache_encryption_at_rest_enabled",
    ],
)
def aws_api_cache_unencrypted(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Cached API responses are encrypted.

    ## Why
    The cache holds whole responses, whatever personal data they carry, for as long as the time to live lasts.
    ## Fix
    Set `cache_data_encrypted = true` in the method settings that turn caching on.
    """
    if r.type == "aws_api_gateway_stage":
        # A stage with a cache and no settings at all caches with the platform's default: not encrypted.
        if r["cache_cluster_enabled"] == True and not graph.users(r, "aws_api_gateway_method_settings"):
            yield r.fails("the stage has a cache and no method settings encrypt it", at="cache_cluster_enabled")
        return
    if r["settings.cache_data_encrypted"] == True or r["settings.caching_enabled"] == False:
        return
    stages = graph.follow(r, "stage_name")
    if r["settings.caching_enabled"] == True or any(s["cache_cluster_enabled"] == True for s in stages):
        yield r.fails(
            "responses are cached without encryption",
            at="settings.cache_data_encrypted",
            fix=r.set("settings.cache_data_encrypted", True),
        )
