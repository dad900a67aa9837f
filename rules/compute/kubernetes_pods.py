"""What a pod shares with its node: the Pod Security Standards' demands on whole pods."""

from collections.abc import Iterator

from assay import HIGH, LOW, MEDIUM, Block, Finding, Graph, Resource, require, rule
from assay.analysis.host_paths import is_sensitive
from assay.analysis.parts import one_by_one
from assay.kubernetes.relations import system_namespace
from assay.kubernetes.workloads import PODS, Pod, pods, unowned
from assay.model import is_map

require(
    "k8s-host-pid",
    on=PODS,
    each=pods,
    path="hostPID",
    not_equals=True,
    severity=HIGH,
    controls=[
        "cis-kubernetes-1.23:5.2.3",
        "cis-kubernetes-2.0.1:5.2.3",
        "pss-baseline:host-namespaces",
        "pss-restricted:host-namespaces",
        "nist-800-53r5:AC-6",
    ],
    equivalents=[
        "CKV_K8S_17",
        "kics:587d5d82",
        "kics:302736f4",
        "AVD-KSV-0010",
        "prowler:core_minimize_hostPID_containers",
        "kube-linter:host-pid",
        "kubescape:C-0038",
        "kubescape:C-0194",
        "kubescape:C-0214",
        "kubescape:C-0275",
    ],
    title="Pods do not share the node's process table.",
    why="A process of the pod sees every process of the node, reads their environment and may signal or trace them.",
    safe=False,
)
require(
    "k8s-host-ipc",
    on=PODS,
    each=pods,
    path="hostIPC",
    not_equals=True,
    severity=HIGH,
    controls=[
        "cis-kubernetes-1.23:5.2.4",
        "cis-kubernetes-2.0.1:5.2.4",
        "pss-baseline:host-namespaces",
        "pss-restricted:host-namespaces",
        "nist-800-53r5:AC-6",
    ],
    equivalents=[
        "CKV_K8S_18",
        "kics:e94d3121",
        "kics:cd290efd",
        "AVD-KSV-0008",
        "prowler:core_minimize_hostIPC_containers",
        "kube-linter:host-ipc",
        "kubescape:C-0195",
        "kubescape:C-0215",
        "kubescape:C-0276",
    ],
    title="Pods do not share the node's inter-process communication.",
    why="Shared memory and semaphores of every process of the node are open to the pod.",
    safe=False,
)
require(
    "k8s-host-network",
    on=PODS,
    each=pods,
    path="hostNetwork",
    not_equals=True,
    severity=HIGH,
    controls=[
        "cis-kubernetes-1.23:5.2.5",
        "cis-kubernetes-2.0.1:5.2.5",
        "pss-baseline:host-namespaces",
        "pss-restricted:host-namespaces",
        "nist-800-53r5:AC-6",
    ],
    equivalents=[
        "CKV_K8S_19",
        "kics:ac1564a3",
        "kics:6b6bdfb3",
        "AVD-KSV-0009",
        "prowler:core_minimize_hostNetwork_containers",
        "kube-linter:host-network",
        "kubescape:C-0041",
        "kubescape:C-0196",
        "kubescape:C-0216",
    ],
    title="Pods do not use the node's network.",
    why="The pod reaches what listens on the node's loopback, the kubelet among it, and no NetworkPolicy holds it.",
    safe=False,
)

_SELINUX_TYPES = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
_SAFE_SYSCTLS = (
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem",
)  # fmt: skip
_VOLUME_TYPES = (
    "name", "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret",
    "image",
)  # fmt: skip


