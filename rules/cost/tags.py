"""Tags by which cost is told apart, on every resource that can have them."""

from collections.abc import Iterator
from typing import Any

from assay import LOW, Finding, Graph, Resource, is_map, rule


@rule(on="taggable", params={"tags": []}, severity=LOW, equivalents=["kics:e38a8e0a", "kics:f99d3482"])
def cost_untagged(r: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Resources carry the tags by which cost is told apart.

    ## Why
    What has no tag appears in the bill as nobody's: it is neither questioned nor switched off.
    ## Fix
    Tag the resource, or set `default_tags` on the provider. `tags` of this rule lists the keys that must be there;
    without a list any tag besides `Name` will do.
    """
    if r["tags_all"] == None and r["tags"] == None and r["freeform_tags"] == None and r["defined_tags"] == None:
        yield r.fails("the resource has no tags", at=tag_path(r))
        return
    keys = tag_keys(r)
    wanted = [name for name in params["tags"] if name not in keys]
    if wanted:
        yield r.fails(f"the tag {wanted[0]} is missing", at=tag_path(r))
    elif not params["tags"] and not any(key != "Name" for key in keys):
        yield r.fails(f"the resource has no tag{' besides its name' if keys else 's'}", at=tag_path(r))


def tag_path(r: Resource) -> str:
    """Where the resource's tags are written."""
    return "freeform_tags" if r.type.startswith("oci_") else "tags"


def tag_keys(r: Resource) -> list[str]:
    """The keys of all tags; a defined tag answers to its own name and with its namespace."""
    found = []
    for path in ("tags_all", "tags", "freeform_tags", "defined_tags"):
        tags = r[path]
        if is_map(tags):
            found += [key for name in tags for key in (name, name.partition(".")[2] or name)]
    return found
