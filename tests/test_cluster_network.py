"""Reachability against naive evaluators of both kinds of policies, on small clusters drawn at random."""

from __future__ import annotations

from typing import Any

import pytest
from assay.analysis.cluster_endpoints import Endpoint, Outside, Wire, in_block
from assay.analysis.cluster_exposure import first_open, ways
from assay.analysis.cluster_network import Network, network
from assay.graph import Graph
from assay.model import Coverage, Resource, Undetermined
from hypothesis import given, settings
from hypothesis import strategies as st

Object = dict[str, Any]
SPACES = {"a": {"team": "red"}, "b": {"team": "blue"}}
APPS = ["web", "db"]
WIRES = [Wire(80), Wire(5432), Wire(8080), Wire(80, "UDP")]
PORTS = {"http": 8080}
OUTSIDE = [Outside("203.0.113.7/32"), Outside("10.1.2.3/32")]


def obj(kind: str, name: str, namespace: str | None = None, **more: Any) -> Object:
    meta: Object = {"name": name, **more.pop("meta", {})}
    if namespace:
        meta["namespace"] = namespace
    return {"apiVersion": "v1", "kind": kind, "metadata": meta, **more}


def pod(space: str, app: str, **spec: Any) -> Object:
    ports = [{"name": name, "containerPort": number} for name, number in PORTS.items()]
    meta = {"labels": {"app": app}}
    return obj("Pod", f"{app}", space, meta=meta, spec={"containers": [{"name": "c", "ports": ports}], **spec})


def build(objects: list[Object], coverage: Coverage | None = None, spaces: bool = True) -> Network:
    found = [Resource("cluster", "prod", "cluster", {}, account="prod")]
    named = [obj("Namespace", name, meta={"labels": labels}) for name, labels in SPACES.items()] if spaces else []
    for i, o in enumerate([*named, *objects]):
        address = f"{o['metadata'].get('namespace', '')}/{o['kind']}/{o['metadata']['name']}/{i}"
        found.append(Resource(o["kind"], address, "cluster", o, account="prod"))
    graph = Graph(found, coverage)
    return network(graph, found[0])


PODS = [pod(space, app) for space in SPACES for app in APPS]


def at(made: Network, space: str, app: str) -> Endpoint:
    return next(e for e in made.endpoints if e.namespace == space and e.labels["app"] == app)


# --- NetworkPolicy, naively -------------------------------------------------------------------------------------------


def naive(policies: list[Object], source: Object | str, target: Object | str, wire: Wire) -> bool:
    """The words of the API reference, one after another; an end outside is its address."""
    if source == target:
        return True
    for own, other, direction, peers in ((source, target, "egress", "to"), (target, source, "ingress", "from")):
        if isinstance(own, str):
            continue
        isolated, allowed = False, False
        for policy in policies:
            spec = policy["spec"]
            types = spec.get("policyTypes") or ["Ingress"] + (["Egress"] if spec.get("egress") else [])
            if policy["metadata"]["namespace"] != own["metadata"]["namespace"]:
                continue
            if direction.capitalize() not in types or not picks(spec["podSelector"], own["metadata"]["labels"]):
                continue
            isolated = True
            for rule in spec.get(direction) or []:
                to_peer = not rule.get(peers) or any(is_peer(p, other, policy) for p in rule[peers])
                to_port = not rule.get("ports") or any(is_port(p, target, wire) for p in rule["ports"])
                allowed = allowed or (to_peer and to_port)
        if isolated and not allowed:
            return False
    return True


def picks(selector: Object, labels: Object) -> bool:
    for key, value in selector.get("matchLabels", {}).items():
        if labels.get(key) != value:
            return False
    for e in selector.get("matchExpressions", []):
        has = e["key"] in labels
        inside = labels.get(e["key"]) in e.get("values", [])
        if not {"In": inside, "NotIn": not inside, "Exists": has, "DoesNotExist": not has}[e["operator"]]:
            return False
    return True


