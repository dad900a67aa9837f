"""The anomalies, trap by trap, and what must hold of the health score whatever the cluster looks like."""

from __future__ import annotations

import copy
import re
from functools import cache
from importlib import import_module
from io import StringIO
from typing import Any

import pytest
from assay.bundled import RULES
from assay.engine import Report, evaluate
from assay.graph import Graph
from assay.model import Coverage, Finding, Resource, Severity, Verdict
from assay.reports.shape import health
from assay.rule import Rule, load_file
from hypothesis import given, settings
from hypothesis import strategies as st

NOW = "2026-11-20T12:00:00Z"
EARLIER, YESTERDAY, LAST_MONTH = "2026-11-20T11:00:00Z", "2026-11-19T13:00:00Z", "2026-10-20T12:00:00Z"
Object = dict[str, Any]


@cache
def rules() -> list[Rule]:
    files = ("pods", "nodes", "workloads")
    return [r for f in files for r in load_file(RULES, f"cluster_health/{f}.py")]


def judge(objects: list[Object], coverage: Coverage | None = None, **scope: Any) -> Report:
    found = [Resource("cluster", "prod", "cluster", {"collectedAt": NOW, **scope}, account="prod", name="prod")]
    for o in objects:
        meta = o["metadata"]
        where = f"{meta['namespace']}/" if "namespace" in meta else ""
        address = f"{where}{o['kind']}/{meta['name']}"
        found.append(Resource(o["kind"], address, "cluster", o, account="prod", name=meta["name"]))
    return evaluate(Graph(found, coverage), rules())


def failed(report: Report, rule: str | None = None) -> list[Finding]:
    return [f for f in report.findings if f.verdict is Verdict.FAIL and rule in (None, f.rule)]


def ids(report: Report) -> list[str]:
    return sorted(f.rule for f in failed(report))


def obj(kind: str, name: str, namespace: str | None = "shop", version: str = "v1", **more: Any) -> Object:
    meta = {"name": name, "uid": f"{kind}-{namespace}-{name}", **more.pop("meta", {})}
    if namespace:
        meta["namespace"] = namespace
    return {"apiVersion": version, "kind": kind, "metadata": meta, **more}


def owned(kind: str, name: str, namespace: str = "shop", version: str = "apps/v1") -> dict[str, Any]:
    uid = f"{kind}-{namespace}-{name}"
    reference = {"apiVersion": version, "kind": kind, "name": name, "uid": uid, "controller": True}
    return {"ownerReferences": [reference]}


def running(name: str = "main", restarts: int = 0, **last: Any) -> Object:
    return {"name": name, "restartCount": restarts, "state": {"running": {}}, "lastState": last}


def waits(reason: str, name: str = "main", restarts: int = 0) -> Object:
    return {"name": name, "restartCount": restarts, "state": {"waiting": {"reason": reason}}}


def pod(name: str, *statuses: Object, meta: Object | None = None, ready: str = "True", **status: Any) -> Object:
    conditions = [{"type": "Ready", "status": ready, "lastTransitionTime": LAST_MONTH}]
    told = {"phase": "Running", "conditions": conditions, "containerStatuses": list(statuses) or [running()], **status}
    return obj(
        "Pod", name, meta=meta or {}, spec={"containers": [{"name": "main", "image": "shop/web:1"}]}, status=told
    )


def workload(name: str, pods: list[Object], namespace: str = "shop") -> list[Object]:
    """A Deployment, its ReplicaSet and these pods, which it owns."""
    for p in pods:
        p["metadata"].update(owned("ReplicaSet", f"{name}-rs", namespace), namespace=namespace)
    count = {"replicas": len(pods)}
    return [
        obj("Deployment", name, namespace, "apps/v1", spec=count, status={"readyReplicas": len(pods)}),
        obj("ReplicaSet", f"{name}-rs", namespace, "apps/v1", meta=owned("Deployment", name, namespace), spec=count),
        *pods,
    ]


def node(name: str, ready: str = "True", since: str = EARLIER, **spec: Any) -> Object:
    status = {"conditions": [{"type": "Ready", "status": ready, "lastTransitionTime": since}]}
    return obj("Node", name, None, spec=spec, status=status)


