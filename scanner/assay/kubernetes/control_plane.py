"""The programs of a control plane, in pods and as kubeadm is told to start them, and rules about their flags as rows of
a table."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from assay.kubernetes.kubeadm import CLUSTER, NODES, STORE, Program, started_by_kubeadm
from assay.kubernetes.workloads import containers, part_of
from assay.model import Severity, Text, Undetermined, Unknown, as_list
from assay.patterns import pattern
from assay.rule import rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from assay.graph import Graph
    from assay.kubernetes.workloads import Container
    from assay.model import Finding, Resource
    from assay.rule import Rule

    Started = Container | Program

APISERVER, CONTROLLER, SCHEDULER, ETCD = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd")
KUBELET = "kubelet"
HOSTS = ("Pod", "Deployment", "StatefulSet", "DaemonSet")
"""What runs these programs: static pods, and the workloads of a control plane that another cluster hosts."""

STRONG_CIPHERS = frozenset(
    f"TLS_{suite}"
    for suite in (
        "AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256",
        *(f"ECDHE_{key}_WITH_{cipher}" for key in ("ECDSA", "RSA") for cipher in (
            "AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305", "CHACHA20_POLY1305_SHA256",
        )),
    )
)  # fmt: skip
"""The suites with forward secrecy and authenticated encryption; a name that is not among them is weak or nobody's."""

_PROGRAMS = (APISERVER, CONTROLLER, SCHEDULER, ETCD, KUBELET)
_WRAPPERS = frozenset(("sh", "bash", "ash", "dash", "go-runner", "hyperkube", "tini", "dumb-init"))
_FILES = {
    (APISERVER, "authorization-mode"): "authorization-config",
    (APISERVER, "anonymous-auth"): "authentication-config",
    (SCHEDULER, "profiling"): "config",
    (ETCD, ""): "config-file",
    (KUBELET, ""): "config",
    (KUBELET, "hostname-override"): None,
}
"""Flags, or all of a program's (""), that a file may say instead: the flag that names the file; None for none."""


class Flag(NamedTuple):
    """One flag as it is given: its value (None when it is not), and where."""

    value: Any
    at: str


def program_of(container: Started) -> str:
    """The name of the program a container starts; empty when it is the image's own.

    One that a shell, a runner or `hyperkube` starts is the one that is meant.
    """
    if isinstance(container, Program):
        return container.program
    words = [word for word, _ in _words(container)]
    if not words or not isinstance(words[0], str):
        return ""
    first = words[0].rpartition("/")[2]
    if first.startswith("-"):  # arguments for the image's own program
        image = container["image"]
        named = image.partition("@")[0].rpartition("/")[2].partition(":")[0] if isinstance(image, str) else ""
        return named if named in _PROGRAMS else ""
    if _wraps(words[0]):
        for word in words[1:]:
            name = word.rpartition("/")[2] if isinstance(word, str) else ""
            found = next((p for p in _PROGRAMS if name in (p, p.removeprefix("kube-"))), None)
            if found is not None:
                return found
    return first


def _words(container: Container) -> list[tuple[Any, str]]:
    """The words of the command line, each with its place; those of a shell's script one by one."""
    found: list[tuple[Any, str]] = []
    for field in ("command", "args"):
        for i, word in enumerate(list.__iter__(as_list(container[field]))):
            script = isinstance(word, str) and " " in word.strip() and bool(found) and _wraps(found[0][0])
            found += [(part, f"{field}[{i}]") for part in (_script(word) if script else [word])]
    return found


def _wraps(word: Any) -> bool:
    return isinstance(word, str) and word.rpartition("/")[2] in _WRAPPERS


def _script(text: str) -> list[str]:
    import shlex

    try:
        return shlex.split(text)
    except ValueError:  # a quote that stands for itself
        return text.split()


def flag_of(container: Started, name: str) -> Flag:
    """A flag of the container's program: `--name=value`, `--name value` or `--name`, the last one given.

    etcd also takes `ETCD_NAME` from its environment.

    Raises:
        Undetermined: a word of the command line is unknown and may be the flag, or a file may say what no flag says.
    """
    found = _flag(container, name)
    if found.value is not None:
        return found
    program = program_of(container)
    if program == ETCD:
        variable = "ETCD_" + name.replace("-", "_").upper()
        for entry in container.each(container.environment if isinstance(container, Program) else "env"):
            if entry["name"] == variable:
                if not entry.absent("valueFrom"):
                    raise Undetermined(Unknown(f"{variable} is taken from elsewhere"))
                return Flag(entry["value"], "env")
    file = _FILES.get((program, name), _FILES.get((program, "")))
    if file is not None and name != file and _flag(container, file).value is not None:
        raise Undetermined(Unknown(f"the file that --{file} names may set it, and is not here"))
    return found


def _flag(container: Started, name: str) -> Flag:
    if isinstance(container, Program):
        return Flag(*container.flag(name))
    found = Flag(None, "command")
    doubt: Unknown | None = None
    words = _words(container)
    for i, (word, at) in enumerate(words):
        if isinstance(word, Unknown):
            prefix = word.prefix if isinstance(word, Text) else ""
            if prefix.startswith(f"--{name}="):
                found = Flag(word, at)
            elif not prefix.startswith("--") or "=" not in prefix:
                doubt = word
            continue
        given, equals, value = str(word).partition("=")
        if not given.startswith("-") or given.lstrip("-").replace("_", "-") != name:
            continue
        if not equals:
            following = words[i + 1][0] if i + 1 < len(words) else "true"
            value = following if isinstance(following, str) and not following.startswith("-") else "true"
        found = Flag(value.strip(), at)
    if found.value is None and doubt is not None:
        raise Undetermined(doubt)
    return found


