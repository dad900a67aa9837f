"""Credentials that a command line passes as arguments: how `masking` finds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.patterns import pattern

if TYPE_CHECKING:
    import re

_VALUE = r"""(?![$<{`%(@/-])([^\s"'`]{6,500})"""
"""A credential as it is passed to a command; a variable, a file or the next option is none."""
_REST = r"[^\n&|;]"
"""Of one command, not of the next."""
_LOGS_IN = rf"\b(?:docker|podman|buildah|nerdctl|az)\b{_REST}{{0,99}}?\blogin\b{_REST}{{0,300}}?"
_NAMED = r"--[\w-]{0,40}(?:password|passwd|token|client-secret) {1,4}"
_DIGIT = r"(?=\S{0,99}\d)"
"""Prose also has words behind `--password`."""
ARGUMENTS: tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...] = (
    ("curl", ("-u", "--user"), pattern(
        rf"(\bcurl\b{_REST}{{0,400}}?\s(?:-u|--user)[ =]?[\"']?[^\s:\"']{{1,80}}:){_VALUE}")),
    ("login", (" -p",), pattern(rf"({_LOGS_IN}\s-p[ =]?[\"']?){_VALUE}")),
    ("sshpass", (), pattern(rf"(\bsshpass\s{{1,9}}-p\s{{0,9}}[\"']?){_VALUE}")),
    ("mysql", (" -p",), pattern(rf"(\bmysql(?:dump)?\b{_REST}{{0,300}}?\s-p[\"']?){_VALUE}")),
    ("--", ("password ", "passwd ", "token ", "client-secret "), pattern(rf"({_NAMED}[\"']?){_DIGIT}{_VALUE}")),
)  # fmt: skip
"""A word that every such command holds, words of which it has one, and its form: the second group is the credential."""
