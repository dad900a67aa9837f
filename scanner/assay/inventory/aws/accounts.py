"""Which accounts and regions an audit visits, and the units it makes of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from assay.inventory.aws.replay import all_services
from assay.inventory.aws.table import Place, Service
from assay.inventory.aws.transport import Boto, Clients, make_session
from assay.inventory.aws.walk import STATUS, CallFailed, Shared, Transport, Walk
from assay.inventory.collect import FAILED, OTHER_REGIONS, CollectionStopped, Emitter, Unit
from assay.scan import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

HOMES = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""By partition: the region that answers for account-wide services."""


class Options(NamedTuple):
    """What the command line says of an AWS audit; `regions` None is every enabled one."""

    profile: str | None = None
    regions: Sequence[str] | None = None
    accounts: Sequence[str] | None = None
    role: str | None = None
    external_id: str | None = None
    endpoint: str | None = None
    jobs: int = 8
    services: Sequence[str] | None = None
    types: frozenset[str] | None = None
    """What is looked at; None is everything."""
    code: bool = False
    """Whether the code of functions and layers is looked at too."""


def chosen(names: Sequence[str] | None, types: frozenset[str] | None = None, *, code: bool = False) -> list[Service]:
    """The tables of these services, or all, with the calls that these types need, or all; code only when asked for.

    Raises:
        UsageError: there is no such service.
    """
    services = all_services()
    if code and (types is None or "archive" in types):
        from assay.inventory.aws.code import with_code

        services = [with_code(s) if s.name == "lambda" else s for s in services]
    known = {s.label or s.name for s in services}
    for name in names or ():
        if name not in known:
            raise UsageError(f"--services {name}: there is no such service; there are: {', '.join(sorted(known))}")
    mine = [s for s in services if not names or (s.label or s.name) in names]
    return mine if types is None else [kept for s in mine if (kept := s.only(types)) is not None]


class Identity(NamedTuple):
    """Who the credentials are."""

    account: str
    partition: str
    region: str


class Audit:
    """The accounts and regions of one audit, and the sessions that reach them."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.clients = _clients(options)
        region = self.clients.session.region_name or next(iter(options.regions or ()), "us-east-1")
        self.own = self._identity(region)
        self.accounts = self._accounts()
        self.pool = ThreadPoolExecutor(options.jobs, thread_name_prefix="detail")
        self.services = chosen(options.services, options.types, code=options.code)

    @property
    def header(self) -> dict[str, Any]:
        """What the snapshot says of this audit; equal for equal requests."""
        feeds = {t for service in self.services for t in service.types}
        left = sorted({t for service in all_services() for t in service.types} - feeds)
        return {
            "provider": "aws", "accounts": self.accounts, "regions": list(self.options.regions or ["enabled"]),
            "services": [s.label or s.name for s in self.services], "feeds": {"aws": sorted(feeds)},
            **({"left_out": left} if left else {}),
        }  # fmt: skip

    def boto(self) -> Boto:
        """What asks the services that answer for the whole account."""
        return Boto(self.clients, HOMES.get(self.own.partition, self.own.region))

    def _identity(self, region: str) -> Identity:
        answer = _first(Boto(self.clients, region), "sts", "GetCallerIdentity")
        arn = str(answer["Arn"])
        return Identity(str(answer["Account"]), arn.split(":")[1] if arn.count(":") > 4 else "aws", region)

    def _accounts(self) -> list[str]:
        wanted = self.options.accounts
        if not wanted:
            return [self.own.account]
        boto = Boto(self.clients, HOMES.get(self.own.partition, self.own.region))
        found: list[str] = []
        for word in wanted:
            if word == "all":
                found += _active(boto, "ListAccounts", {})
            elif word.startswith(("ou-", "r-")):
                found += _below(boto, word)
            elif word.isdigit() and len(word) == 12:
                found.append(word)
            else:
                raise UsageError(f"--accounts {word}: write all, account numbers (12 digits) or ids of units (ou-...)")
        other = next((account for account in sorted(found) if account != self.own.account), None)
        if other and not self.options.role:
            raise UsageError(f"account {other} is not the one of the credentials: name the role to assume, --role-name")
        return sorted(set(found))

    def units(self) -> Iterator[Unit]:
        """A unit for each account, region and service; an account that cannot be entered is one failed unit."""
        for account in self.accounts:
            try:
                credentials = self._enter(account)
            except CallFailed as error:
                yield _closed(account, self, error)
                continue
            regions, refused = self._regions(credentials)
            if refused is not None:
                yield _elsewhere(account, self, refused)
            yield from self._of(account, credentials, regions)

    def _of(self, account: str, credentials: Any, regions: list[str]) -> Iterator[Unit]:
        home = HOMES.get(self.own.partition, self.own.region)
        services = [s for s in self.services if not s.region or self.own.partition == "aws"]
        elsewhere = {s.region for s in services if s.region}
        transports = {
            region: (self._transport(region, credentials), Shared()) for region in {*regions, home, *elsewhere}
        }
        for service in services:
            for region in [service.region or home] if service.home else regions:
                place = Place(account, region, self.own.partition, tuple(regions))
                yield Unit(
                    "aws", account, None if service.home else region, service.label or service.name, service.types,
                    _work(service, place, *transports[region], self.pool),
                )  # fmt: skip

    def _transport(self, region: str, credentials: Any) -> Transport:
        boto = Boto(self.clients, region, credentials)
        if not self.options.code:
            return boto
        from assay.inventory.aws.code import Coded, download

        return Coded(boto, partial(download, boto))

    def _enter(self, account: str) -> Any:
        """The credentials for an account: our own, or the role's there, which renew themselves."""
        if account == self.own.account:
            return self.clients.own
        arn = f"arn:{self.own.partition}:iam::{account}:role/{self.options.role}"
        params = {"RoleArn": arn, "RoleSessionName": "assay"}
        if self.options.external_id:
            params["ExternalId"] = self.options.external_id
        boto = Boto(self.clients, self.own.region)

        return _renewing(lambda: _ask(boto, "sts", "AssumeRole", **params)["Credentials"])

    def _regions(self, credentials: Any) -> tuple[list[str], CallFailed | None]:
        """The regions to look at; when the enabled ones cannot be listed the configured one, and why."""
        if self.options.regions:
            return list(self.options.regions), None
        try:
            answer = _ask(Boto(self.clients, self.own.region, credentials), "ec2", "DescribeRegions")
        except CallFailed as error:
            return [self.own.region], error
        return sorted(r["RegionName"] for r in answer["Regions"]), None


