"""What checks the page and is not shipped: TypeScript and axe, from npm, in the versions of a lock file."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from filelock import FileLock

FOLDER = Path(__file__).parent / "types"
REQUIRED = "PERSONAE_REQUIRE_NODE"
"""Set where Node must be there, so that nothing is skipped unnoticed."""


def packages() -> Path:
    """The folder in whose node_modules they lie. Skips where npm is missing, fails where it must not be."""
    if shutil.which("npm") is None:
        if os.environ.get(REQUIRED):
            pytest.fail("npm is missing")
        pytest.skip("needs Node and npm: types and axe come from npm")
    marker = FOLDER / "node_modules" / ".package-lock.json"
    with FileLock(FOLDER / ".lock"):
        if not marker.is_file() or marker.stat().st_mtime < (FOLDER / "package-lock.json").stat().st_mtime:
            done = subprocess.run(
                ["npm", "ci", "--no-fund", "--no-audit", "--ignore-scripts"],
                cwd=FOLDER, capture_output=True, text=True, timeout=240, check=False,
            )  # fmt: skip
            assert not done.returncode, done.stdout + done.stderr
    return FOLDER
