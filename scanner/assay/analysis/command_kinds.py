"""What commands of build steps do: run tests, scan, build and push images, change infrastructure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.analysis.shell import unquoted
from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

    from assay.analysis.shell import Command

_TESTS = pattern(
    r"pytest|py\.test|tox|nox|jest|vitest|mocha|ava|karma|rspec|phpunit|ctest|bats|unittest"
    r"|(?:python[\d.]*|coverage) .*-m (?:pytest|unittest|tox|nox|nose2)\b.*"
    r"|(?:python[\d.]*|node|ruby|bash|sh) (?:-\S+ )*(?:\S*/)?(?:\S*[-_])?(?:run)?[-_]?tests?(?:[-_]\S*)?\.\w+(?: .*)?"
    r"|(?:go|cargo|dotnet|sbt|npm|yarn|pnpm|bun|deno|swift|mix|terraform|tofu) "
    r"(?:.* )?(?:t|test|test:\S+|run test\S*)(?: .*)?"
    r"|(?:make|rake|bazel|ant|just|task|invoke|hatch|earthly) (?:.* )?(?:\+?tests?|check|spec)(?: .*)?"
    r"|(?:gradle|gradlew) (?:.* )?(?:test|check|build)(?: .*)?"
    r"|(?:mvn|mvnw) (?:.* )?(?:test|verify|package|install|deploy)(?: .*)?"
    r"|(?:bundle|composer) (?:.* )?(?:rspec|test)(?: .*)?"
)
_SCRIPT_OF_TESTS = pattern(r"(?:\S*[-_])?(?:run)?[-_]?tests?(?:[-_]\S*)?\.\w+")
_NO_TESTS = ("-DskipTests", "-Dmaven.test.skip=true", "-Dmaven.test.skip", "--collect-only", "-x test")
_SCANNERS = {
    "trivy", "grype", "snyk", "bandit", "semgrep", "checkov", "tfsec", "kics", "terrascan", "assay", "zizmor",
    "gitleaks", "trufflehog", "detect-secrets", "detect-secrets-hook", "safety", "pip-audit", "osv-scanner",
    "govulncheck", "gosec", "brakeman", "dockle", "hadolint", "dependency-check", "dependency-check.sh", "conftest",
    "clairctl", "prowler", "kube-linter", "kubescape", "regula", "clamscan", "twistcli", "opa",
}  # fmt: skip
_LENIENT = {
    "trivy": lambda w: _option(w, "--exit-code") in ("", "0"), "grype": lambda w: not _has(w, "--fail-on", "-f"),
    "checkov": lambda w: _has(w, "--soft-fail", "-s"), "tfsec": lambda w: _has(w, "--soft-fail", "-s"),
    "bandit": lambda w: _has(w, "--exit-zero"), "gitleaks": lambda w: _option(w, "--exit-code") == "0",
    "assay": lambda w: _option(w, "--fail-on") == "never", "kics": lambda w: _has(w, "--ignore-on-exit"),
    "semgrep": lambda w: "ci" not in w and not _has(w, "--error"), "hadolint": lambda w: _has(w, "--no-fail"),
    "snyk": lambda w: "monitor" in w[1:3], "dockle": lambda w: _option(w, "--exit-code") in ("", "0"),
    "docker": lambda w: "scout" in w[1:2] and not _has(w, "--exit-code", "-e"),
    "trufflehog": lambda w: not _has(w, "--fail"), "detect-secrets": lambda w: "scan" in w[1:2],
    "dependency-check": lambda w: not _has(w, "--failOnCVSS"), "gosec": lambda w: _has(w, "-no-fail"),
    "dependency-check.sh": lambda w: not _has(w, "--failOnCVSS"), "zizmor": lambda w: _has(w, "--no-exit-codes"),
    "kubescape": lambda w: not _has(w, "--compliance-threshold", "--fail-threshold", "--severity-threshold"),
    "prowler": lambda w: _has(w, "-z", "--ignore-exit-code-3"),
    "opa": lambda w: not _has(w, "--fail", "--fail-defined"),
}  # fmt: skip
"""How scanners are told, or left, to succeed whatever they find."""
_BUILDERS = (
    "docker", "podman", "buildah", "nerdctl", "kaniko", "executor", "img", "pack", "jib", "buildctl", "docker-compose",
    "fn",
)  # fmt: skip
_JAVA = ("mvn", "mvnw", "gradle", "gradlew")
_COPIERS = ("skopeo", "crane", "regctl", "oras")


def _has(words: tuple[str, ...], *options: str) -> bool:
    return any(w.partition("=")[0] in options for w in words)


def _option(words: tuple[str, ...], name: str) -> str:
    for i, word in enumerate(words):
        if word == name:
            return words[i + 1] if i + 1 < len(words) else ""
        if word.startswith(f"{name}="):
            return word[len(name) + 1 :]
    return ""


def runs_tests(c: Command) -> bool:
    """True when a command runs tests."""
    if c.name in ("docker", "podman", "nerdctl", "docker-compose") and {"run", "exec"} & set(c.bare[1:3]):
        return any(_TESTS.fullmatch(word) is not None for word in c.bare[2:])  # in a container
    text = " ".join((c.name, *c.bare[1:]))
    if _SCRIPT_OF_TESTS.fullmatch(c.name) is not None or _TESTS.fullmatch(c.name) is not None:
        return True
    return _TESTS.fullmatch(text) is not None and not any(no in text for no in _NO_TESTS)


def inside(c: Command) -> Command:
    """What a scanner's own image runs (`docker run aquasec/trivy image ...`); other commands as they are."""
    if c.name in ("docker", "podman", "nerdctl") and c.bare[1:2] == ("run",):
        for i, word in enumerate(c.bare[2:], 2):
            name = word.partition("@")[0].rpartition("/")[2].partition(":")[0]
            if name in _SCANNERS and not word.startswith("-"):
                return c._replace(words=(name, *c.bare[i + 1 :]))
    return c