def _renewing(assume: Callable[[], dict[str, Any]]) -> Any:
    """Credentials that `assume` gives and, before they expire, renews."""
    from datetime import UTC, datetime

    from botocore.credentials import RefreshableCredentials

    def renew() -> dict[str, str]:
        answer = assume()
        return {
            "access_key": answer["AccessKeyId"], "secret_key": answer["SecretAccessKey"],
            "token": answer["SessionToken"], "expiry_time": answer["Expiration"].isoformat(),
        }  # fmt: skip

    made = assume()
    return RefreshableCredentials(
        made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"], made["Expiration"], renew,
        "sts-assume-role", lambda: datetime.now(UTC),  # asked at each call; the default, in local time, is slow
    )  # fmt: skip


def _work(
    service: Service, place: Place, transport: Transport, shared: Shared, pool: ThreadPoolExecutor
) -> Callable[[Emitter], None]:
    return lambda emit: Walk(service, place, transport, emit, pool, shared).run()


def _closed(account: str, audit: Audit, error: CallFailed) -> Unit:
    """The unit of an account that nobody gets into: nothing of it is listed."""
    types = list(dict.fromkeys(t for service in audit.services for t in service.types))

    def work(emit: Emitter) -> None:
        emit.problem("AssumeRole", STATUS.get(error.kind, FAILED), f"the account cannot be entered: {error}", types)

    return Unit("aws", account, None, "sts", types, work)


def _elsewhere(account: str, audit: Audit, error: CallFailed) -> Unit:
    """The unit of the regions that nobody could list: what is in them is not listed either."""
    types = list(dict.fromkeys(t for service in audit.services if not service.home for t in service.types))
    said = f"{error}; only {audit.own.region} is looked at, others can be named by --regions"

    def work(emit: Emitter) -> None:
        emit.problem("DescribeRegions", STATUS.get(error.kind, FAILED), said, types)

    return Unit("aws", account, OTHER_REGIONS, "ec2", types, work)


