"""The accounts that workloads run as, in the cluster and in the cloud."""

from collections.abc import Iterator

from assay import HIGH, LOW, MEDIUM, Finding, Graph, Resource, rule
from assay.analysis.credentials import static_key
from assay.kubernetes.relations import bindings_of, named, running_as, service_account
from assay.kubernetes.roles import BINDINGS
from assay.kubernetes.workloads import PODS, Pod, containers_of, pods, unowned


@rule(
    on=(*PODS, "ServiceAccount"),
    each=unowned,
    severity=MEDIUM,
    fixable=True,
    controls=["cis-kubernetes-1.23:5.1.6", "nist-800-53r5:AC-6"],
    equivalents=[
        "CKV_K8S_38",
        "kics:a9a13d4f",
        "kics:48471392",
        "AVD-KSV-0036",
        "kubescape:C-0034",
        "kubescape:C-0190",
        "kubescape:C-0261",
    ],
)
def k8s_token_automounted(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Pods that do not ask the API server get no token for it.

    ## Why
    Whoever breaks into the container finds the token and is that account; what it may do can grow without the pod
    changing.

    ## Fix
    Set `automountServiceAccountToken: false` on the pod or its service account. An account to which a role is bound is
    taken to need its token.
    """
    path = "automountServiceAccountToken"
    if r.type == "ServiceAccount":
        name = r["metadata.name"]
        if r["automountServiceAccountToken"] != False and not (
            bindings_of(r, name, graph) or running_as(r, name, graph)
        ):
            mend = r.set(path, False, safe=False)  # a token may be shown to others than the API server
            yield r.fails("its token is mounted, and no role is bound to it", at=path, fix=mend)
        return
    for pod in pods(r, graph):
        own = pod[path]
        if own == False:
            continue
        name = service_account(pod)
        account = named(pod, "ServiceAccount", name, graph)
        if own == None and account != None and account["automountServiceAccountToken"] == False:
            continue
        if not bindings_of(pod, name, graph):
            mend = pod.set(path, False, safe=False)
            yield pod.fails(f"the token of {name} is mounted, and no role is bound to it", at=path, fix=mend)


@rule(
    on=(*PODS, "ServiceAccount", *BINDINGS),
    each=unowned,
    severity=MEDIUM,
    controls=["nist-800-53r5:AC-6"],
    equivalents=[
        "CKV_K8S_41",
        "CKV_K8S_42",
        "kics:737a0dd9",
        "kics:3360c01e",
        "kics:24b132df",
        "kics:1e749bc9",
        "kics:591ade62",
        "kube-linter:default-service-account",
        "kubescape:C-0189",
    ],
)
def k8s_default_service_account(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Nothing runs as, and nothing is granted to, the default service account.

    ## Why
    Every pod that names no account is `default`: a right given to it is given to all of them, today's and tomorrow's.

    ## Fix
    Give each workload a ServiceAccount of its own, and switch off the token of `default`.
    """
    if r.type == "ServiceAccount":
        if r["metadata.name"] == "default" and r["automountServiceAccountToken"] != False:
            yield r.fails("the default account hands out its token", at="automountServiceAccountToken")
    elif r.type in BINDINGS:
        for subject in r.each("subjects"):
            if subject["kind"] == "ServiceAccount" and subject["name"] == "default":
                yield subject.fails(f"the default account gets {r['roleRef.name']}", at="name")
    else:
        for pod in pods(r, graph):
            if service_account(pod) == "default" and pod["automountServiceAccountToken"] != False:
                yield pod.fails("it runs as the default service account", at="serviceAccountName")


_PURPOSE = ("app.kubernetes.io/name", "app", "k8s-app")


@rule(on=PODS, each=pods, severity=LOW, controls=["nist-800-53r5:AC-6"], equivalents=["kics:f74b9c43", "kics:c1032cf7"])
def k8s_shared_service_account(pod: Pod, graph: Graph) -> Iterator[Finding]:
    """Workloads of different purpose have different service accounts.

    ## Why
    A shared account needs the rights of all who share it, and its trace in the audit log names none of them.

    ## Fix
    Give each workload a ServiceAccount of its own.
    """
    name = service_account(pod)
    if name == "default":
        return
    for other in running_as(pod, name, graph):
        if other.resource.address != pod.resource.address and _purpose(other) != _purpose(pod):
            yield pod.fails(f"{name} is shared with {other}", at="serviceAccountName", key=f"{name}")
            return


def _purpose(pod: Pod) -> object:
    return next((pod.labels[key] for key in _PURPOSE if key in pod.labels), pod.resource.name)


_KEYS = (
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AZURE_CLIENT_SECRET", "ARM_CLIENT_SECRET", "OCI_CLI_KEY_CONTENT",
    "OCI_PRIVATE_KEY", "OCI_API_KEY", "GOOGLE_CREDENTIALS",
)  # fmt: skip
_HOMES = ("/.aws", "/.oci", "/.azure", "/.config/gcloud")


@rule(on=PODS, each=pods, severity=HIGH, controls=["nist-800-53r5:AC-6"])
def k8s_static_cloud_keys(pod: Pod) -> Iterator[Finding]:
    """Workloads use the cloud as themselves, not with a key.

    ## Why
    A key works from anywhere and until somebody changes it; IRSA, Pod Identity and workload identity give the pod short
    credentials that are its own.

    ## Fix
    Bind a cloud role to the ServiceAccount (`eks.amazonaws.com/role-arn`, an EKS Pod Identity association, OKE workload
    identity) and remove the key.
    """
    for c in containers_of(pod):
        for entry in c.each("env"):
            kept = entry["value"]
            if entry["name"] in _KEYS and (not entry.absent("valueFrom.secretKeyRef") or static_key(kept)):
                yield entry.fails(f"{c} carries a cloud key in {entry['name']}", at="name", key=f"{entry['name']}")
        for mount in c.each("volumeMounts"):
            if f"{mount['mountPath']}".rstrip("/").endswith(_HOMES):
                yield mount.fails(f"{c} mounts cloud credentials at {mount['mountPath']}", at="mountPath")
