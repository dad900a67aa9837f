"""Git for tests that need a repository of their own."""

from __future__ import annotations

import subprocess
from pathlib import Path

_IDENTITY = ("-c", "user.name=test", "-c", "user.email=test@example.invalid", "-c", "commit.gpgsign=false")


def git(repository: Path, *arguments: str) -> str:
    ran = subprocess.run(["git", "-C", repository, *_IDENTITY, *arguments], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, f"git {' '.join(arguments)}: {ran.stdout}{ran.stderr}"
    return ran.stdout


def start(repository: Path, message: str) -> None:
    """Make the folder a repository whose one commit holds all that is in it."""
    git(repository, "init", "-q")
    git(repository, "add", "--all", "--force")
    git(repository, "commit", "-q", "-m", message)
