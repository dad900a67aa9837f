"""A control plane of OCI on the loopback, for the real SDK: signed requests, paging, throttling, denial, summaries.

Which paths there are, what each answers with and whether a list is bare or has an object around it, is read from the
SDK; so is what of an item a list tells. What is put in is held against the SDK's models: an invented member fails.
Not proven by it: real visibility under policies, limits, the validity of signatures.
"""

from __future__ import annotations

import functools
import json
import re
import threading
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import time
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from assay.inventory.oci import models, tables
from assay.inventory.oci.table import client_service

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

TENANCY = "ocid1.tenancy.oc1..plane"
REGION = "eu-frankfurt-1"
_BASE = re.compile(r"'base_path': '([^']*)'")
SURVEY = (
    ("identity.IdentityClient", "list_region_subscriptions"),
    ("identity.IdentityClient", "list_compartments"),
    ("identity.IdentityClient", "list_availability_domains"),
)

ACTIONS = (
    ("monitoring.MonitoringClient", "summarize_metrics_data"),
    ("usage_api.UsageapiClient", "request_summarized_usages"),
)
"""What is asked by POST: its content is a function of the request's body and query, held against the model. A member
`next` of its answer is the token of the next page."""

BESIDE = (("core.ComputeClient", "list_shapes"),)
"""What an audit of spend asks, and no table."""


class Route(NamedTuple):
    """One operation: its name as answers are kept under it, and what its path looks like."""

    name: str
    client: str
    operation: str
    base: str
    pattern: re.Pattern[str]
    keys: list[str]


def operations() -> Iterator[tuple[str, str]]:
    """Client and name of every operation that the collectors ask."""
    yield from SURVEY
    for table in tables():
        for row in table.rows:
            yield from ((row.client, op) for op in (row.list, row.get) if op)
            yield from ((client, op) for client, op, _ in row.asks)


@functools.cache
def routes() -> list[Route]:
    found = []
    for client, operation in dict.fromkeys([*operations(), *BESIDE, *ACTIONS]):
        path = models.operation(client, operation)[0]
        base = _BASE.search(models.source_of(client))
        keys = re.findall(r"\{(\w+)\}", path)
        pattern = re.compile(re.sub(r"\\\{\w+\\\}", "([^/]+)", re.escape(path)) + "/?$")
        told = f"{client_service(client)}.{operation}"
        found.append(Route(told, client, operation, base.group(1) if base else "", pattern, keys))
    return sorted(found, key=lambda r: -len(r.pattern.pattern))  # the longest path first


