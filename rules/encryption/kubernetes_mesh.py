"""Traffic between clusters."""

from collections.abc import Iterator

from assay import HIGH, Finding, Resource, rule


@rule(on="ConfigMap", severity=HIGH, controls=["nist-800-53r5:SC-8"])
def k8s_mesh_unencrypted(config: Resource) -> Iterator[Finding]:
    """A mesh of clusters encrypts what its pods say.

    ## Why
    Traffic between clusters leaves the network that each of them trusts; without encryption everybody on the way reads
    it.

    ## Fix
    Set `enable-wireguard: "true"`, or `enable-ipsec`, in Cilium's configuration of every cluster.
    """
    if config["metadata.name"] != "cilium-config":
        return
    data = config["data"] or {}
    meshed = data.get("cluster-id") not in (None, "", "0") or data.get("clustermesh-config") not in (None, "")
    if meshed and data.get("enable-wireguard") != "true" and data.get("enable-ipsec") != "true":
        yield config.fails("the cluster mesh is not encrypted", at="data")
