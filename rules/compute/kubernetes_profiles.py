"""Profiles of the kernel's walls around containers: seccomp and AppArmor."""

from collections.abc import Iterator

from assay import LOW, MEDIUM, Block, Finding, rule
from assay.analysis.parts import one_by_one
from assay.kubernetes.workloads import PODS, Container, Pod, containers, pods
from assay.model import is_map

_PROFILES = ("RuntimeDefault", "Localhost")
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"


_OLD_SECCOMP = "seccomp.security.alpha.kubernetes.io/pod"


@rule(
    on=PODS,
    each=containers,
    severity=MEDIUM,
    fixable=True,
    controls=[
        "cis-kubernetes-1.23:5.7.3",
        "cis-kubernetes-1.23:5.7.2",
        "cis-kubernetes-2.0.1:5.6.2",
        "pss-restricted:seccomp",
        "nist-800-53r5:AC-6",
    ],
    equivalents=[
        "CKV_K8S_31",
        "kics:455f2e0c",
        "kics:f377b83e",
        "AVD-KSV-0030",
        "AVD-KSV-0104",
        "prowler:core_seccomp_profile_docker_default",
        "kubescape:C-0210",
    ],
)
def k8s_no_seccomp_profile(c: Container) -> Iterator[Finding]:
    """Containers run under a seccomp profile.

    ## Why
    The runtime's profile refuses the system calls that most kernel exploits need; Kubernetes' own default is none.

    ## Fix
    Set `seccompProfile.type: RuntimeDefault` on the pod. Windows has no seccomp.
    """
    kind = c.effective("seccompProfile.type")
    if kind not in _PROFILES and not c.pod.windows:
        said = "is Unconfined" if kind == "Unconfined" else "is not set"
        if kind != "Unconfined" and c.pod.annotation(_OLD_SECCOMP) != None:
            said += ", and the annotation says nothing to Kubernetes 1.27 and later"
        path = "securityContext.seccompProfile.type"
        yield c.fails(
            f"{c}: seccompProfile.type {said}", at=path, because=c.because("seccompProfile.type"),
            fix=c.set(path, "RuntimeDefault", safe=False),
        )  # fmt: skip


@rule(
    on=PODS,
    each=pods,
    severity=MEDIUM,
    controls=["pss-baseline:seccomp", "pss-restricted:seccomp", "nist-800-53r5:AC-6"],
    equivalents=["AVD-KSV-0104"],
)
def k8s_seccomp_unconfined(pod: Pod) -> Iterator[Finding]:
    """Nothing switches seccomp off.

    ## Why
    `Unconfined` takes away what a node may apply by default (`seccompDefault`): every system call is open, those that
    kernel exploits need among them.

    ## Fix
    Set `seccompProfile.type: RuntimeDefault`, or `Localhost` with a profile that allows what is missing.
    """
    path = "securityContext.seccompProfile.type"

    def judge(view: Block) -> Iterator[Finding]:
        if view[path] == "Unconfined":
            yield view.fails(f"{view.label}seccomp is switched off", at=path)

    yield from one_by_one(pod.views(), judge)


@rule(
    on=PODS,
    each=containers,
    severity=LOW,
    controls=["nist-800-53r5:AC-6"],
    equivalents=["kics:bd6bd46c", "kics:8b36775e", "AVD-KSV-0002"],
)
def k8s_no_apparmor_profile(c: Container) -> Iterator[Finding]:
    """Containers run under an AppArmor profile.

    ## Why
    It is the second wall on Debian and Ubuntu nodes: it refuses mounts and writes to /proc and /sys that seccomp lets
    pass.

    ## Fix
    Set `appArmorProfile.type: RuntimeDefault`, or before Kubernetes 1.30 the annotation
    `container.apparmor.security.beta.kubernetes.io/<container>: runtime/default` on the pod template.
    """
    if c.pod.windows:
        return
    kind = c.effective("appArmorProfile.type")
    if kind == None:
        named = c.pod.annotation(f"{_APPARMOR}{c['name']}")
        if named == None or not (named == "runtime/default" or f"{named}".startswith("localhost/")):
            yield c.fails(f"{c} has no AppArmor profile", at="securityContext.appArmorProfile")
    elif kind not in _PROFILES:
        yield c.fails(
            f"{c}: the AppArmor profile is {kind}", at="securityContext.appArmorProfile.type",
            because=c.because("appArmorProfile.type"),
        )  # fmt: skip


@rule(
    on=PODS,
    each=pods,
    severity=MEDIUM,
    controls=["pss-baseline:apparmor", "pss-restricted:apparmor", "nist-800-53r5:AC-6"],
    equivalents=["AVD-KSV-0002"],
)
def k8s_apparmor_unconfined(pod: Pod) -> Iterator[Finding]:
    """Nothing switches AppArmor off.

    ## Why
    On nodes that have it the runtime's profile is applied by itself; `Unconfined` takes it away.

    ## Fix
    Remove the profile, or set `appArmorProfile.type` to `RuntimeDefault` or `Localhost`; likewise the annotation.
    """
    path = "securityContext.appArmorProfile.type"

    def judge(view: Block) -> Iterator[Finding]:
        if view[path] not in (None, "", *_PROFILES):
            yield view.fails(f"{view.label}the AppArmor profile is {view[path]}", at=path)

    yield from one_by_one(pod.views(), judge)
    place = ".".join((*map(str, pod.template), "metadata", "annotations"))
    for name, value in pod.annotations.items() if is_map(pod.annotations) else ():
        if name.startswith(_APPARMOR) and not (value in ("", "runtime/default") or f"{value}".startswith("localhost/")):
            yield pod.resource.fails(
                f"the annotation of {name.removeprefix(_APPARMOR)} says {value}", at=place, key=name
            )
