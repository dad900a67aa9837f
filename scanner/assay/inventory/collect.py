"""Collecting: units of work on a bounded pool of threads, each into a part file, assembled into one snapshot.

A unit is one service of one region of one account. Its records stream into `SNAPSHOT.parts/`, a gzip member each
(see `journal`); the finished members, in the order of the units' keys, are the snapshot. So memory does not grow with
the inventory, the bytes do not depend on which thread was faster, and what a killed run finished is not asked again.
"""

from __future__ import annotations

import gc
import json
import os
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from assay.inventory.journal import Journal, Part
from assay.model import Intake, Resource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from assay.inventory.snapshot import RecordWriter

OK, DENIED, THROTTLED, FAILED = "ok", "denied", "throttled", "failed"
OTHER_REGIONS = "other regions"
"""Where the coverage says what is wrong with regions whose names nobody could list."""
JOBS = 8
"""Units at work at once; what they do is wait for answers."""


class CollectionStopped(Exception):
    """Going on is pointless (expired credentials, no network): one sentence for the user. What is finished is kept."""


class Unit:
    """One piece of an inventory: pure data that names it, and the work that pours it into an `Emitter`.

    `types` are the resource types it feeds: all of them count as not listed when the work breaks down. `scope` is what
    else it is about: a resumed collection takes over what an interrupted one finished only for the same.
    """

    __slots__ = ("account", "provider", "region", "scope", "service", "types", "work")

    def __init__(
        self, provider: str, account: str, region: str | None, service: str, types: Iterable[str],
        work: Callable[[Emitter], None], *, scope: str = "",
    ) -> None:  # fmt: skip
        self.scope = sha256(scope.encode()).hexdigest()[:16] if scope else ""
        self.provider = provider
        self.account = account
        self.region = region
        self.service = service
        self.types = tuple(types)
        self.work = work

    @property
    def key(self) -> tuple[str, ...]:
        """What identifies the unit and orders the snapshot."""
        return self.provider, self.account, self.region or "", self.service, self.scope


class Emitter:
    """Takes what a unit collects: resources as they come, and every call that went wrong."""

    def __init__(self, unit: Unit, writer: RecordWriter | _Kept) -> None:
        self.unit = unit
        self._writer = writer
        self._problems: dict[tuple[str, str], list[Any]] = {}
        self._unlisted: dict[tuple[str, str | None], str] = {}

    def resource(
        self, type_: str, address: str, values: dict[str, Any], *, name: str = "", region: str | None = None
    ) -> None:
        """One resource of the unit's account; `region` where it is not the unit's own."""
        u = self.unit
        self._writer.resource(
            Resource(type_, address, u.provider, values, name=name, account=u.account, region=region or u.region)
        )

    def problem(self, operation: str, status: str, reason: str, types: Iterable[str] = ()) -> None:
        """A call that gave no answer: `status` is denied, throttled or failed; `types` cannot be listed without it."""
        known = self._problems.setdefault((operation, status), [reason, 0])
        known[1] += 1
        for type_ in types:
            self._unlisted.setdefault((type_, self.unit.region), f"{operation}: {reason}" if operation else reason)

    def finish(self) -> None:
        """Say what became of the unit: one row when all went well, else one for each operation that did not."""
        u = self.unit
        for (type_, region), reason in sorted(self._unlisted.items(), key=str):
            self._writer.unlisted(type_, u.account, region, reason)
        for (operation, status), (reason, count) in sorted(self._problems.items()):
            times = f" (and {count - 1} times more)" if count > 1 else ""
            said = f"{operation}: {reason}{times}" if operation else reason
            self._writer.unit(u.account, u.region, u.service, status, said)
        if not self._problems:
            self._writer.unit(u.account, u.region, u.service, OK)


def run_unit(unit: Unit, writer: RecordWriter | _Kept) -> None:
    """Do the work of one unit; whatever breaks it becomes a coverage row.

    Raises:
        CollectionStopped: as the unit raised it.
    """
    emitter = Emitter(unit, writer)
    try:
        unit.work(emitter)
    except CollectionStopped:
        raise
    except Exception as error:  # noqa: BLE001 - one unit may not take the others along
        where = _place(error)
        emitter.problem("", FAILED, f"the collector stopped: {type(error).__name__}: {error}{where}", unit.types)
    emitter.finish()


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f" ({trace.tb_frame.f_code.co_name}, line {trace.tb_lineno})" if trace is not None else ""


def ordered(
    pool: ThreadPoolExecutor, function: Callable[[Any], Any], items: Iterable[Any], window: int = 32
) -> Iterator[Any]:
    """`map` on a pool with at most `window` items under way, the answers in the order of the items."""
    from collections import deque

    under_way: deque[Future[Any]] = deque()
    try:
        for item in items:
            under_way.append(pool.submit(function, item))
            if len(under_way) >= window:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        for future in under_way:
            future.cancel()


_YOUNG = 20_000
"""Objects made before the interpreter looks for garbage among them; by default it looks every 700."""


