"""What photos that were uploaded are called in every answer: by their place in what was sent, and without a folder."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from personae import Project, Settings
from personae.jobs.job import Job
from tests.server.conftest import API, Served
from tests.stub import ROWS, StubAnalyzer, write_cast


@pytest.fixture(autouse=True)
def fewer_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("personae.recognition.calibration.STRANGERS", 2000, raising=False)


@pytest.fixture
def home(serve: Callable[..., Served], tmp_path: Path) -> Served:
    """Folders with spaces: c0 to c2, not trained yet. The picture 23 is that of 18 again."""
    vectors = ROWS.copy()
    vectors[23] = vectors[18]
    analyzer: Any = StubAnalyzer(vectors)
    project = Project.open(tmp_path / "the project", settings=Settings(lock_timeout_s=5), analyzer=analyzer)
    write_cast(tmp_path / "my films" / "the cast")
    return serve(project, tmp_path / "my films")


def upload(served: Served, name: str, *contents: str) -> Job:
    files = [("photos", (f"secret-{n}.jpg", content.encode())) for n, content in enumerate(contents)]
    served.client.post(f"{API}/photos-of-cast", files=files, data={"name": name}).raise_for_status()
    (job,) = served.work()
    return job


def train(served: Served) -> Job:
    served.service.jobs.add("train", {"folder": str(served.media / "the cast")})
    (job,) = served.work()
    return job


def every_answer(served: Served) -> str:
    """All that is told about the cast and about the jobs."""
    characters = served.client.get(f"{API}/characters").json()["characters"]
    told = [served.client.get(f"{API}{path}") for path in ("/cast/log", "/jobs")]
    told += [served.client.get(f"{API}/characters/{one['id']}/photos") for one in characters]
    told += [served.client.get(f"{API}/characters/{one['id']}") for one in characters]
    return "\n".join(answer.raise_for_status().text for answer in told)


def says_no_folder(served: Served) -> None:
    text = every_answer(served)
    for part in ("uploads", ".photo", "/tmp", "my films/", "films/", "the project", "tmp", "secret", "cache"):
        assert part not in text, re.findall(rf".{{60}}{re.escape(part)}.{{30}}", text)


def test_a_photo_is_called_by_its_place(home: Served) -> None:
    job = upload(home, "Sif", "18", "19:9", "23", "nothing")
    assert job.state == "done", job.error
    assert sorted((one["photo"], one["reason"], one["detail"][:17]) for one in job.result["rejected"]) == [
        ("photo 2", "FACE_TOO_SMALL", "the face is 9 px,"),
        ("photo 3", "DUPLICATE", "a copy of photo 1"),
        ("photo 4", "UNREADABLE", "not a picture"),
    ]
    (entry,) = home.client.get(f"{API}/cast/log").json()["edits"]
    assert entry["moved"] == [{"file": "photo 1", "before": None, "after": "Sif"}]
    assert "a copy of photo 1" in [one["detail"] for one in entry["rejected"]]
    (sif,) = home.client.get(f"{API}/characters").json()["characters"]
    photos = home.client.get(f"{API}/characters/{sif['id']}/photos").json()["photos"]
    assert [one["file"] for one in photos] == ["photo 1", "photo 2", "photo 3", "photo 4"]
    says_no_folder(home)


def test_a_job_that_fails_calls_them_so_and_those_of_earlier_jobs(home: Served) -> None:
    assert upload(home, "Sif", "18", "19").state == "done"
    job = upload(home, "Sif", "23")
    assert job.state == "failed" and "photo 1: DUPLICATE (a copy of photo 1)" in job.error["detail"], job.error
    assert "Nothing has to be done" in job.error["detail"]
    assert upload(home, "Sif", "nothing").state == "failed"
    says_no_folder(home)


def test_a_training_says_what_it_left_to_those_who_were_uploaded(home: Served) -> None:
    upload(home, "Joey", "18", "19", "20")
    other = home.media / "the cast" / "LeBlanc"
    other.mkdir()
    for row in (18, 19, 20):
        (other / f"{row}.jpg").write_text(str(row))
    result = train(home).result
    assert {one["photo"] for one in result["rejected"] if one["character"] == "LeBlanc"} == {
        "18.jpg",
        "19.jpg",
        "20.jpg",
    }
    assert sum("3 of LeBlanc are Joey's" in note for note in result["notes"]) == 1
    counts = {one["name"]: one["photos"] for one in home.client.get(f"{API}/characters").json()["characters"]}
    assert (counts["Joey"], counts["LeBlanc"]) == (3, 0)
    says_no_folder(home)


def test_what_is_enrolled_as_somebody_of_another_folder_is_told_without_it(home: Served) -> None:
    train(home)
    job = upload(home, "Joey", "0")
    assert job.state == "failed" and "0.jpg shows the face that is enrolled as c0" in job.error["detail"], job.error
    says_no_folder(home)


def test_notes_of_a_training_name_no_folder_of_an_earlier_one(home: Served) -> None:
    train(home)
    moved = home.media / "new films" / "b cast"
    shutil.copytree(home.media / "the cast" / "c0", moved / "Ann")
    for photo, row in zip(sorted((moved / "Ann").iterdir()), (18, 19, 20), strict=True):
        photo.write_text(str(row))
    home.service.jobs.add("train", {"folder": str(moved)})
    (job,) = home.work()
    assert any("b cast were added to those of the cast, trained before" in note for note in job.result["notes"])
    says_no_folder(home)
