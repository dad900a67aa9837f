"""Shell commands, gates and Dockerfiles: what counts as a test, a scan, an approval, a credential."""

from __future__ import annotations

import pytest
from assay.analysis.command_kinds import applies, builds_image, forgiven, pushes_image, runs_tests, scans
from assay.analysis.shell import commands, credential_argument
from assay.analysis.sql import weak_pattern
from assay.documents.dockerfile import read as read_dockerfile
from assay.documents.reading import File


@pytest.mark.parametrize(
    "script",
    [
        "pytest -q",
        "python3 -m pytest tests",
        "python -m unittest",
        "npm test",
        "npm run test:unit",
        "yarn test",
        "go test ./...",
        "./gradlew clean test",
        "mvn -B verify",
        "make check",
        "cargo test",
        "tox -e py313",
        "npx jest",
        "poetry run pytest",
        "cd app && dotnet test",
        "if ! pytest; then exit 1; fi",
        "bundle exec rspec",
    ],
)
def test_what_runs_tests(script: str) -> None:
    assert any(runs_tests(c) for c in commands(script))


@pytest.mark.parametrize(
    "script",
    [
        "echo pytest",
        "npm ci",
        "mvn -DskipTests package",
        "# pytest",
        "pip install pytest",
        "go build ./...",
        "test -f x",
    ],
)
def test_what_runs_none(script: str) -> None:
    assert not any(runs_tests(c) for c in commands(script))


@pytest.mark.parametrize(
    ("script", "blocking"),
    [
        ("trivy image --exit-code 1 x", True),
        ("trivy image --exit-code=1 x", True),
        ("trivy image x", False),
        ("docker run --rm aquasec/trivy:0.5 image --exit-code 1 x", True),
        ("docker run --rm -v /x:/y aquasec/trivy image x", False),
        ("timeout 5m snyk test", True),
        ("checkov -d .", True),
        ("checkov -d . --soft-fail", False),
        ("grype x --fail-on high", True),
        ("grype x", False),
        ("assay scan .", True),
        ("assay scan . --fail-on never", False),
        ("snyk test", True),
        ("snyk test || true", False),
        ("snyk test || echo ignored", False),
        ("set +e\nsnyk test", False),
        ("set +e\nset -e\nsnyk test", True),
        ("npm audit", True),
        ("bandit -r . --exit-zero", False),
        ("semgrep ci", True),
        ("semgrep scan", False),
        ("snyk test || exit 1", True),
    ],
)
def test_a_scan_that_can_stop_something(script: str, blocking: bool) -> None:
    (scan,) = [c for c in commands(script) if scans(c)]
    assert forgiven(scan) is not blocking


def test_building_and_pushing() -> None:
    found = commands("docker buildx build --push -t a .\ndocker build .\npodman push a\ndocker login x\nbuildah bud .")
    assert [builds_image(c) for c in found] == [True, True, False, False, True]
    assert [pushes_image(c) for c in found] == [True, False, True, False, False]


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("terraform -chdir=x apply -auto-approve", "terraform apply"),
        ("terraform plan", ""),
        ("tofu destroy", "tofu destroy"),
        ("kubectl apply -f x --dry-run=client", ""),
        ("kubectl apply -f x", "kubectl apply"),
        ("npx cdk deploy", "cdk deploy"),
        ("aws cloudformation deploy --stack-name x", "aws cloudformation deploy"),
        ("aws s3 ls", ""),
        ("helm template x", ""),
        ("sudo -E terraform apply", "terraform apply"),
    ],
)
def test_what_changes_infrastructure(script: str, said: str) -> None:
    assert [applies(c) for c in commands(script)] == [said]


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("docker login -u me -p $TOKEN x", ("-p", False)),
        ("docker login -u me --password hunter2 x", ("--password", True)),
        ("docker login -u me --password-stdin x", None),
        ("docker run -p 80:80 x", None),
        ("mkdir -p x", None),
        ("mysql -phunter2 db", ("-p", True)),
        ("curl -u me:hunter2 x", ("-u", True)),
        ("curl -u me x", None),
        ("kubectl create secret generic s --from-literal=password=$P", ("--from-literal", False)),
        ("kubectl create secret docker-registry r --docker-password=abc", ("--docker-password", True)),
        ("vault login --token-file x", None),
        ("terraform apply -auto-approve", None),
        ("sshpass -p x ssh y", ("-p", True)),
    ],
)
def test_credentials_as_arguments(script: str, found: tuple[str, bool] | None) -> None:
    assert [credential_argument(c) for c in commands(script)] == [found]


@pytest.mark.parametrize("script", ["'" * 999, "$(" * 2000, "a <<E\n" * 500, "\x00\xff", "if " * 1000, ""])
def test_no_script_is_too_strange(script: str) -> None:
    commands(script)


def test_instructions_of_a_dockerfile() -> None:
    text = (
        b"# syntax=docker/dockerfile:1\n# escape=\\\nFROM a AS b\n\nRUN one && \\\n    # a comment\n    two\n"
        b'RUN <<EOF\nthree\nEOF\nFROM b\nCMD ["x"]\n'
    )
    (recipe,) = read_dockerfile(File("Dockerfile", "Dockerfile", text))
    assert [(i["word"], i["line"], i["end_line"], i["stage"]) for i in recipe.values["instructions"]] == [
        ("FROM", 3, 3, 0), ("RUN", 5, 7, 0), ("RUN", 8, 10, 0), ("FROM", 11, 11, 1), ("CMD", 12, 12, 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("^(a+)+$", "exponential"),
        ("^([a-z]+\\.?)+$", "exponential"),
        ("^(a|b*)+$", "exponential"),
        ("^([a-z]+\\.)+[a-z]{2}$", ""),
        ("^[A-Z]{3}$", ""),
        ("^[[:alpha:]]+$", ""),
        ("(", ""),
    ],
)
def test_patterns_of_domains(pattern: str, said: str) -> None:
    assert said in weak_pattern(pattern, bounded=True)
    assert said != "" or weak_pattern(pattern, bounded=True) == ""
