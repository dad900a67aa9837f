"""Dockerfiles as what they do: their instructions and commands, and what of credentials stays in the image."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any

from assay.model import Undetermined, Unknown
from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.model import Resource, ValuePath

_COPIED = pattern(
    r"(?:^|/)(?:\.env(?:\.(?!example|sample|template|dist)\S+)?|id_(?:rsa|dsa|ecdsa|ed25519)|\.npmrc|\.pypirc|\.netrc|\.aws|\.oci"
    r"|credentials|\.docker/config\.json|\S+\.(?:pem|p12|pfx|jks|key))/?$"
)


_PUBLIC = pattern(
    r"(?:^|/)(?!\S*key)(?:\S*[-_.])?(?:ca|bundle|chain|fullchain|certs?|public|pub|root)(?:[-_.]\S*)?\.pem$"
)
"""Certificates, which anybody may read, as people name them."""


def instructions_of(recipe: Resource) -> Iterator[tuple[int, dict[str, Any]]]:
    """Every instruction with its position, what `ONBUILD` keeps for the images built on this one as what it is.

    Raises:
        Undetermined: the recipe could not be parsed.
    """
    instructions = recipe["instructions"]
    if isinstance(instructions, Unknown):
        raise Undetermined(instructions)
    for i, one in enumerate(instructions):
        if one["word"] == "ONBUILD":
            word, text = (*one["text"].split(None, 1), "", "")[:2]
            yield i, {**one, "word": word.upper(), "text": text, "later": True}
        else:
            yield i, {**one, "later": False}


_OPTIONS = pattern(r"\s*(?:--\S+\s+)*")
_CHECK = pattern(r"\A(?:\s*--\S+)*\s*CMD\s", re.IGNORECASE)
"""What a HEALTHCHECK has before its command."""
_SHELLS = ("", "sh", "bash", "ash", "/bin/sh", "/bin/bash", "/bin/ash")
_FED = pattern(r"(\S*)(?:\s+-\w+)*\s*\d*<<-?[\"']?[^\s<\"']+[\"']?\s*")


def scripts(recipe: Resource) -> Iterator[tuple[str, ValuePath]]:
    """What each RUN gives to a shell, line for line as it stands, and where."""
    for i, one in instructions_of(recipe):
        if one["word"] == "RUN":
            yield _script(one["text"], one["head"]), ("instructions", i)


def _script(text: str, head: int) -> str:
    lines = text.split("\n")
    options = _OPTIONS.match("\n".join(lines[:head]))
    skipped = options[0] if options else ""
    begin = "\\\n" * skipped.count("\n") + "\\\n".join("\n".join(lines[:head])[len(skipped) :].split("\n"))
    if begin.lstrip("\\\n ").startswith("["):
        return _listed(begin)
    fed = _FED.fullmatch(begin)
    if fed is not None and head < len(lines):
        return "\n" * head + "\n".join(lines[head:-1]) if fed[1] in _SHELLS else begin.partition("<<")[0]
    return "\n".join((begin, *lines[head:]))


def _listed(text: str) -> str:
    """The script of `["/bin/sh", "-c", "..."]`, or the one command that such a list is."""
    try:
        words = json.loads(text.replace("\\\n", "\n"))
    except ValueError:
        return text
    if not isinstance(words, list) or not all(isinstance(w, str) for w in words):
        return ""
    if len(words) == 3 and words[0] in _SHELLS and words[1].startswith("-") and words[1].endswith("c"):
        return str(words[2])
    return shlex.join(words)


def image_secrets(recipe: Resource) -> Iterator[tuple[str, ValuePath]]:
    """The credentials that become part of an image or of its history."""
    from assay.analysis.credentials import is_credential, written_out
    from assay.analysis.dockerfile_images import pairs, split
    from assay.reports.masking import secret_name

    for i, one in instructions_of(recipe):
        where = ("instructions", i)
        if one["word"] == "ARG":
            for word in split(one["text"]):
                name, _, value = word.partition("=")
                if secret_name(name) or is_credential(name, value):
                    yield f"ARG {name} keeps a credential in the image's history", where
        elif one["word"] in ("ENV", "LABEL"):
            for name, value in pairs(one["text"]):
                passed = one["word"] == "ENV" and secret_name(name) and value.startswith("$")
                if passed or is_credential(name, value):
                    yield f"{one['word']} {name} holds a credential", where
        elif one["word"] in ("COPY", "ADD"):
            for source in _sources(one):
                if _COPIED.search(source) and not _PUBLIC.search(source) and "://" not in source:
                    yield f"{source} is copied into the image", where
        if one["word"] in ("CMD", "ENTRYPOINT", "HEALTHCHECK"):
            if next(written_out(_script(_CHECK.sub("", one["text"]), one["head"])), None) is not None:
                yield f"the {one['word']} holds a credential", where
        elif one["word"] == "RUN" or one["text"].count("\n") >= one["head"]:
            lines = sorted({one["text"].count("\n", 0, start) for start in written_out(one["text"])})
            for line in lines:
                said = "command" if one["word"] == "RUN" else "file that it writes"
                yield f"the {said} holds a credential", (*where, "line", line)


def _head(one: dict[str, Any]) -> str:
    """The text of an instruction without the heredocs behind it."""
    return "\n".join(one["text"].split("\n")[: one["head"]])


def options_of(one: dict[str, Any]) -> list[str]:
    """The options (`--name=value`) that an instruction begins with."""
    found = _OPTIONS.match(_head(one))
    return found[0].split() if found else []


def _sources(one: dict[str, Any]) -> list[str]:
    """What a COPY or ADD takes from the build's context."""
    if any(o.startswith("--from=") for o in options_of(one)):
        return []
    rest = [w for w in _head(one).split() if not w.startswith("--")]
    if rest and rest[0].startswith("["):
        try:
            rest = [str(w) for w in json.loads(" ".join(rest))]
        except (ValueError, TypeError):
            return []
    return rest[:-1]
