"""OCI policies: who may do too much, statement by statement."""

from __future__ import annotations

from collections.abc import Iterator

from assay import CRITICAL, HIGH, LOW, MEDIUM, Block, Finding, Graph, Resource, any_of, as_list, rule, show
from assay.analysis.naming import words
from assay.analysis.oci_conditions import (
    excludes_permission,
    guarantees,
    is_positive,
    names_principal,
    narrows,
    spares_administrators,
)
from assay.analysis.oci_escalation import READ_SECRETS, escalations, exits
from assay.analysis.oci_identity import Entry, Tenancy, nowhere, tenancy
from assay.analysis.oci_permissions import date, is_known, is_permission, near
from assay.analysis.oci_policy_language import PUBLIC_SUBJECTS, Statement, parsed_rule, statement
from assay.analysis.oci_questions import insufficient, redundant
from assay.analysis.oci_tenancy import is_everywhere, is_tenancy
from assay.analysis.parts import one_by_one

# What a machine that only builds or runs something never manages as a whole.
SUPPLY = ("repos", "all-artifacts", "artifact-repositories", "generic-artifacts", "clusters")
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
    whole = s.grants("manage", "all-resources") and is_everywhere(s)
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
        if s.place == "compartment" and not is_everywhere(s) and not narrows(s.condition):
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
    may = s.grants("use", "users", "groups") and is_everywhere(s)
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


def _is_below(text: object) -> bool:
    s = statement(text)
    return s.place == "compartment" and not is_everywhere(s)


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
    if any_of(statements, _is_below) and is_tenancy(policy["compartment_id"]):
        yield policy.fails("speaks of one compartment, and is attached to the tenancy", at="compartment_id")
    elif len(statements) > params["statements"] and is_tenancy(policy["compartment_id"]):
        yield policy.fails(f"{len(statements)} statements attached to the tenancy", at="statements")


def _words(s: Statement) -> Iterator[tuple[bool, str]]:
    """Words of a statement that mean nothing; True where that is certain."""
    if s.resource != "" and not is_known(s.resource):
        meant = near(s.resource)
        if meant:
            yield True, f"{show(s.resource)} is no resource type: did you mean {meant}?"
        else:
            yield False, f"{show(s.resource)} is not among the resource types known in {date()}"
    for permission in s.permissions:
        if not is_permission(permission):
            yield False, f"{permission} is not among the permissions known in {date()}"


