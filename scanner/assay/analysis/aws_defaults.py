"""Defaults that hold where a resource says nothing: those that an account sets for a region, and AWS's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.model import Undetermined, Unknown, any_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from assay.graph import Graph
    from assay.model import Resource


def by_default(r: Resource, type_: str, graph: Graph, test: Callable[[Resource], bool]) -> bool:
    """True when a default of this type beside the resource passes the test; never for what runs, which tells itself.

    Raises:
        Undetermined: it does, and with several provider configurations nobody can tell whether it is for this region.
    """
    if r.source == "aws" or not any_of(graph.beside(r, type_), lambda d: test(d) and there(d)):
        return False
    if list.__len__(graph.beside(r, "provider.aws")) > 1:
        raise Undetermined(Unknown(f"which of several provider configurations {type_} is for is not known here"))
    return True


def there(r: Resource) -> bool:
    """True for what will certainly be there.

    Raises:
        Undetermined: it is declared with a count that is not known.
    """
    if r.address.endswith("[?]"):
        raise Undetermined(Unknown(f"whether there is a {r.address} depends on a count that is not known"))
    return True


def encrypts_volumes(r: Resource, graph: Graph) -> bool:
    """True when new volumes of the region are encrypted unless somebody says otherwise."""
    return by_default(r, "aws_ebs_encryption_by_default", graph, lambda d: bool(d["enabled"] != False))  # noqa: E712


def demands_tokens(r: Resource, graph: Graph) -> bool:
    """True when new instances of the region demand session tokens unless somebody says otherwise."""
    return by_default(r, "aws_ec2_instance_metadata_defaults", graph, lambda d: bool(d["http_tokens"] == "required"))


def own_groups(database: Resource, path: str, graph: Graph) -> list[Resource]:
    """The parameter groups that `path` names, without AWS's own: in `default.mysql8.0` every value is the engine's."""
    named = [] if database.absent(path) else graph.follow(database, path)
    return [g for g in named if g.source != "uncollected" or not g.address.startswith('"default.')]
