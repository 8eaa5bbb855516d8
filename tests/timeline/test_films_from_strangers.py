"""A scanned film's files that somebody else has changed: a sentence names the file and the field, whatever is asked."""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import personae
from personae.cli import cli
from personae.errors import DamagedFileError, StoreError
from personae.exports.registry import exporters
from personae.films.film_files import FilmFiles
from personae.films.tracks_file import load_tracks, read_tracks
from personae.settings import Settings
from personae.timeline import chunks, native, records
from personae.timeline.decision_rows import OLD_SCHEMA
from tests.forged import Missing, changed, forge, scanned_film
from tests.scanning import relabel
from tests.timelines import film as timeline_of

NAN, INFINITY = float("nan"), float("inf")
DOCUMENT = json.loads(native.dumps(timeline_of(start_pts=-5000)))
BEST = {"t_s": 0.0, "pts": 0, "box": [1, 2, 3, 4], "file": "film.faces/1.jpg"}
PART = {
    "path": "/a.mov", "start_pts": 0, "start_timecode": None, "drop_frame": False, "reel": None, "sound_channels": 0,
    "stream": 0,
}  # fmt: skip

STRUCTURE: list[tuple[str, Any]] = [
    # what a JSON Schema can say too: types, ranges, forms
    *((f"video.{name}", value) for name, value in [
        ("path", 5), ("path", Missing), ("content_id", None), ("stream", "0"), ("stream", -1), ("frame_rate", "0/1"),
        ("frame_rate", 25), ("frame_rate", "25"), ("time_base", "0/1"), ("time_base", "-1/25"), ("time_base", "1/0"),
        ("variable_rate", 0), ("start_pts", "0"), ("start_pts", 1.5), ("duration_pts", -1), ("duration_pts", None),
        ("start_timecode", 3), ("drop_frame", "no"), ("reel", 3), ("size", [0, 10]), ("size", [-640, 360]),
        ("size", [640]), ("size", [640, 360, 1]), ("size", [10**9, 10]), ("size", "640x360"), ("duration_s", Missing),
        ("duration_s", -1), ("duration_s", "9"), ("frames", -1), ("frames", 1.5), ("sound_channels", -1),
        ("sound_channels", "2"), ("parts", {}), ("parts", [{}]), ("parts", [PART | {"stream": -1}]),
        ("parts", [PART | {"reel": 3}]), ("parts", [PART | {"drop_frame": 0}]),
    ]),
    *((f"appearances.0.{name}", value) for name, value in [
        ("id", "1"), ("id", True), ("id", -1), ("character", 3), ("character", ""), ("unknown", 1),
        ("character", None), ("start_pts", "0"), ("start_pts", True), ("end_pts", 1.5), ("start_s", Missing),
        ("end_s", "1"), ("similarity", 1.5), ("similarity", "0.5"), ("confidence", -0.1), ("confidence", True),
        ("tracks", []), ("tracks", ["1"]), ("tracks", 1), ("depicted", 0), ("decided_by", "me"), ("decided_by", None),
        ("best_picture", Missing), ("best_picture", 3), ("best_picture", BEST | {"file": "../../etc/passwd"}),
        ("best_picture", BEST | {"file": "/etc/passwd"}), ("best_picture", BEST | {"file": "a/../../b.jpg"}),
        ("best_picture", BEST | {"file": "C:\\Windows\\a.jpg"}), ("best_picture", BEST | {"file": "..\\a.jpg"}),
        ("best_picture", BEST | {"file": ""}), ("best_picture", BEST | {"file": 3}),
        ("best_picture", BEST | {"box": [1, 2, 3]}), ("best_picture", BEST | {"box": [1, 2, 3, "4"]}),
        ("best_picture", BEST | {"pts": 1.5}), ("best_picture", BEST | {"t_s": "0"}),
    ]),
    ("appearances.2.unknown", "Unknown 1"), ("appearances.2.unknown", 0), ("appearances.2.unknown", 10**9),
    ("appearances.0.seen", "heard"), ("appearances.0.stranger", None), ("appearances.0.character_id", ""),
    ("appearances.0.name", 3), ("appearances", {}),
    *((f"characters.0.{name}", value) for name, value in [
        ("visible_face_time_s", "1"), ("visible_face_time_s", -1), ("share", 7), ("share", None), ("share", -1),
        ("scene_presence_s", -1), ("appearances", 1.5), ("appearances", -1), ("first_s", "0"), ("last_s", Missing),
        ("character", 5), ("character", ""),
    ]),
    *((f"tracks.0.{name}", value) for name, value in [
        ("id", "1"), ("id", Missing), ("shot", -1), ("shot", "0"), ("start_pts", None), ("end_pts", "5"), ("boxes", []),
        ("boxes", 3), ("boxes", [[1, 2, 3]]), ("boxes", [[0, 1, 2, 3, 4, "0.9"]]), ("boxes", [[0, 1, 2, 3, 4, 9]]),
        ("boxes", [[0.5, 1, 2, 3, 4, 0.5]]), ("boxes", [{}]), ("boxes", [[0, 1, True, 3, 4, 0.9]]),
        ("boxes", [[0, 1, 2, 1e9, 4, 0.9]]),
    ]),
    *((f"shots.0.{name}", value) for name, value in [
        ("start_pts", Missing), ("end_pts", "1"), ("start_s", "0"), ("end_s", None),
    ]),
    ("gaps", [3]), ("gaps", [{"start_pts": 0, "end_pts": 1, "start_s": 0, "end_s": 0, "why": 3}]), ("gaps", 3),
    ("model", []), ("settings", 3), ("shots", Missing), ("tracks", 3), ("characters", "x"),
]  # fmt: skip
START, END = DOCUMENT["video"]["start_pts"], DOCUMENT["video"]["start_pts"] + DOCUMENT["video"]["duration_pts"]
AGREEMENT: list[tuple[str, Any]] = [
    # what only the whole document can tell, and numbers that JSON has not
    ("video.time_base", "86401/1"), ("video.duration_pts", 2 * 10**14), ("video.duration_pts", INFINITY),
    ("video.frames", INFINITY), ("video.start_pts", 10**40), ("video.frame_rate", "100000/1"),
    ("video.start_timecode", "99:00:00:00"), ("video.start_timecode", "noon"), ("video.reel", "a\0b"),
    ("video.path", "/films/\ud800.mov"), ("video.path", "a\0b"),
    ("video.parts", [PART | {"start_pts": END + 5}]), ("video.parts", [PART, PART | {"start_pts": -9}]),
    ("video.parts", [PART | {"start_timecode": "no"}]), ("appearances.0.start_pts", START - 1),
    ("appearances.0.end_pts", START - 1), ("appearances.0.end_pts", END + 1), ("appearances.0.start_pts", 10**30),
    ("appearances.0.tracks", [99]), ("appearances.1.id", 1), ("appearances.0.similarity", NAN),
    ("appearances.0.confidence", NAN), ("appearances.4.start_pts", 0), ("appearances.0.character", "\udfff"),
    ("appearances.0.best_picture", BEST | {"pts": END + 1}),
    ("appearances.0.best_picture", BEST | {"box": [9, 2, 3, 4]}),
    ("appearances.0.best_picture", BEST | {"box": [1, 2, NAN, 4]}),
    ("appearances.0.best_picture", BEST | {"file": "\0"}),
    ("characters.0.visible_face_time_s", NAN), ("characters.0.visible_face_time_s", 1e9),
    ("characters.0.scene_presence_s", INFINITY), ("characters.0.first_s", -60), ("characters.0.first_s", 1e300),
    ("characters.1.character", "Thor"), ("characters.0.last_s", -0.5), ("tracks.1.id", 1), ("tracks.0.shot", 1),
    ("tracks.0.start_pts", START - 1), ("tracks.0.end_pts", END + 1), ("tracks.0.end_pts", START - 1),
    ("tracks.0.boxes", [[START - 1, 1, 2, 3, 4, 0.9]]), ("tracks.0.boxes", [[END, 1, 2, 3, 4, 0.9]]),
    ("tracks.0.boxes", [[START, 5, 2, 3, 4, 0.9]]), ("tracks.0.boxes", [[START, 1, 2, 3, 4, NAN]]),
    ("tracks.0.boxes", [[START + 5, 1, 2, 3, 4, 0.9], [START, 1, 2, 3, 4, 0.9]]),
    ("tracks.0.boxes", [[START, 1, INFINITY, 3, INFINITY, 0.9]]), ("shots.0.end_pts", START - 1),
    ("shots.0.start_pts", START - 1), ("shots.0.end_pts", END + 1),
    ("shots", [DOCUMENT["shots"][0], DOCUMENT["shots"][0]]),
    ("gaps", [{"start_pts": 5, "end_pts": 1, "start_s": 0, "end_s": 0, "why": "x"}]),
    ("gaps", [{"start_pts": 5, "end_pts": END + 1, "start_s": 0, "end_s": 0, "why": "x"}]),
    ("model.film", {"far": "x"}), ("model.film", {"far": NAN, "strangers": 0.5}), ("model.characters", "Thor"),
    ("model.far", "one"), ("model.embedder", 3), ("model.deep", json.loads("[" * 90 + "]" * 90)),
    ("settings.far", INFINITY), ("settings.name", "\ud800"),
]  # fmt: skip
VALIDATOR = None


