"""What else of the tree a workflow is made of: files that a pipeline includes or starts, actions, called workflows."""

from __future__ import annotations

import json
import os
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from assay.bundled import RULES
from assay.catalogue import Catalogue
from assay.documents.includes import _matches
from assay.model import Request, Verdict
from assay.scan import run

if TYPE_CHECKING:
    from pathlib import Path

    from assay.engine import Report

CATALOGUE = Catalogue([RULES])
GATE, SCANNED, KEYS = "workflow-deploy-ungated", "workflow-gate-not-blocking", "workflow-long-lived-keys"
ROOT = ".gitlab-ci.yml"
APPLY = "script: [terraform apply]"


def scan(folder: Path, rule: str, files: dict[str, str], *only: str) -> Report:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, newline="")
    paths = [str(folder / name) for name in only] or [str(folder)]
    request = Request(paths, str(folder), files_only=bool(only))
    return run(request, CATALOGUE, [e for e in CATALOGUE.entries if e.id == rule])


def told(folder: Path, rule: str, files: dict[str, str], *only: str) -> list[str]:
    """`file:line` of each failure, `? file:line` of what nobody can know."""
    report = scan(folder, rule, files, *only)
    return sorted(
        f"{'' if f.verdict is Verdict.FAIL else '? '}{f.location.file}:{f.location.start_line}"
        for f in report.findings
        if f.verdict is not Verdict.PASS and f.location
    )


def inputs(report: Report) -> list[tuple[str, str, str]]:
    found: list[dict[str, Any]] = report.coverage.inputs
    return sorted((i["path"], i["status"], i["reason"] or "") for i in found)


DEPLOY = f"\ndeploy:\n  {APPLY}\n"


@pytest.mark.parametrize(
    "include",
    [
        "ci/deploy.yml", "/ci/deploy.yml", "[ci/deploy.yml]", "{local: ci/deploy.yml}", "[{local: /ci/deploy.yml}]",
        "'ci/*.yml'", "[{local: 'ci/**.yml'}]", "'**/deploy.yml'", "[{local: ci/deploy.yml, rules: [{if: $X}]}]",
        "[ci/deploy.yml, ci/deploy.yml]", "ci/again.yml",
    ],
)  # fmt: skip
def test_what_a_pipeline_includes_is_part_of_it(tmp_path: Path, include: str) -> None:
    files = {ROOT: f"include: {include}\n", "ci/deploy.yml": DEPLOY, "other/again.yml": "x: {script: [y]}\n"}
    if "again" in include:
        files |= {"ci/again.yml": "stages: [test]\ninclude: /ci/deploy.yml\nt:\n  script: [x]\n"}
    assert told(tmp_path, GATE, files) == ["ci/deploy.yml:3"]
    report = scan(tmp_path, GATE, files)
    assert {(path, status) for path, status, _ in inputs(report)} == {
        (name, "read") for name in files if not name.startswith("other")
    }


@pytest.mark.parametrize(
    "include",
    ["'ci/*.yaml'", "'*.yml'", "'ci/**/*.yml'", "[{local: ci/deploy.yml, rules: [{when: never}]}]", "[]", ""],
)
def test_what_it_does_not_name_is_no_part_of_it(tmp_path: Path, include: str) -> None:
    assert told(tmp_path, GATE, {ROOT: f"include: {include}\n", "ci/deploy.yml": DEPLOY}) == []


@pytest.mark.parametrize(
    ("wanted", "path", "yes"),
    [
        ("configs/*.yml", "configs/a.yml", True),
        ("configs/*.yml", "configs/a/b.yml", False),
        ("configs/**.yml", "configs/a/b.yml", True),
        ("configs/**.yml", "configs/a.yml", True),
        ("configs/**/*.yml", "configs/a/b.yml", True),
        ("configs/**/*.yml", "configs/a.yml", False),
        ("configs/*.yml", "configs/.yml", True),
        ("configs/*.yml", "configs/ayml", False),
        ("configs/*.yml", "configs/a.yml2", False),
        ("*" * 30 + "b", "a" * 4000, False),
    ],
)
def test_wildcards(wanted: str, path: str, yes: bool) -> None:
    assert _matches(wanted, path) is yes


MANUAL = "deploy: {when: manual}\n"


