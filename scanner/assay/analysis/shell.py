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
        at, wrapped = 0, False
        while at < len(words):
            word = words[at]
            if word in _WRAPPERS:
                wrapped = True
            elif wrapped and (word.startswith("-") or _DURATION.fullmatch(word)):
                pass
            elif "=" in word and word.partition("=")[0].isidentifier():
                wrapped = False
            else:
                break
            at += 1
        return words[at:]


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
            unheard = len(children) - 1 if pipes and node.type == "pipeline" else 0
            inner = [(c, ignored or i < unheard or _forgives(node, c)) for i, c in enumerate(children)]
            waiting += reversed(inner)
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


# --- credentials as arguments -----------------------------------------------------------------------------------------

_SHORT = {
    "docker": ("-p",), "podman": ("-p",), "buildah": ("-p",), "nerdctl": ("-p",), "sshpass": ("-p",), "az": ("-p",),
    "helm": (), "curl": ("-u", "--user"), "wget": (), "mysql": (), "mysqldump": (), "twine": ("-p",), "htpasswd": (),
}  # fmt: skip
_LOGIN = ("docker", "podman", "buildah", "nerdctl", "az")
_SAFE = pattern(r".*(?:-stdin|-file|-path|-env|-arn|-id|-name|-length|-ttl|-policy|-type|-url|-prompt)$")


def unquoted(script: str) -> str:
    """A script without its quotes, to look for words in."""
    return script.replace('"', "").replace("'", "")


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

    plain = unquoted(script)
    options = (words[0] for rest in plain.split("--")[1:] if (words := rest.split(maxsplit=1)))
    if "--from-literal" in plain or any(secret_root(o.lower().replace("-", "_")) for o in options):
        return True
    return ("-p" in plain or "-u" in plain) and any(name in plain for name in (*_SHORT, "mariadb"))


def _literal(value: str) -> bool:
    return value != "" and not value.startswith(("$", "%", "{", "<", "`", "@"))