def is_peer(peer: Object, other: Object | str, policy: Object) -> bool:
    if "ipBlock" in peer:
        return isinstance(other, str) and in_cidrs(other, peer["ipBlock"])
    if isinstance(other, str):
        return False
    space = other["metadata"]["namespace"]
    if "namespaceSelector" in peer:
        if not picks(peer["namespaceSelector"], {**SPACES[space], "kubernetes.io/metadata.name": space}):
            return False
    elif space != policy["metadata"]["namespace"]:
        return False
    return picks(peer.get("podSelector", {}), other["metadata"]["labels"])


def in_cidrs(address: str, block: Object) -> bool:
    """Only two addresses are ever asked about, so two strings decide."""
    inside = {"203.0.113.7": ["0.0.0.0/0", "203.0.113.0/24"], "10.1.2.3": ["0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16"]}
    mine = inside[address]
    return block["cidr"] in mine and not any(e in mine for e in block.get("except", []))


def is_port(port: Object, target: Object | str, wire: Wire) -> bool:
    if port.get("protocol", "TCP") != wire.protocol:
        return False
    if "port" not in port:
        return True
    if isinstance(port["port"], str):
        return not isinstance(target, str) and wire.protocol == "TCP" and PORTS.get(port["port"]) == wire.port
    first: int = port["port"]
    last: int = port.get("endPort", first)
    return first <= wire.port <= last


SELECTORS = st.sampled_from(
    [
        {}, {"matchLabels": {"app": "web"}}, {"matchLabels": {"app": "db"}}, {"matchLabels": {"tier": "x"}},
        {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]},
        {"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]},
    ]
)  # fmt: skip
SPACE_SELECTORS = st.sampled_from(
    [
        {}, {"matchLabels": {"team": "red"}}, {"matchLabels": {"kubernetes.io/metadata.name": "b"}},
        {"matchExpressions": [{"key": "team", "operator": "In", "values": ["blue", "green"]}]},
    ]
)  # fmt: skip
BLOCKS = st.sampled_from(
    [
        {"cidr": "10.0.0.0/8"}, {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}, {"cidr": "203.0.113.0/24"},
        {"cidr": "203.0.113.0/24", "except": ["203.0.113.128/25"]},
    ]
)  # fmt: skip
PEER = st.one_of(
    st.builds(lambda p: {"podSelector": p}, SELECTORS),
    st.builds(lambda n: {"namespaceSelector": n}, SPACE_SELECTORS),
    st.builds(lambda n, p: {"namespaceSelector": n, "podSelector": p}, SPACE_SELECTORS, SELECTORS),
)
BLOCK_PEER = st.builds(lambda b: {"ipBlock": b}, BLOCKS)
PORT = st.sampled_from(
    [
        {"port": 80}, {"port": 80, "protocol": "UDP"}, {"protocol": "TCP"}, {"port": "http"}, {"port": "nobody"},
        {"port": 5000, "endPort": 9000, "protocol": "TCP"},
    ]
)  # fmt: skip


def rules(word: str, peer: st.SearchStrategy[Object]) -> st.SearchStrategy[list[Object]]:
    one = st.fixed_dictionaries({}, optional={word: st.lists(peer, max_size=2), "ports": st.lists(PORT, max_size=2)})
    return st.lists(one, max_size=2)


def policies(peer: st.SearchStrategy[Object]) -> st.SearchStrategy[Object]:
    spec = st.fixed_dictionaries(
        {"podSelector": SELECTORS},
        optional={
            "ingress": rules("from", peer), "egress": rules("to", peer),
            "policyTypes": st.sampled_from([[], ["Ingress"], ["Egress"], ["Ingress", "Egress"]]),
        },
    )  # fmt: skip
    return st.builds(lambda s, n: obj("NetworkPolicy", "p", n, spec=s), spec, st.sampled_from(sorted(SPACES)))


