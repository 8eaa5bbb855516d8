"""Every line of docs/service.md runs, against the server that its own first line starts, and says what the page shows.

The page's shell is `sh -e`, one for all of it. Ports are free ones, and nothing listens for other machines.
"""

from __future__ import annotations

import ast
import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from configparser import RawConfigParser
from pathlib import Path

import httpx2
import pytest

from personae.jobs.work import KINDS
from personae.server import problems, watching
from personae.settings import TABLE
from tests.docs_world import make_world
from tests.documents import blocks_of, differences, path_with_personae
from tests.server.live import free_port
from tests.shell_pages import ended, run_page

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "service.md"
NOT_RUN = ("pip install 'personae[server]'\n",)
"""Blocks that are not run: they install from the network."""
REQUIRED = "PERSONAE_REQUIRE_TOOLS"
"""Set where every program that the page names must be there, so that nothing is skipped unnoticed."""
WITHIN_S = 180.0


def needs(*programs: str) -> None:
    """Skip where a program is missing; fail where it must not be."""
    missing = [each for each in programs if shutil.which(each) is None]
    if missing and os.environ.get(REQUIRED):
        pytest.fail(f"{', '.join(missing)} is missing")
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")


def text_of(language: str) -> str:
    """The page's one block in a language."""
    (found,) = [content for name, content in blocks_of(PAGE) if name == language]
    return found


@pytest.mark.slow
def test_every_line_runs_and_says_what_the_page_shows(tmp_path: Path, hopper: Path, astronaut: Path) -> None:
    needs("sh", "curl", "jq", "openssl")
    pytest.importorskip("skimage")
    folder = make_world(tmp_path / "world", hopper, astronaut)
    ports = {"8765": str(free_port()), "8766": str(free_port())}
    ran = run_page(
        PAGE, folder, tmp_path, path=path_with_personae(tmp_path), not_run=NOT_RUN, unset=("PERSONAE_PROJECT",),
        changes={**ports, "--host 0.0.0.0 --port": "--host 127.0.0.1 --port"}, within_s=WITHIN_S,
    )  # fmt: skip
    assert ran.code == 0, ran.said
    assert not ran.left, "a process outlives the page"
    assert not ran.wrong, "\n".join(ran.wrong)
    assert ran.compared > 20


def test_another_output_than_the_page_shows_is_found() -> None:
    shown = '{"name": "Thor", "csrf": "...", "s": 1.5}'
    assert not differences("text", "done\n...  asked for\n", "done\n07:00  asked for\n")
    assert differences("text", "done\n", "failed\n") and differences("text", "a\n", "a\nb\n")
    assert not differences("json", shown, '{"s": 2.5, "name": "Thor", "csrf": "ab"}')
    for printed in (
        '{"name": "Tony", "csrf": "", "s": 1.5}',
        '{"name": "Thor", "s": 1.5}',
        '{"name": 1, "csrf": "", "s": 1.5}',
    ):
        assert differences("json", shown, printed)


