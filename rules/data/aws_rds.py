import re
from collections.abc import Iterator

from assay import HIGH, Finding, Resource, rule

# Per engine and major version the last minor one whose log_fdw extension reads files of the host.
_LAST_OPEN: dict[str, dict[tuple[int, ...], int]] = {
    "postgres": {(13,): 2, (12,): 6, (11,): 11, (10,): 16, (9, 6): 21, (9, 5): 25},
    "aurora-postgresql": {(11,): 8, (10,): 13},
}


@rule(
    on=["aws_db_instance", "aws_rds_cluster"],
    severity=HIGH,
    controls=["nist-800-53r5:SI-2"],
    equivalents=[
        "CKV_AWS_388",
        "CKV_AWS_250",
        "steampipe-aws:rds_db_cluster_aurora_postgres_not_exposed_to_local_file_read_vulnerability",
        "steampipe-aws:rds_db_instance_postgres_not_exposed_to_local_file_read_vulnerability",
    ],
)
def aws_rds_file_read_vulnerability(database: Resource) -> Iterator[Finding]:
    """PostgreSQL databases run a version whose log extension cannot read files of the host.

    ## Why
    In these versions a user with rights on `log_fdw` reads any file of the machine, credentials included.
    ## Fix
    Upgrade to a later minor version.
    """
    engine, version = database["engine"], database["engine_version"]
    if engine not in _LAST_OPEN or version == None:
        return
    numbers = [int(n) for n in re.findall(r"\d+", str(version))]
    for major, last in _LAST_OPEN[engine].items():
        minor = numbers[len(major) : len(major) + 1]
        # A bare major version means its newest minor one.
        if tuple(numbers[: len(major)]) == major and minor and minor[0] <= last:
            yield database.fails(f"{engine} {version} lets a user read files of the host", at="engine_version")
