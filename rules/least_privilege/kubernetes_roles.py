"""What the rules of Roles and ClusterRoles grant."""

from collections.abc import Callable, Iterator

from assay import CRITICAL, HIGH, MEDIUM, Finding, Resource, any_of, as_list, rule
from assay.kubernetes.relations import built_in
from assay.kubernetes.roles import ADMISSION, APPS, BATCH, CERTIFICATES, CORE, RBAC, ROLES, granted, narrowed
from assay.model import Block

_Wanted = tuple[str, tuple[str, ...], tuple[str, ...]]


def _grants(role: Resource, *wanted: _Wanted, but: Callable[[Block], bool] | None = None) -> Iterator[Finding]:
    """A finding for each rule of a role that grants one of the verbs on one of the resources."""
    if built_in(role):
        return
    for entry in role.each("rules"):
        found = [name for group, resources, verbs in wanted for name in granted(entry, group, resources, verbs)]
        if found and not (but and but(entry)):
            verbs = ", ".join(f"{v}" for v in as_list(entry["verbs"]))
            yield entry.fails(f"{verbs} on {', '.join(dict.fromkeys(found))} is granted", at="verbs")


@rule(
    on=ROLES,
    severity=HIGH,
    controls=["cis-kubernetes-1.23:5.1.3", "cis-kubernetes-2.0.1:5.1.3", "nist-800-53r5:AC-6"],
    equivalents=[
        "CKV_K8S_49",
        "kics:6b896afb",
        "AVD-KSV-0044",
        "AVD-KSV-0045",
        "AVD-KSV-0046",
        "AVD-KSV-0112",
        "prowler:rbac_minimize_wildcard_use_roles",
        "kube-linter:wildcard-in-rules",
        "kubescape:C-0187",
    ],
)
def k8s_wildcard_role(role: Resource) -> Iterator[Finding]:
    """Roles name what they grant.

    ## Why
    `*` also grants what does not exist yet: the next custom resource, the next subresource, and every verb that
    escalates.

    ## Fix
    List the verbs, resources and API groups that are used.
    """
    if built_in(role):
        return
    for entry in role.each("rules"):
        for field in ("verbs", "resources", "apiGroups"):
            if any_of(as_list(entry[field]), lambda v: v == "*"):
                yield entry.fails(f"{field} holds *", at=field)
                break


@rule(
    on=ROLES,
    severity=HIGH,
    controls=["cis-kubernetes-1.23:5.1.2", "cis-kubernetes-2.0.1:5.1.2", "nist-800-53r5:AC-6"],
    equivalents=[
        "CKV2_K8S_5",
        "kics:826abb30",
        "kics:07fc3413",
        "kics:b7bca5c4",
        "kics:056ac60e",
        "AVD-KSV-0113",
        "AVD-KSV-0041",
        "prowler:rbac_minimize_secret_access",
        "kube-linter:access-to-secrets",
        "kubescape:C-0015",
        "kubescape:C-0186",
        "kubescape:C-0255",
    ],
)
def k8s_secrets_readable(role: Resource) -> Iterator[Finding]:
    """Roles do not read every Secret.

    ## Why
    Secrets hold the tokens and passwords of everything else in the namespace; `list` and `watch` return their content
    as well as `get` does.

    ## Fix
    Remove the right, or name the Secrets in `resourceNames` and grant `get` alone.
    """
    yield from _grants(role, (CORE, ("secrets",), ("get", "list", "watch")), but=narrowed)


@rule(on=ROLES, severity=MEDIUM, controls=["nist-800-53r5:AC-6"], equivalents=["AVD-KSV-0049", "kubescape:C-0258"])
def k8s_configmaps_writable(role: Resource) -> Iterator[Finding]:
    """Roles do not change any ConfigMap.

    ## Why
    Programs obey their ConfigMaps: whoever writes them redirects the program, or its DNS, without touching it.

    ## Fix
    Name the ConfigMaps in `resourceNames`.
    """
    yield from _grants(role, (CORE, ("configmaps",), ("create", "update", "patch", "delete")), but=narrowed)


