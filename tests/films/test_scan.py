"""The pipeline on drawn films: exact spans, names, unknown people, edits, interruptions."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from personae.cli import cli
from personae.errors import ModelNotFoundError, WriteError
from personae.exports.registry import exporters
from personae.films import film_files, store, tracks_file
from personae.films.film_files import FilmFiles
from personae.films.scan import unread
from personae.films.store import MediaStore
from personae.media.film import Video
from personae.media.video import open_film
from personae.paths import ProjectPaths
from personae.progress import Progress
from personae.project.recognizer import CharacterRecognizer
from personae.settings import Settings
from personae.timeline import chunk_pass, chunks, native
from personae.timeline.far_in_film import describe
from tests.drawn_films import SIZE_WH, drawn_film, drawn_recognizer, scene, spans_of
from tests.film_maker import Pixels
from tests.scanning import scan_film
from tests.timelines import film as timeline_of


@pytest.fixture(scope="module")
def recognizer(tmp_path_factory: pytest.TempPathFactory) -> CharacterRecognizer:
    return drawn_recognizer(tmp_path_factory.mktemp("drawn"))


def three_shots(n: int) -> Pixels:
    """Thor to 30, Loki and a stranger to 50, Thor to 80; they are alive (another take now and then)."""
    take = n // 4 % 7
    if n < 30:
        return scene(1, [("Thor", 90 + n, 120, 70)], take=take)
    if n < 50:
        return scene(2, [("Loki", 100, 100, 60), ("nobody", 240, 120, 64)], take=take)
    return scene(3, [("Thor", 200 - n, 110, 90)], take=take)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn_film(tmp_path_factory.mktemp("film") / "film.mp4", three_shots, 80)


def test_cuts_give_exact_spans(recognizer: CharacterRecognizer, film: Path, tmp_path: Path) -> None:
    result = scan_film(film, recognizer, tmp_path)
    timeline = result.timeline
    assert spans_of(timeline, "Thor") == [(0, 30), (50, 80)]
    assert spans_of(timeline, "Loki") == [(30, 50)] == spans_of(timeline, "Unknown 1")
    assert [round(timeline.video.seconds(shot.start_pts) * 25) for shot in timeline.shots] == [0, 30, 50]
    assert native.read(result.files.timeline) == native.loads(native.dumps(timeline))
    totals = {one.name: one for one in timeline.characters}
    assert totals["Thor"].visible_face_time_s == pytest.approx(2.4)
    assert totals["Thor"].scene_presence_s == pytest.approx(3.2)
    assert totals["Unknown 1"].share == pytest.approx(0.25)
    for one in timeline.appearances:
        assert one.best_picture is not None and one.best_picture.file is not None
        assert (tmp_path / one.best_picture.file).is_file()
    assert not result.files.unfinished.exists()


def test_a_film_says_what_its_false_accept_rate_means(
    recognizer: CharacterRecognizer, film: Path, tmp_path: Path
) -> None:
    result = scan_film(film, recognizer, tmp_path)
    facts = result.timeline.model["film"]
    unknown = [one for one in result.timeline.appearances if one.unknown]
    assert facts["tracks"] == len(result.timeline.tracks) == 4
    assert facts["unknown_tracks"] == sum(len(one.tracks) for one in unknown) == 1
    assert facts["far"] == 0.01 and facts["expected_wrong_names"] == 0.01
    assert facts["unknown_people"] == len({one.unknown for one in unknown}) == 1
    assert facts["expected_wrong_people"] == 0.01
    assert 1 / 6 <= facts["strangers"] < 0.5, "one of four, and one of either kind besides"
    shown = CliRunner().invoke(cli, ["inspect", "--timeline", str(result.files.timeline)]).output
    assert "rate of 1.00% less than 0.1 of 1 unknown track would get a wrong name" in " ".join(shown.split())
    as_json = CliRunner().invoke(cli, ["inspect", "--json", "--timeline", str(result.files.timeline)]).output
    assert json.loads(as_json)["film"] == facts
    # By hand: what the curve says of that threshold.
    by_hand_settings = replace(recognizer.settings, threshold=0.6)
    strict = CharacterRecognizer(recognizer.project.folder, settings=by_hand_settings)
    by_hand = scan_film(film, strict, tmp_path).timeline.model["film"]
    assert by_hand["far"] < 0.001


def test_roles_of_one_performer_are_left_open_and_said(film: Path, tmp_path: Path) -> None:
    recognizer = drawn_recognizer(tmp_path / "cast")
    recognizer.prepare()
    assert recognizer.face_model is not None
    recognizer.face_model.performers_ = {"Thor": "Chris", "Loki": "Chris"}
    result = scan_film(film, recognizer, tmp_path / "out")
    assert not spans_of(result.timeline, "Thor") and not spans_of(result.timeline, "Loki")
    assert "Unknown 1 is Thor or Loki: they are not told apart by their faces." in result.notes


def test_wrong_names_to_expect_are_said_in_words() -> None:
    facts = {"far": 0.01, "tracks": 900, "unknown_tracks": 230, "expected_wrong_names": 2.3, "strangers": 0.26}
    assert describe(facts).startswith("At a false-accept rate of 1.00% about 2.3 of 230 unknown tracks would get")
    assert "26%" in describe(facts)
    by_person = describe({**facts, "unknown_people": 40, "expected_wrong_people": 0.4})
    assert (
        "would get a wrong name; they come by the person, about 0.4 of 40, each with all of their tracks" in by_person
    )
    assert "about 0.0 of 0 unknown tracks" in describe({**facts, "unknown_tracks": 0, "expected_wrong_names": 0.0})


def test_somebody_who_comes_and_goes_within_a_shot(recognizer: CharacterRecognizer, tmp_path: Path) -> None:
    def draw(n: int) -> Pixels:
        people = [("Thor", 80.0, 120.0, 60)] if 13 <= n < 58 else []
        return scene(1, [*people, ("Loki", 240, 100, 60)] if n < 41 else people, take=n // 4 % 7)

    timeline = scan_film(drawn_film(tmp_path / "a.mp4", draw, 75), recognizer, tmp_path / "out").timeline
    assert spans_of(timeline, "Thor") == [(13, 58)]
    assert spans_of(timeline, "Loki") == [(0, 41)]
    assert len(timeline.shots) == 1


def test_variable_rate_and_a_late_start(recognizer: CharacterRecognizer, tmp_path: Path) -> None:
    pts = [9000 + n * 3600 + (n % 3) * 400 for n in range(60)]
    path = drawn_film(tmp_path / "a.mkv", three_shots, 60, pts=pts, time_base=Fraction(1, 90000), b_frames=0)
    timeline = scan_film(path, recognizer, tmp_path / "out").timeline
    video = timeline.video
    expected = [(pts[30] - pts[0]) / 90000, (pts[50] - pts[0]) / 90000]
    (loki,) = [one for one in timeline.appearances if one.name == "Loki"]
    # Matroska keeps whole milliseconds.
    assert [video.seconds(loki.start_pts), video.seconds(loki.end_pts)] == pytest.approx(expected, abs=0.0011)


def test_a_rotated_film_is_seen_upright(recognizer: CharacterRecognizer, tmp_path: Path) -> None:
    def lying(n: int) -> Pixels:
        return np.ascontiguousarray(np.rot90(scene(1, [("Thor", 80, 100, 60)] if n >= 11 else [], take=n // 4 % 7), -1))

    path = drawn_film(tmp_path / "a.mp4", lying, 40, rotation=90)
    timeline = scan_film(path, recognizer, tmp_path / "out").timeline
    assert timeline.video.size_wh == SIZE_WH
    assert spans_of(timeline, "Thor") == [(11, 40)]
    x1, y1, x2, y2 = timeline.tracks[0].boxes[0][1:5]
    assert ((x1 + x2) / 2, (y1 + y2) / 2) == pytest.approx((80, 100), abs=2)


def test_two_people_who_cross_keep_their_names(recognizer: CharacterRecognizer, tmp_path: Path) -> None:
    def draw(n: int) -> Pixels:
        # Thor walks to the right in front of Loki, who walks to the left and is hidden for a while.
        return scene(1, [("Loki", 270 - 3 * n, 116, 60), ("Thor", 50 + 3 * n, 120, 66)], take=n // 4 % 7)

    film = drawn_film(tmp_path / "a.mp4", draw, 74)
    timeline = scan_film(film, recognizer, tmp_path / "out").timeline
    owner = {number: one.name for one in timeline.appearances for number in one.tracks}
    for track in timeline.tracks:
        for pts, x1, _, x2, _, _ in track.boxes:
            n = round(timeline.video.seconds(pts) * 25)
            expected = 50 + 3 * n if owner[track.id] == "Thor" else 270 - 3 * n
            if abs(220 - 6 * n) > 70:  # where the drawn rings touch, they are found as one
                assert (x1 + x2) / 2 == pytest.approx(expected, abs=4), (owner[track.id], n)
    assert spans_of(timeline, "Thor") == [(0, 74)]
    loki = spans_of(timeline, "Loki")
    assert loki[0][0] == 0 and loki[-1][1] == 74


def test_a_face_that_fills_the_frame(recognizer: CharacterRecognizer, tmp_path: Path) -> None:
    def draw(n: int) -> Pixels:
        return scene(1, [("Thor", 160, 120, 236)] if n < 33 else [], take=n // 4 % 7)

    timeline = scan_film(drawn_film(tmp_path / "a.mp4", draw, 50), recognizer, tmp_path / "out").timeline
    assert spans_of(timeline, "Thor") == [(0, 33)]


def test_a_dissolve_parts_two_shots_within_it(recognizer: CharacterRecognizer, tmp_path: Path) -> None:
    def draw(n: int) -> Pixels:
        share = float(np.clip((n - 40) / 20, 0, 1))
        first = scene(1, [("Thor", 80, 120, 70)], take=n // 4 % 7).astype(float)
        second = scene(2, [("Loki", 240, 110, 70)], take=n // 4 % 7).astype(float)
        return np.round(first * (1 - share) + second * share).astype(np.uint8)

    timeline = scan_film(drawn_film(tmp_path / "a.mp4", draw, 110), recognizer, tmp_path / "out").timeline
    (cut,) = [round(timeline.video.seconds(shot.start_pts) * 25) for shot in timeline.shots[1:]]
    assert 44 <= cut <= 56
    ((start, end),) = spans_of(timeline, "Thor")
    assert start == 0 and 40 <= end <= 60
    ((start, end),) = spans_of(timeline, "Loki")
    assert 40 <= start <= 60 and end == 110


@pytest.mark.parametrize("held", [True, False])
def test_a_poster_is_depicted_that_is_held_and_that_hangs_there(
    recognizer: CharacterRecognizer, tmp_path: Path, held: bool
) -> None:
    poster = np.full((116, 116, 3), 20, np.uint8)
    poster[6:-6, 6:-6] = scene(1, [("Loki", 52, 52, 60)], size_wh=(104, 104))

    def draw(n: int) -> Pixels:
        living = scene(1, [("Thor", 80, 120, 60)], take=n // 4 % 7)
        x, y = (round(20 * np.sin(n / 8)), round(15 * np.cos(n / 11))) if held else (0, 0)
        living[60 + y : 176 + y, 180 + x : 296 + x] = poster
        return living

    timeline = scan_film(drawn_film(tmp_path / "a.mp4", draw, 60), recognizer, tmp_path / "out").timeline
    assert {one.name: one.depicted for one in timeline.appearances} == {"Thor": False, "Loki": True}
    assert {one.character for one in timeline.characters} == {"Thor"}


def test_settings_bridge_drop_and_pad(tmp_path: Path) -> None:
    def draw(n: int) -> Pixels:
        people = [("Thor", 80.0, 120.0, 60)] if n < 20 or 30 <= n < 50 else []
        return scene(1, [*people, ("Loki", 240, 120, 60)] if 60 <= n < 64 else people, take=n // 4 % 7)

    film = drawn_film(tmp_path / "a.mp4", draw, 75)
    plain = drawn_recognizer(tmp_path, bridge_s=0.2)
    assert spans_of(scan_film(film, plain, tmp_path / "out").timeline, "Thor") == [(0, 20), (30, 50)]
    bridged = drawn_recognizer(tmp_path, bridge_s=0.5, min_appearance_s=0.3, pad_s=0.08)
    result = scan_film(film, bridged, tmp_path / "out")
    assert result.reused
    assert spans_of(result.timeline, "Thor") == [(0, 52)]
    assert not spans_of(result.timeline, "Loki")
    assert result.timeline.characters[0].visible_face_time_s == pytest.approx(2.0)


def test_an_interrupted_scan_goes_on_and_ends_the_same(
    recognizer: CharacterRecognizer, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunk_pass, "CHUNK_S", 0.5)
    whole = scan_film(film, recognizer, tmp_path / "whole")
    looks: list[int] = []
    keep = chunks.keep

    def stop_after_two(folder: Path, number: int, *rest: object) -> None:
        keep(folder, number, *rest)  # type: ignore[arg-type]
        if number == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(chunks, "keep", stop_after_two)
    with pytest.raises(KeyboardInterrupt):
        scan_film(film, recognizer, tmp_path / "out")
    assert not (tmp_path / "out" / "film.timeline.json").exists()

    def note_and_keep(folder: Path, number: int, *rest: object) -> None:
        looks.append(number)
        keep(folder, number, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(chunks, "keep", note_and_keep)
    again = scan_film(film, recognizer, tmp_path / "out")
    assert looks[0] == 4, "the first three chunks were kept"
    assert native.dumps(again.timeline) == native.dumps(whole.timeline)
    assert spans_of(whole.timeline, "Thor") == [(0, 30), (50, 80)], "chunks leave no seam"


def test_a_full_disk_leaves_the_old_result(
    recognizer: CharacterRecognizer, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = scan_film(film, recognizer, tmp_path).files.timeline.read_bytes()

    def full(path: Path, *_: object, **__: object) -> None:
        raise WriteError(path, "cannot be written: the disk is full.")

    monkeypatch.setattr(store, "write_tracks", full)
    with pytest.raises(WriteError, match="full"):
        scan_film(film, recognizer, tmp_path, fresh=True)
    assert (tmp_path / "film.timeline.json").read_bytes() == before


def test_in_an_empty_cast_everybody_is_unknown(film: Path, tmp_path: Path) -> None:
    fakes = Settings(detector="fake", embedder="fake")
    scanned = scan_film(film, CharacterRecognizer(tmp_path / "none", settings=fakes), tmp_path / "out")
    assert scanned.timeline.appearances and not any(one.character for one in scanned.timeline.appearances)
    document = json.loads(scanned.path.read_text())
    assert document["model"] is None and native.read(scanned.path).model == {} == scanned.timeline.model
    assert b"Nobody was enrolled" in exporters()["methods"].export(scanned.timeline)
    for exporter in exporters().values():
        exporter.export(scanned.timeline, scanned.path.parent)
    named = CharacterRecognizer(tmp_path / "none", settings=fakes, model_path=tmp_path / "missing.personae")
    with pytest.raises(ModelNotFoundError, match="Train first"):
        scan_film(film, named, tmp_path / "named")


def test_progress_and_a_note_where_faces_are_rare(
    recognizer: CharacterRecognizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = drawn_film(tmp_path / "a.mp4", lambda n: scene(1, []), 62, rate=1)
    told: list[Progress] = []
    result = scan_film(path, recognizer, tmp_path / "out", progress_callback=told.append)
    assert not result.timeline.appearances and "animation" in result.notes[0]
    assert told[-1].stage == "timeline" and told[0].stage == "film" and "faces" in told[0].message


def test_unknown_people_keep_their_numbers_when_scanned_again(film: Path, tmp_path: Path) -> None:
    nobody_known = drawn_recognizer(tmp_path / "few", cast=("Hulk", "Wanda"))
    first = scan_film(film, nobody_known, tmp_path / "out").timeline
    assert spans_of(first, "Unknown 1") == [(0, 30), (50, 80)]
    assert {one.name for one in first.appearances} == {"Unknown 1", "Unknown 2", "Unknown 3"}
    stranger = next(one.name for one in first.appearances if one.name != "Unknown 1" and _is_right(first, one.tracks))
    known = drawn_recognizer(tmp_path / "more", cast=("Thor", "Loki"))
    again = scan_film(film, known, tmp_path / "out", fresh=True).timeline
    assert {one.name for one in again.appearances} == {"Thor", "Loki", stranger}
    facts = tracks_file.read_tracks(tmp_path / "out" / "film.tracks")
    assert facts is not None and facts.unknowns_used == 3
    assert "embedding" not in json.dumps(native.to_json(again)).replace("embedder", "")


def _is_right(timeline: object, numbers: tuple[int, ...]) -> bool:
    from personae.timeline.timeline import Timeline

    assert isinstance(timeline, Timeline)
    return all(track.boxes[0][1] > SIZE_WH[0] / 2 for track in timeline.tracks if track.id in numbers)


def test_many_gaps_are_one_sentence(recognizer: CharacterRecognizer, film: Path, tmp_path: Path) -> None:
    result = scan_film(film, recognizer, tmp_path)
    scanned = tracks_file.read_tracks(result.files.tracks)
    assert scanned is not None
    tick = round(1 / result.timeline.video.time_base)

    def notes(count: int) -> list[str]:
        gaps = tuple((at * tick, at * tick + tick // 2, "damaged") for at in range(count))
        return unread(replace(scanned.watched, gaps=(*gaps, (90 * tick, 91 * tick, "missing"))))

    assert notes(2)[0] == "damaged: 0.0 s to 0.5 s could not be read." and len(notes(2)) == 3
    assert notes(17) == [
        "damaged: 17 places between 0.0 s and 16.5 s, 8.5 s in all, could not be read. The timeline lists them.",
        "missing: 90.0 s to 91.0 s could not be read.",
    ]


def test_results_of_two_films_of_one_name_lie_apart(film: Path, tmp_path: Path) -> None:
    def files(path: Path, content: str) -> FilmFiles:
        video = replace(video_of(film), path=str(path), content_id=content)
        found = MediaStore(ProjectPaths(tmp_path), 1.0).reserve(video, tmp_path / "out")
        if not found.timeline.exists():
            native.write(replace(timeline_of(), video=video), found.timeline)
        return found

    first = files(tmp_path / "s01" / "e01.mp4", "a")
    assert first.name == "e01"
    assert files(tmp_path / "s02" / "e01.mp4", "b").name == "e01-2"
    assert files(tmp_path / "s01" / "e01.mp4", "a") == first, "the same film"
    assert files(tmp_path / "s01" / "e01.mp4", "c") == first, "exported anew"
    assert files(tmp_path / "moved" / "e01.mov", "b").name == "e01-2", "moved"
    native.write(replace(timeline_of(), video=replace(video_of(film), path="x", content_id="x")), first.timeline)
    first.timeline.write_text(first.timeline.read_text()[:300])
    assert files(tmp_path / "s01" / "e01.mp4", "d") == first, "what is damaged is replaced"


def test_a_timeline_knows_the_whole_path_of_its_film(
    recognizer: CharacterRecognizer, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(film.parent)
    assert scan_film(film.name, recognizer, tmp_path).timeline.video.path == str(film)


def video_of(path: Path) -> Video:
    with open_film(path) as opened:
        return opened.video


@pytest.mark.parametrize(
    ("path", "name"),
    [("a/e01.mov", "e01"), ("a/shot_%04d.png", "shot"), ("a/take2.####.dpx", "take2"), ("a/50% d", "50% d")],
)
def test_what_a_films_files_are_called(film: Path, path: str, name: str) -> None:
    assert film_files.film_name(replace(video_of(film), path=path)) == name