def test_the_table_of_codes_is_complete() -> None:
    rows = re.findall(r"^\| (\d{3}) \| `([a-z-]+)` \| .+ \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    shown = {(int(status), code) for status, code in rows}
    assert len(shown) == len(rows)
    raised = {
        (first.value, second.value)
        for path in Path(problems.__file__).parent.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        for first, second in zip(call.args, call.args[1:], strict=False)
        if isinstance(first, ast.Constant) and isinstance(second, ast.Constant)
        if type(first.value) is int and 400 <= first.value < 600 and isinstance(second.value, str)
    }
    known = {(status, code) for code, status in problems._STATUS.items()} | {*problems.CODES.items()}
    assert shown == raised | known


def test_every_job_event_and_limit_stands_in_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    sections = {part.partition("\n")[0]: part for part in page.split("\n## ")}
    assert {*re.findall(r"^\| `([a-z]+)` \|", sections["Jobs"], re.MULTILINE)} == KINDS.keys()
    kinds = {*re.findall(r'"([a-z]+)"', str(watching.Event.__doc__))}
    assert kinds and {*re.findall(r"^\| `([a-z]+)` \|", sections["Events"], re.MULTILINE)} == kinds | {"hello"}
    settings = {setting.name: setting for setting in TABLE}
    named = re.findall(r"`([a-z]+_[a-z_]+)`(?:: (\d+))?", sections["Limits"])
    assert {"max_upload_mb", "max_film_hours", "max_requests", "max_waiting_jobs", "max_streams"} <= {*dict(named)}
    for name, default in named:
        assert name in settings, name
        assert not default or float(default) == settings[name].default, name


def test_the_unit_starts_a_server_and_sigterm_ends_it(tmp_path: Path) -> None:
    unit = _unit(text_of("ini"))
    assert unit["Install"]["WantedBy"] and unit["Service"]["TimeoutStopSec"] >= "10"
    port, folders = free_port(), {"/srv/films": "films", "/srv/photos": "photos", "/srv/personae/project": "project"}
    command, environment = (
        unit["Service"]["ExecStart"],
        dict(line.split("=", 1) for line in unit["Service"]["Environment"].splitlines()),
    )
    for path, name in folders.items():
        (tmp_path / name).mkdir()
        command = command.replace(path, str(tmp_path / name))
        environment = {key: value.replace(path, str(tmp_path / name)) for key, value in environment.items()}
    assert {*environment} == {"PERSONAE_PROJECT", "PERSONAE_CACHE"}
    environment["PERSONAE_CACHE"] = str(tmp_path / "cache")
    command = command.replace("/opt/personae/bin/", "")
    path = path_with_personae(tmp_path)
    process = subprocess.Popen(
        [*command.split(), "--port", str(port)], cwd=tmp_path, start_new_session=True,
        env={**os.environ, **environment, "PATH": path}, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    with ended(process):
        _answers(f"http://127.0.0.1:{port}/personae/api/v1/health")
        assert (tmp_path / "project" / "server.token").exists()
        process.send_signal(signal.SIGTERM)
        assert process.wait(float(unit["Service"]["TimeoutStopSec"])) == 0


def test_behind_the_proxy_of_the_page(tmp_path: Path, hopper: Path) -> None:
    needs("nginx")
    port, front = free_port(), free_port()
    block = text_of("nginx")
    for own, other in (
        ("127.0.0.1:8765", f"127.0.0.1:{port}"),
        ("listen 443 ssl", f"listen 127.0.0.1:{front}"),
        (" 256m", " 2m"),
    ):
        assert own in block
        block = block.replace(own, other)
    block = re.sub(r"(?m)^ *ssl_certificate.*\n", "", block)
    paths = "".join(
        f"{name}_temp_path {tmp_path}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {tmp_path}/pid; error_log {tmp_path}/error.log;\n"
        f"events {{}}\nhttp {{ access_log off;\n{paths}{block}}}\n"
    )
    options = _unit(text_of("ini"))["Service"]["ExecStart"].partition(" --")[2]
    (tmp_path / "media").mkdir()
    server = subprocess.Popen(
        ["personae", "serve", "media", "--port", str(port), *f"--{options}".split()],
        cwd=tmp_path, start_new_session=True, stdout=subprocess.DEVNULL,
        env={**os.environ, "PATH": path_with_personae(tmp_path), "PERSONAE_MAX_UPLOAD_MB": "2"},
    )  # fmt: skip
    with ended(server):
        proxy = subprocess.Popen(
            ["nginx", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")], start_new_session=True
        )
        with ended(proxy):
            _through(f"http://127.0.0.1:{front}", tmp_path / "personae", hopper)


def _through(front: str, project: Path, photo: Path) -> None:
    """What has to hold of a service behind a proxy; `front`: the proxy's address."""
    name = {"host": "films.example.org"}
    _answers(f"{front}/personae/api/v1/health", name)
    key = {"authorization": f"Bearer {(project / 'server.token').read_text()}"}
    with httpx2.Client(base_url=f"{front}/personae/api/v1/", headers=name | key, timeout=60) as client:
        found = client.post("identify", files={"photo": photo.read_bytes()})
        assert found.status_code == 200 and len(found.json()["pictures"][0]["faces"]) == 1
        with client.stream("GET", "events", timeout=5) as events:
            assert next(events.iter_lines()) == "event: hello"
        large = client.post("identify", files={"photo": b"\0" * (8 * 2**20)})
        assert (large.status_code, large.json()["code"]) == (413, "too-large")
        assert client.get("session", headers={"host": "evil.example.org"}).status_code in (404, 421)
        assert client.get("session", headers={"x-forwarded-host": "evil.example.org"}).status_code == 200
    with httpx2.Client(headers=name) as browser:
        # No cookie jar: the name is one that only the header knows.
        shown = browser.get(f"{front}/personae/", params={"token": key["authorization"].split()[1]})
        cookie = shown.headers["set-cookie"]
        assert shown.status_code == 303 and shown.headers["location"] == "/personae/"
        assert "Path=/personae" in cookie and "secure" not in cookie.lower()
        page = browser.get(f"{front}/personae/", headers={"cookie": cookie.partition(";")[0]})
        assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")


def _answers(address: str, headers: Mapping[str, str] | None = None, *, within_s: float = 60.0) -> None:
    until = time.monotonic() + within_s
    while True:
        with contextlib.suppress(httpx2.TransportError):
            if httpx2.get(address, headers=headers).status_code == 200:
                return
        assert time.monotonic() < until, f"{address} does not answer"
        time.sleep(0.05)


def _unit(text: str) -> RawConfigParser:
    """A unit of systemd; a key that stands there several times has a line for each."""

    class Lines(dict[str, object]):
        def __setitem__(self, key: str, value: object) -> None:
            known = self.get(key)
            both = isinstance(known, list) and isinstance(value, list)
            super().__setitem__(key, [*known, *value] if both else value)  # type: ignore[misc]

    unit = RawConfigParser(strict=False, dict_type=Lines, comment_prefixes="#")  # type: ignore[arg-type]
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(text)
    return unit
