"""Manifests: every document as Kubernetes reads it, every field found again, no input that takes the rest along."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from assay.engine import Report, evaluate
from assay.graph import Graph
from assay.kubernetes.documents import Broken, parse, positions, split
from assay.kubernetes.manifests import MAX_FILE
from assay.model import Location, Request, parse_path
from assay.scan import collect
from hypothesis import given
from hypothesis import strategies as st
from oracles import require_oracle

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  replicas: 2
  template:
    spec:
      containers:
        - name: web
          image: "example.com/web:1"   # pinned elsewhere
          command: [sh, -c, "exec /web"]
        - {name: sidecar, image: example.com/side:2}
"""


def scanned(folder: Path, **files: str | bytes) -> Graph:
    for name, text in files.items():
        path = folder / name.replace("__", ".")
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return collect(Request([str(folder)], str(folder)))


def faults(graph: Graph) -> list[tuple[str, str | None, int | None]]:
    return [(i["status"], i["reason"], i.get("line")) for i in graph.coverage.inputs if i["status"] != "read"]


def span(place: Location) -> tuple[int, int, int, int]:
    return place.start_line, place.start_column, place.end_line, place.end_column


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", (1, 1, 14, 57)),
        ("kind", (2, 1, 2, 17)),
        ("metadata", (3, 1, 5, 18)),
        ("spec.replicas", (7, 3, 7, 14)),
        ("spec.template.spec.containers[0]", (11, 11, 13, 43)),
        ("spec.template.spec.containers[0].image", (12, 11, 12, 37)),
        ("spec.template.spec.containers[0].command[2]", (13, 29, 13, 40)),
        ("spec.template.spec.containers[1]", (14, 11, 14, 53)),
        ("spec.template.spec.containers[1].image", (14, 27, 14, 52)),
        ("spec.template.spec.containers[0].securityContext.privileged", (11, 11, 13, 43)),  # not written: its container
    ],
)
def test_a_field_is_found_where_it_stands(tmp_path: Path, path: str, expected: tuple[int, int, int, int]) -> None:
    graph = scanned(tmp_path, web__yaml=DEPLOYMENT)
    place = graph.resources[0].origin.locate(parse_path(path))
    assert place.file == "web.yaml"
    if path == "":
        assert place.start_line == 1
    else:
        assert span(place)[:2] == expected[:2]
        assert place.end_line == expected[2]


def test_spans_cover_exactly_the_text_of_a_field(tmp_path: Path) -> None:
    graph = scanned(tmp_path, web__yaml=DEPLOYMENT)
    lines = DEPLOYMENT.splitlines()
    for path, text in (
        ("spec.replicas", "replicas: 2"),
        ("spec.template.spec.containers[0].image", 'image: "example.com/web:1"'),
        ("spec.template.spec.containers[1]", "{name: sidecar, image: example.com/side:2}"),
        ("spec.template.spec.containers[1].name", "name: sidecar"),
    ):
        place = graph.resources[0].origin.locate(parse_path(path))
        assert lines[place.start_line - 1][place.start_column - 1 : place.end_column - 1] == text


def test_documents_lists_and_json_are_objects_each_at_its_own_line(tmp_path: Path) -> None:
    several = "# a comment\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n---\n\n---\n" + DEPLOYMENT
    listed = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Namespace\n  metadata: {name: b}\n"
    typed = {"apiVersion": "v1", "kind": "PodList", "items": [{"metadata": {"name": "p", "namespace": "shop"}}]}
    graph = scanned(tmp_path, several__yaml=several, listed__yml=listed, typed__json=json.dumps(typed, indent=1))
    found = {r.address: r.origin.locate(()).start_line for r in graph.resources}
    assert found == {"Namespace/a": 3, "shop/Deployment/web": 9, "Namespace/b": 4, "shop/Pod/p": 5}
    assert faults(graph) == []
    assert graph.all("Pod")[0]["apiVersion"] == "v1"