@pytest.mark.parametrize(
    ("root", "deploy", "found"),
    [
        # Mappings are merged key by key; what includes wins over what is included, a later file over an earlier one.
        (f"include: d.yml\n{MANUAL}", DEPLOY, []),
        ("include: d.yml\ndeploy:\n  environment: {url: x}\n", f"{DEPLOY}  environment: {{name: p}}\n", []),
        ("include: d.yml\ndeploy:\n  script: [x]\n", DEPLOY, []),
        ("include: [d.yml, e.yml]\n", DEPLOY, []),
        ("include: [e.yml, d.yml]\n", DEPLOY, []),
        ("include: [e.yml, d.yml]\n", f"{DEPLOY}  when: on_success\n", ["d.yml:3"]),
        # Lists are replaced.
        (f"include: d.yml\ndeploy:\n  {APPLY}\n", "deploy: {script: [x, y, z]}\n", [f"{ROOT}:3"]),
        # Hidden jobs, `extends`, `!reference` and `default` of another file.
        ("include: d.yml\ndeploy:\n  extends: .d\n", f".d:\n  {APPLY}\n", ["d.yml:2"]),
        ("include: d.yml\ndeploy:\n  extends: .d\n", f".d:\n  when: manual\n  {APPLY}\n", []),
        ("include: d.yml\ndeploy:\n  script:\n  - !reference [.d, script]\n", f".d:\n  {APPLY}\n", [f"{ROOT}:4"]),
        (f"include: d.yml\nd:\n  rules: !reference [.r, rules]\n  {APPLY}\n", ".r: {rules: [{when: manual}]}\n", []),
        ("include: d.yml\nd:\n  script: [x]\n", "default:\n  before_script:\n  - terraform apply\n", ["d.yml:3"]),
        ("include: d.yml\nbefore_script: []\nt: {script: x}\n", "before_script: [pulumi up]\n", []),
        ("include: d.yml\n.d:\n  when: manual\n", f"deploy:\n  extends: .d\n  {APPLY}\n", []),
        ("include: d.yml\r\n.d:\r\n  tags: []\r\n", f"\ufeffd:\r\n  extends: .d\r\n  {APPLY}\r\n", ["d.yml:3"]),
    ],
)  # fmt: skip
def test_how_it_is_merged(tmp_path: Path, root: str, deploy: str, found: list[str]) -> None:
    assert told(tmp_path, GATE, {ROOT: root, "d.yml": deploy, "e.yml": MANUAL}) == found


def test_a_wildcard_names_a_file_again_and_never_the_one_it_stands_in(tmp_path: Path) -> None:
    files = {ROOT: "include: [a.yml, b.yml, '*.yml']\n", "a.yml": DEPLOY, "b.yml": MANUAL}
    assert told(tmp_path, GATE, files) == []
    files["b.yml"] = "include: '[!x]*.yml'\n"
    assert told(tmp_path, GATE, files) == ["a.yml:3"]
    files["b.yml"] = "include: 'a*.yml'\ndeploy: {when: manual}\n"
    files["a.yml"] = DEPLOY + "  when: always\n"
    files[ROOT] = "include: [b.yml, a.yml]\n"
    assert told(tmp_path, GATE, files) == ["a.yml:3"]


def test_stages_and_scans_of_another_file_count(tmp_path: Path) -> None:
    files = {
        ROOT: "include: [ci/scan.yml, ci/deploy.yml]\nstages: [check, ship]\n",
        "ci/scan.yml": "s:\n  stage: check\n  script: [checkov -d .]\n",
        "ci/deploy.yml": f"stages: [x]\nd:\n  stage: ship\n  {APPLY}\n",
    }
    assert told(tmp_path, SCANNED, files) == []
    files["ci/scan.yml"] = files["ci/scan.yml"].replace("]", "]\n  allow_failure: true")
    assert told(tmp_path, SCANNED, files) == ["ci/scan.yml:3"]


def test_stored_keys_stand_where_they_are_written(tmp_path: Path) -> None:
    files = {
        ROOT: "include: d.yml\nt: {script: [x]}\n",
        "d.yml": "d:\n  script:\n  - x\n  - echo $AWS_SECRET_ACCESS_KEY\n",
    }
    assert told(tmp_path, KEYS, files) == ["d.yml:4"]