@rule(
    on=ROLES,
    severity=HIGH,
    controls=["nist-800-53r5:AC-6"],
    equivalents=["AVD-KSV-0051", "AVD-KSV-0052", "AVD-KSV-0055"],
)
def k8s_binding_editable(role: Resource) -> Iterator[Finding]:
    """Roles do not hand out roles.

    ## Why
    Who may write bindings decides who may do what; together with `bind` there is no limit to it.

    ## Fix
    Leave bindings to the pipeline that applies them.
    """
    yield from _grants(role, (RBAC, ("rolebindings", "clusterrolebindings"), ("create", "update", "patch")))


@rule(on=ROLES, severity=HIGH, controls=["nist-800-53r5:AC-6"], equivalents=["CKV2_K8S_4"])
def k8s_service_status_granted(role: Resource) -> Iterator[Finding]:
    """Roles do not write the status of Services.

    ## Why
    With a load balancer address of its own choice in the status, a Service takes over the traffic to that address
    (CVE-2020-8554).

    ## Fix
    Remove `services/status`; only the cloud's controller writes it.
    """
    yield from _grants(role, (CORE, ("services/status",), ("update", "patch")))


@rule(
    on=(*ROLES, "ConfigMap"),
    severity=HIGH,
    controls=["nist-800-53r5:AC-6"],
    equivalents=["AVD-KSV-0115", "kubescape:C-0285"],
)
def k8s_aws_auth_writable(r: Resource) -> Iterator[Finding]:
    """Nobody changes who is an administrator of an EKS cluster from inside.

    ## Why
    `aws-auth` maps AWS principals to groups: one line in it makes any of them `system:masters`, which no policy stops.

    ## Fix
    Use EKS access entries, and remove the right on `aws-auth` and the mappings to `system:masters`.
    """
    if r.type == "ConfigMap":
        for field in ("mapRoles", "mapUsers"):
            if _aws_auth(r) and "system:masters" in (r[f"data.{field}"] or ""):
                yield r.fails(f"{field} makes a principal system:masters", at=f"data.{field}")
        return

    def other(entry: Block) -> bool:
        names = as_list(entry["resourceNames"])
        return not any_of(names, lambda n: n == "aws-auth") and not (
            not names and r["metadata.namespace"] == "kube-system"
        )

    yield from _grants(r, (CORE, ("configmaps",), ("create", "update", "patch", "delete")), but=other)


def _aws_auth(config: Resource) -> bool:
    return bool(config["metadata.name"] == "aws-auth")


@rule(
    on=ROLES,
    severity=MEDIUM,
    controls=["cis-kubernetes-2.0.1:5.1.4", "nist-800-53r5:AC-6"],
    equivalents=[
        "kics:522d4a64",
        "kics:592ad21d",
        "AVD-KSV-0048",
        "prowler:rbac_minimize_pod_creation_access",
        "kube-linter:access-to-create-pods",
        "kubescape:C-0188",
    ],
)
def k8s_pod_creation_granted(role: Resource) -> Iterator[Finding]:
    """Roles that make pods are few.

    ## Why
    Who makes a pod chooses its service account, its volumes and its node: every Secret and every account of the
    namespace
    is within reach.

    ## Fix
    Grant it to the pipeline alone, and enforce a Pod Security Standard on the namespace.
    """
    workloads = ("deployments", "daemonsets", "statefulsets", "replicasets")
    yield from _grants(
        role, (CORE, ("pods", "replicationcontrollers"), ("create",)), (APPS, workloads, ("create",)),
        (BATCH, ("jobs", "cronjobs"), ("create",)),
    )  # fmt: skip


