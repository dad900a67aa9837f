"""What etcd keeps on disk."""

from assay import HIGH
from assay.kubernetes.control_plane import APISERVER, flag

flag(
    "k8s-etcd-secrets-unencrypted",
    APISERVER,
    "encryption-provider-config",
    "present",
    severity=HIGH,
    controls=["cis-kubernetes-1.23:1.2.30", "cis-kubernetes-2.0.1:1.2.27", "nist-800-53r5:SC-8"],
    equivalents=[
        "CKV_K8S_104",
        "kics:cbd2db69",
        "kics:10efce34",
        "AVD-KCV-0030",
        "prowler:apiserver_encryption_provider_config_set",
        "kubescape:C-0066",
        "kubescape:C-0141",
        "kubescape:C-0142",
    ],
    title="Secrets are encrypted in etcd.",
    why="Whoever gets hold of the disk, or of a backup of it, has every Secret in clear.",
)