def _started(r: Resource, graph: Graph) -> list[Any]:
    """The containers of a workload; the programs that kubeadm is told to start."""
    return containers(r, graph) if r.type in HOSTS else started_by_kubeadm(r, graph)


@cache
def running(names: tuple[str, ...]) -> Callable[[Resource, Graph], list[Any]]:
    """What gives the containers that run one of the programs, and the programs as kubeadm starts them.

    One and the same function for all rules on these programs: the engine looks once which pods have any.
    """

    def those(r: Resource, graph: Graph) -> list[Any]:
        return [c for c in list.__iter__(_started(r, graph)) if program_of(c) in names]

    those.__dict__["spare"] = (STORE,)  # a cluster that has the ConfigMap has the pods, which win over it
    return part_of(_started)(those)


def _items(value: Any) -> list[str]:
    if isinstance(value, Unknown):
        raise Undetermined(value)
    return [] if value is None else [item.strip() for item in str(value).split(",") if item.strip()]


_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_DURATION = pattern(r"(\d+(?:\.\d*)?|\.\d+)(h|ms|us|ns|m|s)")


def _number(value: Any) -> float:
    """A number, or the seconds of a duration (`1h30m`); 0 for what is neither."""
    if isinstance(value, Unknown):
        raise Undetermined(value)
    text = str(value)
    if text.lstrip("-").replace(".", "", 1).isdigit():
        return float(text)
    parts = _DURATION.findall(text)
    whole = "".join(amount + unit for amount, unit in parts) == text
    return sum(float(amount) * _SECONDS[unit] for amount, unit in parts) if whole else 0.0


_TRUTHS = {**dict.fromkeys(("1", "t", "true"), "true"), **dict.fromkeys(("0", "f", "false"), "false")}


def _same(value: Any, wanted: str) -> bool:
    """Whether a flag has a value; truth values in every spelling that the programs take."""
    if wanted in ("true", "false") and isinstance(value, str):
        value = _TRUTHS.get(value.lower(), value)
    return bool(value == wanted)


def _given(value: Any) -> bool:
    return not bool(value == None) and not bool(value == "")  # noqa: E711 - an Unknown answers ==


TESTS: dict[str, tuple[Callable[[Any, Any], bool], str]] = {
    "equals": (_same, "must be {wanted}"),
    "not_equals": (lambda v, w: not _same(v, w), "must not be {wanted}"),
    "present": (lambda v, w: _given(v), "must be set"),
    "absent": (lambda v, w: bool(v == None), "must not be set"),  # noqa: E711
    "contains": (lambda v, w: w in _items(v), "must name {wanted}"),
    "lacks": (lambda v, w: w not in _items(v), "must not name {wanted}"),
    "at_least": (lambda v, w: not bool(v == None) and _number(v) >= w, "must be at least {wanted}"),  # noqa: E711
    "at_most": (lambda v, w: bool(v == None) or _number(v) <= w, "must be at most {wanted}"),  # noqa: E711
    "off": (lambda v, w: bool(v == None) or bool(v == "0"), "must be 0"),  # noqa: E711
    "authorizes": (
        lambda v, w: bool(_items(v)) and "AlwaysAllow" not in _items(v),
        "must name how requests are authorized, and not AlwaysAllow",
    ),
    "strong": (lambda v, w: bool(_items(v)) and STRONG_CIPHERS.issuperset(_items(v)), "must name strong suites only"),
}


def flag(
    id: str,  # noqa: A002 - the field's name everywhere
    of: str | Sequence[str],
    name: str | Sequence[str],
    test: str,
    wanted: Any = None,
    *,
    severity: Severity,
    title: str,
    why: str,
    controls: Sequence[str] = (),
    equivalents: Sequence[str] = (),
) -> Rule:
    """A demand on a flag of a control plane's program, as one row.

    Args:
        of: the program or programs (`kube-apiserver`).
        name: the flag, or several that are all to meet the test.
        test, wanted: one of `TESTS` and what it compares with.
    """
    programs = (of,) if isinstance(of, str) else tuple(of)
    names = (name,) if isinstance(name, str) else tuple(name)
    judge, phrase = TESTS[test]
    said = phrase.format(wanted=wanted)

    def run(container: Started) -> Iterator[Finding]:
        program = program_of(container)
        for one in names:
            given = flag_of(container, one)
            if not judge(given.value, wanted):
                shown = "not set" if given.value is None else f"{given.value}"
                key = f"{program} {one}" if isinstance(container, Program) else one
                yield container.fails(f"{program}: --{one} is {shown}, but {said}", at=given.at, key=key)

    flags = " and ".join(f"`--{n}`" for n in names)
    told, places = ("`kubeletExtraArgs`", NODES) if programs == (KUBELET,) else ("`extraArgs`", (CLUSTER, STORE))
    run.__doc__ = (
        f"{title}\n\n## Why\n{why}\n\n## Fix\n{flags} {said}, in the manifest of its pod or in kubeadm's {told}.\n"
    )
    return rule(
        id=id, on=(*HOSTS, *places), each=running(programs), severity=severity, sources=("manifest", "cluster"),
        controls=controls, equivalents=equivalents,
    )(run)  # fmt: skip
