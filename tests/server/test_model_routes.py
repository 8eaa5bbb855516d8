"""The model over HTTP: its card, training, and the jobs that say how good a cast is."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from personae import Project, Settings
from personae.jobs.job import Job
from tests.server.conftest import API, Served
from tests.stub import StubAnalyzer, write_cast


@pytest.fixture(autouse=True)
def fewer_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("personae.recognition.calibration.STRANGERS", 2000, raising=False)


@pytest.fixture
def home(serve: Callable[..., Served], tmp_path: Path) -> Served:
    """Nobody enrolled; below the media root a cast of three, and photos of a fourth person as strangers."""
    analyzer: Any = StubAnalyzer()
    project = Project.open(tmp_path / "project", settings=Settings(lock_timeout_s=5), analyzer=analyzer)
    media = tmp_path / "media"
    write_cast(media / "cast", photos=4)
    (media / "strangers").mkdir()
    for row in range(18, 24):
        (media / "strangers" / f"{row}.jpg").write_text(str(row))
    return serve(project, media)


def root(served: Served) -> str:
    return str(served.client.get(f"{API}/roots").json()["roots"][0]["id"])


def post(served: Served, path: str, key: str = "k", **body: Any) -> dict[str, Any]:
    answer = served.client.post(f"{API}{path}", json=body, headers={"Idempotency-Key": key})
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()["job"]
    return job


def worked(served: Served) -> Job:
    (job,) = served.work()
    assert job.state == "done", job.error
    assert str(served.media.parent) not in json.dumps(job.result)
    return job


def trained(served: Served) -> None:
    post(served, "/train", "t", root=root(served), folder="cast")
    worked(served)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_cast_is_trained_from_a_folder_below_a_root(home: Served) -> None:
    assert home.client.get(f"{API}/model").json() == {"model": None}
    (home.media / "cast" / "c0" / "bad.jpg").write_text("1:9")
    job = post(home, "/train", root=root(home), folder="cast")
    assert post(home, "/train", root=root(home), folder="cast") == job
    result = worked(home).result
    assert (result["characters"], result["added"], result["unchanged"]) == (3, 13, 0)
    assert [(one["character"], one["photo"], one["reason"]) for one in result["rejected"]] == [
        ("c0", "bad.jpg", "FACE_TOO_SMALL")
    ]


def test_the_card_has_the_metrics_and_knows_when_it_is_outdated(home: Served) -> None:
    trained(home)
    home.project.cast.add_names(["Ann"])
    model = home.as_role("viewer").get(f"{API}/model").json()["model"]
    assert (model["method"], model["without_photos"], model["outdated"]) == ("model", ["Ann"], False)
    assert [(one["name"], one["photos"]) for one in model["characters"]] == [("c0", 4), ("c1", 4), ("c2", 4)]
    assert model["metrics"] == home.project.cast.card()["metrics"] and model["far_curve"]
    assert str(home.media.parent) not in json.dumps(model)
    home.project.context.model_path.unlink()
    model = home.client.get(f"{API}/model").json()["model"]
    assert (model["method"], model["metrics"]) == ("fallback", None)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/train", {"folder": "../project"}),
        ("/train", {"folder": "cast/c0/0.jpg"}),
        ("/train", {"folder": "nowhere"}),
        ("/evaluate", {"folder": "nowhere"}),
        ("/evaluate", {"unknown": "/etc"}),
        ("/tune", {"folder": ".."}),
        ("/calibrate", {"folder": "nowhere"}),
        ("/calibrate", {"folder": "cast", "undo": True}),
        ("/calibrate", {"far": 0.9}),
        ("/evaluate", {"folds": 1}),
    ],
)
def test_what_is_no_folder_of_the_root_is_refused(home: Served, path: str, body: dict[str, Any]) -> None:
    answer = home.client.post(f"{API}{path}", json={"root": root(home)} | body)
    assert code(answer) == (422, "input")
    assert home.service.jobs.page()[0] == []


def test_photos_of_one_group_stay_together(home: Served) -> None:
    trained(home)
    (home.media / "groups.csv").write_text("path,group\n" + "".join(f"c0/{n}.jpg,shoot\n" for n in range(4)))
    job = post(home, "/evaluate", root=root(home), groups="groups.csv")
    worked(home)
    found = home.client.get(f"{API}/evaluations/{job['id']}").json()
    post(home, "/evaluate", key="2", root=root(home))
    assert found["characters"] != worked(home).result["evaluation"]["characters"], "c0 has one group alone"
    for wrong in ({"groups": "cast"}, {"groups": "../x.csv"}, {"groups": "none.csv"}):
        answer = home.client.post(f"{API}/evaluate", json={"root": root(home)} | wrong)
        assert code(answer) == (422, "input")
    assert code(home.client.post(f"{API}/tune", json={"groups": "groups.csv"})) == (422, "input")


@pytest.mark.parametrize("path", ["/evaluate", "/tune", "/calibrate"])
def test_a_folder_needs_its_root(home: Served, path: str) -> None:
    assert code(home.client.post(f"{API}{path}", json={"folder": "cast"})) == (422, "input")


@pytest.mark.parametrize(("path", "role"), [("/train", "editor"), ("/tune", "editor"), ("/calibrate", "editor"),
                                            ("/evaluate", "viewer")])  # fmt: skip
def test_who_may(home: Served, path: str, role: Any) -> None:
    answer = home.as_role(role).post(f"{API}{path}", json={"root": root(home)})
    assert code(answer) == (403, "role") and home.service.jobs.page()[0] == []


def test_an_evaluation_is_the_native_document_without_paths(home: Served) -> None:
    trained(home)
    job = post(home, "/evaluate", root=root(home), unknown="strangers", folds=2)
    assert post(home, "/evaluate", root=root(home), unknown="strangers", folds=2) == job
    assert code(home.client.get(f"{API}/evaluations/{job['id']}")) == (409, "not-done")
    worked(home)
    document = home.as_role("editor").get(f"{API}/evaluations/{job['id']}").json()
    viewer = home.as_role("viewer")
    assert code(viewer.get(f"{API}/evaluations/{job['id']}")) == (403, "role")
    assert viewer.get(f"{API}/jobs/{job['id']}").json()["job"]["result"] == {}, "nor by another way"
    assert [one["result"] for one in viewer.get(f"{API}/jobs").json()["jobs"]] == [{}, {}]
    assert home.as_role("editor").get(f"{API}/jobs/{job['id']}").json()["job"]["result"]["evaluation"] == document
    schema = json.loads((files("personae") / "schemas" / "evaluation-1.schema.json").read_bytes())
    jsonschema.validate(document, schema)
    assert (document["tested"], document["folds"], document["unknown"]) == (12, 2, "strangers")
    assert str(home.media.parent) not in json.dumps(document)
    assert code(home.client.get(f"{API}/evaluations/x")) == (404, "unknown-evaluation")


def test_a_folder_is_evaluated_without_being_enrolled(home: Served) -> None:
    job = post(home, "/evaluate", root=root(home), folder="cast", folds=2)
    worked(home)
    document = home.client.get(f"{API}/evaluations/{job['id']}").json()
    assert document["cast"] == "cast" and home.client.get(f"{API}/model").json() == {"model": None}
    assert all("/" not in item["path"] for item in document["worst"])


def test_a_calibration_moves_the_operating_point_and_is_undone(home: Served) -> None:
    trained(home)
    before = home.client.get(f"{API}/model").json()["model"]
    post(home, "/calibrate", "dry", root=root(home), folder="strangers", far=0.05, dry=True)
    told = worked(home).result["calibration"]
    assert home.client.get(f"{API}/model").json()["model"] == before
    assert not home.project.context.paths.settings.exists()
    post(home, "/calibrate", "real", root=root(home), folder="strangers", far=0.05)
    found = worked(home).result["calibration"]
    assert found["threshold"] == told["threshold"] and found["threshold_before"] == pytest.approx(before["threshold"])
    assert found["measured"]["source"] == "strangers" and found["strangers"]["total"] == 6
    assert found["settings_diff"] == ["+far = 0.05"]
    model = home.client.get(f"{API}/model").json()["model"]
    assert model["far"] == 0.05 and model["threshold"] == pytest.approx(found["threshold"])
    post(home, "/calibrate", "undo", undo=True)
    assert worked(home).result["calibration"]["measured"] is None


def test_tuning_says_what_it_tried_and_saves_only_where_asked(home: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    trained(home)
    monkeypatch.setattr("personae.assessment.search.GRID", (("max_clusters", (1, 2)),))
    post(home, "/tune", "dry", folds=2)
    result = worked(home).result
    assert not result["saved"] and {one["setting"] for one in result["tuning"]["tried"]} == {"max_clusters"}
    monkeypatch.setattr("personae.assessment.tuning.TuningReport.has_something_to_save", property(lambda _: True))
    saved: list[object] = []

    def save(report: object) -> tuple[str, ...]:
        saved.append(report)
        return ("settings.toml",)

    monkeypatch.setattr("personae.assessment.tuning.TuningReport.save", save)
    post(home, "/tune", "again", folds=2)
    assert not worked(home).result["saved"] and not saved
    post(home, "/tune", "real", folds=2, save=True)
    assert worked(home).result["saved"] and saved
