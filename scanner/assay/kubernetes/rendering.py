"""What is written to be rendered first: kustomize overlays and Helm charts.

The tools themselves render, from the files on disk and without a network: `kubectl kustomize` (or `kustomize build`)
and `helm template`. What cannot be rendered is said, and what of it stands for itself is read as it is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from assay.kubernetes import CHART, KUSTOMIZATIONS
from assay.paths import display

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.kubernetes.manifests import Estate

SECONDS = 60
MAX_OUTPUT = 20_000_000


class Failed(Exception):
    """A tool that did not render: its own words."""


def run(command: Sequence[str], *, alone: bool = False) -> bytes:
    """What a tool writes.

    Args:
        alone: it finds no other program and no way into a network.

    Raises:
        Failed: it ended with an error, took too long or wrote too much.
    """
    nowhere = "http://127.0.0.1:9"  # the discard port: a proxy that answers nobody
    shut = {"PATH": "", "HTTP_PROXY": nowhere, "HTTPS_PROXY": nowhere, "NO_PROXY": "", "GIT_ALLOW_PROTOCOL": "none"}
    try:
        done = subprocess.run(
            list(command), capture_output=True, check=False, timeout=SECONDS, stdin=subprocess.DEVNULL,
            env={**os.environ, **shut} if alone else None,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(str(error)) from None
    if done.returncode != 0:
        said = " ".join(done.stderr.decode(errors="replace").split()).rpartition("err=<")[2].strip(" >")
        raise Failed(f"...{said[-400:]}" if len(said) > 400 else said or "it gives no reason")  # the cause comes last
    if len(done.stdout) > MAX_OUTPUT:
        raise Failed(f"it wrote more than {MAX_OUTPUT:,} bytes")
    return done.stdout


def render(estate: Estate, files: list[str]) -> list[str]:
    """Render what is to be rendered; the files that are left to be read as they are."""
    charts = [os.path.dirname(p) for p in estate.paths if os.path.basename(p) == CHART]
    overlays = [p for p in estate.paths if os.path.basename(p) in KUSTOMIZATIONS]
    if charts:
        files = _charts(estate, charts, files)
    if overlays:
        from assay.kubernetes.kustomize import Kustomizations

        files = Kustomizations(estate, overlays).render(files)
    return files


# --- Helm -------------------------------------------------------------------------------------------------------------


def _charts(estate: Estate, charts: list[str], files: list[str]) -> list[str]:
    """Render the charts that no other chart holds; their templates are not read as they are."""
    top = [c for c in charts if not any(c != other and _below(c, other) for other in charts)]
    helm = shutil.which("helm")
    for chart in top:
        shown = display(chart, estate.request.base)
        if helm is None:
            reason = (
                "a Helm chart is not rendered: there is no helm on this machine; "
                f"render it and scan the output (`helm template {shown} | assay scan -`)"
            )
            estate.intake.coverage.input(shown, "skipped", reason)
            continue
        try:
            text = run([helm, "template", "release", chart], alone=True)
        except Failed as error:
            estate.intake.coverage.input(shown, "failed", f"helm template failed: {error}")
            continue
        from assay.kubernetes.charts import rendered

        rendered(estate, chart, shown, text)
    templates = [os.path.join(chart, "templates") for chart in charts]
    inside = [os.path.join(chart, "charts") for chart in top]
    return [f for f in files if not any(_below(f, folder) for folder in (*templates, *inside))]


def _below(path: str, folder: str) -> bool:
    return os.path.abspath(path).startswith(os.path.abspath(folder).rstrip(os.sep) + os.sep)
