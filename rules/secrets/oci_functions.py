"""What functions are told in clear."""

from __future__ import annotations

from collections.abc import Iterator

from assay import HIGH, Finding, Resource, is_map, rule
from assay.analysis.oci_functions import literal_credentials


@rule(on=["oci_functions_application", "oci_functions_function"], severity=HIGH, controls=["nist-800-53r5:IA-5(7)"])
def oci_function_config_secret(resource: Resource) -> Iterator[Finding]:
    """The configuration of functions holds no credentials.

    ## Why
    Everybody who may read the function reads its configuration, and so does everybody with the code or its state.
    ## Fix
    Keep the credential in a vault, put the secret's OCID here and let the function read it as a resource principal.
    """
    if is_map(resource["config"]):
        for name in literal_credentials(resource["config"]):
            yield resource.fails(f"{name} is a literal that looks like a credential", at=f"config.{name}", key=name)