def text_of(document: Any) -> str:
    """As a stranger's program may write it: NaN and Infinity too."""
    return json.dumps(document)


def test_the_sample_itself_is_right() -> None:
    assert native.loads(text_of(DOCUMENT)).video.start_pts == -5000
    for place, value in (
        ("appearances.0.best_picture", BEST),
        ("video.parts", [PART]),
        ("video.start_timecode", None),
        ("appearances.0.start_pts", START),
        ("gaps", [{"start_pts": START, "end_pts": END, "start_s": 0, "end_s": 0, "why": ""}]),
    ):
        native.loads(text_of(changed(DOCUMENT, place, value)))


@pytest.mark.parametrize(("place", "value"), [*STRUCTURE, *AGREEMENT])
def test_a_timeline_with_a_field_that_cannot_be_right_is_refused(tmp_path: Path, place: str, value: Any) -> None:
    path = tmp_path / "film.timeline.json"
    path.write_text(text_of(changed(DOCUMENT, place, value)))
    with pytest.raises(StoreError, match=r"film\.timeline\.json: this (timeline is damaged|is not JSON)") as caught:
        native.read(path)
    told = str(caught.value)
    if isinstance(caught.value, DamagedFileError) and "is not JSON" not in told:
        field = re.sub(r"\.\d+", "", place)
        assert any(name in told for name in field.split(".")), told
        assert "Scan the film again" in told and told.isascii()
    result = CliRunner().invoke(cli, ["export", str(path), "-o", str(tmp_path / "out.srt")])
    assert isinstance(result.exception, StoreError) and not (tmp_path / "out.srt").exists()


