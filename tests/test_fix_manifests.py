"""`assay fix` on Kubernetes manifests: only the field's span or a new line in the block's own style, judged by a parser
that is not ours (PyYAML's) and by a new scan."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from assay.cli import main
from oracles import require_oracle

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
ESCALATION = ("--select", "k8s-privilege-escalation-allowed")
READ_ONLY = ("--select", "k8s-writable-root-filesystem", "--unsafe")
DROP = ("--select", "k8s-capabilities-not-dropped", "--unsafe")
SECCOMP = ("--select", "k8s-no-seccomp-profile", "--unsafe")
HOST = ("--select", "k8s-host-network", "--unsafe")
TOKEN = ("--select", "k8s-token-automounted", "--unsafe")
HEAD = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web # it\nspec:\n"


def fix(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["fix", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def mended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, *arguments: str, name: str = "a.yaml"
) -> tuple[str, str]:
    """The file after `assay fix --write`, and what was said; a second run must have nothing to do."""
    file = tmp_path / name
    file.write_bytes(text.encode())
    code, _, said = fix(capsys, str(tmp_path), "--write", *arguments)
    assert code == 0, said
    after = file.read_bytes().decode()
    assert fix(capsys, str(tmp_path), *arguments)[1] == ""
    return after, said


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        (  # a value: nothing but the value changes
            "  hostNetwork: yes # for the agent\n  containers: []\n",
            "  hostNetwork: false # for the agent\n  containers: []\n", HOST,
        ),
        ("  'hostNetwork': true\n", "  'hostNetwork': false\n", HOST),
        (  # a field beside others, in their column
            "  containers:\n  - name: a\n    securityContext:\n      runAsUser: 20000 # ours\n    image: x:1\n",
            ("  containers:\n  - name: a\n    securityContext:\n      runAsUser: 20000 # ours\n"
             "      allowPrivilegeEscalation: false\n    image: x:1\n"), ESCALATION,
        ),
        (  # a block that is not there, in the document's own steps
            "    containers:\n        - name: a\n          image: x:1\n          # the end\n",
            ("    containers:\n        - name: a\n          image: x:1\n          securityContext:\n"
             "              allowPrivilegeEscalation: false\n          # the end\n"), ESCALATION,
        ),
        (  # a list, with its dashes where the others are
            "  containers:\n    - name: a\n      image: x:1\n",
            ("  containers:\n    - name: a\n      image: x:1\n      securityContext:\n        capabilities:\n"
             "          drop:\n            - ALL\n"), DROP,
        ),
        (  # a list that holds something already keeps it, with its comment
            ("  containers:\n  - name: a\n    securityContext:\n      capabilities:\n        drop:\n"
             "        - KILL # never\n"),
            ("  containers:\n  - name: a\n    securityContext:\n      capabilities:\n        drop:\n"
             "        - KILL # never\n        - ALL\n"), DROP,
        ),
        (
            "  containers:\n  - name: a\n    securityContext: {capabilities: {drop: [KILL]}}\n",
            "  containers:\n  - name: a\n    securityContext: {capabilities: {drop: [KILL, ALL]}}\n", DROP,
        ),
        (
            "  containers:\n  - {name: a, image: x:1}\n",
            "  containers:\n  - {name: a, image: x:1, securityContext: {allowPrivilegeEscalation: false}}\n",
            ESCALATION,
        ),
        (
            "  containers:\n  - name: a\n    securityContext: {} # none\n",
            "  containers:\n  - name: a\n    securityContext: {allowPrivilegeEscalation: false} # none\n", ESCALATION,
        ),
        (
            "  containers:\n  - name: a\n    securityContext: # none\n    image: x:1\n",
            ("  containers:\n  - name: a\n    securityContext: # none\n      allowPrivilegeEscalation: false\n"
             "    image: x:1\n"), ESCALATION,
        ),
        (
            "  containers:\n  - name: a\n    securityContext: ~ # none\n",
            "  containers:\n  - name: a\n    securityContext: {allowPrivilegeEscalation: false} # none\n", ESCALATION,
        ),
        (
            "  containers:\n  - name: a\n    securityContext:\n      readOnlyRootFilesystem:\n",
            "  containers:\n  - name: a\n    securityContext:\n      readOnlyRootFilesystem: true\n", READ_ONLY,
        ),
        (  # below a block of text, and at the end of a file without a line end
            "  containers:\n  - name: a\n    args:\n    - |\n      exit 1\n\n  restartPolicy: Never\n",
            ("  containers:\n  - name: a\n    args:\n    - |\n      exit 1\n\n    securityContext:\n"
             "      allowPrivilegeEscalation: false\n  restartPolicy: Never\n"), ESCALATION,
        ),
        (
            "  containers:\n  - name: a\n    image: x:1",
            "  containers:\n  - name: a\n    image: x:1\n    securityContext:\n      allowPrivilegeEscalation: false",
            ESCALATION,
        ),
        (  # inner blocks end before outer ones
            "  containers:\n  - name: a\n    image: x:1\n",
            ("  containers:\n  - name: a\n    image: x:1\n    securityContext:\n      allowPrivilegeEscalation: false\n"
             "  automountServiceAccountToken: false\n"),
            ("--select", "k8s-token-automounted,k8s-privilege-escalation-allowed", "--unsafe"),
        ),
        (  # what a merge brings in is overruled where it is used
            ("  containers:\n  - &a\n    name: a\n    securityContext: &s\n      allowPrivilegeEscalation: false\n"
             "  - name: b\n    securityContext:\n      <<: *s\n      allowPrivilegeEscalation: true\n"),
            ("  containers:\n  - &a\n    name: a\n    securityContext: &s\n      allowPrivilegeEscalation: false\n"
             "  - name: b\n    securityContext:\n      <<: *s\n      allowPrivilegeEscalation: false\n"), ESCALATION,
        ),
    ],
)  # fmt: skip
def test_only_the_field_is_touched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], before: str, after: str, rule: tuple[str, ...]
) -> None:
    assert mended(tmp_path, capsys, HEAD + before, *rule)[0] == HEAD + after


def test_line_ends_and_a_byte_order_mark_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (HEAD + "  containers:\n  - name: é日本\n    image: x:1\n").replace("\n", "\r\n")
    after, _ = mended(tmp_path, capsys, "\ufeff" + text, *ESCALATION)
    wanted = "    securityContext:\n      allowPrivilegeEscalation: false\n".replace("\n", "\r\n")
    assert after == "\ufeff" + text + wanted


def test_each_document_of_a_file_and_each_item_of_a_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\nspec:\n  containers:\n  - name: a\n    image: x:1\n"
    listed = "apiVersion: v1\nkind: List\nitems:\n" + "".join(
        "- " + (pod % name).replace("\n", "\n  ").rstrip() + "\n" for name in ("c", "d")
    )
    text = f"# ünicode\n{pod % 'a'}---\n{pod % 'b'}...\n---\n{listed}"
    after, said = mended(tmp_path, capsys, text, *ESCALATION)
    assert "4 findings mended in 1 file" in said
    specs = [d for d in yaml.safe_load_all(after) if d]
    pods = [*specs[:2], *specs[2]["items"]]
    assert [p["metadata"]["name"] for p in pods] == ["a", "b", "c", "d"]
    context = {"allowPrivilegeEscalation": False}
    assert all(p["spec"]["containers"] == [{"name": "a", "image": "x:1", "securityContext": context}] for p in pods)
    assert [line for line in after.splitlines() if "ecurity" not in line and "Escal" not in line] == text.splitlines()


@pytest.mark.parametrize("indent", [None, 2])
def test_a_manifest_in_json_stays_json(indent: int | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    container = {"name": "a", "image": "x:1", "securityContext": {"privileged": False}}
    pod: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p"},
        "spec": {"containers": [container]},
    }
    both = ("--select", "k8s-privilege-escalation-allowed,k8s-capabilities-not-dropped", "--unsafe")
    after, _ = mended(tmp_path, capsys, json.dumps(pod, indent=indent), *both, name="a.json")
    wanted = copy.deepcopy(pod)
    wanted["spec"]["containers"][0]["securityContext"] |= {
        "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip
    assert json.loads(after) == wanted
    if indent:
        assert '        "privileged": false,\n' in after.replace("            ", "        ")


ANCHOR = """  containers:
  - name: a
    securityContext: &s
      privileged: false
  - name: b
    securityContext: *s
