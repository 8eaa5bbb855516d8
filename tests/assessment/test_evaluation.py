"""`evaluate`, `tune` and `calibrate` on drawn casts, from files to JSON and page; the project is left as it was."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from personae import CharacterRecognizer, FaceAnalyzer, Settings
from personae.assessment import search as tuning
from personae.assessment.evaluation import Evaluation
from personae.assessment.validation import EvaluationReport, read_groups
from personae.cast.training import fit_enrolment
from personae.cli import cli
from personae.errors import CastError, InputError, SettingError
from personae.exports.evaluation_html import evaluation_html
from personae.exports.evaluation_json import evaluation_json
from personae.exports.svg import Axis, Series, chart
from personae.faces.fake import FakeDetector, FakeEmbedder, draw_picture
from tests.assessing import calibrate_project, evaluate_folder, tune_folder

NAMES = ("Thor", "Loki", "Odin & <Frigg>", "Sif")
FAKES = ("--detector", "fake", "--embedder", "fake")


@pytest.fixture(scope="module", autouse=True)
def with_the_mislabelled_photo() -> Iterator[None]:
    """Training would leave it out, and these tests are about finding it all the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERSONAE_OUTLIERS", "no")
        yield


class Counting(FakeEmbedder):
    """Counts the crops it embeds."""

    crops = 0

    def embed(self, crops: Any) -> Any:
        self.crops += len(crops)
        return super().embed(crops)


def analyzer(embedder: FakeEmbedder | None = None) -> FaceAnalyzer:
    return FaceAnalyzer(detector=FakeDetector(), embedder=embedder or FakeEmbedder())


