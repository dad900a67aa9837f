"""What pod security policies of old clusters admit; Kubernetes removed them in 1.25, and nothing stands in their place
before that."""

from collections.abc import Iterator

from assay import MEDIUM, Finding, Resource, any_of, require, rule
from assay.kubernetes.relations import annotation
from assay.kubernetes.workloads import capability

POLICY = "PodSecurityPolicy"
SOURCES = ("manifest", "terraform", "plan")
CONTROLS = ["nist-800-53r5:AC-6"]

require(
    "k8s-pod-security-policy-privileged",
    on=POLICY,
    path="spec.privileged",
    not_equals=True,
    sources=SOURCES,
    severity=MEDIUM,
    controls=CONTROLS,
    equivalents=["CKV_K8S_2", "kics:a6a4d4fc", "kics:c48e57d3"],
    title="Pod security policies admit no privileged container.",
    why="A privileged container owns its node.",
    safe=False,
)
require(
    "k8s-pod-security-policy-host-network",
    on=POLICY,
    path="spec.hostNetwork",
    not_equals=True,
    sources=SOURCES,
    severity=MEDIUM,
    controls=CONTROLS,
    equivalents=["CKV_K8S_4", "kics:4950837c", "kics:a33e9173"],
    title="Pod security policies keep pods off the network of the node.",
    why="There a pod hears the node's own traffic and reaches what listens on its loopback.",
    safe=False,
)
require(
    "k8s-pod-security-policy-host-pid",
    on=POLICY,
    path="spec.hostPID",
    not_equals=True,
    sources=SOURCES,
    severity=MEDIUM,
    controls=CONTROLS,
    equivalents=["CKV_K8S_1", "kics:91dacd0e"],
    title="Pod security policies hide the processes of the node.",
    why="Who sees the processes of the node reads their environment, and ends them.",
    safe=False,
)
require(
    "k8s-pod-security-policy-host-ipc",
    on=POLICY,
    path="spec.hostIPC",
    not_equals=True,
    sources=SOURCES,
    severity=MEDIUM,
    controls=CONTROLS,
    equivalents=["CKV_K8S_3", "kics:51bed0ac", "kics:80f93444"],
    title="Pod security policies keep pods out of the shared memory of the node.",
    why="What programs of the node share is read and changed from the pod.",
    safe=False,
)
require(
    "k8s-pod-security-policy-escalation",
    on=POLICY,
    path="spec.allowPrivilegeEscalation",
    equals=False,
    sources=SOURCES,
    severity=MEDIUM,
    controls=CONTROLS,
    equivalents=["CKV_K8S_5", "kics:2bff9906", "kics:87554eef"],
    title="Pod security policies admit no gain of privileges.",
    why="Unless it is forbidden, a setuid program inside the image turns an ordinary user into root.",
    safe=False,
)


@rule(
    on=POLICY,
    sources=SOURCES,
    severity=MEDIUM,
    controls=CONTROLS,
    equivalents=["CKV_K8S_24", "kics:48388bd2", "kics:7307579a"],
)
def k8s_pod_security_policy_capability(policy: Resource) -> Iterator[Finding]:
    """Pod security policies admit no further capability.

    ## Why
    Each capability is a part of root's power.

    ## Fix
    Remove `allowedCapabilities`.
    """
    added = policy["spec.allowedCapabilities"]
    if added:
        yield policy.fails(f"it admits {', '.join(f'{a}' for a in added)}", at="spec.allowedCapabilities")


@rule(
    on=POLICY,
    sources=SOURCES,
    severity=MEDIUM,
    controls=CONTROLS,
    equivalents=["CKV_K8S_7", "CKV_K8S_36", "kics:9aa32890", "kics:2270987f", "kics:caa93370"],
)
def k8s_pod_security_policy_net_raw(policy: Resource) -> Iterator[Finding]:
    """Pod security policies make containers drop `NET_RAW`.

    ## Why
    With it a container answers in the name of others on the pod network.

    ## Fix
    Name `ALL`, or `NET_RAW`, in `requiredDropCapabilities`.
    """
    dropped = policy["spec.requiredDropCapabilities"] or []
    if not any_of(dropped, lambda c: capability(c) in ("ALL", "NET_RAW")):
        yield policy.fails("containers keep NET_RAW", at="spec.requiredDropCapabilities")


@rule(on=POLICY, sources=SOURCES, severity=MEDIUM, controls=CONTROLS, equivalents=["CKV_K8S_6"])
def k8s_pod_security_policy_root(policy: Resource) -> Iterator[Finding]:
    """Pod security policies admit nobody who runs as root.

    ## Why
    Root in the container is root on the node as soon as one wall falls.

    ## Fix
    Set `runAsUser.rule: MustRunAsNonRoot`.
    """
    demanded = policy["spec.runAsUser.rule"]
    ranges = policy.each("spec.runAsUser.ranges") if demanded == "MustRunAs" else []
    if demanded != "MustRunAsNonRoot" and (not ranges or any_of(ranges, lambda ids: ids["min"] in (None, 0))):
        yield policy.fails("pods may run as root", at="spec.runAsUser.rule")


@rule(on=POLICY, sources=SOURCES, severity=MEDIUM, controls=CONTROLS, equivalents=["CKV_K8S_32"])
def k8s_pod_security_policy_seccomp(policy: Resource) -> Iterator[Finding]:
    """Pod security policies give pods the seccomp profile of their runtime.

    ## Why
    The profile refuses the system calls that most exploits of the kernel need.

    ## Fix
    Set the annotation `seccomp.security.alpha.kubernetes.io/defaultProfileName` to `runtime/default`.
    """
    profile = annotation(policy, "seccomp.security.alpha.kubernetes.io/defaultProfileName")
    if profile not in ("runtime/default", "docker/default"):
        yield policy.fails("pods get no seccomp profile", at="metadata.annotations")


@rule(on=POLICY, sources=SOURCES, severity=MEDIUM, controls=CONTROLS, equivalents=["kics:de4421f1"])
def k8s_pod_security_policy_permissive(policy: Resource) -> Iterator[Finding]:
    """Pod security policies admit directories of the node for reading only.

    ## Why
    Whoever can write into the node's directories leaves there what the node will run.

    ## Fix
    Set `readOnly: true` on the entries of `allowedHostPaths`, and none for `/`.
    """
    for path in policy.each("spec.allowedHostPaths"):
        if path["pathPrefix"] == "/" or path["readOnly"] != True:
            yield path.fails(f"pods may write to {path['pathPrefix']} of the node", at="pathPrefix")