@pytest.mark.parametrize(
    ("entry", "what"),
    [
        ("https://x.example/a.yml", "remote https://x.example/a.yml"),
        ("{remote: 'https://x.example/a.yml'}", "remote https://x.example/a.yml"),
        ("{template: Security/SAST.gitlab-ci.yml}", "template Security/SAST.gitlab-ci.yml"),
        ("{project: a/b, file: [/x.yml]}", "project a/b"),
        ("{component: $CI_SERVER_FQDN/a/b@1.0}", "component $CI_SERVER_FQDN/a/b@1.0"),
        ("{local: ci/$KIND.yml}", "local ci/$KIND.yml, whose path only a run can tell"),
    ],
)
def test_what_comes_from_elsewhere_is_told_and_unknown(tmp_path: Path, entry: str, what: str) -> None:
    files = {ROOT: f"stages: [x]\ninclude:\n- d.yml\n- {entry}\nt:\n  script: [x]\n", "d.yml": "u: {script: [x]}\n"}
    for rule in (GATE, SCANNED, KEYS):
        assert told(tmp_path, rule, files) == [f"? {ROOT}:4"]
    reason = f"{ROOT}:4: an include from elsewhere; what it brings is not evaluated"
    assert (what, "skipped", reason) in inputs(scan(tmp_path, GATE, files))
    # A job that is here may have more of it elsewhere, an environment for one; that it answers requests is certain.
    files["d.yml"] = DEPLOY
    assert told(tmp_path, GATE, files) == [f"? {ROOT}:4"]
    files["d.yml"] += "  rules: [{if: $CI_MERGE_REQUEST_IID}]\n"
    assert told(tmp_path, GATE, files) == [f"? {ROOT}:4", "d.yml:3"]
    # What a job needs is named: no scan from elsewhere comes between.
    assert told(tmp_path, SCANNED, files) == [f"? {ROOT}:4"]
    files["d.yml"] += "  needs: [t]\n"
    assert told(tmp_path, SCANNED, files) == [f"? {ROOT}:4", "d.yml:3"]


@pytest.mark.parametrize(
    ("include", "files", "reason"),
    [
        ("gone.yml", {}, "gone.yml is included: there is no such file"),
        ("ci/a.txt", {"ci/a.txt": DEPLOY}, "ci/a.txt is no .yml file, which is all that GitLab includes"),
        (ROOT, {}, f"{ROOT} includes itself"),
        ("a.yml", {"a.yml": "include: b.yml\n", "b.yml": "include: a.yml\n"}, "a.yml includes itself"),
        ("a.yml", {"a.yml": "[x]\n"}, "a.yml is included, and is no mapping"),
        ("[3]", {}, None),
    ],
)
def test_what_is_not_read_is_said(tmp_path: Path, include: str, files: dict[str, str], reason: str | None) -> None:
    report = scan(tmp_path, GATE, {ROOT: f"include: {include}\nt:\n  script: [x]\n", **files})
    assert [f.verdict for f in report.findings] == [Verdict.UNKNOWN]
    if reason is not None:
        assert reason in [said for _, status, said in inputs(report) if status == "failed"]


def test_a_file_outside_the_tree_is_not_read(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tmp_path / "far.yml").write_text(DEPLOY)
    os.symlink(tmp_path / "far.yml", tree / "link.yml")
    for include in ("link.yml", "../far.yml", "'../*.yml'"):
        report = scan(tree, GATE, {ROOT: f"include: {include}\nt:\n  script: [x]\n"})
        assert not [f for f in report.findings if f.verdict is Verdict.FAIL]
        if "*" not in include:
            assert any(s == "failed" and "out of the scanned directory" in r for _, s, r in inputs(report)), include


def test_a_file_that_is_included_and_no_yaml_is_a_finding(tmp_path: Path) -> None:
    files = {ROOT: "include: d.yml\nt:\n  script: [x]\n", "d.yml": "a:\n  b: [\n"}
    assert told(tmp_path, "document-not-parsed", files) == ["d.yml:3"]
    assert f"? {ROOT}:1" in told(tmp_path, GATE, files)


