"""The configuration: `assay.toml`, or `[tool.assay]` in `pyproject.toml`, the nearest up to the repository root.

Keys are strict: an unknown one is an error with a did-you-mean, because a filter that silently does nothing is worse
than none. `tables/config.schema.json` describes the same keys for editors.
"""

from __future__ import annotations

import os
from typing import Any

from assay.paths import above

LISTS = ("select", "ignore", "framework", "rules", "var-file", "output", "plugin")
FILES = ("baseline", "waivers")
FLAGS = ("strict", "allow-incomplete", "show-passes")
TEXTS = ("fail-on",)
TABLES = ("params",)
WAIVERS = "assay-waivers.toml"
LEVELS = ("info", "low", "medium", "high", "critical", "never")


class ConfigError(Exception):
    """A configuration that cannot be used: which file, which key, what it takes."""


def find(path: str) -> tuple[str, dict[str, Any]] | None:
    """The nearest configuration above `path` as (file, settings); None when there is none.

    Raises:
        ConfigError: it is not TOML, or a key or value is not known.
    """
    for folder in above(path):
        own = os.path.join(folder, "assay.toml")
        if os.path.isfile(own):
            return own, check(own, _load(own))
        project = os.path.join(folder, "pyproject.toml")
        if os.path.isfile(project):
            tools = _load(project).get("tool", {})
            table = tools.get("assay") if isinstance(tools, dict) else None
            if table is not None:
                return project, check(project, table)
    return None


def refuse_stranger(file: str, table: dict[str, Any], here: str) -> None:
    """Let a configuration run code or write files only where it is that of the repository one stands in, and below it.

    What is scanned may be a stranger's, and its configuration with it.

    Raises:
        ConfigError: naming the file, the key and what to do instead.
    """
    from assay.paths import repository

    mine, folder = os.path.realpath(repository(here)), os.path.realpath(os.path.dirname(file))
    if folder != mine and not folder.startswith(mine.rstrip(os.sep) + os.sep):
        for key, option in (("rules", "--rules DIR"), ("plugin", "--plugin NAME"), ("output", "-o FORMAT=FILE")):
            if table.get(key):
                raise ConfigError(
                    f"{file}: it is not of the repository you are in, and {key} would run its code or write files: "
                    f"pass {option} yourself if that is meant, and --no-config to leave the file aside"
                )
    for text in table.get("output", ()):
        name = text.partition("=")[2]
        if os.path.isabs(name) or os.path.normpath(name).startswith(os.pardir):
            raise ConfigError(f"{file}: output {text}: a configuration writes below the working directory")


def waivers(path: str) -> str | None:
    """The waiver file nearest to `path`, up to the root of its repository; None when there is none."""
    return next((f for f in (os.path.join(folder, WAIVERS) for folder in above(path)) if os.path.isfile(f)), None)


def _load(path: str) -> dict[str, Any]:
    import tomllib

    try:
        with open(path, "rb") as handle:
            return tomllib.load(handle)
    except RecursionError:
        raise ConfigError(f"{path}: not a TOML file that can be read: it is nested too deeply") from None
    except (OSError, ValueError) as error:  # not TOML, or not UTF-8
        raise ConfigError(f"{path}: not a TOML file that can be read: {error}") from error


def check(path: str, table: Any) -> dict[str, Any]:
    """The table itself, once every key and value is known to be right.

    Raises:
        ConfigError: naming the file, the key and what it takes.
    """
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: tool.assay is a table, [tool.assay], not {table!r}")
    for key, value in table.items():
        if key in LISTS:
            good = isinstance(value, list) and all(isinstance(v, str) for v in value)
            wanted = "a list of texts"
        elif key in FILES:
            good, wanted = isinstance(value, str) and value != "", "the path of a file"
        elif key in FLAGS:
            good, wanted = isinstance(value, bool), "true or false"
        elif key in TEXTS:
            good, wanted = value in LEVELS, "one of " + ", ".join(LEVELS)
        elif key in TABLES:
            good = isinstance(value, dict) and all(isinstance(v, dict) for v in value.values())
            wanted = "tables by rule id: [params.rule-id]"
        else:
            raise ConfigError(f"{path}: unknown key {key!r}{_hint(key)}")
        if not good:
            raise ConfigError(f"{path}: {key} takes {wanted}, not {value!r}")
    return table


def _hint(key: str) -> str:
    from difflib import get_close_matches

    known = (*LISTS, *FILES, *FLAGS, *TEXTS, *TABLES)
    near = get_close_matches(key.replace("_", "-"), known, 1)
    return f"; did you mean {near[0]!r}?" if near else f"; known keys: {', '.join(known)}"
