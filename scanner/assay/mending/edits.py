"""The edit of a fix, by where its resource is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.mending import Edit, NoEdit

if TYPE_CHECKING:
    from assay.model import Fix


def edit_of(fix: Fix) -> Edit:
    """The edit that gives the path of a fix its value.

    Raises:
        NoEdit: the value is not written where it could be edited, with the reason.
    """
    from assay.kubernetes.charts import TemplateOrigin
    from assay.kubernetes.manifests import DocumentOrigin
    from assay.kubernetes.overlays import BaseOrigin, OverlayOrigin
    from assay.kubernetes.terraform import ObjectOrigin

    origin = fix.resource.origin
    if isinstance(origin, DocumentOrigin):
        from assay.mending.manifest import edit_of as of_manifest

        return of_manifest(fix, origin)
    if isinstance(origin, (OverlayOrigin, BaseOrigin)):
        raise NoEdit("is rendered by a kustomization: mend the base or the patch that sets it")
    from assay.mending.terraform import edit_of as of_terraform

    if isinstance(origin, ObjectOrigin):
        path = origin.written(fix.path)
        if path is None:
            raise NoEdit("is made by Terraform code that does not set this field")
        return of_terraform(fix._replace(path=path), origin.origin)
    if isinstance(origin, TemplateOrigin):
        raise NoEdit("is rendered by a chart: mend its template or its values")
    return of_terraform(fix, origin)


def is_manifest(fix: Fix) -> bool:
    """Whether a fix edits a manifest: one of a document that was read as it now is, edits of before included."""
    from assay.kubernetes.manifests import DocumentOrigin

    return isinstance(fix.resource.origin, DocumentOrigin)
