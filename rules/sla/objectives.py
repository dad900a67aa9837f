from collections.abc import Iterator
from typing import Any

from assay import HIGH, MEDIUM, Finding, Graph, Resource, rule
from assay.analysis.naming import tag
from assay.patterns import pattern

_NUMBER = pattern(r"\s*(\d+(?:\.\d+)?)\s*(?:%|d|days?)?\s*")


def _declared(r: Resource, names: list[str], default: float) -> float:
    """The objective that a tag declares, else the configured one; 0 is none."""
    value = tag(r, *names)
    found = None if value == None else _NUMBER.fullmatch(str(value))
    return default if found == None else float(found[1])


# --- availability: what an arrangement is good for, by the platforms' own agreements ---------------------------------


def _instance(r: Resource, graph: Graph) -> tuple[float, str, str]:
    return (99.95, "", "multi_az") if r["multi_az"] == True else (99.5, "a database in one zone", "multi_az")


def _aurora(r: Resource, graph: Graph) -> tuple[float, str, str]:
    members = graph.users(r, "aws_rds_cluster_instance")
    if r.absent("db_cluster_instance_class") and len(members) < 2:
        return 99.5, f"a cluster with {len(members)} instance(s)", "engine"
    return 99.99, "", "engine"


def _balancer(r: Resource, graph: Graph) -> tuple[float, str, str]:
    at = "subnet_mapping" if r.absent("subnets") else "subnets"
    if not r.absent(at) and len(r[at]) < 2:
        return 99.9, "a load balancer in one zone", at
    return 99.99, "", at


def _oci_balancer(r: Resource, graph: Graph) -> tuple[float, str, str]:
    domains = [subnet["availability_domain"] for subnet in graph.follow(r, "subnet_ids")]
    if domains and all(d != None for d in domains) and all(d == domains[0] for d in domains):
        return 99.5, "a load balancer in one availability domain", "subnet_ids"
    return 99.95, "", "subnet_ids"


def _autonomous(r: Resource, graph: Graph) -> tuple[float, str, str]:
    guarded = r["is_local_data_guard_enabled"] == True or r["is_data_guard_enabled"] == True
    return (99.995, "", "") if guarded else (99.95, "a database without Data Guard", "is_local_data_guard_enabled")


def _node_pool(r: Resource, graph: Graph) -> tuple[float, str, str]:
    at = "node_config_details.placement_configs"
    domains = sum(max(1, len(p["fault_domains"] or [])) for p in r.each(at))
    nodes = r["node_config_details.size"]
    if domains < 2 or (nodes != None and nodes < 2):
        return 99.5, "a node pool in one placement", at
    return 99.95, "", at


_AVAILABILITY = {
    "aws_db_instance": _instance,
    "aws_rds_cluster": _aurora,
    "aws_lb": _balancer,
    "oci_load_balancer_load_balancer": _oci_balancer,
    "oci_database_autonomous_database": _autonomous,
    "oci_containerengine_node_pool": _node_pool,
}


@rule(
    on=list(_AVAILABILITY),
    severity=HIGH,
    controls=["nist-800-53r5:CP-10"],
    params={"tags": ["availability", "availability_objective", "availability-objective", "sla", "slo"], "default": 0},
)
def sla_redundancy_below_objective(r: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """What has a declared availability is arranged to meet it.

    ## Why
    An objective that the arrangement cannot meet is broken by the first zone or machine that fails.
    ## Fix
    Add zones, replicas or a standby, or declare an objective that can be met.
    """
    wanted = _declared(r, params["tags"], params["default"])
    if wanted <= 0:
        return
    possible, what, at = _AVAILABILITY[r.type](r, graph)
    if possible < wanted:
        said = f"{wanted:g} % is declared, {what or 'this arrangement'} is good for {possible:g} % at most"
        yield r.fails(said, at=at)


# --- retention: for how many days there is a backup to go back to ----------------------------------------------------


def _plan_days(plan: Resource) -> tuple[float, str]:
    days = [rule["lifecycle.delete_after"] or 36500 for rule in plan.each("rule")]
    return max(days, default=0), "rule"


def _system_days(system: Resource) -> tuple[float, str]:
    backups = "db_home.database.db_backup_config"
    if system[f"{backups}.auto_backup_enabled"] != True:
        return 0, f"{backups}.auto_backup_enabled"
    days = system[f"{backups}.recovery_window_in_days"]
    return (30 if days == None else days), f"{backups}.recovery_window_in_days"


def _days(r: Resource) -> tuple[float, str]:
    if r.type == "aws_backup_plan":
        return _plan_days(r)
    if r.type == "oci_database_db_system":
        return _system_days(r)
    path, default = {
        "aws_db_instance": ("backup_retention_period", 0),
        "aws_rds_cluster": ("backup_retention_period", 1),
        "oci_database_autonomous_database": ("backup_retention_period_in_days", 60),
    }[r.type]
    return (default if r.absent(path) else r[path]), path


@rule(
    on=[
        "aws_db_instance",
        "aws_rds_cluster",
        "aws_backup_plan",
        "oci_database_db_system",
        "oci_database_autonomous_database",
    ],
    severity=MEDIUM,
    controls=["nist-800-53r5:CP-9"],
    params={
        "tags": ["backup_retention", "backup-retention", "backup_retention_days", "backup-retention-days", "retention"],
        "default": 0,
    },
)
def sla_backup_retention_below_objective(r: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Backups are kept for as long as is declared.

    ## Why
    Whoever relies on the declared days finds out when the backup that is asked for has expired.
    ## Fix
    Keep backups for the declared number of days, or declare what is kept.
    """
    wanted = _declared(r, params["tags"], params["default"])
    if wanted <= 0:
        return
    kept, at = _days(r)
    if kept < wanted:
        yield r.fails(f"{wanted:g} days are declared, backups are kept for {kept:g}", at=at)
