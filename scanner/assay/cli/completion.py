"""`assay completion bash|zsh|fish`: made from the parsers, so that it cannot lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.cli import COMMANDS

if TYPE_CHECKING:
    from argparse import ArgumentParser


def run(argv: list[str]) -> int:
    from argparse import ArgumentParser

    p = ArgumentParser("assay completion", description="Print the completion script of a shell.")
    p.add_argument("shell", choices=("bash", "zsh", "fish"))
    shell = p.parse_args(argv).shell
    print({"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](), end="")
    return 0


def _options(parser: ArgumentParser) -> dict[str, str]:
    """The long options of a command with what they are for, those of its own commands included."""
    found: dict[str, str] = {}
    for action in parser._actions:
        if isinstance(action.choices, dict):
            for inner in action.choices.values():
                found |= _options(inner)
        for option in action.option_strings:
            if option.startswith("--"):
                found[option] = (action.help or "").replace("'", "").replace("%", "")
    return found


WITH_PARSERS = (
    "scan", "fix", "waivers", "baseline", "history", "reach", "can", "policy", "query", "report", "init", "doctor",
)  # fmt: skip
WORDS = {
    "rules": "list test new docs coverage", "waivers": "list check add", "baseline": "write diff",
    "history": "list show diff prune",
    "audit": "aws oci cluster database cost",
}  # fmt: skip
"""What may follow a command that has commands of its own."""


def _options_of(command: str) -> list[tuple[str, str]]:
    from importlib import import_module

    return list(_options(import_module(f"assay.cli.{command}").parser()).items())


def _bash() -> str:
    commands = " ".join(COMMANDS)
    options = "\n".join(
        f"""  elif [ "${{COMP_WORDS[1]}}" = {name} ] && [[ "$word" == -* ]]; then
    COMPREPLY=($(compgen -W "{" ".join(o for o, _ in _options_of(name))}" -- "$word"))"""
        for name in WITH_PARSERS
    ) + "".join(
        f"""
  elif [ "${{COMP_WORDS[1]}}" = {name} ] && [ "$COMP_CWORD" -eq 2 ]; then
    COMPREPLY=($(compgen -W "{words}" -- "$word"))"""
        for name, words in WORDS.items()
    )
    return f"""_assay() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "{commands} --help --version" -- "$word"))
{options}
  else
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}}
complete -o filenames -F _assay assay
"""


def _zsh() -> str:
    commands = "\n    ".join(f"'{name}:{what}'" for name, what in COMMANDS.items())
    options = "\n".join(
        f"  elif [[ $words[2] == {name} ]]; then\n    _arguments {_zsh_options(name)} '*:path:_files'"
        for name in WITH_PARSERS
    ) + "".join(
        f"\n  elif [[ $words[2] == {name} && CURRENT -eq 3 ]]; then\n    _values command {words}"
        for name, words in WORDS.items()
    )
    return f"""#compdef assay
_assay() {{
  local -a commands
  commands=(
    {commands}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
{options}
  else
    _files
  fi
}}
compdef _assay assay
"""


def _zsh_options(command: str) -> str:
    return " ".join(f"'{o}[{what.replace('[', '(').replace(']', ')')}]'" for o, what in _options_of(command))


def _fish() -> str:
    lines = [f"complete -c assay -n __fish_use_subcommand -a {name} -d '{what}'" for name, what in COMMANDS.items()]
    lines += [
        f"complete -c assay -n '__fish_seen_subcommand_from {name}' -l {option[2:]} -d '{what}'"
        for name in WITH_PARSERS
        for option, what in _options_of(name)
    ]
    lines += [f"complete -c assay -n '__fish_seen_subcommand_from {name}' -a '{w}'" for name, w in WORDS.items()]
    return "\n".join(lines) + "\n"
