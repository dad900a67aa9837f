"""Who clusters let in, and who vouches for them."""

from collections.abc import Iterator

from assay import LOW, Finding, Resource, rule

ISSUER = "options.open_id_connect_token_authentication_config"


@rule(
    on=["aws_eks_cluster", "oci_containerengine_cluster"],
    severity=LOW,
    controls=["nist-800-53r5:IA-2"],
    equivalents=["kubescape:C-0088", "kubescape:C-0232"],
)
def k8s_iam_authenticator_off(cluster: Resource) -> Iterator[Finding]:
    """Access to a cluster is granted by the cloud's identity service.

    Of EKS a cluster is judged that keeps its administrators in a ConfigMap, of OKE one that takes another issuer's
    tokens.

    ## Why
    Whoever may edit a ConfigMap of `kube-system` makes himself an administrator, and no trail records it; another
    issuer's users come and go without the cloud's rules on passwords and second factors.
    ## Fix
    EKS: `access_config { authentication_mode = "API" }`, with an `aws_eks_access_entry` for each who needs it. OKE:
    leave `open_id_connect_token_authentication_config` out.
    """
    if cluster.type == "aws_eks_cluster":
        mode = cluster["access_config.authentication_mode"]
        if mode == None or mode == "CONFIG_MAP":
            yield cluster.fails("a ConfigMap says who may do what", at="access_config.authentication_mode")
    elif cluster[f"{ISSUER}.is_open_id_connect_auth_enabled"] == True:
        yield cluster.fails("it takes the tokens of another issuer", at=f"{ISSUER}.is_open_id_connect_auth_enabled")
