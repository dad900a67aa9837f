from assay import HIGH, require

require(
    "aws-eks-secrets-unencrypted",
    on="aws_eks_cluster",
    path="encryption_config.resources",
    contains="secrets",
    severity=HIGH,
    controls=["nist-800-53r5:SC-28"],
    equivalents=[
        "CKV_AWS_58",
        "kics:63ebcb19",
        "AVD-AWS-0039",
        "prowler:eks_cluster_kms_cmk_encryption_in_secrets_enabled",
        "kubescape:C-0244",
        "steampipe-aws:eks_cluster_secrets_encrypted",
    ],
    title="Kubernetes secrets in EKS are encrypted with a KMS key.",
    why="Without envelope encryption a backup of the cluster's store gives away every password kept in a Secret.",
    fix='Add an `encryption_config` with `resources = ["secrets"]` and a `provider` that names the key.',
)