def save(folder: Path, name: str, *people: str, take: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(draw_picture([(who, 96) for who in people], take=take).pixels).save(folder / name)
    return folder / name


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """cast/ of four with four photos each, one of Loki's showing Thor; unknown/ with twelve strangers' faces."""
    folder = tmp_path_factory.mktemp("home")
    for name in NAMES:
        for take in range(1, 5):
            save(folder / "cast" / name, f"{take}.png", name, take=take)
    save(folder / "cast" / "Loki", "wrong.png", "Thor", take=9)
    for i in range(6):
        save(folder / "unknown" / "deep", f"{i}.png", f"stranger {i}", f"other {i}", take=i)
    return folder


@pytest.fixture(scope="module")
def report(home: Path) -> EvaluationReport:
    return evaluate_folder(home / "cast", project=home / "none", unknown=home / "unknown", analyzer=analyzer())


@pytest.fixture(scope="module")
def evaluation(report: EvaluationReport) -> Evaluation:
    return report.evaluation


def test_shares_and_characters_are_counted(evaluation: Evaluation) -> None:
    assert evaluation.photos == evaluation.tested == 17 and evaluation.folds == 5
    assert evaluation.right.count + evaluation.wrong.count + evaluation.unknown.count == 17
    assert evaluation.right.count == 16 and evaluation.wrong.count == 1
    loki, thor = (next(item for item in evaluation.characters if item.character == name) for name in ("Loki", "Thor"))
    assert loki.recall.count == 4 and loki.recall.total == 5 and loki.confusions == (("Thor", 1),)
    assert thor.recall.value == 1 and thor.precision.count == 4 and thor.precision.total == 5
    assert [item.source for item in evaluation.strangers] == ["photos", "cast"]
    assert evaluation.strangers[0].faces == 12 and evaluation.strangers[1].faces == 17


def test_curves_agree_with_the_counts_at_the_chosen_threshold(evaluation: Evaluation) -> None:
    chosen = min(evaluation.curve, key=lambda point: abs(point.threshold - evaluation.threshold))
    assert chosen.threshold == pytest.approx(evaluation.threshold, abs=1e-6)
    assert chosen.right == pytest.approx(16 / 17) and chosen.wrong == pytest.approx(1 / 17)
    assert chosen.far == evaluation.strangers[0].far.value
    assert all(
        point.right + point.wrong + point.unknown == pytest.approx(1) and point.far is not None
        for point in evaluation.curve
    )
    unknown = [point.unknown for point in evaluation.curve]
    assert (np.diff(unknown) > -1e-9).all()
    strangers = [float(point.far or 0) for point in evaluation.curve]
    assert (np.diff(strangers) < 1e-9).all() and strangers[0] > strangers[-1]
    far, hit = zip(*evaluation.roc, strict=True)
    assert far[0] == 0 and far[-1] == 1 and hit[-1] == pytest.approx(16 / 17)
    assert list(far) == sorted(far) and list(hit) == sorted(hit)


def test_the_mislabelled_photo_is_the_worst_and_the_first_advice(report: EvaluationReport) -> None:
    worst = report.evaluation.worst[0]
    assert worst.kind == "wrong" and worst.face.path.endswith("wrong.png") and worst.best == "Thor"
    assert worst.margin > 0.1 and worst.face.box_xyxy[2] > worst.face.box_xyxy[0]
    first = report.advice[0]
    assert first.kind == "looks-like" and first.text.startswith("Loki/wrong.png looks like Thor")
    assert first.photos == (worst.face.path,)


def test_json_fits_the_schema_that_is_shipped(report: EvaluationReport) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(resources.files("personae").joinpath("schemas/evaluation-1.schema.json").read_text())
    document = json.loads(evaluation_json(report))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    validator.validate(document)
    assert set(document) == set(schema["properties"])
    document["worst"][0]["kind"] = "odd"
    assert not validator.is_valid(document)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.images: list[str] = []
        self.tags: set[str] = set()
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name == "src":
                self.images.append(str(value))
            if name in {"href", "srcset", "data", "action"} or name.startswith("on"):
                self.outside.append(f"{tag} {name}={value}")


def test_the_page_stands_alone_and_shows_the_confusion(report: EvaluationReport) -> None:
    text = evaluation_html(report)
    page = _Page()
    page.feed(text)
    assert "script" not in page.tags and "link" not in page.tags and not page.outside
    assert page.images and all(source.startswith("data:image/jpeg;base64,") for source in page.images)
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", text)
    assert text.count("<svg") == 4 and "Odin &amp; &lt;Frigg&gt;" in text and "<Frigg>" not in text
    assert "Loki, taken for Thor" in text and 'class="matrix"' in text
    assert 'name="viewport"' in text and "prefers-color-scheme:dark" in text


def test_photos_that_have_gone_leave_a_gap_in_the_page(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home / "cast", tmp_path / "cast")
    found = evaluate_folder(tmp_path / "cast", project=tmp_path / "none", analyzer=analyzer())
    shutil.rmtree(tmp_path / "cast")
    assert 'class="gone"' in evaluation_html(found)


def test_the_project_is_reused_and_not_changed(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home / "cast", tmp_path / "cast")
    project = tmp_path / "project"
    CharacterRecognizer(project, analyzer=analyzer()).train_folder(tmp_path / "cast")
    save(tmp_path / "cast" / "Sif", "new.png", "Sif", take=7)
    (tmp_path / "cast" / "Sif" / "1.png").unlink()
    before = {path: path.read_bytes() for path in sorted(project.rglob("*")) if path.is_file()}
    counting = Counting()
    found = evaluate_folder(tmp_path / "cast", project=project, analyzer=analyzer(counting))
    assert counting.crops == 7  # the new photo, and its small copies with their mirror images
    sif = next(item for item in found.evaluation.characters if item.character == "Sif")
    assert sif.photos == 4
    whole = evaluate_folder(project=project, analyzer=analyzer(counting))
    assert whole.evaluation.photos == 17 and counting.crops == 7
    after = {path: path.read_bytes() for path in sorted(project.rglob("*")) if path.is_file()}
    assert {path.name for path in after} - {path.name for path in before} <= {
        "gallery.sqlite-shm",
        "gallery.sqlite-wal",
    }
    assert all(after[path] == content for path, content in before.items() if "sqlite-" not in path.name)


def test_declared_groups_stay_together(home: Path, tmp_path: Path) -> None:
    table = tmp_path / "groups.csv"
    table.write_text("path,group\n" + "".join(f"Sif/{i}.png,shoot\n" for i in range(1, 5)) + "nobody.png,x\n")
    found = evaluate_folder(home / "cast", project=home / "none", groups=table, analyzer=analyzer())
    sif = next(item for item in found.evaluation.characters if item.character == "Sif")
    assert sif.pictures == 1 and sif.tested == 0 and sif.recall.value is None
    assert any("Sif has a single picture" in advice.text for advice in found.advice)
    assert any("1 line of" in note for note in found.notes)
    assert "not tested" in evaluation_html(found)


def test_groups_files_are_read_by_any_end_of_a_path(tmp_path: Path) -> None:
    paths = ["/a/Thor/1.jpg", "/a/Loki/1.jpg", str(tmp_path / "x" / "2.jpg")]
    table = tmp_path / "groups.csv"
    table.write_text("Thor/1.jpg,s1\n/a/Loki/1.jpg , s2\nx/2.jpg,s1\n", encoding="utf-8-sig")
    assert read_groups(table, paths) == (["s1", "s2", "s1"], 0)
    for text, message in (("1.jpg,s\n", "could be 2 photos"), ("Thor/1.jpg\n", "without path or group")):
        table.write_text(text)
        with pytest.raises(InputError, match=message):
            read_groups(table, paths)
    with pytest.raises(InputError, match="cannot be read"):
        read_groups(tmp_path / "missing.csv", paths)


def test_wrong_use_says_what_to_do(home: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no face in it"):
        evaluate_folder(home / "cast", project=tmp_path, unknown=tmp_path, analyzer=analyzer())
    for name in ("A", "B"):
        save(tmp_path / "single" / name, "1.png", name, take=1)
    with pytest.raises(CastError, match="second, different photo"):
        evaluate_folder(tmp_path / "single", project=tmp_path / "none", analyzer=analyzer())
    with pytest.raises(CastError, match="second, different photo"):
        tune_folder(tmp_path / "single", project=tmp_path / "none", analyzer=analyzer())


def test_evaluate_as_a_command(home: Path, tmp_path: Path) -> None:
    out, page = tmp_path / "e.json", tmp_path / "e.html"
    done = CliRunner().invoke(
        cli,
        ["evaluate", str(home / "cast"), "--project", str(tmp_path / "none"), "--unknown", str(home / "unknown"),
         "--json", str(out), "--report", str(page), "--far", "0.05", *FAKES],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "16 of 17 photos got the right name, 1 a wrong one" in " ".join(done.output.split())
    assert "looks like Thor" in done.output and f"written: {page}" in done.output
    assert json.loads(out.read_text())["operating_point"]["far"] == 0.05
    assert page.read_text().startswith("<!doctype html>") and not (tmp_path / "none").exists()


# Tuning


def test_a_cast_with_nothing_to_gain_is_left_as_it_is(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = (("max_clusters", (1, 3)), ("background_weight", (100.0, 1000.0)), ("no_such_setting", (1, 2)))
    monkeypatch.setattr(tuning, "GRID", grid)
    done = CliRunner().invoke(
        cli, ["tune", str(home / "cast"), "--project", str(tmp_path), "--folds", "2", "--yes", *FAKES]
    )
    assert done.exit_code == 0, done.output
    assert "max_clusters" in done.output and "background_weight" in done.output and "points (95%" in done.output
    assert not (tmp_path / "settings.toml").exists()


def test_what_gains_is_saved_with_a_difference(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "settings.toml").write_text("# kept\nmax_clusters = 3\n")
    monkeypatch.setattr(tuning, "GRID", (("max_clusters", (1, 2, 3)),))
    fit = fit_enrolment

    def spoiled(enrolment: Any, settings: Settings, embedder: str, negatives: Any) -> Any:
        """A search that cannot but gain: with other than two clusters everybody has somebody else's face."""
        if settings.max_clusters != 2:
            turned = np.roll(enrolment.embeddings, len(enrolment) // 2, axis=0)
            enrolment = type(enrolment)(**{**vars(enrolment), "embeddings": turned})
        return fit(enrolment, settings, embedder, negatives)

    monkeypatch.setattr(tuning, "fit_enrolment", spoiled)
    report = tune_folder(home / "cast", project=tmp_path, folds=2, analyzer=analyzer())
    assert report.result.changes["max_clusters"] == 2 and report.result.gain.is_clear
    assert report.result.after[0] > report.result.before[0]
    assert "-max_clusters = 3" in report.settings_diff and "+max_clusters = 2" in report.settings_diff
    assert (tmp_path / "settings.toml").read_text() == "# kept\nmax_clusters = 3\n"  # not before it is asked to
    assert str(tmp_path / "settings.toml") in report.save()
    assert (tmp_path / "settings.toml").read_text().startswith("# kept\nmax_clusters = 2\n")


# Calibrating


@pytest.fixture
def project(home: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    CharacterRecognizer(folder, analyzer=analyzer()).train_folder(home / "cast")
    return folder


def test_far_moves_the_model_and_stays_through_training(home: Path, project: Path) -> None:
    recognizer = CharacterRecognizer(project, analyzer=analyzer())
    card = recognizer.card()
    report = calibrate_project(project=project, far=0.1)
    assert report.threshold < report.threshold_before and "+far = 0.1" in report.settings_diff
    moved = recognizer.card()
    assert moved["operating_point"]["far"] == 0.1 and moved["calibration"] is None
    assert moved["created"] == card["created"] and moved["gallery_revision"] == card["gallery_revision"]
    again = CharacterRecognizer(project, analyzer=analyzer()).train_folder(home / "cast")
    assert again.model["operating_point"] == moved["operating_point"]


def test_strangers_are_measured_and_the_measurement_stays_until_undone(
    home: Path, project: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "validation"
    shutil.copytree(home / "unknown", folder / "whoever")
    save(folder / "thor", "new.png", "Thor", take=30)
    save(folder / "thor", "enrolled.png", "Thor", take=1)
    save(folder / "thor", "two.png", "Thor", "Sif", take=31)
    fitted = CharacterRecognizer(project, analyzer=analyzer()).card()
    report = calibrate_project(folder, project=project, analyzer=analyzer())
    assert dict(report.folders) == {"thor": "Thor", "whoever": "strangers"}
    assert report.strangers is not None and report.strangers.total == 12
    assert report.right is not None and report.right.total == report.right.count == 1
    assert any("2 faces" in note for note in report.notes) and any("1 photo enrolled" in note for note in report.notes)
    assert report.measured is not None and report.measured.strangers == 12
    assert report.settings_diff == "" and not (project / "settings.toml").exists()
    card = CharacterRecognizer(project, analyzer=analyzer()).card()
    assert card["operating_point"]["far"] == 0.01 and card["calibration"]["strangers"] == 12
    assert card["operating_point"]["threshold"] == pytest.approx(report.threshold)
    assert report.threshold != pytest.approx(report.threshold_before)
    again = CharacterRecognizer(project, analyzer=analyzer()).train_folder(home / "cast")
    assert again.model["operating_point"] == card["operating_point"]
    assert "a fitted FAR of 1.00% is really" in " ".join(
        CliRunner().invoke(cli, ["inspect", "--project", str(project)]).output.split()
    )
    evaluated = evaluate_folder(home / "cast", project=project, analyzer=analyzer()).evaluation
    assert evaluated.threshold == pytest.approx(report.threshold) and evaluated.far == 0.01
    done = CliRunner().invoke(cli, ["calibrate", "--undo", "--project", str(project)])
    assert done.exit_code == 0 and not (project / "calibration.json").exists()
    restored = CharacterRecognizer(project, analyzer=analyzer()).card()
    assert restored["operating_point"] == fitted["operating_point"] and restored["calibration"] is None


def test_calibrating_wrongly_changes_nothing(home: Path, project: Path, tmp_path: Path) -> None:
    before = (project / "cache" / "face_recognition_model.personae").read_bytes()
    (tmp_path / "empty").mkdir()
    for folder, message in ((tmp_path / "empty", "no face of a stranger"), (tmp_path / "missing", "cannot be read")):
        with pytest.raises(InputError, match=message):
            calibrate_project(folder, project=project, analyzer=analyzer())
    with pytest.raises(SettingError, match="set by hand"):
        calibrate_project(project=project, settings=Settings(threshold=0.3))
    with pytest.raises(SettingError, match=r"0\.0001 to 0\.5"):
        calibrate_project(project=project, far=2.0)
    assert (project / "cache" / "face_recognition_model.personae").read_bytes() == before
    assert not (project / "calibration.json").exists() and not (project / "settings.toml").exists()


def test_a_chart_keeps_to_its_frame() -> None:
    axis = Axis("x < y", 0.0, 1.0, ((0.0, "0"), (1.0, "1")))
    text = chart("a & b", axis, axis, [Series("s", "good", [(-5, 2), (0.5, 0.5)], [(9, 9, "<dot>")])], mark=(0.5, "m"))
    assert "x &lt; y" in text and "a &amp; b" in text and "&lt;dot&gt;" in text
    numbers = [float(number) for number in re.findall(r'(?:cx|cy)="([\d.]+)"', text)]
    assert numbers == [416.0, 26.0] and 'd="M58.0 26.0L237.0 140.0"' in text


@pytest.mark.shared
def test_a_series_cast_and_its_strangers(shared_data: Path, tmp_path: Path) -> None:
    found = evaluate_folder(
        shared_data / "bbt" / "cast", project=tmp_path, unknown=shared_data / "lfw_dev" / "unknown"
    ).evaluation
    assert found.tested == 40 and found.right.count >= 39 and found.wrong.count == 0
    strangers = found.strangers[0]
    assert strangers.faces > 200 and strangers.far.value is not None and strangers.far.value < 0.06


def test_evaluation_knows_what_a_person_decided(home: Path, tmp_path: Path) -> None:
    """A rejected stranger gets no name under any threshold; renamed and removed photos stay so."""
    shutil.copytree(home / "cast" / "Thor", tmp_path / "cast" / "Thor")
    recognizer = CharacterRecognizer(tmp_path / "project", analyzer=analyzer())
    recognizer.train_folder(tmp_path / "cast")

    def named() -> int:
        found = evaluate_folder(
            tmp_path / "cast", project=tmp_path / "project", unknown=home / "unknown", analyzer=analyzer(),
            settings=Settings(threshold=-0.9, strangers=0.01),
        )  # fmt: skip
        return found.evaluation.strangers[0].far.count

    assert named() == 12
    recognizer.reject_photo(home / "unknown" / "deep" / "0.png", "Thor", face=1)
    assert named() == 11
    recognizer.rename_character("Thor", "Odinson")
    recognizer.remove_photos([tmp_path / "cast" / "Thor" / "1.png"])
    found = evaluate_folder(tmp_path / "cast", project=tmp_path / "project", analyzer=analyzer())
    assert [(each.character, each.photos) for each in found.evaluation.characters] == [("Odinson", 3)]


def test_tuning_knows_who_was_rejected(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(home / "cast", tmp_path / "cast")
    recognizer = CharacterRecognizer(tmp_path / "project", analyzer=analyzer(), settings=Settings(threshold=-0.9))
    recognizer.train_folder(tmp_path / "cast")
    recognizer.reject_photo(home / "unknown" / "deep" / "0.png", "Thor", face=1)
    fits = []

    def spied(enrolment: Any, settings: Settings, embedder: str, negatives: Any) -> Any:
        fits.append([negative.character for negative in negatives])
        return fit_enrolment(enrolment, settings, embedder, negatives)

    monkeypatch.setattr(tuning, "GRID", (("max_clusters", (1, 3)),))
    monkeypatch.setattr(tuning, "fit_enrolment", spied)
    tune_folder(tmp_path / "cast", project=tmp_path / "project", folds=2, analyzer=analyzer())
    assert fits and all(rejected == ["Thor"] for rejected in fits)
