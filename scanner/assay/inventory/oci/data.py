"""Where data lies: buckets, file systems, databases, search clusters, catalogs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from assay.inventory.oci.table import COMPARTMENT, Row, of, table
from assay.model import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.inventory.oci.engine import Item
    from assay.inventory.oci.table import Made

# Whoever may list these may also make them, unless the operation is named.
_LINKS = "manage buckets where request.operation = 'ListPreauthenticatedRequests'"
_BUCKET = {"namespace_name": "parent.namespace", "bucket_name": "parent.name"}
_OF_BUCKET = {"bucket": "parent.name", "namespace": "parent.namespace"}


def _bucket(item: Item) -> Iterator[Made]:
    if "id" in item.values:  # the provider calls the OCID bucket_id, its own id is the path
        item.values["bucket_id"] = item.values["id"]
    item.values["id"] = item.address
    yield item.made()


OBJECT_STORAGE = table(
    "object-storage",
    of(
        "object_storage.ObjectStorageClient",
        Row("oci_objectstorage_bucket", "list_buckets", "inspect buckets", get="get_bucket", get_grant="read buckets",
            args={**COMPARTMENT, "namespace_name": "$namespace"}, key=(".namespace", ".name"), shape=_bucket,
            asks=(("object_storage.ObjectStorageClient", "get_namespace", "read objectstorage-namespaces"),),
            renames={"public_access_type": "access_type"}, address="n|.namespace|b|.name"),
        Row("oci_objectstorage_object_lifecycle_policy", get="get_object_lifecycle_policy", grant="read buckets",
            key=("parent.namespace", "parent.name"), within="oci_objectstorage_bucket", adds=_OF_BUCKET,
            address="n|parent.namespace|b|parent.name|l", optional=True),
        Row("oci_objectstorage_preauthrequest", "list_preauthenticated_requests", _LINKS, args=_BUCKET,
            within="oci_objectstorage_bucket", adds=_OF_BUCKET, address="n|parent.namespace|b|parent.name|p|.id"),
        Row("oci_objectstorage_replication_policy", "list_replication_policies", "read buckets", args=_BUCKET,
            within="oci_objectstorage_bucket", adds=_OF_BUCKET, unless="replication_enabled",
            address="n|parent.namespace|b|parent.name|replicationPolicies|.id"),
    ),
)  # fmt: skip

FILE_STORAGE = table(
    "file-storage",
    of(
        "file_storage.FileStorageClient",
        Row("oci_file_storage_file_system", "list_file_systems", "inspect file-systems", get="get_file_system",
            args={**COMPARTMENT, "availability_domain": "$domain"}, get_grant="read file-systems",
            asks=(("identity.IdentityClient", "list_availability_domains", "inspect compartments"),)),
        Row("oci_file_storage_mount_target", "list_mount_targets", "inspect mount-targets",
            args={**COMPARTMENT, "availability_domain": "$domain"}),
        Row("oci_file_storage_export", "list_exports", "read export-sets", get="get_export",
            get_grant="read export-sets"),
    ),
)  # fmt: skip


def _without_oracles_key(values: dict[str, Any]) -> None:
    """The service names Oracle's own key in words (`ORACLE_MANAGED_KEY`); the provider leaves it out."""
    if not str(values.get("kms_key_id", "ocid1.")).startswith("ocid1."):
        del values["kms_key_id"]


def _autonomous(item: Item) -> Iterator[Made]:
    _without_oracles_key(item.values)
    if item.model.dataguard_region_type == "REMOTE_STANDBY_DG_REGION":
        item.values["source"] = "CROSS_REGION_DISASTER_RECOVERY"
    if "data_storage_size_in_gbs" in item.values:
        item.values["data_storage_size_in_gb"] = item.values.pop("data_storage_size_in_gbs")
    item.values.pop("connection_strings", None)
    item.values.pop("connection_urls", None)
    if (made := _latest_backup(item)) is not None:
        item.values["latest_backup_time"] = made
    yield item.made()


def _latest_backup(item: Item) -> Any:
    """When the newest backup was complete: None without any, an Unknown where they could not be listed."""
    found = item.ask(
        "database.DatabaseClient", "list_autonomous_database_backups", autonomous_database_id=item.model.id,
        lifecycle_state="ACTIVE",
    )  # fmt: skip
    if not isinstance(found, list):
        return found
    newest = max((b.time_ended for b in found if b.time_ended), default=None)
    return newest.isoformat().replace("+00:00", "Z") if newest else None


def _database(item: Item) -> Iterator[Made]:
    """A database with its settings where the provider writes them, and what keeps it in step with a standby."""
    values = item.values
    _without_oracles_key(values)
    values.pop("connection_strings", None)
    names = ("db_name", "db_unique_name", "db_workload", "db_backup_config", "kms_key_id", "character_set",
             "freeform_tags", "defined_tags")  # fmt: skip
    values["database"] = [{name: values[name] for name in names if name in values}]
    guards = item.ask("database.DatabaseClient", "list_data_guard_associations", item.model.id)
    if isinstance(guards, list) and any(g.role == "STANDBY" for g in guards):
        values["source"] = "DATAGUARD"
    yield item.made()


_METRICS = "monitoring.MonitoringClient"
METRIC_DAYS = 90
"""How far back OCI keeps metrics."""


def _nosql(item: Item) -> Iterator[Made]:
    """A table with the day somebody last read or wrote it; nothing is said of a table that is not measured at all."""
    used = item.collector.remembered(("nosql", item.scope.compartment), lambda: _last_used(item))
    found = used if isinstance(used, Unknown) else used.get(item.model.id, _UNMEASURED)
    item.values["time_last_used"] = found
    yield item.made()


_UNMEASURED = Unknown("there are no metrics of this table")


