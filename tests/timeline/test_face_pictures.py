"""Every appearance has a picture, of its own best face, however its tracks were cut."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from personae.films import crops_file, journal, tracks_file
from personae.films.film_files import FilmFiles
from personae.films.forget_tracks import forget_in_tracks
from personae.media.shots import Boundary
from personae.project.recognizer import CharacterRecognizer
from personae.settings import Settings
from personae.timeline import face_pictures, native, records
from personae.timeline.decisions import Decision, Part, with_ids
from personae.timeline.looking import CutOut
from personae.timeline.person import Person
from personae.timeline.places import place_of
from personae.timeline.records import TrackRecord
from personae.timeline.timeline import Timeline
from personae.timeline.tracking import Shown
from tests.drawn_films import drawn_film, drawn_recognizer, scene
from tests.film_maker import Pixels
from tests.scanning import relabel, scan_film


def draw(n: int) -> Pixels:
    """Thor stands still while the place behind him dissolves into another, at 2.4 s to 3.4 s; he is larger before."""
    take = n // 4 % 7
    before, after = scene(1, [("Thor", 160, 120, 90)], take=take), scene(2, [("Thor", 160, 120, 60)], take=take)
    share = min(max((n - 60) / 25, 0), 1)
    return np.asarray(before * (1 - share) + after * share, np.uint8)


@pytest.fixture(scope="module")
def recognizer(tmp_path_factory: pytest.TempPathFactory) -> CharacterRecognizer:
    return drawn_recognizer(tmp_path_factory.mktemp("drawn"))


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn_film(tmp_path_factory.mktemp("film") / "film.mp4", draw, 150)


@pytest.fixture
def files(recognizer: CharacterRecognizer, film: Path, tmp_path: Path) -> FilmFiles:
    return scan_film(film, recognizer, tmp_path).files


def scanned(files: FilmFiles) -> tracks_file.Scanned:
    """What `film.tracks` holds, with its crops."""
    found = tracks_file.read_tracks(files.tracks)
    assert found is not None
    rows = crops_file.filled(found.watched.records, files.crops)
    return replace(found, watched=replace(found.watched, records=rows))


def without_pictures(files: FilmFiles, *, but: int | None = None) -> None:
    """Make `film.tracks` one of an earlier version, whose tracks have no picture (but the one numbered so)."""
    old = scanned(files)
    rows = tuple(
        replace(row, spares=()) if at == but else replace(row, picture=np.empty(0, np.uint8), spares=())
        for at, row in enumerate(old.watched.records)
    )
    files.crops.unlink(missing_ok=True)
    tracks_file.write_tracks(files.tracks, replace(old, watched=replace(old.watched, records=rows)))
    for path in files.faces.iterdir():
        path.unlink()


def shown(timeline: Timeline, files: FilmFiles) -> list[bytes]:
    """The file of every appearance's picture, all of them there."""
    found = []
    for one in timeline.appearances:
        assert one.best_picture is not None and one.best_picture.file is not None, one
        found.append((files.folder / one.best_picture.file).read_bytes())
    return found


def test_both_sides_of_a_dissolve_have_a_picture_of_their_own(files: FilmFiles) -> None:
    timeline = native.read(files.timeline)
    cut = timeline.shots[1].start_pts
    rows = scanned(files).watched.records
    sides = [rows[number - 1] for one in timeline.appearances for number in one.tracks]
    assert {row.start_pts < cut for row in sides} == {True, False}
    second = round(1 / timeline.video.time_base)
    for row in sides:
        assert row.start_pts <= row.best_pts < row.end_pts
        assert not 2.5 * second < row.best_pts < 3.3 * second, "both places are mixed there"
        crops = crops_file.crops_of(row)
        assert {row.start_pts <= crop.pts < row.end_pts for crop in crops} == {True}
        assert not any(2.5 * second < crop.pts < 3.3 * second for crop in crops)
        for crop in crops:
            with Image.open(io.BytesIO(crop.jpeg.tobytes())) as picture:
                assert picture.size == (160, 160)
    shown(timeline, files)


def test_an_appearance_made_of_one_part_has_a_picture(
    files: FilmFiles, recognizer: CharacterRecognizer, film: Path
) -> None:
    timeline = native.read(files.timeline)
    last = max(timeline.tracks, key=lambda track: track.end_pts)
    one = Decision("give", (Part(None, (place_of(last, timeline.video),)),), Person("Hela"))
    journal.append(files, timeline.video, with_ids([one]))
    named = scan_film(film, recognizer, files.folder).timeline
    assert {one.name for one in named.appearances} == {"Thor", "Hela"}
    pictures = shown(named, files)
    assert len(set(pictures)) == len(pictures)


def test_files_of_an_earlier_version_get_their_pictures_from_the_film(
    files: FilmFiles, recognizer: CharacterRecognizer, film: Path
) -> None:
    before = native.read(files.timeline)
    without_pictures(files)
    again = scan_film(film, recognizer, files.folder)
    assert again.reused and shown(again.timeline, files)
    assert [one.best_picture for one in again.timeline.appearances] == [one.best_picture for one in before.appearances]
    # And they stay: the film is not needed to name somebody.
    for path in files.faces.iterdir():
        path.unlink()
    assert shown(relabel(files.timeline, Settings()), files)


def test_without_the_film_another_track_of_the_appearance_is_shown(files: FilmFiles) -> None:
    parts = native.read(files.timeline).appearances[0].tracks
    without_pictures(files, but=parts[-1] - 1)
    found = relabel(files.timeline, Settings()).appearances[0].best_picture
    assert found is not None and found.pts == scanned(files).watched.records[parts[-1] - 1].best_pts
    without_pictures(files)
    found = relabel(files.timeline, Settings()).appearances[0].best_picture
    assert found is not None and found.file is None


