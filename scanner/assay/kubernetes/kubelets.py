"""Kubelets: their settings in a configuration file, as flags of a container that runs one, or as kubeadm gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from assay.kubernetes.control_plane import HOSTS, KUBELET, flag_of, running
from assay.kubernetes.kubeadm import (
    KUBELET_DEFAULTS,
    KUBELET_FORCED,
    NODES,
    STORE,
    Program,
    stored_kubelet,
    with_kubeadm,
)
from assay.model import Block

if TYPE_CHECKING:
    from assay.graph import Graph
    from assay.model import Resource

CONFIGURATION = "KubeletConfiguration"
KUBELETS = (CONFIGURATION, *HOSTS, *NODES, STORE)


class Setting(NamedTuple):
    """A setting: its path in the file, its flag, and what holds where neither says anything.

    The defaults differ: a kubelet without `--config` keeps those of its first versions.
    """

    path: str
    flag: str
    default: Any = None
    flag_default: Any = None


class Configuration(Block):
    """A kubelet's configuration, in a document of its own or in a ConfigMap; `kubeadm` where that fills it in."""

    __slots__ = ("kubeadm",)

    def __init__(self, document: Block, *, kubeadm: bool) -> None:
        super().__init__(document.resource, document.path, document.values)
        self.kubeadm = kubeadm


def configurations(r: Resource, graph: Graph) -> list[Any]:
    """The configuration of kubelets that a document is, or that a ConfigMap of kubeadm holds."""
    if r.type == CONFIGURATION:
        return [Configuration(Block(r, (), r.values), kubeadm=with_kubeadm(r, graph))]
    found = stored_kubelet(r, graph) if r.type == STORE else None
    return [Configuration(found, kubeadm=True)] if found is not None else []


def kubelets(r: Resource, graph: Graph) -> list[Any]:
    """A kubelet's configuration, the containers that run one, or the flags that kubeadm gives it on a node."""
    return configurations(r, graph) if r.type in (CONFIGURATION, STORE) else running((KUBELET,))(r, graph)


def configures(kubelet: Any) -> bool:
    """Whether it is a configuration, and no command line."""
    return isinstance(kubelet, Configuration)


def written(kubelet: Any) -> bool:
    """Whether it is a document that a fix can be written into."""
    return configures(kubelet) and kubelet.resource.type == CONFIGURATION


def decided(kubelet: Any, setting: Setting) -> bool:
    """Whether a setting is decided here: what a node's flags leave out, its configuration says."""
    return not isinstance(kubelet, Program) or flag_of(kubelet, setting.flag).value is not None


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
    return setting.path if isinstance(kubelet, Configuration) else f"kubelet: --{setting.flag}"
