"""The native timeline: lossless, fits its schema, refuses what is newer, foreign or damaged."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

import personae
from personae.errors import DamagedFileError, ForeignFileError, StoreError, TooNewError
from personae.timeline import native
from personae.timeline.timeline import Appearance, BestPicture, Shot, Timeline, Totals, Track, Video

VIDEO = Video(
    path="film é\udce9.mov",
    content_id="sha256:0123",
    stream=0,
    frame_rate=Fraction(24000, 1001),
    time_base=Fraction(1, 24000),
    variable_rate=False,
    start_pts=1001,
    duration_pts=24024,
    size_wh=(640, 360),
    frames=24,
    start_timecode="01:00:00:00",
    drop_frame=False,
    reel="A001",
)
TIMELINE = Timeline(
    VIDEO,
    (Shot(1001, 13013), Shot(13013, 25025)),
    (
        Track(1, 0, 1001, 13013, ((1001, 10.0, 20.5, 30.0, 40.0, 0.912), (5005, 11.0, 20.5, 31.0, 40.0, 0.9))),
        Track(2, 1, 13013, 25025, ((13013, -3.0, 2.0, 33.0, 44.0, 0.75),)),
    ),
    (
        Appearance(
            1, "Thor", None, 1001, 13013, 0.61, 0.98, (1,), BestPicture(5005, (11.0, 20.5, 31.0, 40.0), "1.jpg")
        ),
        Appearance(2, None, 1, 13013, 25025, 0.1, 0.2, (2,), depicted=True, decided_by="person", stranger=True),
        Appearance(3, "Loki", None, 13013, 25025, 0.0, 1.0, (), character_id="c2", seen="stated"),
    ),
    (Totals("Thor", None, 0.5005, 0.5, 0.5005, 1, 0.0, 0.5005), Totals(None, 1, 0.0, 0.0, 0.0, 1, 0.5, 1.0)),
    {"embedder": "sface:d128:p1:fb143eea0783"},
    {"far": 0.01},
    ((2002, 3003, "corrupt"),),
)


def test_a_timeline_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "film.timeline.json"
    native.write(TIMELINE, path)
    again = native.read(path)
    assert again == replace(TIMELINE, video=replace(VIDEO, path="film é\\udce9.mov"))
    assert native.dumps(again) == path.read_text(encoding="utf-8")


def test_an_empty_timeline_is_a_value() -> None:
    empty = Timeline(replace(VIDEO, path="film"), (), (), (), ())
    assert native.loads(native.dumps(empty)) == empty


def test_seconds_count_from_the_first_picture() -> None:
    document = native.to_json(TIMELINE)
    assert document["appearances"][0]["start_s"] == 0
    assert document["appearances"][0]["end_s"] == pytest.approx(12012 / 24000)
    assert document["video"]["frame_rate"] == "24000/1001" and document["video"]["duration_s"] == 1.001


def test_the_document_fits_the_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((Path(personae.__file__).parent / "schemas" / "timeline-2.schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    document = json.loads(native.dumps(TIMELINE))
    validator.validate(document)
    document["appearances"][0]["unknown"] = 9
    assert not validator.is_valid(document)


def test_newer_foreign_damaged_and_missing_files_are_refused(tmp_path: Path) -> None:
    document = native.to_json(TIMELINE)
    with pytest.raises(TooNewError, match="newer"):
        native.from_json({**document, "schema": "personae/timeline/3"})
    foreigners: list[object] = [{**document, "schema": "personae/identify/1"}, {}, [], None]
    for foreign in foreigners:
        with pytest.raises(ForeignFileError):
            native.from_json(foreign)
    with pytest.raises(ForeignFileError, match="not JSON"):
        native.loads("{")
    damages: list[dict[str, object]] = [{"shots": 3}, {"video": {}}, {"tracks": [{"id": 1}]}, {"appearances": [{}]}]
    for damage in damages:
        with pytest.raises(DamagedFileError, match="Scan the film again"):
            native.from_json({**document, **damage})
    with pytest.raises(StoreError, match="Scan first"):
        native.read(tmp_path / "none.json")


def test_unknown_fields_are_accepted() -> None:
    document = native.to_json(TIMELINE)
    document["video"]["codec"] = "h264"
    document["extra"] = 1
    assert native.from_json(document).shots == TIMELINE.shots


SAMPLE = Path(__file__).parent.parent / "samples" / "film-1" / "film.timeline.json"


def test_a_file_of_version_1_is_read_and_fits_its_own_schema() -> None:
    document = json.loads(SAMPLE.read_text())
    kept = json.dumps(document)
    found = native.from_json(document)
    assert found == native.read(SAMPLE) and json.dumps(document) == kept, "what was given stays as it is"
    assert [(one.name, one.unknown) for one in found.appearances] == [("Thor", None), ("Hela", None), ("Unknown 2", 2)]
    assert {(one.seen, one.stranger, one.character_id) for one in found.appearances} == {("face", False, None)}
    assert native.loads(native.dumps(found)) == found
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((Path(personae.__file__).parent / "schemas" / "timeline-1.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(document)


def test_a_character_of_version_1_who_is_called_like_an_unknown_person_gets_another_name() -> None:
    document = json.loads(SAMPLE.read_text().replace('"Thor"', '"Unknown 3"'))
    found = native.from_json(document)
    assert found.appearances[0].character == "Unknown 3 (character)"
    document["appearances"][1]["unknown"] = "unknown 4"
    with pytest.raises(DamagedFileError, match="unknown"):
        native.from_json(document)


def test_only_a_stated_appearance_is_without_tracks() -> None:
    document = native.to_json(TIMELINE)
    document["appearances"][2]["seen"] = "face"
    with pytest.raises(DamagedFileError, match="tracks is empty"):
        native.from_json(document)
