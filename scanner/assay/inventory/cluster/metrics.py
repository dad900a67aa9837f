"""CPU throttling from counters: Prometheus, or cAdvisor's pages through the API server. Usage can never prove it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from assay.inventory.cluster.connection import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from assay.inventory.cluster.connection import Connection

WINDOW_MINUTES = 15
# The expression of kubernetes-mixin's CPUThrottlingHigh, its lowest value of the window: over the threshold throughout.
QUERY = """min_over_time((
 sum by (namespace, pod, container) (increase(container_cpu_cfs_throttled_periods_total{container!=""}[5m]))
 / sum by (namespace, pod, container) (increase(container_cpu_cfs_periods_total{container!=""}[5m]))
)[15m:5m])"""
_SAMPLE = re.compile(
    r"^container_cpu_cfs_(throttled_periods|periods)_total\{([^}]*)\}\s+([0-9.eE+-]+)", re.MULTILINE | re.ASCII
)
_LABEL = re.compile(r'(container|namespace|pod)="([^"\\]*)"')


class MetricsError(Exception):
    """No counters: one sentence that says why."""


def from_prometheus(url: str) -> dict[str, float]:
    """`ns/pod/container` -> the share of throttled periods (0 to 1) that the last 15 minutes never fell below.

    Raises:
        MetricsError: there is no answer, or it is not Prometheus's.
    """
    import orjson
    import urllib3

    url, credentials = _apart(url)
    headers = urllib3.make_headers(basic_auth=credentials) if credentials else {}
    asked = f"{url.rstrip('/')}/api/v1/query?{urlencode({'query': QUERY})}"
    found = {}
    try:
        answer = urllib3.request("GET", asked, headers=headers, timeout=30.0, retries=1, redirect=False)
        for row in orjson.loads(answer.data)["data"]["result"]:
            m, share = row["metric"], float(row["value"][1])
            if share == share and "pod" in m:  # NaN: no periods, so no limit
                found[f"{m.get('namespace', '')}/{m['pod']}/{m.get('container', '')}"] = round(share, 4)
    except urllib3.exceptions.HTTPError as error:
        raise MetricsError(f"Prometheus at {url} cannot be reached: {error}") from error
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise MetricsError(f"{url} did not answer as Prometheus does (HTTP {answer.status})") from error
    return found


def _apart(url: str) -> tuple[str, str]:
    """A URL without the user and password in it, and those (`user:password`, empty for none)."""
    from urllib.parse import unquote, urlsplit

    parts = urlsplit(url)
    credentials, _, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=host).geturl(), unquote(credentials)


def shown(url: str) -> str:
    """A URL as reports and snapshots may show it: without credentials."""
    return _apart(url)[0]


def from_cadvisor(connection: Connection, nodes: Iterable[str]) -> dict[str, list[float]]:
    """`ns/pod/container` -> [throttled periods, periods] since the container started, as its node counts them.

    Raises:
        MetricsError: a node's page may not be read (it takes get on nodes/proxy).
    """
    found: dict[str, list[float]] = {}
    for node in nodes:
        try:
            body = connection.read(f"/api/v1/nodes/{node}/proxy/metrics/cadvisor", accept="*/*")
        except Refused as no:
            raise MetricsError(f"the counters of node {node} cannot be read: {no}") from no
        for which, labels, number in _SAMPLE.findall(body.decode("utf-8", "replace")):
            label = dict(_LABEL.findall(labels))
            if label.get("container") and label.get("pod"):
                key = f"{label.get('namespace', '')}/{label['pod']}/{label['container']}"
                found.setdefault(key, [0.0, 0.0])[which == "periods"] = float(number)
    return found


def throttled_between(then: dict[str, Any], counters: dict[str, list[float]]) -> dict[str, float]:
    """The share of throttled periods between two readings; a counter that went back (a restart) tells nothing."""
    found = {}
    for key, (throttled, periods) in counters.items():
        before = then.get(key)
        if before and periods > before[1] and throttled >= before[0]:
            found[key] = round((throttled - before[0]) / (periods - before[1]), 4)
    return found
