"""Provider configurations as resources see them: the default tags of the AWS provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Unknown
from assay.terraform import schema
from assay.terraform.evaluate import body_values

if TYPE_CHECKING:
    from assay.terraform.evaluate import Scope
    from assay.terraform.instances import Instance


def all_tags(instance: Instance, tags: Any) -> Any:
    """The tags after the provider's defaults; None when there are none of either, or the resource cannot have tags."""
    scope = instance.group.scope
    written = instance.group.block.body.attributes.get("provider")
    key = "aws" if written is None else written.text.strip('"')
    defaults = default_tags(scope, key)
    if defaults is None:
        return tags  # so that a rule on `tags_all` sees what is written here whether or not a provider adds to it
    if tags is None and not schema.has(instance.group.type, "tags"):
        return None
    if isinstance(defaults, Unknown):
        return defaults
    if isinstance(tags, Unknown):
        return tags
    return {**defaults, **(tags or {})}


def default_tags(scope: Scope, key: str) -> Any:
    """The default tags of a provider configuration, found here or handed down by a caller."""
    if key not in scope.default_tags:
        scope.default_tags[key] = _find(scope, key)
    return scope.default_tags[key]


def _find(scope: Scope, key: str) -> Any:
    block = scope.module.providers.get(key)
    if block is not None:
        for inner in body_values(block.body, scope.env).get("default_tags", []):
            return inner.get("tags", {})
        return None
    if scope.parent is None or scope.caller is None:
        return None
    return default_tags(scope.parent, _handed_down(scope, key))


def _handed_down(scope: Scope, key: str) -> str:
    """The caller's name for a provider configuration."""
    handed = scope.arguments.get("providers")
    if handed is None:
        return key
    import re

    found = re.search(rf'(?:^|[\s{{,"]){re.escape(key)}"?\s*[=:]\s*"?([\w.-]+)', handed.text)
    return found[1] if found else key