@pytest.mark.parametrize(("place", "value"), STRUCTURE)
def test_the_shipped_schema_refuses_what_the_reader_refuses(place: str, value: Any) -> None:
    assert not validator().is_valid(changed(DOCUMENT, place, value))


def test_the_reader_refuses_what_the_shipped_schema_refuses() -> None:
    """Every field of the sample with every kind of value: nothing the schema refuses is read."""
    odd: tuple[Any, ...] = (None, True, -1, 10**20, 1.5, -1e9, "", "x", [], [1], {}, Missing)
    refused = 0
    for place in places(DOCUMENT):
        for value in odd:
            document = changed(DOCUMENT, place, value)
            if validator().is_valid(document):
                continue
            refused += 1
            with pytest.raises(StoreError):
                native.from_json(document)
    assert refused > 500


def validator() -> Any:
    global VALIDATOR
    if VALIDATOR is None:
        jsonschema = pytest.importorskip("jsonschema")
        schema = json.loads((Path(personae.__file__).parent / "schemas" / "timeline-2.schema.json").read_text())
        VALIDATOR = jsonschema.Draft202012Validator(schema)
        assert VALIDATOR.is_valid(DOCUMENT)
    return VALIDATOR


def places(document: Any, prefix: str = "") -> list[str]:
    """Where every field of a document stands; of a list its first two."""
    found = []
    rows = document.items() if isinstance(document, dict) else list(enumerate(document))[:2]
    for name, value in rows:
        found.append(f"{prefix}{name}")
        if isinstance(value, dict | list):
            found += places(value, f"{prefix}{name}.")
    return found


