"""Recorded answers instead of a tenancy: what a live example shows is collected by the real collector.

The SDK's own clients run, with a transport that answers from the record: paths, arguments and models are the SDK's.

- A list that is not recorded holds what its get operation answers, as the summaries that the service would give.
- What a call asks for (`compartment_id`, `drg_id` ...) selects among the recorded items those that say so.
- Compartments are the root, those recorded, and whatever compartments the items name.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from assay.inventory.oci.models import faults, is_bare, item_model
from assay.inventory.oci.table import client_service

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from assay.idle import Used
    from assay.inventory.collect import Unit
    from assay.inventory.oci.clients import Clients
    from assay.inventory.oci.table import Row

TENANCY = "ocid1.tenancy.oc1..example"
REGION = "eu-frankfurt-1"


def units(answers: Mapping[str, Any]) -> Iterator[Unit]:
    """The units of the services that have a recorded operation.

    Raises:
        ValueError: nobody asks for a recorded operation, or an answer is not of the SDK's model.
    """
    from concurrent.futures import ThreadPoolExecutor

    from assay.inventory.oci import tables
    from assay.inventory.oci.units import Place
    from assay.inventory.oci.units import units as all_units

    record = Record(answers)
    asked = [t for t in tables() if any(op in answers for row in t.rows for op in operations(row))]
    record.check({op: client for table in asked for row in table.rows for op, client in operations(row).items()})
    names = {TENANCY: "(root)", **{c: c for c in record.compartments()}}
    return all_units(_clients(record), Place(REGION, [REGION], names), asked, ThreadPoolExecutor(1))


def idle(answers: Mapping[str, Any]) -> list[Used]:
    """The resources that recorded costs and metrics show, on the last day of November 2026.

    Raises:
        ValueError: an answer is not of the SDK's model.
    """
    from datetime import date

    from assay.inventory.oci.sizes import COMPUTE
    from assay.inventory.oci.spend import METRICS, USAGE, idle_of
    from assay.model import Coverage

    record = Record(answers)
    record.check({f"{client_service(USAGE)}.request_summarized_usages": USAGE,
                  f"{client_service(METRICS)}.summarize_metrics_data": METRICS,
                  "compute.list_instances": COMPUTE, "compute.list_shapes": COMPUTE})  # fmt: skip
    return idle_of(_clients(record), REGION, [REGION], date(2026, 11, 30), Coverage())


def operations(row: Row) -> dict[str, str]:
    """Every operation that a row asks, as answers are recorded under it, with the client's class."""
    own = {f"{row.service}.{op}": row.client for op in (row.list, row.get) if op}
    return own | {f"{client_service(client)}.{op}": client for client, op, _ in row.asks}


class Record:
    """Recorded answers by operation."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = {name: _texts(answer) for name, answer in answers.items()}

    def check(self, known: Mapping[str, str]) -> None:
        """Hold the answers against the SDK's models.

        Raises:
            ValueError: nobody asks for one, or it is not of its model.
        """
        for name, recorded in self.answers.items():
            if name not in known:
                raise ValueError(f"the collectors of OCI do not ask {name}")
            client, operation = known[name], name.partition(".")[2]
            model = item_model(client, operation)
            for answer in _alternatives(recorded):
                for item in _items(operation, answer) if model is not None else []:
                    for fault in faults(client.partition(".")[0], model, item):
                        raise ValueError(f"{name}: {fault}")

    def compartments(self) -> list[str]:
        """The compartments below the root that the record lists or names, in order."""
        listed = [item["id"] for item in self.items("identity.list_compartments", {}) or []]
        named = list(_named("compartmentId", self.answers))
        return [c for c in dict.fromkeys([*listed, *named]) if c.startswith("ocid1.compartment.")]

    def domains(self) -> list[str]:
        """The availability domains that the record names."""
        return list(dict.fromkeys(_named("availabilityDomain", self.answers)))

    def items(self, name: str, params: Mapping[str, Any]) -> list[Any] | None:
        """The recorded items of an operation that fit the call; None when nothing is recorded for it.

        Raises:
            Refused: the record says that the call is.
        """
        if name not in self.answers:
            return None
        for entry in _alternatives(self.answers[name]):
            if isinstance(entry, dict) and "params" in entry:
                if any(params.get(k) != v for k, v in entry["params"].items()):
                    continue
                entry = entry.get("response", {k: v for k, v in entry.items() if k != "params"})
            if isinstance(entry, dict) and set(entry) == {"error"}:
                raise Refused(entry["error"])
            return [item for item in _items(name.partition(".")[2], entry) if _fits(item, params)]
        return []


class Refused(Exception):
    """The record says that a call is refused; the message is the service's code."""


def _texts(value: Any) -> Any:
    """YAML reads dates as such; on the wire they are texts."""
    if isinstance(value, dict):
        return {key: _texts(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_texts(inner) for inner in value]
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, (date, datetime)) else value


