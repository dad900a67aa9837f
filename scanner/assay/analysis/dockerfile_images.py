"""Dockerfiles as what they are built from: base images, the images they take files from, and the user that is left."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from assay.analysis.dockerfiles import instructions_of, options_of
from assay.model import Undetermined, Unknown
from assay.patterns import pattern
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.model import Resource, ValuePath

_VARIABLE = pattern(r"\$(?:(\w+)|\{(\w+)(?:(:?[-+])([^}]*)|([^}]+))?\})")
_DIGEST = pattern(r"@[a-z0-9]+:[0-9a-fA-F]{32,}$")
_OF_THE_PLATFORM = frozenset(
    f"{side}{what}" for side in ("BUILD", "TARGET") for what in ("PLATFORM", "OS", "OSVERSION", "ARCH", "VARIANT")
)
"""Arguments that every build has: a name of a platform, never a digest."""

Arguments = dict[str, "str | None"]
"""What is known of arguments and variables by their names; None for one without a value."""


def unpinned_images(recipe: Resource) -> Iterator[tuple[str, ValuePath]]:
    """The images without a digest that a recipe builds on, or takes files from.

    Raises:
        Undetermined: at the end, when one is named by an argument that is not known.
    """
    bases = _bases(recipe)
    stages = {base.name for base in bases if base.name}
    before: set[str] = set()
    doubts: list[str] = []
    for base in bases:
        if base.image.lower() not in before and base.image.lower() != "scratch" and not _of_stages(base, before):
            how = _unpinned(base.image, base.unknown, before, doubts)
            if how:
                yield f"the base image {base.image} {how}", base.where
        before.add(base.name)
    for i, one in instructions_of(recipe):
        for image in _taken_from(one):
            if image.lower() in stages or image.isdigit() or image.lower() == "scratch":
                continue
            unknown = image.partition("$")[2].strip("{}")
            how = _unpinned(image, unknown, stages, doubts)
            if how:
                yield f"{one['word']} takes files from the image {image}, which {how}", ("instructions", i)
    if doubts:
        raise Undetermined(Unknown(doubts[0]))


class _Base(NamedTuple):
    """What a stage begins with: its image with what is known filled in, the name of an argument that is not, the name
    of the stage (lower), and where that stands."""

    image: str
    unknown: str
    name: str
    where: ValuePath


def _bases(recipe: Resource) -> list[_Base]:
    found = []
    arguments: Arguments = {}
    for i, one in instructions_of(recipe):
        if one["word"] == "ARG" and one["stage"] < 0:
            declare(one["text"], arguments)
        elif one["word"] == "FROM":
            words = [w for w in one["text"].split() if not w.startswith("--")]
            image, unknown = filled(words[0] if words else "", arguments)
            name = words[2].lower() if len(words) == 3 and words[1].lower() == "as" else ""
            found.append(_Base(image.strip("\"'"), unknown, name, ("instructions", i)))
    return found


def _of_stages(base: _Base, stages: set[str]) -> bool:
    """Whether a base is one of several stages, told by the platform: `FROM build-${TARGETARCH}`."""
    if base.unknown not in _OF_THE_PLATFORM:
        return False
    first, _, rest = base.image.lower().partition("${")
    last = rest.partition("}")[2]
    return any(name.startswith(first) and name.endswith(last) and len(name) > len(first + last) for name in stages)


def _unpinned(image: str, unknown: str, stages: set[str], doubts: list[str]) -> str:
    """What to say of an image without a digest; empty when it has one, or (a doubt more) when nobody knows."""
    if _DIGEST.search(image):
        return ""
    end = image.rpartition("}")[2].lower()
    if unknown and unknown not in _OF_THE_PLATFORM and (not end or any(name.endswith(end) for name in stages)):
        doubts.append(f"the image depends on {unknown}, whose value is not known here")
        return ""  # it may hold the digest, or be a stage
    tag = image.rpartition("/")[2].partition(":")[2]
    return "has no digest" if tag not in ("", "latest") else f"is {'latest' if tag else 'whatever latest is'}"


def _taken_from(one: dict[str, Any]) -> Iterator[str]:
    """The stages and images that an instruction takes files from."""
    for option in options_of(one) if one["word"] in ("COPY", "ADD", "RUN") else ():
        name, _, value = option.partition("=")
        if name == "--from" and one["word"] == "COPY" and value:
            yield value
        elif name == "--mount" and one["word"] == "RUN":
            pairs = (part.strip("\"'").partition("=") for part in value.split(","))
            yield from (text for key, _, text in pairs if key.lower() == "from" and text)


# --- arguments --------------------------------------------------------------------------------------------------------


def split(text: str) -> list[str]:
    """The words of an instruction as a shell splits them."""
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def declare(text: str, arguments: Arguments, outer: Arguments | None = None) -> None:
    """Add what an ARG declares: `name`, `name=value`, or several of them.

    Args:
        outer: the arguments before the first FROM, whose values a name without one takes.
    """
    for word in split(text):
        name, equals, value = word.partition("=")
        text, unknown = filled(value, arguments)
        arguments[name] = (text if not unknown else None) if equals else (outer or {}).get(name)


def filled(text: str, arguments: Arguments) -> tuple[str, str]:
    """A text with its variables replaced, and the name of one that nobody knows, which stays as `${name}`."""
    unknown = ""

    def value(match: Any) -> str:
        nonlocal unknown
        name, operator, other = match[1] or match[2], match[3] or "", match[4] or ""
        found = arguments.get(name)
        if operator.endswith("+"):
            return str(other) if found or (found is not None and operator == "+") else ""
        if operator.endswith("-") and (found is None or (operator == ":-" and found == "")):
            return str(other)
        if found is None or match[5]:  # `${name#prefix}` and its like are not worked out
            unknown = unknown or name
            return f"${{{name}}}"
        return found

    return _VARIABLE.sub(value, text) if "$" in text else text, unknown


def pairs(text: str) -> Iterator[tuple[str, str]]:
    """The variables that an ENV sets."""
    words = split(text)
    if words and "=" not in words[0]:  # the old form: ENV name value
        yield words[0], " ".join(words[1:])
        return
    for word in words:
        name, _, value = word.partition("=")
        yield name, value


# --- the user ---------------------------------------------------------------------------------------------------------


_STARTED = ("CMD", "ENTRYPOINT")


def root_user(recipe: Resource) -> tuple[str, ValuePath] | None:
    """What to say, and where, when the final stage runs as root; None when it does not.

    Raises:
        Undetermined: the user is an argument without a value.
    """
    bases = _bases(recipe)
    stages = {base.name: i for i, base in enumerate(bases) if base.name}
    chain = [len(bases) - 1]  # the final stage, and those that it builds on
    while stages.get(bases[chain[-1]].image.lower(), chain[-1]) < chain[-1]:
        chain.append(stages[bases[chain[-1]].image.lower()])
    found = _user(recipe, chain)
    base = bases[chain[-1]]
    if found is None:
        if base.image.startswith(("public.ecr.aws/lambda/", "cgr.dev/chainguard/")) or "nonroot" in base.image:
            return None  # Lambda runs every function as a user of its own; the others' images name one
        if base.image == "scratch" and not any(i["word"] in _STARTED for i in recipe["instructions"] or ()):
            return None  # files to copy from: nothing in it can start by itself
        if base.unknown:
            raise Undetermined(Unknown(f"no USER is set, and the base image is the argument {base.unknown}"))
        return "no USER is set, so the container runs as root", bases[-1].where
    user, where = found
    name = user.strip("\"'").partition(":")[0]
    if "$" in name:
        raise Undetermined(Unknown(f"the user is {name}, an argument"))
    root = name == "root" or (name.isdigit() and int(name) == 0)
    return (f"the container runs as {name}", where) if root else None


def _user(recipe: Resource, chain: list[int]) -> tuple[str, ValuePath] | None:
    """The last USER of the stages of a chain, the deepest first, and where it stands; None without one."""
    outer: Arguments = {}
    environment: Arguments = {}
    arguments: Arguments = {}
    found: tuple[str, ValuePath] | None = None
    stage = -1
    for i, one in instructions_of(recipe):
        if one["stage"] != stage:
            stage, arguments = one["stage"], {}
        if one["later"] or (stage >= 0 and stage not in chain):
            continue
        if one["word"] == "ARG" and stage < 0:
            declare(one["text"], outer)
        elif one["word"] == "ARG":
            declare(one["text"], arguments, outer)
        elif one["word"] == "ENV":
            known = arguments | environment
            environment |= {
                name: text for name, value in pairs(one["text"]) for text, no in [filled(value, known)] if not no
            }
        elif one["word"] == "USER":
            found = filled(one["text"].strip(), arguments | environment)[0], ("instructions", i)
    return found
