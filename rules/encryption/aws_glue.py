from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Resource, require, rule

_CONFIGURATION = "encryption_configuration"


@rule(
    on=["aws_glue_security_configuration", "aws_glue_job", "aws_glue_dev_endpoint"],
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-28"],
    equivalents=[
        "CKV_AWS_99",
        "kics:ad5b4e97",
        "prowler:glue_development_endpoints_job_bookmark_encryption_enabled",
        "prowler:glue_development_endpoints_s3_encryption_enabled",
        "prowler:glue_etl_jobs_amazon_s3_encryption_enabled",
        "prowler:glue_etl_jobs_job_bookmark_encryption_enabled",
        "steampipe-aws:glue_dev_endpoint_job_bookmarks_encryption_enabled",
        "steampipe-aws:glue_dev_endpoint_s3_encryption_enabled",
        "steampipe-aws:glue_job_bookmarks_encryption_enabled",
        "steampipe-aws:glue_job_s3_encryption_enabled",
    ],
)
def aws_glue_job_unencrypted(r: Resource) -> Iterator[Finding]:
    """Glue encrypts the output and the bookmarks of its jobs.

    ## Why
    A job writes copies of what it reads, and its bookmarks quote keys and paths of the data.
    ## Fix
    Set `s3_encryption_mode` and `job_bookmarks_encryption_mode`, and name the security configuration in every job.
    """
    if r.type != "aws_glue_security_configuration":
        if r.absent("security_configuration"):
            yield r.fails("no security configuration, so nothing is encrypted", at="security_configuration")
        return
    for part, mode in (("s3_encryption", "s3"), ("job_bookmarks_encryption", "job_bookmarks")):
        path = f"{_CONFIGURATION}.{part}.{mode}_encryption_mode"
        if r[path] in (None, "DISABLED"):
            yield r.fails(f"{part} is disabled", at=path)


require(
    "aws-glue-logs-unencrypted",
    on="aws_glue_security_configuration",
    path="encryption_configuration.cloudwatch_encryption.cloudwatch_encryption_mode",
    equals="SSE-KMS",
    severity=LOW,
    controls=["nist-800-53r5:SC-28"],
    equivalents=[
        "prowler:glue_development_endpoints_cloudwatch_logs_encryption_enabled",
        "prowler:glue_etl_jobs_cloudwatch_logs_encryption_enabled",
        "steampipe-aws:glue_dev_endpoint_cloudwatch_logs_encryption_enabled",
        "steampipe-aws:glue_job_cloudwatch_logs_encryption_enabled",
    ],
    title="Glue encrypts the logs of its jobs.",
    why="Logs of a job quote rows, queries and connection strings.",
)

_CATALOGUE = "data_catalog_encryption_settings"


@rule(
    on="aws_glue_data_catalog_encryption_settings",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-28"],
    equivalents=[
        "CKV_AWS_94",
        "kics:01d50b14",
        "prowler:glue_data_catalogs_metadata_encryption_enabled",
        "prowler:glue_data_catalogs_connection_passwords_encryption_enabled",
        "steampipe-aws:glue_data_catalog_encryption_settings_metadata_encryption_enabled",
        "steampipe-aws:glue_data_catalog_encryption_settings_password_encryption_enabled",
    ],
)
def aws_glue_catalog_unencrypted(settings: Resource) -> Iterator[Finding]:
    """The Glue catalogue encrypts its metadata and the passwords of its connections.

    ## Why
    The catalogue says what data there is and where, and its connections hold the passwords of the databases.
    ## Fix
    Set `catalog_encryption_mode = "SSE-KMS"` and `return_connection_password_encrypted = true`, each with its key.
    """
    mode = f"{_CATALOGUE}.encryption_at_rest.catalog_encryption_mode"
    if settings[mode] in (None, "DISABLED"):
        yield settings.fails("the metadata is not encrypted", at=mode)
    password = f"{_CATALOGUE}.connection_password_encryption.return_connection_password_encrypted"
    if settings[password] != True:
        yield settings.fails("connection passwords are not encrypted", at=password, fix=settings.set(password, True))


@rule(
    on="aws_glue_connection",
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-8"],
    equivalents=["prowler:glue_database_connections_ssl_enabled", "steampipe-aws:glue_connection_ssl_enabled"],
)
def aws_glue_connection_no_tls(connection: Resource) -> Iterator[Finding]:
    """Glue connects to databases over TLS.

    ## Why
    The password of the database and every row that a job reads cross the network in plain text otherwise.
    ## Fix
    Set `JDBC_ENFORCE_SSL = "true"` in `connection_properties`.
    """
    if connection["connection_type"] in (None, "JDBC"):
        properties = connection["connection_properties"] or {}
        if str(properties.get("JDBC_ENFORCE_SSL")).lower() != "true":
            yield connection.fails("JDBC_ENFORCE_SSL is not true", at="connection_properties")


require(
    "aws-glue-no-security-configuration",
    on=["aws_glue_crawler", "aws_glue_dev_endpoint", "aws_glue_job"],
    path="security_configuration",
    present=True,
    severity=MEDIUM,
    controls=["nist-800-53r5:SC-28"],
    equivalents=["CKV_AWS_195"],
    title="Glue crawlers and jobs have a security configuration.",
    why="Without one neither what they write nor their logs and bookmarks are encrypted by Glue.",
)


@rule(
    on="aws_glue_ml_transform",
    sources=("aws",),
    severity=LOW,
    controls=["nist-800-53r5:SC-28"],
    equivalents=[
        "prowler:glue_ml_transform_encrypted_at_rest",
        "steampipe-aws:glue_ml_transform_encryption_at_rest_enabled",
    ],
)
def aws_glue_transform_unencrypted(transform: Resource) -> Iterator[Finding]:
    """Machine learning transforms encrypt the data of their users.

    Terraform cannot say it, so only an account is judged.

    ## Why
    The labels and samples that people teach it with are records of customers.
    ## Fix
    Make the transform anew with `--transform-encryption`; it cannot be switched on later.
    """
    if transform["ml_user_data_encryption_mode"] in (None, "DISABLED"):
        yield transform.fails("what users give it is kept in clear", at="ml_user_data_encryption_mode")