def test_what_is_right_goes_through_every_export(tmp_path: Path) -> None:
    timeline = native.loads(text_of(DOCUMENT))
    odd = replace(timeline, video=replace(timeline.video, size_wh=(1, 1), start_timecode=None, reel="\x1b[31m"))
    for exporter in exporters().values():
        assert exporter.export(odd, tmp_path)


@pytest.fixture
def files(tmp_path: Path) -> FilmFiles:
    return scanned_film(tmp_path)


TRACKS: list[tuple[str, Any]] = [
    ("boxes", NAN), ("boxes", 1e30), ("boxes", 5000), ("boxes", Missing), ("boxes", np.zeros((3, 5), np.float32)),
    ("boxes", np.zeros((10, 4), np.float32)), ("boxes", np.zeros((), np.float32)), ("box_pts", -10),
    ("box_pts", 10**12), ("box_pts", np.zeros((10, 2), np.int64)), ("embeddings", NAN), ("embeddings", 3),
    ("embeddings", np.zeros((10, 128), np.float32)), ("embeddings", np.zeros(10, np.float32)), ("weights", -1),
    ("weights", NAN), ("weights", np.zeros(3, np.float32)), ("face_px", -1), ("face_px", INFINITY), ("face_pts", -1),
    ("face_pts", 10**12), ("best_pts", 10**12), ("best_pts", np.zeros(3, np.int64)), ("best_box", INFINITY),
    ("best_box", np.zeros((5, 4), np.int64)), ("picture", np.full(3, 255, np.uint8)),
    ("picture", np.zeros(5, np.float32)),
    ("box_changes", INFINITY), ("surface", 2), ("surface", -1),
    ("boxes_count", 0), ("boxes_count", -1), ("boxes_count", 3), ("faces_count", 2**62),
    ("picture_count", 99), ("boxes_count", np.ones(3, np.int64)), ("look_pts", 10**12), ("look_pts", Missing),
    ("tiny", np.zeros((1, 9, 16), np.uint8)), ("tiny", np.zeros((10, 9, 16), np.float32)),
    ("video", 3), ("video.time_base", "0/1"), ("video.duration_pts", 5), ("shots", [{"start_pts": 5, "end_pts": 1}]),
    ("shots", [[0, 1]]), ("gaps", [[0, 1]]), ("gaps", [[5, 1, "x"]]), ("gaps", [[0, 1, 2]]), ("detections", "x"),
    ("labels", []), ("labels.0", 3), ("labels.0.character", 5), ("labels.0.confidence", 7),
    ("labels.0.similarity", NAN), ("labels.0.best", [1]), ("labels.0.best", {"pts": 1, "box": [1, 2, 3], "file": None}),
    ("labels.0.depicted", "no"),
    ("labels.0.best", {"pts": 0, "box": [1, 2, 3, 4], "file": "/etc/passwd"}), ("labels.0.decided_by", "you"),
    ("labels.0.unknown", "Unknown 1"), ("labels.0.unknown", 1),
    ("labels.0.character_id", 3), ("labels.0.best_weight", None), ("unknown", []),
    ("unknown.0", 0), ("unknown.0", "Unknown"),
    ("unknown.0", "Unknown x"), ("unknowns_used", -1), ("unknowns_used", "many"), ("facts", []), ("facts.model", 3),
    ("facts.settings", Missing), ("fingerprint", 7), ("fingerprint.embedder", 5),
]  # fmt: skip


