"""Every extension point of Assay, in one place.

A plugin is a module named by an entry point of the group `assay`; it implements any of the hooks below with
`assay.plugins.hookimpl`. Assay's own sources and reports are the first plugin and use the same hooks.

pluggy is imported only when a plugin is installed: without one, the built-in answers are the whole answer.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from assay.engine import Report
    from assay.model import Source

PROJECT = "assay"

# --- the hooks --------------------------------------------------------------------------------------------------------


class Hooks:
    """The hook specifications. Implement them as module-level functions of the same names."""

    def assay_sources(self) -> Sequence[Source]:  # type: ignore[empty-body]
        """Sources that a scan asks, in order, whether they claim a file."""

    def assay_rules(self) -> Sequence[str]:  # type: ignore[empty-body]
        """Directories of rule files, loaded as `--rules DIR` is."""

    def assay_reports(self) -> dict[str, str]:  # type: ignore[empty-body]
        """Report formats: name -> dotted module with `write(report, stream, options)`."""

    def assay_findings(self, report: Report, paths: Sequence[str]) -> None:
        """Look at or change the report of a scan of `paths` before it is written: add findings, owners, links."""


def assay_sources() -> Sequence[Source]:
    """Assay's own sources."""
    from assay.documents import DocumentSource
    from assay.inventory.source import SnapshotSource
    from assay.kubernetes import ManifestSource
    from assay.terraform import TerraformSource
    from assay.terraform.plan import PlanSource

    return [TerraformSource(), PlanSource(), SnapshotSource(), DocumentSource(), ManifestSource()]


def assay_reports() -> dict[str, str]:
    """Assay's own report formats."""
    from assay.reports import FORMATS

    return dict(FORMATS)


# --- asking them ------------------------------------------------------------------------------------------------------


def hookimpl(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a function as an implementation of the hook of its name."""
    import pluggy

    marked: Callable[..., Any] = pluggy.HookimplMarker(PROJECT)(function)
    return marked


class PluginError(Exception):
    """An installed plugin that cannot be used: which, and why."""


OPTIONAL = {"checkov": "assay.integrations.checkov", "zizmor": "assay.integrations.zizmor"}
"""Plugins that ship with Assay and run only when asked for (`--plugin NAME`)."""

_manager: Any = None
_names: list[tuple[str, str]] | None = None


def installed() -> list[tuple[str, str]]:
    """(name, module) of every installed plugin, read from entry_points.txt (importlib.metadata costs 80 ms)."""
    global _names
    if _names is None:
        _names = []
        for folder in dict.fromkeys(sys.path):
            if folder and os.path.isdir(folder):
                for entry in _scan_folder(folder):
                    _names += [e for e in entry if e not in _names]
    return _names


def enable(name: str) -> None:
    """Use one of the optional plugins in this run.

    Raises:
        PluginError: there is none of that name.
    """
    global _manager
    if name not in OPTIONAL:
        raise PluginError(f"--plugin {name}: there is no such plugin; there are: {', '.join(OPTIONAL)}")
    if (name, OPTIONAL[name]) not in installed():
        installed().append((name, OPTIONAL[name]))
        _manager = None


def _scan_folder(folder: str) -> list[list[tuple[str, str]]]:
    try:
        names = [n for n in os.listdir(folder) if n.endswith((".dist-info", ".egg-info"))]
    except OSError:
        return []
    return [_entry_points(os.path.join(folder, n, "entry_points.txt")) for n in names]


def _entry_points(path: str) -> list[tuple[str, str]]:
    try:
        descriptor = os.open(path, os.O_RDONLY)  # of two hundred packages most have none: no object is made of each
    except OSError:
        return []
    with os.fdopen(descriptor, "rb", buffering=0) as handle:
        text = handle.read()
    if b"[assay]" not in text:
        return []
    found, inside = [], False
    for line in text.decode().splitlines():
        line = line.strip()
        if line.startswith("["):
            inside = line == "[assay]"
        elif inside and "=" in line:
            name, _, module = line.partition("=")
            found.append((name.strip(), module.strip()))
    return found


def call(hook: str, **arguments: Any) -> list[Any]:
    """Every plugin's answer to a hook, ours first.

    Raises:
        PluginError: a plugin cannot be imported.
    """
    if not installed():
        own = globals().get(hook)
        return [own(**arguments)] if own is not None else []
    answers: list[Any] = getattr(_get_manager().hook, hook)(**arguments)
    return answers


def _get_manager() -> Any:
    global _manager
    if _manager is None:
        from importlib import import_module

        import pluggy

        marker = pluggy.HookspecMarker(PROJECT)
        for name in vars(Hooks):
            if name.startswith("assay_"):
                marker(getattr(Hooks, name))
        manager = pluggy.PluginManager(PROJECT)
        manager.add_hookspecs(Hooks)
        for name, module in installed():
            try:
                manager.register(import_module(module), name)
            except Exception as error:
                raise PluginError(f"the plugin {name} ({module}) cannot be imported: {error}") from error
        own = sys.modules[__name__]
        for hook in ("assay_sources", "assay_reports"):
            hookimpl(getattr(own, hook))
        manager.register(own, "assay")  # registered last: pluggy calls the latest first
        _manager = manager
    return _manager