class ControlPlane:
    """Serves `content`: items by list operation, or by get operation where there is no list.

    Items of a list that is asked of something else are a mapping of that thing's id (or name) to its items.
    `plan[operation]` are statuses to answer first, `denied` operations that always answer 404, `page` items a page.
    """

    def __init__(
        self, content: Mapping[str, Any], *, page: int = 3, regions: Sequence[str] = (REGION,), skew: float = 0.0
    ) -> None:
        self.content = dict(content)
        self.page = page
        self.plan: dict[str, list[int]] = {}
        self.denied: set[str] = set()
        self.everything_denied = False
        self.skew = skew
        self.calls: list[str] = []
        self.hold_after: int | None = None  # this many calls are answered, then nobody is until `release`
        self.release = threading.Event()
        self.held = threading.Event()
        self._routes = routes()
        self.content.setdefault("identity.list_region_subscriptions", [
            {"regionName": r, "regionKey": r[-4:], "status": "READY", "isHomeRegion": r == regions[0]} for r in regions
        ])  # fmt: skip
        self.content.setdefault("identity.list_availability_domains", [{"id": "ad", "name": "AD-1"}])
        self.content.setdefault("object_storage.get_namespace", "plane")
        self.content.setdefault("identity.get_tenancy", {"id": TENANCY, "name": "plane"})
        self._validate()
        plane = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 65536  # or the delayed acknowledgement costs 40 ms a call

            def do_GET(self) -> None:
                plane._serve(self)

            def do_POST(self) -> None:  # some questions are too long for an address
                self.body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                plane._serve(self)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def _validate(self) -> None:
        known = {route.name: route for route in self._routes}
        for name, kept in self.content.items():
            route = known[name]
            model = self._full(route) if not callable(kept) else None
            for item in self._flat(kept) if model is not None else []:
                faults = list(models.faults(route.client.partition(".")[0], model, item))
                assert not faults, f"{name}: {faults}"

    def _full(self, route: Route) -> Any:
        """The model of whole items, where the list gives summaries of them."""
        for table in tables():
            for row in table.rows:
                if row.client == route.client and row.list == route.operation and row.get:
                    return models.item_model(row.client, row.get)
        return models.item_model(route.client, route.operation)

    @staticmethod
    def _flat(kept: Any) -> list[Any]:
        if isinstance(kept, dict) and kept and all(isinstance(v, list) for v in kept.values()):
            return [item for items in kept.values() for item in items]
        return kept if isinstance(kept, list) else [kept]

    # --- serving

    def _serve(self, request: BaseHTTPRequestHandler) -> None:
        if not str(request.headers.get("Authorization", "")).startswith("Signature "):
            self._answer(request, 401, {"code": "NotAuthenticated", "message": "no signature"})
            return
        if self.skew:
            self._answer(request, 401, {"code": "NotAuthenticated", "message": "the date is not now"})
            return
        url = urlsplit(request.path)
        found = self._route(unquote(url.path))
        if found is None:
            self._answer(request, 404, {"code": "NotFound", "message": f"no such path: {url.path}"})
            return
        route, keys = found
        if self.hold_after is not None and len(self.calls) >= self.hold_after:
            self.held.set()
            self.release.wait(30)
        self.calls.append(route.name)
        planned = self.plan.get(route.name)
        if planned:
            status = planned.pop(0)
            code = {429: "TooManyRequests", 503: "ServiceUnavailable"}.get(status, "InternalError")
            self._answer(request, status, {"code": code, "message": "planned"}, {"Retry-After": "0"})
        elif self.everything_denied or route.name in self.denied:
            self._answer(request, 404, _DENIED)
        else:
            self._content(request, route, keys, dict(parse_qsl(url.query)))

    def _route(self, path: str) -> tuple[Route, list[str]] | None:
        """The operation at a path: of several that end alike, the one of the version in front."""
        fits = [(r, m) for r in self._routes if (m := r.pattern.search(path))]
        exact = [(r, m) for r, m in fits if path[: m.start()] == r.base] or fits
        return (exact[0][0], list(exact[0][1].groups())) if exact else None

    def _content(self, request: BaseHTTPRequestHandler, route: Route, keys: list[str], query: dict[str, str]) -> None:
        if callable(kept := self.content.get(route.name)):
            self._acted(request, route, kept, query)
            return
        if not self._is_list(route):
            item = self._one(route, keys)
            nothing = {"code": _ABSENT[route.name], "message": "none"} if route.name in _ABSENT else _DENIED
            self._answer(request, 404 if item is None else 200, nothing if item is None else item)
            return
        items = [i for i in self._of(route, keys, query) if _asked_for(i, query)]
        start = int(query.get("page", "0"))
        size = min(self.page, int(query.get("limit", "1000")))
        answer = [self._told(route, item) for item in items[start : start + size]]
        headers = {"opc-next-page": str(start + size)} if start + size < len(items) else {}
        bare = models.is_bare(route.client, route.operation)
        name = "Resources" if route.client.startswith("identity_domains") else "items"
        self._answer(request, 200, answer if bare else {name: answer}, headers)

    def _acted(self, request: BaseHTTPRequestHandler, route: Route, act: Any, query: dict[str, str]) -> None:
        """The answer of an operation that computes: a tuple is a status and a code instead."""
        answer = act(json.loads(getattr(request, "body", b"") or b"null"), query)
        if isinstance(answer, tuple):
            self._answer(request, answer[0], {"code": answer[1], "message": answer[2]})
            return
        following = answer.pop("next", None) if isinstance(answer, dict) else None
        package, model = route.client.partition(".")[0], models.item_model(route.client, route.operation)
        for item in answer if isinstance(answer, list) else [answer]:
            assert not (faults := list(models.faults(package, model, item))), f"{route.name}: {faults}"
        self._answer(request, 200, answer, {"opc-next-page": str(following)} if following is not None else None)

    @staticmethod
    def _is_list(route: Route) -> bool:
        return route.operation.startswith("list_") or models.is_bare(route.client, route.operation)

    def _of(self, route: Route, keys: list[str], query: dict[str, str]) -> list[Any]:
        kept = self.content.get(route.name, [])
        if isinstance(kept, dict):
            asked = [*keys, *query.values()]
            return next((kept[a] for a in reversed(asked) if a in kept), [])
        return list(kept)

    def _told(self, route: Route, item: dict[str, Any]) -> dict[str, Any]:
        """What a list tells of an item: the members of its own model."""
        model = models.item_model(route.client, route.operation)
        if hasattr(model, "get_subtype"):
            model = models._class(route.client.partition(".")[0], model.get_subtype(item)) or model
        members = set(model().attribute_map.values())
        return {key: value for key, value in item.items() if key in members}

    def _one(self, route: Route, keys: list[str]) -> Any:
        if route.name in self.content:
            kept = self.content[route.name]
            return kept if not isinstance(kept, list) else next((i for i in kept if keys[-1] in _ids(i)), None)
        for table in tables():
            for row in table.rows:
                if row.client == route.client and row.get == route.operation:
                    kept = self.content.get(f"{row.service}.{row.list}", [])
                    of_parent = kept.get(keys[0]) if isinstance(kept, dict) and len(keys) > 1 else None
                    for item in of_parent if of_parent is not None else self._flat(kept):
                        if keys[-1] in _ids(item):
                            return item
        return None

    def _answer(
        self, request: BaseHTTPRequestHandler, status: int, body: Any, headers: Mapping[str, str] | None = None
    ) -> None:
        content = json.dumps(body).encode()
        request.send_response_only(status)
        request.send_header("Date", formatdate(time() + self.skew, usegmt=True))
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content)