def event(about: Object, reason: str, count: int = 5, type_: str = "Warning", message: str = "", **more: Any) -> Object:
    m = about["metadata"]
    involved = {"kind": about["kind"], "name": m["name"], "namespace": m.get("namespace"), "uid": m["uid"]}
    return obj("Event", f"{m['name']}.{reason}", involvedObject=involved, reason=reason, count=count, type=type_,
               message=message, firstTimestamp=EARLIER, lastTimestamp="2026-11-20T11:58:00Z", **more)  # fmt: skip


class TestTraps:
    def test_a_container_killed_for_memory_that_runs_again_shows_it_in_its_last_state_only(self) -> None:
        killed: dict[str, Any] = {"terminated": {"reason": "OOMKilled", "exitCode": 137, "finishedAt": YESTERDAY}}
        assert ids(judge([pod("web", running(**killed))])) == ["k8s-oom-killed"]
        killed["terminated"]["finishedAt"] = LAST_MONTH
        assert ids(judge([pod("web", running(**killed))])) == []

    def test_initial_and_ephemeral_containers_count(self) -> None:
        for part in ("initContainerStatuses", "ephemeralContainerStatuses"):
            statuses: dict[str, Any] = {part: [waits("CrashLoopBackOff")]}
            assert ids(judge([pod("web", **statuses)])) == ["k8s-crash-loop"]

    def test_a_crash_loop_with_its_own_event_is_one_finding(self) -> None:
        crashing = pod("web", waits("CrashLoopBackOff", "a", 3), waits("CrashLoopBackOff", "b", 3), ready="False")
        report = judge([crashing, event(crashing, "BackOff", message="Back-off restarting failed container")])
        assert ids(report) == ["k8s-crash-loop"]

    def test_an_image_that_cannot_be_pulled_is_no_crash_loop_and_the_other_way_round(self) -> None:
        pulling = pod("web", waits("ImagePullBackOff"), ready="False")
        assert ids(judge([pulling, event(pulling, "BackOff", message="Back-off pulling image")])) == ["k8s-back-off"]

    def test_no_event_proves_throttling(self) -> None:
        p = pod("web")
        report = judge([p, event(p, "Throttled", type_="Normal", message="client-side throttling, not priority")])
        assert ids(report) == []
        [open_] = [f for f in report.findings if f.verdict is Verdict.NOT_EVALUATED]
        assert (open_.rule, open_.resource.address) == ("k8s-cpu-throttled", "prod")

    def test_restarts_long_ago_are_nothing(self) -> None:
        def with_end(when: str) -> Report:
            return judge([pod("web", running(restarts=9, terminated={"exitCode": 1, "finishedAt": when}))])

        assert ids(with_end(LAST_MONTH)) == []
        assert ids(with_end(YESTERDAY)) == ["k8s-high-restarts"]

    def test_restarts_are_counted_from_an_earlier_look(self) -> None:
        p = pod("web", running(restarts=103, terminated={"exitCode": 1, "finishedAt": YESTERDAY}))

        def since(count: int, when: str = EARLIER) -> list[str]:
            return ids(judge([p], previous={"collectedAt": when, "restarts": {p["metadata"]["uid"]: count}}))

        assert since(101) == []
        assert since(100) == ["k8s-high-restarts"]
        assert since(99, YESTERDAY) == []  # four in a day are not three in an hour
        assert since(98, YESTERDAY) == ["k8s-high-restarts"]

    @pytest.mark.parametrize(
        ("ready", "since", "cordoned", "severity"),
        [
            ("False", "2026-11-20T11:58:00Z", False, None),
            ("False", "2026-11-20T11:52:00Z", False, Severity.HIGH),
            ("Unknown", EARLIER, False, Severity.CRITICAL),
            ("False", EARLIER, True, Severity.INFO),
            ("False", "2026-11-20T18:00:00Z", False, Severity.CRITICAL),  # a clock ahead of ours: not less broken
        ],
    )
    def test_a_node_that_is_not_ready_is_so_for_a_while(
        self, ready: str, since: str, cordoned: bool, severity: Severity | None
    ) -> None:
        found = failed(judge([node("n", ready, since, unschedulable=cordoned)]))
        assert [f.severity for f in found] == ([severity] if severity is not None else [])

    def test_a_mount_that_failed_once_and_then_worked_is_nothing(self) -> None:
        up = pod("web")
        assert ids(judge([up, event(up, "FailedMount")])) == []
        creating = pod("web", waits("ContainerCreating"), ready="False", phase="Pending")
        [found] = failed(judge([creating, event(creating, "FailedMount")]), "k8s-failed-mount")
        assert found.severity is Severity.HIGH
        creating["metadata"]["uid"] = "another pod of that name"
        assert failed(judge([creating, event(pod("web"), "FailedMount")]), "k8s-failed-mount") == []

    def test_throttling_is_judged_by_counters(self) -> None:
        pods = workload("web", [pod("web-1"), pod("web-2")])
        shares = {"shop/web-1/main": 0.26, "shop/web-2/main": 0.25, "shop/gone/main": 0.9}
        [found] = failed(judge(pods, throttling={"shares": shares}))
        assert found.resource.address == "shop/Deployment/web"
        assert "1 of 2 pods throttled: web-1 (main: throttled in 26% of its periods)" in found.message

    def test_restarts_since_a_look_long_ago_are_not_restarts_of_today(self) -> None:
        p = pod("web", running(restarts=40, terminated={"exitCode": 1, "finishedAt": YESTERDAY}))

        def since(count: int) -> list[Finding]:
            return failed(judge([p], previous={"collectedAt": LAST_MONTH, "restarts": {p["metadata"]["uid"]: count}}))

        assert [f.severity for f in since(34)] == [Severity.MEDIUM]  # six, of which the last one is of today
        assert since(36) == []
        p["status"]["containerStatuses"][0]["lastState"]["terminated"]["finishedAt"] = LAST_MONTH
        assert since(34) == []

    def test_a_job_that_succeeded_after_all_does_not_restart_again_and_again(self) -> None:
        ended = running(restarts=9, terminated={"exitCode": 1, "finishedAt": EARLIER})
        assert ids(judge([pod("migrate", ended, phase="Succeeded")])) == []

    def test_a_pod_that_a_gate_holds_back_lacks_no_node(self) -> None:
        def waiting_for(reason: str) -> list[str]:
            placed = {"type": "PodScheduled", "status": "False", "reason": reason, "lastTransitionTime": EARLIER}
            return ids(judge([pod("train", phase="Pending", conditions=[placed])]))

        assert waiting_for("SchedulingGated") == []
        assert waiting_for("Unschedulable") == ["k8s-pod-unschedulable"]

    def test_a_sidecar_that_crashes_is_a_crash(self) -> None:
        sidecar = pod("web", running(), initContainerStatuses=[waits("CrashLoopBackOff", "mesh", 3)], ready="False")
        sidecar["spec"]["initContainers"] = [{"name": "mesh", "image": "shop/mesh:1", "restartPolicy": "Always"}]
        assert ids(judge([sidecar])) == ["k8s-crash-loop"]

    def test_events_of_a_static_pod_name_the_hash_of_its_file(self) -> None:
        mark = {"annotations": {"kubernetes.io/config.hash": "0a1b"}, **owned("Node", "n")}
        creating = pod("etcd-n", waits("ContainerCreating"), meta=mark, ready="False", phase="Pending")
        told = event(creating, "FailedMount")
        told["involvedObject"]["uid"] = "0a1b"
        assert "k8s-failed-mount" in ids(judge([creating, told]))

    def test_heartbeats_that_were_listed_late_are_not_ahead(self) -> None:
        def skewed(*seconds: int) -> list[str]:
            made: list[Object] = []
            for n, s in enumerate(seconds):
                when = f"2026-11-20T12:{s // 60:02}:{s % 60:02}Z"
                made += [node(f"n-{n}"), obj("Lease", f"n-{n}", "kube-node-lease", spec={"renewTime": when})]
            return [f.resource.address for f in failed(judge(made), "k8s-node-clock-skew")]

        assert skewed(90, 91, 92, 95) == []  # the list came a minute and a half after the first answer
        assert skewed(90, 91, 92, 200) == ["Node/n-3"]
        assert skewed(90, 91, 92, 0) == ["Node/n-3"]