@pytest.mark.parametrize(("place", "value"), TRACKS)
def test_tracks_with_a_field_that_cannot_be_right_are_refused(
    files: FilmFiles, caplog: pytest.LogCaptureFixture, place: str, value: Any
) -> None:
    relabel(files.timeline, Settings())
    forge(files.tracks, place, value, schema=records.SCHEMA)
    before = files.timeline.read_bytes()
    with pytest.raises(DamagedFileError, match=r"film\.tracks.*damaged.*") as caught:
        relabel(files.timeline, Settings())
    assert "Scan the film again" in str(caught.value) or "NaN" in str(caught.value)
    assert files.timeline.read_bytes() == before
    # A new scan does without what an earlier one left, and says so.
    assert read_tracks(files.tracks) is None and "film.tracks" in caplog.text


def test_tracks_as_they_are_written_are_read(files: FilmFiles) -> None:
    assert len(load_tracks(files.tracks).watched.records) == 5
    files.tracks.unlink()
    assert read_tracks(files.tracks) is None
    with pytest.raises(StoreError, match="is missing, and edits need it"):
        relabel(files.timeline, Settings())


EDIT = {
    "decision": "name", "character": "Thor", "unknown": None, "places": [[1.0, 0.1, 0.1, 0.2, 0.3]], "span_s": None,
    "author": "me", "date": "2026-01-01",
}  # fmt: skip
DECISIONS: list[tuple[str, Any]] = [
    ("decision", 3), ("character", 5), ("character", ""), ("character", "a\0"),
    ("character", "\ud800"), ("unknown", "Unknown 1"), ("places", []), ("places", 3), ("places", [[1, 2, 3]]),
    ("places", [["a", 0, 0, 1, 1]]), ("places", [[1e308, 0, 0, 1, 1]]), ("places", [[NAN, 0, 0, 1, 1]]),
    ("places", [[1, 0, 0, 1e300, 1]]), ("places", [[1, 0.5, 0, 0.1, 1]]), ("places", [[True, 0, 0, 1, 1]]),
    ("span_s", [1]), ("span_s", ["a", "b"]), ("span_s", [5, 1]), ("span_s", [0, INFINITY]), ("author", 3), ("date", []),
    ("places", Missing),
]  # fmt: skip


@pytest.mark.parametrize(("place", "value"), DECISIONS)
def test_decisions_with_a_field_that_cannot_be_right_are_refused(files: FilmFiles, place: str, value: Any) -> None:
    document = {"schema": OLD_SCHEMA, "film": {"content_id": "a", "path": "b"}, "edits": [EDIT]}
    files.edits.write_text(text_of(document))
    relabel(files.timeline, Settings())
    files.edits.write_text(text_of(changed(document, f"edits.0.{place}", value)))
    with pytest.raises(StoreError, match=r"film\.edits\.json: (these decisions are damaged|this is not JSON)"):
        relabel(files.timeline, Settings())


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("film", [3]), ("film.content_id", 3), ("film.size", [0, 5]), ("film.size", "x"), ("edits", {}),
        ("edits", Missing), ("edits.0", 3), ("edits.0.box", [1, 2, 3]), ("edits.0.box", [1, 2, 3, 1e300]),
        ("edits.0.t_s", 1e308),
        ("edits.0.start_pts", 10**30), ("edits.0.end_pts", -(10**18)), ("edits.0.start_pts", "1"),
    ],
)  # fmt: skip
def test_decisions_of_a_contact_sheet_are_checked_too(files: FilmFiles, place: str, value: Any) -> None:
    row = {"decision": "name", "character": "Thor", "unknown": None, "t_s": 1, "box": [1, 2, 3, 4]}
    row |= {"start_pts": 0, "end_pts": 5000}
    document = {"schema": OLD_SCHEMA, "film": {"content_id": "a", "path": "b", "size": [640, 360]}, "edits": [row]}
    files.edits.write_text(text_of(document))
    relabel(files.timeline, Settings())
    files.edits.write_text(text_of(changed(document, place, value)))
    with pytest.raises(DamagedFileError, match=r"film\.edits\.json: these decisions are damaged"):
        relabel(files.timeline, Settings())


