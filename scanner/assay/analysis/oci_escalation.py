"""Ways to the whole tenancy: whoever may write policies, become somebody else, or run code as a stronger principal.

Every way is a row: the permissions it needs, and what then follows. Verbs are expanded first, so that families,
`all-resources` and permission lists are seen alike. A condition stands in the way only when it narrows the target:
where the request comes from, or when, does not weaken who makes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from assay.analysis.globs import automaton
from assay.analysis.inclusion import OPAQUE
from assay.analysis.oci_access import ADMINISTRATORS, PLACE, ROOT, SUBJECT
from assay.analysis.oci_conditions import predicates
from assay.analysis.oci_dynamic_groups import Candidate, takes_in
from assay.analysis.oci_identity import GROUPS, name_of
from assay.analysis.oci_policy_language import matching_rule
from assay.model import Hop, Ref, Undetermined, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.analysis.access import Box, Demand
    from assay.analysis.oci_identity import Entry, Tenancy
    from assay.model import Resource


class Way(NamedTuple):
    """A way to more power: all of `every` and one of `one` of the permissions."""

    id: str
    every: tuple[str, ...]
    one: tuple[str, ...]
    said: str
    kinds: tuple[str, ...] = ()  # of principals it takes over; none: it leads to everything at once


DIRECT = (
    Way("O2", (), ("POLICY_CREATE", "POLICY_UPDATE"), "writes policies, and grants itself everything by them"),
    Way("O3", (), ("DYNAMIC_GROUP_UPDATE", "DYNAMIC_GROUP_CREATE"), "puts its own machines into any dynamic group"),
    Way("O4", ("GROUP_UPDATE", "USER_UPDATE"), (), "adds itself to the group Administrators"),
    Way(
        "O5",
        ("USER_UPDATE",),
        (
            "USER_APIKEY_ADD", "USER_UIPASS_RESET", "USER_UIPASS_SET", "USER_AUTHTOKEN_SET", "USER_AUTHTOKEN_RESET",
            "USER_SECRETKEY_ADD", "USER_SWIFTPASS_SET", "USER_SWIFTPASS_RESET", "USER_OAUTH2_CLIENT_CRED_CREATE",
        ),
        "sets the credentials of an administrator",
    ),
    Way("O5", (), ("CREDENTIAL_ADD",), "sets the credentials of an administrator"),
    Way(
        "O6",
        (),
        (
            "IDENTITY_PROVIDER_CREATE", "IDENTITY_PROVIDER_UPDATE", "DOMAIN_UPDATE", "DOMAIN_CREATE",
            "AUTHENTICATION_POLICY_UPDATE",
        ),
        "changes how people sign in, and signs in as somebody else",
    ),
)  # fmt: skip
LAUNCH = ("INSTANCE_CREATE", "INSTANCE_IMAGE_READ", "VNIC_CREATE", "VNIC_ATTACH", "SUBNET_ATTACH")
DEVOPS = ("devopsbuildpipeline", "devopsdeploypipeline", "devopsrepository", "devopsconnection", "devopstrigger")
INDIRECT = (
    Way("O7", LAUNCH, (), "launches an instance", ("instance",)),
    Way(
        "O8",
        (),
        ("INSTANCE_AGENT_COMMAND_CREATE", "INSTANCE_CONSOLE_CONNECTION_CREATE", "BASTION_SESSION_CREATE"),
        "runs commands on an instance",
        ("instance",),
    ),
    Way("O9", (), ("FN_FUNCTION_CREATE", "FN_FUNCTION_UPDATE"), "changes a function", ("fnfunc",)),
    Way(
        "O10",
        (),
        (
            "DEVOPS_BUILD_PIPELINE_UPDATE", "DEVOPS_BUILD_PIPELINE_CREATE", "DEVOPS_BUILD_PIPELINE_STAGE_UPDATE",
            "DEVOPS_BUILD_PIPELINE_STAGE_CREATE", "DEVOPS_REPOSITORY_UPDATE", "DEVOPS_DEPLOY_PIPELINE_UPDATE",
            "DEVOPS_DEPLOY_STAGE_UPDATE", "DEVOPS_DEPLOY_ARTIFACT_UPDATE",
        ),
        "changes what a pipeline runs",
        DEVOPS,
    ),
    Way("O11", ("ORM_STACK_USE", "ORM_JOB_MANAGE"), (), "applies Terraform of its own as a stack", ("ormstack",)),
    Way("O12", (), ("CLUSTER_MANAGE",), "runs a pod in a cluster", ("workload",)),
    Way("O13", (), ("TAG_NAMESPACE_USE",), "tags a resource of its own", ("tag",)),
    Way("O15", (), ("REPOSITORY_UPDATE",), "replaces the image that is run", ("fnfunc", "computecontainerinstance")),
)  # fmt: skip
"""O1, managing all resources, needs no way; O14, data read out, is no power over the tenancy: see `EXITS`."""
READ_SECRETS = Way("O14", (), ("SECRET_BUNDLE_READ",), "reads every secret of the tenancy")
EXITS = (
    READ_SECRETS,
    Way("O14", (), ("KEY_EXPORT",), "exports every key of the tenancy"),
    Way("O14", (), ("PAR_MANAGE",), "opens every bucket of the tenancy to anybody by a pre-authenticated request"),
    Way("O14", (), ("OBJECT_READ",), "reads every object of the tenancy"),
    Way("O14", (), ("AUTONOMOUS_DATABASE_CONTENT_READ",), "reads every autonomous database of the tenancy"),
)
"""Ways by which data leaves, where nothing narrows the place or the target."""


class Step(NamedTuple):
    """One step on the way: what the subject does, by which statements."""

    way: str
    said: str
    entries: tuple[Entry, ...]


class Escalation(NamedTuple):
    """A subject reaches the whole tenancy by these steps; with a `reason` only perhaps."""

    subject: str
    steps: tuple[Step, ...]
    reason: str = ""

    @property
    def who(self) -> str:
        """The subject as people write it."""
        return _plain(self.subject)

    @property
    def hops(self) -> list[Hop]:
        """The way as a drawing shows it: the subject, and the statement of each step."""
        found = [Hop("principal", "", self.who)]
        for step in self.steps:
            said = step.said
            found += [Hop("statement", e.policy.address, said, e.policy.where(e.path)) for e in step.entries]
        return found

    @property
    def entry(self) -> Entry:
        """The statement that begins it."""
        return self.steps[0].entries[0]


class _Held(NamedTuple):
    """A permission that a subject holds: by which statement and box, and what makes it uncertain."""

    entry: Entry
    box: Box
    reason: str = ""


class Escalations:
    """All of them in one tenancy; subjects are the texts of `oci_access.subjects_of`, spelled."""

    def __init__(self, t: Tenancy) -> None:
        self.t = t
        self._holdings: dict[str, list[tuple[Entry, Box]]] = {}
        for e in t.entries:
            if e.statement is not None and e.statement.effect == "allow":
                for box in e.boxes:
                    for subject in _subjects(box):
                        self._holdings.setdefault(subject, []).append((e, box))
        self._direct: dict[str, Escalation | None] = {}

    def all(self) -> Iterator[Escalation]:
        """The shortest escalation of every subject that has one, administrators and services aside."""
        for subject in self._holdings:
            if subject == ADMINISTRATORS or subject.startswith("service:"):
                continue
            direct = self.directly(subject)
            yield from direct
            if all(e.reason for e in direct):
                yield from self.through(subject)

    def directly(self, subject: str) -> list[Escalation]:
        """The ways that need nobody else, one for each statement that begins one."""
        found: dict[tuple[int, int], Escalation] = {}
        for way in DIRECT:
            held = self._needed(subject, way, way.id in ("O4", "O5"))
            if held is None:
                continue
            reason = next((h.reason for h in held if h.reason), "") or self._who_is(subject)
            step = Step(way.id, way.said, _entries(held))
            e = Escalation(subject, (step,), reason)
            key = (id(e.entry.policy), e.entry.number)
            if key not in found or (found[key].reason and not reason):
                found[key] = e
        return list(found.values())

    def _who_is(self, subject: str) -> str:
        """Why the subject may be the administrators themselves, or nobody knows who it is."""
        unknown = [c for c in subject if self.t.words.symbols.unknown(c)]
        if unknown and subject.startswith("group:"):
            meaning = self.t.words.symbols.meanings[unknown[0]]
            return meaning.reason if isinstance(meaning, Unknown) else ""
        return ""

    def _needed(self, subject: str, way: Way, about_people: bool = False) -> list[_Held] | None:
        """How a subject holds what a way needs; None when it does not."""
        held = []
        for permission in way.every:
            one = self._held(subject, permission, about_people)
            if one is None:
                return None
            held.append(one)
        if way.one:
            choices = [h for p in way.one if (h := self._held(subject, p, about_people)) is not None]
            if not choices:
                return None
            held.insert(0, min(choices, key=lambda h: bool(h.reason)))
        return held

    def _held(self, subject: str, permission: str, about_people: bool) -> _Held | None:
        bit = self.t.words.bit(permission)
        doubtful: _Held | None = None
        for e, box in self._holdings.get(subject, ()):
            if not box.mask & bit or _owns(e):
                continue
            limit = _limits(box, about_people)
            if limit is None or self._denied(subject, box, bit):
                continue
            if not limit:
                return _Held(e, box)
            doubtful = doubtful or _Held(e, box, limit)
        return doubtful

    def _denied(self, subject: str, box: Box, bit: int) -> bool:
        """True when a deny without a condition covers the place."""
        for e in self.t.entries:
            if e.statement is not None and e.statement.effect == "deny":
                for deny in e.boxes:
                    if deny.mask & bit and all(_covers(d, subject, box, n) for n, d in deny.tests):
                        return True
        return False

    # --- through stronger principals

    def through(self, subject: str) -> Iterator[Escalation]:
        """The shortest chain over dynamic groups, breadth first, to one that escalates directly or owns everything."""
        seen = {subject}
        level: list[tuple[str, tuple[Step, ...], str]] = [(subject, (), "")]
        while level:
            following = []
            for at, steps, reason in level:
                for group, step, doubt in self._taken_over(at):
                    if group in seen:
                        continue
                    seen.add(group)
                    chain = (*steps, step)
                    last = self._powerful(group)
                    if last is not None:
                        why = reason or doubt or last.reason
                        yield Escalation(subject, (*chain, *last.steps), why)
                        return
                    following.append((group, chain, reason or doubt))
            level = following

    def exits(self) -> Iterator[Escalation]:
        """Where data of the whole tenancy leaves: by a subject's own statements, or through principals it commands."""
        for subject in self._holdings:
            if subject == ADMINISTRATORS or subject.startswith("service:"):
                continue
            own = list(self._exits(subject))
            yield from own
            if all(e.reason for e in own):
                yield from self._exits_through(subject)

    def _exits(self, subject: str) -> Iterator[Escalation]:
        """By its own statements, one for each statement."""
        seen: set[tuple[int, int]] = set()
        for way in EXITS:
            held = self._everywhere(subject, way)
            if held is not None and (key := (id(held.entry.policy), held.entry.number)) not in seen:
                seen.add(key)
                yield Escalation(subject, (Step(way.id, way.said, (held.entry,)),), held.reason)

    def _everywhere(self, subject: str, way: Way) -> _Held | None:
        """How a subject holds a permission in the whole tenancy; None when it does not."""
        bit = self.t.words.bit(way.one[0])
        doubtful: _Held | None = None
        for e, box in self._holdings.get(subject, ()):
            if not box.mask & bit or _owns(e) or any(n == PLACE for n, _ in box.tests):
                continue
            limit = _limits(box, False)
            if limit is None or self._denied(subject, box, bit):
                continue
            held = _Held(e, box, limit or self._who_is(subject))
            if not held.reason:
                return held
            doubtful = doubtful or held
        return doubtful

    def _exits_through(self, subject: str) -> Iterator[Escalation]:
        """The shortest chain over dynamic groups to one that reads data out."""
        seen = {subject}
        level: list[tuple[str, tuple[Step, ...], str]] = [(subject, (), "")]
        while level:
            following = []
            for at, steps, reason in level:
                for group, step, doubt in self._taken_over(at):
                    if group in seen:
                        continue
                    seen.add(group)
                    chain, why = (*steps, step), reason or doubt
                    last = min(self._exits(group), key=lambda e: bool(e.reason), default=None)
                    if last is not None:
                        yield Escalation(subject, (*chain, *last.steps), why or last.reason)
                        return
                    following.append((group, chain, why))
            level = following

    def _powerful(self, subject: str) -> Escalation | None:
        for e, box in self._holdings.get(subject, ()):
            everywhere = all(n != PLACE for n, _ in box.tests) and _limits(box, False) == ""
            if _owns(e) and everywhere:
                return Escalation(subject, (Step("O1", "manages everything in the tenancy", (e,)),))
        ways = self.directly(subject)
        return min(ways, key=lambda w: bool(w.reason)) if ways else None

    def _taken_over(self, subject: str) -> Iterator[tuple[str, Step, str]]:
        """The dynamic groups whose members a subject can make or command."""
        for way in INDIRECT:
            held = self._needed(subject, way)
            if held is None:
                continue
            entries = _entries(held)
            for name, doubt in self._groups(held, way):
                said = f"{way.said} and acts as {_plain(name)}"
                yield name, Step(way.id, said, entries), doubt or next((h.reason for h in held if h.reason), "")
            if "workload" in way.kinds and "any-user" in self._holdings:
                yield "any-user", Step(way.id, f"{way.said} and acts as any-user", entries), ""

    def _groups(self, held: list[_Held], way: Way) -> Iterator[tuple[str, str]]:
        for type_ in GROUPS["dynamic-group"]:
            for group in list.__iter__(self.t.graph.beside(self.t.scope, type_)):
                name = name_of(group)
                if isinstance(name, Unknown) or name is None:
                    continue
                subject = f"dynamic-group:{name}".lower()
                if subject not in self._holdings:
                    continue
                try:
                    if self._makes_member(group, held, way):
                        yield subject, ""
                except Undetermined as doubt:
                    yield subject, doubt.reason

    def _makes_member(self, group: Resource, held: list[_Held], way: Way) -> bool:
        rule = matching_rule(group.values.get("matching_rule"))
        if rule is None:
            return False
        tagged = way.kinds == ("tag",)
        kinds = ("instance", *DEVOPS, "fnfunc") if tagged else way.kinds
        doubt: Undetermined | None = None
        for home in self._homes(rule):
            try:
                inside = all(self._inside(h.box, home) for h in held)
                for kind in kinds if inside else ():
                    if takes_in(rule, Candidate(kind, "", home, None if tagged else {})):
                        return True
            except Undetermined as error:
                doubt = doubt or error
        if doubt is not None:
            raise doubt
        return False

    def _homes(self, rule: Any) -> list[Any]:
        """The compartments a rule names; when it names none, anywhere."""
        named = [v for p in predicates(rule) if p.variable.endswith("compartment.id") for v in p.values]
        return named or [""]

    def _inside(self, box: Box, home: Any) -> bool:
        """True when the box's place reaches a compartment; anywhere is reached from everywhere."""
        if home == "":
            return True
        path = self.t.words.spelled(self.t.path(home))
        return all(d.values.has(path) for n, d in box.tests if n == PLACE)