class TestJobs:
    def job(self, name: str, when: str, ended: str = "", meta: Object | None = None) -> Object:
        conditions = [{"type": ended, "status": "True", "message": "BackoffLimitExceeded"}] if ended else []
        return obj("Job", name, version="batch/v1", spec={}, status={"conditions": conditions},
                   meta={"creationTimestamp": when, **(meta or {})})  # fmt: skip

    def test_the_last_run_that_ended_is_the_last_run(self) -> None:
        cron, mine = obj("CronJob", "backup", version="batch/v1", spec={}), owned("CronJob", "backup")
        failing = [self.job("backup-1", YESTERDAY, "Failed", mine), self.job("backup-2", EARLIER, "", mine)]
        [found] = failed(judge([cron, *failing]))
        assert (found.resource.address, found.message) == (
            "shop/CronJob/backup", "the last run backup-1 failed: BackoffLimitExceeded",
        )  # fmt: skip
        assert failed(judge([cron, failing[0], self.job("backup-2", EARLIER, "Complete", mine)])) == []

    def test_a_job_of_an_owner_that_nobody_collected_is_judged_itself(self) -> None:
        found = failed(judge([self.job("train-0", EARLIER, "Failed", owned("JobSet", "train"))]))
        assert [f.resource.address for f in found] == ["shop/Job/train-0"]


