"""OCI policies: who may do too much, statement by statement."""

from __future__ import annotations

from collections.abc import Iterator

from assay import CRITICAL, HIGH, LOW, MEDIUM, Block, Finding, Graph, Resource, any_of, as_list, rule, show
from assay.analysis.naming import words
from assay.analysis.oci_conditions import (
    covers,
    excludes_permission,
    guarantees,
    is_positive,
    names_principal,
    narrows,
    spares_administrators,
)
from assay.analysis.oci_identity import PUBLIC_SUBJECTS, Statement, statement
from assay.analysis.oci_tenancy import is_tenancy
from assay.analysis.oci_types import is_known, near

# What a machine that only builds or runs something never manages as a whole.
SUPPLY = ("repos", "all-artifacts", "artifact-repositories", "generic-artifacts", "clusters")
IDENTITY = (
    "policies",
    "dynamic-groups",
    "users",
    "credentials",
    "identity-providers",
    "domains",
    "authentication-policies",
)
SECRETS = {
    "secret-family": "read",
    "secrets": "read",
    "secret-bundles": "read",
    "keys": "use",
    "key-family": "use",
    "key-delegate": "use",
}
SECRET_PERMISSIONS = ("SECRET_BUNDLE_READ", "KEY_DECRYPT", "KEY_ENCRYPT", "KEY_EXPORT")
SECRET_TARGETS = ("target.secret.", "target.vault.", "target.key.", "target.resource.tag.", "target.tag.")
ROBOTS = {"svc", "service", "robot", "bot", "ci", "cd", "automation", "machine"}
DELETES = {
    "volume-family": ("VOLUME_DELETE", "VOLUME_BACKUP_DELETE", "BOOT_VOLUME_BACKUP_DELETE"),
    "volumes": ("VOLUME_DELETE",),
    "volume-backups": ("VOLUME_BACKUP_DELETE",),
    "boot-volume-backups": ("BOOT_VOLUME_BACKUP_DELETE",),
    "file-family": ("FILE_SYSTEM_DELETE", "MOUNT_TARGET_DELETE", "EXPORT_SET_DELETE"),
    "file-systems": ("FILE_SYSTEM_DELETE",),
    "mount-targets": ("MOUNT_TARGET_DELETE",),
    "export-sets": ("EXPORT_SET_DELETE",),
    "object-family": ("OBJECT_DELETE", "BUCKET_DELETE"),
    "objects": ("OBJECT_DELETE",),
    "buckets": ("BUCKET_DELETE",),
}


def _people_or_machines(s: Statement) -> bool:
    """True when the grant is to somebody else than the tenancy's administrators, or one of Oracle's services."""
    return s.effect == "allow" and s.subject != "service" and not s.administrators_only


@rule(
    on="oci_identity_policy",
    each="statements",
    severity=CRITICAL,
    controls=["nist-800-53r5:AC-3", "nist-800-53r5:AC-6"],
)
def oci_policy_any_user(block: Block) -> Iterator[Finding]:
    """Grants to any-user or any-group name the principal in a condition.

    ## Why
    `any-user` is every person, instance, function and service of the tenancy, and with `admit` of others too.
    ## Fix
    Grant to a group or dynamic group, or add `where request.principal.type = ...` joined by `all`.
    """
    s = statement(block.values)
    if s.effect in ("allow", "admit", "endorse") and s.subject in PUBLIC_SUBJECTS and not names_principal(s.condition):
        yield block.fails(f"{s.subject} is granted this, and no condition names the principal")


@rule(
    on="oci_identity_policy",
    each="statements",
    severity=CRITICAL,
    controls=["cis-oci-3.1:1.2", "cis-oci-3.0:1.2", "nist-800-53r5:AC-6", "nist-800-53r5:AC-6(5)"],
    equivalents=[
        "prowler:identity_tenancy_admin_permissions_limited",
        "cis_reports:IAM-2",
        "steampipe-oci:cis_v300_1_2",
    ],
)
def oci_policy_tenancy_admin(block: Block) -> Iterator[Finding]:
    """Only the group Administrators manages the whole tenancy.

    ## Why
    A second group with all rights is a second way in, usually with less care taken over who is in it.
    ## Fix
    Grant the service families that the group needs, in the compartments where it needs them.
    """
    s = statement(block.values)
    whole = s.grants("manage", "all-resources") and s.place == "tenancy"
    if whole and _people_or_machines(s) and not narrows(s.condition):
        yield block.fails("may manage all-resources in tenancy")


def _is_supply(s: Statement) -> bool:
    """True for what running software is made of, and for whole families."""
    return s.resource in SUPPLY or bool(s.resource.startswith("devops-") or s.resource.endswith("-family"))


