"""Characters and their photos over HTTP: what each route answers, that a request is done once, and who may."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from personae import Project, Settings
from personae.cast.gallery import Gallery
from personae.jobs.job import Job
from tests.server.conftest import API, Served
from tests.stub import StubAnalyzer, picture_of_row, write_cast

Answer = Any


@pytest.fixture(autouse=True)
def fewer_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("personae.recognition.calibration.STRANGERS", 2000, raising=False)


@pytest.fixture
def cast(serve: Callable[..., Served], tmp_path: Path) -> Served:
    """Three characters, c0 to c2, with three photos each; c1 has one more that is rejected, and a look."""
    analyzer: Any = StubAnalyzer()
    project = Project.open(tmp_path / "project", settings=Settings(lock_timeout_s=5), analyzer=analyzer)
    folder = write_cast(tmp_path / "media" / "cast")
    (folder / "c1" / "small.jpg").write_text("9:9")
    (folder / "c1" / "old").mkdir()
    (folder / "c1" / "old" / "wig.jpg").write_text("10")
    project.cast.train(folder)
    return serve(project, tmp_path / "media")


def get(served: Served, path: str, **params: Any) -> Answer:
    answer = served.client.get(f"{API}{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(served: Served) -> dict[str, str]:
    """Name -> id."""
    return {one["name"]: one["id"] for one in get(served, "/characters")["characters"]}


def counts(served: Served) -> dict[str, int]:
    return {one["name"]: one["photos"] for one in get(served, "/characters")["characters"]}


def photo_ids(served: Served, name: str) -> dict[str, str]:
    """File -> id."""
    rows = get(served, f"/characters/{ids(served)[name]}/photos")["photos"]
    return {row["file"]: row["id"] for row in rows}


def code(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


# Looking


def test_characters_come_in_pages_of_a_stable_order(cast: Served) -> None:
    first = get(cast, "/characters", limit=2)
    assert [one["name"] for one in first["characters"]] == ["c0", "c1"] and first["next"]
    cast.project.cast.add_names(["a", "z"])
    second = get(cast, "/characters", limit=2, cursor=first["next"])
    assert [one["name"] for one in second["characters"]] == ["c2", "z"] and second["next"] is None
    assert code(cast.client.get(f"{API}/characters", params={"cursor": "x"})) == (422, "cursor")


def test_a_character_has_a_card(cast: Served) -> None:
    card = get(cast, f"/characters/{ids(cast)['c1']}")
    assert (card["name"], card["photos"], card["rejected"]) == ("c1", 4, 1)
    assert (card["reasons"], card["looks"]) == ({"FACE_TOO_SMALL": 1}, ["old"])
    assert card["look_alikes"] == []
    assert cast.client.get(f"{API}{card['picture']}").status_code == 200
    assert code(cast.client.get(f"{API}/characters/0123456789ab")) == (404, "unknown-character")


def test_look_alikes_are_told_from_what_is_enrolled(serve: Callable[..., Served], tmp_path: Path) -> None:
    vectors = StubAnalyzer().vectors.copy()
    vectors[6:9] = 0.8 * vectors[0:3] + 0.2 * vectors[6:9]
    vectors[6:9] /= abs(vectors[6:9] @ vectors[6:9].T).diagonal()[:, None] ** 0.5
    analyzer: Any = StubAnalyzer(vectors)
    project = Project.open(tmp_path / "project", settings=Settings(outliers=False), analyzer=analyzer)
    folder = tmp_path / "cast"
    for name, rows in {"one": (0, 3), "twin": (6, 7, 8), "other": (12, 13, 14)}.items():
        (folder / name).mkdir(parents=True)
        for row in rows:
            (folder / name / f"{row}.jpg").write_text(str(row))
    project.cast.train(folder)
    served = serve(project)
    alike = {name: get(served, f"/characters/{id}")["look_alikes"] for name, id in ids(served).items()}
    assert [one["name"] for one in alike["twin"]] == ["one"] and alike["twin"][0]["id"] == ids(served)["one"]
    assert alike["other"] == []


def test_photos_are_listed_without_paths_and_with_a_picture(cast: Served) -> None:
    answer = get(cast, f"/characters/{ids(cast)['c1']}/photos")
    rows = {row["file"]: row for row in answer["photos"]}
    assert list(rows) == ["0.jpg", "1.jpg", "2.jpg", "small.jpg", "wig.jpg"] and answer["next"] is None
    assert str(cast.media) not in str(answer)
    assert (rows["small.jpg"]["status"], rows["small.jpg"]["reason"]) == ("rejected", "FACE_TOO_SMALL")
    assert rows["small.jpg"]["picture"] is None and "px" in rows["small.jpg"]["detail"]
    assert (rows["wig.jpg"]["look"], rows["0.jpg"]["face_px"], rows["0.jpg"]["quality"]) == ("old", 90, 0.09)
    picture = cast.client.get(f"{API}{rows['0.jpg']['picture']}")
    assert picture.content == picture_of_row(6) and picture.headers["content-type"] == "image/jpeg"
    assert picture.headers["cache-control"] == "private, max-age=31536000, immutable"
    only = get(cast, f"/characters/{ids(cast)['c1']}/photos", status="rejected")
    assert [row["file"] for row in only["photos"]] == ["small.jpg"]


def test_photos_come_in_pages_and_a_rejected_copy_names_no_path(cast: Served) -> None:
    folder = cast.media / "cast" / "c0"
    (folder / "copy.jpg").write_text("0")
    cast.project.cast.train(folder.parent)
    id = ids(cast)["c0"]
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = get(cast, f"/characters/{id}/photos", limit=2, **({"cursor": cursor} if cursor else {}))
        assert len(page["photos"]) <= 2
        found += page["photos"]
        cursor = page["next"]
        if cursor is None:
            break
    assert [row["file"] for row in found] == ["0.jpg", "1.jpg", "2.jpg", "copy.jpg"]
    details = " ".join(row["detail"] for row in found)
    assert "a copy of" in details and str(cast.media) not in details


def test_a_photo_keeps_its_id_and_picture_through_edits_and_training(cast: Served) -> None:
    before = photo_ids(cast, "c1")
    cast.client.patch(f"{API}/characters/{ids(cast)['c1']}", json={"name": "Thor"}).raise_for_status()
    cast.project.cast.train(cast.media / "cast", fresh=True)
    assert photo_ids(cast, "Thor") == before


def test_a_picture_that_is_gone_is_gone(cast: Served) -> None:
    c1 = ids(cast)["c1"]
    address = get(cast, f"/characters/{c1}/photos")["photos"][0]["picture"]
    cast.client.delete(f"{API}/characters/{c1}").raise_for_status()
    assert code(cast.client.get(f"{API}{address}")) == (410, "gone")
    cast.client.post(f"{API}/cast/undo").raise_for_status()
    assert cast.client.get(f"{API}{address}").status_code == 200
    wrong = re.sub(r"[0-9a-f]{32}\.jpg", "0" * 32 + ".jpg", address)
    assert code(cast.client.get(f"{API}{wrong}")) == (410, "gone")
    cast.project.forget("c1")
    assert code(cast.client.get(f"{API}{address}")) == (410, "gone")


def test_pictures_are_not_opened_in_the_servers_process(cast: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import Image

    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("decoded")

    monkeypatch.setattr(Image, "open", never)
    card = get(cast, f"/characters/{ids(cast)['c0']}")
    assert cast.client.get(f"{API}{card['picture']}").content == picture_of_row(0)


# Edits

Edit = Callable[[Served, dict[str, str]], tuple[str, str, Any]]
EDITS: dict[str, Edit] = {
    "add": lambda _, __: ("POST", "/characters", {"names": ["Ann", "c0"]}),
    "rename": lambda _, ids: ("PATCH", f"/characters/{ids['c1']}", {"name": "Thor"}),
    "remove": lambda _, ids: ("DELETE", f"/characters/{ids['c1']}", None),
    "merge": lambda _, ids: ("POST", "/characters/merge", {"characters": [ids["c1"], ids["c0"]], "into": "Both"}),
    "split": lambda served, ids: (
        "POST", f"/characters/{ids['c1']}/split", {"photos": [photo_ids(served, "c1")["0.jpg"]], "into": "Loki"},
    ),
    "remove photos": lambda served, ids: (
        "POST", f"/characters/{ids['c1']}/photos/remove", {"photos": [photo_ids(served, "c1")["0.jpg"]]},
    ),
    "reject": lambda served, ids: (
        "POST", f"/characters/{ids['c1']}/photos/{photo_ids(served, 'c1')['0.jpg']}/reject", None,
    ),
    "undo": lambda _, __: ("POST", "/cast/undo", None),
    "undo one": lambda served, _: ("POST", "/cast/undo", {"edit": served.project.cast.log()[-1].id}),
}  # fmt: skip
AFTER = {
    "add": {"Ann": 0, "c0": 3, "c1": 4, "c2": 3},
    "rename": {"Thor": 4, "c0": 3, "c2": 3},
    "remove": {"c0": 3, "c2": 3},
    "merge": {"Both": 7, "c2": 3},
    "split": {"Loki": 1, "c0": 3, "c1": 3, "c2": 3},
    "remove photos": {"c0": 3, "c1": 3, "c2": 3},
    "reject": {"c0": 3, "c1": 3, "c2": 3},
    "undo": {"c0": 3, "c1": 4, "c2": 3},
    "undo one": {"c0": 3, "c1": 4, "c2": 3},
}


def send(client: TestClient, asked: tuple[str, str, Any], key: str) -> Any:
    method, path, body = asked
    return client.request(method, f"{API}{path}", json=body, headers={"Idempotency-Key": key})


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_one_entry_however_often_it_is_sent(cast: Served, name: str) -> None:
    if name.startswith("undo"):
        cast.project.cast.rename("c2", "Hela")
    editor = cast.as_role("editor")
    asked = EDITS[name](cast, ids(cast))
    first = send(editor, asked, "one")
    assert first.status_code == 200, first.text
    assert first.json()["edits"] and counts(cast) == AFTER[name]
    log = cast.project.cast.log()
    again = send(editor, asked, "one")
    assert (again.status_code, again.json()) == (200, first.json())
    assert cast.project.cast.log() == log and not cast.project.cast.is_outdated()


def test_requests_sent_at_once_are_one_entry(cast: Served) -> None:
    asked = EDITS["split"](cast, ids(cast))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: send(cast.client, asked, "same"), range(4)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1 and len(cast.project.cast.log()) == 1


def test_two_callers_with_the_same_key_do_not_meet(cast: Served) -> None:
    for number in range(2):
        asked = ("POST", "/characters", {"names": [f"new {number}"]})
        assert send(cast.as_role("editor"), asked, "same").json()["edits"]
    assert {"new 0", "new 1"} <= counts(cast).keys()


@pytest.mark.parametrize("name", EDITS)
def test_viewers_edit_nothing(cast: Served, name: str) -> None:
    cast.project.cast.rename("c2", "Hela")
    log = cast.project.cast.log()
    assert code(send(cast.as_role("viewer"), EDITS[name](cast, ids(cast)), "x")) == (403, "role")
    assert cast.project.cast.log() == log


@pytest.mark.parametrize("name", [name for name in EDITS if "undo" not in name and name not in {"add", "merge"}])
def test_an_edit_of_nobody_is_refused(cast: Served, name: str) -> None:
    nobody = {"c1": "0123456789ab", "c0": "ba9876543210"}
    assert code(send(cast.client, EDITS[name](cast, nobody), "x")) == (404, "unknown-character")


def test_what_cannot_be_done_says_so(cast: Served) -> None:
    c0, c1 = ids(cast)["c0"], ids(cast)["c1"]
    theirs = photo_ids(cast, "c0")["0.jpg"]
    for method, path, body in (
        ("POST", "/characters", {"names": ["Unknown 2"]}),
        ("POST", "/characters", {"names": []}),
        ("PATCH", f"/characters/{c0}", {"name": "c1"}),
        ("POST", "/characters/merge", {"characters": [c0, c0]}),
        ("POST", f"/characters/{c1}/split", {"photos": [theirs], "into": "x"}),
        ("POST", f"/characters/{c1}/photos/remove", {"photos": [theirs]}),
        ("POST", f"/characters/{c1}/photos/{theirs}/reject", None),
        ("POST", "/cast/undo", {"steps": 5}),
        ("POST", "/cast/undo", {"edit": 77}),
    ):
        assert code(send(cast.client, (method, path, body), uuid4().hex)) == (422, "input"), path
    assert counts(cast) == {"c0": 3, "c1": 4, "c2": 3}


def test_an_empty_project_has_nothing_to_edit(served: Served) -> None:
    assert get(served, "/characters") == {"characters": [], "next": None}
    assert get(served, "/cast/log") == {"edits": [], "next": None}
    assert code(served.client.post(f"{API}/cast/undo")) == (409, "not-trained")
    assert code(served.client.delete(f"{API}/characters/x")) == (409, "not-trained")


def test_names_are_text_in_every_answer(cast: Served) -> None:
    odd = "<img src=x onerror=alert(1)>"
    cast.client.post(f"{API}/characters", json={"names": [odd]}).raise_for_status()
    answer = cast.client.get(f"{API}/characters")
    assert odd in [one["name"] for one in answer.json()["characters"]]
    assert (
        answer.headers["content-type"] == "application/json" and answer.headers["x-content-type-options"] == "nosniff"
    )


# The log


def test_the_log_comes_in_pages_without_paths(cast: Served) -> None:
    c1 = ids(cast)["c1"]
    send(cast.client, ("PATCH", f"/characters/{c1}", {"name": "Thor"}), "r")
    first = photo_ids(cast, "Thor")["0.jpg"]
    send(cast.client, ("POST", f"/characters/{c1}/split", {"photos": [first], "into": "Loki"}), "s")
    send(cast.client, ("POST", "/cast/undo", None), "u")
    page = get(cast, "/cast/log", limit=2)
    rest = get(cast, "/cast/log", limit=2, cursor=page["next"])
    entries = [*page["edits"], *rest["edits"]]
    assert [one["action"] for one in entries] == ["rename", "split", "undo"] and rest["next"] is None
    renamed, split, undo = entries
    assert (renamed["character"], renamed["into"], renamed["undoable"]) == ("c1", "Thor", True)
    assert split["moved"] == [{"file": "0.jpg", "before": "Thor", "after": "Loki"}]
    assert (split["undone_by"], undo["undoes"], split["undoable"]) == (undo["id"], split["id"], False)
    assert str(cast.media) not in str(entries)
    assert code(cast.as_role("viewer").get(f"{API}/cast/log")) == (403, "role")


# Uploads


def upload(client: TestClient, path: str, *contents: str, key: str = "u", field: str = "photos", **form: Any) -> Any:
    files = [(field, (f"secret-{n}.jpg", content.encode())) for n, content in enumerate(contents)]
    return client.post(f"{API}{path}", files=files, data=form, headers={"Idempotency-Key": key})


def worked(served: Served) -> Job:
    (job,) = served.work()
    assert job.state == "done", job.error
    return job


def uploads_of(served: Served) -> list[Path]:
    folder = served.project.folder / "cache" / "uploads"
    return list(folder.iterdir()) if folder.is_dir() else []


def test_photos_are_uploaded_for_somebody_new(cast: Served) -> None:
    answer = upload(cast.as_role("editor"), "/photos-of-cast", "18", "19:9", name="Sif", look="old")
    assert answer.status_code == 202, answer.text
    assert worked(cast).id == answer.json()["job"]["id"]
    assert counts(cast)["Sif"] == 1
    result = get(cast, f"/jobs/{answer.json()['job']['id']}")["job"]["result"]
    assert (result["added"], [one["reason"] for one in result["rejected"]]) == (1, ["FACE_TOO_SMALL"])
    assert str(cast.project.folder) not in str(result)
    assert get(cast, f"/characters/{ids(cast)['Sif']}")["looks"] == ["old"]
    assert "secret" not in str(cast.project.cast.photos("Sif"))


def test_photos_are_uploaded_for_somebody_known_by_id(cast: Served) -> None:
    c2 = ids(cast)["c2"]
    upload(cast.client, f"/characters/{c2}/photos", "15").raise_for_status()
    cast.client.patch(f"{API}/characters/{c2}", json={"name": "Hela"}).raise_for_status()
    worked(cast)
    assert counts(cast)["Hela"] == 4 and "c2" not in counts(cast)
    assert code(upload(cast.client, "/characters/nobody/photos", "15")) == (404, "unknown-character")
    assert code(upload(cast.as_role("viewer"), f"/characters/{c2}/photos", "15")) == (403, "role")


def test_an_upload_that_is_sent_twice_is_one_job_and_one_folder(cast: Served) -> None:
    first = upload(cast.client, "/photos-of-cast", "18", name="Sif")
    again = upload(cast.client, "/photos-of-cast", "18", name="Sif")
    assert again.json() == first.json() and len(uploads_of(cast)) == 1
    worked(cast)
    assert counts(cast)["Sif"] == 1


def test_a_face_of_an_uploaded_photo_is_rejected(cast: Served) -> None:
    c0 = ids(cast)["c0"]
    answer = upload(cast.client, f"/characters/{c0}/reject", "3 15", field="photo", face=1)
    assert answer.status_code == 202, answer.text
    assert worked(cast).result["edits"] == [cast.project.cast.log()[-1].id]
    with Gallery.open(cast.project.context.paths.gallery, embedder=None) as gallery:
        ((_, _, negative),) = gallery.log.negatives(gallery.embedder)
    assert negative.character == c0
    assert get(cast, "/cast/log")["edits"][-1]["file"] == "photo 1"
    upload(cast.client, f"/characters/{c0}/reject", "3 15", field="photo", face=7, key="v").raise_for_status()
    (job,) = cast.work()
    assert job.state == "failed" and "2 faces" in job.error["detail"]


# Doubts


@pytest.fixture
def doubted(serve: Callable[..., Served], tmp_path: Path) -> Served:
    """ann has a photo of ben among hers, which was rejected; cid has nothing to do with it."""
    analyzer: Any = StubAnalyzer()
    project = Project.open(tmp_path / "project", settings=Settings(lock_timeout_s=5), analyzer=analyzer)
    for name, rows in {"ann": (0, 1, 2, 3, 7), "ben": (6, 8, 9, 10), "cid": (12, 13, 14)}.items():
        (tmp_path / "media" / "cast" / name).mkdir(parents=True)
        for row in rows:
            (tmp_path / "media" / "cast" / name / f"{row}.jpg").write_text(str(row))
    project.cast.train(tmp_path / "media" / "cast")
    return serve(project, tmp_path / "media")


def test_wrong_photos_of_the_cast_are_in_the_queue_and_confirming_settles_them(doubted: Served) -> None:
    page = get(doubted, "/questions")
    (asked,) = page["questions"]
    assert (asked["kind"], asked["who"], asked["settles_s"]) == ("outliers", "ann", 1.0)
    assert (page["total_s"], page["decided_s"], page["left"]) == (0, 0, 1), "it is no face time"
    (photo,) = asked["photos"]
    assert (photo["file"], photo["status"], photo["picture"], photo["resembles"]) == ("7.jpg", "rejected", None, "ben")
    assert doubted.client.get(photo["resembles_picture"]).status_code == 200
    assert f"/photos/{photo['id']}/original/" in photo["original"] and str(doubted.media) not in str(page)
    (who,) = asked["characters"]
    body, key = {"photos": [photo["id"]]}, {"Idempotency-Key": "c1"}
    answers = [
        doubted.client.post(f"{API}/characters/{who['id']}/photos/confirm", json=body, headers=key) for _ in "12"
    ]
    made, again = (each.json() for each in answers)
    assert made["edits"] == again["edits"] and made["job"]["id"] == again["job"]["id"]
    assert get(doubted, "/questions")["questions"] == [], "asked no more before the job has run"
    (job,) = doubted.work()
    assert (job.kind, job.state, job.result["added"]) == ("confirm", "done", 1)
    rows = {row["file"]: row for row in get(doubted, f"/characters/{who['id']}/photos")["photos"]}
    assert (rows["7.jpg"]["status"], rows["7.jpg"]["confirmed"], rows["0.jpg"]["confirmed"]) == (
        "enrolled",
        True,
        False,
    )
    assert doubted.client.post(f"{API}/cast/undo", json={"edit": made["edits"][0]}).status_code == 200
    assert [one["kind"] for one in get(doubted, "/questions")["questions"]] == ["outliers"]


def test_others_go_to_whom_they_are(doubted: Served) -> None:
    (asked,) = get(doubted, "/questions")["questions"]
    body = {"others": [asked["photos"][0]["id"]], "others_are": "ben"}
    answer = doubted.client.post(f"{API}/characters/{asked['characters'][0]['id']}/photos/confirm", json=body)
    assert answer.status_code == 200 and answer.json()["moved"] == []  # it counts once it was looked at again
    doubted.work()
    assert counts(doubted)["ben"] == 5 and get(doubted, "/questions")["questions"] == []


def test_characters_are_kept_apart(doubted: Served) -> None:
    known = ids(doubted)
    answer = doubted.client.post(f"{API}/characters/apart", json={"characters": [known["ann"], known["cid"]]})
    assert answer.status_code == 200 and len(answer.json()["edits"]) == 1
    row = get(doubted, "/cast/log")["edits"][-1]
    assert (row["action"], row["characters"], row["undoable"]) == ("apart", ["ann", "cid"], True)


def test_the_list_tells_who_has_a_picture_and_what_was_rejected(doubted: Served) -> None:
    rows = {one["name"]: one for one in get(doubted, "/characters")["characters"]}
    assert {name: row["rejected"] for name, row in rows.items()} == {"ann": 1, "ben": 0, "cid": 0}
    assert doubted.client.get(f"{API}{rows['ann']['picture']}").status_code == 200


def test_a_card_tells_the_performer_and_their_other_roles(serve: Callable[..., Served], tmp_path: Path) -> None:
    analyzer: Any = StubAnalyzer()
    project = Project.open(tmp_path / "project", settings=Settings(lock_timeout_s=5), analyzer=analyzer)
    folder = write_cast(tmp_path / "media" / "cast")
    (folder / "performers.csv").write_text("c0,Sam\nc1,Sam\n")
    project.cast.train(folder)
    served = serve(project, tmp_path / "media")
    card = get(served, f"/characters/{ids(served)['c0']}")
    assert (card["performer"], [one["name"] for one in card["roles"]]) == ("Sam", ["c1"])
    assert get(served, f"/characters/{ids(served)['c2']}")["performer"] is None


def test_photos_below_a_root_are_listed_and_nothing_else(doubted: Served) -> None:
    root = get(doubted, "/roots")["roots"][0]["id"]
    (doubted.media / "cast" / "notes.txt").write_text("x")
    rows = get(doubted, f"/roots/{root}/photos", folder="cast/cid")["entries"]
    assert [(one["kind"], one["path"]) for one in rows] == [("photo", f"cast/cid/{n}.jpg") for n in (12, 13, 14)]
    assert [one["kind"] for one in get(doubted, f"/roots/{root}/photos", folder="cast")["entries"]] == ["folder"] * 3
    assert [one["name"] for one in get(doubted, f"/roots/{root}/photos", q="14")["entries"]] == ["14.jpg"]
