"""Floods of requests to the API server."""

from assay import LOW
from assay.kubernetes.control_plane import APISERVER, flag

flag(
    "k8s-admission-no-event-rate-limit",
    APISERVER,
    "enable-admission-plugins",
    "contains",
    "EventRateLimit",
    severity=LOW,
    controls=["cis-kubernetes-1.23:1.2.10", "cis-kubernetes-2.0.1:1.2.9", "nist-800-53r5:SC-5"],
    equivalents=[
        "CKV_K8S_78",
        "kics:e0099af2",
        "AVD-KCV-0010",
        "prowler:apiserver_event_rate_limit",
        "kubescape:C-0121",
    ],
    title="Admission limits the rate of events.",
    why="One workload that fails in a loop can fill etcd with its events.",
)
flag(
    "k8s-apiserver-request-timeout",
    APISERVER,
    "request-timeout",
    "at_most",
    300,
    severity=LOW,
    controls=["cis-kubernetes-2.0.1:1.2.20", "nist-800-53r5:SC-5"],
    equivalents=["CKV_K8S_95", "kics:d89a15bb", "prowler:apiserver_request_timeout_set", "kubescape:C-0134"],
    title="Requests to the API server end within five minutes.",
    why="Requests that hang hold their slot, and a few hundred of them stop the cluster.",
)