class TestOwners:
    def test_many_pods_are_one_finding_of_their_owner(self) -> None:
        crashing = [pod(f"web-{n}", waits("CrashLoopBackOff"), ready="False") for n in range(9)]
        [found] = failed(judge(workload("web", [pod("web-ok"), *crashing])), "k8s-crash-loop")
        assert (found.resource.type, found.resource.address) == ("Deployment", "shop/Deployment/web")
        assert found.message.startswith("9 of 10 pods in a crash loop: web-0 (main: 0 restarts), ")
        assert found.message.endswith(", and 4 more")
        assert found.severity is Severity.HIGH

    def test_it_is_critical_when_every_replica_is_hit(self) -> None:
        crashing = [pod(f"web-{n}", waits("CrashLoopBackOff"), ready="False") for n in range(2)]
        assert failed(judge(workload("web", crashing)), "k8s-crash-loop")[0].severity is Severity.CRITICAL

    def test_an_owner_that_was_not_collected_keeps_its_pods_together(self) -> None:
        meta = owned("Rollout", "web", version="argoproj.io/v1alpha1")
        pods = [pod(f"web-{n}", waits("CrashLoopBackOff"), meta=dict(meta), ready="False") for n in range(2)]
        [found] = failed(judge(pods), "k8s-crash-loop")
        assert (found.resource.type, found.resource.address) == ("Rollout", "shop/Rollout/web")

    def test_a_static_pod_is_its_own_owner(self) -> None:
        static = pod("etcd-n", waits("CrashLoopBackOff"), meta=owned("Node", "n"), ready="False")
        assert failed(judge([static, node("n")]), "k8s-crash-loop")[0].resource.type == "Pod"


# --- the score --------------------------------------------------------------------------------------------------------


def cluster(sizes: list[int], nodes: int = 3) -> list[Object]:
    found = [node(f"node-{n}") for n in range(nodes)]
    for i, size in enumerate(sizes):
        found += workload(f"app-{i}", [pod(f"app-{i}-{n}") for n in range(size)])
    return found


def crash(p: Object) -> None:
    p["status"]["containerStatuses"] = [waits("CrashLoopBackOff", restarts=20)]


def kill(p: Object) -> None:
    last: dict[str, Any] = {"terminated": {"reason": "OOMKilled", "exitCode": 137, "finishedAt": YESTERDAY}}
    p["status"]["containerStatuses"] = [running(**last)]


def no_image(p: Object) -> None:
    p["status"]["containerStatuses"] = [waits("ImagePullBackOff")]


def unready(p: Object) -> None:
    p["status"]["conditions"] = [{"type": "Ready", "status": "False", "lastTransitionTime": EARLIER}]


FAULTS = [crash, kill, no_image, unready]
SIZES = st.lists(st.integers(1, 8), min_size=1, max_size=6)
PLACES = st.lists(st.tuples(st.integers(0, 60), st.sampled_from(FAULTS)), max_size=8)


