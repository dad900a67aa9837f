"""`assay audit cluster`: one or several Kubernetes clusters, once or, with `--watch`, again and again."""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING, Any

from assay.inventory.collect import CollectionStopped
from assay.scan import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterator

    from assay.inventory.cluster.connection import Connection
    from assay.inventory.cluster.units import Earlier, Wishes
    from assay.inventory.collect import Unit
    from assay.model import Intake


def options(p: ArgumentParser) -> None:
    p.add_argument("--context", action="append", metavar="NAME",
                   help="a context of the kubeconfig; repeatable, then clusters are compared too")  # fmt: skip
    p.add_argument("--watch", type=float, metavar="SECONDS", help="audit again after so many seconds, until Ctrl-C")
    p.add_argument("--since", metavar="SNAPSHOT", help="an earlier snapshot: restarts and counters are judged from it")
    p.add_argument("--prometheus", action="append", metavar="[CONTEXT=]URL",
                   help="where CPU throttling is recorded; repeatable")  # fmt: skip
    p.add_argument("--cadvisor", action="store_true",
                   help="read CPU counters through the API server; takes get on nodes/proxy")  # fmt: skip
    p.add_argument("--registry", action="append", metavar="HOST",
                   help="a registry that may be asked for the images' signatures; repeatable")  # fmt: skip
    p.add_argument("--no-secrets", action="store_true",
                   help="do not list Secrets (else their metadata; never their data)")  # fmt: skip


def permissions(args: Namespace) -> str:
    """The ClusterRole, as YAML."""
    import yaml

    from assay.inventory.cluster.kinds import cluster_role

    said = (
        "# Secrets are left out: RBAC cannot allow their metadata alone, so audit with --no-secrets, or grant list on\n"
        "# secrets too, where references to them are to be checked. Their data is never asked for.\n"
    )
    return said + yaml.safe_dump(cluster_role(cadvisor=args.cadvisor), sort_keys=False)


def header(args: Namespace) -> dict[str, Any]:
    """What the snapshot is of."""
    from assay.inventory.cluster.units import feeds

    return {"feeds": {"cluster": feeds(_wishes(args, "", 1))}, "contexts": args.context}


def units(args: Namespace) -> Iterator[Unit]:
    """The units of every cluster asked for.

    Raises:
        UsageError: no kubeconfig, no such context, options that contradict.
        CollectionStopped: none of the clusters can be audited.
    """
    from assay.inventory.cluster.connection import connect
    from assay.inventory.cluster.units import failed_cluster, units_of

    gc.disable()  # plain JSON has no cycles, and looking for some costs half as much again as parsing it
    contexts: list[str | None] = list(dict.fromkeys(args.context)) if args.context else [None]
    connections: list[Connection] = [connect(c) for c in contexts]
    args.context = [c.name for c in connections]
    _check_prometheus(args.prometheus or [], args.context)
    found: list[Unit] = []
    faults: list[CollectionStopped] = []
    for connection in connections:
        wishes = _wishes(args, connection.name, len(connections))
        try:
            found += units_of(connection, wishes)
        except CollectionStopped as fault:
            faults.append(fault)
            found.append(failed_cluster(connection.name, wishes, str(fault)))
    if len(faults) == len(connections):
        raise CollectionStopped("; ".join(map(str, faults)))
    return iter(found)


def _wishes(args: Namespace, name: str, clusters: int) -> Wishes:
    from assay.inventory.cluster.registries import HttpRegistry
    from assay.inventory.cluster.units import Wishes

    return Wishes(
        prometheus=_prometheus(args.prometheus or [], name, clusters), cadvisor=args.cadvisor,
        secrets=not args.no_secrets, more=_kinds_of_own_rules(args), earlier=_earlier(args).get(name, ()),
        registries=[HttpRegistry(host) for host in args.registry or ()],
    )  # fmt: skip