@rule(
    on=ROLES,
    severity=HIGH,
    controls=["nist-800-53r5:AC-6"],
    equivalents=["kics:d45330fd", "kics:c589f42c", "AVD-KSV-0054", "AVD-KSV-0053", "kubescape:C-0002"],
)
def k8s_exec_granted(role: Resource) -> Iterator[Finding]:
    """Roles do not run commands in pods.

    ## Why
    `exec` is a shell in every container of the namespace, with its mounted Secrets and its service account.

    ## Fix
    Remove it, and grant it for the time of an incident.
    """
    yield from _grants(role, (CORE, ("pods/exec", "pods/attach"), ("create", "get")))


@rule(on=ROLES, severity=MEDIUM, controls=["nist-800-53r5:AC-6"], equivalents=["kics:38fa11ef", "kubescape:C-0063"])
def k8s_port_forward_granted(role: Resource) -> Iterator[Finding]:
    """Roles do not forward ports.

    ## Why
    A forwarded port reaches what listens on a pod's loopback, past every NetworkPolicy.

    ## Fix
    Remove `pods/portforward`, and grant it for the time of an incident.
    """
    yield from _grants(role, (CORE, ("pods/portforward",), ("create", "get")))


@rule(
    on=ROLES,
    severity=CRITICAL,
    controls=["cis-kubernetes-1.23:5.1.8", "nist-800-53r5:AC-6"],
    equivalents=[
        "CKV2_K8S_1",
        "CKV_K8S_157",
        "CKV_K8S_158",
        "CKV2_K8S_3",
        "kics:8320826e",
        "kics:9f85c3f6",
        "AVD-KSV-0050",
        "AVD-KSV-0043",
        "kubescape:C-0065",
        "kubescape:C-0191",
    ],
)
def k8s_escalation_granted(role: Resource) -> Iterator[Finding]:
    """Roles cannot outgrow themselves.

    ## Why
    `escalate` writes rights into a role that its owner does not have, `bind` hands out any role, `impersonate` acts as
    anybody: each is cluster-admin in two steps.

    ## Fix
    Remove the verb.
    """
    people = ("users", "groups", "serviceaccounts")
    yield from _grants(
        role, (RBAC, ("roles", "clusterroles"), ("bind", "escalate")), (CORE, people, ("impersonate",)),
        ("authentication.k8s.io", ("uids", "userextras"), ("impersonate",)),
    )  # fmt: skip


@rule(
    on=ROLES,
    severity=CRITICAL,
    controls=["cis-kubernetes-2.0.1:5.1.10", "nist-800-53r5:AC-6"],
    equivalents=[
        "CKV2_K8S_2",
        "AVD-KSV-0047",
        "prowler:rbac_minimize_node_proxy_subresource_access",
        "kubescape:C-0279",
    ],
)
def k8s_node_proxy_granted(role: Resource) -> Iterator[Finding]:
    """Roles do not reach the kubelets through the API server.

    ## Why
    `nodes/proxy` is the kubelet's own API: commands in every pod of every node, without admission and without audit.

    ## Fix
    Grant `nodes/metrics` or `nodes/stats` for monitoring.
    """
    yield from _grants(role, (CORE, ("nodes/proxy",), ("get", "create")))


@rule(
    on=("ClusterRole",),
    severity=HIGH,
    controls=["cis-kubernetes-2.0.1:5.1.12", "nist-800-53r5:AC-6"],
    equivalents=["CKV_K8S_155", "AVD-KSV-0114", "prowler:rbac_minimize_webhook_config_access", "kubescape:C-0281"],
)
def k8s_webhook_config_granted(role: Resource) -> Iterator[Finding]:
    """Roles do not change admission webhooks.

    ## Why
    A webhook sees every object that is written, Secrets included, and may change it; without one, policies are off.

    ## Fix
    Leave webhook configurations to the pipeline that installs them.
    """
    names = ("validatingwebhookconfigurations", "mutatingwebhookconfigurations")
    yield from _grants(role, (ADMISSION, names, ("create", "update", "patch")))