def with_faults(objects: list[Object], places: list[tuple[int, Any]], down: int = 0) -> list[Object]:
    pods = [o for o in objects if o["kind"] == "Pod"]
    for at, fault in places:
        fault(pods[at % len(pods)])
    for n in [o for o in objects if o["kind"] == "Node"][:down]:
        n["status"]["conditions"][0]["status"] = "False"
    return objects


def score(objects: list[Object]) -> int:
    found = judge(objects).summary["health_score"]
    assert isinstance(found, int)
    return found


@settings(max_examples=30)
@given(SIZES, st.integers(1, 5))
def test_a_healthy_cluster_has_a_hundred(sizes: list[int], nodes: int) -> None:
    assert score(cluster(sizes, nodes)) == 100


@settings(max_examples=60)
@given(SIZES, PLACES, st.tuples(st.integers(0, 60), st.sampled_from(FAULTS)), st.integers(0, 3))
def test_one_more_fault_never_raises_the_score(
    sizes: list[int], places: list[tuple[int, Any]], one: tuple[int, Any], down: int
) -> None:
    taken = {at % sum(sizes) for at, _ in places}
    before = score(with_faults(cluster(sizes), places, down))
    if one[0] % sum(sizes) not in taken:
        assert score(with_faults(cluster(sizes), [*places, one], down)) <= before
    if down < 3:
        assert score(with_faults(cluster(sizes), places, down + 1)) <= before


@settings(max_examples=30)
@given(SIZES, PLACES, st.integers(0, 3), st.integers(2, 4))
def test_a_cluster_and_several_like_it_score_the_same(
    sizes: list[int], places: list[tuple[int, Any]], down: int, times: int
) -> None:
    one = with_faults(cluster(sizes), places, down)
    several: list[Object] = []
    for i in range(times):
        for o in copy.deepcopy(one):
            meta = o["metadata"]
            for reference in meta.get("ownerReferences", ()):
                reference["uid"] += f"-{i}"
                reference["name"] += f"-{i}"
            meta["uid"] += f"-{i}"
            meta["name"] += f"-{i}"
            several.append(o)
    assert score(several) == score(one)