CHUNK: list[tuple[str, Any]] = [
    ("start_pts", "0"), ("start_pts", 10**12), ("next_pts", None), ("next_pts", Missing), ("certain_pts", 1.5),
    ("detections", -1), ("boundaries", {}), ("boundaries", [{"pts": 1}]), ("boundaries.0.kind", "jump"), ("read", 3),
    ("read.frames", "many"), ("read.gaps", [[1, 2]]), ("read.irregular", None), ("read.part_starts", ["a"]),
    ("look_pts", 10**12), ("look_pts", Missing), ("tiny", np.zeros((1, 9, 16), np.uint8)), ("boxes", NAN),
]  # fmt: skip


@pytest.mark.parametrize(("place", "value"), CHUNK)
def test_a_part_of_an_unfinished_scan_that_cannot_be_right_is_looked_through_again(
    files: FilmFiles, tmp_path: Path, place: str, value: Any
) -> None:
    fingerprint = {"content_id": "a"}
    found = load_tracks(files.tracks).watched
    whole = found.video.duration_pts
    for number, (start, end) in enumerate(((0, whole), (whole, 2**62)), 1):
        facts = {
            "fingerprint": fingerprint, "start_pts": start, "next_pts": end, "certain_pts": 0, "detections": 1,
            "boundaries": [{"pts": 1, "kind": "cut", "start_pts": 1, "end_pts": 1}],
            "read": {"frames": 1, "irregular": False, "gaps": [[0, 1, "x"]], "part_starts": [0]},
        }  # fmt: skip
        looks = found.look_pts if number == 1 else found.look_pts + whole
        extra: dict[str, Any] = {"look_pts": looks, "tiny": found.tiny}
        rows = found.records if number == 1 else ()
        records.write(chunks.path_of(tmp_path, number), rows, facts, extra, schema=chunks.SCHEMA)
    assert len(chunks.kept(tmp_path, fingerprint)) == 2
    forge(chunks.path_of(tmp_path, 1), place, value, schema=chunks.SCHEMA)
    assert chunks.kept(tmp_path, fingerprint) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_report_shows_no_picture_from_elsewhere_and_waits_for_none(tmp_path: Path, hopper: Path) -> None:
    """A link out of the folder, a pipe that never ends, a file of another kind; the picture beside it is shown."""
    folder = tmp_path / "film.faces"
    folder.mkdir()
    (folder / "1.jpg").symlink_to(hopper)
    os.mkfifo(folder / "2.jpg")
    (folder / "3.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    shutil.copy(hopper, folder / "4.jpg")
    for name, shown in (("1.jpg", False), ("2.jpg", False), ("3.jpg", False), ("4.jpg", True)):
        best = BEST | {"file": f"film.faces/{name}"}
        timeline = native.loads(text_of(changed(DOCUMENT, "appearances.0.best_picture", best)))
        page = exporters()["report"].export(timeline, tmp_path)
        assert (b"data:image/jpeg" in page) == shown, name