def _ask(boto: Boto, service: str, operation: str, **params: Any) -> dict[str, Any]:
    return next(iter(boto.call(service, operation, **params)))


def _active(boto: Boto, operation: str, params: dict[str, str]) -> list[str]:
    found = [a for page in _organization(boto, operation, **params) for a in page.get("Accounts", ())]
    return [str(a["Id"]) for a in found if (a.get("State") or a.get("Status", "ACTIVE")) == "ACTIVE"]


def _below(boto: Boto, unit: str) -> list[str]:
    """The accounts of an organizational unit and of those below it."""
    found = _active(boto, "ListAccountsForParent", {"ParentId": unit})
    for page in _organization(boto, "ListChildren", ParentId=unit, ChildType="ORGANIZATIONAL_UNIT"):
        for child in page.get("Children", ()):
            found += _below(boto, str(child["Id"]))
    return found


def _organization(boto: Boto, operation: str, **params: str) -> list[dict[str, Any]]:
    try:
        return list(boto.call("organizations", operation, **params))
    except CallFailed as error:
        raise UsageError(
            f"--accounts: the accounts of the organization cannot be listed ({operation}: {error})"
        ) from None


def _clients(options: Options) -> Clients:
    try:
        from botocore.exceptions import BotoCoreError
    except ImportError:
        raise UsageError("an AWS audit needs boto3: pip install 'assay[aws]'") from None
    if options.profile and options.profile not in (found := make_session().available_profiles):
        near = _near(options.profile, found)
        raise UsageError(f"--profile {options.profile}: there is no such profile in the AWS configuration{near}")
    try:
        session = make_session(options.profile)
        clients = Clients(session, endpoint=options.endpoint, jobs=options.jobs)
    except BotoCoreError as error:
        raise UsageError(_why(CallFailed(FAILED, type(error).__name__, str(error)))) from None
    known = {r for p in session.get_available_partitions() for r in session.get_available_regions("ec2", p)}
    for region in options.regions or ():
        if known and region not in known and not options.endpoint:
            raise UsageError(f"--regions {region}: there is no such region{_near(region, known)}")
    return clients


def _near(word: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, known, 1)
    return f"; did you mean {near[0]}?" if near else ""


def _first(boto: Boto, service: str, operation: str) -> dict[str, Any]:
    """The answer of the first call of all, or a sentence saying why there is none."""
    try:
        return _ask(boto, service, operation)
    except CallFailed as error:
        raise UsageError(_why(error)) from None
    except CollectionStopped as error:
        raise UsageError(str(error)) from None


def _why(error: CallFailed) -> str:
    said = str(error)
    sentences = {
        "NoCredentialsError": "there are no AWS credentials: set --profile, AWS_PROFILE or AWS_ACCESS_KEY_ID",
        "PartialCredentialsError": f"the AWS credentials are incomplete: {said}",
        "CredentialRetrievalError": f"the AWS credentials cannot be fetched: {said}",
        "TokenRetrievalError": f"the AWS sign-in has expired, `aws sso login` renews it: {said}",
        "SSOTokenLoadError": f"there is no AWS sign-in, `aws sso login` makes one: {said}",
        "UnauthorizedSSOTokenError": f"the AWS sign-in has expired, `aws sso login` renews it: {said}",
        "EndpointConnectionError": f"AWS cannot be reached: {said}",
        "ConnectTimeoutError": f"AWS cannot be reached: {said}",
        "ConnectionClosedError": f"AWS cannot be reached: {said}",
        "ReadTimeoutError": f"AWS does not answer: {said}",
        "SSLError": f"the connection to AWS is not trusted: {said}",
        "InvalidEndpoint": f"AWS_ENDPOINT_URL, or the configuration, has no address of AWS: {said}",
        "ProfileNotFound": f"there is no such profile in the AWS configuration: {said}",
        "InvalidRegionError": f"there is no such region: {said}",
        "RequestTimeTooSkewed": f"this machine's clock is wrong, AWS refuses what it signs: {said}",
        "SignatureDoesNotMatch": f"AWS refuses the signature: the secret key or this machine's clock is wrong ({said})",
        "InvalidClientTokenId": f"AWS does not know the access key: {said}",
        "UnrecognizedClientException": f"AWS does not know the access key: {said}",
    }
    return sentences.get(error.code, f"AWS does not say who the credentials are (sts GetCallerIdentity): {said}")