@settings(max_examples=150)
@given(st.lists(policies(PEER), max_size=3))
def test_between_pods_the_answer_is_the_naive_evaluator_s(found: list[Object]) -> None:
    made = build([*PODS, *found])
    for source in PODS:
        for target in PODS:
            ends = [at(made, p["metadata"]["namespace"], p["metadata"]["labels"]["app"]) for p in (source, target)]
            for wire in WIRES:
                assert made.decide(ends[0], ends[1], wire).open == naive(found, source, target, wire)


@settings(max_examples=150)
@given(st.lists(policies(st.one_of(PEER, BLOCK_PEER)), max_size=3))
def test_to_and_from_outside_the_answer_is_the_naive_evaluator_s(found: list[Object]) -> None:
    made = build([*PODS, *found])
    for inside in PODS:
        end = at(made, inside["metadata"]["namespace"], inside["metadata"]["labels"]["app"])
        for outside in OUTSIDE:
            address = outside.block.partition("/")[0]
            for wire in WIRES:
                assert made.decide(outside, end, wire).open == naive(found, address, inside, wire)
                assert made.decide(end, outside, wire).open == naive(found, inside, address, wire)


# --- Cilium, naively --------------------------------------------------------------------------------------------------


def naive_cilium(policies: list[Object], source: Object | str, target: Object | str, wire: Wire) -> bool:
    if source == target:
        return True
    for own, other, word in ((source, target, "to"), (target, source, "from")):
        if isinstance(own, str):
            continue
        direction = "egress" if word == "to" else "ingress"
        isolated = allowed = denied = False
        for policy in policies:
            spec, home = policy["spec"], policy["metadata"].get("namespace")
            if home not in (None, own["metadata"]["namespace"]) or not picks(
                spec["endpointSelector"], own["metadata"]["labels"]
            ):
                continue
            rules, denies = spec.get(direction, []), spec.get(f"{direction}Deny", [])
            default = spec.get("enableDefaultDeny", {}).get(direction, bool(rules or denies))
            isolated = isolated or default
            allowed = allowed or any(cilium_rule(r, word, other, target, home, wire) for r in rules)
            denied = denied or any(cilium_rule(r, word, other, target, home, wire) for r in denies)
        if denied or (isolated and not allowed):
            return False
    return True


def cilium_rule(rule: Object, word: str, other: Object | str, target: Object | str, home: str | None, w: Wire) -> bool:
    if not rule:
        return False
    who = [k for k in rule if k.startswith(word) and k != "toPorts"]
    found = not who
    for selector in rule.get(f"{word}Endpoints", []):
        if not isinstance(other, str):
            labels = {f"k8s:{k}": v for k, v in other["metadata"]["labels"].items()}
            space = other["metadata"]["namespace"]
            labels["k8s:io.kubernetes.pod.namespace"] = space
            named = "k8s:io.kubernetes.pod.namespace" in selector.get("matchLabels", {})
            found = found or (picks(selector, labels) and (named or home in (None, space)))
    for entity in rule.get(f"{word}Entities", []):
        found = found or entity == "all" or (entity == "world") == isinstance(other, str)
    for cidr in rule.get(f"{word}CIDR", []):
        found = found or (isinstance(other, str) and in_cidrs(other, {"cidr": cidr}))
    for block in rule.get(f"{word}CIDRSet", []):
        found = found or (isinstance(other, str) and in_cidrs(other, block))
    if not found or "toPorts" not in rule:
        return found
    for entry in rule["toPorts"]:
        for p in entry["ports"]:
            if p["protocol"] in ("ANY", w.protocol):
                if p["port"] in PORTS:
                    if not isinstance(target, str) and w.protocol == "TCP" and PORTS[p["port"]] == w.port:
                        return True
                elif int(p["port"]) <= w.port <= p.get("endPort", int(p["port"])):
                    return True
    return False


