"""One API server: who we are to it, and what it answers.

The official client reads the kubeconfig, runs credential plug-ins and makes the TLS pool; requests and answers are
raw, because its typed objects cost six times the processor and three times the memory of plain ones.
"""

from __future__ import annotations

import logging
import os
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from assay.inventory.collect import CollectionStopped
from assay.scan import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

JSON = "application/json"
METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
IN_CLUSTER = "in-cluster"
_ATTEMPTS = 4
_READ_SECONDS = 60
_LATE = "did not answer within {} seconds"
BROKEN = "Broken"
"""The reason of a `Refused` that no server gave: the connection broke before its answer was there."""
_RETRIED = (429, 500, 502, 503, 504)
_SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount/token"


class Refused(Exception):
    """An answer other than 200, with the API's own reason and sentence; one that never came has the status 0."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


class Connection:
    """Asks one API server. `name` is the context's, `date` the server's clock (RFC 1123) as of its last answer."""

    def __init__(self, name: str, configuration: Any) -> None:
        from kubernetes.client.rest import RESTClientObject

        configuration.connection_pool_maxsize = 8
        self.name = name
        self.date: str | None = None
        self._gone: CollectionStopped | None = None
        self._answered = False
        self._late = 0
        self._configuration = configuration
        self._host = configuration.host.rstrip("/")
        self._pool = RESTClientObject(configuration).pool_manager

    def get(self, path: str, query: Mapping[str, Any] | None = None, accept: str = JSON) -> Any:
        """The JSON at a path.

        Raises:
            Refused: the server answered with an error of the request.
            CollectionStopped: nothing more can be had of this server (unreachable, TLS, credentials).
        """
        import orjson

        body = self.read(path, query, accept)
        try:
            found = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise Refused(200, "NotJSON", f"{path} did not answer with JSON: is this a Kubernetes API?") from error
        if not isinstance(found, dict):
            raise Refused(200, "NotJSON", f"{path} did not answer with a JSON object: is this a Kubernetes API?")
        return found

    def read(self, path: str, query: Mapping[str, Any] | None = None, accept: str = JSON) -> bytes:
        """The body at a path; raises as `get` does."""
        url = self._host + path + (f"?{urlencode(query)}" if query else "")
        for attempt in range(_ATTEMPTS):
            last = attempt == _ATTEMPTS - 1
            try:
                answer = self._request(url, accept)
            except Refused as no:
                if last or no.reason != BROKEN:
                    raise
                time.sleep(_pause(None, attempt))
                continue
            self.date = answer.headers.get("Date", self.date)
            if answer.status not in _RETRIED or last:
                break
            time.sleep(_pause(answer.headers.get("Retry-After"), attempt))
        if answer.status == 200:
            return bytes(answer.data)
        raise self._refusal(answer)

    def _request(self, url: str, accept: str) -> Any:
        import urllib3

        if self._gone is not None:  # the other lists need not wait for the same time-out
            raise self._gone
        headers = {"Accept": accept, "Accept-Encoding": "gzip", "User-Agent": "assay"}
        for setting in self._configuration.auth_settings().values():
            if setting["in"] == "header" and setting["value"]:
                headers[setting["key"]] = setting["value"]
        wait = urllib3.Timeout(connect=10, read=_READ_SECONDS)
        try:
            answer = self._pool.request("GET", url, headers=headers, timeout=wait, retries=False)
            self._answered = True
            return answer
        except (urllib3.exceptions.ProtocolError, urllib3.exceptions.ReadTimeoutError) as error:
            raise self._broken(error) from error
        except urllib3.exceptions.SSLError as error:
            said = f"the TLS connection to {self._host} failed: {_innermost(error)}"
            hint = "check the server's address and certificate-authority in the kubeconfig"
            self._gone = CollectionStopped(f"context {self.name}: {said}; {hint}")
            raise self._gone from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            self._gone = CollectionStopped(f"context {self.name}: {self._host} cannot be reached: {_innermost(error)}")
            raise self._gone from error

    def _broken(self, error: Exception) -> Exception:
        """What a connection that broke means: one answer lost, or, of a server that has never answered, all of them.

        A second time-out ends the audit of the server: each list would wait as long.
        """
        from urllib3.exceptions import ReadTimeoutError

        late = isinstance(error, ReadTimeoutError)
        self._late += late
        if not self._answered or self._late > 1:
            said = _LATE.format(_READ_SECONDS) if late else f"cannot be reached: {_innermost(error)}"
            self._gone = CollectionStopped(f"context {self.name}: {self._host} {said}")
            return self._gone
        if late:
            return Refused(0, "Late", f"{self._host} {_LATE.format(_READ_SECONDS)}")
        return Refused(0, BROKEN, f"the connection to {self._host} broke: {_innermost(error)}")

    def _refusal(self, answer: Any) -> Exception:
        import orjson

        try:
            status = orjson.loads(answer.data)
            reason, message = str(status.get("reason") or ""), str(status.get("message") or "")
        except (orjson.JSONDecodeError, AttributeError):
            reason, message = "", ""
        if answer.status == 401:
            return CollectionStopped(
                f"context {self.name}: {self._host} refused the credentials (401 Unauthorized): "
                "they are expired or wrong; log in again and repeat"
            )
        return Refused(answer.status, reason, message or f"HTTP {answer.status}")


def _pause(retry_after: str | None, attempt: int) -> float:
    if retry_after is not None and retry_after.isdigit():
        return min(float(retry_after), 30.0)
    return 0.2 * float(2**attempt)


def _innermost(error: BaseException) -> str:
    """What the operating system or OpenSSL said, without the layers around it."""
    inner = getattr(error, "reason", None) or error.__cause__ or error.__context__
    while isinstance(inner, BaseException):
        error, inner = inner, getattr(inner, "reason", None) or inner.__cause__ or inner.__context__
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).partition(": ")[2] or str(error)


# --- who we are -------------------------------------------------------------------------------------------------------


def connect(context: str | None) -> Connection:
    """A connection for a context of the kubeconfig (None: the current one, else the cluster this runs in).

    Raises:
        UsageError: there is no such context, or no kubeconfig at all.
        CollectionStopped: the credential plug-in failed.
    """
    try:
        from kubernetes import config
        from kubernetes.client import Configuration
    except ImportError as error:
        raise UsageError("auditing a cluster needs the Kubernetes client: pip install 'assay[cluster]'") from error
    loading: Any = config  # the functions of some releases have no types
    files = os.environ.get("KUBECONFIG") or os.path.join("~", ".kube", "config")
    present = [p for p in map(os.path.expanduser, files.split(os.pathsep)) if p and os.path.exists(p)]
    if not present:
        if context in (None, IN_CLUSTER) and os.path.exists(_SERVICE_ACCOUNT):
            return _in_cluster(loading, Configuration())
        hint = "set KUBECONFIG, or run where kubectl works" if context is None else "so there is no context to use"
        raise UsageError(f"there is no kubeconfig at {files}: {hint}")
    names, current = _contexts(loading.kube_config, present)
    if context is None:
        if not current:
            raise UsageError(f"{files} names no current context: choose one with --context: {', '.join(names)}")
        context = current
    if context not in names:
        raise UsageError(f"--context {context}: {files} has no such context; it has: {', '.join(names) or 'none'}")
    configuration = Configuration()
    with _overheard() as said:
        try:
            loading.load_kube_config(
                os.pathsep.join(present), context, client_configuration=configuration, persist_config=False
            )
        except Exception as error:  # the client raises what its YAML, base64 and file helpers raise
            raise UsageError(f"--context {context}: the kubeconfig cannot be used: {_first_line(error)}") from error
    if not str(configuration.host).startswith(("http://", "https://")):
        raise UsageError(f"--context {context}: its cluster's server, {configuration.host!r}, is no URL")
    if said:
        raise CollectionStopped(f"context {context}: its credential plug-in failed: {_first_line(said[0])}")
    return Connection(context, configuration)


def _in_cluster(config: Any, configuration: Any) -> Connection:
    try:
        config.load_incluster_config(client_configuration=configuration)
    except config.ConfigException as error:
        raise UsageError(f"the service account of this pod cannot be used: {_first_line(error)}") from error
    return Connection(IN_CLUSTER, configuration)


def _contexts(kube_config: Any, files: list[str]) -> tuple[list[str], str]:
    """The names of all contexts and of the current one ("" for none)."""
    try:
        merged = kube_config.KubeConfigMerger(os.pathsep.join(files)).config
        value = merged.value if merged is not None else {}
        names = [str(c["name"]) for c in value.get("contexts") or []]
    except Exception as error:  # YAML errors, wrong shapes: the client wraps none of them
        raise UsageError(f"{files[0]}: this is not a kubeconfig: {_first_line(error)}") from error
    return names, str(value.get("current-context") or "")


def _first_line(error: object) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


class _overheard:  # noqa: N801 - used as a function: `with _overheard() as said`
    """The errors that the client only logs (a failing credential plug-in) instead of raising them."""

    def __enter__(self) -> list[str]:
        self.said: list[str] = []
        outer = self

        class Ear(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                if record.levelno >= logging.ERROR:
                    outer.said.append(record.getMessage())

        self._ear = Ear()
        self._root = logging.getLogger()
        self._before = self._root.handlers[:]
        self._root.handlers[:] = [self._ear]
        return self.said

    def __exit__(self, *_: object) -> None:
        self._root.handlers[:] = self._before


def pages(connection: Connection, path: str, query: Mapping[str, Any], accept: str = JSON) -> Iterator[list[Any]]:
    """The items of a list, a page at a time; a page that has expired (410) starts the list anew, once, unpaged.

    A restarted list repeats items that were given already: the caller tells them apart by uid.

    Raises:
        Refused, CollectionStopped: as `Connection.get`.
    """
    token = ""
    limit = 500
    while True:
        asked = dict(query, limit=limit, **({"continue": token} if token else {}))
        try:
            answer = connection.get(path, asked, accept)
        except Refused as no:
            if no.status != 410 or not limit:
                raise
            token, limit = "", 0  # as client-go's pager does: a full list is consistent
            continue
        items = answer.get("items") or []
        if not isinstance(items, list):
            raise Refused(200, "NotJSON", f"{path} did not answer with a list: is this a Kubernetes API?")
        yield items
        token = (answer.get("metadata") or {}).get("continue") or ""
        if not token:
            return
