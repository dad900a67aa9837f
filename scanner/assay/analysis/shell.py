"""Shell scripts in build steps: the commands they run, whether their failure counts, what they pass as arguments."""

from __future__ import annotations

import functools
from typing import Any

from assay.model import Undetermined, Unknown
from assay.patterns import pattern
from assay.tuples import NamedTuple

LONGEST = 1_000_000


class Command(NamedTuple):
    """One simple command: its words without quotes, its line within the script (0-based), and whether its failure is
    ignored (`|| true`, `set +e`)."""

    words: tuple[str, ...]
    line: int
    ignored: bool

    @property
    def name(self) -> str:
        """What is run, without its folder; `sudo`, `env` and their like are looked through."""
        return self.bare[0].rpartition("/")[2] if self.bare else ""

    @property
    def bare(self) -> tuple[str, ...]:
        words = self.words
        while words and (words[0] in _WRAPPERS or ("=" in words[0] and words[0].partition("=")[0].isidentifier())):
            wrapped = words[0] in _WRAPPERS
            words = words[1:]
            while wrapped and words and (words[0].startswith("-") or _DURATION.fullmatch(words[0])):
                words = words[1:]
        return words


_WRAPPERS = {"sudo", "env", "time", "exec", "nohup", "command", "xargs", "uv", "poetry", "pipenv", "run", "npx", "uvx",
             "timeout"}  # fmt: skip
_DURATION = pattern(r"\d+(?:\.\d+)?[smhd]?")
_WORDS = {"command_name", "word", "string", "raw_string", "concatenation", "number", "simple_expansion", "expansion"}


@functools.lru_cache(maxsize=512)
def commands(script: str, loose: bool = False, pipes: bool = False) -> tuple[Command, ...]:
    """The commands of a script, in order.

    Args:
        loose: the shell goes on after a failure, as it does without `-e`: only the end of the script tells.
        pipes: of a pipeline only the last command tells, as without `pipefail`.

    Raises:
        Undetermined: tree-sitter-bash is not installed.
    """
    try:
        import tree_sitter
        import tree_sitter_bash
    except ImportError as error:
        reason = f"{error.name} is not installed, which reads shell: pip install 'assay[documents]'"
        raise Undetermined(Unknown(reason)) from None
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))
    found: list[Command] = []
    lenient = False
    root = parser.parse(script[:LONGEST].encode()).root_node
    top = [child for child in root.named_children if child.type != "comment"]
    for statement in top:
        waiting = [(statement, False)]
        alone = statement.type != "list" and statement is not top[-1]  # what follows `&&` does not run after a failure
        while waiting:
            node, ignored = waiting.pop()
            if node.type == "command":
                words = _words(node)
                if words[:1] == ("set",):
                    loose = lenient = _sets(words, "e", "errexit", loose)
                    pipes = _sets(words, "", "pipefail", pipes)
                found.append(Command(words, node.start_point[0], ignored or lenient or (loose and alone)))
                found += _nested(node, found[-1])
            elif node.type == "redirected_statement":
                found += _fed(node, ignored or lenient or (loose and alone))
            children = node.children
            heard = children[-1:] if pipes and node.type == "pipeline" else children
            waiting += [(c, ignored or c not in heard or _forgives(node, c)) for c in reversed(children)]
    return tuple(found)


_SHELLS = {"sh", "bash", "ash", "dash", "zsh", "ksh"}


def _nested(node: Any, outer: Command) -> list[Command]:
    """The commands of the script that a command hands to a shell: `bash -c '...'`, `eval "..."`."""
    given = [child for child in node.named_children if child.type in _WORDS]
    if outer.name not in _SHELLS and outer.name != "eval":
        return []
    at = next((i for i, w in enumerate(outer.words) if w.rpartition("/")[2] == outer.name), 0) + 1
    flags = ""
    while outer.name != "eval" and at < len(given) and outer.words[at].startswith("-"):
        flags += outer.words[at][1:] if not outer.words[at].startswith("--") else ""
        at += 1
    if at >= len(given) or (outer.name != "eval" and "c" not in flags):
        return []
    return _inside(outer.words[at], given[at].start_point[0], "e" not in flags, outer.ignored)


def _fed(node: Any, ignored: bool) -> list[Command]:
    """The commands of a heredoc that a shell reads."""
    commands_ = [child for child in node.named_children if child.type == "command"]
    redirects = [child for child in node.named_children if child.type == "heredoc_redirect"]
    bodies = [inner for one in redirects for inner in one.named_children if inner.type == "heredoc_body"]
    if len(commands_) != 1 or not bodies:
        return []
    outer = Command(_words(commands_[0]), 0, ignored)
    options = outer.bare[1:]
    if outer.name not in _SHELLS or any(not o.startswith("-") or "c" in o for o in options if o != "-s"):
        return []
    loose = not any("e" in o for o in options if not o.startswith("--"))
    return _inside(bodies[0].text.decode("utf-8", "replace"), bodies[0].start_point[0], loose, ignored)


