"""Who hears of what happens: logs, alarms."""

from __future__ import annotations

from assay.inventory.oci.table import Row, of, table

MONITORING = table(
    "monitoring",
    of(
        "logging.LoggingManagementClient",
        Row("oci_logging_log_group", "list_log_groups", "inspect log-groups"),
        Row("oci_logging_log", "list_logs", "inspect log-groups", args={"log_group_id": "parent.id"},
            within="oci_logging_log_group"),
    ),
    of("monitoring.MonitoringClient", Row("oci_monitoring_alarm", "list_alarms", "inspect alarms", get="get_alarm",
                                          get_grant="read alarms")),
)  # fmt: skip

TABLES = (MONITORING,)