def test_a_pipeline_includes_at_most_150_files(tmp_path: Path) -> None:
    files = {ROOT: f"include: [{', '.join(f'{i}.yml' for i in range(150))}]\n"}
    files |= {f"{i}.yml": f"j{i}: {{script: [x]}}\n" for i in range(149)} | {"149.yml": DEPLOY}
    assert told(tmp_path, GATE, files) == ["149.yml:3"]
    files["148.yml"] = "include: 1.yml\n"
    report = scan(tmp_path, GATE, files)
    assert any("at most 150 files" in reason for _, status, reason in inputs(report) if status == "failed")
    doubling = {ROOT: "include: [0.yml, 0.yml]\n"} | {
        f"{i}.yml": f"include: [{i + 1}.yml, {i + 1}.yml]\nj{i}: {{script: [x]}}\n" for i in range(60)
    }
    assert any("at most 150 files" in reason for _, _, reason in inputs(scan(tmp_path / "b", GATE, doubling)))


def test_references_to_references_are_bounded(tmp_path: Path) -> None:
    levels = [f".j{i}:\n  script: [{', '.join([f'!reference [.j{i + 1}, script]'] * 40)}]\n" for i in range(9)]
    text = "".join([*levels, ".j9:\n  script: []\nt: {script: [!reference [.j0, script]]}\n"])
    text += "u: {rules: [!reference [.j0, script]], script: [x]}\n"
    assert told(tmp_path, GATE, {ROOT: text}) == [f"? {ROOT}:1"]


