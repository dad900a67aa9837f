"""Random modules: what Assay makes of each against what terraform plans.

Sixty of them, always the same. `ASSAY_FUZZ=2000 pytest tests/terraform/test_generated.py` tries that many new ones.
"""

from __future__ import annotations

import os
import random
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from oracles import require_oracle

from .generated import Module, modules, smallest
from .judged import differences, graph
from .oracle import Rejected, of_files, side_by_side, write

LONG = int(os.environ.get("ASSAY_FUZZ", "0"))
HOW_MANY = LONG or 60
BATCH = 5
REPORTED = 8
"""How many disagreements are made small and printed: each costs some twenty plans."""


def grown(how_many: int) -> list[Module]:
    """That many modules. Hypothesis only draws here: terraform's start is too slow to shrink by."""
    found: list[Module] = []
    first = random.randrange(1 << 32) if LONG else 0
    for number in range(how_many // BATCH):  # within one run hypothesis varies what it had: new ones need a new seed

        @seed(first + number)
        @settings(
            max_examples=BATCH, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck),
            derandomize=False, deadline=None,
        )  # fmt: skip
        @given(modules())
        def collect(module: Module) -> None:
            if module not in found:
                found.append(module)

        collect()
    return found


def truth_of(module: Module) -> dict[str, Any] | None:
    try:
        return of_files(module.files())
    except Rejected:
        return None


def wrong_with(module: Module, truth: dict[str, Any] | None) -> list[str]:
    if truth is None:
        return []
    with tempfile.TemporaryDirectory() as scratch:
        write(Path(scratch), module.files())
        ours = graph(Path(scratch))
    return differences(truth, ours.answers) + [f"assay reports an error: {error}" for error in ours.errors]


@pytest.mark.oracle
@pytest.mark.slow
def test_random_modules_have_the_plans_values() -> None:
    require_oracle("terraform")
    tried = grown(HOW_MANY)
    truths = side_by_side(truth_of, tried)
    accepted = sum(truth is not None for truth in truths)
    assert accepted > len(tried) * 0.6, f"terraform accepts only {accepted} of {len(tried)}: the generator is off"
    failing = [module for module, truth in zip(tried, truths, strict=True) if wrong_with(module, truth)]
    told = "\n".join(_report(module) for module in failing[:REPORTED])
    assert not failing, f"{len(failing)} of {accepted} modules differ, the first of them made small:\n{told}"


def _report(module: Module) -> str:
    small = smallest(module, lambda m: bool(wrong_with(m, truth_of(m))))
    text = "\n".join(f"--- {name}\n{body}" for name, body in small.files().items())
    return "\n".join([text, *wrong_with(small, truth_of(small))])
