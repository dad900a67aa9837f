"""Kubelets: their settings in a configuration file, as flags of a container that runs one, or as kubeadm gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from assay.kubernetes.control_plane import HOSTS, KUBELET, flag_of, running
from assay.kubernetes.kubeadm import (
    CLUSTER,
    CONFIGURATION,
    KUBELET_DEFAULTS,
    KUBELET_FORCED,
    NODES,
    STORE,
    Program,
    in_file,
    stored_kubelet,
    told_of_kubelets,
)
from assay.model import Block

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.graph import Graph
    from assay.model import Resource

KUBELETS = (CONFIGURATION, *HOSTS, CLUSTER, *NODES, STORE)


class Setting(NamedTuple):
    """A setting: its path in the file, its flag, and what holds where neither says anything.

    The defaults differ: a kubelet without `--config` keeps those of its first versions.
    """

    path: str
    flag: str
    default: Any = None
    flag_default: Any = None


class Configuration(Block):
    """A kubelet's configuration, in a document of its own or in a ConfigMap; `kubeadm` where that fills it in.

    One that kubeadm makes by itself has no `values`, and the `flags` that it gives nodes come before it.
    """

    __slots__ = ("flags", "kubeadm")

    def __init__(self, document: Block, *, kubeadm: bool, flags: Sequence[Program] = ()) -> None:
        super().__init__(document.resource, document.path, document.values)
        self.kubeadm = kubeadm
        self.flags = flags

    @property
    def label(self) -> str:
        return "kubelets, of which nothing is said: " if self.resource.type == CLUSTER else ""


def configurations(r: Resource, graph: Graph) -> list[Any]:
    """The configuration of kubelets that a document is, that a ConfigMap of kubeadm holds, or that kubeadm makes."""
    if r.type == CONFIGURATION:
        return [Configuration(Block(r, (), r.values), kubeadm=bool(in_file(r, (CLUSTER, *NODES), graph)))]
    if r.type == STORE:
        found = stored_kubelet(r, graph)
        return [Configuration(found, kubeadm=True)] if found is not None else []
    flags = told_of_kubelets(r, graph)
    return [Configuration(Block(r, (), {}), kubeadm=True, flags=flags)] if flags is not None else []


def kubelets(r: Resource, graph: Graph) -> list[Any]:
    """A kubelet's configuration, the containers that run one, or the flags that kubeadm gives it on a node."""
    return [*configurations(r, graph), *list.__iter__(running((KUBELET,))(r, graph))]


def configures(kubelet: Any) -> bool:
    """Whether it is a configuration, and no command line."""
    return isinstance(kubelet, Configuration)


def written(kubelet: Any) -> bool:
    """Whether it is a document that a fix can be written into."""
    return configures(kubelet) and kubelet.resource.type == CONFIGURATION


def decided(kubelet: Any, setting: Setting) -> bool:
    """Whether a setting is decided here: a node's flags come before its configuration, which decides the rest."""
    if isinstance(kubelet, Program):
        return flag_of(kubelet, setting.flag).value is not None
    flags = kubelet.flags if isinstance(kubelet, Configuration) else ()
    return all(flag_of(node, setting.flag).value is None for node in flags)


def setting_of(kubelet: Any, setting: Setting) -> tuple[Any, str]:
    """The value that holds, and where it is set: a truth value as such, a list of a flag as a text.

    Raises:
        Undetermined: a file that is not here may say it.
    """
    if isinstance(kubelet, Configuration):
        value, default = kubelet[setting.path], setting.default
        if kubelet.kubeadm:
            value = KUBELET_FORCED.get(setting.path, value)
            default = KUBELET_DEFAULTS.get(setting.path, default)
        return (default if value == None else value), setting.path  # noqa: E711 - an Unknown answers ==
    value, at = flag_of(kubelet, setting.flag)
    if value == None:  # noqa: E711
        return setting.flag_default, at
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true", at
    return value, at


def called(kubelet: Any, setting: Setting) -> str:
    """What a message calls the setting."""
    return f"{kubelet.label}{setting.path}" if isinstance(kubelet, Configuration) else f"kubelet: --{setting.flag}"
