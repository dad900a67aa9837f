"""Which images the API server admits."""

from assay import LOW
from assay.kubernetes.control_plane import APISERVER, flag

flag(
    "k8s-admission-no-always-pull",
    APISERVER,
    "enable-admission-plugins",
    "contains",
    "AlwaysPullImages",
    severity=LOW,
    controls=["cis-kubernetes-1.23:1.2.12", "cis-kubernetes-2.0.1:1.2.11", "nist-800-53r5:CM-14"],
    equivalents=[
        "CKV_K8S_80",
        "kics:a77f4d07",
        "AVD-KCV-0012",
        "prowler:apiserver_always_pull_images_plugin",
        "kubescape:C-0123",
    ],
    title="Admission makes nodes ask the registry for every image.",
    why="A private image that is on a node can otherwise be started by everybody who knows its name.",
)
flag(
    "k8s-admission-no-image-policy",
    APISERVER,
    "enable-admission-plugins",
    "contains",
    "ImagePolicyWebhook",
    severity=LOW,
    controls=["nist-800-53r5:CM-14"],
    equivalents=["kics:14abda69", "kubescape:C-0289"],
    title="Admission asks whether an image may run.",
    why="Without a policy any image of any registry runs. Waive this where another webhook decides.",
)
