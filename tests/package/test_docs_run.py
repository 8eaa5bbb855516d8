"""Every example of README and docs runs as it stands: each page's blocks in order, in one fresh folder.

Python blocks run as a script would; blocks without a language are commands. Blocks of other languages are no programs
(`text`, `csv`, `json`, `toml`, `ini`, `nginx`; JSON is read by tests/package/test_docs.py).
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from personae.cli import cli
from tests.docs_world import make_world
from tests.documents import blocks_of, path_with_personae

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
RUN = ("", "python")
NO_PROGRAMS = ("text", "csv", "json", "toml", "ini", "nginx")
NOT_RUN = {
    "make demo": "makes a virtual environment and installs from the network; `personae demo` runs below",
    "make test": "runs this test",
    "pip install .": "installs from the network",
}
"""Commands that are not run, and why not."""
OWN_TEST = {
    "cluster.md": "tests/package/test_cluster_docs.py",
    "service.md": "tests/server/test_service_docs.py",
    "page.md": "tests/page/test_open.py",
}
"""Pages that are one session of a shell, with a server; what stands there for systemd and nginx runs there too."""
IN_A_SHELL = ("scanning.md",)
"""Pages whose commands run as processes of their own; those of the others run in this one, which is far faster."""


def commands_of(block: str) -> list[str]:
    """Its lines without comments."""
    return [shlex.join(words) for line in block.splitlines() if (words := shlex.split(line, comments=True))]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, hopper: Path, astronaut: Path) -> Path:
    pytest.importorskip("skimage")
    return make_world(tmp_path_factory.mktemp("world"), hopper, astronaut)


def _trained(folder: Path) -> None:
    run_here("personae train cast/")


def _scanned(folder: Path) -> None:
    run_here("personae train cast/")
    run_here("personae scan film.mp4 --out .")


def _thr(folder: Path) -> None:
    (folder / "cast" / "Thor").rename(folder / "cast" / "Thr")


PROMISED: dict[str, Callable[[Path], None]] = {
    "archives.md": _trained,  # and "into your own folder: only where you say so"
    "editing.md": _thr,  # "cast/Thr/1.jpg"
    "evaluation.md": _trained,  # "what the project has enrolled"
    "exports.md": _scanned,  # "`scan` writes the timeline of a film, `film.timeline.json`"
}
"""What a page says is there, besides photos and films."""


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if {language for language, _ in blocks_of(page)} & {*RUN}
                                  and page.name not in OWN_TEST], ids=lambda page: page.name)  # fmt: skip
def test_every_block_runs_as_it_stands(
    page: Path, world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "fresh"
    shutil.copytree(world, folder)
    monkeypatch.chdir(folder)
    monkeypatch.delenv("PERSONAE_PROJECT", raising=False)
    # A tuning trains 200 times. What is shown here, that it runs, needs neither as many strangers nor as many folds.
    monkeypatch.setattr("personae.recognition.calibration.STRANGERS", 2000)
    monkeypatch.setattr("personae.assessment.search.OUTER_FOLDS", 2)
    photos = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    if page.name in PROMISED:
        PROMISED[page.name](folder)
    for number, (language, block) in enumerate(blocks_of(page), 1):
        if language == "python":
            exec(compile(block, f"{page.name}, block {number}", "exec"), {"__name__": "__main__"})
        elif not language:
            for command in commands_of(block):
                if command not in NOT_RUN:
                    (run_in_a_shell if page.name in IN_A_SHELL else run_here)(command)
    if page.name not in PROMISED:  # photos and films are only read, and nothing is written beside them
        inputs = [folder / name for name in ("cast", "stills", "strangers", "films")]
        assert {path for name in inputs for path in name.rglob("*") if path.is_file()} <= set(photos)
        assert all(path.read_bytes() == content for path, content in photos.items())


def run_here(command: str) -> None:
    name, *arguments = shlex.split(command)
    assert name == "personae", command
    done = CliRunner().invoke(cli, arguments, standalone_mode=False, catch_exceptions=False)
    assert not done.return_value, f"{command}\n{done.output}"


def run_in_a_shell(command: str) -> None:
    """With `personae` on the path, as an installation puts it there."""
    done = subprocess.run(
        ["sh", "-c", command],
        env={**os.environ, "PATH": path_with_personae(Path())},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def test_every_block_has_a_known_language_and_every_exception_a_block() -> None:
    found = [(page.name, language) for page in PAGES for language, _ in blocks_of(page)]
    assert not [each for each in found if each[1] not in (*RUN, *NO_PROGRAMS)]
    assert all((ROOT / "docs" / page).exists() and (ROOT / test).exists() for page, test in OWN_TEST.items())
    others = [page for page in PAGES if page.name not in OWN_TEST]
    commands = {
        one for page in others for language, block in blocks_of(page) if not language for one in commands_of(block)
    }
    assert set(NOT_RUN) <= commands
    assert {Path(command).parts[0].split()[0] for command in commands} <= {"personae", "make", "pip"}
