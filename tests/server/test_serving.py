"""`personae serve` as a process: how it begins, who is refused, how it ends, and what a slow or rude client costs."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image

from personae.faces.fake import draw_picture
from personae.jobs.rows import JOBS
from personae.jobs.table import JobTable
from personae.server.names import Proxies
from tests.server.live import FAKES, LiveServer, free_port, serving, start, wait_for

ENDS_WITHIN_S = 5.0


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("served")
    (folder / "media").mkdir()
    with serving(folder / "project", folder / "media", options=("--workers", "0")) as server:
        yield server


def personae(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "personae", *arguments], capture_output=True, text=True, cwd=cwd, check=False, timeout=60
    )


def answer_to(live: LiveServer, sent: bytes, wait_s: float = 5.0) -> bytes:
    with live.connect() as connection:
        connection.settimeout(wait_s)
        connection.sendall(sent)
        found = b""
        try:
            while piece := connection.recv(65536):
                found += piece
        except TimeoutError:
            pass
        return found


# Refused in a sentence


def test_a_second_server_is_told_where_the_first_is(live: LiveServer) -> None:
    refused = personae("serve", "--project", str(live.project), "--port", str(free_port()), cwd=live.project.parent)
    assert refused.returncode == 1
    assert refused.stderr == f"personae: http://127.0.0.1:{live.port} serves this project already.\n"


def test_a_busy_port(live: LiveServer, tmp_path: Path) -> None:
    refused = personae("serve", "--port", str(live.port), cwd=tmp_path)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"personae: 127.0.0.1:{live.port} cannot be listened on (")
    assert refused.stderr.count("\n") == 1 and "--port" in refused.stderr


@pytest.mark.parametrize("name", ["project.sqlite", "gallery.sqlite"])
def test_a_project_of_a_newer_version(tmp_path: Path, name: str) -> None:
    from personae import Project

    with Project.open(tmp_path / "personae") as project:
        project.cast.add_names(["Ada"])
    JobTable.of_project(tmp_path / "personae").page()
    with sqlite3.connect(tmp_path / "personae" / name) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    refused = personae("serve", "--port", str(free_port()), cwd=tmp_path)
    assert refused.returncode == 1, refused.stderr
    assert "newer Personae" in refused.stderr and refused.stderr.count("\n") == 1


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nobody is refused anything")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    refused = personae("serve", "--project", "closed/personae", "--port", str(free_port()), cwd=tmp_path)
    assert refused.returncode == 1 and refused.stderr.count("\n") == 1


def test_a_project_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    refused = personae("serve", "--project", "file/personae", "--port", str(free_port()), cwd=tmp_path)
    assert refused.returncode == 1 and refused.stderr.count("\n") == 1, refused.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--host", "0.0.0.0"), "keys add"),
        (("no such folder",), "is no folder"),
        (("--proxy", "example"), "A proxy is named by its address"),
        (("--origin", "https://a.example/x"), "is no origin"),
        (("--root-path", "personae/"), "is no path"),
        (("--tls-cert", "no.pem", "--tls-key", "no.pem"), "certificate"),
    ],
)
def test_what_cannot_be_served_so(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    refused = personae("serve", *options, "--port", str(free_port()), cwd=tmp_path)
    assert refused.returncode == 1, refused.stderr
    assert said in refused.stderr and refused.stderr.count("\n") == 1


# Beginning


def test_it_says_what_it_reads_and_only_its_owner_may_read_the_token(tmp_path: Path) -> None:
    with serving(tmp_path / "project", options=("--workers", "0")) as live:
        token = live.project / "server.token"
        assert token.stat().st_mode & 0o077 == 0
        assert (live.project / "server.json").stat().st_mode & 0o077 == 0
        live.end(signal.SIGINT)
    said = live.printed
    assert f"Films and photos are read below {tmp_path}." in said
    assert f"http://127.0.0.1:{live.port}/?token={token.read_text()}" in said
    assert said.endswith("Stopped. What was not done waits for the next start.\n")
    assert live.process.returncode == 0 and not (live.project / "server.json").exists()


def test_uploads_that_a_crash_left_are_gone_after_the_next_start(tmp_path: Path) -> None:
    left = tmp_path / "project" / "cache" / "uploads" / "x"
    left.mkdir(parents=True)
    (left / "photo 1").write_bytes(b"somebody")
    with serving(tmp_path / "project", options=("--workers", "0")):
        assert not left.exists()


def test_what_the_workers_of_a_killed_server_had_taken_is_free_at_the_next_start(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    table = JobTable.of_project(tmp_path / "project")
    job = table.add("train", {})
    assert table.claim("of the one before") is not None and table.claim("another") is None, "for as long as its lease"
    with serving(tmp_path / "project", options=("--workers", "0")):
        again = table.claim("another")
    assert again is not None and (again.id, again.fence) == (job.id, 2)
    table.close()


def test_exports_that_waited_too_long_are_gone_after_the_next_start(tmp_path: Path) -> None:
    exports = tmp_path / "project" / "cache" / "exports"
    exports.mkdir(parents=True)
    for name, days in (("old", 8), ("new", 6)):
        (exports / f"{name}.mkv").write_bytes(b"a film")
        os.utime(exports / f"{name}.mkv", (time.time() - days * 86400,) * 2)
    with serving(tmp_path / "project", options=("--workers", "0")):
        assert [one.name for one in exports.iterdir()] == ["new.mkv"]


def test_jobs_that_ended_long_ago_are_gone_after_the_next_start(tmp_path: Path) -> None:
    table = JobTable.of_project(tmp_path / "project")
    old, new = table.add("train", {"folder": "/Zebulon"}), table.add("train", {})
    for job in (old, new):
        table.cancel(job.id)
    with table._writing() as connection:
        long_ago = time.time() - 31 * 86400
        connection.execute(JOBS.update().where(JOBS.c.id == old.id).values(ended=long_ago))
    table.close()
    with serving(tmp_path / "project", options=("--workers", "0")) as live:
        assert [job.id for job in table.page()[0]] == [new.id]
        assert b"Zebulon" not in b"".join(path.read_bytes() for path in live.project.glob("project.sqlite*"))
    table.close()


def test_over_tls(tmp_path: Path) -> None:
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
        cwd=tmp_path, capture_output=True, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip("no openssl")
    options = ("--workers", "0", "--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem"))
    with serving(tmp_path / "project", options=options) as live:
        trusted = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
        address = f"https://127.0.0.1:{live.port}/api/v1/version"
        with httpx2.Client(verify=trusted) as client:
            answer = client.get(address, params={"token": live.token})
            assert answer.status_code == 303 and "Secure" in answer.headers["set-cookie"]
        said = live.printed
        assert "Keys travel readable" not in said


def test_behind_a_named_proxy(tmp_path: Path) -> None:
    options = ("--workers", "0", "--proxy", "127.0.0.1", "--root-path", "/cast", "--name", "personae.example")
    with serving(tmp_path / "project", options=options) as live:
        address = f"http://127.0.0.1:{live.port}/api/v1/version"  # as a proxy asks that takes its own path away
        told = {"x-forwarded-for": "10.9.9.9", "x-forwarded-proto": "https", "x-forwarded-host": "personae.example"}
        with httpx2.Client() as client:
            answer = client.get(address, params={"token": live.token}, headers=told)
            assert answer.status_code == 303 and answer.headers["location"] == "/cast/api/v1/version"
            assert "Secure" in answer.headers["set-cookie"] and "Path=/cast;" in answer.headers["set-cookie"]
            key = {"authorization": f"Bearer {live.token}"}
            assert client.get(address, headers={**told, **key, "origin": "https://personae.example"}).status_code == 200
            assert client.get(address, headers={**told, **key, "origin": "http://personae.example"}).status_code == 403
            assert client.get(address.replace("/api", "/cast/api"), headers={**told, **key}).status_code == 200
            for told["x-forwarded-host"] in ("evil.example", "personae.example.evil.example"):
                assert client.get(address, headers={**told, **key}).status_code == 421


@pytest.mark.parametrize(
    ("near", "said", "client"),
    [
        ("10.0.0.1", "1.2.3.4", "1.2.3.4"),
        ("10.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        ("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4"),
        ("10.0.0.1", "1.2.3.4, nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("9.9.9.9", "1.2.3.4", "9.9.9.9"),
    ],
)
def test_who_asks_through_proxies(near: str, said: str, client: str) -> None:
    import asyncio

    seen: list[Any] = []

    async def app(scope: Any, receive: object, send: object) -> None:
        seen.append(scope)

    scope = {
        "type": "http", "client": (near, 1), "scheme": "http",
        "headers": [(b"host", b"a"), (b"x-forwarded-for", said.encode()), (b"x-forwarded-proto", b"https"),
                    (b"x-forwarded-host", b"b")],
    }  # fmt: skip
    asyncio.run(Proxies(app, ["10.0.0.0/24"])(scope, None, None))  # type: ignore[arg-type]
    believed = near.startswith("10.")
    assert seen[0]["client"][0] == client
    assert seen[0]["scheme"] == ("https" if believed else "http")
    assert dict(seen[0]["headers"])[b"host"] == (b"b" if believed else b"a")


# Ending


def test_it_ends_within_five_seconds_whatever_it_is_at_and_loses_nothing(tmp_path: Path) -> None:
    photos = tmp_path / "media" / "cast" / "Thor"
    photos.mkdir(parents=True)
    for take in (0, 9):
        Image.fromarray(draw_picture([("Thor", 96)], take=take).pixels).save(photos / f"{take}.png")
    live = start(tmp_path / "project", tmp_path / "media")
    try:
        with live.client() as client, live.client() as other, live.connect() as slow, live.connect():
            slow.sendall(
                f"POST /api/v1/identify HTTP/1.1\r\nHost: 127.0.0.1:{live.port}\r\n"
                f"Authorization: Bearer {live.token}\r\nContent-Length: 100000\r\n"
                "Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n".encode()
            )
            root = client.get("roots").json()["roots"][0]["id"]
            job = client.post("train", json={"root": root, "folder": "cast"}).json()
            while "worker" not in live.children():
                time.sleep(0.01)
            with other.stream("GET", "events") as stream:
                next(stream.iter_bytes())
                assert live.end() < ENDS_WITHIN_S
    finally:
        if live.process.poll() is None:
            live.process.kill()
    assert live.process.returncode == 0
    with serving(live.project, tmp_path / "media", port=live.port) as again, again.client() as client:
        done = wait_for(client, job["job"]["id"])
        assert done["state"] == "done", done


def test_orderly_ends_do_not_make_a_job_fail(tmp_path: Path) -> None:
    table = JobTable.of_project(tmp_path)
    job = table.add("scan", {})
    for number in range(10):
        claim = table.claim(f"w{number}")
        assert claim is not None and claim.id == job.id
        table.release(f"w{number}", "put back: the worker was asked to end", was_asked=True)
        table.release(f"w{number}", "put back: the server was stopped", was_asked=True)
    found = table.get(job.id)
    assert found is not None and (found.state, found.tries, found.fence) == ("waiting", 0, 10)
    table.close()


# Rude clients


def test_heads_that_are_too_long_or_no_heads(live: LiveServer) -> None:
    host = f"Host: 127.0.0.1:{live.port}\r\n"
    for sent in (
        f"GET /{'x' * 70_000} HTTP/1.1\r\n{host}\r\n",
        f"GET / HTTP/1.1\r\n{host}X: {'x' * 70_000}\r\n\r\n",
        f"GET / HTTP/1.1\r\n{host}" + "".join(f"X-{number}: y\r\n" for number in range(10_000)) + "\r\n",
        f"GET / HTTP/1.1\r\n{host}Host: evil.example\r\n\r\n",
        f"POST / HTTP/1.1\r\n{host}Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        f"POST / HTTP/1.1\r\n{host}Content-Length: -1\r\n\r\n",
        f"POST / HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "\x16\x03\x01\x02\x00",
        "GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    ):  # fmt: skip
        answer = answer_to(live, sent.encode("latin-1"), 2.0)
        assert not answer or int(answer.split()[1]) in {400, 401, 413, 421}, answer[:200]
    with live.client() as client:
        assert client.get("version").status_code == 200


def test_a_body_that_never_ends_keeps_nobody_waiting(tmp_path: Path) -> None:
    patient = (
        "import personae.server.limits as a, personae.server.patience as b; a.BETWEEN_S = 1.0; b.HEAD_WITHIN_S = 1.0"
    )
    (tmp_path / "sitecustomize.py").write_text(patient)
    environment = {**FAKES, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}
    with serving(tmp_path / "project", environment=environment, options=("--workers", "0")) as live:
        head = (
            f"POST /api/v1/characters HTTP/1.1\r\nHost: 127.0.0.1:{live.port}\r\nAuthorization: Bearer {live.token}\r\n"
            "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
        )
        began = time.monotonic()
        threads = [threading.Thread(target=answer_to, args=(live, head.encode(), 10.0)) for _ in range(60)]
        for thread in threads:
            thread.start()
        with live.client() as client:
            assert client.get("characters").status_code == 200, "others are answered meanwhile"
        assert b" 408 " in answer_to(live, head.encode(), 10.0)
        for sent in (b"", b"GET / HT"):
            assert answer_to(live, sent, 10.0) == b"", "who sends no head is cut off"
        for thread in threads:
            thread.join()
        assert time.monotonic() - began < 9


def test_connections_without_a_head_keep_nobody_out(live: LiveServer) -> None:
    rude = [live.connect() for _ in range(200)]
    try:
        with live.client() as client:
            assert client.get("version").status_code == 200
        time.sleep(0.5)
        for each in rude:
            each.setblocking(False)
        still = [each for each in rude if not _is_closed(each)]
        assert 60 <= len(still) <= 64, "the oldest were closed"
        assert still == rude[-len(still) :]
    finally:
        for each in rude:
            each.close()


def test_who_has_no_key_keeps_no_connection(live: LiveServer) -> None:
    host = f"Host: 127.0.0.1:{live.port}\r\n"
    for path in ("health", "version"):
        began = time.monotonic()
        answer = answer_to(live, f"GET /api/v1/{path} HTTP/1.1\r\n{host}\r\n".encode())
        assert b"connection: close" in answer.lower() and time.monotonic() - began < 3
    key = f"Authorization: Bearer {live.token}\r\n"
    assert b"connection: close" not in answer_to(live, f"GET /api/v1/version HTTP/1.1\r\n{host}{key}\r\n".encode(), 1.0)


def test_too_many_connections_are_told_so_in_a_document(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import personae.server.serving as a; a.MOST_CONNECTIONS = 5")
    environment = {**FAKES, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}
    with serving(tmp_path / "project", environment=environment, options=("--workers", "0")) as live:
        others = [live.connect() for _ in range(5)]
        with live.client() as client:
            refused = client.get("version")
            assert refused.status_code == 503 and refused.json()["code"] == "busy" and refused.headers["retry-after"]
            assert refused.headers["content-type"] == "application/problem+json"
            assert refused.headers["x-content-type-options"] == "nosniff"
            for each in others:
                each.close()
            time.sleep(0.3)
            assert client.get("version").status_code == 200


def _is_closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False


def test_clients_that_go_away_cost_nothing(live: LiveServer) -> None:
    for _ in range(50):
        with live.connect() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.sendall(
                f"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:{live.port}\r\n"
                f"Authorization: Bearer {live.token}\r\n\r\n".encode()
            )
            connection.recv(10)
    deadline = time.monotonic() + 15
    with live.client() as client:
        while "personae_event_streams 0.0" not in client.get("metrics").text:
            assert time.monotonic() < deadline, "streams of clients that went away are still counted"
            time.sleep(0.2)
        assert json.loads(client.get("version").text)
