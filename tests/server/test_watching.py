"""Events: what changes is told to who follows, who comes back gets what was missed, and looking costs little."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest

from personae import Project, Settings
from personae.server import watching
from personae.server.keys import Keys
from personae.server.problems import ProblemError
from personae.server.watching import Watcher
from tests.server.conftest import Served
from tests.server.live import LiveServer, serving

SEEN_WITHIN_S = 2.0


@pytest.fixture
def watcher(served: Served) -> Watcher:
    """One that looks when a test says so."""
    found = Watcher(served.service)
    found._look(tell=False)
    return found


def kinds(watcher: Watcher, last: str) -> list[str]:
    return [event.kind for event in watcher.since(last)]


def test_who_comes_back_gets_what_was_missed(served: Served, watcher: Watcher) -> None:
    at = f"{watcher.boot}-{watcher.latest}"
    assert kinds(watcher, at) == [] and kinds(watcher, "") == []
    job = served.service.jobs.add("scan", {})
    watcher._look()
    served.service.jobs.cancel(job.id)
    served.project.cast.add_names(["Ada"])
    watcher._look()
    events = watcher.since(at)
    assert [event.kind for event in events] == ["job", "job", "cast"]
    assert [event.data.get("state") for event in events] == ["waiting", "cancelled", None]
    assert kinds(watcher, f"{watcher.boot}-{events[0].number}") == ["job", "cast"]
    watcher._look()
    assert watcher.latest == events[-1].number, "what did not change is not told again"


@pytest.mark.parametrize(
    "last", ["other-3", "x", "-", "boot-99999999999999999999", "{boot}-x", "{boot}-²", "{boot}--1", "a" * 40]
)
def test_an_event_that_is_not_known_means_to_read_all_again(served: Served, watcher: Watcher, last: str) -> None:
    served.service.jobs.add("scan", {})
    watcher._look()
    assert kinds(watcher, last.format(boot=watcher.boot)) == ["reset"]


def test_an_event_that_is_too_long_ago_means_to_read_all_again(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "KEPT", 3)
    watcher = Watcher(served.service)
    watcher._look(tell=False)
    first = f"{watcher.boot}-{watcher.latest}"
    for _ in range(5):
        served.service.jobs.add("scan", {})
    watcher._look()
    assert kinds(watcher, first) == ["reset"]
    assert kinds(watcher, f"{watcher.boot}-3") == ["job", "job"]


def test_what_was_told_of_somebody_is_not_told_again_after_a_forgetting(served: Served, watcher: Watcher) -> None:
    at = f"{watcher.boot}-{watcher.latest}"
    served.service.jobs.add("scan", {})
    watcher._look()
    intention = served.project.context.paths
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(type(intention), "is_forgetting", True)
        watcher._look()
    assert kinds(watcher, at) == ["reset"]


# Over a connection


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serving(tmp_path_factory.mktemp("events") / "project", options=("--workers", "0")) as server:
        yield server


def events_of(stream: httpx2.Response) -> Iterator[dict[str, Any]]:
    event: dict[str, Any] = {}
    for line in stream.iter_lines():
        if not line and event:
            yield event
            event = {}
        name, _, value = line.partition(": ")
        if name:
            event[name] = json.loads(value) if name == "data" else value


def test_what_the_command_line_changes_is_told_within_two_seconds(live: LiveServer) -> None:
    with live.client() as client, client.stream("GET", "events") as stream:
        events = events_of(stream)
        hello = next(events)
        assert hello["event"] == "hello"
        with Project.open(live.project) as project:  # another process would be no other: nothing is shared
            project.cast.add_names(["Ada"])
        began = time.monotonic()
        assert next(events)["event"] == "cast"
        assert time.monotonic() - began < SEEN_WITHIN_S
    with live.client(headers={"last-event-id": hello["id"]}) as client, client.stream("GET", "events") as stream:
        events = events_of(stream)
        assert next(events)["event"] == "hello"
        assert next(events)["event"] == "cast", "what was missed comes first"


def test_a_stream_ends_with_its_key(live: LiveServer) -> None:
    def personae(*arguments: str) -> str:
        command = [sys.executable, "-m", "personae", "keys", *arguments, "--project", str(live.project)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    secret = personae("add", "anna", "--role", "viewer")
    with live.client(headers={"authorization": f"Bearer {secret}"}) as client, client.stream("GET", "events") as stream:
        events = events_of(stream)
        assert next(events)["event"] == "hello"
        personae("revoke", "anna")
        began = time.monotonic()
        assert list(events) == []
        assert time.monotonic() - began < 4


def test_many_streams_keep_nobody_waiting_and_there_are_not_too_many(tmp_path: Path) -> None:
    environment = {"PERSONAE_MAX_STREAMS": "60"}
    with serving(tmp_path / "project", environment=environment, options=("--workers", "0")) as live:
        keys = [Keys(live.project).add(f"viewer-{number}", "viewer") for number in range(10)]
        clients = [live.connect() for _ in range(60)]
        for number, follower in enumerate(clients):
            follower.sendall(
                f"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:{live.port}\r\n"
                f"Authorization: Bearer {keys[number % 10]}\r\n\r\n".encode()
            )
        for follower in clients:
            assert b" 200 " in follower.recv(100)
        with live.client() as client:
            began = time.monotonic()
            assert client.get("version").status_code == 200
            assert time.monotonic() - began < 2, "a stream holds no thread"
            refused = client.get("events")
            assert refused.status_code == 503 and refused.json()["code"] == "busy" and refused.headers["retry-after"]
        assert live.end(signal.SIGTERM) < 5, "streams end with the server"
        for follower in clients:
            follower.close()


def test_one_key_leaves_streams_for_others(watcher: Watcher) -> None:
    with ExitStack() as stack:
        for _ in range(10):
            stack.enter_context(watcher.followed("anna", most=100))
        with pytest.raises(ProblemError, match="10 clients with this key") as refused:
            stack.enter_context(watcher.followed("anna", most=100))
        assert (refused.value.status, refused.value.code) == (503, "busy")
        stack.enter_context(watcher.followed("ben", most=100))
        for _ in range(5):
            stack.enter_context(watcher.followed("ben", most=20))
        with pytest.raises(ProblemError, match="6 clients with this key"):
            stack.enter_context(watcher.followed("ben", most=20))
        with pytest.raises(ProblemError, match="16 clients follow"):
            stack.enter_context(watcher.followed("", most=16))
    assert watcher.streams == 0
    with watcher.followed("anna", most=100):
        assert watcher.streams == 1


def test_looking_costs_little_with_many_films(serve: Callable[..., Served], tmp_path: Path) -> None:
    folder = tmp_path / "project" / "films"
    for number in range(500):
        film = folder / f"film {number}"
        film.mkdir(parents=True)
        (film / f"film {number}.timeline.json").write_text("{}")
        (film / f"film {number}.tracks").write_bytes(b"")
    served = serve(Project.open(tmp_path / "project", settings=Settings()))
    watcher = Watcher(served.service)
    watcher._look(tell=False)
    assert len(watcher._stamps) > 500
    began = time.thread_time()
    for turn in range(9):
        watcher._look(files=turn % watching.FILES_EVERY == 0)
    share = (time.thread_time() - began) / 9 / watching.EVERY_S
    assert share < 0.05, f"{share:.1%} of a core"


def test_the_watcher_ends_at_once(served: Served) -> None:
    with Watcher(served.service) as watcher:
        pass
    assert watcher.is_over and not any(one.name == "personae-watch" for one in threading.enumerate())


def test_decisions_and_trainings_are_told_as_such(
    serve: Callable[..., Served], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.drawn_films import drawn_film, drawn_recognizer, scene

    monkeypatch.setenv("PERSONAE_DETECTOR", "fake")
    monkeypatch.setenv("PERSONAE_EMBEDDER", "fake")
    recognizer = drawn_recognizer(tmp_path)
    film = drawn_film(tmp_path / "film.mkv", lambda _: scene(1, [("Thor", 90, 120, 80), ("Hela", 230, 120, 80)]), 20)
    served = serve(Project.open(recognizer.project.folder))
    watcher = Watcher(served.service)
    watcher._look(tell=False)
    at = f"{watcher.boot}-{watcher.latest}"
    with served.project.films.scan(film) as scanned:
        watcher._look()
        assert kinds(watcher, at) == ["media"]
        from personae.films import say

        at = f"{watcher.boot}-{watcher.latest}"
        scanned.decide([say.name("Unknown 1", "Hela")])
        watcher._look()
        assert sorted(kinds(watcher, at)) == ["decision", "media"]
    at = f"{watcher.boot}-{watcher.latest}"
    served.project.cast.train(tmp_path / "cast", fresh=True)
    watcher._look()
    assert {"cast", "training"} <= set(kinds(watcher, at)) and "decision" not in kinds(watcher, at)
    project = served.project
    kept = project.photos.keep([str(tmp_path / "cast" / "Thor" / "0.png")], "stills")
    watcher._look()
    at = f"{watcher.boot}-{watcher.latest}"
    kept.decide([say.name(("0.png", 1), "Hela")])
    watcher._look()
    assert sorted(kinds(watcher, at)) == ["decision", "media"]


def test_who_begins_to_follow_while_somebody_is_being_forgotten_is_told_so(live: LiveServer) -> None:
    with Project.open(live.project) as project:
        note = project.context.paths.forgetting
    for is_there in (True, False):
        note.touch() if is_there else note.unlink()
        time.sleep(SEEN_WITHIN_S)
        with live.client() as client, client.stream("GET", "events") as stream:
            assert next(events_of(stream))["data"] == {"forgetting": is_there}
