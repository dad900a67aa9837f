"""Copies of secrets over two clouds: what could not be listed in one makes nobody sure of the other."""

from __future__ import annotations

import pytest
from assay.bundled import RULES
from assay.catalogue import Catalogue
from assay.engine import evaluate
from assay.graph import Graph
from assay.model import Coverage, NowhereOrigin, Resource

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/database-AbCdEf"


@pytest.mark.parametrize(("denied", "verdicts"), [(False, []), (True, ["not_evaluated", "unknown"])])
def test_a_copy_may_be_among_the_secrets_that_could_not_be_listed(denied: bool, verdicts: list[str]) -> None:
    values = {"name": "shop/database", "arn": ARN, "last_rotated_date": "2026-03-01T10:00:00Z"}
    secret = Resource("aws_secretsmanager_secret", ARN, "aws", values, NowhereOrigin(ARN))
    coverage = Coverage()
    if denied:
        coverage.not_listed("oci_vault_secret", "tenancy", "eu-frankfurt-1", "NotAuthorizedOrNotFound")
    catalogue = Catalogue([RULES])
    rules = catalogue.load([e for e in catalogue.entries if e.id == "secret-sync-drift"])
    found = evaluate(Graph([secret], coverage), rules).findings
    assert sorted(f.verdict.value for f in found) == verdicts
