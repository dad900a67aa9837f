"""What every test may ask for. `require_oracle` can also be imported: `from oracles import require_oracle`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import oracles
import pytest


@pytest.fixture(scope="session")
def require_oracle() -> Callable[[str], Path]:
    return oracles.require_oracle


@pytest.fixture(scope="session")
def repository() -> Path:
    return Path(__file__).resolve().parents[1]