def picture(pts: int, weight: float) -> Shown:
    pixels = np.full((160, 160, 3), pts % 251, np.uint8)
    return Shown(pts, (0.0, 0.0, 9.0, 9.0), weight, pixels)


def record(start: int, weights: list[float], boundaries: list[Boundary]) -> TrackRecord:
    """A track with a face every 10 pts."""
    k = len(weights)
    times = start + 10 * np.arange(k)
    best, *spares = face_pictures.pictures_of(
        [picture(int(pts), weight) for pts, weight in zip(times, weights, strict=True)], boundaries
    )
    return TrackRecord(
        np.stack([times, times + 10], axis=1), np.full((k, 5), 0.9, np.float32), np.eye(k, 8, dtype=np.float32),
        np.array(weights, np.float32), np.full(k, 60, np.float32), times, best.pts, best.box, best.jpeg,
        np.full(k, np.nan, np.float32), tuple(spares),
    )  # fmt: skip


def dissolve(start: int, end: int) -> Boundary:
    return Boundary((start + end) // 2, "dissolve", start, end)


def test_one_picture_is_kept_where_no_shot_ends() -> None:
    assert len(face_pictures.pictures_of([picture(0, 0.2), picture(10, 0.9)], [])) == 1
    assert record(0, [0.1, 0.9, 0.3], []).spares == ()
    assert len(record(0, [0.1, 0.9, 0.3], [Boundary(20, "cut", 20, 20)]).spares) == 1


def test_a_face_in_a_dissolve_is_shown_only_where_there_is_no_other() -> None:
    mixed = record(0, [0.5, 0.9, 0.9, 0.4], [dissolve(10, 30)])
    assert mixed.best_pts == 0 and [spare.pts for spare in mixed.spares] == [30]
    inside = record(10, [0.4, 0.5], [dissolve(0, 40)])
    assert inside.best_pts == 20 and [spare.pts for spare in inside.spares] == [10]


def test_each_part_of_a_cut_track_has_its_best_face_also_when_it_was_joined_before() -> None:
    cuts = [Boundary(30, "cut", 30, 30), Boundary(60, "cut", 60, 60)]
    first, second = record(0, [0.5, 0.2, 0.3, 0.4], cuts), record(40, [0.6, 0.9, 0.1, 0.3], cuts)
    rest: TrackRecord | None = records.joined(first, second)
    best = []
    for pts in (30, 60, 1000):
        assert rest is not None
        part, rest = records.cut(rest, pts)
        assert part is not None and part.picture.size
        with Image.open(io.BytesIO(part.picture.tobytes())) as shown_picture:
            assert shown_picture.getpixel((80, 80)) == (part.best_pts % 251,) * 3, "the picture is of that face"
        best.append(part.best_pts)
    assert best == [0, 50, 70]


def test_pictures_of_parts_survive_an_interruption_and_go_with_who_is_forgotten(tmp_path: Path) -> None:
    rows = [record(0, [0.5, 0.2, 0.8], [Boundary(20, "cut", 20, 20)]), record(50, [0.7, 0.1], [])]
    records.write(tmp_path / "chunk", rows, {"labels": ["Thor", "Loki"]})
    found, facts, arrays = records.read(tmp_path / "chunk")
    for row, again in zip(rows, found, strict=True):
        assert again.picture.tobytes() == row.picture.tobytes()
        assert [(one.pts, one.jpeg.tobytes()) for one in again.spares] == [
            (one.pts, one.jpeg.tobytes()) for one in row.spares
        ]
        assert [one.weight for one in again.spares] == pytest.approx([one.weight for one in row.spares])
    cleaned, _, count = forget_in_tracks(arrays, facts, {"Thor"}, np.empty((0, 8), np.float32))
    kept = face_pictures.from_arrays(cleaned, np.split(cleaned["picture"], np.cumsum(cleaned["picture_count"])[:-1]))
    assert count == 1 and [(picture.size > 0, len(spares)) for picture, spares in kept] == [(False, 0), (True, 0)]
    assert cleaned["picture"].tobytes() == rows[1].picture.tobytes(), "no byte of his pictures is left"


@pytest.mark.parametrize(
    "box", [(-8, 30, 40, 78), (150, 30, 198, 78), (80, -10, 128, 38), (80, 70, 128, 118), (-4, -4, 60, 60),
            (20, 0, 120, 100), (60, 20, 100, 60), (90, 40, 97, 47)],
)  # fmt: skip
def test_a_face_at_the_edge_is_shown_without_a_black_rim(box: tuple[int, int, int, int]) -> None:
    pixels = np.full((100, 200, 3), 200, np.uint8)
    x1, y1, x2, y2 = (max(side, 0) for side in box)
    pixels[y1:y2, x1:x2] = (250, 120, 60)
    shown = CutOut.of(pixels, np.array(box, np.float32)).picture().astype(int)
    assert shown.shape == (160, 160, 3) and shown.min() >= 55, "nothing that is not in the film's picture"
    face = (shown[..., 2] < 130).sum()
    side = min(max(box[2] - box[0], box[3] - box[1]) * 1.8, 100.0)
    seen = (min(x2, 200) - x1) * (min(y2, 100) - y1)
    assert face == pytest.approx(seen * (160 / side) ** 2, rel=0.12), "all of it, as large as ever"


def test_a_face_inside_the_picture_is_in_the_middle() -> None:
    pixels = np.zeros((200, 300, 3), np.uint8)
    pixels[80:120, 130:170] = 255
    rows, columns = np.nonzero(CutOut.of(pixels, np.array((130, 80, 170, 120), np.float32)).picture()[..., 0] > 127)
    assert abs(rows.mean() - 80) < 2 and abs(columns.mean() - 80) < 2