def _entries(held: list[_Held]) -> tuple[Entry, ...]:
    """The statements behind some permissions, each once."""
    return tuple({h.entry.key: h.entry for h in held}.values())


def _owns(e: Entry) -> bool:
    """True for a statement that gives everything there is in its place: no way leads to more there."""
    s = e.statement
    return s is not None and s.resource == "all-resources" and s.verb == "manage"


def _subjects(box: Box) -> Iterator[str]:
    named = [p.text for n, d in box.tests if n == SUBJECT and not d.outside for p in d.values.patterns]
    yield from named or ["any-user"]


def _limits(box: Box, about_people: bool) -> str | None:
    """ "" when no condition takes the power away, None when one does, else the reason why nobody knows."""
    for name, demand in box.tests:
        if name.startswith(OPAQUE):
            return next((u.reason for u in box.source.holes if not isinstance(u, Ref)), "a condition is unknown")  # type: ignore[attr-defined]
        if not name.startswith("target."):
            continue
        if not about_people:
            if not demand.outside:
                return None
        elif name.startswith("target.group."):
            spared = demand.values.has("administrators") is demand.outside
            if spared or name.endswith(".id"):
                return None
        elif not demand.outside:
            return None
    return ""


def _covers(demand: Demand, subject: str, box: Box, name: str) -> bool:
    if name == SUBJECT:
        return demand.values.has(subject) is not demand.outside
    if name == PLACE:
        mine = [d for n, d in box.tests if n == PLACE]
        texts = [p.text.removesuffix("*") for d in mine for p in d.values.patterns] or [ROOT]
        wide = automaton(demand.values.patterns)
        return all(wide.matches(text) for text in texts)
    return False


def _plain(subject: str) -> str:
    """A subject as people write it."""
    return subject.replace(":default/", " ").replace(":", " ", 1)


def escalations(t: Tenancy) -> list[Escalation]:
    """Every way to the whole tenancy that its statements open."""
    if "escalations" not in t.answers:
        t.answers["escalations"] = list(Escalations(t).all())
    found: list[Escalation] = t.answers["escalations"]
    return found


def exits(t: Tenancy) -> list[Escalation]:
    """Every way by which data of the whole tenancy leaves it."""
    if "exits" not in t.answers:
        t.answers["exits"] = list(Escalations(t).exits())
    found: list[Escalation] = t.answers["exits"]
    return found