CILIUM_PEERS = {
    "Endpoints": st.lists(
        st.sampled_from(
            [
                {}, {"matchLabels": {"k8s:app": "web"}}, {"matchLabels": {"k8s:io.kubernetes.pod.namespace": "b"}},
                {"matchLabels": {"k8s:io.kubernetes.pod.namespace": "a", "k8s:app": "db"}},
                {"matchExpressions": [{"key": "k8s:app", "operator": "NotIn", "values": ["web"]}]},
            ]
        ),
        max_size=2,
    ),
    "Entities": st.lists(st.sampled_from(["all", "world", "cluster"]), max_size=1),
    "CIDR": st.lists(st.sampled_from(["10.0.0.0/8", "203.0.113.0/24", "0.0.0.0/0"]), max_size=1),
    "CIDRSet": st.lists(BLOCKS, max_size=1),
}  # fmt: skip
CILIUM_PORTS = st.lists(
    st.sampled_from(
        [
            {"port": "80", "protocol": "TCP"}, {"port": "80", "protocol": "ANY"}, {"port": "http", "protocol": "TCP"},
            {"port": "5000", "endPort": 9000, "protocol": "TCP"},
        ]
    ),
    min_size=1, max_size=2,
)  # fmt: skip


def cilium_rules(word: str) -> st.SearchStrategy[list[Object]]:
    peers: Any = {f"{word}{kind}": values for kind, values in CILIUM_PEERS.items()}
    ports = st.builds(lambda p: [{"ports": p}], CILIUM_PORTS)
    return st.lists(st.fixed_dictionaries({}, optional={**peers, "toPorts": ports}), max_size=2)


CILIUM = st.builds(
    lambda spec, space: obj(
        "CiliumNetworkPolicy" if space else "CiliumClusterwideNetworkPolicy", "c", space, spec=spec
    ),
    st.fixed_dictionaries(
        {"endpointSelector": SELECTORS},
        optional={
            "ingress": cilium_rules("from"), "egress": cilium_rules("to"), "ingressDeny": cilium_rules("from"),
            "egressDeny": cilium_rules("to"),
            "enableDefaultDeny": st.dictionaries(st.sampled_from(["ingress", "egress"]), st.booleans()),
        },
    ),
    st.sampled_from(["a", "b", None]),
)  # fmt: skip


@settings(max_examples=150)
@given(st.lists(CILIUM, max_size=3))
def test_cilium_s_policies_answer_as_the_naive_evaluator(found: list[Object]) -> None:
    made = build([*PODS, *found])
    ends = {p["metadata"]["namespace"] + p["metadata"]["labels"]["app"]: p for p in PODS}
    mine: dict[str, Any] = {key: at(made, key[0], key[1:]) for key in ends}
    theirs: dict[str, Any] = dict(ends)
    for outside in OUTSIDE:
        mine[outside.block], theirs[outside.block] = outside, outside.block.partition("/")[0]
    for source in mine:
        for target in mine:
            if "/" in source and "/" in target:
                continue
            for wire in WIRES:
                wanted = naive_cilium(found, theirs[source], theirs[target], wire)
                assert made.decide(mine[source], mine[target], wire).open == wanted, (source, target, wire)


# --- by hand ----------------------------------------------------------------------------------------------------------


