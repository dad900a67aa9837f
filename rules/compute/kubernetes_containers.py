"""What a container may do on its node: the Pod Security Standards' demands on containers."""

from collections.abc import Iterator

from assay import CRITICAL, HIGH, LOW, MEDIUM, Finding, any_of, as_list, require, rule
from assay.kubernetes.workloads import PODS, Container, Pod, capability, containers, pods

_BASELINE = (
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP",
    "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
)  # fmt: skip


require(
    "k8s-privileged-container",
    on=PODS,
    each=containers,
    path="securityContext.privileged",
    not_equals=True,
    severity=CRITICAL,
    controls=[
        "cis-kubernetes-1.23:5.2.2",
        "cis-kubernetes-2.0.1:5.2.2",
        "pss-baseline:privileged-containers",
        "pss-restricted:privileged-containers",
        "nist-800-53r5:AC-6",
    ],
    equivalents=[
        "CKV_K8S_16",
        "kics:87065ef8",
        "kics:dd29336b",
        "AVD-KSV-0017",
        "prowler:core_minimize_privileged_containers",
        "kube-linter:privileged-container",
        "kube-linter:scc-deny-privileged-container",
        "kubescape:C-0057",
        "kubescape:C-0193",
        "kubescape:C-0213",
    ],
    title="No container is privileged.",
    why="A privileged container has every capability and every device of its node: leaving it takes one command.",
    safe=False,
)
_PROC = "securityContext.procMount"


@rule(
    on=PODS,
    each=containers,
    severity=MEDIUM,
    fixable=True,
    controls=["pss-baseline:proc-mount-type", "pss-restricted:proc-mount-type", "nist-800-53r5:AC-6"],
    equivalents=["kics:0ad60203", "kics:f922827f", "AVD-KSV-0027", "kube-linter:unsafe-proc-mount"],
)
def k8s_proc_mount_unmasked(c: Container) -> Iterator[Finding]:
    """The runtime masks /proc in containers.

    ## Why
    The masked paths show or change the node's kernel. In a user namespace (`hostUsers: false`) they do not, and the
    baseline profile of Kubernetes 1.35 allows it there.

    ## Fix
    Remove `procMount`, or set `hostUsers: false` on the pod.
    """
    if c[_PROC] not in (None, "", "Default") and c.pod["hostUsers"] != False:
        yield c.fails(f"{c} sees all of /proc: {_PROC} is {c[_PROC]}", at=_PROC, fix=c.set(_PROC, "Default"))


@rule(
    on=PODS,
    each=containers,
    severity=LOW,
    controls=["pss-restricted:proc-mount-type", "nist-800-53r5:AC-6"],
)
def k8s_proc_mount_unmasked_in_user_namespace(c: Container) -> Iterator[Finding]:
    """The runtime masks /proc in containers of user namespaces too.

    ## Why
    Containers inside a container need all of /proc, and few others do: the restricted profile refuses it to everybody.

    ## Fix
    Remove `procMount`, where nothing builds or runs containers inside.
    """
    if c[_PROC] not in (None, "", "Default") and c.pod["hostUsers"] == False:
        yield c.fails(f"{c} sees all of /proc, in its user namespace: {_PROC} is {c[_PROC]}", at=_PROC)


@rule(
    on=PODS,
    each=containers,
    severity=HIGH,
    fixable=True,
    controls=[
        "cis-kubernetes-1.23:5.2.6",
        "cis-kubernetes-2.0.1:5.2.6",
        "pss-restricted:privilege-escalation",
        "nist-800-53r5:AC-6",
    ],
    equivalents=[
        "CKV_K8S_20",
        "kics:c878abb4",
        "kics:5572cc5e",
        "AVD-KSV-0001",
        "prowler:core_minimize_allowPrivilegeEscalation_containers",
        "kube-linter:privilege-escalation-container",
        "kubescape:C-0016",
        "kubescape:C-0197",
        "kubescape:C-0217",
    ],
)
def k8s_privilege_escalation_allowed(c: Container) -> Iterator[Finding]:
    """Processes of a container cannot gain privileges.

    ## Why
    Unless it is forbidden, a setuid program inside the image turns an ordinary user into root.

    ## Fix
    Set `allowPrivilegeEscalation: false`. Windows has no such setting.
    """
    path = "securityContext.allowPrivilegeEscalation"
    if c[path] != False and not c.pod.windows:
        fix = None if c.escalates_anyway else c.set(path, False)  # which the API server would refuse there
        yield c.fails(f"{c} may gain privileges: {path} is not false", at=path, fix=fix)


