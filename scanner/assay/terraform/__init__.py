"""Terraform as a source: directories of `.tf` files evaluated into resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from assay.model import Intake, Request

SUFFIXES = (".tf", ".tofu", ".tf.json", ".tofu.json", ".tfvars", ".tfvars.json")


class TerraformSource:
    """Reads root modules and everything they call."""

    name = "terraform"
    trees = True

    def claims(self, path: str, head: Callable[[], bytes]) -> bool:
        return path.endswith(SUFFIXES)

    def load(self, request: Request, paths: Sequence[str], intake: Intake) -> None:
        from assay.terraform.discover import Estate

        Estate(request, paths, intake).run()
