"""What a cluster encrypts, and with whose keys."""

from __future__ import annotations

from assay import LOW, MEDIUM, require

require(
    "oci-oke-secrets-no-customer-key",
    severity=LOW,
    controls=["nist-800-53r5:SC-12", "nist-800-53r5:SC-28"],
    on="oci_containerengine_cluster",
    path="kms_key_id",
    present=True,
    title="Kubernetes Secrets are encrypted with a key of your own.",
    why="Without one, who holds Oracle's key and a copy of etcd holds every Secret of the cluster.",
)

require(
    "oci-oke-node-no-in-transit-encryption",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-8"],
    equivalents=["CKV2_OCI_5"],
    on="oci_containerengine_node_pool",
    path="node_config_details.is_pv_encryption_in_transit_enabled",
    equals=True,
    title="Data is encrypted on its way between nodes and their volumes.",
    why="Volumes are reached over a network: without this, what is encrypted at rest travels in clear.",
)
