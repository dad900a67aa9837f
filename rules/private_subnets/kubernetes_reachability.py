"""Who reaches a workload, against what was said of it."""

from collections.abc import Iterator
from typing import Any

from assay import MEDIUM, Finding, Graph, Resource, rule
from assay.analysis.cluster_exposure import Way, first_open, ways
from assay.analysis.cluster_network import Network, network
from assay.kubernetes.relations import annotation
from assay.kubernetes.workloads import PODS

OPEN, SHUT = "assay/reachable-from", "assay/unreachable-from"


@rule(
    on=PODS,
    severity=MEDIUM,
    sources=["manifest", "cluster"],
    controls=["nist-800-53r5:SC-7"],
    params={"assertions": []},
)
def k8s_unexpected_reachability(workload: Resource, graph: Graph, params: dict[str, Any]) -> Iterator[Finding]:
    """Workloads are reached by those who are meant to reach them, and by nobody else.

    ## Why
    Whether a network policy does what it was written for shows only together with all others, the labels of
    namespaces, and the ways in from outside. What is meant is said beside the workload, in the annotations
    `assay/reachable-from` and `assay/unreachable-from`, or in the configuration
    (`assertions = ["shop/db unreachable-from internet, *"]`): `internet`, an address block, `namespace/workload`,
    `namespace/*` or `*`, each with `:port` where one port is meant.

    ## Fix
    The message names the policies that decide: narrow or widen those, or correct the assertion.
    """
    wanted = [*_annotated(workload), *_configured(workload, params["assertions"])]
    if not wanted:
        return
    for target in _mine(network(graph, workload), workload):
        for sources, open_ in wanted:
            for source in filter(None, map(str.strip, sources.split(","))):
                try:
                    found = list(ways(graph, workload, target, source))
                except ValueError as error:
                    yield workload.not_evaluated(f"an assertion cannot be read: {error}")
                    continue
                yield from _judged(workload, found, source, open_)


def _mine(net: Network, workload: Resource) -> list[Any]:
    return [e for e in net.endpoints if e.resource == workload]


def _annotated(workload: Resource) -> Iterator[tuple[str, bool]]:
    for name, open_ in ((OPEN, True), (SHUT, False)):
        said = annotation(workload, name)
        if said != None:
            yield f"{said}", open_


def _configured(workload: Resource, assertions: list[str]) -> Iterator[tuple[str, bool]]:
    """`shop/db unreachable-from internet, *`, of this workload."""
    for text in assertions:
        name, _, rest = text.partition(" ")
        word, _, sources = rest.strip().partition(" ")
        space, _, own = name.partition("/")
        if word not in ("reachable-from", "unreachable-from"):
            raise ValueError(f"the assertion {text!r} says neither reachable-from nor unreachable-from")
        if (workload["metadata.namespace"] or "default") == space and own in ("*", workload["metadata.name"]):
            yield sources, word == "reachable-from"


def _judged(workload: Resource, found: list[Way], source: str, open_: bool) -> Iterator[Finding]:
    way = first_open(found)
    if open_ and not way:
        why = found[0].decide().why if found else "there is no way in"
        yield workload.fails(f"{source} does not reach it, and is to: {why}", key=f"open {source}")
    elif way and not open_:
        path, decision = way
        places = [policy.where("spec") for policy in decision.policies]
        places += [path.through.where("spec")] if path.through else []
        yield workload.fails(f"{path} reaches it, and is not to: {decision.why}", because=places, key=f"shut {source}")
