"""What a person decided: it outranks the model, survives scanning again, holds for another copy, and can be undone."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from personae.cast.gallery import Gallery
from personae.cli import cli
from personae.errors import (
    DamagedFileError,
    FilmError,
    ForeignFileError,
    ModelNotFoundError,
    StoreError,
    TooNewError,
    UnknownCharacterError,
)
from personae.exports.registry import exporters
from personae.films import journal
from personae.films.film_files import FilmFiles
from personae.films.maker import NEW_UNKNOWN, Maker
from personae.project.recognizer import CharacterRecognizer
from personae.timeline import native
from personae.timeline.decision_rows import OLD_SCHEMA, SCHEMA
from personae.timeline.decisions import Decision
from personae.timeline.places import Finder
from personae.timeline.timeline import Timeline, Track
from tests import naming
from tests.drawn_films import drawn_film, drawn_recognizer, scene
from tests.film_maker import Pixels
from tests.scanning import scan_film


def draw(n: int) -> Pixels:
    """Two shots: Thor with a stranger, Loki with the same stranger."""
    if n < 30:
        return scene(1, [("Thor", 80, 120, 64), ("nobody", 240, 100, 60)], take=n // 4 % 7)
    return scene(2, [("Loki", 230, 120, 64), ("nobody", 80, 100, 60)], take=n // 4 % 7)


@pytest.fixture(scope="module")
def recognizer(tmp_path_factory: pytest.TempPathFactory) -> CharacterRecognizer:
    return drawn_recognizer(tmp_path_factory.mktemp("drawn"))


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn_film(tmp_path_factory.mktemp("film") / "film.mp4", draw, 60)


@pytest.fixture
def files(recognizer: CharacterRecognizer, film: Path, tmp_path: Path) -> FilmFiles:
    return scan_film(film, recognizer, tmp_path).files


def who(timeline: Timeline) -> list[tuple[str, str]]:
    return [(one.name, one.decided_by) for one in timeline.appearances]


def test_naming_an_unknown_person_outranks_the_model_and_survives(
    files: FilmFiles, recognizer: CharacterRecognizer, film: Path
) -> None:
    named = naming.name_person(files.timeline, "Unknown 1", "Hela", author="Ada")
    assert sorted(who(named)) == [("Hela", "person"), ("Loki", "model"), ("Thor", "model")]
    assert native.read(files.timeline) == native.loads(native.dumps(named))
    again = scan_film(film, recognizer, files.folder, fresh=True)
    assert sorted(who(again.timeline)) == sorted(who(named)) and not again.notes
    header, row = map(json.loads, files.decisions.read_text().splitlines())
    assert header["schema"] == SCHEMA and header["film"]["content_id"] == named.video.content_id
    assert (row["kind"], row["to"]["character"], row["by"]) == ("name", "Hela", "Ada") and row["at"].endswith("Z")
    assert row["parts"][0]["who"]["unknown"] == 1 and row["on"] == 0 and row["request"] and row["id"]


def test_wrong_split_merge_and_undo(files: FilmFiles, recognizer: CharacterRecognizer, film: Path) -> None:
    before = native.read(files.timeline)
    wrong = naming.name_person(files.timeline, "Thor", None)
    assert sorted(who(wrong)) == [("Loki", "model"), ("Unknown 1", "model"), ("Unknown 2", "person")]
    rescanned = scan_film(film, recognizer, files.folder, fresh=True).timeline
    assert sorted(who(rescanned)) == sorted(who(wrong)), "the number stays"
    first = next(one for one in wrong.appearances if one.unknown == 1)
    assert ("Unknown 1", "person") in who(naming.name_person(files.timeline, "Unknown 2", "Unknown 1"))
    naming.undo(files.timeline)
    split = naming.name_person(files.timeline, str(first.id), NEW_UNKNOWN)
    assert "Unknown 3" in {one.name for one in split.appearances}
    for _ in range(2):
        naming.undo(files.timeline)
    back, last = naming.undo(files.timeline)
    assert not last
    assert native.loads(native.dumps(back)).appearances == before.appearances


def test_edits_hold_for_a_smaller_copy_and_lost_ones_are_listed(
    files: FilmFiles, recognizer: CharacterRecognizer, tmp_path: Path
) -> None:
    naming.name_person(files.timeline, "Unknown 1", "Hela")

    def half(n: int) -> Pixels:
        return np.asarray(cv2.resize(draw(n), None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA), np.uint8)

    copy = drawn_film(tmp_path / "copy.mp4", half, 60)
    result = scan_film(copy, recognizer, tmp_path / "copy", edits=files.decisions)
    assert ("Hela", "person") in who(result.timeline) and not result.notes
    other = drawn_film(tmp_path / "other.mp4", lambda n: scene(1, [("Thor", 160, 50, 64)], take=n // 4 % 7), 60)
    lost = scan_film(other, recognizer, tmp_path / "other", edits=files.decisions)
    assert who(lost.timeline) == [("Thor", "model")]
    assert "no longer finds its face" in lost.notes[0] and "Hela" in lost.notes[0]


def test_a_contact_sheets_decisions_are_understood(
    files: FilmFiles, recognizer: CharacterRecognizer, film: Path
) -> None:
    timeline = native.read(files.timeline)
    rows = []
    for one in timeline.appearances:
        assert one.best_picture is not None
        rows.append(
            {
                "appearance": one.id,
                "tracks": list(one.tracks),
                "character": one.character,
                "unknown": None if one.unknown is None else one.name,
                "start_pts": one.start_pts,
                "end_pts": one.end_pts,
                "pts": one.best_picture.pts,
                "t_s": timeline.video.seconds(one.best_picture.pts),
                "box": list(one.best_picture.box),
                "decision": "wrong" if one.character == "Thor" else "right",
                "author": "",
                "date": "",
            }
        )
    film_facts = {"content_id": timeline.video.content_id, "path": "film.mp4"}
    files.edits.write_text(json.dumps({"schema": OLD_SCHEMA, "film": film_facts, "edits": rows}))
    again = scan_film(film, recognizer, files.folder).timeline
    assert sorted(who(again)) == [("Loki", "person"), ("Unknown 1", "person"), ("Unknown 2", "person")]


def test_learning_adds_faces_to_the_gallery(film: Path, tmp_path: Path) -> None:
    own = drawn_recognizer(tmp_path)
    files = scan_film(film, own, tmp_path / "out").files
    naming.name_person(files.timeline, "Unknown 1", "Hela")
    assert 0 < naming.learn(files.timeline, "Hela", own.cast) <= naming.LEARNT_FACES
    with Gallery.open(own.project.gallery, embedder=None, read_only=True) as gallery:
        assert len(gallery.photos("Hela")) >= 2 and "film.mp4#t=" in gallery.photos("Hela")[0].path
    other = scan_film(drawn_film(tmp_path / "b.mp4", draw, 50), own, tmp_path / "b").timeline
    assert ("Hela", "model") in who(other)
    own.train_folder(tmp_path / "cast")
    assert own.face_model is not None and "Hela" in own.face_model.classes_, "a later training keeps what was learnt"
    assert [edit.action for edit in own.edits()] == ["add"]
    own.undo()
    own.prepare()
    assert own.face_model is not None and "Hela" not in own.face_model.classes_
    assert naming.learn(files.timeline, "Hela", own.cast) > 0, "and again"
    assert naming.learn(files.timeline, "Hela", own.cast) == 0 and len(own.edits()) == 3, "what is known is no edit"


def test_learning_keeps_how_the_model_was_trained(film: Path, tmp_path: Path) -> None:
    own = drawn_recognizer(tmp_path)
    strict = CharacterRecognizer(own.project.folder, settings=replace(own.settings, far=0.002))
    strict.train_folder(tmp_path / "cast")
    files = scan_film(film, own, tmp_path / "out").files
    naming.name_person(files.timeline, "Unknown 1", "Hela")
    naming.learn(files.timeline, "Hela", own.cast)
    assert own.card()["operating_point"]["far"] == 0.002


def test_a_film_finds_its_project(film: Path, tmp_path: Path) -> None:
    own = drawn_recognizer(tmp_path)
    inside = scan_film(film, own, own.project.films / "film").files
    assert naming.project_of(inside.timeline) == own.project.folder
    outside = scan_film(film, own, tmp_path / "elsewhere").files
    assert naming.project_of(outside.timeline) is None
    nowhere = CharacterRecognizer(tmp_path / "none", settings=own.settings)
    naming.name_person(outside.timeline, "Unknown 1", "Hela")
    with pytest.raises(ModelNotFoundError, match="--project"):
        naming.learn(outside.timeline, "Hela", nowhere.cast)
    assert not (tmp_path / "none").exists()


def test_what_cannot_be_done_says_what_to_do(files: FilmFiles) -> None:
    with pytest.raises(UnknownCharacterError, match=r"There are: .*Unknown 1"):
        naming.name_person(files.timeline, "Odin", "Thor")
    video = native.read(files.timeline).video
    for content, error in (
        ("{", ForeignFileError),
        ('{"schema": "personae/timeline/1"}', ForeignFileError),
        ('{"schema": "personae/edits/2"}', TooNewError),
        ('{"schema": "personae/edits/1", "edits": [{"decision": "maybe"}]}', DamagedFileError),
    ):
        files.edits.write_text(content)
        with pytest.raises(error):
            journal.read(files, video)
    files.edits.unlink()
    files.tracks.unlink()
    with pytest.raises(StoreError, match="Scan the film again"):
        naming.name_person(files.timeline, "Thor", None)


def no_room(*_: object, **__: object) -> None:
    raise FilmError("out.mp4", "no codec for it.")


def test_the_commands_scan_name_and_undo(film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn_recognizer(tmp_path)
    fake = ["--detector", "fake", "--embedder", "fake"]
    run = CliRunner()
    arguments = ["scan", str(film), "--cast", str(tmp_path / "cast"), "--out", str(tmp_path / "out"), *fake]
    done = run.invoke(cli, [*arguments, "--progress", "json"])
    assert done.exit_code == 0, done.output
    assert "Unknown 1" in done.stdout and "film.timeline.json" in done.stdout
    assert {json.loads(line)["stage"] for line in done.stderr.splitlines()} >= {"photos", "model", "timeline"}
    timeline = str(tmp_path / "out" / "film.timeline.json")
    done = run.invoke(cli, ["name", "Unknown 1", "Hela", "--timeline", timeline])
    assert done.exit_code == 0 and "Hela" in done.output
    assert "Unknown 1 is Hela; 1 appearance decided by a person" in done.output
    assert "taken back: Unknown 1 is Hela" in run.invoke(cli, ["name", "--undo", "--timeline", timeline]).output
    done = run.invoke(cli, ["name", "1", "--new", "--timeline", timeline])
    assert "appearance 1 is an unknown person of their own; 1 appearance decided" in done.output
    assert "taken back: a face of" in run.invoke(cli, ["name", "--undo", "--timeline", timeline]).output
    done = run.invoke(cli, ["name", "unknown 1", "new", "--timeline", timeline])
    assert "unknown 1 is new; 1 appearance decided" in done.output, "a character may be called so"
    run.invoke(cli, ["name", "--undo", "--timeline", timeline])
    for flag, told in (("--stranger", "Unknown 1 stays without a name"), ("--no-face", "Unknown 1 is no face")):
        assert told in run.invoke(cli, ["name", "Unknown 1", flag, "--timeline", timeline]).output
        run.invoke(cli, ["name", "--undo", "--timeline", timeline])
    run.invoke(cli, ["name", "1", "--new", "--timeline", timeline])
    assert run.invoke(cli, ["name", "1", " ", "--timeline", timeline]).exit_code != 0
    run.invoke(cli, ["name", "--undo", "--timeline", timeline])
    done = run.invoke(cli, ["name", "Unknown 1", "Hela", "--timeline", timeline, "--learn"],
                      env={"PERSONAE_EMBEDDER": "fake", "PERSONAE_DETECTOR": "fake"})  # fmt: skip
    assert str(tmp_path / "out" / "personae") in done.output and "of Hela added" in done.output, done.output
    assert run.invoke(cli, ["name", "Thor", "--timeline", timeline]).exit_code == 2
    project = ["--project", str(tmp_path / "out" / "personae")]
    done = run.invoke(cli, ["scan", str(film), "--json", "-", "--out", str(tmp_path / "out"), *project, *fake])
    assert native.loads(done.stdout).video.frames == 60
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"no film")
    done = run.invoke(cli, ["scan", str(bad), str(film), "--out", str(tmp_path / "two"), *project, *fake],
                      standalone_mode=False)  # fmt: skip
    assert done.return_value == 1 and "bad.mp4" in done.stderr and (tmp_path / "two" / "film.timeline.json").is_file()
    assert not list((tmp_path / "two").glob("bad*"))
    monkeypatch.setattr("personae.project.exporting.write_annotated", no_room)
    done = run.invoke(cli, ["scan", str(film), "--annotate", "--out", str(tmp_path / "two"), *project, *fake],
                      standalone_mode=False)  # fmt: skip
    assert done.return_value == 1 and "no codec" in done.stderr and "film.mp4: 2.4 s" in done.stdout
    (tmp_path / "empty").mkdir()
    both = [str(tmp_path / "empty"), str(film), "--out", str(tmp_path / "three")]
    done = run.invoke(cli, ["scan", *both, *project, *fake], standalone_mode=False)
    assert done.return_value == 1 and "no film in this folder" in done.stderr and "film.mp4: 2.4 s" in done.stdout
    done = run.invoke(cli, ["scan", str(tmp_path / "empty"), *project, *fake], standalone_mode=False)
    assert done.return_value == 2 and "no film in this folder" in done.stderr


def test_a_place_belongs_to_the_track_that_lasts_then(files: FilmFiles) -> None:
    video = native.read(files.timeline).video
    second = round(1 / video.time_base)
    box = (100.0, 100.0, 150.0, 160.0)
    # A cut at 1 s between two pictures of one set-up: the face after it is a little further to the right.
    before = Track(1, 0, 0, second, tuple((at * second // 10, *box, 0.9) for at in range(10)))
    after = Track(
        2,
        1,
        second,
        2 * second,
        tuple((second + at * second // 10, 112.0, 100.0, 162.0, 160.0, 0.9) for at in range(10)),
    )
    width, height = video.size_wh
    shares = (box[0] / width, box[1] / height, box[2] / width, box[3] / height)
    assert [Finder([before, after], video).find((t, *shares)) for t in (0.9, 1.05, 1.5)] == [0, 1, 1]
    assert [Finder([after, before], video).find((t, *shares)) for t in (0.9, 1.05, 1.5)] == [1, 0, 0]


def test_the_wrong_names_to_expect_follow_what_a_person_decided(files: FilmFiles) -> None:
    names = ("tracks", "unknown_tracks", "expected_wrong_names", "unknown_people", "expected_wrong_people")

    def facts() -> tuple[float, ...]:
        film = native.read(files.timeline).model["film"]
        return tuple(film[name] for name in names)

    # Two tracks of one unknown person: a wrong name would be on both.
    assert facts() == (4, 2, 0.02, 1, 0.01)
    naming.name_person(files.timeline, "Unknown 1", "Hela")
    assert facts() == (4, 0, 0.0, 0, 0.0)
    naming.undo(files.timeline)
    assert facts() == (4, 2, 0.02, 1, 0.01)
    naming.name_person(files.timeline, "Thor", None)
    assert facts() == (4, 3, 0.02, 2, 0.01), "who was decided about is at no risk"


def test_an_edit_without_a_place_is_damage(files: FilmFiles) -> None:
    naming.name_person(files.timeline, "Unknown 1", "Hela")
    header, row = map(json.loads, files.decisions.read_text().splitlines())
    row["parts"][0]["places"] = []
    files.decisions.write_text(f"{json.dumps(header)}\n{json.dumps(row)}\n")
    with pytest.raises(DamagedFileError):
        naming.name_person(files.timeline, "Thor", "Hela")


def draw_three(n: int) -> Pixels:
    """Thor with a stranger, Loki alone, and the stranger again."""
    if 30 <= n < 60:
        return scene(2, [("Loki", 230, 120, 64)], take=n // 4 % 7)
    people = [("nobody", 240.0, 100.0, 60)]
    return scene(1, people + [("Thor", 80.0, 120.0, 64)] * (n < 30), take=n // 4 % 7)


def test_what_was_decided_holds_when_the_film_is_scanned_again(recognizer: CharacterRecognizer, tmp_path: Path) -> None:
    """Also what belongs to the film's time, who is a stranger, and who is kept apart with the same face."""
    film = drawn_film(tmp_path / "film.mp4", draw_three, 90)
    files = scan_film(film, recognizer, tmp_path / "out").files
    one, other = (one.id for one in native.read(files.timeline).appearances if one.unknown == 1)
    said: list[Callable[[Maker], tuple[Decision, ...]]] = [
        lambda film: film.keep_apart(one, other),
        lambda film: film.stranger("Unknown 2"),
        lambda film: film.trim("Thor", 0.2, 1.0),
        lambda film: film.add("Loki", 0.4, 0.8, box=(100, 50, 140, 90)),
    ]
    for make in said:
        decided = naming.decide(files.timeline, make)
    facts = {(one.name, one.start_pts, one.end_pts, one.seen, one.stranger) for one in decided.appearances}
    assert {(name, seen, stranger) for name, _, _, seen, stranger in facts} == {
        ("Thor", "face", False), ("Loki", "stated", False), ("Loki", "face", False), ("Unknown 1", "face", False),
        ("Unknown 2", "face", True),
    }  # fmt: skip
    again = scan_film(film, recognizer, files.folder, fresh=True)
    found = {(one.name, one.start_pts, one.end_pts, one.seen, one.stranger) for one in again.timeline.appearances}
    assert found == facts and not again.notes
    copy = scan_film(film, recognizer, files.folder / "copy", edits=files.decisions).timeline
    assert {(one.name, one.start_pts, one.end_pts, one.seen, one.stranger) for one in copy.appearances} == facts


def test_strangers_and_what_nobody_saw_are_not_asked_for(files: FilmFiles) -> None:
    naming.decide(files.timeline, lambda film: film.stranger("Unknown 1"))
    decided = naming.decide(files.timeline, lambda film: film.add("Odin", 0.4, 1.2))
    sheet = exporters()["sheet"].export(decided, files.folder).decode()
    asked, _, left_out = sheet.partition("<h2>Left out</h2>")
    assert "Thor" in asked and "Unknown 1" not in asked and "Unknown 1" in left_out and "<b>Odin" not in sheet
    report = exporters()["report"].export(decided, files.folder).decode()
    assert "Unknown 1" in report and "personae name" not in report
    header, first, second, *_ = exporters()["seconds"].export(decided).decode("utf-8-sig").splitlines()
    at = header.split(",").index("Odin")
    assert [row.split(",")[at] for row in (first, second)] == ["0.000", "0.000"], "that column is of faces"
    (odin,) = (one for one in decided.characters if one.name == "Odin")
    assert odin.visible_face_time_s == 0.0 and odin.scene_presence_s == pytest.approx(0.8)
    for exporter in exporters().values():
        assert exporter.export(decided, files.folder)
