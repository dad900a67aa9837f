"""The one place that makes clients of the OCI SDK: one a service, region and endpoint, kept and shared by all threads.

Every client gets its endpoint here, every call its retry strategy (in the SDK each operation decides for itself: by
default listing VCNs fails on the first 429), every list is followed to its last page. The SDK's circuit breaker is
off: it answers for the service when several calls in a row failed, and would turn one throttled list into many.
"""

from __future__ import annotations

import os
import re
import socket
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from assay.inventory.collect import CollectionStopped
from assay.scan import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_NO_NAME = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))
AUTH = ("api-key", "security-token", "instance-principal", "resource-principal")
SKEW_SECONDS = 300
"""The service refuses signatures whose date is further off than this."""


class Identity(NamedTuple):
    """Who calls: the SDK's configuration, the signer where the configuration alone does not say it, the tenancy."""

    config: dict[str, Any]
    signer: Any
    tenancy: str
    region: str


def sdk() -> Any:
    """The oci package.

    Raises:
        UsageError: it is not installed.
    """
    try:
        import oci
    except ImportError as error:
        raise UsageError("auditing OCI needs the oci package: pip install 'assay[oci]'") from error
    return oci


def identify(auth: str = "api-key", config_file: str | None = None, profile: str | None = None) -> Identity:
    """Read the credentials.

    Raises:
        UsageError: one sentence on what is missing or wrong.
    """
    sdk()
    if auth in ("instance-principal", "resource-principal"):
        return _principal(auth)
    config = _configuration(config_file, profile)
    if auth == "security-token":
        return _session(config)
    return _api_key(config)


def _configuration(file: str | None, profile: str | None) -> dict[str, Any]:
    import oci

    place = os.path.expanduser(file or os.environ.get("OCI_CLI_CONFIG_FILE") or oci.config.DEFAULT_LOCATION)
    name = profile or os.environ.get("OCI_CLI_PROFILE") or oci.config.DEFAULT_PROFILE
    try:
        config: dict[str, Any] = oci.config.from_file(place, name)
    except oci.exceptions.ConfigFileNotFound as error:
        raise UsageError(f"{place}: there is no OCI configuration file; make one, or give --config-file") from error
    except oci.exceptions.ProfileNotFound as error:
        raise UsageError(f"{place} has no profile {name}: give one of its own with --profile") from error
    except oci.exceptions.InvalidKeyFilePath as error:
        raise UsageError(f"{place}, profile {name}: its key_file does not exist") from error
    except (ValueError, OSError, oci.exceptions.ClientError) as error:
        raise UsageError(f"{place}, profile {name}: {_first_line(error)}") from error
    config["assay_place"] = f"{place}, profile {name}"
    return config


def _api_key(config: dict[str, Any]) -> Identity:
    import oci

    place = config.pop("assay_place")
    try:
        oci.config.validate_config(config)
        signer = oci.signer.Signer(
            config["tenancy"], config["user"], config["fingerprint"], config.get("key_file"),
            oci.config.get_config_value_or_default(config, "pass_phrase"), config.get("key_content"),
        )  # fmt: skip
    except oci.exceptions.InvalidConfig as error:
        raise UsageError(f"{place}: {_faults(error)}") from error
    except oci.exceptions.MissingPrivateKeyPassphrase as error:
        raise UsageError(f"{place}: the private key is encrypted and pass_phrase is not given") from error
    except (oci.exceptions.InvalidPrivateKey, OSError, ValueError) as error:
        raise UsageError(f"{place}: the private key cannot be read: {_first_line(error)}") from error
    return Identity(config, signer, config["tenancy"], config["region"])


def _session(config: dict[str, Any]) -> Identity:
    import oci

    place = config.pop("assay_place")
    for key in ("security_token_file", "key_file", "tenancy", "region"):
        if not config.get(key):
            raise UsageError(f"{place}: {key} is missing, which --auth security-token needs")
    try:
        with open(os.path.expanduser(config["security_token_file"]), encoding="utf-8") as handle:
            token = handle.read().strip()
        key = oci.signer.load_private_key_from_file(config["key_file"], config.get("pass_phrase"))
        signer = oci.auth.signers.SecurityTokenSigner(token, key)
    except (oci.exceptions.ClientError, OSError, ValueError) as error:
        raise UsageError(f"{place}: the session's token or key cannot be read: {_first_line(error)}") from error
    return Identity({"region": config["region"]}, signer, config["tenancy"], config["region"])