@rule(on="oci_identity_policy", each="statements", severity=HIGH, controls=["nist-800-53r5:AC-6"])
def oci_policy_broad_manage(block: Block) -> Iterator[Finding]:
    """Nobody manages everything in a compartment, and machines manage no whole family.

    ## Why
    Who takes over the subject takes over all of it: a build that can replace any image owns what runs them.
    ## Fix
    Name the resource types and the verb that are needed, and a condition on the target for dynamic groups.
    """
    s = statement(block.values)
    if not s.reaches("manage") or not _people_or_machines(s):
        return
    if s.resource == "all-resources":
        if s.place == "compartment" and not narrows(s.condition):
            yield block.fails("may manage all-resources in a compartment")
    elif s.subject == "dynamic-group" and s.condition == None and _is_supply(s):
        yield block.fails(f"a dynamic group may manage {s.resource} without a condition")


@rule(on="oci_identity_policy", each="statements", severity=MEDIUM, controls=["nist-800-53r5:AC-6"])
def oci_policy_broad_read(block: Block) -> Iterator[Finding]:
    """Nobody reads everything.

    ## Why
    Reading all resources includes the contents of secrets and of objects, not only their names.
    ## Fix
    Grant `inspect`, or `read` on the families that are needed.
    """
    s = statement(block.values)
    if (
        s.verb in ("read", "use")
        and s.resource == "all-resources"
        and _people_or_machines(s)
        and not narrows(s.condition)
    ):
        yield block.fails(f"may {s.verb} all-resources: secret bundles and objects included")


@rule(
    on="oci_identity_policy",
    each="statements",
    severity=HIGH,
    controls=["cis-oci-3.1:1.3", "cis-oci-3.0:1.3", "nist-800-53r5:AC-6(5)"],
    equivalents=[
        "prowler:identity_iam_admins_cannot_update_tenancy_admins",
        "cis_reports:IAM-3",
        "steampipe-oci:cis_v300_1_3",
    ],
)
def oci_policy_can_edit_administrators(block: Block) -> Iterator[Finding]:
    """Only administrators change who is an administrator.

    ## Why
    Whoever may add users to groups may add itself to Administrators.
    ## Fix
    Add `where target.group.name != 'Administrators'`.
    """
    s = statement(block.values)
    may = s.grants("use", "users", "groups") and s.place == "tenancy"
    if may and _people_or_machines(s) and not spares_administrators(s.condition):
        yield block.fails(f"may {s.verb} {s.resource}, the group Administrators included")


@rule(
    on="oci_identity_policy", each="statements", severity=HIGH, controls=["nist-800-53r5:AC-3", "nist-800-53r5:AC-20"]
)
def oci_policy_cross_tenancy(block: Block) -> Iterator[Finding]:
    """Other tenancies are defined by their OCID, and named groups of theirs are admitted.

    ## Why
    An alias that nothing defines, or any group of any tenancy, lets in whoever comes.
    ## Fix
    Add `Define tenancy <alias> as <ocid>`, and admit or endorse one group.
    """
    s = statement(block.values)
    if s.effect not in ("admit", "endorse"):
        return
    if s.subject in PUBLIC_SUBJECTS:
        yield block.fails(f"{s.effect}s {s.subject}", key="subject")
    if s.tenancy == "any-tenancy":
        yield block.fails(f"{s.effect}s with any tenancy", key="tenancy")
    elif s.tenancy != None:
        defined = [statement(other) for other in as_list(block.resource["statements"])]
        if not any_of(defined, lambda d: d.kind == "tenancy" and d.alias.lower() == s.tenancy.lower()):
            yield block.fails(f"no statement defines the tenancy {show(s.tenancy)}", key="tenancy")