def _inside(script: str, line: int, loose: bool, ignored: bool) -> list[Command]:
    return [c._replace(line=c.line + line, ignored=c.ignored or ignored) for c in commands(script, loose)]


def _sets(words: tuple[str, ...], letter: str, name: str, now: bool) -> bool:
    """Whether an option of the shell that was off (`now`) is so after `set`: `-e`, `+e`, `-euo pipefail`."""
    for i, word in enumerate(words[1:], 1):
        named = word[-1:] == "o" and words[i + 1 : i + 2] == (name,)
        if word[:1] in ("-", "+") and (named or (letter and letter in word[1:])):
            now = word[0] == "+"
    return now


def _words(node: Any) -> tuple[str, ...]:
    return tuple(_plain(child) for child in node.named_children if child.type in _WORDS)


def _plain(node: Any) -> str:
    text = node.text.decode("utf-8", "replace")
    return "".join(c for c in text if c not in "\"'") if len(text) < 10_000 else text


def _forgives(node: Any, child: Any) -> bool:
    """True for the left side of `||` whose right side always succeeds."""
    if node.type != "list" or len(node.children) < 3 or node.children[1].type != "||" or child != node.children[0]:
        return False
    right = node.children[2].text.decode("utf-8", "replace").split()
    return right[:1] in (["true"], [":"], ["echo"], ["printf"]) or right[:2] == ["exit", "0"]


# --- what commands do -------------------------------------------------------------------------------------------------

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
    "helmfile": ("apply", "sync", "destroy"),
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


def _launched(c: Command) -> Command:
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
    c = _launched(c)
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


def may_apply(script: str) -> bool:
    """False for a script none of whose commands `applies`, which needs no parser to say so."""
    plain = _unquoted(script)
    if "cloudformation" in plain or "create-apply-job" in plain or "create-destroy-job" in plain:
        return True
    return any(name in plain and any(v in plain for v in verbs) for name, verbs in _APPLIES.items())


def _unquoted(script: str) -> str:
    return script.replace('"', "").replace("'", "")


# --- credentials as arguments -----------------------------------------------------------------------------------------

_SHORT = {
    "docker": ("-p",), "podman": ("-p",), "buildah": ("-p",), "nerdctl": ("-p",), "sshpass": ("-p",), "az": ("-p",),
    "helm": (), "curl": ("-u", "--user"), "wget": (), "mysql": (), "mysqldump": (), "twine": ("-p",), "htpasswd": (),
}  # fmt: skip
_LOGIN = ("docker", "podman", "buildah", "nerdctl", "az")
_SAFE = pattern(r".*(?:-stdin|-file|-path|-env|-arn|-id|-name|-length|-ttl|-policy|-type|-url|-prompt)$")


def credential_argument(c: Command) -> tuple[str, bool] | None:
    """The option that passes a credential on the command line, and whether that is written out; None without one."""
    from assay.reports.masking import secret_name

    words = c.bare
    for i, word in enumerate(words[1:], 1):
        option, equals, value = word.partition("=")
        value = value if equals else (words[i + 1] if i + 1 < len(words) else "")
        if option in _SHORT.get(c.name, ()):
            if c.name in _LOGIN and "login" not in words:
                continue
            if option in ("-u", "--user") and ":" not in value:
                continue
            return option, _literal(value.rpartition(":")[2])
        if c.name in ("mysql", "mysqldump", "mariadb") and word.startswith("-p") and len(word) > 2:
            return "-p", _literal(word[2:])
        named = option.startswith("--") and secret_name(option[2:].replace("-", "_")) and not _SAFE.match(option)
        if named and value and not value.startswith("-"):
            return option, _literal(value)
        if option == "--from-literal" and "=" in value and secret_name(value.partition("=")[0]):
            return option, _literal(value.partition("=")[2])
    return None


def may_pass_credential(script: str) -> bool:
    """False for a script none of whose commands `credential_argument` would name, which needs no parser to say so."""
    from assay.reports.masking import secret_root

    plain = _unquoted(script)
    options = (words[0] for rest in plain.split("--")[1:] if (words := rest.split(maxsplit=1)))
    if "--from-literal" in plain or any(secret_root(o.lower().replace("-", "_")) for o in options):
        return True
    return ("-p" in plain or "-u" in plain) and any(name in plain for name in (*_SHORT, "mariadb"))


def _literal(value: str) -> bool:
    return value != "" and not value.startswith(("$", "%", "{", "<", "`", "@"))
