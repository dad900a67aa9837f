"""Series out of Prometheus, and what speaks its HTTP API (Thanos, Mimir, VictoriaMetrics): `query_range`."""

from __future__ import annotations

import base64
import json
import math
from http.client import HTTPException
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import unquote, urlencode, urlsplit

from assay.objectives.sources import FINEST, USUAL_STEP, Query, Series, SourceError, filled, step_of
from assay.objectives.windows import HOUR

if TYPE_CHECKING:
    from assay.objectives.sources import Wish

MOST_POINTS = 10_000
"""Of one answer: Prometheus refuses more than 11,000."""
SECONDS = 60
MOST_BYTES = 50_000_000


class Prometheus:
    """Prometheus at `--prometheus`, else at the `url` of a document's data source.

    A token goes to the address of the command line only: a document may not choose where it is sent.
    """

    source = "cluster"
    lag = 0

    def __init__(self, wish: Wish) -> None:
        self._wish = wish
        self._down: dict[str, SourceError] = {}
        self._lock = Lock()

    def grain(self, query: Query, seconds: int) -> int:
        return step_of(query) or (FINEST if seconds <= 6 * HOUR else USUAL_STEP)

    def place(self, query: Query) -> tuple[str | None, str | None, str]:
        try:
            return None, None, f"prometheus {_shown(self._url(query))}"
        except SourceError:
            return None, None, "prometheus"

    def series(self, query: Query, start: int, end: int, step: int) -> Series:
        text = query.said("query", "promql", "expr")
        if not isinstance(text, str):
            raise SourceError("failed", "the metric source has no query: write PromQL as spec.query")
        url = self._url(query)
        found: Series = {}
        for first in range(start, end + 1, step * MOST_POINTS):
            last = min(end, first + step * (MOST_POINTS - 1))
            asked = {"query": filled(text, step), "start": first, "end": last, "step": step}
            found |= _one(self._ask(url, asked), _shown(url), text)
        return found

    def _url(self, query: Query) -> str:
        url = self._wish.prometheus or query.said("url", "address", "endpoint")
        if not url:
            raise SourceError(
                "failed", "nothing says where Prometheus is: give --prometheus URL, or its DataSource a url"
            )
        if not _is_address(str(url)):
            raise SourceError("failed", f"{_shown(str(url))} is no address of a Prometheus: http://HOST:PORT")
        return str(url).rstrip("/")

    def _ask(self, url: str, asked: dict[str, Any]) -> Any:
        with self._lock:
            if url in self._down:
                raise self._down[url]
        try:
            return self._answer(url, asked)
        except (OSError, HTTPException) as error:  # URLError is the first, what is no HTTP at all the second
            why = getattr(error, "reason", None) or error
            said = getattr(why, "strerror", None) or str(why) or type(why).__name__
            gone = SourceError("failed", f"Prometheus at {_shown(url)} cannot be reached: {said}")
            with self._lock:
                self._down[url] = gone
            raise gone from None

    def _answer(self, url: str, asked: dict[str, Any]) -> Any:
        from urllib.request import Request

        import orjson

        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        plain = f"{parts.scheme}://{host}{parts.path}/api/v1/query_range?{urlencode(asked)}"
        request = Request(plain, headers={"Accept": "application/json", "User-Agent": "assay", **self._signed(url)})
        try:
            with _opener().open(request, timeout=SECONDS) as answer:
                body = answer.read(MOST_BYTES + 1)
        except HTTPError as error:
            raise _refused(_shown(url), error, asked["query"]) from None
        try:
            if len(body) > MOST_BYTES:
                raise ValueError
            return orjson.loads(body)
        except ValueError:
            raise SourceError("failed", f"{_shown(url)} did not answer as Prometheus does") from None

    def _signed(self, url: str) -> dict[str, str]:
        parts = urlsplit(url)
        if self._wish.token_file and url == (self._wish.prometheus or "").rstrip("/"):
            try:
                with open(self._wish.token_file, encoding="utf-8") as handle:
                    return {"Authorization": f"Bearer {handle.readline().strip()}"}
            except (OSError, UnicodeDecodeError) as error:
                raise SourceError("failed", f"--token-file {self._wish.token_file}: cannot be read: {error}") from None
        if parts.username:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        return {}


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, half an IPv6 address
        return False


def _opener() -> Any:
    from urllib.request import HTTPRedirectHandler, build_opener

    class Stay(HTTPRedirectHandler):
        """An answer that leads elsewhere is none: credentials and queries stay where they were sent."""

        def redirect_request(self, *_: Any) -> None:
            return None

    return build_opener(Stay)


def _refused(shown: str, error: HTTPError, query: str) -> SourceError:
    """What a status means, with Prometheus's own sentence where it gives one."""
    try:
        said = str(json.loads(error.read(100_000))["error"])
    except (ValueError, KeyError, TypeError, OSError):
        said = ""
    if error.code in (401, 403):
        return SourceError("denied", f"Prometheus at {shown} wants other credentials (HTTP {error.code}): --token-file")
    if error.code == 429:
        return SourceError("throttled", f"Prometheus at {shown} is asked too often (HTTP 429)")
    if error.code in (400, 422) and said:
        return SourceError("failed", f"Prometheus refuses the query {query}: {said}")
    return SourceError("failed", f"{shown} did not answer as Prometheus does (HTTP {error.code}{said and ': ' + said})")


def _one(answer: Any, shown: str, query: str) -> Series:
    """The one series of an answer; none is an empty one."""
    try:
        result = answer["data"]["result"]
        if answer["status"] != "success" or answer["data"]["resultType"] != "matrix":
            raise TypeError
        if len(result) > 1:
            raise SourceError("failed", f"the query gives {len(result)} series and an objective needs one: {query}; "
                              "add them up, sum(...)")  # fmt: skip
        values = result[0]["values"] if result else []
        found = {round(at): float(value) for at, value in values}
    except (KeyError, TypeError, ValueError, IndexError):
        raise SourceError("failed", f"{shown} did not answer as Prometheus does") from None
    return {at: value for at, value in found.items() if not math.isnan(value)}


def _shown(url: str) -> str:
    """An address without what signs in."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "what is named"
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}".rstrip("/") if parts.scheme and host else "what is named"
