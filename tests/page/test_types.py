"""The types of the page's modules, which stand in their comments, hold (it takes Node, which the page does not)."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.page.npm import packages

PAGE = Path(__file__).parents[2] / "src" / "personae" / "server" / "page"


def test_the_modules_hold_their_types() -> None:
    folder = packages()
    status, told = _checked(folder, folder)
    assert not status, told


def test_a_wrong_type_is_found(tmp_path: Path) -> None:
    folder = packages()
    settings = {"extends": str(folder / "tsconfig.json"), "include": ["*.js"]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    line = f'import {{ address }} from "{PAGE}/router.js";\nexport const one = address(1);\n'
    (tmp_path / "wrong.js").write_text(line, encoding="utf-8")
    status, told = _checked(folder, tmp_path)
    assert status and "wrong.js(2,28)" in told, told


def _checked(folder: Path, project: Path) -> tuple[int, str]:
    """The exit status of the compiler, and what it told."""
    compiler = folder / "node_modules" / ".bin" / "tsc"
    done = subprocess.run(
        [compiler, "--project", project], cwd=project, capture_output=True, text=True, timeout=240, check=False
    )
    return done.returncode, done.stdout + done.stderr
