"""Statements between tenancies: `admit` lets others in, `endorse` lets one's own out; each needs a counterpart.

They are compared as allow statements are, with the other tenancy in the subject's name (`group:default/readers@acme`)
or at the root of the place (`/@acme/`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis.access import Box, Demand, Values
from assay.analysis.globs import glob
from assay.analysis.oci_access import ROOT, SUBJECT, subjects_of
from assay.model import Undetermined, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.analysis.globs import Pattern
    from assay.analysis.oci_identity import Entry, Tenancy
    from assay.analysis.oci_policy_language import Statement

ADMIT, ENDORSE = "admit", "endorse"
ANY = "any-tenancy"
COUNTERPART = {
    ADMIT: "tenancy {} has to endorse it as well, by a policy of its own",
    ENDORSE: "tenancy {} has to admit it as well, by a policy of its own",
}


def crossing(t: Tenancy, effect: str) -> list[Entry]:
    """The statements of one effect, and those that take it back, as allow and deny statements with boxes."""
    found = []
    for e in t.entries:
        s = e.statement
        if s is None:
            found.append(e)
        elif s.effect == effect or (s.effect == "deny" and s.base == effect):
            found.append(_translated(t, e, s._replace(effect="deny" if s.effect == "deny" else "allow"), effect))
    return found


def _translated(t: Tenancy, e: Entry, s: Statement, effect: str) -> Entry:
    try:
        boxes = tuple(_admitted(t, e, s) if effect == ADMIT else t.words.boxes(s, t.subjects(s), outside(s.tenancy)))
    except Undetermined as doubt:
        return e._replace(statement=s, boxes=(), doubt=doubt.unknown)
    return e._replace(statement=s, boxes=boxes)


def outside(tenancy: Any) -> str:
    """The place of all there is in another tenancy; of any, the beginning of all such places.

    Raises:
        Undetermined: its alias is unknown.
    """
    alias = _alias(tenancy)
    return f"{ROOT}@" if alias == ANY else f"{ROOT}@{alias}/"


def _alias(tenancy: Any) -> str:
    if isinstance(tenancy, Unknown):
        raise Undetermined(tenancy)
    return str(tenancy).lower()


def _admitted(t: Tenancy, e: Entry, s: Statement) -> Iterator[Box]:
    who = tuple(_strangers(t, s))
    if s.place not in ("tenancy", "compartment", ""):
        return  # gateways of two tenancies that are joined: nobody acts on what is here
    for box in t.words.boxes(s, ["any-user"], t.place(e.policy, s)):
        yield box._replace(tests=((SUBJECT, Demand(True, Values(who))), *box.tests))


def _strangers(t: Tenancy, s: Statement) -> Iterator[Pattern]:
    """The subjects of an admit statement, each with its tenancy."""
    alias = _alias(s.tenancy)
    home = "*" if alias == ANY else alias
    if s.subject in ("any-user", "any-group"):
        kinds = ("",) if s.subject == "any-user" else ("group:", "dynamic-group:")
        yield from (glob(f"{kind}*@{home}", wild="*") for kind in kinds)
        return
    for subject in subjects_of(s):
        yield glob(f"{t.words.spelled(subject)}@{home}", wild="*" if home == "*" else "")


def alias_of(t: Tenancy, name: str) -> str:
    """What statements call a tenancy: its alias, or that of its OCID."""
    for e in t.entries:
        s = e.statement
        if s is not None and s.effect == "define" and s.kind == "tenancy" and name in (s.path, s.alias):
            return _alias(s.alias)
    return name.lower()