def test_what_belongs_together_is_found_without_walking_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Services and their endpoints, Jobs and their CronJob, nodes and their leases: reads grow as the objects do."""

    def reads(count: int) -> int:
        made: list[Object] = []
        for n in range(count):
            slice_ = {"labels": {"kubernetes.io/service-name": f"s-{n}"}}
            made += [
                obj("Service", f"s-{n}", spec={"selector": {"app": "x"}}),
                obj("EndpointSlice", f"s-{n}-x", meta=slice_, endpoints=[{"conditions": {"ready": True}}]),
                obj("CronJob", f"c-{n}", version="batch/v1", spec={}),
                obj("Job", f"c-{n}-1", version="batch/v1", meta=owned("CronJob", f"c-{n}"), spec={}, status={}),
                node(f"n-{n}"), obj("Lease", f"n-{n}", "kube-node-lease", spec={"renewTime": NOW}),
                obj("PersistentVolumeClaim", f"p-{n}", status={"phase": "Pending"}, spec={"storageClassName": "late"}),
                pod(f"p-{n}"),
            ]  # fmt: skip
        made.append(obj("StorageClass", "late", None, volumeBindingMode="WaitForFirstConsumer"))
        asked = 0
        read = Resource.__getitem__

        def counting(self: Resource, path: str) -> Any:
            nonlocal asked
            asked += 1
            return read(self, path)

        monkeypatch.setattr(Resource, "__getitem__", counting)
        assert ids(judge(made)) == []
        monkeypatch.undo()
        return asked

    assert reads(160) < 5 * reads(40)


@settings(max_examples=20)
@given(st.integers(1, 200))
def test_a_few_crashes_among_many_pods_never_make_it_nothing(count: int) -> None:
    found = cluster([50] * 2)
    crash(found[-1])
    crash(found[-2])
    more = [o for i in range(count) for o in workload(f"more-{i}", [pod(f"more-{i}-0")])]
    assert score(found + more) >= score(found) > 90


class TestTheScore:
    def test_is_explained_by_its_parts(self) -> None:
        found = cluster([2, 4])
        crash(found[-1])
        report = judge(found)
        told = report.summary["health"]
        assert sum(p["weight"] for p in told["parts"]) == pytest.approx(1)
        total = 100 * sum(p["weight"] * p["value"] for p in told["parts"])
        assert report.summary["health_score"] == int(total)
        [loss] = told["losses"]
        assert (loss["address"], loss["rules"]) == ("shop/Deployment/app-1", ["k8s-crash-loop"])
        assert loss["points"] == pytest.approx(100 - total, abs=0.01)
        assert health(report)[0] == f"Health of prod: {told['score']} of 100"

    def test_a_node_down_is_never_ninety(self) -> None:
        found = cluster([1] * 5, nodes=300)
        assert score(with_faults(found, [], 1)) == 89

    def test_most_nodes_down_is_never_forty(self) -> None:
        assert score(with_faults(cluster([1]), [], 2)) <= 39

    def test_a_dead_system_workload_is_never_sixty(self) -> None:
        dead = pod("dns-0", waits("CrashLoopBackOff"), ready="False")
        found = cluster([5] * 20) + workload("dns", [dead], "kube-system")
        assert score(found) == 59

    @pytest.mark.parametrize("name", ["pending", "none", "job"])
    def test_a_system_workload_without_a_pod_that_runs_is_dead_too(self, name: str) -> None:
        found = cluster([5] * 20)
        if name == "pending":
            placed = {"type": "PodScheduled", "status": "False", "lastTransitionTime": NOW}
            found += workload("dns", [pod("dns-0", phase="Pending", conditions=[placed])], "kube-system")
        elif name == "none":
            status = {"desiredNumberScheduled": 3}
            found.append(obj("DaemonSet", "proxy", "kube-system", "apps/v1", spec={}, status=status))
        else:  # whose pod has just started, and which ends by itself
            started = pod("clean-1", meta={**owned("Job", "clean"), "namespace": "kube-system"}, ready="False")
            started["status"]["conditions"][0]["lastTransitionTime"] = NOW
            found += [obj("Job", "clean", "kube-system", "batch/v1", spec={}, status={}), started]
        assert (score(found) == 59) is (name != "job")

    @pytest.mark.parametrize("type_", ["Pod", "Node"])
    def test_without_the_list_of_pods_or_nodes_there_is_none(self, type_: str) -> None:
        coverage = Coverage()
        coverage.not_listed(type_, "prod", None, "forbidden")
        report = judge([], coverage)
        assert report.summary["health_score"] is None
        assert report.summary["health"]["reason"] == f"{type_.lower()}s could not be listed: forbidden"

    def test_only_rules_of_the_theme_count(self) -> None:
        graph = Graph([Resource("cluster", "prod", "cluster", {"collectedAt": NOW}, account="prod")])
        report = evaluate(graph, [])
        assert report.summary["health_score"] is None
        assert "no rule of the theme cluster-health was selected" in report.summary["health"]["reason"]

    def test_stands_in_every_report_that_is_read(self) -> None:
        report = judge(cluster([2]))
        for format_ in ("text", "html", "markdown", "json"):
            stream = StringIO()
            import_module(f"assay.reports.{format_}").write(report, stream, {})
            wanted = '"health_score":100' if format_ == "json" else "Health of prod: 100 of 100"
            read = re.sub(r"<[^>]+>", "", stream.getvalue())  # what a person reads: the number may be in bold
            assert wanted in read, format_

    def test_of_several_clusters_is_the_worst_one_s(self) -> None:
        def of(name: str, ready: str) -> list[Resource]:
            n = node("n", ready)
            scope = Resource("cluster", name, "cluster", {"collectedAt": NOW}, account=name)
            return [scope, Resource("Node", "Node/n", "cluster", n, account=name)]

        report = evaluate(Graph([*of("good", "True"), *of("bad", "False")]), rules())
        told = report.summary["health"]
        assert told["cluster"] == "bad"
        assert [(c["cluster"], c["score"]) for c in told["clusters"]] == [("bad", told["score"]), ("good", 100)]
        assert report.summary["health_score"] == told["score"] <= 39

    def test_a_report_on_anything_else_has_none(self) -> None:
        report = evaluate(Graph([Resource("aws_sqs_queue", "q", "aws", {}, account="1")]), [])
        assert "health_score" not in report.summary