def _check_prometheus(given: list[str], contexts: list[str]) -> None:
    """
    Raises:
        UsageError: a context is named that is not audited.
    """
    for text in given:
        context = _context_of(text)
        if context is not None and context not in contexts:
            raise UsageError(f"--prometheus {context}=...: this context is not audited; it is {', '.join(contexts)}")


def _context_of(text: str) -> str | None:
    """The context in `[CONTEXT=]URL`; None where there is none."""
    context, sign, _ = text.partition("=")
    return context if sign and "://" not in context else None


def _prometheus(given: list[str], name: str, clusters: int) -> str | None:
    for text in given:
        context, url = _context_of(text), text.partition("=")[2]
        if context is not None:
            if context == name:
                return url
        elif clusters == 1:
            return text
        else:
            raise UsageError(f"--prometheus {text}: with several clusters, say whose it is: CONTEXT=URL")
    return None


def _kinds_of_own_rules(args: Namespace) -> list[str]:
    """Kinds that rules of the user's ask about and the table does not have."""
    if not args.rules:
        return []
    from assay.cli.scan import choose
    from assay.inventory.cluster.kinds import KINDS

    known = {kind for kinds in KINDS.values() for kind in kinds}
    asked = {kind for entry in choose(args)[1] for kind in entry.on if kind[:1].isupper()}
    return sorted(asked - known)


def _earlier(args: Namespace) -> dict[str, list[Earlier]]:
    """By context: earlier looks, oldest first; those of this run under `--watch`, else that of `--since`."""
    kept: dict[str, list[Earlier]] | None = getattr(args, "earlier", None)
    if kept is None:
        from assay.inventory.cluster.history import looks

        kept = args.earlier = {}
        if args.since:
            try:
                kept = args.earlier = {name: [look] for name, look in looks(args.since).items()}
            except (OSError, EOFError, ValueError, KeyError) as error:
                raise UsageError(f"--since {args.since}: it cannot be read as a snapshot: {error}") from error
    return kept


def watch(args: Namespace, look: Callable[[Callable[[str | Intake], None]], int]) -> int:
    """Look again and again until Ctrl-C; a fault of an API server is said and does not end it.

    Returns the exit code of the last look.
    """
    from signal import SIGINT, signal
    from time import monotonic, sleep

    if args.watch < 1:
        raise UsageError(f"--watch {args.watch:g}: at least 1 second")
    if args.resume:
        raise UsageError("--resume goes on with one look, --watch looks again and again: choose one")
    code = 0
    looked = False

    def ready(collected: str | Intake) -> None:
        _remember(args, collected)
        if sys.stdout.isatty():
            sys.stdout.write("\x1b[H\x1b[2J\x1b[3J")  # the old report goes when the new one is there, not before

    asked = False

    def stop(*_: object) -> None:
        nonlocal asked
        asked = True  # raised while an object is being finalised, the exception alone would be lost
        raise KeyboardInterrupt

    before = signal(SIGINT, stop)
    try:
        while not asked:
            started = monotonic()
            try:
                code = look(ready)
                looked = True
                sys.stdout.flush()
            except (CollectionStopped, UsageError) as fault:
                if isinstance(fault, UsageError) and not looked:
                    raise  # later on a kubeconfig may be half written, a token just be changing
                code = 3
                print(f"assay audit cluster: {fault}; next try in {args.watch:g} s", file=sys.stderr, flush=True)
            if not asked:
                sleep(max(0.0, args.watch - (monotonic() - started)))
    except KeyboardInterrupt:
        pass
    finally:
        signal(SIGINT, before)
    return code


def _remember(args: Namespace, collected: str | Intake) -> None:
    """What the next look is compared with."""
    from assay.inventory.cluster.history import KEPT_SECONDS, looks, looks_at

    gc.collect()  # disabled by `units`, and a watch may run for weeks
    now = looks(collected) if isinstance(collected, str) else looks_at(collected.resources)
    for name, seen in now.items():
        mine = _earlier(args).setdefault(name, [])
        mine[:] = [e for e in mine if seen.at - e.at <= KEPT_SECONDS] + [seen]