@rule(
    on=PODS,
    each=containers,
    severity=HIGH,
    fixable=True,
    controls=[
        "cis-kubernetes-1.23:5.2.7",
        "cis-kubernetes-2.0.1:5.2.7",
        "pss-restricted:running-as-non-root",
        "nist-800-53r5:AC-6",
    ],
    equivalents=[
        "CKV_K8S_23",
        "kics:4c415497",
        "kics:e3aa0612",
        "AVD-KSV-0012",
        "AVD-KSV-0105",
        "prowler:core_minimize_root_containers_admission",
        "kube-linter:run-as-non-root",
        "kubescape:C-0013",
        "kubescape:C-0198",
        "kubescape:C-0218",
    ],
)
def k8s_runs_as_root(c: Container) -> Iterator[Finding]:
    """Containers do not run as root.

    ## Why
    Root in the container is root on the node as soon as one wall falls: a mounted directory, a kernel bug, a runtime
    bug.

    ## Fix
    Set `runAsNonRoot: true`, for the pod or for each container, and a `runAsUser` other than 0 where the image names
    none.
    """
    user = c.effective("runAsUser")
    if user == 0:
        yield c.fails(f"{c} runs as user 0", at="securityContext.runAsUser", because=c.because("runAsUser"))
    elif user == None and c.effective("runAsNonRoot") != True:
        yield c.fails(
            f"{c} may run as root: neither runAsNonRoot nor runAsUser is set", at="securityContext.runAsNonRoot",
            because=c.because("runAsNonRoot"), fix=c.set("securityContext.runAsNonRoot", True, safe=False),
        )  # fmt: skip


@rule(
    on=PODS,
    each=pods,
    severity=LOW,
    controls=["pss-restricted:running-as-non-root", "nist-800-53r5:AC-6"],
)
def k8s_non_root_not_demanded(pod: Pod) -> Iterator[Finding]:
    """Pods demand that nobody in them is root, whatever user they name.

    Judged where a user is named; without one, who runs is another rule's.

    ## Why
    A user that is named can be changed by a patch to one line; `runAsNonRoot` is what the kubelet then refuses, and
    what the restricted profile asks for. It also refuses root as the pod's own default, though no container keeps it.

    ## Fix
    Set `runAsNonRoot: true` on the pod, and leave out what contradicts it.
    """
    demand, user = "securityContext.runAsNonRoot", "securityContext.runAsUser"
    for c in pod.containers:
        if c.effective("runAsNonRoot") != True and c.effective("runAsUser") not in (None, 0):
            yield c.fails(f"{c} is not to run as root, and nothing demands it: {demand} is not true", at=demand)
    if pod[demand] == False and all(c[demand] == True for c in pod.containers):
        yield pod.fails("runAsNonRoot is false for the pod, though every container overrides it", at=demand)
    if pod[user] == 0 and all(c[user] not in (None, 0) for c in pod.containers):
        yield pod.fails("runAsUser is 0 for the pod, though every container overrides it", at=user)


@rule(
    on=PODS,
    each=containers,
    severity=MEDIUM,
    controls=[
        "cis-kubernetes-1.23:5.2.13",
        "cis-kubernetes-2.0.1:5.2.12",
        "pss-baseline:host-ports",
        "pss-restricted:host-ports",
        "nist-800-53r5:AC-6",
    ],
    equivalents=[
        "CKV_K8S_26",
        "kics:4e74cf4f",
        "kics:2b1836f1",
        "AVD-KSV-0024",
        "prowler:core_minimize_admission_hostport_containers",
        "kubescape:C-0044",
        "kubescape:C-0204",
    ],
)
def k8s_host_port(c: Container) -> Iterator[Finding]:
    """Containers take no port of their node.

    ## Why
    The port is open on the node's own addresses, past Services and policies, and only one such pod fits on a node.

    ## Fix
    Remove `hostPort` and use a Service.
    """
    for port in c.each("ports"):
        if port["hostPort"] not in (None, 0):
            yield port.fails(f"{c} takes port {port['hostPort']} of its node", at="hostPort")


