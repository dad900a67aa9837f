"""Calls answered from a recording: what the live examples of rules are run on, by the same engine as an account."""

from __future__ import annotations

import base64
from hashlib import sha256
from importlib import import_module
from typing import IO, TYPE_CHECKING, Any

from assay.inventory.aws import SERVICES
from assay.inventory.aws.table import Ask, Place, Service
from assay.inventory.aws.walk import ABSENT, CallFailed, Walk
from assay.inventory.collect import DENIED, FAILED, THROTTLED, Unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from assay.idle import Used
    from assay.inventory.aws.walk import Transport

ACCOUNT, REGION = "123456789012", "eu-west-1"
CODE = frozenset(("lambda.GetFunction", "lambda.GetLayerVersion", "lambda.GetLayerVersionByArn"))
"""Recorded answers that tell where an archive lies."""
_KINDS = {"Throttling": THROTTLED, "ThrottlingException": THROTTLED, "TooManyRequestsException": THROTTLED}


class Replay:
    """A `Transport` over recorded answers, by `service.Operation`.

    An answer is a mapping, or a list of `{params, response}` of which the first with matching parameters counts. What
    is not recorded answers as an empty account would.
    """

    def __init__(self, answers: Mapping[str, Any], absent: Mapping[tuple[str, str], str]) -> None:
        self._answers = answers
        self._absent = absent

    def call(self, service: str, operation: str, **params: Any) -> Iterator[dict[str, Any]]:
        recorded = self._answers.get(f"{service}.{operation}")
        if isinstance(recorded, list):
            recorded = next((r["response"] for r in recorded if _matches(r.get("params", {}), params)), None)
        if recorded is None:
            if code := self._absent.get((service, operation)):
                raise CallFailed(ABSENT, code, "not recorded")
            recorded = {}
        if set(recorded) == {"error"}:
            code = str(recorded["error"])
            kind = DENIED if "AccessDenied" in code or code.startswith("Unauthorized") else _KINDS.get(code, FAILED)
            raise CallFailed(kind, code, "")
        yield recorded


def _matches(wanted: Mapping[str, Any], params: Mapping[str, Any]) -> bool:
    return all(params.get(name) == value for name, value in wanted.items())


def all_services() -> list[Service]:
    """Every service's table, in the order of the modules."""
    return [s for name in SERVICES for s in import_module(f"assay.inventory.aws.{name}").TABLES]


def tables(answers: Iterable[str]) -> list[Service]:
    """Every service's table; Lambda's asks for code where code is recorded."""
    from assay.inventory.aws.code import with_code

    services = all_services()
    return [with_code(s) if s.name == "lambda" else s for s in services] if CODE & set(answers) else services


def looked_into(transport: Transport, answers: Mapping[str, Any]) -> Transport:
    """The transport, or one over it that looks into the archives that its answers hold."""
    from assay.inventory.aws.code import Coded

    return Coded(transport, _recorded) if CODE & set(answers) else transport


def units(answers: Mapping[str, Any]) -> Iterator[Unit]:
    """The units whose operations are among the recorded ones.

    Raises:
        ValueError: no table asks a recorded operation.
    """
    services = tables(answers)
    known = {f"{s}.{o}" for service in services for s, o in service.operations()} | {"sts.GetCallerIdentity"}
    for name in answers:
        if name not in known:
            raise ValueError(f"{name}: no collector calls this operation")
    absent = {
        (ask.service or service.name, ask.operation): ask.absent[0]
        for service in services
        for ask in _asks(service.asks)
        if ask.absent
    }
    account = str(answers.get("sts.GetCallerIdentity", {}).get("Account", ACCOUNT))
    transport = Replay(answers, absent)
    for service in services:
        if any(f"{s}.{o}" in answers for s, o in service.operations()):
            yield _unit(service, Place(account, REGION), looked_into(transport, answers))


def _recorded(location: str, file: IO[bytes]) -> str:
    """An archive that an answer holds itself, as the base64 in a `data:` address."""
    data = base64.b64decode(location.partition(";base64,")[2])
    file.write(data)
    file.flush()
    return base64.b64encode(sha256(data).digest()).decode()


def idle(answers: Mapping[str, Any]) -> list[Used]:
    """The resources that recorded costs and metrics show, on the last day of November 2026."""
    from datetime import date

    from assay.inventory.aws.idle import idle as idle_of

    transport = Replay(answers, {})
    return idle_of(transport, lambda region: transport, ACCOUNT, date(2026, 11, 30), ["all"])[0]


def _unit(service: Service, place: Place, transport: Transport) -> Unit:
    region = None if service.home else place.region
    return Unit(
        "aws", place.account, region, service.label or service.name, service.types,
        lambda emit: Walk(service, place, transport, emit, None).run(),
    )  # fmt: skip


def _asks(asks: Iterable[Ask]) -> Iterator[Ask]:
    for ask in asks:
        yield ask
        yield from _asks((*ask.then, *((ask.batch[1],) if ask.batch else ())))