_DENIED = {"code": "NotAuthorizedOrNotFound", "message": "Authorization failed or requested resource not found."}

_ABSENT = {"object_storage.get_object_lifecycle_policy": "LifecyclePolicyNotFound"}
"""Where the service says that there is none."""


def _ids(item: dict[str, Any]) -> list[Any]:
    return [item.get(key) for key in ("id", "name", "key", "keyId", "topicId")]


def _asked_for(item: dict[str, Any], query: Mapping[str, str]) -> bool:
    """Whether an item is what the query's members say; a word that asks for all of a kind says nothing."""
    if query.get("compartmentIdInSubtree") == "true":
        query = {k: v for k, v in query.items() if k != "compartmentId"}
    return all(str(item[k]) == v for k, v in query.items() if k in item and isinstance(item[k], str) and v != "ALL")


def write_config(folder: Path, **changes: str | None) -> Path:
    """A configuration file of the SDK with a throwaway key; `changes` override or (None) drop keys."""
    key = folder / "key.pem"
    if not key.exists():
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import rsa

        made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        key.write_bytes(made.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ))  # fmt: skip
    settings: dict[str, str | None] = {
        "user": "ocid1.user.oc1..auditor", "fingerprint": ":".join(["ab"] * 16), "key_file": str(key),
        "tenancy": TENANCY, "region": REGION, **changes,
    }  # fmt: skip
    file = folder / "config"
    lines = [f"{name}={value}" for name, value in settings.items() if value is not None]
    file.write_text("\n".join(["[DEFAULT]", *lines, ""]), encoding="utf-8")
    key.chmod(0o600)
    file.chmod(0o600)
    return file
