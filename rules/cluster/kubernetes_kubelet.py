"""The configuration of kubelets (CIS Kubernetes, section 4.2)."""

from collections.abc import Iterator

from assay import CRITICAL, HIGH, LOW, MEDIUM, Finding, Resource, as_list, require, rule
from assay.kubernetes.control_plane import WEAK_CIPHERS, flag
from assay.model import is_map

_KUBELET = "KubeletConfiguration"

require(
    "k8s-kubelet-anonymous-auth",
    on=_KUBELET,
    path="authentication.anonymous.enabled",
    equals=False,
    default=False,
    severity=HIGH,
    sources=("manifest",),
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
    safe=False,
)
require(
    "k8s-kubelet-always-allow",
    on=_KUBELET,
    path="authorization.mode",
    not_equals="AlwaysAllow",
    severity=CRITICAL,
    sources=("manifest",),
    controls=["cis-kubernetes-2.0.1:4.2.2", "cis-kubernetes-1.23:4.2.2", "nist-800-53r5:CM-6"],
    equivalents=["CKV_K8S_139", "AVD-KCV-0080", "prowler:kubelet_authorization_mode", "kubescape:C-0173"],
    title="Kubelets ask the API server what a caller may do.",
    why="AlwaysAllow makes every caller with any certificate of the cluster root on the node.",
)
require(
    "k8s-kubelet-no-client-ca",
    on=_KUBELET,
    path="authentication.x509.clientCAFile",
    present=True,
    severity=HIGH,
    sources=("manifest",),
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
require(
    "k8s-kubelet-read-only-port",
    on=_KUBELET,
    path="readOnlyPort",
    equals=0,
    default=0,
    severity=HIGH,
    sources=("manifest",),
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
    safe=False,
)
require(
    "k8s-kubelet-kernel-defaults",
    on=_KUBELET,
    path="protectKernelDefaults",
    equals=True,
    severity=MEDIUM,
    sources=("manifest",),
    controls=["cis-kubernetes-1.23:4.2.6", "nist-800-53r5:CM-6"],
    equivalents=["CKV_K8S_144", "kics:6cf42c97", "AVD-KCV-0083", "kubescape:C-0177"],
    title="Kubelets keep the kernel settings they find.",
    why="A kubelet that changes them can undo what hardened the node.",
    safe=False,
)
require(
    "k8s-kubelet-no-iptables-chains",
    on=_KUBELET,
    path="makeIPTablesUtilChains",
    not_equals=False,
    severity=LOW,
    sources=("manifest",),
    controls=["cis-kubernetes-1.23:4.2.7", "cis-kubernetes-2.0.1:4.2.6", "nist-800-53r5:CM-6"],
    equivalents=["CKV_K8S_145", "kics:5f89001f", "AVD-KCV-0084", "prowler:kubelet_manage_iptables", "kubescape:C-0178"],
    title="Kubelets keep the chains that pod networking needs.",
    why="Rules kept by hand drift from what the cluster's network expects.",
)
require(
    "k8s-kubelet-no-certificate-rotation",
    on=_KUBELET,
    path="rotateCertificates",
    not_equals=False,
    severity=MEDIUM,
    sources=("manifest",),
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
require(
    "k8s-kubelet-no-idle-timeout",
    on=_KUBELET,
    path="streamingConnectionIdleTimeout",
    none_of=["0", "0s", 0, "0h"],
    severity=LOW,
    sources=("manifest",),
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
    on=_KUBELET,
    severity=HIGH,
    sources=("manifest",),
    controls=["cis-kubernetes-2.0.1:4.2.9", "cis-kubernetes-1.23:4.2.10", "nist-800-53r5:CM-6"],
    equivalents=["CKV_K8S_148", "AVD-KCV-0088", "prowler:kubelet_tls_cert_and_key", "kubescape:C-0181"],
)
def k8s_kubelet_no_tls(kubelet: Resource) -> Iterator[Finding]:
    """Kubelets have a serving certificate that can be checked.

    ## Why
    A self-signed one made at start can be checked by nobody, so the API server has to trust whoever answers.

    ## Fix
    Set `serverTLSBootstrap: true`, or `tlsCertFile` and `tlsPrivateKeyFile`.
    """
    given = not kubelet.absent("tlsCertFile") and not kubelet.absent("tlsPrivateKeyFile")
    if not given and kubelet["serverTLSBootstrap"] != True:
        yield kubelet.fails("it has no serving certificate of the cluster", at="tlsCertFile")


@rule(
    on=_KUBELET,
    severity=MEDIUM,
    sources=("manifest",),
    controls=["cis-kubernetes-1.23:4.2.13", "cis-kubernetes-2.0.1:4.2.12", "nist-800-53r5:CM-6"],
    equivalents=["CKV_K8S_151", "AVD-KCV-0092", "prowler:kubelet_strong_ciphers_only", "kubescape:C-0184"],
)
def k8s_kubelet_weak_ciphers(kubelet: Resource) -> Iterator[Finding]:
    """Kubelets offer strong cipher suites only.

    ## Why
    Suites with RC4, 3DES, CBC or without forward secrecy have known weaknesses.

    ## Fix
    Remove them from `tlsCipherSuites`.
    """
    weak = [f"{s}" for s in as_list(kubelet["tlsCipherSuites"]) if any(word in f"{s}" for word in WEAK_CIPHERS)]
    if weak:
        yield kubelet.fails(f"weak suites are offered: {', '.join(weak)}", at="tlsCipherSuites")


@rule(
    on=_KUBELET,
    severity=MEDIUM,
    sources=("manifest",),
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
def k8s_kubelet_no_server_certificate_rotation(kubelet: Resource) -> Iterator[Finding]:
    """Kubelets rotate their serving certificates.

    ## Why
    A serving certificate that is placed by hand expires when nobody thinks of it.

    ## Fix
    Set `serverTLSBootstrap: true` and leave the feature gate `RotateKubeletServerCertificate` on.
    """
    gates = kubelet["featureGates"] or {}
    if is_map(gates) and gates.get("RotateKubeletServerCertificate") == False:
        yield kubelet.fails("the feature gate is off", at="featureGates")
    elif kubelet["serverTLSBootstrap"] != True:
        yield kubelet.fails("serverTLSBootstrap is not true", at="serverTLSBootstrap")


KUBELET = "kubelet"

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
