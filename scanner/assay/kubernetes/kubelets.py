"""Kubelets: their settings in a configuration file, or as flags of a container that runs one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from assay.kubernetes.control_plane import HOSTS, KUBELET, flag_of, running

if TYPE_CHECKING:
    from assay.graph import Graph
    from assay.model import Resource

CONFIGURATION = "KubeletConfiguration"
KUBELETS = (CONFIGURATION, *HOSTS)


class Setting(NamedTuple):
    """A setting: its path in the file, its flag, and what holds where neither says anything.

    The defaults differ: a kubelet without `--config` keeps those of its first versions.
    """

    path: str
    flag: str
    default: Any = None
    flag_default: Any = None


def kubelets(r: Resource, graph: Graph) -> list[Any]:
    """A kubelet's configuration, or the containers that run one."""
    return [r] if r.type == CONFIGURATION else running((KUBELET,))(r, graph)


def setting_of(kubelet: Any, setting: Setting) -> tuple[Any, str]:
    """The value that holds, and where it is set: a truth value as such, a list of a flag as a text.

    Raises:
        Undetermined: a file that is not here may say it.
    """
    if kubelet.resource.type == CONFIGURATION:
        value = kubelet[setting.path]
        return (setting.default if value == None else value), setting.path  # noqa: E711 - an Unknown answers ==
    value, at = flag_of(kubelet, setting.flag)
    if value == None:  # noqa: E711
        return setting.flag_default, at
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true", at
    return value, at


def called(kubelet: Any, setting: Setting) -> str:
    """What a message calls the setting."""
    return setting.path if kubelet.resource.type == CONFIGURATION else f"kubelet: --{setting.flag}"