def _principal(auth: str) -> Identity:
    import oci

    try:
        if auth == "instance-principal":
            signer = oci.auth.signers.InstancePrincipalsSecurityTokenSigner()
            return Identity({}, signer, signer.tenancy_id, signer.region)
        signer = oci.auth.signers.get_resource_principals_signer()
        return Identity({}, signer, signer.tenancy_id, signer.region)
    except Exception as error:
        raise UsageError(f"--auth {auth}: this machine has no such identity: {_first_line(error)}") from error


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(" .")


def _faults(error: Any) -> str:
    """`user is malformed, region is missing`, from the SDK's mapping of keys to faults."""
    found = getattr(error, "errors", None) or (error.args[0] if error.args else {})
    if not isinstance(found, dict):
        return _first_line(error)
    return ", ".join(f"{key} is {what}" for key, what in sorted(found.items()))


def brief() -> Any:
    """A retry strategy for the first call: where nobody is, one wants to hear so within seconds."""
    return (
        sdk()
        .retry.RetryStrategyBuilder(
            max_attempts=3, retry_base_sleep_time_seconds=0.5, retry_max_wait_between_calls_seconds=2
        )
        .get_retry_strategy()
    )


class Clients:
    """Makes the clients and calls them.

    Args:
        identity: who calls.
        endpoint: one address for every service (dedicated regions, gateways, tests).
        retry: the SDK's retry strategy for every call; its default one when None.
    """

    def __init__(self, identity: Identity, endpoint: str | None = None, retry: Any = None) -> None:
        oci = sdk()
        self.identity = identity
        self.endpoint = endpoint.rstrip("/") if endpoint else None
        self.retry = retry or oci.retry.DEFAULT_RETRY_STRATEGY
        self._made: dict[tuple[str, str, str], Any] = {}
        self._lock = threading.Lock()

    def client(self, name: str, region: str, endpoint: str = "") -> Any:
        """The client of a class (`core.VirtualNetworkClient`) in a region, or at an endpoint of its own."""
        key = (name, region, "" if self.endpoint else endpoint)
        with self._lock:
            if key not in self._made:
                self._made[key] = self._make(name, region, endpoint)
            return self._made[key]

    def _make(self, name: str, region: str, endpoint: str) -> Any:
        import importlib

        import oci

        package, _, class_name = name.partition(".")
        kind = getattr(importlib.import_module(f"oci.{package}"), class_name)
        where = self.endpoint or endpoint
        return kind(
            {**self.identity.config, "region": region}, signer=self.identity.signer,
            circuit_breaker_strategy=oci.circuit_breaker.NoCircuitBreakerStrategy(),
            **({"service_endpoint": where} if where else {}),
        )  # fmt: skip

    def is_offered(self, name: str, region: str) -> bool:
        """False when the service has no address in a region. Behind a proxy nobody can tell, and it is asked."""
        from urllib.parse import urlsplit
        from urllib.request import getproxies

        if self.endpoint or getproxies():
            return True
        try:
            socket.getaddrinfo(urlsplit(self.client(name, region).base_client.endpoint).hostname, 443)
        except socket.gaierror as error:
            return error.errno not in _NO_NAME  # else the name server did not answer: the call will say so
        return True

    def call(self, client: Any, operation: str, *args: Any, **kwargs: Any) -> Any:
        """One call; what it answers.

        Raises:
            oci.exceptions.ServiceError, oci.exceptions.RequestException: after the retries.
        """
        return getattr(client, operation)(*args, **{"retry_strategy": self.retry, **kwargs})

    def pages(self, client: Any, operation: str, *args: Any, **kwargs: Any) -> Iterator[list[Any]]:
        """What a list operation answers, page by page.

        Raises:
            oci.exceptions.ServiceError, oci.exceptions.RequestException: after the retries.
        """
        page: dict[str, Any] = {}
        while True:
            answer = self.call(client, operation, *args, **kwargs, **page)
            data = answer.data
            found = data if isinstance(data, list) else getattr(data, "items", None)
            if found is None:
                found = data.resources or []  # SCIM of the identity domains
            yield found
            following = _following(answer, page, len(found))
            if following is None:
                return
            page = following