def _alternatives(recorded: Any) -> list[Any]:
    """The answers of an operation that depend on its parameters, or the only one."""
    if isinstance(recorded, list) and recorded and all(isinstance(i, dict) and "params" in i for i in recorded):
        return recorded
    return [recorded]


def _items(operation: str, answer: Any) -> list[Any]:
    """What is recorded as single answers: the items of a list, with or without the object around them."""
    if isinstance(answer, dict) and "params" in answer:
        answer = answer.get("response", {})
    if isinstance(answer, dict) and set(answer) == {"error"}:
        return []
    if isinstance(answer, dict) and operation.startswith("list_"):
        answer = answer.get("items", [answer])
    return answer if isinstance(answer, list) else [answer]


def _named(member: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == member and isinstance(inner, str):
                yield inner
            else:
                yield from _named(member, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(member, inner)


def _fits(item: Any, params: Mapping[str, Any]) -> bool:
    """True unless the item says of a parameter that it is another one's; one without compartment lies in the root."""
    if not isinstance(item, dict):
        return True
    subtree = params.get("compartmentIdInSubtree")
    for name, wanted in params.items():
        if wanted == "ALL" or (subtree and name == "compartmentId"):
            continue
        said = item.get(name, TENANCY if name == "compartmentId" and "id" in item else wanted)
        if isinstance(wanted, str) and isinstance(said, str) and said != wanted:
            return False
    return True


def _clients(record: Record) -> Clients:
    """The SDK's clients, over a record."""
    import oci

    from assay.inventory.oci.clients import Clients, Identity

    class Replayed(Clients):
        def _make(self, name: str, region: str, endpoint: str) -> Any:
            client = super()._make(name, region, endpoint)
            client.base_client.call_api = _transport(record, name, client.base_client)
            return client

    identity = Identity({"region": REGION}, _signer(), TENANCY, REGION)
    return Replayed(identity, "https://replay.invalid", oci.retry.NoneRetryStrategy())


def _transport(record: Record, client: str, base: Any) -> Any:
    """What stands in for the SDK's `call_api`."""

    def call_api(
        *, resource_path: str, method: str, response_type: str | None = None, operation_name: str = "",
        path_params: Any = None, query_params: Any = None, body: Any = None, **_: Any,
    ) -> Any:  # fmt: skip
        import oci

        path = dict(path_params or {})
        name = f"{client_service(client)}.{operation_name}"
        params = {**(query_params or {}), **path}
        if isinstance(asked := getattr(body, "query", None), str):
            params["query"] = asked  # of Monitoring: one operation answers for every metric
        try:
            data = _answer(record, client, operation_name, name, params, list(path.values()))
        except Refused as refused:
            code = str(refused)
            status = {"TooManyRequests": 429, "NotAuthenticated": 401, "InternalError": 500}.get(code, 404)
            raise oci.exceptions.ServiceError(status, code, {}, "recorded") from None
        found = base.deserialize_response_data(json.dumps(data).encode(), response_type)
        return oci.response.Response(200, {}, found, None)

    return call_api


def _answer(record: Record, client: str, operation: str, name: str, params: Mapping[str, Any], path: list[Any]) -> Any:
    """The JSON of one answer.

    Raises:
        Refused: nothing is recorded of it.
    """
    found = record.items(name, params)
    if found is None:
        found = _implied(record, client, operation, params)
    if is_bare(client, operation):
        return found or []
    if operation.startswith("list_"):
        return {"items": found or [], "Resources": found or []}
    for item in found or []:
        told = [item.get(m) for m in ("id", "name", "key")] if isinstance(item, dict) else []
        if not path or path[-1] in told or (len(found or []) == 1 and not any(told)) or path[-1] == TENANCY:
            return item
    raise Refused("NotAuthorizedOrNotFound")


def _implied(record: Record, client: str, operation: str, params: Mapping[str, Any]) -> list[Any] | None:
    """What the rest of the record says about an operation that is not in it."""
    from assay.inventory.oci import tables

    if operation == "get_namespace":
        return ["example"]
    if operation == "list_availability_domains":
        return [{"name": name} for name in record.domains()]
    for table in tables():
        for row in table.rows:
            if row.client == client and row.list == operation and row.get:
                return record.items(f"{row.service}.{row.get}", params)
            if row.client == client and row.get == operation and row.optional:
                raise Refused("NotFound")
    return None


_signers: list[Any] = []


def _signer() -> Any:
    """A signer with a key of its own, made once: nothing is sent, but the SDK wants one."""
    if not _signers:
        import oci
        from cryptography.hazmat.primitives.asymmetric import rsa

        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        _signers.append(oci.auth.signers.SecurityTokenSigner("replay", key))
    return _signers[0]
