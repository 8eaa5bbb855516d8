"""Every line of docs/cluster.md runs, with a PostgreSQL of its own, and says what the page shows.

The page's shell is `sh -e`, one for all of it. Ports are free ones.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from configparser import RawConfigParser
from contextlib import contextmanager
from pathlib import Path

import click
import pytest

from tests.docs_world import make_world
from tests.documents import blocks_of, path_with_personae
from tests.server.live import free_port
from tests.shell_pages import run_page

PAGE = Path(__file__).parents[2] / "docs" / "cluster.md"
NOT_RUN = ("pip install 'personae[cluster]'\n",)
"""Blocks that are not run: they install from the network."""
REQUIRED = "PERSONAE_REQUIRE_TOOLS"
"""Set where every program that the page names must be there, so that nothing is skipped unnoticed."""
WITHIN_S = 240.0
FILMS = 6


@contextmanager
def postgresql(folder: Path, port: int) -> Iterator[None]:
    """A PostgreSQL with the user and the database of the page; it refuses to be root's."""
    found = [Path(one).parent for one in (shutil.which("initdb"),) if one]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not found:
        if os.environ.get(REQUIRED):
            pytest.fail("PostgreSQL is missing")
        pytest.skip("needs PostgreSQL")
    folder.mkdir()
    user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    if user:
        for parent in folder.parents:
            if parent.owner() == "root" and parent.is_relative_to(folder.parents[3]):
                parent.chmod(parent.stat().st_mode | 0o011)
        shutil.chown(folder, "postgres", "postgres")

    def run(*words: str) -> None:
        done = subprocess.run(
            [str(found[-1] / words[0]), *words[1:]],
            cwd=folder, capture_output=True, text=True, check=False, timeout=60, **user,  # type: ignore[call-overload]
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    run("initdb", "-D", f"{folder}/data", "-A", "trust", "-U", "personae", "-E", "UTF8", "--no-sync")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
    # Its log has to be a file: the server would keep our end of a pipe open.
    run("pg_ctl", "-D", f"{folder}/data", "-w", "-l", f"{folder}/log", "-o", options, "start")
    try:
        run("createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "personae", "pieces")
        yield
    finally:
        run("pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "stop")


@pytest.mark.slow
def test_every_line_runs_and_says_what_the_page_shows(tmp_path: Path, hopper: Path, astronaut: Path) -> None:
    for module in ("skimage", "sqlalchemy", "distributed", "psycopg"):
        pytest.importorskip(module)
    if missing := [each for each in ("sh", "curl", "jq") if shutil.which(each) is None]:
        pytest.skip(f"needs {', '.join(missing)}")
    folder = make_world(tmp_path / "world", hopper, astronaut)
    for number in range(2, FILMS + 1):
        shutil.copy(folder / "film.mp4", folder / "films" / f"e{number:02d}.mp4")
    port = str(free_port())
    paths = f"{path_with_personae(tmp_path)}{os.pathsep}{Path(sys.executable).parent}"
    with postgresql(tmp_path / "postgresql", int(port)):
        ran = run_page(
            PAGE, folder, tmp_path, path=paths, not_run=NOT_RUN, within_s=WITHIN_S,
            unset=("PERSONAE_PROJECT", "PERSONAE_CLUSTER", "PERSONAE_ROOTS"),
            changes={"5432": port, "8786": str(free_port()), "8765": str(free_port())},
        )  # fmt: skip
    logs = [f"{one.name}: {one.read_text()[-600:]}" for one in (*folder.glob("*.log"), folder / "progress.txt")]
    assert ran.code == 0, "\n".join([ran.said, *logs])
    assert not ran.wrong, "\n".join(ran.wrong)
    assert ran.compared > 3


def test_the_unit_starts_a_worker_that_the_command_line_knows() -> None:
    (text,) = [content for language, content in blocks_of(PAGE) if language == "ini"]
    unit = RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(text)
    words = unit["Service"]["ExecStart"].split()
    assert words[:3] == ["/opt/personae/bin/personae", "worker", "--database"] and unit["Install"]["WantedBy"]
    from personae.cli import cli
    from personae.settings import TABLE

    command = cli.get_command(click.Context(cli), "worker")
    assert command is not None
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options
    named = {*re.findall(r"Environment=(PERSONAE_\w+)", text)}
    assert named <= {setting.environment for setting in TABLE} | {"PERSONAE_CACHE"}
