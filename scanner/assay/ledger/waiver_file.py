"""`assay-waivers.toml`: waivers that stand apart from what they excuse, each with a reason and an end.

    [[waiver]]
    rule = "aws-sqs-unencrypted"                      # or a list of ids
    address = 'module.queues["eu"].aws_sqs_queue.*'   # `*` stands for any run of characters; the address as reported
    reason = "holds public prices only"
    owner = "team-prices"                             # optional
    expires = 2027-03-31                              # the last day on which it holds, in UTC

An address is a Terraform address with module path and instance key, an ARN, an OCID, or `namespace/Kind/name`.
`file = "net/*.tf"` narrows a waiver to findings located in such files, which are named from the folder of the waiver
file, wherever Assay is started. The file itself is strict: a key that is not
known, a date that is none or a reason that is missing is an error, because a waiver that silently does nothing, or
silently does too much, is worse than none.
"""

from __future__ import annotations

import os
import re
from typing import Any, NamedTuple

from assay.analysis.aws_actions import fits
from assay.config import ConfigError
from assay.patterns import pattern

_HEADER = pattern(r"^[ \t]*\[\[[ \t]*waivers?[ \t]*\]\]", re.MULTILINE)
_KEYS = ("rule", "address", "reason", "owner", "expires", "file")


class FileWaiver(NamedTuple):
    """One `[[waiver]]` table: `expires` is an ISO day, inclusive, UTC; `place` is file:line.

    `folder` is that of the waiver file as seen from where the report names files: `..`, `live`, empty for the same.
    """

    rules: tuple[str, ...]
    address: str
    reason: str
    owner: str | None
    expires: str
    file: str
    place: str
    folder: str = ""

    def covers(self, rule: str, address: str, file: str) -> bool:
        """Whether it speaks about this rule's finding on this address, located in this file."""
        named = "*" in self.rules or rule in self.rules
        return named and fits(self.address, address) and (self.file == "*" or fits(self.file, self._named(file)))

    def _named(self, file: str) -> str:
        """A file of the report as the waiver file names it; one that is not below its folder, as the report does."""
        if not self.folder:
            return file
        inside = os.path.relpath(file, self.folder).replace(os.sep, "/")
        return file if inside.startswith("../") else inside


def read(path: str, shown: str, base: str = "") -> list[FileWaiver]:
    """The waivers of a file, named `shown` in what is said about them; `base` is what the report names files from.

    Raises:
        ConfigError: it cannot be read, or an entry is not as the form demands; the sentence names file and line.
    """
    import tomllib

    try:
        with open(path, "rb") as handle:
            text = handle.read().decode()
        table = tomllib.loads(text)
    except RecursionError:
        raise ConfigError(f"{shown}: not a waiver file that can be read: it is nested too deeply") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{shown}: not a waiver file that can be read: {error}") from error
    lines = [text.count("\n", 0, m.start()) + 1 for m in _HEADER.finditer(text)]
    entries: list[Any] = []
    for key, value in table.items():
        if key not in ("waiver", "waivers") or not isinstance(value, list):
            raise ConfigError(f"{shown}: {key!r} is not known here: every waiver is a table [[waiver]]")
        entries += value
    if len(lines) != len(entries):  # written inline, `waiver = [{...}]`
        lines = [1] * len(entries)
    folder = os.path.relpath(os.path.dirname(os.path.abspath(path)), base) if base else "."
    found = [_entry(e, f"{shown}:{line}") for e, line in zip(entries, lines, strict=True)]
    return found if folder == "." else [w._replace(folder=folder) for w in found]


def _entry(entry: Any, place: str) -> FileWaiver:
    if not isinstance(entry, dict):
        raise ConfigError(f"{place}: a waiver is a table [[waiver]]")
    for key in entry:
        if key not in _KEYS:
            from difflib import get_close_matches

            near = get_close_matches(key, _KEYS, 1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; it takes {', '.join(_KEYS)}"
            raise ConfigError(f"{place}: a waiver has no key {key!r}{hint}")
    rules = entry.get("rule")
    rules = [rules] if isinstance(rules, str) else rules
    if not isinstance(rules, list) or not rules or not all(isinstance(r, str) and r for r in rules):
        raise ConfigError(f'{place}: this waiver names no rule: rule = "rule-id", or a list of ids')
    for key, what in (("address", "the address it is for, as the report prints it"), ("reason", "a reason")):
        if not isinstance(entry.get(key), str) or not entry[key].strip():
            raise ConfigError(f'{place}: this waiver of {", ".join(rules)} lacks {what}: {key} = "..."')
    for key in ("owner", "file"):
        if not isinstance(entry.get(key, ""), str):
            raise ConfigError(f"{place}: {key} of a waiver is a text")
    return FileWaiver(
        tuple(rules), entry["address"].strip(), entry["reason"].strip(), entry.get("owner") or None,
        day(entry.get("expires"), place), entry.get("file") or "*", place,
    )  # fmt: skip


def day(value: Any, place: str) -> str:
    """An ISO day out of a TOML date or a text.

    Raises:
        ConfigError: it is none.
    """
    from datetime import date, datetime

    if value is None:
        raise ConfigError(f"{place}: this waiver never ends: write its last day, expires = 2027-03-31")
    try:
        if isinstance(value, datetime) or not isinstance(value, (date, str)):
            raise ValueError
        return (value if isinstance(value, date) else date.fromisoformat(value)).isoformat()
    except ValueError:
        what = place if place.startswith("--") else f"{place}: expires"
        raise ConfigError(f"{what} is {str(value)!r}: it takes a day such as 2027-03-31") from None


def table(waiver: FileWaiver) -> str:
    """A waiver as it is written in the file."""
    rules = [_text(r) for r in waiver.rules]
    lines = [
        "[[waiver]]",
        f"rule = {rules[0] if len(rules) == 1 else '[' + ', '.join(rules) + ']'}",
        f"address = {_text(waiver.address)}",
        *([f"file = {_text(waiver.file)}"] if waiver.file != "*" else []),
        f"reason = {_text(waiver.reason)}",
        *([f"owner = {_text(waiver.owner)}"] if waiver.owner else []),
        f"expires = {waiver.expires}",
    ]
    return "\n".join(lines) + "\n"


def append(path: str, waiver: FileWaiver) -> None:
    """Add a waiver at the end of a file, which is made when there is none."""
    before = ""
    if os.path.exists(path):
        with open(path, encoding="utf-8") as handle:
            before = handle.read()
    gap = "" if not before else "\n" if before.endswith("\n") else "\n\n"
    with open(path, "a", encoding="utf-8") as handle:
        handle.write(gap + table(waiver))


def _text(value: str) -> str:
    """A TOML text: as it stands between single quotes, where escapes are nothing, if it can be."""
    if "'" not in value and '"' in value and value.isprintable():
        return f"'{value}'"
    import json

    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