def scans(c: Command) -> bool:
    """True when a command runs a security scanner."""
    c = inside(c)
    second = c.bare[1] if len(c.bare) > 1 else ""
    if c.name in ("npm", "yarn", "pnpm"):
        return second == "audit"
    if c.name == "docker":
        return second in ("scout", "scan")
    if c.name in ("mvn", "mvnw", "gradle", "gradlew"):
        return any("dependency-check" in w or "dependencyCheck" in w for w in c.bare)
    if c.name.startswith("python"):
        return any(w in _SCANNERS for w in c.bare[1:4])
    return c.name in _SCANNERS and not (c.name == "opa" and second != "eval")


def scans_image(c: Command) -> bool:
    """True when what is scanned is an image, which must have been built before."""
    c = inside(c)
    return scans(c) and (
        "image" in c.bare or "container" in c.bare or c.name in ("grype", "dockle", "docker", "clairctl", "twistcli")
    )


def forgiven(c: Command) -> bool:
    """True when whatever the scanner finds stops nothing."""
    c = inside(c)
    lenient = _LENIENT.get(c.name)
    return c.ignored or (lenient is not None and lenient(c.bare))


def builds_image(c: Command) -> bool:
    """True when a command builds an image; `fn deploy` builds one and pushes it."""
    if c.name in ("executor", "kaniko"):
        return True
    if c.name in _JAVA:
        return any(w.startswith(("jib", "spring-boot:build-image", "bootBuildImage")) for w in c.bare[1:])
    verbs = ("build", "bud", "buildx", "bake", "build-using-dockerfile", "deploy" if c.name == "fn" else "build")
    return c.name in _BUILDERS and any(w in verbs for w in c.bare[1:4])


def pushes_image(c: Command) -> bool:
    """True when a command pushes an image to a registry, or copies one there."""
    if c.name in _JAVA:
        return any(w in ("jib", "jib:build") for w in c.bare[1:])
    if c.name in _COPIERS:
        return any(w in ("copy", "push", "cp") for w in c.bare[1:3])
    if c.name == "fn" and "deploy" in c.bare[1:4]:
        return "--local" not in c.bare
    return c.name in _BUILDERS and ("push" in c.bare[1:3] or (builds_image(c) and "--push" in c.bare))


_APPLIES = {
    "terraform": ("apply", "destroy"), "tofu": ("apply", "destroy"), "terragrunt": ("apply", "destroy"),
    "pulumi": ("up", "destroy"), "cdk": ("deploy", "destroy"), "cdktf": ("deploy", "destroy", "apply"),
    "sam": ("deploy", "delete"), "serverless": ("deploy", "remove"), "sls": ("deploy", "remove"), "sst": ("deploy",),
    "helm": ("upgrade", "install"), "kubectl": ("apply", "replace"), "copilot": ("deploy",),
    "helmfile": ("apply", "sync", "destroy"), "gitlab-terraform": ("apply", "destroy"),
    "gitlab-tofu": ("apply", "destroy"),
}  # fmt: skip
_TAKING_VALUES = {
    "kubectl": ("--context", "--cluster", "--kubeconfig", "-n", "--namespace", "--user", "-s", "--server", "--token"),
    "helm": ("--kube-context", "--kubeconfig", "-n", "--namespace"),
    "helmfile": ("-e", "--environment", "-f", "--file", "-l", "--selector", "-n", "--namespace", "--kube-context"),
    "aws": ("--region", "--profile", "--output", "--endpoint-url", "--query", "--ca-bundle"),
    "cdk": ("--app", "-a", "--profile", "--context", "-c"), "pulumi": ("-C", "--cwd", "-s", "--stack"),
    "terragrunt": ("--terragrunt-working-dir", "--working-dir", "--terragrunt-config", "--config"),
}  # fmt: skip
"""Options before the verb whose value is a word of its own."""
_PACKAGES = ("npm", "pnpm", "yarn", "bun", "bunx")
_LAUNCHERS = (
    "aws-vault",
    "chamber",
    "doppler",
    "op",
    "infisical",
    "mise",
    "asdf",
    "nix",
    "devbox",
    "teller",
    "saml2aws",
)
"""Programs that run what stands behind their `--`."""
_OWN_IMAGES = ("terraform", "tofu", "opentofu", "terragrunt", "pulumi", "kubectl", "helm", "aws-cli")


