"""Workflows of GitHub and GitLab as people write them: who may start what, after which scan, with which keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from assay.analysis import command_kinds, shell
from assay.bundled import RULES
from assay.catalogue import Catalogue
from assay.model import Request, Verdict
from assay.scan import run

if TYPE_CHECKING:
    from pathlib import Path

CATALOGUE = Catalogue([RULES])
GITHUB, GITLAB = ".github/workflows/deploy.yml", ".gitlab-ci.yml"


def told(folder: Path, rule: str, **files: str) -> list[str]:
    """`file:line` of each failure, `unknown` for what nobody can know."""
    for name, text in files.items():
        path = folder / {"github": GITHUB, "gitlab": GITLAB, "caller": ".github/workflows/ci.yml"}[name]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    report = run(Request([str(folder)], str(folder)), CATALOGUE, [e for e in CATALOGUE.entries if e.id == rule])
    assert [i["status"] for i in report.coverage.inputs] == ["read"] * len(files), report.coverage.inputs
    return sorted(
        f"{f.location.file.rpartition('/')[2]}:{f.location.start_line}" if f.verdict is Verdict.FAIL else "unknown"
        for f in report.findings
        if f.verdict is not Verdict.PASS and f.location
    )


APPLY = "steps: [{run: terraform apply}]"


def github(on: str, *jobs: str) -> str:
    return f"on: {on}\njobs:\n" + "".join(f"  {job}\n" for job in jobs)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (github("push", f"d: {{environment: prod, {APPLY}}}"), []),
        (github("push", f"d: {{{APPLY}}}"), [3]),
        (github("[push, pull_request]", f"d: {{environment: prod, {APPLY}}}"), [3]),
        (github("[push, pull_request]", "g: {if: \"github.event_name == 'push'\"}",
                f"d: {{needs: g, environment: prod, {APPLY}}}"), []),
        (github("[push, pull_request]", "g: {if: \"github.event_name == 'push'\"}",
                f"d: {{needs: g, if: always(), environment: prod, {APPLY}}}"), [4]),
        (github("pull_request_target", f"d: {{if: \"github.ref == 'refs/heads/m'\", environment: p, {APPLY}}}"), [3]),
        (github("pull_request", f"d: {{if: \"github.ref == 'refs/heads/m'\", environment: p, {APPLY}}}"), []),
        (github("push", "d: {steps: [{uses: dflook/terraform-apply@v2}]}"), [3]),
        (github("push", "d: {steps: [{uses: pulumi/actions@v6, with: {command: preview}}]}"), []),
        (github("push", "d: {steps: [{uses: 'docker://hashicorp/terraform:1.9', with: {args: apply}}]}"), [3]),
        (github("push", "d: {steps: [{uses: 'docker://hashicorp/terraform:1.9', with: {args: plan}}]}"), []),
        (github("push", "d: {steps: [{uses: gruntwork-io/terragrunt-action@v2, with: {tg_command: apply}}]}"), [3]),
        (github("push", "d: {steps: [{uses: oracle-actions/run-oci-cli-command@v1, with: {command: os ns get}}]}"), []),
        (github("push", "d: {steps: [{run: terragrunt run-all plan}]}"), []),
        (github("push", "d: {steps: [{run: terragrunt run-all apply}]}"), [3]),
    ],
)  # fmt: skip
def test_the_gate_of_github(tmp_path: Path, text: str, lines: list[int]) -> None:
    assert told(tmp_path, "workflow-deploy-ungated", github=text) == [f"deploy.yml:{n}" for n in lines]


def test_a_reusable_workflow_is_judged_by_its_callers(tmp_path: Path) -> None:
    called = github("workflow_call", f"d: {{environment: prod, {APPLY}}}")
    caller = github("pull_request", "s: {steps: [{run: checkov -d .}]}",
                    "d: {needs: s, uses: ./.github/workflows/deploy.yml}")  # fmt: skip
    assert told(tmp_path, "workflow-deploy-ungated", github=called, caller=caller) == ["deploy.yml:3"]
    pushed = caller.replace("pull_request", "push")
    assert told(tmp_path, "workflow-deploy-ungated", github=called, caller=pushed) == []
    assert told(tmp_path, "workflow-gate-not-blocking", github=called, caller=pushed) == []
    unneeded = pushed.replace("needs: s, ", "")
    assert told(tmp_path, "workflow-gate-not-blocking", github=called, caller=unneeded) == ["deploy.yml:3"]


PIPED = "{run: checkov -d . | tee x}, {run: sam deploy}"
SCAN = "s: {steps: [{run: checkov -d .}]}"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (github("push", SCAN, f"d: {{needs: [s], {APPLY}}}"), []),
        (github("push", SCAN, f"d: {{needs: [s], if: always(), {APPLY}}}"), [3]),
        (github("push", SCAN, f"d: {{needs: [s], if: \"always() && needs.s.result == 'success'\", {APPLY}}}"), []),
        (github("push", SCAN, f"d: {{{APPLY}}}"), [4]),
        (github("push", "d: {steps: [{run: checkov -d .}, {run: terraform apply}]}"), []),
        (github("push", "d: {steps: [{run: terraform apply}, {run: checkov -d .}]}"), [3]),
        (github("push", "d: {steps: [{run: checkov -d .}, {run: terraform apply, if: always()}]}"), [3]),
        (github("push", "d: {steps: [{run: checkov -d . | tee x}, {run: terraform apply}]}"), [3]),
        (github("push", "d: {steps: [{run: checkov -d . | tee x, shell: bash}, {run: terraform apply}]}"), []),
        (github("push", f"d: {{defaults: {{run: {{shell: bash}}}}, steps: [{PIPED}]}}"), []),
        ("defaults: {run: {shell: bash}}\n" + github("push", f"d: {{steps: [{PIPED}]}}"), []),
        ("defaults: {run: {shell: sh}}\n" + github("push", f"d: {{steps: [{PIPED}]}}"), [4]),
        (github("push", "d: {steps: [{run: checkov -d ., continue-on-error: true}, {run: terraform apply}]}"), [3]),
    ],
)
def test_the_scan_before_it_on_github(tmp_path: Path, text: str, lines: list[int]) -> None:
    assert told(tmp_path, "workflow-gate-not-blocking", github=text) == [f"deploy.yml:{n}" for n in lines]


DEPLOY = "script: [terraform apply]"
EVENT = "rules: [{{if: '$CI_PIPELINE_SOURCE {} \"merge_request_event\"'}}]"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (f".d:\n  {DEPLOY}\nd:\n  extends: .d\n", ["2"]),
        (f".d:\n  {DEPLOY}\nd:\n  extends: .d\n  environment: prod\n", []),
        (f".d:\n  {DEPLOY}\n.e: {{extends: .d, when: manual}}\nd:\n  extends: [.e]\n", []),
        ("default:\n  before_script: [terraform apply]\nd:\n  script: [x]\n", ["2"]),
        ("before_script: [terraform apply]\nd:\n  before_script: []\n  script: [x]\n", []),
        (".d:\n  script:\n    - terraform apply\nd:\n  script:\n    - x\n    - !reference [.d, script]\n", ["7"]),
        (".d:\n  script: [!reference [.d, script]]\nd:\n  extends: .d\n", None),
        (".d: &d {script: [terraform apply]}\n.e: &e {x: 1}\nd:\n  <<: [*d, *e]\n", ["1"]),
        ("d: {extends: .far}\n", None),
        ("d: {extends: .far, script: [x]}\n", []),
        ("d: {extends: .far, script: [terraform apply]}\n", None),  # .far may have the environment
        ("d: {extends: .far, rules: [{if: $CI_MERGE_REQUEST_IID}], script: [terraform apply]}\n", ["1"]),
        (".d: {environment: {name: p}}\nd: {extends: .d, environment: {url: u}, script: [terraform apply]}\n", []),
        (".r: {rules: [{when: manual}]}\nd: {rules: [!reference [.r, rules]], script: [terraform apply]}\n", []),
        (".r: {rules: [{when: manual}]}\nd: {rules: !reference [.r, rules], script: [terraform apply]}\n", []),
        ("d: {rules: [!reference [.r, rules]], script: [terraform apply]}\n", None),
        ("default: {before_script: [terraform apply]}\nd: {inherit: {default: false}, script: [x]}\n", []),
        ("default: {before_script: [terraform apply]}\nd: {inherit: {default: [image]}, script: [x]}\n", []),
        ("default: {before_script: [sam deploy]}\nd:\n  inherit: {default: [before_script]}\n  script: [x]\n", ["1"]),
        ("default: {before_script: [terraform apply]}\nd: {before_script: null, script: [x]}\n", ["1"]),
        ("pages: {script: [terraform apply]}\n", ["1"]),
        (f"d:\n  {EVENT.format('==')}\n  environment: p\n  {DEPLOY}\n", ["4"]),
        (f"d:\n  {EVENT.format('!=')}\n  environment: p\n  {DEPLOY}\n", []),
        (f"d:\n  rules: [{{if: '$CI_PIPELINE_SOURCE =~ /a|merge_request/'}}]\n  environment: p\n  {DEPLOY}\n", ["4"]),
        (f"d:\n  rules: [{{if: $CI_COMMIT_BRANCH && $CI_OPEN_MERGE_REQUESTS}}]\n  environment: p\n  {DEPLOY}\n", []),
        (f"d:\n  rules: [{{if: $CI_MERGE_REQUEST_IID}}]\n  environment: p\n  {DEPLOY}\n", ["4"]),
        (f"d:\n  only: {{refs: [merge_requests]}}\n  environment: p\n  {DEPLOY}\n", ["4"]),
    ],
)  # fmt: skip
def test_the_gate_of_gitlab(tmp_path: Path, text: str, wanted: list[str] | None) -> None:
    expected = ["unknown"] if wanted is None else [f"{GITLAB}:{line}" for line in wanted]
    assert told(tmp_path, "workflow-deploy-ungated", gitlab=text) == expected


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (f"s: {{script: [checkov -d .]}}\nd: {{stage: deploy, {DEPLOY}}}\n", []),
        (f"s: {{script: [checkov -d . | tee x]}}\nd: {{stage: deploy, {DEPLOY}}}\n", []),
        (f"s: {{stage: .post, script: [checkov -d .]}}\nd: {{stage: deploy, {DEPLOY}}}\n", [2]),
        (f"s: {{script: [checkov -d .]}}\nd: {{stage: deploy, needs: [], {DEPLOY}}}\n", [2]),
        (f"s: {{script: [checkov -d .]}}\nd: {{stage: deploy, needs: [{{job: s}}], {DEPLOY}}}\n", []),
        (f"s: {{when: manual, script: [checkov -d .]}}\nd: {{stage: deploy, {DEPLOY}}}\n", [1]),
        (
            f"s: {{allow_failure: {{exit_codes: [1, 2]}}, script: [checkov -d .]}}\nd: {{stage: deploy, {DEPLOY}}}\n",
            [1],
        ),
        (f"s: {{allow_failure: {{exit_codes: 3}}, script: [checkov -d .]}}\nd: {{stage: deploy, {DEPLOY}}}\n", []),
        (f"s: {{rules: [{{allow_failure: true}}], script: [checkov -d .]}}\nd: {{stage: deploy, {DEPLOY}}}\n", [1]),
        (f"s: {{allow_failure: true, script: [checkov -d .]}}\nd: {{stage: deploy, {DEPLOY}}}\n", [1]),
    ],
)
def test_the_scan_before_it_on_gitlab(tmp_path: Path, text: str, lines: list[int]) -> None:
    assert told(tmp_path, "workflow-gate-not-blocking", gitlab=text) == [f"{GITLAB}:{n}" for n in lines]


@pytest.mark.parametrize(
    ("condition", "reached"),
    [
        ("github.event_name == 'push' || github.event_name == 'pull_request'", True),
        ("(github.event_name == 'push' || inputs.x) && github.ref == 'refs/heads/main'", False),
        ("${{ !(github.event_name == 'pull_request') }}", False),
        ("!contains(github.ref, 'x') || github.event_name == 'push'", True),
        ("github.ref == format('refs/heads/{0}', github.event.repository.default_branch)", False),
        ('contains(fromJSON(\'["push", "schedule"]\'), github.event_name)', False),
        ('contains(fromJSON(\'["push", "pull_request"]\'), github.event_name)', True),
        ("startsWith(github.ref, 'refs/tags/')", False),
        ("startsWith(github.ref, 'refs/pull')", True),
        ("github.event.pull_request.merged == true", False),
        ("github.head_ref == ''", False),
        ("github.event.issue.pull_request && x", False),
        ("contains(github.event.comment.body, '/apply')", False),
        ("!github.event.comment", True),
        ("'a || b' == github.actor && 'push' == github.event_name", False),
        ("false", False),
        ("(((", True),
    ],
)
def test_conditions_under_which_no_request_runs_a_job(tmp_path: Path, condition: str, reached: bool) -> None:
    quoted = condition.replace('"', '\\"')
    text = github("[push, pull_request]", f'd: {{if: "{quoted}", environment: p, {APPLY}}}')
    assert told(tmp_path, "workflow-deploy-ungated", github=text) == (["deploy.yml:3"] if reached else [])


@pytest.mark.parametrize(
    ("event", "found"), [("workflow_dispatch", []), ("[workflow_dispatch, push]", ["deploy.yml:3"])]
)
def test_a_called_workflow_that_only_people_start(tmp_path: Path, event: str, found: list[str]) -> None:
    called = github("workflow_call", f"d: {{{APPLY}}}")
    caller = github(event, "d: {uses: ./.github/workflows/deploy.yml}")
    assert told(tmp_path, "workflow-deploy-ungated", github=called, caller=caller) == found


COMMANDS = [
    ("cd infra && terraform -chdir=x apply", [0]),
    ("bash -c 'terraform apply'", [0]),
    ('x\nsh -euc "cd x &&\n terraform apply"', [2]),
    ('eval "terraform apply"', [0]),
    ("bash <<'EOF'\nx\nterraform apply\nEOF", [2]),
    ("cat > x <<EOF\nterraform apply\nEOF", []),
    ("bash script.sh 'terraform apply'", []),
    ("ssh host 'terraform apply'", []),
    ("docker run --rm -v $PWD:/w hashicorp/terraform:1.9 apply", [0]),
    ("kubectl --context prod -n x apply -f y", [0]),
    ("kubectl -n apply get pods", []),
    ("helm --kube-context a -n b upgrade x y", [0]),
    ("aws --region eu-west-1 cloudformation deploy", [0]),
    ("aws --region eu-west-1 cloudformation describe-stacks", []),
    ("yarn cdk deploy", [0]),
    ("npm exec -- cdk deploy", [0]),
    ("yarn deploy", []),
    ("terragrunt run --all apply", [0]),
    ("terragrunt apply-all", [0]),
    ("terraform plan -destroy", []),
    ("aws-vault exec prod -- terraform apply", [0]),
    ("oci resource-manager job create-destroy-job --stack-id x", [0]),
    ("helmfile -e prod sync", [0]),
    ("deploy() {\n  terraform apply\n}\ndeploy", [1]),
    ("echo terraform apply", []),
    ("terraform apply -var x=${{ github.sha }} \\\r\n  -input=false\r\n", [0]),
]


@pytest.mark.parametrize(("script", "lines"), COMMANDS)
def test_commands_that_change_infrastructure(script: str, lines: list[int]) -> None:
    found = [c.line for c in shell.commands(script) if command_kinds.applies(c)]
    assert found == lines
    assert not lines or command_kinds.may_apply(script)


@pytest.mark.parametrize(
    ("script", "ignored"),
    [
        ("bash -ec 'checkov -d .; x'", [False]),
        ("bash -c 'checkov -d .; x'", [True]),
        ("bash -c 'checkov -d .' || true", [True]),
        ("bash -e <<EOF\ncheckov -d .\nx\nEOF", [False]),
        ("bash <<EOF\ncheckov -d .\nx\nEOF", [True]),
    ],
)
def test_whether_a_scan_inside_another_shell_stops_anything(script: str, ignored: list[bool]) -> None:
    assert [c.ignored for c in shell.commands(script) if command_kinds.scans(c)] == ignored


@pytest.mark.parametrize(
    ("line", "tests", "builds", "pushes", "gate"),
    [
        ("make build", False, False, False, ""),  # nobody knows whether it tests; `make test` says so
        ("make -C x tests", True, False, False, ""),
        ("./gradlew build", True, False, False, ""),
        ("./gradlew build -x test", False, False, False, ""),
        ("bazel build //...", False, False, False, ""),
        ("bash scripts/run-tests.sh", True, False, False, ""),
        ("./test.sh", True, False, False, ""),
        ("./latest.sh", False, False, False, ""),
        ("coverage run -m pytest", True, False, False, ""),
        ("docker compose run --rm app pytest -q", True, False, False, ""),
        ("docker run x sh", False, False, False, ""),
        ("docker buildx bake --push", False, True, True, ""),
        ("fn -v deploy --app x", False, True, True, ""),
        ("fn deploy --app x --local", False, True, False, ""),
        ("mvn -B package jib:build", True, True, True, ""),
        ("gradle jibDockerBuild", False, True, False, ""),
        ("skopeo copy docker://a docker://b", False, False, True, ""),
        ("docker scout cves x", False, False, False, "soft"),
        ("docker scout cves x --exit-code", False, False, False, "hard"),
        ("snyk monitor", False, False, False, "soft"),
        ("snyk test", False, False, False, "hard"),
        ("trufflehog git file://.", False, False, False, "soft"),
        ("detect-secrets scan", False, False, False, "soft"),
        ("hadolint --no-fail Dockerfile", False, False, False, "soft"),
        ("dependency-check.sh -s .", False, False, False, "soft"),
        ("dependency-check.sh -s . --failOnCVSS 7", False, False, False, "hard"),
        ("kubescape scan .", False, False, False, "soft"),
    ],
)
def test_what_commands_are(line: str, tests: bool, builds: bool, pushes: bool, gate: str) -> None:
    (command,) = shell.commands(line)
    assert (
        command_kinds.runs_tests(command),
        command_kinds.builds_image(command),
        command_kinds.pushes_image(command),
    ) == (
        tests,
        builds,
        pushes,
    )
    assert command_kinds.scans(command) is bool(gate)
    assert not gate or command_kinds.forgiven(command) is (gate == "soft")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("secrets.AWS_SECRET_ACCESS_KEY", True),
        ("secrets['AWS_SECRET_ACCESS_KEY']", True),
        ("secrets.PROD_OCI_KEY", True),
        ("secrets.SOCIAL_LOGIN_KEY", False),
        ("secrets.LAWS_SECRET", False),
        ("secrets.AWS_SECRET_NAME", False),
        ("toJSON(secrets)", True),
        ("secrets[format('AWS_{0}_SECRET', matrix.env)]", True),
    ],
)
def test_stored_keys(tmp_path: Path, name: str, found: bool) -> None:
    text = github("push", f'd: {{steps: [{{run: x, env: {{K: "${{{{ {name} }}}}"}}}}]}}')
    assert bool(told(tmp_path, "workflow-long-lived-keys", github=text)) is found
