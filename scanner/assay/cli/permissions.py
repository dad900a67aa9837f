"""What `--print-permissions` prints for audits that ask a few operations by name and have no table of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def aws(actions: Iterable[str]) -> str:
    """The policy that allows these actions."""
    statement = {"Effect": "Allow", "Action": sorted(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2) + "\n"


def oci(grants: Iterable[str]) -> str:
    """The statements that grant these, such as `read metrics`."""
    return "".join(f"Allow group Auditors to {grant} in tenancy\n" for grant in sorted(grants))
