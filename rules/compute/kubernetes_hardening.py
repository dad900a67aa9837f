"""What hardens a container on its node beyond the Pod Security Standards."""

from collections.abc import Iterator

from assay import CRITICAL, HIGH, LOW, MEDIUM, Finding, Graph, Resource, any_of, as_list, rule
from assay.analysis.host_paths import is_runtime_socket
from assay.analysis.kubernetes_amounts import count
from assay.kubernetes.workloads import PODS, Container, Pod, capability, containers, pods, unowned


@rule(
    on=PODS,
    each=containers,
    severity=LOW,
    controls=["cis-kubernetes-1.23:5.7.3", "nist-800-53r5:AC-6"],
    equivalents=["CKV_K8S_40", "kics:cf34805e", "kics:02323c00", "AVD-KSV-0021", "AVD-KSV-0020", "AVD-KSV-0116"],
)
def k8s_low_user_id(c: Container) -> Iterator[Finding]:
    """Containers run as a user and a group above 10000.

    ## Why
    A low id is somebody on the node as well, whose files a container that breaks out can then read and write.

    ## Fix
    Set `runAsUser` and `runAsGroup` above 10000. Windows knows no such ids.
    """
    if c.pod.windows:
        return
    low = [f for f in ("runAsUser", "runAsGroup") if c.effective(f) == None or count(c.effective(f)) <= 10000]
    if low:
        yield c.fails(
            f"{c} has a low or no id: {' and '.join(low)}", at=f"securityContext.{low[0]}", because=c.because(low[0])
        )


