"""What every test may ask for. `require_oracle` can also be imported: `from oracles import require_oracle`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import oracles
import pytest
from gitrepo import git, start

# No deadline: how long one example takes on a shared machine says nothing. On CI the same examples every time.
hypothesis.settings.register_profile("assay", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("assay")


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads what an earlier run, or an earlier state of the code, has left in the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSAY_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("SOURCE_DATE_EPOCH", "1795219200")  # 2026-11-21: a runtime's end of support may not turn us red
        yield


@pytest.fixture(scope="session")
def require_oracle() -> Callable[[str], Path]:
    return oracles.require_oracle


@pytest.fixture(scope="session")
def repository() -> Path:
    return Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def clone(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of its own with this work tree as its one commit, changes not yet committed included."""
    oracles.require_oracle("git")
    names = git(repository, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    there = tmp_path_factory.mktemp("clone") / "assay"
    for name in filter(None, names):
        if os.path.lexists(repository / name):  # not so where it is deleted, and not yet committed so
            (there / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(repository / name, there / name, follow_symlinks=False)
    start(there, "the work tree")
    return there
