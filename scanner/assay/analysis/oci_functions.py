"""How OCI functions are invoked, as far as the configuration tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Unknown, any_of

if TYPE_CHECKING:
    from assay.graph import Graph
    from assay.model import Resource


def has_destination(function: Resource, path: str) -> bool:
    """True when a destination is set at `path` and its kind is not NONE."""
    return any_of(function.each(path), lambda d: d["kind"] != "NONE")


def is_invoked_detached(function: Resource, graph: Graph, *, told_by: tuple[str, ...]) -> bool:
    """True when something says that nobody waits for the answer.

    Args:
        function: the function.
        graph: where its invocations are found.
        told_by: which of its own settings count as a sign: `timeout`, `success`, `failure`.
    """
    signs = {
        "timeout": lambda: not function.absent("detached_mode_timeout_in_seconds"),
        "success": lambda: has_destination(function, "success_destination"),
        "failure": lambda: has_destination(function, "failure_destination"),
    }
    if any_of(told_by, lambda sign: signs[sign]()):
        return True
    return any_of(
        graph.users(function, "oci_functions_invoke_function"), lambda call: call["fn_invoke_type"] == "detached"
    )


def literal_credentials(config: Any) -> list[str]:
    """The keys of a configuration whose values are credentials written out; what is not known is not written here."""
    from assay.analysis.credentials import is_credential

    if not isinstance(config, dict):
        return []
    return [name for name, value in config.items() if _is_here(value) and is_credential(name, value)]


def _is_here(value: Any) -> bool:
    """True for what is written out, and for what an audit found written out and masked."""
    return isinstance(value, str) or (type(value) is Unknown and value.sensitive and value.key is None)
