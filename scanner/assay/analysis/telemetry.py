"""Configurations of telemetry agents inside a ConfigMap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Undetermined, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator


def external_labels(data: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """(file, labels) of each Prometheus configuration in the data of a ConfigMap; a configuration without is empty.

    Raises:
        Undetermined: the data, or a configuration in it, is unknown.
    """
    if isinstance(data, Unknown):
        raise Undetermined(data)
    for name, text in data.items() if isinstance(data, dict) else ():
        if name.startswith("prometheus") and name.endswith((".yml", ".yaml")):
            if isinstance(text, Unknown):
                raise Undetermined(text)
            found = _configuration(text)
            if found is not None and "scrape_configs" in found:
                labels = (found.get("global") or {}).get("external_labels")
                yield name, labels if isinstance(labels, dict) else {}


def _configuration(text: Any) -> dict[str, Any] | None:
    from assay.kubernetes.documents import Broken, parse

    try:
        value = parse(str(text).encode()).value
    except Broken:
        return None
    return value if isinstance(value, dict) else None
