"""Dockerfiles as what they build: their commands, base images, user and what of credentials stays in the image."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from assay.model import Undetermined, Unknown
from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.model import Resource, ValuePath

_VARIABLE = pattern(r"\$\{?(\w+)(?:(:?[-+])([^}]*))?\}?")
_COPIED = pattern(
    r"(?:^|/)(?:\.env(?:\.(?!example|sample|template|dist)\S+)?|id_(?:rsa|dsa|ecdsa|ed25519)|\.npmrc|\.pypirc|\.netrc|\.aws|\.oci"
    r"|credentials|\.docker/config\.json|\S+\.(?:pem|p12|pfx|jks|key))/?$"
)


_PUBLIC = pattern(
    r"(?:^|/)(?!\S*key)(?:\S*[-_.])?(?:ca|bundle|chain|fullchain|certs?|public|pub|root)(?:[-_.]\S*)?\.pem$"
)
"""Certificates, which anybody may read, as people name them."""


def _instructions(recipe: Resource) -> Iterator[tuple[int, dict[str, Any]]]:
    """Every instruction with its position, what `ONBUILD` keeps for the images built on this one as what it is.

    Raises:
        Undetermined: the recipe could not be parsed.
    """
    instructions = recipe["instructions"]
    if isinstance(instructions, Unknown):
        raise Undetermined(instructions)
    for i, one in enumerate(instructions):
        if one["word"] == "ONBUILD":
            word, _, text = one["text"].partition(" ")
            yield i, {**one, "word": word.upper(), "text": text, "later": True}
        else:
            yield i, {**one, "later": False}


_OPTIONS = pattern(r"\s*(?:--\S+\s+)*")
_SHELLS = ("", "sh", "bash", "ash", "/bin/sh", "/bin/bash", "/bin/ash")
_FED = pattern(r"(\S*)(?:\s+-\w+)*\s*\d*<<-?[\"']?[^\s<\"']+[\"']?\s*")


def scripts(recipe: Resource) -> Iterator[tuple[str, ValuePath]]:
    """What each RUN gives to a shell, line for line as it stands, and where."""
    for i, one in _instructions(recipe):
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


def unpinned_bases(recipe: Resource) -> Iterator[tuple[str, ValuePath]]:
    """The base images without a digest.

    Raises:
        Undetermined: at the end, when a base is an argument without a default.
    """
    names: set[str] = set()
    arguments: dict[str, str | None] = {}
    doubt = ""
    for i, one in _instructions(recipe):
        if one["word"] == "ARG" and one["stage"] < 0:
            _declare(one["text"], arguments)
        if one["word"] != "FROM":
            continue
        words = [w for w in one["text"].split() if not w.startswith("--")]
        image, unknown = _filled(words[0] if words else "", arguments)
        base = image.lower() not in names and image.lower() != "scratch"
        if len(words) == 3 and words[1].lower() == "as":
            names.add(words[2].lower())
        if not base or "@sha256:" in image:
            continue
        end = image.rpartition("}")[2].lower()
        if unknown and (not end or any(name.endswith(end) for name in names)):  # it may hold the digest, or be a stage
            doubt = doubt or f"the base image is the argument {unknown}, which has no default"
            continue
        tag = image.rpartition("/")[2].partition(":")[2]
        how = "has no digest" if tag not in ("", "latest") else f"is {'latest' if tag else 'whatever latest is'}"
        yield f"the base image {image} {how}", ("instructions", i)
    if doubt:
        raise Undetermined(Unknown(doubt))


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _declare(text: str, arguments: dict[str, str | None]) -> None:
    """Add what an ARG declares: `name`, `name=value`, or several of them."""
    for word in _split(text):
        name, equals, value = word.partition("=")
        filled, unknown = _filled(value, arguments)
        arguments[name] = filled if equals and not unknown else None


def _filled(text: str, arguments: dict[str, str | None]) -> tuple[str, str]:
    """A text with its variables replaced, and the name of one that nobody knows, which stays as `${name}`."""
    unknown = ""

    def value(match: Any) -> str:
        nonlocal unknown
        found, operator, other = arguments.get(match[1]), match[2] or "", match[3] or ""
        if operator.endswith("+"):
            return str(other) if found or (found is not None and operator == "+") else ""
        if operator.endswith("-") and (found is None or (operator == ":-" and found == "")):
            return str(other)
        if found is None:
            unknown = unknown or str(match[1])
            return f"${{{match[1]}}}"
        return found

    return _VARIABLE.sub(value, text) if "$" in text else text, unknown


def root_user(recipe: Resource) -> tuple[str, ValuePath] | None:
    """What to say, and where, when the final stage runs as root; None when it does not.

    Raises:
        Undetermined: the user is an argument.
    """
    instructions = [one for _, one in _instructions(recipe)]
    last = instructions[-1]["stage"]
    stages: dict[str, int] = {}
    arguments: dict[str, str | None] = {}
    for one in instructions:
        words = one["text"].split()
        if one["word"] == "FROM" and len(words) >= 3 and words[-2].lower() == "as":
            stages[words[-1].lower()] = one["stage"]
        elif one["word"] == "ARG" and one["stage"] < 0:
            _declare(one["text"], arguments)
    while True:
        mine = [(i, one) for i, one in enumerate(instructions) if one["stage"] == last]
        users = [(i, one["text"].strip()) for i, one in mine if one["word"] == "USER" and not one["later"]]
        at, begin = next((i, one) for i, one in mine if one["word"] == "FROM")
        image = next((w for w in begin["text"].split() if not w.startswith("--")), "")
        image, unknown = _filled(image, arguments)
        if users:
            break
        if image.lower() in stages and stages[image.lower()] < last:  # its user is inherited
            last = stages[image.lower()]
            continue
        if image.startswith(("public.ecr.aws/lambda/", "cgr.dev/chainguard/")) or "nonroot" in image:
            return None  # Lambda runs every function as a user of its own; the others' images name one
        if unknown:
            raise Undetermined(Unknown(f"no USER is set, and the base image is the argument {unknown}"))
        return "no USER is set, so the container runs as root", ("instructions", at)
    at, user = users[-1]
    name = user.strip("\"'").partition(":")[0]
    if "$" in name:
        raise Undetermined(Unknown(f"the user is {name}, an argument"))
    return (
        (f"the container runs as {name}", ("instructions", at))
        if name == "root" or (name.isdigit() and int(name) == 0)
        else None
    )


def image_secrets(recipe: Resource) -> Iterator[tuple[str, ValuePath]]:
    """The credentials that become part of an image or of its history."""
    from assay.analysis.credentials import is_credential, written_out
    from assay.reports.masking import secret_name

    for i, one in _instructions(recipe):
        where = ("instructions", i)
        if one["word"] == "ARG":
            for word in _split(one["text"]):
                name, _, value = word.partition("=")
                if secret_name(name) or is_credential(name, value):
                    yield f"ARG {name} keeps a credential in the image's history", where
        elif one["word"] == "ENV":
            for name, value in _pairs(one["text"]):
                passed = secret_name(name) and value.startswith("$")
                if passed or is_credential(name, value):
                    yield f"ENV {name} holds a credential", where
        elif one["word"] in ("COPY", "ADD"):
            for source in _sources(one):
                if _COPIED.search(source) and not _PUBLIC.search(source):
                    yield f"{source} is copied into the image", where
        if one["word"] == "RUN" or one["text"].count("\n") >= one["head"]:
            lines = sorted({one["text"].count("\n", 0, start) for start in written_out(one["text"])})
            for line in lines:
                said = "command" if one["word"] == "RUN" else "file that it writes"
                yield f"the {said} holds a credential", (*where, "line", line)


def _sources(one: dict[str, Any]) -> list[str]:
    """What a COPY or ADD takes from the build's context."""
    text = "\n".join(one["text"].split("\n")[: one["head"]])
    words = text.split()
    options = [w for w in words if w.startswith("--")]
    if any(o.startswith("--from=") for o in options):
        return []
    rest = [w for w in words if not w.startswith("--")]
    if rest and rest[0].startswith("["):
        try:
            rest = [str(w) for w in json.loads(" ".join(rest))]
        except (ValueError, TypeError):
            return []
    return rest[:-1]


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    words = _split(text)
    if words and "=" not in words[0]:  # the old form: ENV name value
        yield words[0], " ".join(words[1:])
        return
    for word in words:
        name, _, value = word.partition("=")
        yield name, value