@rule(
    on=PODS,
    each=containers,
    severity=HIGH,
    controls=[
        "cis-kubernetes-1.23:5.7.3",
        "pss-baseline:capabilities",
        "pss-restricted:capabilities",
        "nist-800-53r5:AC-6",
    ],
    equivalents=["CKV_K8S_39", "kics:3f55386d", "kics:235236ee", "AVD-KSV-0005", "AVD-KSV-0120", "kubescape:C-0046"],
)
def k8s_dangerous_capability(c: Container) -> Iterator[Finding]:
    """Containers get no capability that reaches beyond them.

    ## Why
    `SYS_ADMIN`, `SYS_MODULE`, `SYS_PTRACE`, `NET_ADMIN` and their like are made for managing the node, and suffice to
    take it over.

    ## Fix
    Remove the capability; the baseline profile names those that are harmless.
    """
    for given in as_list(c["securityContext.capabilities.add"]):
        if capability(given) not in _BASELINE:
            yield c.fails(f"{c} gets {given}", at="securityContext.capabilities.add", key=f"{c}:{given}")


@rule(
    on=PODS,
    each=containers,
    severity=MEDIUM,
    controls=["cis-kubernetes-1.23:5.2.8", "pss-restricted:capabilities", "nist-800-53r5:AC-6"],
    equivalents=[
        "CKV_K8S_25",
        "kics:fe771ff7",
        "kics:19ebaa28",
        "AVD-KSV-0022",
        "prowler:core_minimize_containers_added_capabilities",
        "kubescape:C-0200",
        "kubescape:C-0219",
    ],
)
def k8s_added_capability(c: Container) -> Iterator[Finding]:
    """Containers add no capability, ports below 1024 excepted.

    ## Why
    Each capability is a part of root's power that the program does not need to answer requests.

    ## Fix
    Remove it from `capabilities.add`; only `NET_BIND_SERVICE` is allowed by the restricted profile.
    """
    added = [a for a in as_list(c["securityContext.capabilities.add"]) if capability(a) != "NET_BIND_SERVICE"]
    if added:
        yield c.fails(f"{c} adds {', '.join(f'{a}' for a in added)}", at="securityContext.capabilities.add")


@rule(
    on=PODS,
    each=containers,
    severity=MEDIUM,
    fixable=True,
    controls=[
        "cis-kubernetes-1.23:5.2.10",
        "cis-kubernetes-1.23:5.2.9",
        "cis-kubernetes-2.0.1:5.2.9",
        "pss-restricted:capabilities",
        "nist-800-53r5:AC-6",
    ],
    equivalents=[
        "CKV_K8S_37",
        "kics:21cef75f",
        "kics:268ca686",
        "AVD-KSV-0003",
        "AVD-KSV-0004",
        "AVD-KSV-0106",
        "prowler:core_minimize_containers_capabilities_assigned",
        "kubescape:C-0201",
        "kubescape:C-0220",
    ],
)
def k8s_capabilities_not_dropped(c: Container) -> Iterator[Finding]:
    """Containers drop all capabilities.

    ## Why
    The runtime grants a dozen by default, made for programs that start as root; nearly none needs them.

    ## Fix
    Set `capabilities.drop: ["ALL"]` and add back what is needed. Windows has no capabilities.
    """
    drop = "securityContext.capabilities.drop"
    if not any_of(as_list(c[drop]), lambda d: capability(d) == "ALL") and not c.pod.windows:
        yield c.fails(f"{c} keeps capabilities that the runtime grants", at=drop, fix=c.set(drop, ["ALL"], safe=False))


@rule(
    on=PODS,
    each=containers,
    severity=MEDIUM,
    controls=["pss-baseline:host-probes", "pss-restricted:host-probes", "nist-800-53r5:AC-6"],
)
def k8s_probe_host(c: Container) -> Iterator[Finding]:
    """Probes and hooks ask the pod itself.

    ## Why
    The kubelet calls whatever `host` names, from inside the node's network: a request forged by whoever writes the pod.

    ## Fix
    Remove `host` from the probe or hook; the pod's own address is the default.
    """
    for probe in ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle.postStart", "lifecycle.preStop"):
        for handler in ("httpGet", "tcpSocket"):
            if c[f"{probe}.{handler}.host"] not in (None, ""):
                yield c.fails(f"{c}: {probe} asks another host", at=f"{probe}.{handler}.host")
