from collections.abc import Iterator

from assay import LOW, MEDIUM, Block, Finding, Resource, rule

_EXEC = "configuration.execute_command_configuration"


@rule(
    on="aws_ecs_cluster",
    severity=LOW,
    controls=["nist-800-53r5:SC-12"],
    equivalents=["CKV_AWS_224"],
)
def aws_ecs_exec_no_customer_key(cluster: Resource) -> Iterator[Finding]:
    """Sessions opened with ECS Exec, and their logs, are encrypted with a customer key.

    ## Why
    A session is a shell in a running container: what is typed and shown there includes credentials.
    ## Fix
    Set `kms_key_id` in `execute_command_configuration` and turn on the encryption of its log destination.
    """
    if cluster.absent(_EXEC):
        return
    if cluster.absent(f"{_EXEC}.kms_key_id"):
        yield cluster.fails("sessions are not encrypted with a key of one's own", at=f"{_EXEC}.kms_key_id")
    logs = f"{_EXEC}.log_configuration"
    for name, encrypted in (("cloud_watch_log_group_name", "cloud_watch"), ("s3_bucket_name", "s3_bucket")):
        path = f"{logs}.{encrypted}_encryption_enabled"
        if not cluster.absent(f"{logs}.{name}") and cluster[path] != True:
            yield cluster.fails("the session log is not encrypted", at=path, fix=cluster.set(path, True))


@rule(
    on="aws_ecs_task_definition",
    each="volume",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-8"],
    equivalents=["CKV_AWS_97", "kics:4d46ff3b", "AVD-AWS-0035"],
    fixable=True,
)
def aws_ecs_volume_unencrypted(volume: Block) -> Iterator[Finding]:
    """Tasks reach their EFS volumes over TLS.

    ## Why
    NFS is plain text: files cross the network readable to whoever listens in it.
    ## Fix
    Set `transit_encryption = "ENABLED"` in `efs_volume_configuration`.
    """
    path = "efs_volume_configuration.transit_encryption"
    if not volume.absent("efs_volume_configuration") and volume[path] != "ENABLED":
        yield volume.fails("files cross the network in plain text", at=path, fix=volume.set(path, "ENABLED"))