def _following(answer: Any, page: dict[str, Any], count: int) -> dict[str, Any] | None:
    """The arguments that ask for the next page, None after the last one."""
    if answer.has_next_page:
        if page.get("page") == answer.next_page:
            raise OSError("the service answers the same page over and over")
        return {"page": answer.next_page}
    total = getattr(answer.data, "total_results", None)
    if total is not None and hasattr(answer.data, "resources"):
        seen = page.get("start_index", 1) - 1 + count
        if count and seen < total:
            return {"start_index": seen + 1}
    return None


# --- what went wrong --------------------------------------------------------------------------------------------------


def status_of(error: Exception) -> tuple[str, str]:
    """The coverage status of a failed call (denied, throttled, failed) and a sentence.

    Raises:
        CollectionStopped: the credentials are refused, so every other call would be.
        Exception: `error` itself, when it is neither the service's nor the network's but a fault of this program.
    """
    import oci

    if isinstance(error, oci.exceptions.ServiceError):
        said = f"{error.status} {error.code}"
        if error.status == 401:
            raise CollectionStopped(_unauthenticated(error)) from error
        if error.status == 403 or (error.status == 404 and error.code == "NotAuthorizedOrNotFound"):
            return "denied", said
        if error.status == 429:
            return "throttled", f"{said}, after the last retry"
        return "failed", f"{said}: {_first_line(Exception(error.message or ''))}"
    if isinstance(
        error, (OSError, ValueError)
    ):  # what the SDK raises for the network, and for an answer it cannot read
        return "failed", _unreachable(error)
    raise error


def is_absent(error: Exception) -> bool:
    """True when the service says that there is no such thing, and not that one may not know."""
    import oci

    return isinstance(error, oci.exceptions.ServiceError) and error.status == 404 and error.code in ABSENT


ABSENT = ("NotFound", "LifecyclePolicyNotFound", "ObjectLifecyclePolicyNotFound", "RelatedResourceNotFound")


_OBJECT = re.compile(r"<[\w.]+ object at 0x[0-9a-f]+>: ")
"""What is another text at every call."""


def _unreachable(error: Exception) -> str:
    text = _first_line(error)
    found = re.search(r"host=\\*'([^'\\]+)\\*', port=(\d+)", text)
    host = f"{found.group(1)}:{found.group(2)}" if found else "the endpoint"
    for sign, meaning in (
        ("Connection refused", "refuses the connection"), ("NameResolutionError", "has no address"),
        ("Name or service not known", "has no address"), ("timed out", "does not answer in time"),
        ("CERTIFICATE_VERIFY_FAILED", "shows a certificate that this machine does not trust"),
    ):  # fmt: skip
        if sign in text:
            return f"{host} {meaning}"
    return f"{type(error).__name__}: {_OBJECT.sub('', text)[:200]}"


def _unauthenticated(error: Any) -> str:
    """Why the service does not know who calls, from its own clock where that is it."""
    import time
    from email.utils import parsedate_to_datetime

    date = (getattr(error, "headers", None) or {}).get("date")
    if date:
        try:
            apart = time.time() - parsedate_to_datetime(date).timestamp()
        except (TypeError, ValueError):
            apart = 0.0
        if abs(apart) > SKEW_SECONDS:
            way = "ahead of" if apart > 0 else "behind"
            return (
                f"OCI refuses the signature: this machine's clock is {abs(apart) / 60:.0f} minutes {way} the service's"
            )
    return (
        "OCI does not accept the credentials (401 NotAuthenticated): the key is not that user's, the session has "
        "expired, or the machine's clock is wrong"
    )
