"""Which resources a dynamic group takes in: matching rules evaluated on the graph, and on what could be made.

A rule speaks of instances (`instance.id`, `instance.compartment.id`), of resources by their type (`resource.type =
'fnfunc'`) and of tags; a variable that a resource does not have makes its comparison false.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis.oci_conditions import glob_matches, predicates
from assay.analysis.oci_policy_language import Group, Predicate, lower
from assay.model import Ref, Undetermined, Unknown, all_of, any_of
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.analysis.oci_policy_language import Statement
    from assay.graph import Graph
    from assay.model import Resource

KINDS = {
    "oci_core_instance": "instance",
    "oci_functions_function": "fnfunc",
    "oci_apigateway_gateway": "apigateway",
    "oci_devops_build_pipeline": "devopsbuildpipeline",
    "oci_devops_deploy_pipeline": "devopsdeploypipeline",
    "oci_devops_repository": "devopsrepository",
    "oci_devops_connection": "devopsconnection",
    "oci_devops_trigger": "devopstrigger",
    "oci_resourcemanager_stack": "ormstack",
    "oci_database_autonomous_database": "autonomousdatabase",
    "oci_data_safe_target_database": "datasafetargetdatabase",
    "oci_datascience_notebook_session": "datasciencenotebooksession",
    "oci_datascience_job_run": "datasciencejobrun",
    "oci_sch_service_connector": "serviceconnector",
    "oci_containerengine_cluster": "cluster",
    "oci_container_instances_container_instance": "computecontainerinstance",
    "oci_integration_integration_instance": "integrationinstance",
    "oci_network_firewall_network_firewall": "networkfirewall",
}
"""The word of a resource type in an OCID, which `resource.type` is compared with."""


class Candidate(NamedTuple):
    """What a rule is asked about: an existing resource, or one that somebody may make in a place."""

    kind: str
    id: Any
    compartment: Any
    tags: dict[str, Any] | None  # None: whoever makes it chooses them


def candidates(graph: Graph, group: Resource) -> Iterator[tuple[Resource, Candidate]]:
    """The resources beside a dynamic group that a rule could take in."""
    for type_, kind in KINDS.items():
        for r in list.__iter__(graph.beside(group, type_)):
            home = r.values.get("compartment_id")
            if type_ == "oci_functions_function":  # a function lies where its application does
                apps = graph.follow(r, "application_id")
                home = next((a.values.get("compartment_id") for a in list.__iter__(apps)), None)
            own = r.values.get("id")
            yield r, Candidate(kind, Ref(r.address, "id") if own is None else own, home, _tags(r))


def _tags(r: Resource) -> dict[str, Any]:
    defined = r.values.get("defined_tags")
    found: dict[str, Any] = {}
    for key, value in (defined or {}).items() if isinstance(defined, dict) else ():
        if isinstance(value, dict):
            found |= {f"{key}.{name}".lower(): inner for name, inner in value.items()}
        else:
            found[str(key).lower()] = value
    return found


def takes_in(condition: Any, c: Candidate) -> bool:
    """Whether a rule takes a resource in.

    Raises:
        Undetermined: an unknown piece of the rule or of the resource decides.
    """
    if isinstance(condition, Unknown):
        raise Undetermined(condition)
    if isinstance(condition, Group):
        judge = all_of if condition.every else any_of
        return judge(condition.parts, lambda part: takes_in(part, c))
    value = _value(condition, c)
    if value is None:
        return False
    if isinstance(value, _Chosen):
        return True
    hit = any_of(condition.values, lambda wanted: _same(wanted, value)) if condition.values else True
    return hit is (condition.operator in ("=", "in", "is"))


class _Chosen:
    """A tag of something that somebody makes: it has the value they want."""


def _value(p: Predicate, c: Candidate) -> Any:
    name = p.variable
    if name in ("instance.id", "instance.compartment.id"):
        return (c.id if name == "instance.id" else c.compartment) if c.kind == "instance" else None
    if name in ("resource.id", "resource.compartment.id", "resource.type"):
        return {"resource.id": c.id, "resource.compartment.id": c.compartment}.get(name, c.kind)
    if name.startswith("tag.") and name.endswith(".value"):
        return _Chosen() if c.tags is None else c.tags.get(name[4:-6])
    return c.tags.get(name[4:]) if name.startswith("tag.") and c.tags else None


def _same(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, Ref) and isinstance(value, Ref) and wanted.attribute == value.attribute == "id":
        return wanted.target == value.target  # different resources have different ids
    if isinstance(value, Unknown):
        return bool(value == wanted)
    return glob_matches(wanted, str(value))


def is_named(s: Statement, group: Resource) -> bool:
    """Whether a statement grants to this dynamic group, by its name in any domain and case, or by its OCID.

    Raises:
        Undetermined: the statement names an unknown group, or the group's name is not known.
    """
    return s.subject == "dynamic-group" and any_of(s.names, lambda name: is_group(name, group))


def is_group(name: Any, group: Resource) -> bool:
    """Whether a subject's name or OCID is this dynamic group's.

    Raises:
        Undetermined: one of them is not known.
    """
    if isinstance(name, Ref):
        if name.target == group.address:
            return True
        if f"{group.type}." in name.target and ".data." not in f".{name.target}":
            return False  # another group
        raise Undetermined(name)
    said = lower(name)
    id_ = group.values.get("id", group.address)
    if not isinstance(id_, Unknown) and said == lower(id_):  # nobody writes the OCID of what is not made yet
        return True
    own = lower(group["name"])
    return bool(said == own or said.endswith(f"/{own}"))


def members(graph: Graph, group: Resource, condition: Any) -> list[Resource]:
    """The resources of the graph that a rule certainly takes in."""
    found = []
    for r, candidate in candidates(graph, group):
        try:
            if takes_in(condition, candidate):
                found.append(r)
        except Undetermined:
            continue
    return found


def breadth(condition: Any) -> str:
    """What a rule that names neither things nor tags nor type and compartment together takes in."""
    named = {p.variable for p in predicates(condition)}
    if isinstance(condition, Group) and not condition.every and len(named) > 1:
        return "whatever meets one of its conditions: any {...} stands where all {...} is meant"
    if named == {"resource.type"}:
        return "every resource of a type in the whole tenancy"
    if named == {"instance.compartment.id"}:
        return "every instance of a compartment"
    return "everything of a compartment or of a kind"
