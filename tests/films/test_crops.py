"""A scan keeps up to six crops of each track: far apart, sharpest first, in a file that only a scan writes."""

from __future__ import annotations

import io
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from personae import archive
from personae.errors import DamagedFileError
from personae.films import crops_file, tracks_file
from personae.films.film_files import FilmFiles
from personae.films.forget_tracks import own_tracks
from personae.media.shots import Boundary
from personae.project.film import ProjectFilms
from personae.project.recognizer import CharacterRecognizer
from personae.settings import Settings
from personae.timeline import face_pictures, records
from personae.timeline.face_pictures import APART_S, MOST_CROPS, FacePicture
from personae.timeline.records import TrackRecord
from personae.timeline.tracking import FaceTrack, Shown, Sighting
from tests.drawn_films import drawn_film, drawn_recognizer, scene
from tests.film_maker import Pixels
from tests.scanning import relabel, scan_film

SECOND = 25


def draw(n: int) -> Pixels:
    """Thor for twelve seconds, largest in the middle; Loki for two."""
    take = n // 4 % 7
    if n < 300:
        return scene(1, [("Thor", 160, 120, 60 + 2 * min(n // 25, 12 - n // 25))], take=take)
    return scene(2, [("Loki", 160, 120, 80)], take=take)


@pytest.fixture(scope="module")
def recognizer(tmp_path_factory: pytest.TempPathFactory) -> CharacterRecognizer:
    return drawn_recognizer(tmp_path_factory.mktemp("drawn"))


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn_film(tmp_path_factory.mktemp("film") / "film.mp4", draw, 350)


@pytest.fixture
def files(recognizer: CharacterRecognizer, film: Path, tmp_path: Path) -> FilmFiles:
    return scan_film(film, recognizer, tmp_path / "out").files


def kept(files: FilmFiles) -> list[tuple[TrackRecord, tuple[FacePicture, ...]]]:
    rows = tracks_file.load_tracks(files.tracks).watched.records
    crops = crops_file.read(files.crops, rows)
    assert crops is not None
    return list(zip(rows, crops, strict=True))


def test_each_track_has_up_to_six_crops_far_apart_sharpest_first(files: FilmFiles) -> None:
    (thor, long), (loki, short) = sorted(kept(files), key=lambda one: one[0].start_pts)
    second = round(APART_S / float(tracks_file.load_tracks(files.tracks).watched.video.time_base))
    assert len(long) == MOST_CROPS and 1 <= len(short) <= 2
    for row, crops in ((thor, long), (loki, short)):
        assert row.best_pts == crops[0].pts and not row.picture.size and not row.spares, "film.tracks holds none"
        times = sorted(crop.pts for crop in crops)
        assert all(b - a >= second for a, b in pairwise(times))
        assert all(row.start_pts <= pts < row.end_pts for pts in times)
        assert [crop.weight for crop in crops] == sorted((crop.weight for crop in crops), reverse=True)
        for crop in crops:
            with Image.open(io.BytesIO(crop.jpeg.tobytes())) as picture:
                assert picture.format == "JPEG" and max(picture.size) == 160
                pixels = np.asarray(picture.convert("RGB")).astype(int)
            # A margin around the face: the drawn ring is magenta, the place grey.
            ring = (pixels[:, :, 0] > 180) & (pixels[:, :, 1] < 90) & (pixels[:, :, 2] > 180)
            assert 0.1 < ring.mean() < 0.5 and not ring[:16].any() and not ring[:, :16].any()
    spread = max(crop.pts for crop in long) - min(crop.pts for crop in long)
    assert spread > (thor.end_pts - thor.start_pts) / 2


def shown(pts: int, weight: float) -> Shown:
    return Shown(pts, (0.0, 0.0, 9.0, 9.0), weight, np.full((160, 160, 3), pts % 251, np.uint8))


def test_the_sharpest_of_close_faces_is_taken_and_none_out_of_a_dissolve() -> None:
    weights = [0.1, 0.9, 0.2, 0.8, 0.3, 0.7, 0.2, 0.6]
    faces = [shown(10 * at, weight) for at, weight in enumerate(weights)]
    found = face_pictures.pictures_of(faces, [], apart=20, most=MOST_CROPS)
    assert [one.pts for one in found] == [10, 30, 50, 70]
    assert [one.pts for one in face_pictures.pictures_of(faces, [], apart=20, most=2)] == [10, 30]
    mixed = face_pictures.pictures_of(faces, [Boundary(30, "dissolve", 25, 35)], apart=20, most=MOST_CROPS)
    assert 30 not in [one.pts for one in mixed] and {10, 50, 70} <= {one.pts for one in mixed}


def test_an_hour_of_one_face_keeps_a_crop_a_chunk_and_at_last_six() -> None:
    chunk, hour = 20 * SECOND, 3600 * SECOND
    whole: TrackRecord | None = None
    most = 0
    for start in range(0, hour, chunk):
        track = FaceTrack(
            [Sighting(pts, pts + 10, (0, 0, 9, 9), 0.9) for pts in range(start, start + chunk, 10)],
            shown=[shown(pts, 0.2 + (pts * 7919 % 1000) / 2000) for pts in range(start, start + chunk, 32)],
        )
        part = records.record_of(track, second_pts=SECOND, seams=(start, start + chunk))
        assert part.picture.size and not part.spares
        whole = part if whole is None else records.joined(whole, part)
        most = max(most, sum(len(spare.jpeg) for spare in whole.spares))
    assert whole is not None and most < 2_000_000
    final = records.with_crops(whole, [], SECOND)
    times = sorted([final.best_pts, *(spare.pts for spare in final.spares)])
    assert len(times) == MOST_CROPS
    assert min(np.diff(times)) >= hour * face_pictures.APART_SHARE
    ends = FaceTrack(track.sightings, shown=track.shown)
    assert len(records.record_of(ends, second_pts=SECOND, seams=(start,)).spares) == face_pictures.MOST_OF_A_PART - 1
    assert len(records.record_of(ends, second_pts=SECOND).spares) == MOST_CROPS - 1


def test_only_a_scan_writes_the_crops(files: FilmFiles) -> None:
    before = files.crops.read_bytes()
    stat = files.crops.stat()
    assert stat.st_mode & 0o077 == 0
    assert files.tracks.stat().st_size < stat.st_size
    for path in files.faces.iterdir():
        path.unlink()
    timeline = relabel(files.timeline, Settings())
    assert (files.crops.stat().st_ino, files.crops.stat().st_mtime_ns) == (stat.st_ino, stat.st_mtime_ns)
    assert files.crops.read_bytes() == before
    # Pictures of appearances come from it, without the film.
    for one in timeline.appearances:
        assert one.best_picture is not None and one.best_picture.file is not None
        assert (files.folder / one.best_picture.file).is_file()


def test_a_scan_of_an_earlier_version_gets_its_crops_when_the_film_is_at_hand(
    files: FilmFiles, recognizer: CharacterRecognizer, film: Path
) -> None:
    old = kept(files)
    scanned = tracks_file.load_tracks(files.tracks)
    rows = [replace(row, picture=crops[0].jpeg) for row, crops in old]
    files.crops.unlink()
    # Earlier versions kept the one best picture among the tracks.
    arrays, facts = archive.read(files.tracks, schema=records.SCHEMA)
    arrays["picture"] = np.concatenate([row.picture for row in rows])
    arrays["picture_count"] = np.array([len(row.picture) for row in rows], np.int64)
    archive.write(files.tracks, arrays, facts, schema=records.SCHEMA)
    assert [row.picture.size for row in tracks_file.load_tracks(files.tracks).watched.records] == [
        row.picture.size for row in rows
    ]
    again = scan_film(film, recognizer, files.folder)
    assert again.reused
    second = round(1 / scanned.watched.video.time_base)
    for (row, crops), (_, before) in zip(kept(files), old, strict=True):
        assert crops[0].jpeg.tobytes() == before[0].jpeg.tobytes()
        times = sorted(crop.pts for crop in crops)
        assert all(b - a >= second for a, b in pairwise(times))
        assert set(times) <= {row.best_pts, *row.face_pts.tolist()}
    assert max(len(crops) for _, crops in kept(files)) >= 3
    stat = files.crops.stat()
    assert scan_film(film, recognizer, files.folder).reused
    assert [len(crops) for _, crops in kept(files)] and files.crops.stat().st_size == stat.st_size


def test_who_is_forgotten_leaves_no_crop_and_the_others_stay(files: FilmFiles) -> None:
    before = kept(files)
    arrays, facts = archive.read(files.tracks, schema=records.SCHEMA)
    own = own_tracks(arrays, facts, {"Thor"}, np.empty((0, 8), np.float32))
    assert own.sum() == 1
    crops, said = archive.read(files.crops, schema=crops_file.SCHEMA)
    archive.write(files.crops, crops_file.without(crops, own), said, schema=crops_file.SCHEMA)
    for (_, found), (_, was), gone in zip(kept(files), before, own, strict=True):
        assert [one.jpeg.tobytes() for one in found] == ([] if gone else [one.jpeg.tobytes() for one in was])
        for one in was if gone else ():
            assert one.jpeg.tobytes() not in files.crops.read_bytes()


def test_forgetting_takes_the_crops_of_a_film_in_the_project(film: Path, tmp_path: Path) -> None:
    recognizer = drawn_recognizer(tmp_path)
    found = ProjectFilms(recognizer.context).scan(film)
    before = kept(found.files)
    (gone,) = [crops for row, crops in before if row.end_pts - row.start_pts > 10 / found.timeline.video.time_base]
    (stays,) = [crops for row, crops in before if crops is not gone]
    recognizer.forget_character("Thor")
    content = b"".join(path.read_bytes() for path in recognizer.project.folder.rglob("*") if path.is_file())
    assert len(gone) == MOST_CROPS and not any(crop.jpeg.tobytes() in content for crop in gone)
    assert sorted(len(crops) for _, crops in kept(found.files)) == [0, len(stays)]
    # Whose crops they are, nobody can say without the tracks.
    found.files.tracks.unlink()
    recognizer.forget_character("Loki")
    assert not found.files.crops.exists()


def test_arrays_that_do_not_fit_together_lose_every_crop(files: FilmFiles) -> None:
    arrays, _ = archive.read(files.crops, schema=crops_file.SCHEMA)
    cleaned = crops_file.without(arrays | {crops_file.BYTES: arrays[crops_file.BYTES] + 1}, np.zeros(2, bool))
    assert not len(cleaned[crops_file.JPEG]) and not cleaned[crops_file.COUNT].any()


def test_crops_of_another_scan_are_not_taken_and_damaged_ones_are_refused(
    files: FilmFiles, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [row for row, _ in kept(files)]
    other = [replace(row, best_pts=row.best_pts + 1) for row in rows]
    assert crops_file.read(files.crops, other) is None
    arrays, facts = archive.read(files.crops, schema=crops_file.SCHEMA)
    for name, value in (
        (crops_file.COUNT, arrays[crops_file.COUNT] + 1), (crops_file.BYTES, arrays[crops_file.BYTES] * 2),
        (crops_file.JPEG, arrays[crops_file.JPEG] * 0), ("crop_box", arrays["crop_box"] * np.inf),
    ):  # fmt: skip
        archive.write(files.crops, arrays | {name: value}, facts, schema=crops_file.SCHEMA)
        with pytest.raises(DamagedFileError):
            crops_file.read(files.crops, rows)
        assert not any(row.picture.size for row in crops_file.filled(rows, files.crops))
    assert "film.crops" in caplog.text


def test_crops_take_no_more_than_the_settings_allow(film: Path, tmp_path: Path) -> None:
    """The oldest film's go first, its own never; a scan of that film makes them again."""
    recognizer = drawn_recognizer(tmp_path, crops_mb=0)
    other = tmp_path / "other.mp4"
    other.write_bytes(film.read_bytes())
    films = ProjectFilms(recognizer.context)
    first, second = films.scan(film).files, films.scan(drawn_film(tmp_path / "b.mp4", draw, 60)).files
    assert first.tracks.is_file() and not first.crops.exists() and second.crops.is_file()
    films.scan(film)
    assert first.crops.is_file() and not second.crops.exists()
