"""Directories of a Linux node: which of them run it."""

from __future__ import annotations

import posixpath
from typing import Any

_SOCKETS = ("docker.sock", "containerd.sock", "crio.sock", "cri-dockerd.sock", "dockershim.sock", "podman.sock")
_ALONE = ("/", "/var", "/var/lib")
_WITH_ALL_BELOW = (
    "/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/root", "/run", "/sbin", "/sys", "/usr", "/var/run",
    "/var/lib/containerd", "/var/lib/containers", "/var/lib/docker", "/var/lib/etcd", "/var/lib/kubelet",
    "/var/lib/kube-proxy", "/var/lib/rancher",
)  # fmt: skip


def is_sensitive(path: Any) -> bool:
    """True when a path of the node holds what runs it: its configuration, credentials, processes or programs."""
    normal = _normal(path)
    return normal in _ALONE or any(normal == top or normal.startswith(f"{top}/") for top in _WITH_ALL_BELOW)


def is_runtime_socket(path: Any) -> bool:
    """True for the socket of a container runtime: who may write to it starts any container on the node."""
    return posixpath.basename(_normal(path)) in _SOCKETS


def _normal(path: Any) -> str:
    return "/" + posixpath.normpath(f"{path}").lstrip("/")