@rule(
    on=PODS,
    each=unowned,
    severity=HIGH,
    fixable=True,
    controls=["nist-800-53r5:AC-6"],
    equivalents=["kics:a62a99d1", "kics:b7652612", "kube-linter:writable-host-mount", "kubescape:C-0045"],
)
def k8s_writable_host_path(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Directories of the node are mounted for reading only.

    ## Why
    Whoever can write into the node's directories can leave there what the node, or the next pod, will run.

    ## Fix
    Set `readOnly: true` on the mount.
    """
    for pod in pods(r, graph):
        volumes = [v["name"] for v in pod.volumes("hostPath")]
        for c in pod.containers if volumes else ():
            for mount in c.each("volumeMounts"):
                if mount["name"] in volumes and mount["readOnly"] != True:
                    yield mount.fails(
                        f"{c} may write to the node through {mount['mountPath']}",
                        fix=mount.set("readOnly", True, safe=False),
                    )


@rule(
    on=PODS,
    each=pods,
    severity=CRITICAL,
    controls=["nist-800-53r5:AC-6"],
    equivalents=[
        "CKV_K8S_27",
        "kics:4e203a65",
        "kics:a6f34658",
        "AVD-KSV-0006",
        "kube-linter:docker-sock",
        "kubescape:C-0074",
    ],
)
def k8s_runtime_socket_mounted(pod: Pod) -> Iterator[Finding]:
    """No pod reaches the container runtime of its node.

    ## Why
    Who may write to the socket starts a privileged container, and with it owns the node.

    ## Fix
    Remove the volume. Build images without a daemon (BuildKit rootless, Buildah); collect metrics from the kubelet.
    """
    for volume in pod.volumes("hostPath"):
        if is_runtime_socket(volume["hostPath.path"]):
            yield volume.fails(f"the socket {volume['hostPath.path']} is mounted", at="hostPath.path")


@rule(
    on=PODS,
    each=containers,
    severity=MEDIUM,
    fixable=True,
    controls=["cis-kubernetes-2.0.1:5.2.8", "nist-800-53r5:AC-6"],
    equivalents=[
        "CKV_K8S_28",
        "kics:e5587d53",
        "kics:dbbc6705",
        "AVD-KSV-0119",
        "prowler:core_minimize_net_raw_capability_admission",
        "kube-linter:drop-net-raw-capability",
        "kubescape:C-0199",
    ],
)
def k8s_net_raw_capability(c: Container) -> Iterator[Finding]:
    """Containers cannot forge packets.

    ## Why
    With `NET_RAW` a container answers in the name of others on the pod network: DNS, the gateway, the API server.

    ## Fix
    Drop `NET_RAW`, or `ALL`, and do not add it back. Windows has no capabilities.
    """
    capabilities = "securityContext.capabilities"
    if c.pod.windows:
        return
    if any_of(as_list(c[f"{capabilities}.add"]), lambda a: capability(a) == "NET_RAW"):
        yield c.fails(f"{c} adds NET_RAW", at=f"{capabilities}.add")
    elif not any_of(as_list(c[f"{capabilities}.drop"]), lambda d: capability(d) in ("ALL", "NET_RAW")):
        drop = f"{capabilities}.drop"
        yield c.fails(f"{c} keeps NET_RAW", at=drop, fix=c.set(drop, ["NET_RAW"], safe=False))


@rule(
    on=PODS,
    each=containers,
    severity=MEDIUM,
    fixable=True,
    controls=["nist-800-53r5:AC-6"],
    equivalents=[
        "CKV_K8S_22",
        "kics:d532566b",
        "kics:a9c2f49d",
        "AVD-KSV-0014",
        "prowler:core_readonly_root_filesystem_enabled",
        "kube-linter:no-read-only-root-fs",
        "kubescape:C-0017",
    ],
)
def k8s_writable_root_filesystem(c: Container) -> Iterator[Finding]:
    """The root filesystem of containers is read-only.

    ## Why
    What cannot be written cannot be replaced: an intruder has nowhere to put a tool or a changed program.

    ## Fix
    Set `readOnlyRootFilesystem: true` and mount an `emptyDir` where the program writes. Windows has no such setting.
    """
    path = "securityContext.readOnlyRootFilesystem"
    if c[path] != True and not c.pod.windows:
        yield c.fails(f"{c} may write to its root filesystem", at=path, fix=c.set(path, True, safe=False))


@rule(
    on=(*PODS, "Service"),
    severity=LOW,
    controls=["nist-800-53r5:AC-6"],
    equivalents=["kubescape:C-0042", "kube-linter:ssh-port"],
)
def k8s_ssh_port(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Nothing in the cluster offers SSH.

    ## Why
    A shell into a container belongs to `kubectl exec`, which asks the API server and leaves an audit record; a key does
    neither.

    ## Fix
    Remove the SSH server and its port.
    """
    if r.type == "Service":
        for port in r.each("spec.ports"):
            if port["port"] == 22 or port["targetPort"] == 22:
                yield port.fails("the service offers port 22", at="port")
    for c in containers(r, graph):
        for port in c.each("ports"):
            if port["containerPort"] == 22:
                yield port.fails(f"{c} offers port 22", at="containerPort")


@rule(on=PODS, each=containers, severity=HIGH, controls=["nist-800-53r5:AC-6"], equivalents=["CKV_K8S_159"])
def k8s_git_sync_command_override(c: Container) -> Iterator[Finding]:
    """git-sync runs git.

    ## Why
    `GITSYNC_GIT` names the program that git-sync runs in place of git: whoever sets it runs a program of their choice.

    ## Fix
    Remove the variable.
    """
    for entry in c.each("env"):
        if entry["name"] == "GITSYNC_GIT":
            yield entry.fails(f"{c} replaces the program that git-sync runs")


@rule(on=PODS, each=containers, severity=LOW, controls=["nist-800-53r5:AC-6"], equivalents=["kubescape:C-0062"])
def k8s_sudo_in_command(c: Container) -> Iterator[Finding]:
    """Containers do not call sudo.

    ## Why
    A program that becomes root on its way needs an image with sudo, a user who may, and privilege escalation allowed.

    ## Fix
    Run the container as the user who does the work, and prepare files in the image or an init container.
    """
    for path in ("command", "args"):
        words = [w for text in as_list(c[path]) for w in f"{text}".replace(";", " ").replace("&", " ").split()]
        if "sudo" in [w.rpartition("/")[2] for w in words]:
            yield c.fails(f"{c} calls sudo", at=path)


@rule(
    on=PODS,
    each=containers,
    severity=LOW,
    controls=["nist-800-53r5:AC-6"],
    equivalents=["AVD-KSV-0117", "kube-linter:privileged-ports"],
)
def k8s_privileged_port(c: Container) -> Iterator[Finding]:
    """Containers listen above port 1023.

    ## Why
    To open a lower port a program needs `NET_BIND_SERVICE` or root.

    ## Fix
    Listen on a high port; the Service may still offer the low one through `targetPort`.
    """
    for port in c.each("ports"):
        if not port.absent("containerPort") and count(port["containerPort"]) < 1024:
            yield port.fails(f"{c} listens on port {port['containerPort']}", at="containerPort")


@rule(on=PODS, each=containers, severity=LOW, controls=["nist-800-53r5:AC-6"], equivalents=["kubescape:C-0055"])
def k8s_no_linux_hardening(c: Container) -> Iterator[Finding]:
    """Containers are confined by at least one of the kernel's walls.

    ## Why
    With no seccomp or AppArmor profile, no SELinux context and all capabilities, the namespace is all there is.

    ## Fix
    Set `seccompProfile.type: RuntimeDefault`, or drop capabilities.
    """
    walls = ("seccompProfile.type", "appArmorProfile.type")
    confined = any(c.effective(f) not in (None, "", "Unconfined") for f in walls) or c.effective("seLinuxOptions")
    if not confined and not c["securityContext.capabilities.drop"] and not c.pod.windows:
        yield c.fails(f"{c} is confined by nothing", at="securityContext")