@pytest.mark.parametrize(
    ("text", "status", "words", "line"),
    [
        ("apiVersion: v1\nkind: Pod\nspec:\n\tx: 1\n", "failed", "a tab indents", 4),
        ("apiVersion: v1\nkind: Pod\nspec: [1\n", "failed", "not YAML", 5),
        ("apiVersion: v1\nmetadata: {name: x}\n", "failed", "no kind", 1),
        ("kind: Pod\nmetadata:\n  name: x\n", "failed", "no apiVersion", 1),
        ("apiVersion: v1\nkind: Pod\nmetadata:\nname: x\n", "failed", "lost its indentation", 1),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {a: 1, a: 2}\n", "failed", '"a" stands twice', 4),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: {{ .Values.name }}}\n", "skipped", "not rendered", 3),
        ("apiVersion: v1\nkind: Pod\nspec: &a {x: *a}\n", "failed", "inside what it refers to", 3),
        ("apiVersion: v1\nkind: Pod\nspec: *nowhere\n", "failed", "refers to nothing", 3),
        ("apiVersion: v1\nkind: Pod\nspec: " + "[" * 300 + "]" * 300, "failed", "nested more than 200 deep", 3),
        ("apiVersion: v1\nkind: Pod\nspec:\n  ? {a: b}\n  : c\n", "failed", "a key is a map", 4),
        (b"apiVersion: v1\nkind: Pod\nspec: \xff\xff\n", "failed", "not UTF-8", 1),
        ("- apiVersion: v1\n  kind: Pod\n", "failed", "no map with apiVersion and kind", 1),
        ("apiVersion: v1\nkind: List\nitems:\n- null\n", "failed", "no apiVersion, no kind", 4),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: [b]}\n", "failed", "the namespace of this Pod", 1),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {b: [c]}}\n", "failed", "the labels of this Pod", 1),
        ("apiVersion: v1\nkind: RoleBinding\nmetadata: {name: a}\nroleRef: [b]\n", "failed", "the roleRef of this", 1),
    ],
)
def test_what_is_wrong_with_a_document_is_said_and_the_others_count(
    tmp_path: Path, text: str | bytes, status: str, words: str, line: int
) -> None:
    whole = (text if isinstance(text, bytes) else text.encode()) + b"\n---\n" + DEPLOYMENT.encode()
    graph = scanned(tmp_path, mixed__yaml=whole)
    assert "shop/Deployment/web" in [r.address for r in graph.resources]
    ((said, reason, at),) = faults(graph)
    assert (said, at) == (status, line)
    assert words in str(reason)
    assert graph.coverage.incomplete is (status == "failed")


def test_lists_of_nothing_are_nothing(tmp_path: Path) -> None:
    texts = ["apiVersion: v1\nkind: List\nitems:\n", "apiVersion: v1\nkind: PodList\nitems: []\n"]
    graph = scanned(tmp_path, empty__yaml="---\n".join(texts))
    assert (graph.resources, faults(graph)) == ([], [])


def test_json_texts_one_after_the_other_are_documents(tmp_path: Path) -> None:
    one = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "é", "namespace": "s"}, "spec": {"hostPID": True}}
    two = {**one, "metadata": {"name": "b", "namespace": "s"}}
    text = f"\n{json.dumps(one, ensure_ascii=False)}\n\n{json.dumps(two, indent=1)}{json.dumps(one)}\n"
    graph = scanned(tmp_path, stream__json=text)
    assert faults(graph) == []
    places = {r.address: (r.where("spec.hostPID").start_line, r.where().start_line) for r in graph.resources}
    assert places["s/Pod/b"] == (12, 4)
    assert len(graph.resources) == 3


def test_a_key_that_stands_twice_in_json_is_said(tmp_path: Path) -> None:
    text = '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"hostPID": true, "hostPID": false}}'
    graph = scanned(tmp_path, twice__json=text)
    assert [reason.partition(";")[0] for _, reason, _ in faults(graph) if reason] == [
        'the key "hostPID" stands twice in one map'
    ]
    assert graph.resources[0]["spec.hostPID"] is False


@pytest.mark.parametrize("owners", ["[5, null]", "[{kind: ReplicaSet}]", "{a: b}", "words"])
def test_an_owner_that_is_none_does_not_hide_the_pod(tmp_path: Path, owners: str) -> None:
    metadata = f"{{name: a, namespace: s, ownerReferences: {owners}}}"
    (tmp_path / "m.yaml").write_text(f"apiVersion: v1\nkind: Pod\nmetadata: {metadata}\nspec: {{hostPID: true}}\n")
    code, report = assay(tmp_path, "--select", "k8s-host-pid")
    assert (code, report["summary"]["fail"], report["summary"]["not_evaluated"]) == (1, 1, 0)


def test_aliases_that_explode_cost_nothing(tmp_path: Path) -> None:
    bomb = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\na0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
    bomb += "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12))
    graph = scanned(tmp_path, bomb__yaml=bomb)
    assert graph.resources == []
    assert "aliases stand for more than" in str(faults(graph))


def test_merged_and_repeated_values_are_understood(tmp_path: Path) -> None:
    text = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: x, namespace: shop}
data:
  base: &base {a: "1", b: "2"}
  more:
    <<: *base
    b: "3"
