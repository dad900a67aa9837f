"""What belongs to a whole tenancy: is this code the place that sets it up, and is this value the tenancy itself?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from assay.model import PartialList, Ref, Text, Undetermined, Unknown

if TYPE_CHECKING:
    from assay.analysis.oci_policy_language import Statement
    from assay.graph import Graph
    from assay.model import Resource

# There is one of each in a tenancy: code that declares one sets up the tenancy.
BASELINE = (
    "oci_audit_configuration",
    "oci_cloud_guard_cloud_guard_configuration",
    "oci_identity_authentication_policy",
)


def is_code(scope: Resource) -> bool:
    """True for what is written in code, a scope that stands for a root module too; not for what runs."""
    return scope.source in ("terraform", "plan")


def answers_for(tenancy: Resource, graph: Graph, *family: str) -> bool:
    """True when what is missing here is missing in the tenancy: a live one, or code that sets tenancies up.

    A root module answers for a concern when it declares a resource of the concern's `family`, or one of the tenancy's
    own settings; otherwise every small module would be told what its tenancy lacks.
    """
    if not is_code(tenancy):
        return True
    return any(list.__len__(graph.beside(tenancy, type_)) for type_ in (*family, *BASELINE))


def declared(scope: Resource, graph: Graph, *types: str) -> list[Resource]:
    """The resources of these types beside the scope; an incomplete list where a module could not be read.

    A resource whose number nobody knows is not among them, and makes the list incomplete as well.
    """
    found: list[Resource] = []
    doubt: Unknown | None = None
    for type_ in types:
        beside = graph.beside(scope, type_)
        if isinstance(beside, PartialList):
            doubt = beside.unknown
        for r in list.__iter__(beside):
            if "[?]" in r.address:
                doubt = Unknown(f"whether there is any {type_} is not known: {r.address}")
            else:
                found.append(r)
    if doubt is None:
        doubt = _unread(scope, graph)
    return found if doubt is None else PartialList(found, doubt)


def exists(scope: Resource, graph: Graph, *types: str) -> bool:
    """True when a resource of one of the types is declared beside the scope.

    Raises:
        Undetermined: none certainly is, and some may be.
    """
    return bool(declared(scope, graph, *types))


def _unread(scope: Resource, graph: Graph) -> Unknown | None:
    """Why the root module may hold more than was read: a module from elsewhere of which nothing is here."""
    modules = list(list.__iter__(graph.beside(scope, "module")))
    remote = [m for m in modules if not str(m.values.get("source") or ".").startswith((".", "/"))]
    if not remote:
        return None
    inside = [r.address for r in graph.resources if r.root == scope.root and r.address.startswith("module.")]
    for module in remote:
        if not any(address.startswith(module.address + ".") for address in inside):
            return Unknown(f"{module.address} was not read: what it declares is not known")
    return None


def is_everywhere(s: Statement) -> bool:
    """True for a statement `in tenancy`, and for one in the compartment that is the tenancy itself.

    A compartment that nobody knows, and that is not called a tenancy, is taken for one below.
    """
    if s.place != "compartment":
        return s.place == "tenancy"
    try:
        return is_tenancy(s.path)
    except Undetermined:
        return False


def is_tenancy(value: Any) -> bool:
    """True when a compartment's OCID is the tenancy's own, the root compartment.

    A variable or attribute that says so by its name is believed; a resource's id is never the tenancy's.

    Raises:
        Undetermined: nobody can tell.
    """
    if isinstance(value, Ref):
        if re.search(r"(?:^|\.)oci_\w+\.[^.]+$", value.target) and ".data." not in f".{value.target}":
            return False  # whatever its author called it
        if "tenancy" in f"{value.target}.{value.attribute}".lower():
            return True
        if ".data." in f".{value.target}":
            raise Undetermined(value)
        return False
    if isinstance(value, Text):
        return value.startswith("ocid1.tenancy.")
    if isinstance(value, Unknown):
        if "tenancy" in value.reason.lower():
            return True
        raise Undetermined(value)
    return isinstance(value, str) and value.startswith("ocid1.tenancy.")
