"""Dynamic groups, API keys and provider groups: who is what."""

from __future__ import annotations

from collections.abc import Iterator

from assay import HIGH, LOW, MEDIUM, Finding, Graph, Resource, any_of, as_list, rule
from assay.analysis.oci_tenancy import exists, is_code

EXACT = ("instance.id", "resource.id", "request.principal.id")


@rule(on="oci_identity_dynamic_group", severity=HIGH, controls=["nist-800-53r5:AC-6"])
def oci_dynamic_group_broad(group: Resource, graph: Graph) -> Iterator[Finding]:
    """Dynamic groups take in the machines they are meant for, and no others.

    ## Why
    Whoever may create an instance or function that matches gets every right of the group.
    ## Fix
    Match ids, a tag, or the type and the compartment together with `ALL {...}`.
    """
    from assay.analysis.oci_conditions import always
    from assay.analysis.oci_dynamic_groups import breadth, members
    from assay.analysis.oci_policy_language import matching_rule

    condition = matching_rule(group["matching_rule"])
    if condition == None:
        return
    bound = always(condition)
    tagged = any(v.startswith("tag.") for v in bound)
    typed = "resource.type" in bound and any(v.endswith("compartment.id") for v in bound)
    if not (tagged or typed or any(v in EXACT for v in bound)):
        said = f"takes in {breadth(condition)}"
        inside = members(graph, group, condition)
        if inside:
            said += f", here {', '.join(str(r) for r in inside[:3])}" + (" and others" if len(inside) > 3 else "")
        yield group.fails(said, at="matching_rule", because=[r.where() for r in inside[:3]])


@rule(
    on="oci_identity_api_key",
    severity=HIGH,
    controls=["cis-oci-3.1:1.12", "cis-oci-3.0:1.12", "nist-800-53r5:AC-6(5)", "nist-800-53r5:IA-5"],
    equivalents=[
        "CKV2_OCI_1",
        "prowler:identity_tenancy_admin_users_no_api_keys",
        "cis_reports:IAM-12",
        "steampipe-oci:cis_v300_1_12",
    ],
)
def oci_admin_api_key(key: Resource, graph: Graph) -> Iterator[Finding]:
    """Administrators have no API keys.

    ## Why
    A key works without a second factor, from everywhere, until somebody thinks of it.
    ## Fix
    Let administrators sign in, and give automation a user or principal of its own with fewer rights.
    """
    from assay.analysis.oci_policy_language import is_administrators

    for user in graph.follow(key, "user_id"):
        for membership in graph.users(user, "oci_identity_user_group_membership"):
            if any_of(graph.follow(membership, "group_id"), lambda group: is_administrators(group["name"])):
                yield key.fails(f"{user} is an administrator", at="user_id", because=[membership.where("group_id")])
                return


@rule(on="oci_identity_idp_group_mapping", severity=MEDIUM, controls=["nist-800-53r5:AC-6(5)"])
def oci_idp_group_administrators(mapping: Resource, graph: Graph) -> Iterator[Finding]:
    """No outside group is mapped to Administrators.

    ## Why
    Whoever manages the group in the other directory then decides who owns this tenancy.
    ## Fix
    Map outside groups to groups with narrower rights.
    """
    from assay.analysis.oci_policy_language import is_administrators

    for group in graph.follow(mapping, "group_id"):
        if is_administrators(group["name"]):
            yield mapping.fails("an outside group becomes administrator", at="group_id")


@rule(
    on=["oci_identity_dynamic_group", "tenancy"],
    severity=LOW,
    controls=["cis-oci-3.1:1.14", "cis-oci-3.0:1.14", "nist-800-53r5:IA-9"],
    equivalents=["prowler:identity_instance_principal_used", "cis_reports:IAM-14", "steampipe-oci:cis_v300_1_14"],
)
def oci_no_instance_principal(scope: Resource, graph: Graph) -> Iterator[Finding]:
    """Machines are principals: a dynamic group with a policy exists.

    ## Why
    Without one, instances and functions call the platform with the keys of some user, kept in files.
    ## Fix
    Write a dynamic group for them, and a policy that names it.
    """
    if scope.type == "tenancy":
        if not is_code(scope) and not exists(scope, graph, "oci_identity_dynamic_group"):
            yield scope.fails("no dynamic group: machines can only use the keys of users")
        return
    from assay.analysis.oci_dynamic_groups import is_named
    from assay.analysis.oci_policy_language import statement

    beside = graph.beside(scope, "oci_identity_policy")
    # Code that makes groups in one root module and policies in another is one tenancy's all the same.
    policies = graph.all("oci_identity_policy") if is_code(scope) else beside
    if beside and not any_of(
        policies, lambda p: any_of(as_list(p["statements"]), lambda text: is_named(statement(text), scope))
    ):
        yield scope.fails("no policy names the group: its machines may do nothing", at="name")
