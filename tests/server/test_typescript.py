"""TypeScript types made from the OpenAPI document are of use to a program (it takes Node)."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.make_openapi import SNAPSHOT

FOLDER = Path(__file__).parent / "typescript"
REQUIRED = "PERSONAE_REQUIRE_NODE"
"""Set where Node must be there, so that nothing is skipped unnoticed."""


@pytest.mark.slow
def test_types_made_from_the_document_check_a_program(tmp_path: Path) -> None:
    if shutil.which("npm") is None:
        if os.environ.get(REQUIRED):
            pytest.fail("npm is missing")
        pytest.skip("needs Node and npm")
    for name in ("package.json", "package-lock.json", ".npmrc", "tsconfig.json", "use.ts"):
        shutil.copy(FOLDER / name, tmp_path)
    if (FOLDER / "node_modules").is_dir():
        (tmp_path / "node_modules").symlink_to(FOLDER / "node_modules")
    else:
        _run(tmp_path, "npm", "ci", "--no-fund", "--no-audit", "--ignore-scripts")
    _run(tmp_path, "node_modules/.bin/openapi-typescript", str(SNAPSHOT), "--output", "schema.d.ts")
    _run(tmp_path, "node_modules/.bin/tsc", "--project", ".")


def _run(folder: Path, *command: str) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, check=False)
    assert not done.returncode, done.stdout + done.stderr
