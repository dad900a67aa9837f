"""Floods of requests to the API server."""

from collections.abc import Iterator
from typing import Any

from assay import LOW, Finding, Graph, rule
from assay.kubernetes.control_plane import APISERVER, flag
from assay.kubernetes.kubelets import KUBELETS, Setting, kubelets, setting_of

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


@rule(
    on=KUBELETS,
    each=kubelets,
    sources=("manifest", "cluster"),
    params={"at_least": 5},
    severity=LOW,
    controls=["cis-kubernetes-1.23:4.2.9", "cis-kubernetes-2.0.1:4.2.8", "nist-800-53r5:AU-5"],
    equivalents=[
        "CKV_K8S_147",
        "kics:1a07a446",
        "AVD-KCV-0087",
        "prowler:kubelet_event_record_qps",
        "kubescape:C-0180",
    ],
)
def k8s_kubelet_event_limit(kubelet: Any, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """Kubelets record the events of a busy node.

    Zero is no limit, and the default of 50 a second is enough for most; a limit below five is flagged (`at_least`).

    ## Why
    What exceeds the limit is dropped: of a hundred pods that fail at once the events of five are there.

    ## Fix
    Set `eventRecordQPS` to 0 or 50, or leave it out.
    """
    limit, at = setting_of(kubelet, Setting("eventRecordQPS", "event-qps"))
    if limit != None and f"{limit}".isdigit() and 0 < int(limit) < params["at_least"]:
        yield kubelet.fails(f"events above {limit} a second are dropped", at=at)