@rule(
    on=(*PODS, "PersistentVolume"),
    each=unowned,
    severity=HIGH,
    controls=["nist-800-53r5:AC-6"],
    equivalents=[
        "kics:a737be28",
        "kics:5308a7a8",
        "AVD-KSV-0121",
        "kube-linter:sensitive-host-mounts",
        "kubescape:C-0048",
    ],
)
def k8s_sensitive_host_path(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Pods mount no directory that runs the node.

    ## Why
    `/etc`, `/proc`, `/var/run` or the kubelet's own directory hold the node's credentials and its configuration:
    whoever reads them is the node, whoever writes them owns it.

    ## Fix
    Use an `emptyDir`, a ConfigMap or a PersistentVolumeClaim; mount the one file that is needed where there is no other
    way.
    """
    for volume in _host_paths(r, graph):
        if is_sensitive(volume["path"]):
            yield volume.fails(f"{volume['path']} of the node is mounted", at="path")


@rule(
    on=(*PODS, "PersistentVolume"),
    each=unowned,
    severity=MEDIUM,
    controls=[
        "cis-kubernetes-1.23:5.2.12",
        "pss-baseline:hostpath-volumes",
        "pss-restricted:hostpath-volumes",
        "nist-800-53r5:AC-6",
    ],
    equivalents=[
        "kics:86a947ea",
        "kics:aa8f7a35",
        "AVD-KSV-0023",
        "prowler:core_minimize_hostpath_volume_mounts",
        "kubescape:C-0203",
    ],
)
def k8s_host_path_volume(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Pods outside the system namespaces mount nothing of their node.

    ## Why
    What the pod leaves there outlives it and meets the next pod; a symbolic link out of the directory leads anywhere on
    the node.

    ## Fix
    Use a PersistentVolumeClaim, an `emptyDir` or a ConfigMap.
    """
    if system_namespace(r):
        return
    for volume in _host_paths(r, graph):
        yield volume.fails("a directory of the node is mounted")


def _host_paths(r: Resource, graph: Graph) -> Iterator[Block]:
    if r.type == "PersistentVolume":
        yield from r.each("spec.hostPath")
    for pod in pods(r, graph):
        for volume in pod.volumes("hostPath"):
            yield from volume.each("hostPath")


@rule(
    on=PODS,
    each=pods,
    severity=LOW,
    controls=["nist-800-53r5:AC-6"],
    equivalents=["CKV_K8S_30", "CKV_K8S_29", "kics:ad69e38a", "kics:a97a340a", "AVD-KSV-0118", "kubescape:C-0211"],
)
def k8s_no_security_context(pod: Pod) -> Iterator[Finding]:
    """Pods or their containers say what they may do.

    ## Why
    Without a security context every default holds: root, all of the runtime's capabilities, a writable root filesystem.

    ## Fix
    Add a `securityContext` with `runAsNonRoot: true` and a seccomp profile to the pod, and drop the capabilities of its
    containers.
    """
    if not pod["securityContext"] and not any(c["securityContext"] for c in pod.containers):
        yield pod.fails("neither the pod nor a container has a securityContext")


@rule(
    on=PODS,
    each=pods,
    severity=MEDIUM,
    controls=["pss-baseline:sysctls", "pss-restricted:sysctls", "nist-800-53r5:AC-6"],
    equivalents=["kics:a9174d31", "kics:9127f0d9", "AVD-KSV-0026", "kube-linter:unsafe-sysctls"],
)
def k8s_unsafe_sysctl(pod: Pod) -> Iterator[Finding]:
    """Pods set safe kernel parameters only.

    ## Why
    Other parameters reach beyond the pod: they can starve its neighbours or switch off a protection of the node.

    ## Fix
    Remove the sysctl, or set it for the whole node where that is meant.
    """
    for sysctl in pod.each("securityContext.sysctls"):
        if sysctl["name"] not in _SAFE_SYSCTLS:
            yield sysctl.fails(f"{sysctl['name']} is outside the safe set", at="name", key=sysctl["name"])


@rule(on=PODS, each=pods, severity=LOW, controls=["pss-restricted:volume-types", "nist-800-53r5:AC-6"])
def k8s_volume_type(pod: Pod) -> Iterator[Finding]:
    """Pods use volumes that Kubernetes manages.

    ## Why
    Network filesystems and disks that a pod names itself bypass quotas, classes and the permissions on claims.

    ## Fix
    Use a PersistentVolumeClaim.
    """
    for volume in pod.each("volumes"):
        for kind in volume.values if is_map(volume.values) else ():
            if kind not in _VOLUME_TYPES and kind != "hostPath" and not volume.absent(kind):
                yield volume.fails(f"a volume of type {kind} is outside the restricted profile", at=kind)


@rule(
    on=PODS,
    each=pods,
    severity=LOW,
    controls=["cis-kubernetes-1.23:5.7.3", "pss-baseline:selinux", "pss-restricted:selinux", "nist-800-53r5:AC-6"],
    equivalents=["AVD-KSV-0025"],
)
def k8s_selinux_custom(pod: Pod) -> Iterator[Finding]:
    """Pods keep the SELinux context of containers.

    ## Why
    A user, a role or a type of one's own may be one that the policy does not confine.

    ## Fix
    Remove `user` and `role`; choose one of `container_t`, `container_init_t`, `container_kvm_t` as the type.
    """
    options = "securityContext.seLinuxOptions"

    def judge(view: Block) -> Iterator[Finding]:
        if view[f"{options}.type"] not in (None, *_SELINUX_TYPES):
            yield view.fails(f"{view.label}the SELinux type is {view[f'{options}.type']}", at=f"{options}.type")
        for field in ("user", "role"):
            if view[f"{options}.{field}"] not in (None, ""):
                yield view.fails(f"{view.label}the SELinux {field} is set", at=f"{options}.{field}")

    yield from one_by_one(pod.views(), judge)


@rule(
    on=PODS,
    each=pods,
    severity=HIGH,
    controls=[
        "cis-kubernetes-1.23:5.2.11",
        "cis-kubernetes-2.0.1:5.2.10",
        "pss-baseline:host-process",
        "pss-restricted:host-process",
        "nist-800-53r5:AC-6",
    ],
    equivalents=["AVD-KSV-0103", "prowler:core_minimize_admission_windows_hostprocess_containers", "kubescape:C-0202"],
)
def k8s_windows_host_process(pod: Pod) -> Iterator[Finding]:
    """Windows pods do not run as processes of their node.

    ## Why
    A host process has the node's filesystem, network and, as `NT AUTHORITY\\\\SYSTEM`, everything else.

    ## Fix
    Remove `windowsOptions.hostProcess`.
    """
    path = "securityContext.windowsOptions.hostProcess"

    def judge(view: Block) -> Iterator[Finding]:
        if view[path] == True:
            yield view.fails(f"{view.label}it runs as a process of the node", at=path)

    yield from one_by_one(pod.views(), judge)