@contextmanager
def _tidying_seldom() -> Iterator[None]:
    """Look for garbage less often: an SDK makes thousands of short-lived objects a call, next to none in cycles.

    Looking for some after every 700 costs a third of the whole collection.
    """
    before = gc.get_threshold()
    gc.set_threshold(_YOUNG, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


@_tidying_seldom()
def collect(
    units: Iterable[Unit], path: str, *, header: dict[str, Any] | None = None, jobs: int = JOBS, resume: bool = False,
    progress: Callable[[int, int, Unit], None] | None = None,
) -> None:  # fmt: skip
    """Run the units and leave a snapshot at `path`.

    Args:
        header: what else the snapshot's first line says; a resumed collection must be for the same.
        jobs: how many units may be at work at once.
        resume: take over what an interrupted collection of the same snapshot finished.
        progress: called with (units done, resources so far, the unit) as each is finished.

    Raises:
        CollectionStopped: a unit said so, the interrupted collection was of something else, or the disk is full.
    """
    folder = f"{path}.parts"
    header = header or {}
    journal = _prepare(folder, header, resume)
    done: dict[tuple[str, ...], Part] = {}
    resources = 0
    waiting: set[Future[tuple[Unit, Part]]] = set()

    def settle(limit: int) -> None:
        nonlocal waiting, resources
        while len(waiting) > limit:
            ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in ready:
                unit, part = future.result()
                done[unit.key] = part
                resources += part.resources
                if progress:
                    progress(len(done), resources, unit)

    def run(unit: Unit) -> tuple[Unit, Part]:
        return unit, journal.write(unit.key, lambda writer: run_unit(unit, writer), {THROTTLED})

    pool = ThreadPoolExecutor(jobs, thread_name_prefix="collect")
    try:
        for unit in units:
            if (part := journal.finished.get(unit.key)) is not None:
                done[unit.key] = part
                resources += part.resources
                continue
            waiting.add(pool.submit(run, unit))
            settle(2 * jobs)
        settle(0)
        journal.assemble(path, header, [done[key] for key in sorted(done)])
    except OSError as error:  # units turn their own into rows of the coverage
        said = f"{path}: the snapshot cannot be written: {error.strerror or error}"
        raise CollectionStopped(f"{said}; what is finished is kept in {folder}, --resume goes on") from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        with suppress(OSError):  # what cannot be written has been said
            journal.close()
    _remove(folder)


class _Kept:
    """Takes what a unit collects as a snapshot's writer does, and keeps it as it is."""

    def __init__(self) -> None:
        self.resources: list[Resource] = []
        self.units: list[tuple[Any, ...]] = []
        self.denied: list[tuple[Any, ...]] = []
        self.resource = self.resources.append

    def unit(self, *row: Any) -> None:
        self.units.append(row)

    def unlisted(self, *row: Any) -> None:
        self.denied.append(row)


@_tidying_seldom()
def gather(
    units: Iterable[Unit], label: str, *, header: dict[str, Any] | None = None, jobs: int = JOBS,
    progress: Callable[[int, int, Unit], None] | None = None,
) -> Intake:  # fmt: skip
    """As `collect`, without a file: what a snapshot would say, for an audit that keeps none.

    Args:
        label: what the coverage calls the input.

    Raises:
        CollectionStopped: a unit said so.
    """
    done: dict[tuple[str, ...], _Kept] = {}
    resources = 0

    def run(unit: Unit) -> tuple[Unit, _Kept]:
        kept = _Kept()
        run_unit(unit, kept)
        return unit, kept

    pool = ThreadPoolExecutor(jobs, thread_name_prefix="collect")
    try:
        for unit, kept in ordered(pool, run, units):
            done[unit.key] = kept
            resources += len(kept.resources)
            if progress:
                progress(len(done), resources, unit)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    intake = Intake()
    for source, types in (header or {}).get("feeds", {}).items():
        intake.coverage.feeds.setdefault(source, set()).update(types)
    intake.coverage.left_out.update((header or {}).get("left_out", ()))
    for key in sorted(done):
        intake.resources += done[key].resources
        for row in done[key].denied:
            intake.coverage.not_listed(*row)
        for row in done[key].units:
            intake.coverage.unit(*row)
    intake.coverage.input(label, "read")
    return intake


def _prepare(folder: str, header: dict[str, Any], resume: bool) -> Journal:
    """The folder for the parts: empty, or with `resume` as it was left."""
    text = json.dumps(header, sort_keys=True)
    request = f"{folder}/request.json"
    there = resume and os.path.isfile(request)
    if there:
        with open(request, encoding="utf-8") as handle:
            if handle.read() != text:
                raise CollectionStopped(
                    f"{folder} holds an interrupted collection with other options (accounts, regions, endpoint): "
                    "repeat those to resume it, or leave --resume out to start anew"
                )
    else:
        _remove(folder)
    try:
        if not there:
            os.makedirs(folder)
            with open(request, "w", encoding="utf-8") as handle:
                handle.write(text)
        return Journal(folder, resume=there)
    except OSError as error:
        raise CollectionStopped(f"{folder}: the snapshot cannot be written: {error.strerror}") from error


def _remove(folder: str) -> None:
    from shutil import rmtree

    if os.path.isdir(folder):
        gone = f"{folder}.old"
        rmtree(gone, ignore_errors=True)
        os.rename(folder, gone)  # at once: a half-removed folder must not look like an interrupted collection
        rmtree(gone, ignore_errors=True)