"""


@pytest.mark.parametrize(
    ("text", "rule", "reason"),
    [
        (HEAD + ANCHOR, ESCALATION, "gets securityContext from an anchor or an alias, which other places share"),
        (HEAD + "  hostNetwork: &yes true\n", HOST, "gets hostNetwork from an anchor or an alias"),
        (HEAD + "  containers:\n  - {name: a # one\n    }\n", ESCALATION, "ends in a comment"),
    ],
)  # fmt: skip
def test_what_is_not_one_field_s_own_is_left_and_said(
    text: str, rule: tuple[str, ...], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    after, said = mended(tmp_path, capsys, text, *rule)
    assert after == text
    assert reason in said


def test_an_unknown_encoding_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = (HEAD + "  hostNetwork: true\n").encode("utf-16")
    (tmp_path / "a.yaml").write_bytes(data)
    _, diff, said = fix(capsys, str(tmp_path), "--write", *HOST)
    assert (diff, (tmp_path / "a.yaml").read_bytes()) == ("", data)
    assert "is not written as UTF-8" in said


def test_what_may_break_is_made_on_request_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = HEAD + "  hostNetwork: true\n  hostPID: true\n  containers:\n  - name: a\n    image: x:1\n"
    after, said = mended(tmp_path, capsys, text, "--select", "compute,least-privilege")
    assert after == text + "    securityContext:\n      allowPrivilegeEscalation: false\n"
    for rule in ("host-network", "host-pid", "writable-root", "capabilities-not", "runs-as-root", "token-automounted"):
        assert f"k8s-{rule}" in said
    assert "--unsafe makes it" in said


def test_no_edit_that_the_api_server_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for context in (
        "{privileged: true}",
        "{capabilities: {add: [SYS_ADMIN]}}",
        "{capabilities: {add: [CAP_SYS_ADMIN]}}",
    ):
        text = HEAD + f"  containers:\n  - name: a\n    securityContext: {context}\n"
        assert mended(tmp_path, capsys, text, *ESCALATION)[0] == text


def test_rendered_objects_are_mended_where_they_are_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    require_oracle("kubectl")
    (tmp_path / "pod.yaml").write_text(HEAD + "  hostNetwork: true\n  containers: []\n")
    (tmp_path / "kustomization.yaml").write_text("resources: [pod.yaml]\nnamePrefix: x-\n")
    code, diff, said = fix(capsys, str(tmp_path), *HOST)
    assert (code, diff) == (0, "")
    assert "is rendered by a kustomization: mend the base or the patch that sets it" in said


def test_terraform_s_objects_are_mended_in_terraform(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        'resource "kubernetes_pod_v1" "p" {\n  metadata {\n    name = "p"\n  }\n  spec {\n    host_network = true # y\n'
        '    container {\n      name  = "a"\n      image = "x:1"\n    }\n  }\n}\n'
    )
    after, said = mended(tmp_path, capsys, text, *HOST, *ESCALATION, name="main.tf")
    assert after == text.replace("host_network = true", "host_network = false")
    assert "is made by Terraform code that does not set this field" in said


def _without(value: Any) -> Any:
    """A manifest without the fields that fixes set."""
    if isinstance(value, dict):
        return {k: kept for k, v in value.items() if k not in SET and (kept := _without(v)) not in ({}, None)}
    return [_without(v) for v in value] if isinstance(value, list) else value


SET = {
    "allowPrivilegeEscalation", "readOnlyRootFilesystem", "drop", "type", "runAsNonRoot", "privileged", "hostNetwork",
    "hostPID", "hostIPC", "automountServiceAccountToken", "readOnly", "unhealthyPodEvictionPolicy", "anonymous",
    "protectKernelDefaults", "rotateCertificates", "makeIPTablesUtilChains", "readOnlyPort", "capabilities",
}  # fmt: skip
MANIFESTS = sorted(
    {p.parent for p in FIXTURES.rglob("*.y*ml") if b"apiVersion" in p.read_bytes()}
    - {p.parent for p in FIXTURES.rglob("Chart.yaml")}
)


@pytest.mark.parametrize("folder", MANIFESTS, ids=lambda p: str(p.relative_to(FIXTURES)))
def test_a_mended_estate_says_the_same_but_for_what_was_mended(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    it = tmp_path / "it"
    shutil.copytree(folder, it)
    before = {p: p.read_text() for p in it.rglob("*.y*ml")}
    code, _, said = fix(capsys, str(it), "--write", "--unsafe", "--allow-incomplete")
    assert code == 0, said
    for path, old in before.items():
        new = path.read_text()
        if old == new:
            continue
        assert [_without(d) for d in yaml.safe_load_all(new)] == [_without(d) for d in yaml.safe_load_all(old)], path
        comments = [line.partition("#")[2] for line in old.splitlines() if "#" in line]
        assert [line.partition("#")[2] for line in new.splitlines() if "#" in line] == comments
    assert fix(capsys, str(it), "--unsafe", "--allow-incomplete")[1] == ""