def deny_all(space: str) -> Object:
    return obj("NetworkPolicy", "deny", space, spec={"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})


def from_team(team: str, space: str = "a") -> Object:
    peer = {"namespaceSelector": {"matchLabels": {"team": team}}}
    return obj("NetworkPolicy", "team", space, spec={"podSelector": {}, "ingress": [{"from": [peer]}]})


class TestWhatIsNotKnown:
    def test_labels_of_a_namespace_that_is_not_here(self) -> None:
        made = build([*PODS, from_team("blue")], spaces=False)
        with pytest.raises(Undetermined, match="the labels of the namespace b are not among the inputs"):
            made.decide(at(made, "b", "web"), at(made, "a", "db"), Wire(80))
        by_name = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "b"}}}
        policy = obj("NetworkPolicy", "n", "a", spec={"podSelector": {}, "ingress": [{"from": [by_name]}]})
        made = build([*PODS, policy], spaces=False)
        assert made.decide(at(made, "b", "web"), at(made, "a", "db"), Wire(80)).open
        assert not made.decide(at(made, "a", "web"), at(made, "a", "db"), Wire(80)).open

    def test_policies_that_could_not_be_listed_may_guard_or_allow(self) -> None:
        coverage = Coverage()
        coverage.not_listed("NetworkPolicy", "prod", None, "forbidden")
        made = build(PODS, coverage)
        with pytest.raises(Undetermined, match="forbidden"):
            made.decide(at(made, "b", "web"), at(made, "a", "db"), Wire(80))

    def test_a_deny_that_could_not_be_listed_may_win(self) -> None:
        coverage = Coverage()
        coverage.not_listed("CiliumNetworkPolicy", "prod", None, "forbidden")
        made = build([*PODS, from_team("blue")], coverage)
        with pytest.raises(Undetermined, match="forbidden"):
            made.decide(at(made, "b", "web"), at(made, "a", "db"), Wire(80))

    def test_an_administrator_s_policy_decides_first(self) -> None:
        made = build([*PODS, obj("AdminNetworkPolicy", "anp")])
        with pytest.raises(Undetermined, match="decides before network policies"):
            made.decide(at(made, "b", "web"), at(made, "a", "db"), Wire(80))

    def test_whether_a_pod_is_in_an_address_block(self) -> None:
        block = {"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]}
        made = build([*PODS, obj("NetworkPolicy", "n", "a", spec=block)])
        with pytest.raises(Undetermined, match=r"has an address in 10\.0\.0\.0/8 is not known"):
            made.decide(at(made, "b", "web"), at(made, "a", "db"), Wire(80))

    def test_what_cilium_resolves_by_itself(self) -> None:
        spec = {"endpointSelector": {}, "egress": [{"toFQDNs": [{"matchName": "example.com"}]}]}
        made = build([*PODS, obj("CiliumNetworkPolicy", "c", "a", spec=spec)])
        with pytest.raises(Undetermined, match="toFQDNs"):
            made.decide(at(made, "a", "web"), OUTSIDE[0], Wire(80))


class TestByHand:
    def test_both_ends_must_allow(self) -> None:
        made = build([*PODS, deny_all("b"), from_team("blue")])
        decision = made.decide(at(made, "b", "web"), at(made, "a", "db"), Wire(80))
        assert (decision.open, decision.direction) == (False, "egress")
        assert "b/NetworkPolicy/deny" in decision.why

    def test_policies_add_up(self) -> None:
        made = build([*PODS, deny_all("a"), from_team("blue")])
        decision = made.decide(at(made, "b", "web"), at(made, "a", "db"), Wire(80))
        assert decision.open
        assert "a/NetworkPolicy/team" in decision.why

    def test_a_pod_of_the_host_s_network_is_no_pod_to_policies(self) -> None:
        host = pod("a", "agent", hostNetwork=True)
        made = build([*PODS, host, deny_all("a")])
        assert made.decide(at(made, "b", "web"), at(made, "a", "agent"), Wire(80)).open
        assert not made.decide(at(made, "a", "agent"), at(made, "a", "db"), Wire(80)).open

    @pytest.mark.parametrize(
        ("cidr", "exceptions", "open_"),
        [
            ("0.0.0.0/0", [], True), ("0.0.0.0/0", ["10.0.0.0/8"], True), ("10.0.0.0/8", [], False),
            ("198.51.100.0/24", [], False), ("8.8.8.0/24", [], True), ("8.8.8.0/24", ["8.8.8.0/25"], True),
            ("::/0", [], False),
        ],
    )  # fmt: skip
    def test_the_internet_is_any_public_address(self, cidr: str, exceptions: list[str], open_: bool) -> None:
        assert in_block(cidr, exceptions, Outside("0.0.0.0/0")) is open_


def service(type_: str, **more: Any) -> Object:
    spec = {"type": type_, "selector": {"app": "web"}, "ports": [{"port": 443, "targetPort": "http"}], **more}
    return obj("Service", "front", "a", spec=spec, meta={"annotations": more.pop("annotations", {})})


def from_the_internet(*objects: Object, coverage: Coverage | None = None) -> str | None:
    """The open way in, in words."""
    made = build([*PODS, *objects], coverage)
    found = first_open(ways(made._graph, made._view, at(made, "a", "web"), "internet"))
    return str(found[0]) if found else None


class TestFromTheInternet:
    ingress = obj("Ingress", "shop", "a", spec={"defaultBackend": {"service": {"name": "front", "port": {}}}})
    controller = obj("Pod", "ingress-nginx-controller", "b", meta={"labels": {"app": "ingress-nginx"}},
                     spec={"containers": []})  # fmt: skip

    def test_nothing_leads_there_by_itself(self) -> None:
        assert from_the_internet() is None
        assert from_the_internet(service("ClusterIP")) is None

    def test_a_load_balancer_does_unless_it_is_private(self) -> None:
        name = "service.beta.kubernetes.io/aws-load-balancer-scheme"
        internal = service("LoadBalancer")
        internal["metadata"]["annotations"] = {name: "internal"}
        assert from_the_internet(service("LoadBalancer")) == "the internet through a/Service/front/6 on port 8080/TCP"
        assert from_the_internet(internal) is None
        assert from_the_internet(service("LoadBalancer", loadBalancerSourceRanges=["10.0.0.0/8"])) is None
        assert from_the_internet(service("LoadBalancer", loadBalancerSourceRanges=["8.8.8.0/24"])) is not None

    def test_the_policies_decide_all_the_same(self) -> None:
        assert from_the_internet(service("LoadBalancer"), deny_all("a")) is None

    def test_a_node_port_does_where_nodes_have_public_addresses(self) -> None:
        def node(kind: str) -> Object:
            return obj("Node", "n", status={"addresses": [{"type": kind, "address": "203.0.113.9"}]})

        assert from_the_internet(service("NodePort"), node("ExternalIP")) is not None
        assert from_the_internet(service("NodePort"), node("InternalIP")) is None
        with pytest.raises(Undetermined, match="whether the nodes have public addresses is not known"):
            from_the_internet(service("NodePort"))

    def test_an_ingress_does_by_its_controller(self) -> None:
        assert from_the_internet(service("ClusterIP"), self.ingress) is not None
        with pytest.raises(Undetermined, match="the ingress controller"):
            from_the_internet(service("ClusterIP"), self.ingress, deny_all("a"))
        assert from_the_internet(service("ClusterIP"), self.ingress, self.controller, deny_all("a")) is None
        assert from_the_internet(service("ClusterIP"), self.ingress, self.controller, from_team("blue")) is not None

    def test_an_ingress_of_aws_is_internal_unless_it_says_otherwise(self) -> None:
        alb = obj("Ingress", "shop", "a", spec={**self.ingress["spec"], "ingressClassName": "alb"})
        assert from_the_internet(service("ClusterIP"), alb) is None
        alb["metadata"]["annotations"] = {"alb.ingress.kubernetes.io/scheme": "internet-facing"}
        assert from_the_internet(service("ClusterIP"), alb) is not None


@pytest.mark.parametrize(
    ("source", "open_"), [("*", True), ("b/*", True), ("b/web:80", True), ("a/*", False), ("8.8.8.8", False)]
)
def test_sources_are_written_in_words(source: str, open_: bool) -> None:
    made = build([*PODS, from_team("blue")])
    assert bool(first_open(ways(made._graph, made._view, at(made, "a", "web"), source))) is open_


def test_a_source_that_is_none_is_refused() -> None:
    made = build(PODS)
    with pytest.raises(ValueError, match="'everybody' is no source"):
        list(ways(made._graph, made._view, at(made, "a", "web"), "everybody"))
    with pytest.raises(Undetermined, match="b/nobody is not among the inputs"):
        list(ways(made._graph, made._view, at(made, "a", "web"), "b/nobody"))
