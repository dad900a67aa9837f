"""The configuration of kubelets (CIS Kubernetes, section 4.2)."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from assay import CRITICAL, HIGH, LOW, MEDIUM, Finding, Graph, Resource, as_list, rule
from assay.kubernetes.control_plane import CONTROLLER, KUBELET, STRONG_CIPHERS, flag, program_of, running
from assay.kubernetes.kubelets import (
    KUBELETS,
    Setting,
    called,
    configurations,
    configures,
    decided,
    kubelets,
    setting_of,
    written,
)
from assay.model import Severity, is_map, show
from assay.rule import Rule

SOURCES = ("manifest", "cluster")


def setting(
    id: str,  # noqa: A002 - the field's name everywhere
    of: Setting,
    good: Callable[[Any], bool],
    demand: str,
    *,
    severity: Severity,
    title: str,
    why: str,
    controls: Sequence[str],
    equivalents: Sequence[str],
    fixed: Any = None,
) -> Rule:
    """A demand on a setting of kubelets, in a configuration or on a command line, as one row.

    Args:
        good: says whether a value will do; None is neither written nor a default.
        demand: what it says, behind "must".
        fixed: the value that `assay fix` gives a configuration; None where nobody can tell.
    """

    def run(kubelet: Any) -> Iterator[Finding]:
        value, at = setting_of(kubelet, of)
        if decided(kubelet, of) and not good(value):
            shown = "not set" if value == None else show(value)
            fix = kubelet.set(at, fixed, safe=False) if fixed != None and written(kubelet) else None
            yield kubelet.fails(f"{called(kubelet, of)} is {shown}, but must {demand}", at=at, fix=fix)

    run.__doc__ = f"{title}\n\n## Why\n{why}\n\n## Fix\n`{of.path}` (`--{of.flag}`) must {demand}.\n"
    return rule(
        id=id, on=KUBELETS, each=kubelets, severity=severity, sources=SOURCES, controls=controls,
        equivalents=equivalents, fixable=fixed != None,
    )(run)  # fmt: skip


setting(
    "k8s-kubelet-anonymous-auth",
    Setting("authentication.anonymous.enabled", "anonymous-auth", False, True),
    lambda value: value == False,
    "be false",
    severity=HIGH,
    controls=["cis-kubernetes-1.23:4.2.1", "cis-kubernetes-2.0.1:4.2.1", "nist-800-53r5:CM-6"],
    equivalents=[
        "CKV_K8S_138",
        "AVD-KCV-0079",
        "prowler:kubelet_disable_anonymous_auth",
        "kubescape:C-0172",
        "kubescape:C-0069",
    ],
    title="Kubelets answer nobody they do not know.",
    why="Whoever reaches the port of the kubelet runs commands in its pods.",
    fixed=False,
)
setting(
    "k8s-kubelet-always-allow",
    Setting("authorization.mode", "authorization-mode", "Webhook", "AlwaysAllow"),
    lambda value: value != "AlwaysAllow",
    "not be AlwaysAllow",
    severity=CRITICAL,
    controls=["cis-kubernetes-2.0.1:4.2.2", "cis-kubernetes-1.23:4.2.2", "nist-800-53r5:CM-6"],
    equivalents=["CKV_K8S_139", "AVD-KCV-0080", "prowler:kubelet_authorization_mode", "kubescape:C-0173"],
    title="Kubelets ask the API server what a caller may do.",
    why="AlwaysAllow makes every caller with any certificate of the cluster root on the node.",
)
setting(
    "k8s-kubelet-no-client-ca",
    Setting("authentication.x509.clientCAFile", "client-ca-file"),
    lambda value: value not in (None, ""),
    "be set",
    severity=HIGH,
    controls=["cis-kubernetes-2.0.1:4.2.3", "cis-kubernetes-1.23:4.2.3", "nist-800-53r5:CM-6"],
    equivalents=[
        "CKV_K8S_140",
        "AVD-KCV-0081",
        "prowler:kubelet_client_ca_file_set",
        "kubescape:C-0174",
        "kubescape:C-0070",
    ],
    title="Kubelets check client certificates.",
    why="Without a CA the kubelet cannot tell the API server from anybody else.",
)
setting(
    "k8s-kubelet-read-only-port",
    Setting("readOnlyPort", "read-only-port", 0, 10255),
    lambda value: value in (0, "0"),
    "be 0",
    severity=HIGH,
    controls=["cis-kubernetes-1.23:4.2.4", "cis-kubernetes-2.0.1:4.2.4", "nist-800-53r5:CM-6"],
    equivalents=[
        "CKV_K8S_141",
        "kics:2940d48a",
        "AVD-KCV-0082",
        "prowler:kubelet_disable_read_only_port",
        "kubescape:C-0175",
    ],
    title="Kubelets have no port without authentication.",
    why="The read-only port tells everybody which pods run, with their environment.",
    fixed=0,
)
setting(
    "k8s-kubelet-kernel-defaults",
    Setting("protectKernelDefaults", "protect-kernel-defaults", False, False),
    lambda value: value == True,
    "be true",
    severity=MEDIUM,
    controls=["cis-kubernetes-1.23:4.2.6", "nist-800-53r5:CM-6"],
    equivalents=["CKV_K8S_144", "kics:6cf42c97", "AVD-KCV-0083", "kubescape:C-0177"],
    title="Kubelets keep the kernel settings they find.",
    why="A kubelet that changes them can undo what hardened the node.",
    fixed=True,
)
setting(
    "k8s-kubelet-no-iptables-chains",
    Setting("makeIPTablesUtilChains", "make-iptables-util-chains", True, True),
    lambda value: value != False,
    "not be false",
    severity=LOW,
    controls=["cis-kubernetes-1.23:4.2.7", "cis-kubernetes-2.0.1:4.2.6", "nist-800-53r5:CM-6"],
    equivalents=["CKV_K8S_145", "kics:5f89001f", "AVD-KCV-0084", "prowler:kubelet_manage_iptables", "kubescape:C-0178"],
    title="Kubelets keep the chains that pod networking needs.",
    why="Rules kept by hand drift from what the cluster's network expects.",
)
setting(
    "k8s-kubelet-no-certificate-rotation",
    Setting("rotateCertificates", "rotate-certificates"),
    lambda value: value != False,
    "not be false",
    severity=MEDIUM,
    controls=["cis-kubernetes-1.23:4.2.11", "cis-kubernetes-2.0.1:4.2.10", "nist-800-53r5:CM-6"],
    equivalents=[
        "CKV_K8S_149",
        "kics:52d70f2e",
        "AVD-KCV-0090",
        "prowler:kubelet_rotate_certificates",
        "kubescape:C-0182",
    ],
    title="Kubelets rotate their client certificates.",
    why="A node whose certificate expires leaves the cluster; one whose certificate leaks stays open for a year.",
)
setting(
    "k8s-kubelet-no-idle-timeout",
    Setting("streamingConnectionIdleTimeout", "streaming-connection-idle-timeout"),
    lambda value: value not in ("0", "0s", "0m", "0h", 0),
    "not be 0",
    severity=LOW,
    controls=["cis-kubernetes-1.23:4.2.5", "cis-kubernetes-2.0.1:4.2.5", "nist-800-53r5:CM-6"],
    equivalents=[
        "CKV_K8S_143",
        "kics:ed89b97d",
        "AVD-KCV-0085",
        "prowler:kubelet_streaming_connection_timeout",
        "kubescape:C-0176",
    ],
    title="Kubelets close idle streams.",
    why="Forgotten `exec` and `port-forward` sessions stay open for ever, and take the node's ports.",
)


@rule(
    on=KUBELETS,
    each=kubelets,
    severity=HIGH,
    sources=SOURCES,
    controls=["cis-kubernetes-2.0.1:4.2.9", "cis-kubernetes-1.23:4.2.10", "nist-800-53r5:CM-6"],
    equivalents=["CKV_K8S_148", "AVD-KCV-0088", "prowler:kubelet_tls_cert_and_key", "kubescape:C-0181"],
)
def k8s_kubelet_no_tls(kubelet: Any) -> Iterator[Finding]:
    """Kubelets have a serving certificate that can be checked.

    ## Why
    A self-signed one made at start can be checked by nobody, so the API server has to trust whoever answers.

    ## Fix
    Set `serverTLSBootstrap: true`, or `tlsCertFile` and `tlsPrivateKeyFile`.
    """
    wanted = Setting("tlsCertFile", "tls-cert-file")
    certificate, at = setting_of(kubelet, wanted)
    key, _ = setting_of(kubelet, Setting("tlsPrivateKeyFile", "tls-private-key-file"))
    given = certificate not in (None, "") and key not in (None, "")
    if decided(kubelet, wanted) and not given and not (configures(kubelet) and kubelet["serverTLSBootstrap"] == True):
        yield kubelet.fails(f"{kubelet.label}it has no serving certificate of the cluster", at=at)


@rule(
    on=KUBELETS,
    each=kubelets,
    severity=MEDIUM,
    sources=SOURCES,
    controls=["cis-kubernetes-1.23:4.2.13", "cis-kubernetes-2.0.1:4.2.12", "nist-800-53r5:CM-6"],
    equivalents=["CKV_K8S_151", "AVD-KCV-0092", "prowler:kubelet_strong_ciphers_only", "kubescape:C-0184"],
)
def k8s_kubelet_weak_ciphers(kubelet: Any) -> Iterator[Finding]:
    """Kubelets offer strong cipher suites only.

    ## Why
    Suites with RC4, 3DES, CBC or without forward secrecy have known weaknesses.

    ## Fix
    Remove them from `tlsCipherSuites`.
    """
    value, at = setting_of(kubelet, Setting("tlsCipherSuites", "tls-cipher-suites"))
    suites = [name.strip() for suite in as_list(value) for name in f"{suite}".split(",")]
    weak = [name for name in suites if name not in STRONG_CIPHERS]
    if weak:
        yield kubelet.fails(f"suites that are not strong are offered: {', '.join(weak)}", at=at)


_GATE = "RotateKubeletServerCertificate"


def rotating(r: Resource, graph: Graph) -> list[Any]:
    """Kubelets, and the controller manager that signs what they ask for."""
    return [*configurations(r, graph), *list.__iter__(running((KUBELET, CONTROLLER))(r, graph))]


@rule(
    on=KUBELETS,
    each=rotating,
    severity=MEDIUM,
    sources=SOURCES,
    controls=[
        "cis-kubernetes-1.23:1.3.6",
        "cis-kubernetes-1.23:4.2.12",
        "cis-kubernetes-2.0.1:1.3.6",
        "nist-800-53r5:CM-6",
    ],
    equivalents=[
        "CKV_K8S_112",
        "kics:1c621b8e",
        "AVD-KCV-0038",
        "AVD-KCV-0091",
        "prowler:controllermanager_rotate_kubelet_server_cert",
        "kubescape:C-0149",
        "kubescape:C-0183",
    ],
)
def k8s_kubelet_no_server_certificate_rotation(program: Any) -> Iterator[Finding]:
    """Kubelets rotate their serving certificates.

    ## Why
    A serving certificate that is placed by hand expires when nobody thinks of it.

    ## Fix
    Set `serverTLSBootstrap: true` (`--rotate-server-certificates`) and leave the feature gate
    `RotateKubeletServerCertificate` on.
    """
    gates, at = setting_of(program, Setting("featureGates", "feature-gates"))
    if is_map(gates):
        off = gates.get(_GATE) == False
    else:
        off = any(gate.strip().lower() == f"{_GATE}=false".lower() for gate in f"{gates or ''}".split(","))
    if off:
        yield program.fails("the feature gate is off", at=at)
        return
    if not configures(program) and program_of(program) != KUBELET:
        return
    wanted = Setting("serverTLSBootstrap", "rotate-server-certificates")
    value, at = setting_of(program, wanted)
    if decided(program, wanted) and value != True:
        yield program.fails(f"{called(program, wanted)} is not true", at=at)


flag(
    "k8s-kubelet-hostname-override",
    KUBELET,
    "hostname-override",
    "absent",
    severity=LOW,
    controls=["cis-kubernetes-1.23:4.2.8", "nist-800-53r5:CM-6"],
    equivalents=["CKV_K8S_146", "kics:bf36b900", "AVD-KCV-0086", "kubescape:C-0179"],
    title="Kubelets go by the name of their node.",
    why="Under another name the certificate does not fit, and the node's log and its events belong to nobody.",
)
