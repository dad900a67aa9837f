"""What instances are told in clear."""

from __future__ import annotations

from collections.abc import Iterator

from assay import CRITICAL, Finding, Graph, Resource, any_of, is_map, rule
from assay.analysis.credentials import cloud_init_parts, credential_within

PLACES = {
    "oci_core_instance": "metadata",
    "oci_core_instance_configuration": "instance_details.launch_details.metadata",
    "oci_containerengine_node_pool": "node_metadata",
}


@rule(on=list(PLACES), sources=["terraform", "plan"], severity=CRITICAL, controls=["nist-800-53r5:IA-5"])
def oci_instance_user_data_secret(r: Resource, graph: Graph) -> Iterator[Finding]:
    """User data of instances holds no credentials.

    ## Why
    Every process on the instance can ask for the user data, and everybody who may read the instance sees it.
    ## Fix
    Let the instance read secrets from a vault when it starts, as a member of a dynamic group.
    """
    metadata = r[PLACES[r.type]]
    text = metadata.get("user_data") if is_map(metadata) else None
    if text == None:
        return
    parts = cloud_init_parts(text, r, graph)
    if any_of([part["content"] for part in parts] if parts else [text], credential_within):
        because = [part.where("content") for part in parts]
        yield r.fails("the user data holds a credential", at=f"{PLACES[r.type]}.user_data", because=because)
