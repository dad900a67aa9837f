"""Links that open a bucket to whoever has them."""

from __future__ import annotations

from collections.abc import Iterator

from assay import MEDIUM, Finding, Graph, Resource, rule
from assay.analysis.literals import days_from_now
from assay.analysis.oci_tenancy import is_code

WRITES = ("AnyObjectWrite", "AnyObjectReadWrite")


@rule(on="oci_objectstorage_preauthrequest", params={"days": 30}, severity=MEDIUM, controls=["nist-800-53r5:AC-3"])
def oci_par_too_long(link: Resource, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """Pre-authenticated requests are short-lived and write single objects only.

    ## Why
    The link is the password: it is forwarded, logged and bookmarked, and works for everybody until it expires.
    ## Fix
    Shorten `time_expires`, and name one object with `ObjectRead` or `ObjectWrite`.
    """
    if not is_code(link) and days_from_now(link["time_expires"]) <= 0:
        return  # it is still listed, and opens nothing
    if link["access_type"] in WRITES:
        yield link.fails("whoever has the link may write any object", at="access_type", key="access")
    days = days_from_now(link["time_expires"])
    if days > params["days"]:
        yield link.fails(f"the link works for {round(days)} days", at="time_expires", key="expiry")