def test_a_hook_on_an_included_file_judges_it_in_its_pipeline(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    files = {
        ROOT: "include: ci/d.gitlab-ci.yml\n.d: {when: manual}\n",
        "ci/d.gitlab-ci.yml": f"d:\n  extends: .d\n  {APPLY}\n",
    }
    assert told(tmp_path, GATE, files, "ci/d.gitlab-ci.yml") == []
    files[ROOT] = "include: ci/d.gitlab-ci.yml\n.d: {when: on_success}\nx:\n  script: [terraform apply]\n"
    assert told(tmp_path, GATE, files, "ci/d.gitlab-ci.yml") == ["ci/d.gitlab-ci.yml:3"]
    files[ROOT] = "include: gone.yml\n"
    report = scan(tmp_path, GATE, files, "ci/d.gitlab-ci.yml")
    assert inputs(report) == [("ci/d.gitlab-ci.yml", "read", "")]


INPUTS = """spec:
  inputs:
    job: {default: deploy}
    when: {default: manual}
    lines: {type: array, default: [x]}
---
"$[[ inputs.job ]]-it":
  when: $[[ inputs.when ]]
  script:
    - $[[ inputs.job ]] $[[ inputs.lines ]]
    - terraform apply
"""


def test_inputs_are_filled_in(tmp_path: Path) -> None:
    files = {ROOT: "include: {local: d.yml, inputs: {job: ship}}\n", "d.yml": INPUTS}
    assert told(tmp_path, GATE, files) == []
    files[ROOT] = "include: {local: d.yml, inputs: {when: on_success}}\n"
    assert told(tmp_path, GATE, files) == ["d.yml:11"]
    both = "include:\n- {local: d.yml}\n- {local: d.yml, inputs: {job: b, when: always}}\n"
    assert told(tmp_path, GATE, {ROOT: both, "d.yml": INPUTS}) == ["d.yml:11"]
    array = {"d.yml": "spec: {inputs: {s: {type: array}}}\n---\nd:\n  script: $[[ inputs.s ]]\n"}
    assert told(tmp_path, GATE, {ROOT: "include: {local: d.yml, inputs: {s: [x, terraform apply]}}\n"} | array) == [
        "d.yml:4"
    ]
    undeclared = INPUTS.replace("{default: manual}", "")
    assert told(tmp_path, GATE, {ROOT: "include: d.yml\n", "d.yml": undeclared}) == [f"? {ROOT}:1"]


@pytest.mark.parametrize("value", ["[" + "x, " * 2_000 + "x]", '"' + "x" * 5_000 + '"'])
def test_inputs_that_are_named_too_often_are_refused(tmp_path: Path, value: str) -> None:
    body = "".join("  - $[[ inputs.s ]]\n" for _ in range(2_000))
    declared = "spec: {inputs: {s: }}\n---\n"
    files = {
        ROOT: f"include: {{local: d.yml, inputs: {{s: {value}}}}}\n",
        "d.yml": f"{declared}d:\n  script:\n{body}",
    }
    report = scan(tmp_path, GATE, files)
    (found,) = (f for f in report.findings if f.resource.address == ROOT)
    assert found.verdict is Verdict.UNKNOWN
    assert "with its inputs filled in it has more than 2,000,000 characters and values" in found.message


@pytest.mark.parametrize(
    ("trigger", "found"),
    [
        ("trigger: {include: ci/child.yml}", ["ci/child.yml:3"]),
        ("trigger: {include: [{local: ci/child.yml}]}", ["ci/child.yml:3"]),
        ("trigger: {include: ci/child.yml}\n  when: manual", []),
        ("trigger: {include: ci/child.yml}\n  rules: [{if: $CI_MERGE_REQUEST_IID}]", ["ci/child.yml:3"]),
        ("trigger: {include: [{artifact: x.yml, job: g}]}", [f"? {ROOT}:3"]),
        ("trigger: {project: a/b}", []),
    ],
)
def test_a_child_pipeline_starts_behind_the_gate_of_its_job(tmp_path: Path, trigger: str, found: list[str]) -> None:
    files = {ROOT: f"g: {{stage: build, script: [checkov -d .]}}\nc:\n  {trigger}\n", "ci/child.yml": DEPLOY}
    assert told(tmp_path, GATE, files) == found
    if "artifact" not in trigger:
        assert told(tmp_path, SCANNED, files) == []


def test_a_child_that_is_no_pipeline_leaves_a_doubt(tmp_path: Path) -> None:
    files = {ROOT: "c:\n  trigger: {include: x.yml}\n", "x.yml": "a: [\n"}
    assert told(tmp_path, GATE, files) == [f"? {ROOT}:2"]
    assert ("x.yml", "failed") in [(path, status) for path, status, _ in inputs(scan(tmp_path, GATE, files))]


def test_a_pipeline_that_is_started_leaves_the_other_jobs_as_they_are(tmp_path: Path) -> None:
    files = {ROOT: "c:\n  trigger: {include: [{artifact: x.yml, job: g}]}\nd:\n  script: [terraform apply]\n"}
    assert told(tmp_path, GATE, files) == [f"{ROOT}:4", f"? {ROOT}:2"]
    assert told(tmp_path, SCANNED, files) == [f"{ROOT}:4", f"? {ROOT}:2"]


# --- GitHub -----------------------------------------------------------------------------------------------------------

CI = ".github/workflows/ci.yml"
ACTION = ".github/actions/ship/action.yml"
COMPOSITE = """inputs: {command: {default: plan}}
runs:
  using: composite
  steps:
    - {run: checkov -d ., shell: bash}
    - {run: 'terraform ${{ inputs.command }}', shell: bash}
"""


def test_the_steps_of_a_local_action_are_those_of_the_job(tmp_path: Path) -> None:
    text = "on: push\njobs:\n  d:\n    steps:\n    - uses: ./.github/actions/ship\n      with: {command: apply}\n"
    files = {CI: text, ACTION: COMPOSITE}
    assert told(tmp_path, GATE, files) == [f"{ACTION}:6"]
    assert told(tmp_path, SCANNED, files) == []
    assert inputs(scan(tmp_path, GATE, files)) == [(ACTION, "read", ""), (CI, "read", "")]
    files[CI] = text.replace("apply", "plan")
    assert told(tmp_path, GATE, files) == []
    files[CI] = text + "      continue-on-error: true\n"
    assert told(tmp_path, SCANNED, files) == [f"{ACTION}:5"]
    files[ACTION] = COMPOSITE.replace("run: checkov -d ., shell: bash", "uses: ./.github/actions/ship")
    assert told(tmp_path, GATE, files) == [f"{ACTION}:6", f"? {ACTION}:5"]  # it uses itself
    del files[ACTION]
    (tmp_path / ACTION).unlink()
    assert told(tmp_path, GATE, files) == [f"? {CI}:5"]


def test_an_action_that_cannot_be_read_is_said_once(tmp_path: Path) -> None:
    text = "on: push\njobs:\n  d:\n    steps: [{uses: ./.github/actions/ship}]\n"
    files = {CI: text, ".github/workflows/other.yml": text, ACTION: "runs: [\n"}
    report = scan(tmp_path, GATE, files)
    assert [(path, status) for path, status, _ in inputs(report) if status == "failed"] == [(ACTION, "failed")]
    assert [f.verdict for f in report.findings] == [Verdict.UNKNOWN] * 2


SCAN = "on: workflow_call\njobs:\n  s: {steps: [{run: checkov -d .}]}\n"


def test_a_called_workflow_scans_before_who_needs_it(tmp_path: Path) -> None:
    jobs = (
        "on: push\njobs:\n  s:\n    uses: ./.github/workflows/scan.yml\n"
        "  d:\n    needs: s\n    steps: [{run: terraform apply}]\n"
    )
    files = {CI: jobs, ".github/workflows/scan.yml": SCAN}
    assert told(tmp_path, SCANNED, files) == []
    files[".github/workflows/scan.yml"] = SCAN.replace("-d .", "-d . --soft-fail")
    assert told(tmp_path, SCANNED, files) == [f"{CI}:4"]


def test_what_a_job_calls_elsewhere_is_told_and_unknown(tmp_path: Path) -> None:
    text = (
        "on: push\njobs:\n  s:\n    uses: a/b/.github/workflows/x.yml@v1\n"
        "  d:\n    needs: s\n    environment: p\n    steps: [{run: terraform apply}]\n"
    )
    files = {CI: text}
    assert told(tmp_path, GATE, files) == [f"? {CI}:4"]
    assert told(tmp_path, SCANNED, files) == [f"? {CI}:4"]
    assert told(tmp_path, KEYS, files) == []
    (path, status, reason), _ = inputs(scan(tmp_path, GATE, files))[::-1]
    assert (path, status) == ("a/b/.github/workflows/x.yml@v1", "skipped")
    assert reason == f"{CI}:4: a workflow from elsewhere; what it does is not evaluated"
    files[CI] = text.replace("    needs: s\n", "")
    assert told(tmp_path, SCANNED, files) == [f"{CI}:7", f"? {CI}:4"]
    files[CI] = text.replace("@v1", "@v1\n    secrets: inherit")
    assert told(tmp_path, KEYS, files) == [f"? {CI}:4"]
    files[CI] = text.replace("a/b/.github/workflows/x.yml@v1", "./.github/workflows/gone.yml")
    assert told(tmp_path, GATE, files) == [f"? {CI}:4"]
    assert any(
        "there is no such file" in reason for _, s, reason in inputs(scan(tmp_path, GATE, files)) if s == "failed"
    )


def test_a_hook_on_a_workflow_reads_what_it_calls_and_who_calls_it(tmp_path: Path) -> None:
    deploy = ".github/workflows/deploy.yml"
    jobs = "jobs:\n  s: {uses: ./.github/workflows/scan.yml}\n  d: {needs: s, uses: ./.github/workflows/deploy.yml}\n"
    files = {
        CI: f"on: workflow_dispatch\n{jobs}",
        ".github/workflows/scan.yml": SCAN,
        deploy: "on: workflow_call\njobs:\n  d:\n    steps: [{run: terraform apply}]\n",
        ".github/workflows/other.yml": "on: push\njobs:\n  x:\n    steps: [{run: terraform apply}]\n",
    }
    assert told(tmp_path, GATE, files, deploy) == []
    assert told(tmp_path, SCANNED, files, deploy) == []
    assert told(tmp_path, SCANNED, files, CI) == []
    files[CI] = f"on: pull_request\n{jobs}"
    assert told(tmp_path, GATE, files, deploy) == [f"{deploy}:4"]
    files[".github/workflows/scan.yml"] = SCAN.replace("-d .", "-d . --soft-fail")
    assert told(tmp_path, SCANNED, files, deploy) == [f"{deploy}:4"]
    report = scan(tmp_path, GATE, files, deploy)
    assert {path for path, _, _ in inputs(report)} == files.keys() - {".github/workflows/other.yml"}


def test_a_hook_on_a_file_of_gitlab_s_folder(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    files = {ROOT: "include: .gitlab/ci/d.yml\n", ".gitlab/ci/d.yml": "d:\n  script: [terraform apply]\n"}
    assert told(tmp_path, GATE, files, ".gitlab/ci/d.yml") == [".gitlab/ci/d.yml:2"]
    files[ROOT] += "d: {when: manual}\n"
    assert told(tmp_path, GATE, files, ".gitlab/ci/d.yml") == []


# --- one file or several ----------------------------------------------------------------------------------------------

_CHOICES: dict[str, list[Any]] = {
    "script": [["terraform apply"], ["x"], ["checkov -d ."], "cdk deploy"],
    "before_script": [["terraform apply"], [], ["y"]],
    "extends": [".a", ".b", [".a", ".b"]],
    "rules": [[{"if": "$CI_MERGE_REQUEST_IID"}], [{"when": "manual"}], [{"if": "$X"}]],
    "needs": [[], ["d"], ["e"]],
    "stage": ["test", "deploy", "build"],
    "environment": [{"name": "p"}, {"url": "u"}, "q"],
    "when": ["manual", "on_success"],
    "allow_failure": [True, False],
    "inherit": [{"default": False}],
}


def _some_configuration(random: Random) -> dict[str, Any]:
    made: dict[str, Any] = {
        name: {key: random.choice(many) for key, many in _CHOICES.items() if random.random() < 0.3}
        for name in (".a", ".b", "d", "e", "f")
        if random.random() < 0.5
    }
    for hidden in (".a", ".b"):
        made.get(hidden, {}).pop("extends", None)
    if random.random() < 0.3:
        made["default"] = {"before_script": random.choice([["terraform apply"], ["z"]])}
    return made | ({"stages": ["build", "test", "deploy"]} if random.random() < 0.3 else {})


def _over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """GitLab's documentation of `include`, written down again."""
    made = {**below, **above}
    for key in below.keys() & above.keys():
        if isinstance(below[key], dict) and isinstance(above[key], dict):
            made[key] = _over(below[key], above[key])
    return made


@pytest.mark.parametrize("seed", range(80))
def test_a_pipeline_of_several_files_is_judged_as_if_it_were_one(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    files = {name: _some_configuration(random) for name in ("a.yml", "b.yml", "c.yml", ROOT)}
    whole = _over(_over(_over(files["c.yml"], files["a.yml"]), files["b.yml"]), files[ROOT])
    files["a.yml"] = {"include": "c.yml"} | files["a.yml"]
    files[ROOT] = {"include": ["a.yml", "b.yml"]} | files[ROOT]
    several = {name: json.dumps(made) for name, made in files.items()}

    def said(folder: str, texts: dict[str, str], rule: str) -> list[tuple[str, str]]:
        (tmp_path / folder).mkdir(exist_ok=True)
        return sorted((f.verdict.value, f.message) for f in scan(tmp_path / folder, rule, texts).findings)

    for rule in (GATE, SCANNED, KEYS):
        assert said("several", several, rule) == said("one", {ROOT: json.dumps(whole)}, rule)


PUBLIC = [
    ("template: Terraform.gitlab-ci.yml", "its job deploy applies"),
    ("template: Terraform.latest.gitlab-ci.yml", "its job deploy applies"),
    ("template: Terraform/Base.latest.gitlab-ci.yml", "its job .terraform:deploy applies"),
    ("template: OpenTofu.gitlab-ci.yml", "not in the scanned tree"),
    ("component: $CI_SERVER_FQDN/components/opentofu/validate-plan-apply@1.0.0", "not in the scanned tree"),
    (
        "component: gitlab.com/components/opentofu/full-pipeline@~latest, inputs: {auto_apply: true}",
        "not in the scanned",
    ),
]


@pytest.mark.parametrize(("entry", "said"), PUBLIC)
@pytest.mark.parametrize("rule", [GATE, SCANNED])
def test_what_gitlab_brings_itself_never_passes_in_silence(tmp_path: Path, rule: str, entry: str, said: str) -> None:
    """Public templates and components are not here: the verdict is open, and a line of coverage says why."""
    report = scan(tmp_path, rule, {ROOT: f"include:\n  - {{{entry}}}\nbuild:\n  script: [make build]\n"})
    assert [(f.verdict, said in f.message) for f in report.findings] == [(Verdict.UNKNOWN, True)]
    (skipped,) = [i for i in inputs(report) if i[1] == "skipped"]
    assert skipped[0] in entry.replace(": ", " ")
    assert "what it brings is not evaluated" in skipped[2]


@pytest.mark.parametrize("tool", ["gitlab-terraform", "gitlab-tofu"])
def test_gitlab_s_own_wrappers_apply(tmp_path: Path, tool: str) -> None:
    pipeline = f"plan:\n  script: [{tool} plan]\ndeploy:\n  script: ['cd $TF_ROOT', {tool} apply]\n"
    assert told(tmp_path, GATE, {ROOT: pipeline}) == [f"{ROOT}:4"]
