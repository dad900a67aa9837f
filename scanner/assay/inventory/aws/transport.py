"""Calls by boto3: one loader of service models for all sessions, retries set, errors told apart."""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import partial
from threading import Lock, local
from typing import TYPE_CHECKING, Any

from assay.inventory.aws.table import at
from assay.inventory.aws.walk import ABSENT, UNSUPPORTED, CallFailed
from assay.inventory.collect import DENIED, FAILED, JOBS, THROTTLED, CollectionStopped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ATTEMPTS = 6

_EXPIRED = {
    "ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired", "UnauthorizedSSOTokenError",
}  # fmt: skip
_SKEWED = {"RequestTimeTooSkewed", "SignatureDoesNotMatch", "InvalidSignatureException"}
_INVALID = {"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "AuthFailure"}
_THROTTLED = {
    "Throttling", "ThrottlingException", "ThrottledException", "RequestLimitExceeded", "TooManyRequestsException",
    "SlowDown", "BandwidthLimitExceeded", "RequestThrottled", "RequestThrottledException", "LimitExceededException",
    "ProvisionedThroughputExceededException", "PriorRequestNotComplete", "TransactionInProgressException",
    "EC2ThrottledException",
}  # fmt: skip
_UNSUPPORTED = {
    "404", "405", "500", "501", "InvalidAction", "UnknownOperationException", "UnknownOperation", "NotImplemented",
    "UnsupportedOperation",
}  # fmt: skip
_NOT_USED = {
    "AWSOrganizationsNotInUseException", "SubscriptionRequiredException", "OptInRequired", "InvalidAccessException",
}  # fmt: skip
"""The account does not use the service at all: there is nothing of it."""
_TOKENS = ("NextToken", "nextToken", "NextMarker", "Marker", "position")
_INNER = {("cloudfront", "ListResponseHeadersPolicies"): ("Marker", "ResponseHeadersPolicyList.NextMarker")}
"""Operations whose answers hold the token of the next page further down."""
_LAST = {
    ("firehose", "ListDeliveryStreams"):
        ("ExclusiveStartDeliveryStreamName", "HasMoreDeliveryStreams", "DeliveryStreamNames", ""),
    ("firehose", "ListTagsForDeliveryStream"): ("ExclusiveStartTagKey", "HasMoreTags", "Tags", "Key"),
    ("kinesis", "ListTagsForStream"): ("ExclusiveStartTagKey", "HasMoreTags", "Tags", "Key"),
}  # fmt: skip
"""Operations that go on after the last item: the parameter, what says that there is more, the items, what of one."""
_HTML = (b"<!doctype html", b"<html")
_loader: Any = None
_loader_lock = Lock()


def make_session(profile: str | None = None, keys: tuple[str, str, str] | None = None) -> Any:
    """A boto3 session that shares the parsed service models with every other (they cost 250 ms a session).

    Raises:
        botocore.exceptions.ProfileNotFound: there is no such profile.
    """
    import boto3
    import botocore.session

    global _loader
    with _loader_lock:
        if _loader is None:
            _loader = botocore.session.get_session().get_component("data_loader")
            _loader.file_loader = _lean_files()
    inner = botocore.session.Session(profile=profile)
    inner.register_component("data_loader", _loader)
    access, secret, token = keys or (None, None, None)
    return boto3.Session(access, secret, token, botocore_session=inner)


def _lean_files() -> Any:
    """Reads botocore's service models without their documentation, into plain dictionaries.

    botocore keeps the texts and builds ordered dictionaries: 100 MiB more for the services of an audit, and slower.
    """
    import gzip

    import orjson
    from botocore.loaders import JSONFileLoader

    class Lean(JSONFileLoader):  # type: ignore[misc]
        def load_file(self, file_path: str) -> Any:
            for ext, reading in ((".json", open), (".json.gz", gzip.open)):
                if os.path.isfile(file_path + ext):
                    with reading(file_path + ext, "rb") as handle:
                        return _undocumented(orjson.loads(handle.read()))
            return None

    return Lean()


def _undocumented(model: Any) -> Any:
    """The model, its documentation taken out of it."""
    waiting = [model]
    while waiting:
        value = waiting.pop()
        if type(value) is dict:
            if type(value.get("documentation")) is str:
                value["documentation"] = ""
            waiting += value.values()
        elif type(value) is list:
            waiting += value
    return model


class Clients:
    """One client a service and region for all accounts: making one costs more than a hundred calls.

    What it signs with are the credentials that the calling thread has put in `using`.
    """

    def __init__(self, session: Any, *, endpoint: str | None = None, jobs: int = JOBS) -> None:
        from botocore.config import Config

        self.session = session
        self.own = session.get_credentials()
        self._endpoint = endpoint
        self._made: dict[tuple[str, str], Any] = {}
        self._asks: dict[tuple[str, str, str], Callable[[dict[str, Any]], Iterator[dict[str, Any]]]] = {}
        self._lock = Lock()
        self._thread = local()
        self._config = Config(
            retries={"mode": "adaptive", "total_max_attempts": int(os.environ.get("AWS_MAX_ATTEMPTS", ATTEMPTS))},
            max_pool_connections=2 * jobs, connect_timeout=10, read_timeout=60, user_agent_extra="assay",
        )  # fmt: skip
        session._session._credentials = _signer(self._thread)

    def get(self, service: str, region: str) -> Any:
        with self._lock:
            found = self._made.get((service, region))
            if found is None:
                try:
                    found = self.session.client(
                        service, region_name=region, config=self._config, endpoint_url=self._endpoint
                    )
                except ValueError as error:  # an endpoint of the environment or the configuration
                    raise CallFailed(FAILED, "InvalidEndpoint", str(error)) from None
                self._made[service, region] = found
                name = found.meta.service_model.service_id.hyphenize()
                found.meta.events.register_first(f"needs-retry.{name}", _not_there)
                found.meta.events.register_first(f"request-created.{name}", _plain_host)
            return found

    def ask(self, service: str, region: str, operation: str) -> Callable[[dict[str, Any]], Iterator[dict[str, Any]]]:
        """What gives the pages of an operation for its parameters; made once, botocore makes a class for each."""
        found = self._asks.get((service, region, operation))
        if found is None:
            from botocore import xform_name

            client, method = self.get(service, region), xform_name(operation)
            if client.can_paginate(method):
                paginator = client.get_paginator(method)
                found = lambda params: iter(paginator.paginate(**params))  # noqa: E731
            else:
                found = partial(_by_token, *_paging(client, service, operation), getattr(client, method))
            self._asks[service, region, operation] = found
        return found

    @contextmanager
    def using(self, credentials: Any) -> Iterator[None]:
        """Sign with these credentials in this thread."""
        before = getattr(self._thread, "credentials", None)
        self._thread.credentials = credentials
        try:
            yield
        finally:
            self._thread.credentials = before


def _signer(thread: Any) -> Any:
    """Credentials that are those of the thread which asks for them."""
    from botocore.credentials import Credentials
    from botocore.exceptions import NoCredentialsError

    class Current(Credentials):  # type: ignore[misc]
        def get_frozen_credentials(self) -> Any:
            found = getattr(thread, "credentials", None)
            if found is None:
                raise NoCredentialsError
            return found.get_frozen_credentials()

    return Current("of the calling thread", "")


class Boto:
    """A `Transport` over boto3: one region, with one account's credentials."""

    def __init__(self, clients: Clients, region: str, credentials: Any = None) -> None:
        self.clients = clients
        self.region = region
        self.credentials = credentials or clients.own

    def call(self, service: str, operation: str, **params: Any) -> Iterator[dict[str, Any]]:
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        try:
            pages = self.clients.ask(service, self.region, operation)(params)
            while True:
                with self.clients.using(self.credentials):
                    page = next(pages, None)
                if page is None:
                    return
                yield page
        except ClientError as error:
            raise _client_error(error) from None
        except ResponseParserError as error:
            raise CallFailed(UNSUPPORTED, "ResponseParserError", " ".join(str(error).split())[:200]) from None
        except NotImplementedError as error:  # moto in this process
            raise CallFailed(UNSUPPORTED, "NotImplemented", str(error)) from None
        except BotoCoreError as error:
            kind = ABSENT if type(error).__name__ == "EndpointConnectionError" and not self._offers(service) else FAILED
            raise CallFailed(kind, type(error).__name__, " ".join(str(error).split())[:300]) from None

    def _offers(self, service: str) -> bool:
        """Whether the region has the service, as far as anybody knows: there is nothing of it where it is not."""
        partitions = self.clients.session.get_available_partitions()
        regions = {r for p in partitions for r in self.clients.session.get_available_regions(service, p)}
        return not regions or self.region in regions


def _paging(client: Any, service: str, operation: str) -> tuple[str | None, Callable[[dict[str, Any]], Any]]:
    """The parameter that asks for the next page, where botocore has no paginator, and what gives its value."""
    if after := _LAST.get((service, operation)):
        return after[0], partial(_last, *after[1:])
    if inner := _INNER.get((service, operation)):
        return inner[0], partial(at, path=inner[1])
    shape = client.meta.service_model.operation_model(operation).input_shape
    token = next((t for t in _TOKENS if shape is not None and t in shape.members), None)
    return token, partial(at, path=token or "")


def _last(more: str, items: str, key: str, answer: dict[str, Any]) -> Any:
    """Where the page after this answer begins."""
    found = answer.get(items) if answer.get(more) else None
    return at(found[-1], key) if found else None


def _by_token(
    token: str | None, next_of: Callable[[dict[str, Any]], Any], call: Any, params: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """The pages of an operation by the parameter that it takes and what the answers say of the next one."""
    while True:
        answer = call(**params)
        yield answer
        if token is None or not (given := next_of(answer)) or given == params.get(token):
            return
        params = {**params, token: given}


def _not_there(response: Any = None, **_: Any) -> None:
    """An endpoint that answers a page of HTML has no such operation: trying again would not help."""
    if response is not None and response[0].status_code == 500 and response[0].content[:20].lower().startswith(_HTML):
        response[0].status_code = 501


def _plain_host(request: Any = None, **_: Any) -> None:
    """Take the account that S3 Control puts before the host off an address that has no such names."""
    host = request.url.partition("://")[2].partition("/")[0]
    account, _dot, rest = host.partition(".")
    if account.isdigit() and len(account) == 12 and _numeric(rest.partition(":")[0]):
        request.url = request.url.replace(f"{account}.", "", 1)


def _numeric(host: str) -> bool:
    return host == "localhost" or (host.count(".") == 3 and host.replace(".", "").isdigit())


def _sentence(message: str) -> str:
    """What an error says on one line, without what is another text at every call."""
    return " ".join(message.partition("Encoded authorization failure message:")[0].split())[:500]


def _client_error(error: Any) -> CallFailed:
    said = error.response.get("Error", {})
    code, message = str(said.get("Code", "")), _sentence(str(said.get("Message", "")))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if code in _EXPIRED:
        raise CollectionStopped(
            f"the AWS credentials have expired ({code}): renew them and go on with --save SNAPSHOT --resume"
        )
    if code in _THROTTLED or status == 429:
        return CallFailed(THROTTLED, code, message)
    if code in _NOT_USED:
        return CallFailed(ABSENT, code, message)
    if (
        status == 403
        or "AccessDenied" in code
        or code in ("UnauthorizedOperation", "AuthorizationError", "403", *_INVALID)
    ):
        return CallFailed(DENIED, "AccessDenied" if code == "403" else code, message)
    if code in _UNSUPPORTED:
        return CallFailed(UNSUPPORTED, code, message)
    return CallFailed(FAILED, code, message)