"""
    config = scanned(tmp_path, x__yaml=text).resources[0]
    assert config["data.more"] == {"a": "1", "b": "3"}
    assert config.origin.locate(parse_path("data.more.a")).start_line == 6


@pytest.mark.parametrize(
    "text",
    [
        "name: not kubernetes\n", "apiVersion: 1\ndatasources: []\n", "kind: pipeline\nsteps: []\n",
        "openapi: 3.0.0\ninfo: {x-apiVersion: v1}\n", "",
    ],
)  # fmt: skip
def test_other_yaml_is_nobodys_business(tmp_path: Path, text: str) -> None:
    graph = scanned(tmp_path, other__yaml=text, manifest__yaml=DEPLOYMENT)
    assert [i["path"] for i in graph.coverage.inputs] == ["manifest.yaml"]


def test_files_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    inside = tmp_path / "tree"
    inside.mkdir()
    (inside / ".git").mkdir()
    (tmp_path / "secret.yaml").write_text(DEPLOYMENT)
    (inside / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    (inside / "large.yaml").write_bytes(DEPLOYMENT.encode() + b"#" * MAX_FILE)
    graph = collect(Request([str(inside)], str(inside)))
    assert graph.resources == []
    assert sorted(str(reason)[:20] for _, reason, _ in faults(graph)) == [
        "it leads out of the ",
        "the file has 20,000,",
    ]


def test_byte_order_marks_and_line_ends_do_not_move_anything(tmp_path: Path) -> None:
    graph = scanned(
        tmp_path, bom__yaml=b"\xef\xbb\xbf" + DEPLOYMENT.encode(), utf16__yaml=DEPLOYMENT.encode("utf-16"),
        crlf__yaml=DEPLOYMENT.replace("\n", "\r\n"),
    )  # fmt: skip
    places = [r.origin.locate(parse_path("spec.template.spec.containers[0].image")) for r in graph.resources]
    assert [span(p) for p in places] == [(12, 11, 12, 37)] * 3


def test_placeholders_are_unknown_and_programs_are_literal(tmp_path: Path) -> None:
    text = DEPLOYMENT.replace('"example.com/web:1"', "${REGISTRY}/web:1").replace("exec /web", "exec ${HOME}/web")
    r = scanned(tmp_path, web__yaml=text).resources[0]
    container = r.each("spec.template.spec.containers")[0]
    assert container["image"].suffix == "/web:1"
    assert container["command"] == ["sh", "-c", "exec ${HOME}/web"]


# --- as Kubernetes reads it -------------------------------------------------------------------------------------------

SCALARS = [
    "y", "yes", "Yes", "YES", "on", "off", "no", "N", "true", "FALSE", "~", "null", "Null", "", "0", "-0", "+1", "0777",
    "0o14", "0b11", "0x1F", "1_000", "_1", "1__0", "08", "1.10", ".5", "-.5", "1.", "1e3", "12e03", "1e-2", "1:30",
    "2024-01-01", "2024-01-01T10:00:00Z", "1.2.3", "10m", "100Mi", "<<", "=", "a b", "'1'", '"true"', "!!str 5",
    "!!int '5'", "!!binary aGk=", "-", "--", "+", ".", "0x", "1e", "NaN", "127.0.0.1", "1_0.5", "yEs",
]  # fmt: skip


@pytest.mark.oracle
def test_scalars_are_read_as_kubectl_reads_them(tmp_path: Path) -> None:
    kubectl = require_oracle("kubectl")
    fields = "".join(f"  f{i}: {text}\n" for i, text in enumerate(SCALARS) if text not in ("-", "="))
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, annotations: {a: b}}\nspec:\n" + fields
    text += "  yes: 1\n  2: 3\n  1.5: 4\n"
    (tmp_path / "x.yaml").write_text(text)
    command = [str(kubectl), "annotate", "--local", "-f", str(tmp_path / "x.yaml"), "k=v", "-o", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert parse(text.encode()).value["spec"] == json.loads(done.stdout)["spec"]


TEXT = st.text(st.characters(max_codepoint=0xD7FF), max_size=8)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**12), 10**12) | TEXT,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
        max_leaves=12,
    )
)
def test_json_is_read_as_the_yaml_it_is(value: Any) -> None:
    """Merge keys apart, which JSON does not know: the value that Python's own JSON wrote comes back."""
    text = json.dumps({"v": value}, indent=1)
    if '"<<"' not in text:
        assert parse(text.encode()).value == {"v": value}


