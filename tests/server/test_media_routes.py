"""Films and sets of photos over HTTP: browse, scan, facts, timelines that are sent once, relabel, keep."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from personae.commits import Commit
from personae.films import film as film_module
from personae.jobs import media_work, work
from personae.jobs.job import Job
from personae.jobs.table import JobTable
from personae.project.session import Project
from personae.server import browsing
from personae.server.roots import MediaRoots
from personae.timeline import native
from personae.timeline.timeline import Timeline
from tests.server.conftest import API, Served
from tests.server.media import FAKE, FRAMES, Client, name


@pytest.fixture
def served(filled: Served) -> Served:
    return filled


@pytest.fixture
def empty(scanned_media: Path, tmp_path: Path, serve: Callable[..., Served]) -> Served:
    """An empty project over a media root of its own."""
    shutil.copytree(scanned_media / "media", tmp_path / "films")
    return serve(Project.open(tmp_path / "empty", settings=FAKE), tmp_path / "films")


def root_of(client: Client) -> str:
    return str(client.get("/roots")["roots"][0]["id"])


# Browsing


def test_one_folder_of_a_root_is_listed_with_what_was_scanned(empty: Served) -> None:
    client, media = Client(empty.client), empty.media
    (media / "deep" / "Deeper").mkdir(parents=True)
    shutil.copy(media / "ep1.mkv", media / "deep" / "Deeper" / "Épisode.mkv")
    (media / "notes.txt").write_text("no film")
    (media / ".hidden.mkv").write_bytes(b"")
    root = root_of(client)
    rows = client.all(f"/roots/{root}/films", "entries", 2)
    assert [(row["kind"], row["path"], row["medium"]) for row in rows] == [
        ("folder", "deep", None), ("folder", "holiday", None), ("film", "ep1.mkv", None), ("film", "ep2.mkv", None),
    ]  # fmt: skip
    client.post("/films", {"root": root, "paths": ["ep2.mkv"]}, 202)
    empty.work()
    rows = client.get(f"/roots/{root}/films")["entries"]
    assert {row["path"]: row["medium"] for row in rows}["ep2.mkv"] == client.id("ep2")
    assert [row["path"] for row in client.get(f"/roots/{root}/films", folder="deep")["entries"]] == ["deep/Deeper"]
    for letters in ("episode", "ÉPISODE"):
        [found] = client.get(f"/roots/{root}/films", q=letters)["entries"]
        assert found["path"] == "deep/Deeper/Épisode.mkv" and found["name"] == "Épisode.mkv"


@pytest.mark.skipif(os.name != "posix", reason="links take a right on Windows")
def test_a_link_that_leaves_the_root_is_not_there(empty: Served, tmp_path: Path) -> None:
    client = Client(empty.client)
    outside = tmp_path / "outside"
    outside.mkdir()
    shutil.copy(empty.media / "ep1.mkv", outside / "secret.mkv")
    (empty.media / "way-out").symlink_to(outside)
    (empty.media / "out.mkv").symlink_to(outside / "secret.mkv")
    (empty.media / "inside.mkv").symlink_to(empty.media / "ep1.mkv")
    (empty.media / "round").symlink_to(empty.media)
    root = root_of(client)
    paths = [row["path"] for row in client.get(f"/roots/{root}/films")["entries"]]
    assert paths == ["holiday", "round", "ep1.mkv", "ep2.mkv", "inside.mkv"]
    assert client.get(f"/roots/{root}/films", q="secret")["entries"] == []
    for folder in ("way-out", "..", "/", "no-such"):
        told = client.get(f"/roots/{root}/films", 422, folder=folder)
        assert str(outside) not in told["detail"]
    client.post("/films", {"root": root, "paths": ["out.mkv"]}, 422)


def test_a_project_below_a_root_is_not_there(tmp_path: Path) -> None:
    for folder in ("films", "project/films"):
        (tmp_path / folder).mkdir(parents=True)
    roots = MediaRoots([tmp_path], without=[tmp_path / "project"])
    assert [found.inside for found in browsing.in_folder(roots, roots.roots[0].id, "")] == ["films"]
    assert [found.inside for found in browsing.search(roots, roots.roots[0].id, "", "film")] == ["films"]


# Scanning


def test_a_film_that_waits_already_is_the_same_job(empty: Served) -> None:
    client = Client(empty.client)
    body = {"root": root_of(client), "paths": ["ep1.mkv", "ep2.mkv"]}
    first = client.post("/films", body, 202, key="one")["jobs"]
    assert client.post("/films", body, 202, key="one")["jobs"] == first
    assert client.post("/films", body, 202, key="two")["jobs"] == first
    assert len({job["id"] for job in first}) == 2
    assert [job.state for job in empty.work()] == ["done", "done"]
    assert [one["name"] for one in client.get("/films")["films"]] == ["ep1", "ep2"]
    assert client.post("/films", body, 202, key="one")["jobs"][0]["state"] == "done"


def test_a_film_is_read_as_its_opening_says(empty: Served) -> None:
    client = Client(empty.client)
    body = {"root": root_of(client), "paths": ["ep1.mkv"]}
    opening = {"rate": "30000/1001", "start_timecode": "10:00:00;00", "drop_frame": True, "reel": "A 001"}
    jobs = client.post("/films", body | {"opening": opening}, 202)["jobs"]
    assert client.post("/films", body | {"opening": opening}, 202)["jobs"] == jobs
    assert client.post("/films", body, 202)["jobs"] != jobs, "read otherwise it is other work"
    assert [job.state for job in empty.work()] == ["done", "done"]
    client.post("/films", body | {"opening": opening | {"start_timecode": "11:00:00;00"}}, 202)
    [job] = empty.work()
    assert job.state == "done", job.error
    video = client.get(f"/media/{client.id('ep1')}/timeline")["video"]
    assert video["frame_rate"] == "30000/1001" and "A 001" in json.dumps(video) and "11:00:00;00" in json.dumps(video)
    client.post("/films", body | {"opening": {"rate": "no rate"}}, 202)
    [job] = empty.work()
    assert job.state == "failed" and "no rate" in job.error["detail"]
    client.post("/films", body | {"opening": {"follow_references": True}}, 422)


# Facts


def test_a_films_facts(served: Served, client: Client) -> None:
    rows = client.all("/films", "films", 1)
    assert [row["name"] for row in rows] == ["ep1", "ep2"]
    film = rows[0]
    assert film == client.get(f"/films/{film['id']}")
    assert (film["kind"], film["frame_rate"], film["position"], film["stale"]) == ("film", "25", 0, False)
    assert film["duration_s"] == pytest.approx(FRAMES / 25) and film["size"] == [320, 240]
    assert (film["characters"], film["unknown"], film["decided"]) == ([], 2, 0.0)
    client.post(f"/media/{film['id']}/decisions", {"said": [name("Unknown 1", "Thor")]})
    now = client.get(f"/films/{film['id']}")
    assert (now["characters"], now["unknown"], now["position"]) == (["Thor"], 1, 1) and 0.3 < now["decided"] < 0.7
    client.post(f"/media/{film['id']}/decisions", {"said": [{"say": "stranger", "who": "Unknown 2"}]})
    now = client.get(f"/films/{film['id']}")
    assert (now["unknown"], now["strangers"], now["decided"]) == (0, 1, 1.0)
    photos = client.id("holiday")
    client.get(f"/films/{photos}", 404)
    client.get(f"/photo-sets/{film['id']}", 404)


# Timelines


def test_a_timeline_that_did_not_change_is_not_sent_again(
    served: Served, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = client.id("ep1")
    path = f"{API}/media/{film}/timeline"
    first = served.client.get(path)
    tag = first.headers["etag"]
    assert first.headers["personae-position"] == "0"
    made: list[Timeline] = []
    dumps = native.dumps

    def counted(timeline: Timeline) -> str:
        made.append(timeline)
        return dumps(timeline)

    monkeypatch.setattr(native, "dumps", counted)
    for _ in range(3):
        again = served.client.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert not made, "nothing was made anew for who has it"
    client.post(f"/media/{film}/decisions", {"said": [name("Unknown 1", "Thor")]})
    now = served.client.get(path, headers={"If-None-Match": f'"other", W/{tag}'})
    assert now.status_code == 200 and now.headers["personae-position"] == "1" and now.headers["etag"] != tag
    viewer = served.as_role("viewer").get(path, headers={"If-None-Match": now.headers["etag"]})
    assert viewer.status_code == 200 and "personae-position" not in viewer.headers


def test_a_timeline_follows_a_characters_new_name(served: Served, client: Client) -> None:
    film = client.id("ep1")
    served.project.cast.add_names(["Thor"])
    client.post(f"/media/{film}/decisions", {"said": [name("Unknown 1", "Thor")]})
    before = served.client.get(f"{API}/media/{film}/timeline")
    served.project.cast.rename("Thor", "Donar")
    now = served.client.get(f"{API}/media/{film}/timeline", headers={"If-None-Match": before.headers["etag"]})
    assert now.status_code == 200 and "Donar" in {row["character"] for row in now.json()["characters"]}


def test_no_answer_holds_a_path_of_this_machine(served: Served, client: Client, scanned_media: Path) -> None:
    film, photos = client.id("ep1"), client.id("holiday")
    timeline = client.get(f"/media/{film}/timeline")
    assert timeline["video"]["path"] == "ep1.mkv"
    assert native.from_json(timeline) is not None
    client.post("/relabel", {}, 202)
    answers = [
        client.get(path)
        for path in (f"/media/{film}/timeline", "/films", "/photo-sets", f"/photo-sets/{photos}/photos", "/people")
    ] + [client.get("/roots"), client.get(f"/roots/{root_of(client)}/films"), client.get("/jobs")]
    for folder in (scanned_media, served.project.folder):
        assert str(folder) not in json.dumps(answers)


def test_one_film_named_often_is_one_job_and_the_table_is_read_once(
    empty: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, opened = Client(empty.client), JobTable.open
    root = root_of(client)
    for number in range(30):
        empty.service.jobs.add("relabel", {"film": str(number)})
    reads: list[JobTable] = []

    def read(table: JobTable) -> list[Job]:
        reads.append(table)
        return opened(table)

    monkeypatch.setattr(JobTable, "open", read)
    paths = ["ep1.mkv", "./ep1.mkv", "ep2.mkv", *["ep1.mkv"] * 900]
    first = client.post("/films", {"root": root, "paths": paths}, 202)["jobs"]
    assert [job["about"] for job in first] == ["ep1.mkv", "ep2.mkv"] and len(reads) == 1
    again = client.post("/films", {"root": root, "paths": paths[::-1]}, 202)["jobs"]
    assert {job["id"] for job in again} == {job["id"] for job in first}, "what waits is that job"
    (one,) = client.post("/films", {"root": root, "paths": paths, "as_one": True}, 202)["jobs"]
    job = empty.service.jobs.get(one["id"])
    assert job is not None and [Path(path).name for path in job.what["paths"]] == ["ep1.mkv", "ep2.mkv"]


def test_several_files_are_scanned_as_one_film(empty: Served) -> None:
    client = Client(empty.client)
    client.post("/films", {"root": root_of(client), "paths": ["ep1.mkv", "ep2.mkv"], "as_one": True}, 202)
    assert [(job.state, job.error) for job in empty.work()] == [("done", {})]
    (film,) = client.get("/films")["films"]
    assert film["duration_s"] > 1.5 * FRAMES / 25


# Relabel


def test_all_are_named_anew_or_only_what_the_model_would_change(served: Served, client: Client) -> None:
    assert client.post("/relabel", {"only_stale": True}, 202)["jobs"] == []
    film = client.id("ep1")
    client.post(f"/media/{film}/decisions", {"said": [name("Unknown 1", "Thor")], "learn": True})
    served.work()
    jobs = client.post("/relabel", {"only_stale": True}, 202, key="all")["jobs"]
    assert len(jobs) == 3 and {job["kind"] for job in jobs} == {"relabel"}
    assert client.post("/relabel", {"only_stale": True}, 202, key="all")["jobs"] == jobs
    assert client.post(f"/media/{film}/relabel", None, 202)["job"] in jobs, "it waits already"
    assert [job.state for job in served.work()] == ["done"] * 3
    assert not any(one["stale"] for one in client.get("/films")["films"])
    assert client.get(f"/films/{client.id('ep2')}")["characters"] == ["Thor"]
    photos = client.get(f"/photo-sets/{client.id('holiday')}")
    assert photos["characters"] == ["Thor"] and not photos["stale"]


# Photos


def test_photos_are_kept_as_a_set_by_a_job(empty: Served) -> None:
    client = Client(empty.client)
    (empty.media / "holiday" / "none.png").write_bytes(b"no picture")
    body = {"root": root_of(client), "paths": ["holiday"], "name": "summer"}
    job = client.post("/photo-sets", body, 202, key="keep")["job"]
    assert client.post("/photo-sets", body, 202, key="other")["job"] == job
    [done] = empty.work()
    assert done.state == "done" and done.result["kept"] == 2
    assert any("none.png" in note for note in done.result["notes"])
    assert str(empty.media) not in json.dumps(dict(done.result))
    assert client.post("/photo-sets", body, 202, key="keep")["job"]["state"] == "done"
    [kept] = client.get("/photo-sets")["photo_sets"]
    assert (kept["kind"], kept["name"], kept["photos"], kept["faces"]) == ("photos", "summer", 2, 3)


def test_a_keeping_that_was_killed_before_its_commit_is_done_once(
    empty: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(empty.client)
    client.post("/photo-sets", {"root": root_of(client), "paths": ["holiday"]}, 202)
    claim = empty.service.jobs.claim("killed")
    assert claim is not None
    with monkeypatch.context() as patch:
        patch.setattr(media_work, "committed", _killed)
        with pytest.raises(KeyboardInterrupt):
            work.do(empty.project, "keep", claim.job.what, Commit(claim.id, claim.fence), lambda _: None)
    before = client.get(f"/photo-sets/{client.id('holiday')}/photos")
    empty.service.jobs.release("killed", "killed")
    [job] = empty.work()
    assert job.state == "done" and job.result["kept"] == 2
    assert client.get(f"/photo-sets/{client.id('holiday')}/photos") == before


def _killed(*_: Any) -> Any:
    raise KeyboardInterrupt


def test_the_photos_of_a_set_come_in_pages_with_their_faces(client: Client) -> None:
    photos = client.id("holiday")
    rows = client.all(f"/photo-sets/{photos}/photos", "photos", 1)
    assert [row["path"] for row in rows] == ["0.png", "1.png"]
    faces = [face for row in rows for face in row["faces"]]
    assert [face["face"] for face in faces] == [1, 2, 3] and [face["number"] for face in faces] == [1, 2, 1]
    client.post(f"/media/{photos}/decisions", {"said": [name({"photo": "0.png", "face": 1}, "Thor")]})
    now = client.get(f"/photo-sets/{photos}/photos")
    assert now["position"] == 1
    face = now["photos"][0]["faces"][0]
    assert (face["name"], face["decided_by"], len(face["box"])) == ("Thor", "person", 4)


# What is open


def test_a_decision_on_an_open_film_reads_no_tracks_again(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    film = client.id("ep1")
    client.post(f"/media/{film}/decisions", {"said": [name("Unknown 1", "Thor")]})

    def read(*_: Any, **__: Any) -> Any:
        raise AssertionError("the tracks were read again")

    monkeypatch.setattr(film_module, "read_beside", read)
    client.post(f"/media/{film}/decisions", {"said": [name("Unknown 2", "Hela")]})
    assert sorted(client.get(f"/films/{film}")["characters"]) == ["Hela", "Thor"]