def _last_used(item: Item) -> Any:
    """The newest day with a read or a write, by table of the compartment; None for one that was only measured."""
    from datetime import timedelta

    from oci.monitoring.models import SummarizeMetricsDataDetails

    from assay import clock

    now = datetime.fromtimestamp(clock.seconds(), UTC)
    found: dict[str, str | None] = {}
    for metric in ("StorageGB", "ReadUnits", "WriteUnits"):  # the first is measured however idle a table is
        asked = SummarizeMetricsDataDetails(
            namespace="oci_nosql", query=f"{metric}[1d].groupBy(resourceId).sum()",
            start_time=now - timedelta(days=METRIC_DAYS), end_time=now,
        )  # fmt: skip
        streams = item.ask(_METRICS, "summarize_metrics_data", item.scope.compartment, asked)
        if isinstance(streams, Unknown):
            return streams
        for stream in streams:
            if stream.name != metric:
                continue
            table = stream.dimensions.get("resourceId", "")
            days = [p.timestamp for p in stream.aggregated_datapoints if p.value and metric != "StorageGB"]
            last = max(days).isoformat().replace("+00:00", "Z") if days else None
            found[table] = max(filter(None, (found.get(table), last)), default=None)
    return found


DATABASE = table(
    "database",
    of(
        "database.DatabaseClient",
        Row("oci_database_autonomous_database", "list_autonomous_databases", "inspect autonomous-databases",
            get="get_autonomous_database", get_grant="read autonomous-databases", shape=_autonomous,
            asks=(("database.DatabaseClient", "list_autonomous_database_backups", "inspect autonomous-backups"),)),
        Row("oci_database_db_system", "list_db_systems", "inspect db-systems", get="get_db_system",
            get_grant="inspect db-systems", renames={"data_storage_size_in_gbs": "data_storage_size_in_gb"}),
        Row("oci_database_db_home", "list_db_homes", "inspect db-homes",
            args={**COMPARTMENT, "db_system_id": "parent.id"}, within="oci_database_db_system"),
        Row("oci_database_database", "list_databases", "inspect databases",
            args={**COMPARTMENT, "db_home_id": "parent.id"}, within="oci_database_db_home", shape=_database,
            asks=(("database.DatabaseClient", "list_data_guard_associations", "inspect databases"),)),
        Row("oci_database_data_guard_association", "list_data_guard_associations", "inspect databases",
            args={"database_id": "parent.id"}, within="oci_database_database"),
    ),
    of("mysql.DbSystemClient", Row("oci_mysql_mysql_db_system", "list_db_systems", "inspect mysql-instances",
                                   get="get_db_system", get_grant="read mysql-instances")),
    of("nosql.NosqlClient", Row("oci_nosql_table", "list_tables", "inspect nosql-tables", shape=_nosql,
                                asks=((_METRICS, "summarize_metrics_data", "read metrics"),))),
    of("opensearch.OpensearchClusterClient", Row(
        "oci_opensearch_opensearch_cluster", "list_opensearch_clusters", "inspect opensearch-clusters",
        get="get_opensearch_cluster", get_grant="read opensearch-clusters")),
    of("data_safe.DataSafeClient", Row(
        "oci_data_safe_target_database", "list_target_databases", "inspect target-databases",
        get="get_target_database", get_grant="read target-databases")),
)  # fmt: skip

PLATFORM = table(
    "data-platform",
    of("analytics.AnalyticsClient", Row(
        "oci_analytics_analytics_instance", "list_analytics_instances", "inspect analytics-instances",
        get="get_analytics_instance", get_grant="read analytics-instances")),
    of("integration.IntegrationInstanceClient", Row(
        "oci_integration_integration_instance", "list_integration_instances", "inspect integration-instance",
        get="get_integration_instance", get_grant="read integration-instance")),
    of("data_catalog.DataCatalogClient", Row(
        "oci_datacatalog_catalog", "list_catalogs", "inspect data-catalogs", get="get_catalog",
        get_grant="read data-catalogs")),
    sparse=True,
)  # fmt: skip

RECOVERY = table(
    "disaster-recovery",
    of(
        "disaster_recovery.DisasterRecoveryClient",
        Row("oci_disaster_recovery_dr_protection_group", "list_dr_protection_groups",
            "inspect disaster-recovery-protection-groups"),
        Row("oci_disaster_recovery_dr_plan", "list_dr_plans", "inspect disaster-recovery-plans", get="get_dr_plan",
            get_grant="read disaster-recovery-plans", args={"dr_protection_group_id": "parent.id"},
            within="oci_disaster_recovery_dr_protection_group"),
        Row("oci_disaster_recovery_dr_plan_execution", "list_dr_plan_executions",
            "inspect disaster-recovery-plan-executions", get="get_dr_plan_execution",
            get_grant="read disaster-recovery-plan-executions", args={"dr_protection_group_id": "parent.id"},
            within="oci_disaster_recovery_dr_protection_group"),
    ),
    sparse=True,
)  # fmt: skip

GENERATIVE_AI = table(
    "generative-ai",
    of("generative_ai.GenerativeAiClient", Row(
        "oci_generative_ai_endpoint", "list_endpoints", "inspect generative-ai-endpoint", get="get_endpoint",
        get_grant="read generative-ai-endpoint")),
    of("generative_ai_agent.GenerativeAiAgentClient", Row(
        "oci_generative_ai_agent_agent_endpoint", "list_agent_endpoints", "inspect genai-agent-endpoint",
        get="get_agent_endpoint", get_grant="read genai-agent-endpoint")),
    sparse=True,
)  # fmt: skip

TABLES = (OBJECT_STORAGE, FILE_STORAGE, DATABASE, PLATFORM, RECOVERY, GENERATIVE_AI)
