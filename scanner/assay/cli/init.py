"""`assay init`: a configuration, a pre-commit hook and a workflow, written beside what is there already."""

from __future__ import annotations

import os
import sys

CONFIG = """# Assay's configuration; every key is optional. `assay scan --help` explains the same options.
# Lowest severity that fails the gate: info, low, medium, high, critical or never.
fail-on = "low"
# Rule ids, themes or globs to leave out, with the reason as a comment.
ignore = []
# Directories of your own rules, relative to this file.
rules = []
"""

HOOK = """repos:
  - repo: local
    hooks:
      - id: assay
        name: assay
        entry: assay scan
        language: system
        files: '\\.(tf|tofu|tfvars|ya?ml|tf\\.json|tofu\\.json|tfvars\\.json)$'
        exclude: '(^|/)\\.terraform/'
        pass_filenames: true
        require_serial: true
"""

WORKFLOW = """name: assay
on:
  pull_request:
  push:
    branches: [main]
permissions:
  contents: read
  security-events: write
jobs:
  scan:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with:
          persist-credentials: false
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: pip install "assay @ git+https://github.com/OWNER/assay@REVISION"  # where you host it
      - run: assay scan . -o text -o github=assay.sarif
      - uses: github/codeql-action/upload-sarif@v3
        if: always()
        with:
          sarif_file: assay.sarif
          category: assay
"""

FILES = {
    "assay.toml": CONFIG,
    ".pre-commit-config.yaml": HOOK,
    ".github/workflows/assay.yml": WORKFLOW,
}


def run(argv: list[str]) -> int:
    from argparse import ArgumentParser

    p = ArgumentParser("assay init", description="Write a configuration, a pre-commit hook and a workflow.")
    p.add_argument("directory", nargs="?", default=".", metavar="DIR", help="where to write (default .)")
    args = p.parse_args(argv)
    if not os.path.isdir(args.directory):
        print(f"assay init: {args.directory}: there is no such directory", file=sys.stderr)
        return 2
    kept = 0
    for name, text in FILES.items():
        path = os.path.join(args.directory, name)
        if os.path.exists(path):
            kept += 1
            print(f"{name} exists already and was left as it is", file=sys.stderr)
            continue
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "w", encoding="utf-8") as handle:
            handle.write(text)
        print(name)
    if kept < len(FILES):
        print("Next: assay scan", file=sys.stderr)
    return 0
