"""Credentials in manifests: written out, or handed to a process in a way that spreads them."""

from collections.abc import Iterator

from assay import HIGH, LOW, Finding, Resource, rule
from assay.analysis.credentials import credential_within, is_credential, is_masked
from assay.analysis.kubernetes_secrets import is_placeholder, is_sealed
from assay.kubernetes.relations import each_entry
from assay.kubernetes.workloads import PODS, Container, containers


@rule(
    on=PODS,
    each=containers,
    severity=HIGH,
    controls=["nist-800-53r5:IA-5"],
    equivalents=["kube-linter:env-var-secret", "kubescape:C-0012"],
)
def k8s_plaintext_secret_env(c: Container) -> Iterator[Finding]:
    """Environment variables do not hold credentials in clear.

    ## Why
    The manifest is in the repository, in its history, and readable by everybody who may list pods.

    ## Fix
    Keep the value in a Secret that an ExternalSecret or a SealedSecret makes, and refer to it with `secretKeyRef`.
    """
    for entry in c.each("env"):
        value = entry["value"]
        if (is_masked(value) or value not in (None, "")) and is_credential(str(entry["name"]), value):
            yield entry.fails(f"{c}: {entry['name']} holds a credential in clear", at="value", key=str(entry["name"]))


@rule(
    on=PODS,
    each=containers,
    severity=LOW,
    controls=["cis-kubernetes-2.0.1:5.4.1", "nist-800-53r5:IA-5"],
    equivalents=[
        "CKV_K8S_35",
        "kics:6d8f1a10",
        "kics:3d658f8b",
        "prowler:core_no_secrets_envs",
        "kube-linter:read-secret-from-env-var",
        "kubescape:C-0207",
    ],
)
def k8s_secret_in_env(c: Container) -> Iterator[Finding]:
    """Secrets reach their program as files.

    ## Why
    Environments are inherited by every child process, and end in crash dumps and debugging output; a variable keeps its
    value after the Secret was rotated.

    ## Fix
    Mount the Secret as a volume and let the program read the file.
    """
    names = [f"{e['name']}" for e in c.each("env") if not e.absent("valueFrom.secretKeyRef")]
    if names:
        yield c.fails(f"{c} takes secrets as environment variables: {', '.join(names)}", at="env")
    elif any(not e.absent("secretRef") for e in c.each("envFrom")):
        yield c.fails(f"{c} takes a whole Secret as environment variables", at="envFrom")


@rule(on="ConfigMap", severity=HIGH, controls=["nist-800-53r5:IA-5"], equivalents=["AVD-KSV-0109", "AVD-KSV-01010"])
def k8s_configmap_secret(config: Resource) -> Iterator[Finding]:
    """ConfigMaps hold no credentials.

    ## Why
    Nothing protects a ConfigMap: it is not encrypted in etcd, and roles that may not read Secrets may read it.

    ## Fix
    Move the value into a Secret.
    """
    for key, value in each_entry(config, "data"):
        if is_placeholder(value) and not is_masked(value):
            continue
        if is_credential(key, value) or credential_within(value):
            yield config.fails(f"{key} holds a credential", at="data", key=key)


@rule(
    on="Secret",
    severity=HIGH,
    sources=("manifest", "terraform", "plan"),
    controls=["nist-800-53r5:IA-5"],
    equivalents=["kics:b9c83569", "kubescape:C-0208", "kubescape:C-0234"],
)
def k8s_secret_in_manifest(secret: Resource) -> Iterator[Finding]:
    """The values of Secrets do not lie in the repository.

    ## Why
    Base64 hides nothing. Everybody with the repository, its history or a copy of it has the credential.

    ## Fix
    Let an ExternalSecret fetch it, or commit it as a SealedSecret or encrypted with SOPS; and change the value, which
    the history keeps.
    """
    if is_sealed(secret.values):
        return
    for field in ("stringData", "data"):
        written = [k for k, v in each_entry(secret, field) if not is_placeholder(v, encoded=field == "data")]
        if written:
            yield secret.fails(f"the values of {', '.join(written)} are written out", at=field)