@given(st.binary(max_size=200) | st.text(alphabet="ab:-[]{}&*#|>'\"\n \t?!%,0~<", max_size=80).map(str.encode))
def test_no_text_makes_the_reader_stumble(text: bytes) -> None:
    for chunk in split(text):
        part = text[chunk.start : chunk.end]
        with suppress(Broken):
            parse(part, chunk.line)
        top = positions(part, chunk.line)
        assert top.start_line >= chunk.line + 1
        assert top.end_line <= text.count(b"\n") + 2


# --- standard input and waivers ---------------------------------------------------------------------------------------


def assay(folder: Path, *arguments: str, text: str = "") -> tuple[int, dict[str, Any]]:
    command = [sys.executable, "-m", "assay", "scan", *arguments, "-o", "json", "--no-cache"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, cwd=folder, check=False)
    return done.returncode, json.loads(done.stdout) if done.stdout else {"stderr": done.stderr}


def test_rendered_manifests_are_read_from_standard_input(tmp_path: Path) -> None:
    code, report = assay(tmp_path, "-", "--select", "k8s-runs-as-root", text=DEPLOYMENT)
    assert code == 1
    assert {(f["location"]["file"], f["location"]["start_line"]) for f in report["findings"]} == {("-", 11), ("-", 14)}
    code, report = assay(tmp_path, "-", text="")
    assert (code, report["coverage"]["inputs"][0]["status"]) == (0, "skipped")


WAIVED = """\
apiVersion: v1
kind: Pod
metadata:
  name: agent
  namespace: shop
  annotations:
    assay/allow: |
      k8s-host-pid, k8s-host-network: it watches the node
      k8s-host-ipc
    checkov.io/skip1: CKV_K8S_22=it writes its cache
    ignore-check.kube-linter.io/run-as-non-root: the node's files are root's
spec:
  hostPID: true
  hostIPC: true
  hostNetwork: true
  # assay: allow[k8s-no-liveness-probe] nothing to ask
  containers:
    - name: agent
      image: example.com/agent # assay: allow[k8s-image-tag-latest] built here
      command: [sh, -c, "echo '# assay: allow[k8s-no-memory-limit] no comment'"]
      securityContext:
        privileged: true # trivy:ignore:KSV-0017
"""


def test_comments_and_annotations_waive(tmp_path: Path) -> None:
    (tmp_path / "agent.yaml").write_text(WAIVED)
    _, report = assay(tmp_path, ".")
    waived = {f["rule"]: f["waiver"]["kind"] for f in report["findings"] if f["verdict"] == "waived"}
    assert waived == {
        "k8s-host-pid": "annotation", "k8s-host-network": "annotation", "k8s-writable-root-filesystem": "foreign",
        "k8s-runs-as-root": "foreign", "k8s-no-liveness-probe": "inline", "k8s-image-tag-latest": "inline",
        "k8s-privileged-container": "foreign",
    }  # fmt: skip
    failed = {f["rule"] for f in report["findings"] if f["verdict"] == "fail"}
    assert {"k8s-host-ipc", "k8s-no-memory-limit"} <= failed
    assert any("gives no reason" in note for note in report["coverage"]["notes"])


def test_a_waiver_above_a_document_is_about_that_document_only(tmp_path: Path) -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: NAME, namespace: shop}\nspec: {hostPID: true}\n"
    text = "# assay: allow[k8s-host-pid] tests\n" + pod.replace("NAME", "a") + "---\n" + pod.replace("NAME", "b")
    (tmp_path / "pods.yaml").write_text(text)
    _, report = assay(tmp_path, ".", "--select", "k8s-host-pid")
    verdicts = {f["resource"]["address"]: f["verdict"] for f in report["findings"]}
    assert verdicts == {"shop/Pod/a": "waived", "shop/Pod/b": "fail"}


def test_no_value_of_a_secret_is_shown(tmp_path: Path) -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: shop}\nstringData: {config: plainvalue77}\n"
    (tmp_path / "s.yaml").write_text(secret)
    for command in (["scan", "-o", "text"], ["scan", "-o", "json"], ["scan", "-o", "html"], ["graph"]):
        done = subprocess.run(
            [sys.executable, "-m", "assay", *command], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert "shop/Secret/s" in done.stdout
        assert "plainvalue77" not in done.stdout


def test_reports_are_the_same_every_time(tmp_path: Path) -> None:
    from assay.bundled import RULES
    from assay.rule import load_directory

    rules = [r for r in load_directory(RULES) if r.id.startswith("k8s-")]

    def report() -> list[tuple[str, str]]:
        made: Report = evaluate(scanned(tmp_path, web__yaml=DEPLOYMENT, agent__yaml=WAIVED), rules)
        return [(f.fingerprint, f.message) for f in made.findings]

    assert report() == report()
