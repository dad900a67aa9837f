"""Commands that workflows run without naming them: behind variables, and in Makefiles. GitHub and GitLab alike."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from assay.bundled import RULES
from assay.catalogue import Catalogue
from assay.model import Request, Verdict
from assay.scan import run

if TYPE_CHECKING:
    from pathlib import Path

    from assay.engine import Report

CATALOGUE = Catalogue([RULES])
GATE, SCANNED = "workflow-deploy-ungated", "workflow-gate-not-blocking"


def scan(folder: Path, rule: str, files: dict[str, str]) -> Report:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, newline="")
    return run(Request([str(folder)], str(folder)), CATALOGUE, [e for e in CATALOGUE.entries if e.id == rule])


def verdict(report: Report) -> str:
    """The worst that is said: fail, unknown or pass."""
    found = {f.verdict for f in report.findings}
    return next((v.value for v in (Verdict.FAIL, Verdict.UNKNOWN) if v in found), "pass")


def github(script: str, top: str = "", job: str = "", step: str = "") -> str:
    """A workflow on push whose one job runs a script, with `env` and the like in their places."""
    body = "".join(f"          {line}\n" for line in script.split("\n"))
    steps = f"    steps:\n      - {step or 'name: n'}\n        run: |\n{body}"
    return f"on: push\n{top}\njobs:\n  d:\n    {job or 'runs-on: x'}\n{steps}"


def gitlab(script: str, top: str = "", job: str = "") -> str:
    """A pipeline whose one job runs a script, a line of it an entry."""
    body = "".join(f"    - {line!r}\n" for line in script.split("\n"))
    return f"{top}\ndeploy:\n  {job or 'stage: deploy'}\n  script:\n{body}"


BOTH = [
    # script, GitHub's way to set, GitLab's way to set, verdict
    ("$TERRAFORM apply", "env: {TERRAFORM: terraform}", "variables: {TERRAFORM: terraform}", "fail"),
    ("${TF} apply -auto-approve", "env: {TF: /usr/bin/tofu}", "variables: {TF: /usr/bin/tofu}", "fail"),
    ('"$TF_BIN" apply', "env: {TF_BIN: terragrunt}", "variables: {TF_BIN: {value: terragrunt}}", "fail"),
    ("$IT up --yes", "env: {IT: pulumi}", "variables: {IT: pulumi}", "fail"),
    ("$IT cloudformation deploy", "env: {IT: aws}", "variables: {IT: aws}", "fail"),
    ("$TF apply", "env: {TF: 'terraform -chdir=infra'}", "variables: {TF: terraform -chdir=infra}", "fail"),
    ("terraform $VERB", "env: {VERB: apply}", "variables: {VERB: apply}", "fail"),
    ("terraform $VERB", "env: {VERB: plan}", "variables: {VERB: plan}", "pass"),
    ("terraform $VERB -auto-approve", "", "", "unknown"),
    ("terraform $ARGS plan", "", "", "pass"),
    ("for verb in init validate plan; do terraform $verb; done", "", "", "pass"),
    ("for verb in init apply; do terraform $verb; done", "", "", "fail"),
    ("sudo -E $TF apply", "env: {TF: terraform}", "variables: {TF: terraform}", "fail"),
    ("$TF plan", "env: {TF: terraform}", "variables: {TF: terraform}", "pass"),
    ("$TF apply", "env: {TF: echo}", "variables: {TF: echo}", "pass"),
    ("TF=terraform\n$TF apply", "", "", "fail"),
    ("export TF=tofu\nif true; then $TF apply; fi", "", "", "fail"),
    ("TF=$(command -v terraform)\n$TF apply", "", "", "fail"),
    ("BASE=terra\nTF=${BASE}form\n$TF apply", "", "", "fail"),
    ("${TF:-terraform} apply", "", "", "fail"),
    ("$TF apply\nTF=echo", "env: {TF: terraform}", "variables: {TF: terraform}", "fail"),
    ("TF=echo\n$TF apply", "env: {TF: terraform}", "variables: {TF: terraform}", "pass"),
    ("$TERRAFORM apply", "", "", "unknown"),
    ("${TF_CMD} apply", "", "", "unknown"),
    ("$OPENTOFU_BIN destroy", "", "", "unknown"),
    ("$TOOL apply -auto-approve", "", "", "unknown"),
    ("$TOOL apply", "", "", "pass"),
    ("$TERRAFORM plan", "", "", "pass"),
    ("TF=$(cat tool)\n$TF apply", "", "", "unknown"),
    ("timeout 60 $TF apply", "env: {TF: terraform}", "variables: {TF: terraform}", "fail"),
    ('sh -c "$TF apply"', "env: {TF: terraform}", "variables: {TF: terraform}", "fail"),
    ("IT='terraform apply'\neval $IT", "", "", "fail"),
    ('IT=(terraform apply)\n"${IT[@]}"', "", "", "fail"),
    ('ARGS=(apply -auto-approve)\nterraform "${ARGS[@]}"', "", "", "fail"),
    ('ARGS=(plan -out x)\nterraform "${ARGS[@]}"', "", "", "pass"),
    ('TF="$HOME/bin/terraform"\n$TF apply', "", "", "fail"),
    ("TF=$(pwd)/echo\n$TF apply", "", "", "pass"),
    ("./bin/$TF apply", "env: {TF: terraform}", "variables: {TF: terraform}", "fail"),
    ("./bin/$TF apply", "", "", "unknown"),
    ("for it in echo terraform; do $it apply; done", "", "", "fail"),
    ("docker run --rm $TF_IMAGE apply", "env: {TF_IMAGE: 'hashicorp/terraform:1'}",
     "variables: {TF_IMAGE: 'hashicorp/terraform:1'}", "fail"),
    ("docker run --rm -v $PWD:/w $TF_IMAGE apply", "", "", "unknown"),
    ("docker run --rm -v $PWD:/w $IMAGE apply", "", "", "pass"),
    ("alias tf=terraform\ntf apply", "", "", "fail"),
    ("alias tf='terraform -chdir=infra'\ntf plan", "", "", "pass"),
    ('tf() { terraform -chdir=infra "$@"; }\ntf apply', "", "", "fail"),
    ('tf() { terraform -chdir=infra "$@"; }\ntf plan', "", "", "pass"),
    ('tf() { cd infra; terraform "$@"; }\ntf apply', "", "", "unknown"),
    ('terraform() { command terraform -chdir=infra "$@"; }\nterraform apply', "", "", "fail"),
    ("alias terraform=echo\nterraform apply", "", "", "fail"),  # bash knows aliases only when a person types
    ("alias x=y\nterraform apply", "env: {alias terraform: echo}", "variables: {alias terraform: echo}", "fail"),
    ("TF=terraform; $TF apply; TF=echo", "", "", "fail"),
    ("$tool = 'terraform'\n& $tool apply", "", "", "fail"),
    ("& $env:TOOL apply", "env: {TOOL: terraform}", "variables: {TOOL: terraform}", "fail"),
    ("& $env:TERRAFORM apply", "", "", "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("script", "env", "variables", "wanted"), BOTH)
@pytest.mark.parametrize("forge", ["github", "gitlab"])
def test_a_command_named_by_a_variable(
    tmp_path: Path, forge: str, script: str, env: str, variables: str, wanted: str
) -> None:
    """Set for all, for the job and (GitHub) for the step it is the same command."""
    if forge == "github":
        places = [{".github/workflows/d.yml": github(script, **{at: env})} for at in ("top", "job", "step")]
    else:
        places = [{".gitlab-ci.yml": gitlab(script, **{at: variables})} for at in ("top", "job")]
    for files in places:
        report = scan(tmp_path, GATE, files)
        assert verdict(report) == wanted, (files, [f.message for f in report.findings])


def test_a_gate_needs_no_name_of_the_command(tmp_path: Path) -> None:
    """What a variable holds is of no interest where a person must start the job."""
    gated = github("$TERRAFORM apply", job="environment: prod")
    assert verdict(scan(tmp_path, GATE, {".github/workflows/d.yml": gated})) == "pass"
    by_hand = gitlab("$TERRAFORM apply", job="when: manual")
    assert verdict(scan(tmp_path / "b", GATE, {".gitlab-ci.yml": by_hand})) == "pass"


CLUSTERS = [
    # script, action before it, verdict
    ("kind create cluster --wait 60s\nkubectl apply -f x", "", "pass"),
    ("k3d cluster create\nhelm install a b\nhelm upgrade a b", "", "pass"),
    ("minikube start --driver=docker && kubectl apply -f x", "", "pass"),
    ("curl -sfL https://get.k3s.io | sh -\nkubectl apply -f x", "", "pass"),
    ("kind create cluster\nkubectl --context kind-kind apply -f x", "", "pass"),
    ("kind create cluster\nkubectl config use-context kind-kind\nkubectl apply -f x", "", "pass"),
    ("kubectl apply -f x", "helm/kind-action@v1", "pass"),
    ("kubectl apply -f x", "actions/checkout@v4", "fail"),
    ("kubectl apply -f x\nkind create cluster", "", "fail"),
    ("kind version\nkubectl apply -f x", "", "fail"),
    ("kind create cluster\nkubectl --context prod apply -f x", "", "fail"),
    ("kind create cluster\nkubectl --kubeconfig=$PROD apply -f x", "", "fail"),
    ("kind create cluster\nkubectl apply -f x\naws eks update-kubeconfig --name a\nkubectl apply -f x", "", "fail"),
    ("kind create cluster\nkubectl config use-context prod\nkubectl apply -f x", "", "fail"),
    ("az aks get-credentials -n a\nkubectl apply -f x", "helm/kind-action@v1", "fail"),
    ("kind create cluster\nterraform apply", "", "fail"),
    ("kind create cluster\nkubectl apply -f x\nterraform apply", "", "fail"),
]


@pytest.mark.parametrize(("script", "action", "wanted"), CLUSTERS)
@pytest.mark.parametrize("forge", ["github", "gitlab"])
def test_what_lasts_no_longer_than_the_job_needs_no_gate(
    tmp_path: Path, forge: str, script: str, action: str, wanted: str
) -> None:
    """A cluster that the job has started on its own runner."""
    if forge == "gitlab" and action:
        return  # of GitHub only
    uses = f"uses: {action}\n      - name: n" if action else ""
    text = github(script, step=uses) if forge == "github" else gitlab(script)
    name = ".github/workflows/d.yml" if forge == "github" else ".gitlab-ci.yml"
    report = scan(tmp_path, GATE, {name: text})
    assert verdict(report) == wanted, [f.message for f in report.findings]


def test_a_cluster_that_is_started_on_a_condition_is_not_counted_on(tmp_path: Path) -> None:
    text = github("kubectl apply -f x", step="uses: helm/kind-action@v1\n        if: inputs.local\n      - name: n")
    assert verdict(scan(tmp_path, GATE, {".github/workflows/d.yml": text})) == "fail"


def test_a_cluster_that_a_makefile_starts(tmp_path: Path) -> None:
    makefile = "e2e: cluster\n\tkubectl apply -f x\ncluster:\n\tkind create cluster\n"
    assert verdict(scan(tmp_path, GATE, {".gitlab-ci.yml": gitlab("make e2e"), "Makefile": makefile})) == "pass"


MATRICES = [
    ("terraform ${{ matrix.verb }}", "strategy: {matrix: {verb: [init, plan]}}", "pass"),
    ("terraform ${{ matrix.verb }}", "strategy: {matrix: {verb: [plan, apply]}}", "fail"),
    ("terraform ${{ matrix.verb }}", "strategy: {matrix: {include: [{verb: plan}, {verb: apply}]}}", "fail"),
    ("terraform ${{ matrix.verb }}", "strategy: {matrix: '${{ fromJSON(inputs.all) }}'}", "unknown"),
    ("terraform $V", "env: {V: '${{ matrix.v }}'}\n    strategy: {matrix: {v: [apply]}}", "fail"),
    ("terraform $verb", "strategy: {matrix: {verb: [plan]}}", "unknown"),  # no variable of the shell
    ("terraform $VERB", "parallel: {matrix: [{VERB: [plan, validate]}]}", "pass"),
    ("terraform $VERB", "parallel: {matrix: [{VERB: plan}, {VERB: [apply]}]}", "fail"),
    ("$TOOL apply", "parallel: {matrix: [{TOOL: [echo, tofu]}]}", "fail"),
    ("terraform $VERB", "parallel: 5", "unknown"),
]


@pytest.mark.parametrize(("script", "job", "wanted"), MATRICES)
def test_of_a_matrix_the_value_that_changes_most_counts(tmp_path: Path, script: str, job: str, wanted: str) -> None:
    text = gitlab(script, job=job) if "parallel" in job else github(script, job=job)
    name = ".gitlab-ci.yml" if "parallel" in job else ".github/workflows/d.yml"
    assert verdict(scan(tmp_path, GATE, {name: text})) == wanted


def test_other_names_for_commands_reach_as_far_as_their_shell(tmp_path: Path) -> None:
    before = 'deploy:\n  before_script:\n    - |\n      tf() {\n        tofu "$@"\n      }\n  script: [tf apply]\n'
    assert verdict(scan(tmp_path / "a", GATE, {".gitlab-ci.yml": before})) == "fail"
    after = before.replace("  script:", "  script: [x]\n  after_script:")
    assert verdict(scan(tmp_path / "b", GATE, {".gitlab-ci.yml": after})) == "pass"
    steps = "on: push\njobs:\n  d:\n    steps:\n      - run: alias tf=tofu\n      - run: tf apply\n"
    assert verdict(scan(tmp_path / "c", GATE, {".github/workflows/d.yml": steps})) == "pass"


def test_a_step_s_own_variable_counts_before_one_that_was_handed_on(tmp_path: Path) -> None:
    first = '      - run: echo "TF=terraform" >> "$GITHUB_ENV"\n'
    text = f"on: push\njobs:\n  d:\n    steps:\n{first}      - run: $TF apply\n        env: {{TF: echo}}\n"
    assert verdict(scan(tmp_path, GATE, {".github/workflows/d.yml": text})) == "pass"


def test_what_one_step_hands_on_to_the_next(tmp_path: Path) -> None:
    first = '      - run: echo "TF=terraform" >> "$GITHUB_ENV"\n'
    text = f"on: push\njobs:\n  d:\n    steps:\n{first}      - run: $TF apply\n"
    assert verdict(scan(tmp_path, GATE, {".github/workflows/d.yml": text})) == "fail"
    lost = text.replace('echo "TF=terraform" >> "$GITHUB_ENV"', "X=terraform").replace("$TF", "$X")
    assert verdict(scan(tmp_path / "b", GATE, {".github/workflows/d.yml": lost})) == "pass"  # a shell of its own
    before = 'deploy:\n  before_script: ["X=terraform"]\n  script: ["$X apply"]\n'
    assert verdict(scan(tmp_path / "c", GATE, {".gitlab-ci.yml": before})) == "fail"
    after = 'deploy:\n  script: ["X=terraform"]\n  after_script: ["$X apply"]\n'
    assert verdict(scan(tmp_path / "d", GATE, {".gitlab-ci.yml": after})) == "pass"  # a shell of its own


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("${{ env.TF }}", "fail"),
        ("${{ vars.TERRAFORM }}", "unknown"),
        ("${{ vars.TF }}", "unknown"),  # which is no variable of the environment
        ("${{ steps.tf.outputs.command }}", "unknown"),
        ("${{ matrix.tool }}", "pass"),
    ],
)
def test_an_expression_of_github_in_the_place_of_a_command(tmp_path: Path, expression: str, wanted: str) -> None:
    text = github(f"{expression} apply", top="env: {TF: terraform}")
    report = scan(tmp_path, GATE, {".github/workflows/d.yml": text})
    assert verdict(report) == wanted
    if "vars." in expression:
        assert f"what {expression} runs" in report.findings[0].message


def test_a_variable_that_a_rule_sets_is_unknown(tmp_path: Path) -> None:
    text = gitlab("$TF apply", top="variables: {TF: echo}", job="rules: [{if: $X, variables: {TF: terraform}}]")
    assert verdict(scan(tmp_path, GATE, {".gitlab-ci.yml": text})) == "unknown"


SIMPLE = "apply: plan\n\t@terraform apply -auto-approve\n\nplan:\n\tterraform plan\n"
MAKEFILES = [
    # Makefile, script, verdict
    (SIMPLE, "make apply", "fail"),
    (SIMPLE, "make plan", "pass"),
    (SIMPLE, "make", "fail"),
    (f".DEFAULT_GOAL := plan\n{SIMPLE}", "make", "pass"),
    (SIMPLE, "make -n apply", "pass"),
    (SIMPLE, "make --dry-run apply", "pass"),
    (SIMPLE, "sudo make -j 4 apply ENV=prod", "fail"),
    (SIMPLE, "make destroy", "pass"),  # there is no such target: make stops
    ("TF := terraform\ndeploy:\n\t$(TF) apply\n", "make deploy", "fail"),
    ("TF = $(BIN)form\nBIN = terra\ndeploy:\n\t${TF} apply\n", "make deploy", "fail"),
    ("TF ?= echo\ndeploy:\n\t$(TF) apply\n", "make deploy", "pass"),
    ("TF ?= echo\ndeploy:\n\t$(TF) apply\n", "make deploy TF=terraform", "fail"),
    ("TF ?= echo\ndeploy:\n\t$(TF) apply\n", "export TF=terraform\nmake deploy", "fail"),
    ("TF = echo\ndeploy:\n\t$(TF) apply\n", "export TF=terraform\nmake deploy", "pass"),
    ("deploy: TF = tofu\ndeploy:\n\t$(TF) apply\n", "make deploy", "fail"),
    ("deploy:\n\t$(TF) apply\n", "make deploy", "unknown"),
    ("ifdef CI\nTF = terraform\nelse\nTF = echo\nendif\ndeploy:\n\t$(TF) apply\n", "make deploy", "unknown"),
    ("TF = $(shell which terraform)\ndeploy:\n\t$(TF) apply\n", "make deploy", "fail"),
    ("deploy-%:\n\tterraform -chdir=$* apply\n", "make deploy-prod", "fail"),
    ("all: deploy-prod\ndeploy-%:\n\tterraform apply\n", "make all", "fail"),
    ("deploy: ; terraform apply\n", "make deploy", "fail"),
    ("deploy:\n\tcd infra && \\\n\t  terraform apply\n", "make deploy", "fail"),
    ("a b: c\nc:\n\tterraform apply\n", "make b", "fail"),
    ("a: b\nb: a\n\tterraform apply\n", "make a", "fail"),
    ("deploy:\n\t$(MAKE) inner\ninner:\n\tterraform apply\n", "make deploy", "fail"),
    ("deploy:\n\t$(MAKE) deploy\n", "make deploy", "unknown"),  # make calls make for ever
    ("deploy:\n\t@echo terraform apply # terraform apply\n", "make deploy", "pass"),
    ("# deploy:\n#\tterraform apply\nother:\n\ttrue\n", "make deploy", "pass"),
    ("define run\n\tterraform apply\nendef\ndeploy:\n\t$(run)\n", "make deploy", "pass"),
    (".ONESHELL:\ndeploy:\n\tTF=terraform\n\t$$TF apply\n", "make deploy", "fail"),
    ("include $(TOP)/rules.mk\nx:\n\ttrue\n", "make deploy", "unknown"),
    ("$(eval $(call rule,deploy))\n", "make deploy", "unknown"),
    ("apply::\n\ttrue\napply::\n\tterraform apply\n", "make apply", "fail"),
]  # fmt: skip


@pytest.mark.parametrize(("makefile", "script", "wanted"), MAKEFILES)
@pytest.mark.parametrize("forge", ["github", "gitlab"])
def test_what_a_goal_of_make_runs(tmp_path: Path, forge: str, makefile: str, script: str, wanted: str) -> None:
    name, make = (".github/workflows/d.yml", github) if forge == "github" else (".gitlab-ci.yml", gitlab)
    report = scan(tmp_path, GATE, {name: make(script), "Makefile": makefile})
    assert verdict(report) == wanted, [f.message for f in report.findings]
    assert ("Makefile", "read") in {(i["path"], i["status"]) for i in report.coverage.inputs}


def test_the_finding_stands_in_the_workflow_and_names_the_line_of_the_makefile(tmp_path: Path) -> None:
    report = scan(tmp_path, GATE, {".gitlab-ci.yml": gitlab("make apply"), "Makefile": SIMPLE})
    (finding,) = [f for f in report.findings if f.verdict is Verdict.FAIL]
    assert finding.location is not None
    assert (finding.location.file, finding.location.start_line) == (".gitlab-ci.yml", 5)
    assert "runs terraform apply (make apply, Makefile:2) without an environment" in finding.message


FOLDERS = [
    ("make -C infra apply", "", "", "fail"),
    ("make --directory=infra apply", "", "", "fail"),
    ("cd infra && make apply", "", "", "fail"),
    ("cd infra\nmake apply", "", "", "fail"),
    ("cd infra/../infra\nmake -C . apply", "", "", "fail"),
    ("make apply", "working-directory: infra", "", "fail"),
    ("make apply", "", "defaults: {run: {working-directory: infra}}", "fail"),
    ("make -f infra/GNUmakefile apply", "", "", "fail"),
    ("make apply", "", "", "unknown"),
    ("make -C $DIR apply", "", "", "unknown"),
    ("make -C elsewhere apply", "", "", "unknown"),
    ("make build", "", "", "pass"),  # not here, and by its name it changes nothing
]  # fmt: skip


@pytest.mark.parametrize(("script", "step", "job", "wanted"), FOLDERS)
@pytest.mark.parametrize("forge", ["github", "gitlab"])
def test_where_make_looks(tmp_path: Path, forge: str, script: str, step: str, job: str, wanted: str) -> None:
    if forge == "gitlab" and (step or job):
        return  # of GitHub only
    text = github(script, step=step, job=job) if forge == "github" else gitlab(script)
    files = {".github/workflows/d.yml" if forge == "github" else ".gitlab-ci.yml": text, "infra/GNUmakefile": SIMPLE}
    report = scan(tmp_path, GATE, files)
    assert verdict(report) == wanted, [f.message for f in report.findings]


def test_included_makefiles_and_nothing_outside_the_tree(tmp_path: Path) -> None:
    inside = {".gitlab-ci.yml": gitlab("make apply"), "Makefile": "include ci/rules.mk\n", "ci/rules.mk": SIMPLE}
    assert verdict(scan(tmp_path / "a", GATE, inside)) == "fail"
    (tmp_path / "rules.mk").write_text(SIMPLE)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "Makefile").symlink_to(tmp_path / "rules.mk")
    report = scan(tmp_path / "b", GATE, {".gitlab-ci.yml": gitlab("make apply")})
    assert verdict(report) == "unknown"
    report = scan(tmp_path / "c", GATE, {".gitlab-ci.yml": gitlab("make apply"), "Makefile": "include ../rules.mk\n"})
    assert verdict(report) == "unknown"


SCANS = [
    ("checkov -d .\nterraform apply", "", "pass"),
    ("checkov -d . && terraform apply", "", "pass"),
    ("terraform apply && checkov -d .", "", "fail"),
    ("$SCANNER -d .\nterraform apply", "", "fail"),
    ("SCANNER=checkov\n$SCANNER -d .\nterraform apply", "", "pass"),
    ("$CHECKOV -d .\nterraform apply", "", "unknown"),
    ("make scan\nterraform apply", "scan:\n\tcheckov -d .\n", "pass"),
    ("make scan\nterraform apply", "scan:\n\t-checkov -d .\n", "fail"),
    ("make scan || true\nterraform apply", "scan:\n\tcheckov -d .\n", "fail"),
    ("make -i scan\nterraform apply", "scan:\n\tcheckov -d .\n", "fail"),
    ("make scan\nterraform apply", "scan:\n\tterraform fmt\n", "fail"),
    ("make scan\nterraform apply", "", "unknown"),
    ("make deploy", "deploy: scan\n\tterraform apply\nscan:\n\tcheckov -d .\n", "pass"),
    ("make deploy", "deploy:\n\tterraform apply\n\tcheckov -d .\n", "fail"),
]  # fmt: skip


@pytest.mark.parametrize(("script", "makefile", "wanted"), SCANS)
@pytest.mark.parametrize("forge", ["github", "gitlab"])
def test_scans_behind_variables_and_make(tmp_path: Path, forge: str, script: str, makefile: str, wanted: str) -> None:
    name, make = (".github/workflows/d.yml", github) if forge == "github" else (".gitlab-ci.yml", gitlab)
    files = {name: make(script), **({"Makefile": makefile} if makefile else {})}
    report = scan(tmp_path, SCANNED, files)
    assert verdict(report) == wanted, [f.message for f in report.findings]


DOUBLED = "".join(f"A{i}=$(A{i - 1})$(A{i - 1})\n" for i in range(1, 60))
BEGUN = "".join(f"a{i}%:\n\ttrue\n" for i in range(10_000))
HOSTILE = {
    "variables of variables": f"A0=x\n{DOUBLED}apply:\n\t$(A59) apply\n",
    "appended for ever": "A = x\n" + "A += yyyyyyyyyyyyyyyy\n" * 20_000 + "apply:\n\techo $(A)\n",
    "continued for ever": "A = \\\n" + "  x \\\n" * 60_000 + "\napply:\n\ttrue\n",
    "blanks": " " * 400_000 + "x\napply:\n\ttrue\n",
    "rules": "".join(f"t{i}: t{i + 1}\n" for i in range(20_000)) + "apply: t0\n\tterraform apply\n",
    "make calls make": "apply:\n" + "\t$(MAKE) apply\n" * 400,
    "one rule": "apply:\n" + "\ttrue\n" * 60_000,
    "patterns": f"{BEGUN}apply: " + " ".join(f"z{i}" for i in range(20_000)) + "\n\ttrue\n",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_makefiles_end_and_crash_nothing(tmp_path: Path, name: str) -> None:
    report = scan(tmp_path, GATE, {".gitlab-ci.yml": gitlab("make apply"), "Makefile": HOSTILE[name]})
    assert Verdict.NOT_EVALUATED not in {f.verdict for f in report.findings}


BLOCK = "".join(f"      X{i}=1; $X{i} foo\n" for i in range(100))
SCRIPTS = {
    "variables of variables": gitlab("X=aa\n" + "X=$X$X\n" * 60 + "$X apply"),
    "words of variables": gitlab("X='" + "a " * 900 + "'\n$X " + "$X " * 20_000),
    "a shell with many variables": "deploy:\n  script:\n" + f"    - |\n{BLOCK}" * 300,
    "one script with many variables": f"deploy:\n  script:\n    - |\n{BLOCK * 300}",
    "changes of its own cluster": "deploy:\n  script:\n    - |\n      kind create cluster\n"
    + "      kubectl apply -f x\n" * 20_000,
    "sudo": gitlab("sudo " * 100_000 + "terraform apply"),
    "functions": gitlab("\n".join("f() { " + "a" * 190 + " b" * 8 + ' "$@; }' for _ in range(400))),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_hostile_scripts_take_time_by_their_length(tmp_path: Path, name: str) -> None:
    began = time.process_time()
    report = scan(tmp_path, GATE, {".gitlab-ci.yml": SCRIPTS[name]})
    assert time.process_time() - began < 15
    assert Verdict.NOT_EVALUATED not in {f.verdict for f in report.findings}


@pytest.mark.parametrize(
    ("script", "makefile", "loaded"),
    [
        ("terraform apply", SIMPLE, set()),
        ("make apply", "", {"assay.analysis.indirect"}),
        ("make apply", SIMPLE, {"assay.analysis.indirect", "assay.analysis.makefiles", "assay.documents.makefiles"}),
    ],
)
def test_what_is_not_needed_is_not_loaded(tmp_path: Path, script: str, makefile: str, loaded: set[str]) -> None:
    (tmp_path / ".gitlab-ci.yml").write_text(gitlab(script))
    if makefile:
        (tmp_path / "Makefile").write_text(makefile)
    program = (
        f"import sys; from assay.cli import main; main(['scan', {str(tmp_path)!r}, '-q'])\n"
        "sys.stderr.write('@' + repr(sorted(m for m in sys.modules if m.endswith(('.indirect', '.makefiles')))))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stderr.rpartition("@")[2] == repr(sorted(loaded))
