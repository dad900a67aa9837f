"""Examples of rules: fenced code in a Markdown file beside the rule file; documentation and test in one text.

A section `## rule-id` has `### Good`, `### Bad` and `### Unknown` parts with fences. `# error: rule-id` marks a line
that must fail, `# unsure: rule-id` one that must be unknown; nothing else may be found. A rule that is never undecided
says why below `### Unknown: none`. For a `require` row without examples in files the Terraform ones are derived from
the row.

A fence ```` ```yaml aws ```` (or `oci`, `cluster`) holds recorded answers of the live API, which the real collector
turns into resources. There a mark may stand on any line that names the resource: its address, id, ARN or name. A
fence ```` ```yaml +oci ```` below it holds what the other cloud answers, for rules that look at both. One that begins
with OpenSLO documents ends with one of recorded `series:`, on which these are measured.

A fence whose second word is a file's name (```` ```json order.asl.json ````) is that document, or an entry of an
archive (`layer.zip!/python/a.py`, with megabytes of zeros behind it `a.bin*251`); one whose name begins with `+` is a
further file of the example above it; Terraform beside recorded answers is the code that made what they tell of, and
`data:layer.zip` in an answer is where the archive `layer.zip` of these fences can be downloaded. A word
`name=a,b` sets a parameter of the rule to that list, as the configuration would; in it `./a` is a file of the example.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False  # as `typing.TYPE_CHECKING`, without importing typing: `explain` passes here
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from assay.rule import Rule

KINDS = {"Good": "good", "Bad": "bad", "Unknown": "unknown"}
LIVE = {name: f"assay.inventory.{name}.replay" for name in ("aws", "oci", "cluster")}
"""By source: the module whose `units(answers)` gives the collector's units over recorded answers."""
_SUFFIX = {"hcl": "main.tf", "json": "input.json", "yaml": "input.yaml", "sql": "input.sql"}
_SOURCE = {"yaml": "manifest"}


class Example:
    """One fence: the rule it is about, whether it is good, bad or unknown, its language, text and place."""

    __slots__ = ("files", "kind", "language", "params", "place", "rule", "source", "text")

    def __init__(
        self, rule: str, kind: str, language: str, source: str, text: str, place: str, name: str | None = None
    ) -> None:
        self.files = {name or _SUFFIX.get(language, ""): text}  # by name; those of further fences are added
        self.params: dict[str, list[str]] = {}  # what the configuration sets in this example
        self.rule = rule
        self.kind = kind
        self.language = language
        self.source = source
        self.text = text
        self.place = place


def read(path: str) -> list[Example]:
    """Every example of a Markdown file; an empty list when there is no such file.

    Raises:
        assay.rule.RuleError: it cannot be read, or a further file stands above the example that it belongs to.
    """
    if not os.path.isfile(path):
        return []
    try:
        with open(path, encoding="utf-8") as handle:
            return _fences(path, handle)
    except (OSError, UnicodeDecodeError) as error:
        raise _refused(f"{path}: it cannot be read as text in UTF-8: {error}") from error


def _refused(sentence: str) -> Exception:
    from assay.rule import RuleError

    return RuleError(sentence)


def _fences(path: str, lines: Iterable[str]) -> list[Example]:
    found: list[Example] = []
    rule = kind = ""
    fence: list[str] | None = None
    info: list[str] = []
    settings: dict[str, list[str]] = {}
    start = 0
    for number, line in enumerate(lines, 1):
        if fence is not None:
            if line.startswith("```"):
                language = info[0] if info else "hcl"
                word = info[1] if len(info) > 1 else _SOURCE.get(language, "terraform")
                if word.startswith("+"):
                    if not found:
                        raise _refused(f"{path}:{start}: there is no example above, of which {word} is a further file")
                    found[-1].files[word[1:]] = "".join(fence)
                elif "." in word or word == "Dockerfile":
                    source = "layer" if ".zip" in word else "document"
                    found.append(Example(rule, kind, language, source, "".join(fence), f"{path}:{start}", word))
                    found[-1].params = settings
                else:
                    found.append(Example(rule, kind, language, word, "".join(fence), f"{path}:{start}"))
                    found[-1].params = settings
                fence = None
            else:
                fence.append(line)
        elif line.startswith("```"):
            words = line[3:].split()
            settings = {name: value.split(",") for name, sign, value in (w.partition("=") for w in words) if sign}
            fence, info, start = [], [w for w in words if "=" not in w], number
        elif line.startswith("## "):
            rule, kind = line[3:].strip().strip("`"), ""
        elif line.startswith("### "):
            kind = KINDS.get(line[4:].strip(), "")
    return [e for e in found if e.rule and e.kind]


def of_rule(rule: Rule, directory: str) -> list[Example]:
    """The written examples of a rule; without any in files, those derived from its row stand before the live ones."""
    from assay.derived_examples import derive

    written = [e for e in read(f"{directory}/{rule.file[:-3]}.md") if e.rule == rule.id]
    return written if any(e.source not in LIVE for e in written) else [*derive(rule), *written]


def missing(rule: Rule, directory: str, kinds: Collection[str]) -> list[str]:
    """Which of good, bad and unknown is not among these kinds of examples, save an unknown one that cannot be."""
    lacking = [kind for kind in KINDS.values() if kind not in kinds]
    if "unknown" in lacking and _never_unknown(f"{directory}/{rule.file[:-3]}.md", rule.id):
        lacking.remove("unknown")
    return [f"{rule.id} has no {kind} example" for kind in lacking]


def _never_unknown(path: str, rule_id: str) -> bool:
    """True when the rule's section gives a reason below `### Unknown: none`."""
    if not os.path.isfile(path):
        return False
    with open(path, encoding="utf-8") as handle:
        section = f"\n{handle.read()}".partition(f"\n## {rule_id}\n")[2].partition("\n## ")[0]
    reason = section.partition("\n### Unknown: none\n")[2].partition("\n#")[0]
    return bool(reason.strip()) and "```" not in reason