def launched(c: Command) -> Command:
    """The command that a package manager, a launcher or a tool's own image runs; others as they are."""
    words = c.bare
    if c.name in _PACKAGES:
        rest = words[1:]
        while rest and (rest[0] in ("exec", "run", "dlx", "x", "--") or rest[0].startswith("-")):
            rest = rest[1:]
        return c._replace(words=rest) if rest and rest[0] in _APPLIES else c
    if c.name in _LAUNCHERS and "--" in words:
        return c._replace(words=words[words.index("--") + 1 :])
    if c.name in ("docker", "podman", "nerdctl") and words[1:2] == ("run",):
        for i, word in enumerate(words[2:], 2):
            name = word.partition("@")[0].rpartition("/")[2].partition(":")[0]
            if name in _OWN_IMAGES and not word.startswith("-") and ("/" in word or ":" in word):
                own = {"opentofu": "tofu", "aws-cli": "aws"}.get(name, name)
                return c._replace(words=(own, *words[i + 1 :]))
    return c


def applies(c: Command) -> str:
    """The infrastructure change that a command makes, as it is written; empty when it makes none."""
    c = launched(c)
    takes = _TAKING_VALUES.get(c.name, ())
    given = c.bare[1:]
    words = [w for i, w in enumerate(given) if not w.startswith("-") and not (i and given[i - 1] in takes)]
    verbs = _APPLIES.get(c.name, ())
    if c.name == "terragrunt":
        words = [w.removesuffix("-all") for w in words if w not in ("run-all", "run", "stack")]
    if any(v in words[:2] for v in verbs) and "--dry-run" not in " ".join(c.bare):
        return f"{c.name} {next(v for v in verbs if v in words[:2])}"
    if c.name == "aws" and words[:1] == ["cloudformation"]:
        verb = words[1] if len(words) > 1 else ""
        return (
            f"aws cloudformation {verb}" if verb in ("deploy", "create-stack", "update-stack", "delete-stack") else ""
        )
    for job in ("create-apply-job", "create-destroy-job") if c.name == "oci" else ():
        if job in words:
            return f"oci resource-manager job {job}"
    return ""


def changes(name: str) -> bool:
    """True for the name of a tool that changes infrastructure."""
    return name in _APPLIES or name in ("aws", "oci")


_BY_NAME = {"tf": "terraform", "opentofu": "tofu", "tg": "terragrunt", "kube": "kubectl"}
_LONG_NAMES = ("terraform", "terragrunt", "opentofu", "tofu", "pulumi", "kubectl", "helmfile", "helm")


def named_tool(variable: str) -> str:
    """The tool that the name of a variable speaks of (`TF_BIN`, `TERRAFORM`); empty when it speaks of none."""
    words = variable.lower().split("_")
    for word in words:
        found = _BY_NAME.get(word, word)
        if found in _APPLIES or found in _SCANNERS or found in ("aws", "oci"):
            return found
    starts = (name for word in words for name in _LONG_NAMES if word.startswith(name))
    return next(starts, "")


INDIRECT = pattern(
    r"(?:^|[\n;&|({`]|\b(?:then|do|else|sudo|exec|time|--)\s)[ \t]*(?:-\w+[ \t]+){0,3}[\"']?"
    r"\$(?:\{?\{?[ \t]*[A-Za-z_]|\((?:which|command|type)\b)"
    r"|\b(?:terraform|tofu|terragrunt|pulumi)[ \t]+(?:-\S+[ \t]+){0,3}[\"']?\$|\bg?make\b"
    r"|\balias[ \t]|\beval[ \t]+[\"']?\$|\$env:"
    r"|\$[^\s;&|]{1,80}[ \t]+(?:[-$\"'][^\s;&|]{0,80}[ \t]+){0,4}(?:apply|destroy|up|deploy|upgrade|install)\b"
)
"""What a script holds whose commands are named by variables, or run by make."""


_RENAMES = pattern(r"\balias[ \t]|\)\s{0,99}\{[^}]{0,2000}\$[@*1]")


def renames(scripts: Iterable[str]) -> bool:
    """True when scripts give commands other names, by an alias or a function that hands over what it is given."""
    return any(("alias" in s or "$" in s) and _RENAMES.search(s) is not None for s in scripts)


def may_apply(script: str) -> bool:
    """False for a script none of whose commands `applies`, which needs no parser to say so."""
    if INDIRECT.search(script) is not None:
        return True
    plain = unquoted(script)
    if "cloudformation" in plain or "create-apply-job" in plain or "create-destroy-job" in plain:
        return True
    return any(name in plain and any(v in plain for v in verbs) for name, verbs in _APPLIES.items())
