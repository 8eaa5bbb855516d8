"""Boxes that people draw in photos where no face was found: named, corrected, kept, exported, forgotten."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

import personae
from personae.errors import ChangedMeanwhileError, InputError, UnknownCharacterError
from personae.exports.photo_people import of_kept
from personae.faces.fake import draw_picture
from personae.films import say
from personae.films.kept_photos import KeptFace
from personae.films.photo_set import PhotoSet
from personae.project.session import Project
from personae.settings import Settings

SETTINGS = Settings(detector="fake", embedder="fake")
BOX = (4.0, 6.0, 44.0, 56.0)
OTHER_BOX = (60.0, 6.0, 90.0, 46.0)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "holiday"
    folder.mkdir()
    for number, people in enumerate((("Thor", "Odin"), ("Loki",), ("Odin",))):
        Image.fromarray(draw_picture([(name, 96) for name in people], take=number + 1).pixels).save(
            folder / f"{number}.png"
        )
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    for name in ("Thor", "Loki"):
        for take in (0, 9):
            path = tmp_path / "cast" / name / f"{take}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(draw_picture([(name, 96)], take=take).pixels).save(path)
    with Project.open(tmp_path / "project", settings=SETTINGS) as opened:
        opened.cast.train(tmp_path / "cast")
        yield opened


@pytest.fixture
def kept(project: Project, photos: Path) -> PhotoSet:
    return project.photos.keep(photos)


def faces(kept: PhotoSet, path: str = "1.png") -> list[KeptFace]:
    return list(next(photo.faces for photo in kept.photos if photo.path == path))


def names(kept: PhotoSet, path: str = "1.png") -> list[str]:
    return [one.name + "*" * one.drawn for one in faces(kept, path)]


def test_a_drawn_box_is_a_face_by_a_persons_decision(kept: PhotoSet) -> None:
    (made,) = kept.decide([say.add("Sif", box=BOX, photo="1.png")], by="Ada").decisions
    assert names(kept) == ["Loki", "Sif*"] and made.said() == "Sif is in 1.png, where no face was found"
    drawn = faces(kept)[1]
    assert drawn.number == 2 and drawn.box_xyxy == pytest.approx(BOX, abs=0.1)
    assert (drawn.decided_by, drawn.confidence, drawn.similarity) == ("person", 1.0, 0.0)
    assert [len(photo.faces) for photo in kept.photos] == [2, 2, 1], "no other photo has one"


def test_somebody_new_is_an_unknown_person_of_their_own_and_is_asked_about(project: Project, kept: PhotoSet) -> None:
    kept.decide([say.add(say.NEW_UNKNOWN, box=BOX, photo="1.png")])
    assert names(kept) == ["Loki", "Unknown 2*"]
    asked = {part.unknown: part for one in project.people.undecided() for part in one.parts}
    assert sorted(asked) == [1, 2]
    assert asked[2].faces == 1 and asked[2].face == 2
    kept.decide([say.name("Unknown 2", "Sif")])
    assert names(kept) == ["Loki", "Sif*"]
    kept.decide([say.add("Unknown 1", box=OTHER_BOX, photo="1.png")])
    kept.decide([say.name("Unknown 1", "Odin")])
    assert names(kept) == ["Loki", "Sif*", "Odin*"] and names(kept, "2.png") == ["Odin"]


def test_what_is_said_of_found_faces_can_be_said_of_drawn_ones(kept: PhotoSet) -> None:
    kept.decide([say.add("Sif", box=BOX, photo="1.png")])
    for said, expected in (
        (say.name(("1.png", 2), "Hela"), "Hela*"), (say.confirm(("1.png", 2)), "Hela*"),
        (say.not_them(("1.png", 2)), "Unknown 2*"), (say.stranger(("1.png", 2)), "Unknown 2*"),
        (say.merge([("1.png", 2), ("2.png", 1)], "Odin"), "Odin*"), (say.depicted(("1.png", 2)), "Odin*"),
        (say.split(("1.png", 2)), "Unknown 3*"), (say.name("Unknown 3", "Sif"), "Sif*"),
    ):  # fmt: skip
        kept.decide([said])
        assert names(kept) == ["Loki", expected]
    kept.decide([say.no_face(("1.png", 2))])
    assert names(kept) == ["Loki", "*"]
    with pytest.raises(InputError, match="said to be none"):
        kept.decide([say.name(("1.png", 2), "Sif")])
    kept.decide([say.add("Sif", box=BOX, photo="1.png")])
    assert names(kept) == ["Loki", "Sif*"], "drawn again, it is the same face again"


def test_it_is_undone_with_its_command_and_again_with_that(kept: PhotoSet) -> None:
    kept.decide([say.add("Sif", box=BOX, photo="1.png")], request="draw")
    kept.undo()
    assert names(kept) == ["Loki"]
    kept.decide([say.undo([kept.decisions.entries[-1].id])])
    assert names(kept) == ["Loki", "Sif*"]


def test_it_survives_keeping_again_relabelling_and_another_process(
    project: Project, kept: PhotoSet, photos: Path
) -> None:
    kept.decide([say.add("Sif", box=BOX, photo="1.png"), say.add(say.NEW_UNKNOWN, box=OTHER_BOX, photo="2.png")])
    Image.fromarray(draw_picture([("Hela", 96)], take=7).pixels).save(photos / "0a.png")  # comes between
    project.photos.keep(photos)
    kept.relabel()
    with Project.open(project.folder, settings=SETTINGS) as again:
        other = again.photos["holiday"]
        for one in (kept, other):
            assert names(one) == ["Loki", "Sif*"] and names(one, "2.png") == ["Unknown 1", "Unknown 2*"]
        assert names(other, "0a.png") == ["Unknown 3"], "numbers of drawn people are not given again"


def test_where_a_face_is_found_since_the_name_is_that_faces_and_teaches(
    project: Project, kept: PhotoSet, photos: Path
) -> None:
    found = faces(kept, "2.png")[0].box_xyxy
    kept.decide([say.no_face(("2.png", 1))])
    kept.decide([say.add("Odin", box=found, photo="2.png")])
    assert names(kept, "2.png") == ["Odin"], "it is the face that was found, not one more"
    assert kept.learn("Odin") == 1


def test_a_drawn_face_teaches_nothing_and_has_no_part_in_grouping(project: Project, kept: PhotoSet) -> None:
    kept.decide([say.add("Sif", box=BOX, photo="1.png")])
    assert kept.learn("Sif") == 0 and "Sif" not in project.cast.characters()
    found, labels = kept.kept_faces()
    assert len(labels) == sum(len(photo.faces) for photo in found.photos) == 4


def test_what_cannot_be_drawn_is_said(kept: PhotoSet) -> None:
    there = faces(kept)[0].box_xyxy
    for box, photo, match in (
        (there, "1.png", "Face 1 of 1.png is there: Loki"), ((5.0, 5.0, 1.0, 1.0), "1.png", "no box"),
        ((9000.0, 5.0, 9100.0, 60.0), "1.png", "outside"), (BOX, "nowhere.png", "no photo"),
        (None, "1.png", "a photo and a box"), (BOX, None, "a photo and a box"),
        ((float("nan"),) * 4, "1.png", "no box"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=match):
            kept.decide([say.add("Sif", box=box, photo=photo)])
    with pytest.raises(UnknownCharacterError):
        kept.decide([say.add("Unknown 77", box=BOX, photo="1.png")])
    kept.decide([say.add("Sif", box=BOX, photo="1.png")])
    with pytest.raises(InputError, match=r"Face 2 of 1\.png is there: Sif"):
        kept.decide([say.add("Hela", box=BOX, photo="1.png")])
    (clipped,) = kept.decide([say.add("Hela", box=(-50.0, -50.0, 30.0, 30.0), photo="2.png")]).decisions
    assert faces(kept, "2.png")[-1].box_xyxy == pytest.approx((0, 0, 30, 30), abs=0.1) and clipped.kind == "face"


def test_two_who_draw_and_name_one_face_are_told(kept: PhotoSet) -> None:
    position = len(kept.decisions.entries)
    kept.decide([say.add("Sif", box=BOX, photo="1.png")], position=position)
    position += 1
    kept.decide([say.name(("1.png", 2), "Hela")], position=position)
    with pytest.raises(ChangedMeanwhileError):
        kept.decide([say.name(("1.png", 2), "Odin")], position=position)


def test_it_is_in_the_shared_file_and_in_archives_as_a_persons(kept: PhotoSet, photos: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schemas = Path(personae.__file__).parent / "schemas"
    kept.decide([say.add("Sif", box=BOX, photo="1.png"), say.add(say.NEW_UNKNOWN, box=BOX, photo="2.png")])
    document = json.loads(kept.files.shared.read_text())
    jsonschema.Draft202012Validator(json.loads((schemas / "photos-1.schema.json").read_text())).validate(document)
    rows = [row for photo in document["photos"] for row in photo["faces"]]
    assert [(row["character"], row["decided_by"]) for row in rows if row.get("drawn")] == [
        ("Sif", "person"), (None, "person"),
    ]  # fmt: skip
    assert "drawn" not in rows[0], "what earlier versions wrote stays as it was"
    lines = jsonschema.Draft202012Validator(json.loads((schemas / "decisions-1.schema.json").read_text()))
    for line in kept.files.decisions.read_text().splitlines():
        lines.validate(json.loads(line))
    shown = of_kept(kept.photos[1], photos, "")
    assert [(one.name, one.decided_by) for one in shown.faces][-1] == ("Sif", "person")


def test_a_warning_names_who_is_in_the_photo_already(kept: PhotoSet) -> None:
    assert any("Loki is in 1.png" in one for one in kept.warnings(say.add("Loki", box=BOX, photo="1.png")))


@pytest.mark.parametrize("is_named_later", [False, True])
def test_forgetting_takes_the_drawn_face_and_every_word_of_it(
    project: Project, kept: PhotoSet, *, is_named_later: bool
) -> None:
    who = say.NEW_UNKNOWN if is_named_later else "Sif"
    kept.decide([say.add(who, box=BOX, photo="1.png"), say.add("Hela", box=OTHER_BOX, photo="1.png")])
    if is_named_later:
        kept.decide([say.name(("1.png", 2), "Sif")])
    assert names(kept) == ["Loki", "Sif*", "Hela*"]
    assert project.forget("Sif").complete
    assert names(kept) == ["Loki", "Hela*"]
    assert "Sif" not in kept.files.shared.read_text() + kept.files.decisions.read_text()
