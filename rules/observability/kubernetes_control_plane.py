"""The audit log of the API server."""

from assay import HIGH, LOW, MEDIUM
from assay.kubernetes.control_plane import APISERVER, flag

flag(
    "k8s-audit-log-off",
    APISERVER,
    "audit-log-path",
    "present",
    severity=HIGH,
    controls=["cis-kubernetes-1.23:1.2.19", "cis-kubernetes-2.0.1:1.2.16", "nist-800-53r5:AU-12"],
    equivalents=[
        "CKV_K8S_91",
        "kics:73e251f0",
        "AVD-KCV-0019",
        "prowler:apiserver_audit_log_path_set",
        "kubescape:C-0067",
        "kubescape:C-0130",
    ],
    title="The API server writes an audit log.",
    why="After an intrusion nobody can tell what was read, changed or started.",
)
flag(
    "k8s-no-audit-policy",
    APISERVER,
    "audit-policy-file",
    "present",
    severity=MEDIUM,
    controls=["nist-800-53r5:AU-12"],
    equivalents=["kics:13a49a2e", "kics:1828a670", "kubescape:C-0160", "kubescape:C-0161"],
    title="The API server has an audit policy.",
    why="Without a policy nothing is logged.",
)
flag(
    "k8s-audit-log-short-age",
    APISERVER,
    "audit-log-maxage",
    "at_least",
    30,
    severity=LOW,
    controls=["cis-kubernetes-1.23:1.2.20", "cis-kubernetes-2.0.1:1.2.17", "nist-800-53r5:AU-12"],
    equivalents=[
        "CKV_K8S_92",
        "kics:da9f3aa8",
        "AVD-KCV-0020",
        "prowler:apiserver_audit_log_maxage_set",
        "kubescape:C-0131",
    ],
    title="Audit logs are kept for thirty days.",
    why="Intrusions are found weeks later.",
)
flag(
    "k8s-audit-log-few-backups",
    APISERVER,
    "audit-log-maxbackup",
    "at_least",
    10,
    severity=LOW,
    controls=["cis-kubernetes-1.23:1.2.21", "cis-kubernetes-2.0.1:1.2.18", "nist-800-53r5:AU-12"],
    equivalents=[
        "CKV_K8S_93",
        "kics:768aab52",
        "AVD-KCV-0021",
        "prowler:apiserver_audit_log_maxbackup_set",
        "kubescape:C-0132",
    ],
    title="Ten audit logs are kept when they rotate.",
    why="A flood of requests otherwise rotates the traces away.",
)
flag(
    "k8s-audit-log-small",
    APISERVER,
    "audit-log-maxsize",
    "at_least",
    100,
    severity=LOW,
    controls=["cis-kubernetes-1.23:1.2.22", "cis-kubernetes-2.0.1:1.2.19", "nist-800-53r5:AU-12"],
    equivalents=[
        "CKV_K8S_94",
        "kics:35c0a471",
        "AVD-KCV-0022",
        "prowler:apiserver_audit_log_maxsize_set",
        "kubescape:C-0133",
    ],
    title="Audit logs rotate at a hundred megabytes or later.",
    why="Small files rotate the traces away within minutes.",
)
