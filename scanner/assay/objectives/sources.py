"""Where series come from: each kind of metric source by its real client, asked for one series at a time."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from assay.model import Coverage, ValuePath

Series = dict[int, float]
"""Values by the moment at which their step ends, in seconds since 1970."""
FINEST = 60
USUAL_STEP = 300
_WORDS = {
    "prometheus": "prometheus", "thanos": "prometheus", "mimir": "prometheus", "cortex": "prometheus",
    "victoriametrics": "prometheus", "cloudwatch": "cloudwatch", "awscloudwatch": "cloudwatch",
    "ocimonitoring": "oci", "oci": "oci", "oraclecloudmonitoring": "oci",
}  # fmt: skip
"""By what a document calls it, without signs and in lower case: the kind of source."""


class SourceError(Exception):
    """A series that could not be had: `status` is denied, throttled or failed; the message is one sentence."""

    def __init__(self, status: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Query(NamedTuple):
    """A metric source of a document: its kind, its own `spec`, and what the DataSource says of the connection."""

    kind: str
    spec: dict[str, Any]
    connection: dict[str, Any]
    path: ValuePath = ()

    def said(self, *names: str) -> Any:
        """The first of these members that the query, else its connection, has."""
        for place in (self.spec, self.connection):
            for name in names:
                if place.get(name) not in (None, ""):
                    return place[name]
        return None


class Wish(NamedTuple):
    """What the command line says of the sources; see `assay audit slo --help`."""

    prometheus: str | None = None
    token_file: str | None = None
    endpoint: str | None = None
    profile: str | None = None
    auth: str = "api-key"
    config_file: str | None = None
    oci_profile: str | None = None


class Source(Protocol):
    """One kind of source."""

    source: str  # of the resources that it feeds: aws | oci | cluster
    lag: int  # seconds until what happened is to be seen

    def grain(self, query: Query, seconds: int) -> int:
        """The step for a window of so many seconds: what the query says, else as fine as the source keeps it."""
        ...

    def place(self, query: Query) -> tuple[str | None, str | None, str]:
        """Account, region and service for the coverage."""
        ...

    def series(self, query: Query, start: int, end: int, step: int) -> Series:
        """The values from `start` to `end`, both included; what is missing is not there.

        Raises:
            SourceError: there is no answer, or it is not one series.
        """
        ...


def kind_of(word: Any) -> str | None:
    """The kind that a document's word for a source means; None for one that nobody here asks."""
    return _WORDS.get("".join(c for c in str(word).lower() if c.isalnum()))


class Sources:
    """All sources of one audit, each made when it is first asked; what they answered stands in the coverage."""

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        self._made: dict[str, Source] = {}
        self._lock = Lock()
        self._told: dict[tuple[str | None, str | None, str], tuple[str, str | None]] = {}

    def of(self, query: Query) -> Source:
        """The source that a query asks."""
        with self._lock:
            if query.kind not in self._made:
                self._made[query.kind] = _made(query.kind, self.wish)
            return self._made[query.kind]

    def series(self, query: Query, start: int, end: int, step: int) -> Series:
        """As `Source.series`, with a row for the coverage."""
        source = self.of(query)
        try:
            found = source.series(query, start, end, step)
        except SourceError as error:
            with self._lock:
                self._told[source.place(query)] = (error.status, str(error))
            raise
        with self._lock:
            self._told.setdefault(source.place(query), ("ok", None))
        return found

    def tell(self, coverage: Coverage) -> None:
        """Say what became of every source that was asked."""
        for place, (status, reason) in sorted(self._told.items(), key=str):
            coverage.unit(*place, status, reason)


def _made(kind: str, wish: Wish) -> Source:
    if kind == "prometheus":
        from assay.objectives.prometheus import Prometheus

        return Prometheus(wish)
    if kind == "cloudwatch":
        from assay.objectives.cloudwatch import CloudWatch

        return CloudWatch(wish)
    from assay.objectives.oci_monitoring import OciMonitoring

    return OciMonitoring(wish)


def step_of(query: Query) -> int | None:
    """The step that a query's spec sets, in seconds: a duration, or a number of seconds; None when it sets none.

    Raises:
        SourceError: it is no such thing.
    """
    from assay.objectives.windows import Fault, seconds

    written = query.said("step", "period", "interval")
    if written is None:
        return None
    try:
        found = written if isinstance(written, int) and written > 0 else seconds(written, "step")
    except Fault as fault:
        raise SourceError("failed", str(fault)) from None
    if found % FINEST:
        raise SourceError("failed", f"step is {written!r}: series are asked for in whole minutes")
    return found


def filled(text: str, step: int) -> str:
    """A query with the step where it leaves room for it (`{{.window}}`, `$__interval`, `$__rate_interval`)."""
    size = f"{step // 86400}d" if step % 86400 == 0 else f"{step // 3600}h" if step % 3600 == 0 else f"{step // 60}m"
    for sign in ("{{.window}}", "{{ .window }}", "$__rate_interval", "$__interval"):
        text = text.replace(sign, size)
    return text
