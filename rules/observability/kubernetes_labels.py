"""Whether metrics tell which cluster they come from."""

from collections.abc import Iterator
from typing import Any

from assay import LOW, Finding, Graph, Resource, rule
from assay.analysis.telemetry import external_labels
from assay.model import is_map


@rule(
    on=("Prometheus", "ConfigMap"),
    severity=LOW,
    params={"keys": ["cluster", "cloud_provider", "region"]},
    controls=["nist-800-53r5:AU-12"],
)
def k8s_telemetry_no_cluster_label(r: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Metrics carry the labels of their cluster, cloud and region.

    ## Why
    Two clusters that send the same series to one store overwrite each other, and an alert does not say where to look.

    ## Fix
    Set the labels in `externalLabels` of the Prometheus resource, or in `global.external_labels` of its configuration.
    """
    if r.type == "Prometheus":
        labels = r["spec.externalLabels"] or {}
        missing = [key for key in params["keys"] if not is_map(labels) or key not in labels]
        if missing:
            yield r.fails(f"the external labels {', '.join(missing)} are missing", at="spec.externalLabels")
        return
    for name, labels in external_labels(r["data"]):
        missing = [key for key in params["keys"] if key not in labels]
        if missing:
            yield r.fails(f"{name}: the external labels {', '.join(missing)} are missing", at="data", key=name)