@rule(
    on="oci_identity_policy",
    params={"statements": 100},
    severity=LOW,
    controls=["nist-800-53r5:AC-6"],
    equivalents=["cis_reports:OBP:IAM_Stmt_Root_Count"],
)
def oci_policy_in_root_compartment(policy: Resource, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """Policies are attached where they apply.

    ## Why
    A policy of the tenancy's root may only be changed by its administrators, and everybody's policies pile up
    there.
    ## Fix
    Attach statements about one compartment to that compartment.
    """
    statements = as_list(policy["statements"])
    if any_of(statements, lambda text: statement(text).place == "compartment") and is_tenancy(policy["compartment_id"]):
        yield policy.fails("speaks of one compartment, and is attached to the tenancy", at="compartment_id")
    elif len(statements) > params["statements"] and is_tenancy(policy["compartment_id"]):
        yield policy.fails(f"{len(statements)} statements attached to the tenancy", at="statements")


@rule(on="oci_identity_policy", each="statements", severity=HIGH, controls=["nist-800-53r5:AC-3"])
def oci_policy_invalid(block: Block) -> Iterator[Finding]:
    """Policy statements mean something.

    ## Why
    A statement with a misspelt word is refused when it is applied, or grants nothing to anybody.
    ## Fix
    Write `Allow <subject> to <verb> <resource type> in <place> [where <condition>]`.
    """
    s = statement(block.values)
    if s.effect == "invalid":
        yield block.fails(s.fault)
    elif s.resource != "" and not is_known(s.resource):
        meant = near(s.resource)
        if meant:
            yield block.fails(f"{show(s.resource)} is no resource type: did you mean {meant}?")
        else:
            yield block.unsure(f"{show(s.resource)} is not among the resource types known in 2025-03")


@rule(
    on="oci_identity_policy",
    each="statements",
    severity=CRITICAL,
    controls=["nist-800-53r5:AC-6", "nist-800-53r5:AC-6(5)"],
)
def oci_policy_privilege_escalation(block: Block) -> Iterator[Finding]:
    """Only administrators grant rights.

    ## Why
    Who may write policies, put itself into a dynamic group, or set other people's credentials has every right there
    is.
    ## Fix
    Leave these types to Administrators, or exclude what reaches them by a condition on the target.
    """
    s = statement(block.values)
    verb = "use" if s.resource == "dynamic-groups" else "manage"
    limited = narrows(s.condition) or spares_administrators(s.condition)
    if s.grants(verb, *IDENTITY) and _people_or_machines(s) and not limited:
        yield block.fails(f"may {s.verb} {s.resource}, and by that grant itself everything")


@rule(on="oci_identity_policy", each="statements", severity=LOW)
def oci_policy_redundant(block: Block) -> Iterator[Finding]:
    """Every statement grants something of its own.

    ## Why
    Taking away a right that stands twice takes away nothing.
    ## Fix
    Delete the statement that another one includes.
    """
    mine = statement(block.values)
    own = int(block.path[-1])
    for i, text in enumerate(as_list(block.resource["statements"])):
        if i != own:
            other = statement(text)
            if covers(other, mine) and (i < own or not covers(mine, other)):
                yield block.fails(f"statement {i + 1} grants this already")
                return


@rule(
    on="oci_identity_policy",
    each="statements",
    severity=MEDIUM,
    controls=["cis-oci-3.1:1.15", "cis-oci-3.0:1.15", "nist-800-53r5:AC-5", "nist-800-53r5:AC-6"],
    equivalents=[
        "prowler:identity_storage_service_level_admins_scoped",
        "cis_reports:IAM-15",
        "steampipe-oci:cis_v300_1_15",
    ],
)
def oci_policy_storage_admin_can_delete(block: Block) -> Iterator[Finding]:
    """Who administers storage cannot delete it.

    ## Why
    One stolen account that may delete data and its backups is all that blackmail needs.
    ## Fix
    Exclude the delete permissions: `where request.permission != 'OBJECT_DELETE'`, several of them joined by `all`.
    """
    s = statement(block.values)
    if s.subject != "group" or not s.manages(*DELETES) or s.administrators_only:
        return
    left = [p for p in DELETES[s.resource] if not excludes_permission(s.condition, p)]
    if left:
        yield block.fails(f"may manage {s.resource} without excluding {', '.join(left)}")


def _reads_secrets(s: Statement) -> bool:
    return any_of(SECRETS, lambda t: s.grants(SECRETS[t], t)) or any_of(
        SECRET_PERMISSIONS, lambda p: p in s.permissions
    )


def _is_machine(s: Statement) -> bool:
    if s.subject == "group":
        return any(set(words(name)) & ROBOTS for name in s.names)
    return s.subject in ("dynamic-group", *PUBLIC_SUBJECTS)


@rule(on="oci_identity_policy", each="statements", severity=MEDIUM, controls=["nist-800-53r5:AC-6"])
def oci_policy_unscoped_secrets(block: Block) -> Iterator[Finding]:
    """Machines read the secrets that are theirs, and no others.

    ## Why
    Every program in the group reads the passwords of all the others in the compartment.
    ## Fix
    Add `where target.secret.id = ...`, or a condition on the vault, the key or a tag of the secret.
    """
    s = statement(block.values)
    if s.effect != "allow" or not _is_machine(s) or not _reads_secrets(s):
        return
    if not guarantees(s.condition, lambda p: is_positive(p) and p.variable.startswith(SECRET_TARGETS)):
        yield block.fails("no condition names the secret, the vault or the key")
