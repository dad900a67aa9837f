"""Services whose only question is whether they are encrypted with a key of the account's own: one row each."""

from assay import LOW, require

require(
    "aws-appflow-no-customer-key",
    on=["aws_appflow_flow", "aws_appflow_connector_profile"],
    path="kms_arn",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_263", "CKV_AWS_264"],
    title="AppFlow flows and connections are encrypted with a customer key.",
    why="A connection holds the credentials of another company's service.",
)

require(
    "aws-codeartifact-no-customer-key",
    on="aws_codeartifact_domain",
    path="encryption_key",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_221"],
    title="CodeArtifact domains are encrypted with a customer key.",
    why="The key can be chosen when the domain is made only, and decides which accounts may share its packages.",
)

require(
    "aws-codeguru-no-customer-key",
    on="aws_codegurureviewer_repository_association",
    path="kms_key_details.encryption_option",
    equals="CUSTOMER_MANAGED_CMK",
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_381"],
    title="Code reviews are encrypted with a customer key.",
    why="The service keeps the source code that it reviewed, with its findings.",
)

require(
    "aws-codepipeline-no-customer-key",
    on="aws_codepipeline",
    each="artifact_store",
    path="encryption_key.id",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_219"],
    title="Pipelines encrypt their artifacts with a customer key.",
    why="Artifacts are source code and what gets deployed; other accounts can share a key of one's own only.",
)

require(
    "aws-kendra-no-customer-key",
    on="aws_kendra_index",
    path="server_side_encryption_configuration.kms_key_id",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_262"],
    title="Kendra indexes are encrypted with a customer key.",
    why="An index is a copy of every document that it answers from.",
)

require(
    "aws-memorydb-no-customer-key",
    on=["aws_memorydb_cluster", "aws_memorydb_snapshot"],
    path="kms_key_arn",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_201", "CKV_AWS_278"],
    title="MemoryDB clusters and snapshots are encrypted with a customer key.",
    why="A snapshot under a key of one's own can be restored only by those whom its policy names.",
)

require(
    "aws-redshift-snapshot-grant-no-customer-key",
    on="aws_redshift_snapshot_copy_grant",
    path="kms_key_id",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_281"],
    title="Redshift snapshots are copied under a customer key.",
    why="In the other region the copy is otherwise under a managed key that nobody can withhold.",
)

require(
    "aws-scheduler-no-customer-key",
    on="aws_scheduler_schedule",
    path="kms_key_arn",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_297"],
    title="Schedules are encrypted with a customer key.",
    why="The input of a schedule is kept with it, whatever it carries.",
)

require(
    "aws-timestream-no-customer-key",
    on="aws_timestreamwrite_database",
    path="kms_key_id",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_160"],
    title="Timestream databases are encrypted with a customer key.",
    why="Under the managed key nobody can see or stop who decrypts the series.",
)

require(
    "aws-fsx-no-customer-key",
    on=[
        "aws_fsx_lustre_file_system",
        "aws_fsx_ontap_file_system",
        "aws_fsx_openzfs_file_system",
        "aws_fsx_windows_file_system",
    ],
    path="kms_key_id",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_178", "CKV_AWS_179", "CKV_AWS_190", "CKV_AWS_203"],
    title="FSx file systems are encrypted with a customer key.",
    why="The key cannot be changed later, and the backups of the file system are under the same one.",
)

require(
    "aws-rds-replicated-backup-no-customer-key",
    on="aws_db_instance_automated_backups_replication",
    path="kms_key_id",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_245"],
    title="Replicated database backups are encrypted with a customer key.",
    why="Backups in another region are for the day this one is lost, and so must be the key that opens them.",
)

require(
    "aws-rds-no-customer-key",
    on=["aws_rds_cluster", "aws_db_snapshot_copy", "aws_rds_cluster_activity_stream"],
    path="kms_key_id",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_266", "CKV_AWS_246", "CKV_AWS_327", "steampipe-aws:rds_db_cluster_encrypted_with_cmk"],
    title="Database clusters, snapshot copies and activity streams are encrypted with a customer key.",
    why="A snapshot under the managed key cannot be shared with, nor restored in, another account.",
)

require(
    "aws-neptune-no-customer-key",
    on="aws_neptune_cluster",
    path="kms_key_arn",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_347", "AVD-AWS-0128"],
    title="Neptune clusters are encrypted with a customer key.",
    why="Snapshots of the graph inherit the key, and with it who may restore them.",
)

require(
    "aws-opensearch-no-customer-key",
    on=["aws_elasticsearch_domain", "aws_opensearch_domain"],
    path="encrypt_at_rest.kms_key_id",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_247", "kics:7af2f4a3"],
    title="OpenSearch domains are encrypted with a customer key.",
    why="Disabling the key is the only way to cut off every reader of an index at once.",
)

require(
    "aws-ebs-no-customer-key",
    on="aws_ebs_volume",
    path="kms_key_id",
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_189", "AVD-AWS-0027"],
    title="EBS volumes are encrypted with a customer key.",
    why="A volume under the managed key cannot be restored in another account, as after an incident it should be.",
)

require(
    "aws-codebuild-no-customer-key",
    on="aws_codebuild_project",
    path="encryption_key",
    present=True,
    when=lambda r: r["artifacts.type"] != "NO_ARTIFACTS" or r["cache.type"] == "S3",
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_147", "kics:3deec14b"],
    title="Builds encrypt their artifacts with a customer key.",
    why="Only a key of one's own can admit the account that deploys what another one has built.",
)

require(
    "aws-bedrock-no-customer-key",
    on={
        "aws_bedrockagent_agent": "customer_encryption_key_arn",
        "aws_bedrockagent_prompt": "customer_encryption_key_arn",
        "aws_bedrock_custom_model": "custom_model_kms_key_id",
    },
    present=True,
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=[
        "CKV_AWS_373",
        "prowler:bedrock_custom_model_encrypted_with_cmk",
        "prowler:bedrock_knowledge_base_encrypted_with_cmk",
        "prowler:bedrock_prompt_encrypted_with_cmk",
    ],
    title="Agents, prompts and custom models are encrypted with a customer key.",
    why="Instructions, prompts and weights carry what they were made of: business rules and training data.",
)

require(
    "aws-lambda-env-no-customer-key",
    on="aws_lambda_function",
    path="kms_key_arn",
    present=True,
    when=lambda r: r["environment.variables"],
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_173", "kics:4495bc5d"],
    title="Environment variables of functions are encrypted with a customer key.",
    why="Whoever may read a function's configuration reads its variables too, unless the key says otherwise.",
)

require(
    "aws-ssm-parameter-no-customer-key",
    on="aws_ssm_parameter",
    path="key_id",
    present=True,
    when=lambda r: r["type"] == "SecureString",
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_337"],
    title="Secret parameters are encrypted with a customer key.",
    why="Under the managed key everybody who may read the parameter may decrypt it.",
)
