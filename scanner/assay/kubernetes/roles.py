"""What one rule of a Role or ClusterRole grants, wildcards and subresources included."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from assay.model import any_of, as_list

if TYPE_CHECKING:
    from collections.abc import Iterable

    from assay.model import View

ROLES = ("ClusterRole", "Role")
BINDINGS = ("ClusterRoleBinding", "RoleBinding")
CORE = ""
APPS, BATCH, RBAC, ADMISSION, CERTIFICATES = (
    "apps", "batch", "rbac.authorization.k8s.io", "admissionregistration.k8s.io", "certificates.k8s.io",
)  # fmt: skip
NAMELESS = ("create", "deletecollection")
"""Verbs whose request names no object, so that a rule with `resourceNames` never allows them; subresources aside."""
WRITES = ("create", "update", "patch", "delete", "deletecollection")


def granted(rule: View, group: str, resources: Iterable[str], verbs: Iterable[str]) -> list[str]:
    """Which of the resources the rule grants one of the verbs on.

    Raises:
        Undetermined: it grants none of them certainly, but one perhaps.
    """
    if not _lists(rule, "verbs", verbs) or not _lists(rule, "apiGroups", (group,)):
        return []
    found = [name for name in resources if any_of(as_list(rule["resources"]), partial(covers, name))]
    if found and not _lists(rule, "verbs", [v for v in verbs if v not in NAMELESS]) and narrowed(rule):
        return [name for name in found if "/" in name]
    return found


def _lists(rule: View, path: str, wanted: Iterable[str]) -> bool:
    return any_of(as_list(rule[path]), lambda v: v == "*" or v in wanted)


def covers(name: str, written: Any) -> bool:
    """Whether a resource as a rule writes it is, or holds, `name`, as RBAC has it.

    `*` is everything, `*/scale` that subresource of everything; `pods` is not `pods/exec`, and `pods/*` is nothing.
    """
    if written == "*" or written == name:
        return True
    _, slash, sub = name.partition("/")
    return bool(slash) and bool(written == f"*/{sub}")


def narrowed(rule: View) -> bool:
    """True when the rule speaks of named objects only."""
    return bool(rule["resourceNames"])