@rule(on=["oci_identity_policy", "oci_identity_dynamic_group"], severity=HIGH, controls=["nist-800-53r5:AC-3"])
def oci_policy_invalid(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Policy statements and matching rules mean something.

    ## Why
    A statement with a misspelt word is refused when it is applied, or grants nothing to anybody; so does one about a
    group that is not there, or a compartment that its policy cannot reach.
    ## Fix
    Write `Allow <subject> to <verb> <resource type> in <place> [where <condition>]`, names as they are, and attach the
    policy at or above the compartment it speaks of.
    """
    if r.type == "oci_identity_dynamic_group":
        found = parsed_rule(r["matching_rule"]) if r["matching_rule"] != None else ""
        if found != "" and found == str(found):
            yield r.fails(f"the matching rule cannot be read: {found}", at="matching_rule")
        return
    known = tenancy(graph, r)
    for block in r.each("statements"):
        yield from one_by_one([block], lambda b: _invalid(b, known))


def _invalid(block: Block, known: Tenancy) -> Iterator[Finding]:
    s = statement(block.values)
    if s.effect == "invalid":
        yield block.fails(s.fault, chars=s.spans.get("fault"))
        return
    own = [e for e in known.of(block.resource) if e.number == block.path[-1]]
    for certain, said in [*_words(s), *(x for e in own for x in nowhere(known, e))]:
        yield block.fails(said, chars=s.spans.get(_about(said, s))) if certain else block.unsure(said)


def _about(said: str, s: Statement) -> str:
    """Which part of a statement a sentence is about."""
    if said.startswith(f"there is no {s.subject} "):
        return "subject"
    return "resource" if "resource type" in said else "place"


@rule(
    on="oci_identity_policy",
    severity=CRITICAL,
    controls=["nist-800-53r5:AC-6", "nist-800-53r5:AC-6(5)"],
)
def oci_policy_privilege_escalation(policy: Resource, graph: Graph) -> Iterator[Finding]:
    """Only administrators can get every right there is.

    ## Why
    Who may write policies, put itself into a dynamic group, set other people's credentials, or run code as a principal
    that may do such a thing, has every right there is.
    ## Fix
    Leave these permissions to Administrators, exclude what reaches them by a condition on the target, or take the power
    from the principal whose code others can change.
    """
    blocks = policy.each("statements")
    for found in escalations(tenancy(graph, policy)):
        if found.entry.policy == policy:
            block = blocks[found.entry.number]
            because = [e.policy.where(e.path) for step in found.steps for e in step.entries[1:]]
            because += [step.entries[0].policy.where(step.entries[0].path) for step in found.steps[1:]]
            said = f"{found.who} " + ", then ".join(step.said for step in found.steps)
            if found.reason:
                yield block.unsure(f"{said}, if the value allows it: {found.reason}", because=because)
            else:
                yield block.fails(said, because=because, hops=found.hops)
    yield from _unread(policy, graph)


@rule(on="oci_identity_policy", severity=HIGH, controls=["nist-800-53r5:AC-6", "nist-800-53r5:AC-4"])
def oci_policy_data_exit(policy: Resource, graph: Graph) -> Iterator[Finding]:
    """Nobody can read out the data of the whole tenancy, by its own statements or as a principal it commands.

    ## Why
    Who reads every object or secret, exports keys, or opens buckets by pre-authenticated requests has the data of every
    compartment; and so has whoever may change the function or instance that may do this.
    ## Fix
    Grant it in the compartments that are needed, or on named buckets and secrets (`where target.bucket.name = ...`);
    keep who changes code apart from principals that read data.
    """
    blocks = policy.each("statements")
    for found in exits(tenancy(graph, policy)):
        if found.steps[0].said == READ_SECRETS.said:
            continue  # oci-policy-unscoped-secrets says so
        if found.entry.policy == policy:
            because = [step.entries[0].policy.where(step.entries[0].path) for step in found.steps[1:]]
            said = f"{found.who} " + ", then ".join(step.said for step in found.steps)
            block = blocks[found.entry.number]
            if found.reason:
                yield block.unsure(f"{said}, if the value allows it: {found.reason}", because=because)
            else:
                yield block.fails(said, because=because, hops=found.hops)
    yield from _unread(policy, graph)


def _unread(policy: Resource, graph: Graph) -> Iterator[Finding]:
    """Statements that nobody can read may say anything; an unknown number of them makes the whole policy unknown."""
    blocks = policy.each("statements")
    for e in tenancy(graph, policy).of(policy):
        if e.doubt != None and e.number < list.__len__(blocks):
            yield blocks[e.number].unsure(f"cannot be decided: {e.doubt.reason}")
    for _ in blocks:
        pass


@rule(on="oci_identity_policy", severity=LOW)
def oci_policy_redundant(policy: Resource, graph: Graph) -> Iterator[Finding]:
    """Every statement grants something of its own.

    ## Why
    Taking away a right that stands twice takes away nothing.
    ## Fix
    Delete the statement that others include.
    """
    known = tenancy(graph, policy)
    covered = redundant(known)
    blocks = policy.each("statements")
    for e in known.of(policy):
        for found in covered.get(e.key, ()):
            block = blocks[e.number]
            others = " and ".join(_called(o, policy) for o in found.by[:3])
            because = [o.policy.where(o.path) for o in found.by[:3]]
            if found.verdict == "yes":
                yield block.fails(f"{others} grants this already", because=because)
            else:
                yield block.unsure(f"{others} may grant this already: {found.reason}", because=because)
    yield from _unread(policy, graph)


def _called(e: Entry, policy: Resource) -> str:
    own = f"statement {e.number + 1}"
    return own if e.policy == policy else f"{own} of {e.policy}"


@rule(on="oci_identity_policy", severity=LOW, controls=["nist-800-53r5:AC-6"])
def oci_policy_insufficient(policy: Resource, graph: Graph) -> Iterator[Finding]:
    """A grant meant for an operation has all the permissions that the operation needs.

    ## Why
    An operation often needs permissions on other types: a launch reads the image and attaches to the subnet, a secret
    is created in a vault. What fails is then "fixed" with a grant of everything.
    ## Fix
    Grant the missing permissions to the same subject, with the smallest verb that has them.
    """
    blocks = policy.each("statements")
    for lack in insufficient(tenancy(graph, policy)):
        if lack.entry.policy == policy:
            block = blocks[lack.entry.number]
            missing = ", ".join(f"{p} ({' or '.join(types[:2])})" for p, types in lack.missing.items())
            if lack.reason:
                yield block.unsure(f"{lack.purpose} also takes {missing}, which may be granted: {lack.reason}")
            else:
                yield block.fails(f"{lack.purpose} also takes {missing}, which no statement here grants")
    yield from _unread(policy, graph)


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