@rule(
    on=("ClusterRole",),
    severity=HIGH,
    controls=["cis-kubernetes-2.0.1:5.1.11", "nist-800-53r5:AC-6"],
    equivalents=["CKV_K8S_156", "prowler:rbac_minimize_csr_approval_access", "kubescape:C-0280"],
)
def k8s_certificate_approval_granted(role: Resource) -> Iterator[Finding]:
    """Roles do not approve certificates.

    ## Why
    An approved request is a client certificate in any name, valid for a year, that cannot be revoked.

    ## Fix
    Remove `certificatesigningrequests/approval`.
    """
    yield from _grants(role, (CERTIFICATES, ("certificatesigningrequests/approval",), ("update", "patch")))


@rule(on=("ClusterRole",), severity=MEDIUM, controls=["nist-800-53r5:AC-6"], equivalents=["kubescape:C-0278"])
def k8s_persistent_volume_creation_granted(role: Resource) -> Iterator[Finding]:
    """Roles do not create PersistentVolumes.

    ## Why
    A PersistentVolume may be a directory of the node: whoever creates one mounts the node's root past Pod Security.

    ## Fix
    Let storage classes provision volumes; grant claims only.
    """
    yield from _grants(role, (CORE, ("persistentvolumes",), ("create",)))


@rule(
    on=ROLES,
    severity=HIGH,
    controls=["cis-kubernetes-2.0.1:5.1.13", "nist-800-53r5:AC-6"],
    equivalents=["prowler:rbac_minimize_service_account_token_creation", "kubescape:C-0282"],
)
def k8s_token_creation_granted(role: Resource) -> Iterator[Finding]:
    """Roles do not issue tokens of service accounts.

    ## Why
    A token for any account of the namespace makes its bearer that account.

    ## Fix
    Name the accounts in `resourceNames`, or remove the right.
    """
    yield from _grants(role, (CORE, ("serviceaccounts/token",), ("create",)), but=narrowed)


@rule(on=ROLES, severity=MEDIUM, controls=["nist-800-53r5:AC-6"], equivalents=["kubescape:C-0007"])
def k8s_delete_granted(role: Resource) -> Iterator[Finding]:
    """Roles do not delete workloads.

    ## Why
    Deleting a Deployment is an outage; deleting all of them is an attack.

    ## Fix
    Leave deletion to the pipeline.
    """
    workloads = ("deployments", "daemonsets", "statefulsets", "replicasets")
    verbs = ("delete", "deletecollection")
    yield from _grants(role, (CORE, ("pods",), verbs), (APPS, workloads, verbs), (BATCH, ("jobs", "cronjobs"), verbs))


@rule(on=ROLES, severity=MEDIUM, controls=["nist-800-53r5:AC-6"], equivalents=["AVD-KSV-0042", "kubescape:C-0031"])
def k8s_event_deletion_granted(role: Resource) -> Iterator[Finding]:
    """Roles do not delete events and logs.

    ## Why
    Who may delete events covers their own tracks.

    ## Fix
    Remove the right.
    """
    verbs = ("delete", "deletecollection")
    yield from _grants(role, (CORE, ("events", "pods/log"), verbs), ("events.k8s.io", ("events",), verbs))


@rule(on=ROLES, severity=MEDIUM, controls=["nist-800-53r5:AC-6"], equivalents=["AVD-KSV-0056"])
def k8s_network_change_granted(role: Resource) -> Iterator[Finding]:
    """Roles do not change how traffic flows.

    ## Why
    A Service, an Ingress or a policy that somebody changes sends requests elsewhere, or opens what was closed.

    ## Fix
    Leave them to the pipeline.
    """
    verbs = ("create", "update", "patch", "delete")
    networking = ("networking.k8s.io", ("ingresses", "networkpolicies"), verbs)
    yield from _grants(role, (CORE, ("services",), verbs), networking)
