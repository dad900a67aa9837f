"""A Prometheus that answers `/api/v1/query_range` over HTTP as the real one does: limits, errors, matrices of texts.

What a query gives is a function of time; a real server would compute it from what it has scraped. Not proven by it:
PromQL itself.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

MOST_POINTS = 11_000
Given = Callable[[float], float | None]


class PrometheusApi:
    """Answers `series[query]`: a function of time (None: no sample), or several, which are several series."""

    def __init__(self, series: Mapping[str, Given | list[Given]], token: str | None = None) -> None:
        self.series = dict(series)
        self.token = token
        self.asked: list[dict[str, str]] = []
        self.status: int | None = None  # answered to everything, where it is set
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 65536

            def do_GET(self) -> None:
                api._serve(self)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def serving(self) -> Iterator[PrometheusApi]:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()

    def _serve(self, request: BaseHTTPRequestHandler) -> None:
        url = urlsplit(request.path)
        asked = {k: v[-1] for k, v in parse_qs(url.query).items()}
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            self._answer(request, 401, {"status": "error", "error": "no token"})
        elif self.status is not None:
            self._answer(request, self.status, {"status": "error", "errorType": "internal", "error": "planned"})
        elif url.path != "/api/v1/query_range":
            self._answer(request, 404, {"status": "error", "errorType": "not_found", "error": "page not found"})
        else:
            self.asked.append(asked)
            self._answer(request, *self._range(asked))

    def _range(self, asked: dict[str, str]) -> tuple[int, dict[str, Any]]:
        query, start, end, step = asked["query"], *(float(asked[k]) for k in ("start", "end", "step"))
        if (end - start) / step > MOST_POINTS:
            return 400, _bad("exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query "
                             "resolution (?step=XX)")  # fmt: skip
        if query.count("(") != query.count(")"):
            return 400, _bad(f'invalid parameter "query": 1:{len(query)}: parse error: unclosed left parenthesis')
        given = self.series.get(query, [])
        several = given if isinstance(given, list) else [given]
        result = []
        for number, one in enumerate(several):
            moments = (start + i * step for i in range(int((end - start) / step) + 1))
            values = [[at, _text(value)] for at in moments if (value := one(at)) is not None]
            if values:
                metric = {"pod": str(number)} if len(several) > 1 else {}
                result.append({"metric": metric, "values": values})
        return 200, {"status": "success", "data": {"resultType": "matrix", "result": result}}

    @staticmethod
    def _answer(request: BaseHTTPRequestHandler, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)


def _bad(sentence: str) -> dict[str, Any]:
    return {"status": "error", "errorType": "bad_data", "error": sentence}


def _text(value: float) -> str:
    return {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}.get(str(value), repr(value))
