"""The External Secrets Operator: how it logs in, where from."""

from collections.abc import Iterator

from assay import HIGH, Finding, Resource, rule

_KEYS = {
    "aws": ("auth.secretRef",),
    "gcpsm": ("auth.secretRef",),
    "azurekv": ("authSecretRef",),
    "oracle": ("auth.secretRef",),
    "vault": ("auth.tokenSecretRef", "auth.userPass", "auth.appRole"),
    "ibm": ("auth.secretRef",),
    "alibaba": ("auth.secretRef",),
}


@rule(on=("SecretStore", "ClusterSecretStore"), severity=HIGH, controls=["nist-800-53r5:IA-5"])
def k8s_secret_store_static_key(store: Resource) -> Iterator[Finding]:
    """Secret stores log in as the workload that they are.

    ## Why
    A static key in a Secret opens the whole store to whoever reads that one Secret, from anywhere, until somebody
    changes it.

    ## Fix
    Use the workload's identity: `auth.jwt.serviceAccountRef` on AWS, `auth.workloadIdentity` on Google Cloud,
    `principalType: Workload` on Oracle, `authType: WorkloadIdentity` on Azure, `auth.kubernetes` for Vault.
    """
    for provider, paths in _KEYS.items():
        for path in paths:
            if not store.absent(f"spec.provider.{provider}.{path}"):
                yield store.fails(
                    f"the {provider} provider logs in with a static key", at=f"spec.provider.{provider}.{path}"
                )
