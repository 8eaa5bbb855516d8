"""One contract over every detector: the real one, and the fake."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from personae.errors import WeightsError
from personae.faces import fake, multiscale
from personae.faces.detector import Detector
from personae.faces.fake import FakeDetector
from personae.faces.yunet import YuNetDetector
from personae.media import photos
from personae.settings import Settings
from personae.types import Faces, Picture, PixelArray

Make = Callable[[Settings], Detector]


@pytest.fixture(params=["yunet", "fake"])
def make(request: pytest.FixtureRequest) -> Make:
    return {"yunet": YuNetDetector, "fake": FakeDetector}[request.param]


@pytest.fixture
def one_face(make: Make, astronaut: Path) -> Picture:
    """A picture with exactly one face, of about 90 px, for that detector."""
    if make is FakeDetector:
        return fake.draw_picture([("Thor", 90)], size_wh=(400, 300))
    return photos.load(astronaut)


def resized(picture: Picture, factor: float) -> Picture:
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return Picture(cv2.resize(picture.pixels, None, fx=factor, fy=factor, interpolation=method))


def overlap(a: Faces, b: Faces, scale: float = 1.0) -> float:
    return float(multiscale.overlaps(a.boxes_xyxy[:1] * scale, b.boxes_xyxy[:1])[0, 0])


# The contract


def test_it_is_a_detector_with_an_id(make: Make) -> None:
    detector = make(Settings())
    assert isinstance(detector, Detector)
    assert re.fullmatch(r"[a-z0-9_-]+:p\d+:[0-9a-f]{12}", detector.id)
    assert detector.id == make(Settings(threads=1)).id


def test_one_face_is_found_where_it_is(make: Make, one_face: Picture) -> None:
    faces = make(Settings()).detect(one_face)
    assert len(faces) == 1 and 0.7 <= faces.scores[0] <= 1.0
    (x1, y1, x2, y2), points = faces.boxes_xyxy[0], faces.landmarks_xy[0]
    assert 60 < x2 - x1 < 140 and 60 < y2 - y1 < 140
    assert ((points > (x1, y1)) & (points < (x2, y2))).all()
    right_eye, left_eye, nose, right_mouth, left_mouth = points
    assert right_eye[0] < nose[0] < left_eye[0] and right_mouth[0] < left_mouth[0]
    assert max(right_eye[1], left_eye[1]) < nose[1] < min(right_mouth[1], left_mouth[1])


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (7, 7), (33, 65), (300, 300)])
def test_no_face_is_an_empty_value_at_any_size(make: Make, shape: tuple[int, int]) -> None:
    for level in (0, 90, 255):
        faces = make(Settings()).detect(Picture(np.full((*shape, 3), level, np.uint8)))
        assert isinstance(faces, Faces) and len(faces) == 0 and faces.landmarks_xy.shape == (0, 5, 2)


def test_scores_are_sorted_and_obey_the_setting(make: Make, one_face: Picture) -> None:
    two = Picture(np.concatenate([one_face.pixels, resized(one_face, 0.5).pixels.repeat(2, axis=0)], axis=1))
    for least in (0.3, 0.7, 0.99):
        scores = make(Settings(min_detection_score=least)).detect(two).scores
        assert (scores >= least).all() and (np.diff(scores) <= 0).all()
    assert len(make(Settings(min_detection_score=1.0)).detect(resized(one_face, 0.4))) <= 1


def test_size_of_the_picture_does_not_matter(make: Make, one_face: Picture) -> None:
    detector = make(Settings())
    once = detector.detect(one_face)
    for factor in (0.4, 0.7, 2.0, 5.0):
        faces = detector.detect(resized(one_face, factor))
        assert len(faces) == 1, factor
        assert overlap(once, faces, factor) > 0.7, factor


def test_it_is_deterministic_and_does_not_touch_the_picture(make: Make, one_face: Picture) -> None:
    before = one_face.pixels.copy()
    detector = make(Settings())
    first, second = detector.detect(one_face), detector.detect(one_face)
    assert np.array_equal(first.boxes_xyxy, second.boxes_xyxy) and np.array_equal(before, one_face.pixels)


def test_it_takes_views_that_are_not_contiguous(make: Make, one_face: Picture) -> None:
    detector = make(Settings())
    view = Picture(one_face.pixels[:, ::-1])
    solid = Picture(np.ascontiguousarray(one_face.pixels[:, ::-1]))
    assert np.array_equal(detector.detect(view).boxes_xyxy, detector.detect(solid).boxes_xyxy)


def test_threads_may_share_it(make: Make, one_face: Picture) -> None:
    detector = make(Settings())
    found: list[Faces] = []
    running = [threading.Thread(target=lambda: found.append(detector.detect(one_face))) for _ in range(6)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert len(found) == 6
    assert all(np.array_equal(faces.boxes_xyxy, found[0].boxes_xyxy) for faces in found)


# What the real one must do beyond it


@pytest.fixture(scope="module")
def yunet() -> YuNetDetector:
    return YuNetDetector()


def pasted(face: PixelArray, size_wh: tuple[int, int], at_xy: tuple[int, int]) -> Picture:
    canvas = np.full((size_wh[1], size_wh[0], 3), 100, np.uint8)
    canvas[at_xy[1] : at_xy[1] + face.shape[0], at_xy[0] : at_xy[0] + face.shape[1]] = face
    return Picture(canvas)


@pytest.mark.parametrize("face_px", [16, 20, 28, 40])
def test_small_faces_in_a_large_picture_are_found(
    yunet: YuNetDetector, astronaut: Path, hopper: Path, face_px: int
) -> None:
    for path in (astronaut, hopper):
        picture = photos.load(path)
        once = yunet.detect(picture)
        small = resized(picture, face_px / float(once.face_px[0]))
        # Across the seam of two tiles too: it must not matter where in the picture a face is.
        for at in ((0, 0), (1301, 17), (1450, 1460), (2390, 1490)):
            faces = yunet.detect(pasted(small.pixels, (2600, 1700), at))
            assert len(faces) == 1, (path.name, at)
            moved = Faces(faces.boxes_xyxy - (*at, *at), faces.landmarks_xy, faces.scores)
            assert overlap(once, moved, small.size_wh[0] / picture.size_wh[0]) > 0.6, (path.name, at)


@pytest.mark.parametrize("face_px", [14, 15, 16])
def test_faces_that_the_first_look_is_unsure_of_are_found(
    yunet: YuNetDetector, astronaut: Path, hopper: Path, face_px: int
) -> None:
    found = 0
    for path in (astronaut, hopper):
        picture = photos.load(path)
        small = resized(picture, face_px / float(yunet.detect(picture).face_px[0]))
        # At every place relative to the detector's cells of 8 px, which is what its first score depends on.
        found += sum(
            len(yunet.detect(pasted(small.pixels, (320, 320), (40 + x, 40 + y)))) == 1
            for x in range(0, 8, 2)
            for y in range(0, 8, 2)
        )
    assert found >= 31  # of 32


def test_faces_on_the_seam_of_two_tiles_are_found(yunet: YuNetDetector, astronaut: Path, hopper: Path) -> None:
    # Without overlap about half of these are missed; larger faces are often saved by the next level.
    for path in (astronaut, hopper):
        picture = photos.load(path)
        small = resized(picture, 20 / float(yunet.detect(picture).face_px[0]))
        box = yunet.detect(small).boxes_xyxy[0]
        middle = np.round((box[:2] + box[2:]) / 2).astype(int)
        for off in range(-9, 10, 3):
            # Two tiles side by side: without overlap their seam would be in the middle, at 1300.
            at = 1300 + off - int(middle[0]), 150 + off - int(middle[1])
            faces = yunet.detect(pasted(small.pixels, (2600, 300), at))
            assert len(faces) == 1, (path.name, off)
            moved = Faces(faces.boxes_xyxy - (*at, *at), faces.landmarks_xy, faces.scores)
            assert multiscale.overlaps(box[None], moved.boxes_xyxy)[0, 0] > 0.6, (path.name, off)


@pytest.mark.parametrize("side", [60, 100, 250, 700, 2500])
@pytest.mark.parametrize("part", [1.2, 1.0, 0.8])
def test_a_face_that_fills_the_frame_or_reaches_over_it_is_found_once(
    yunet: YuNetDetector, astronaut: Path, hopper: Path, part: float, side: int
) -> None:
    for path in (astronaut, hopper):
        picture = photos.load(path)
        x1, y1, x2, y2 = yunet.detect(picture).boxes_xyxy[0]
        centre, half = np.array([(x1 + x2) / 2, (y1 + y2) / 2]), (x2 - x1 + y2 - y1) / 4 * part
        low, high = np.round([centre - half, centre + half]).astype(int)
        crop = picture.pixels[low[1] : high[1], low[0] : high[0]]
        tight = resized(Picture(crop), side / crop.shape[0])
        faces = yunet.detect(tight)
        assert len(faces) == 1, path.name
        box = (np.array([x1, y1, x2, y2]) - (*low, *low)) * (side / crop.shape[0])
        wanted = Faces(box[None].astype(np.float32), np.zeros((1, 5, 2), np.float32), np.ones(1, np.float32))
        assert overlap(wanted, faces) > 0.6, path.name


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_same_faces_in_every_exif_orientation(
    yunet: YuNetDetector, astronaut: Path, tmp_path: Path, orientation: int
) -> None:
    from PIL import Image

    upright = photos.load(astronaut)
    undo: dict[int, Callable[[PixelArray], PixelArray]] = {
        1: lambda p: p,
        2: lambda p: p[:, ::-1],
        3: lambda p: p[::-1, ::-1],
        4: lambda p: p[::-1],
        5: lambda p: p.transpose(1, 0, 2),
        6: np.rot90,
        7: lambda p: p[::-1, ::-1].transpose(1, 0, 2),
        8: lambda p: np.rot90(p, -1),
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(undo[orientation](upright.pixels))).save(tmp_path / "a.png", exif=exif)
    faces, wanted = yunet.detect(photos.load(tmp_path / "a.png")), yunet.detect(upright)
    assert np.array_equal(faces.boxes_xyxy, wanted.boxes_xyxy)
    assert np.array_equal(faces.landmarks_xy, wanted.landmarks_xy)


def test_a_mirrored_picture_has_mirrored_boxes(yunet: YuNetDetector, astronaut: Path) -> None:
    upright = photos.load(astronaut)
    width = upright.size_wh[0]
    mirrored = yunet.detect(Picture(upright.pixels[:, ::-1])).boxes_xyxy[0]
    box = yunet.detect(upright).boxes_xyxy[0]
    assert np.abs(mirrored - (width - box[2], box[1], width - box[0], box[3])).max() < 6


def test_pictures_without_faces_have_none(yunet: YuNetDetector, astronaut: Path) -> None:
    for name in ("brick.png", "grass.png", "gravel.png", "coins.png", "coffee.png", "chelsea.png", "rocket.jpg"):
        assert len(yunet.detect(photos.load(astronaut.parent / name))) == 0, name


def test_a_picture_of_noise_ends(yunet: YuNetDetector) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (900, 1200, 3), np.uint8)
    assert len(yunet.detect(Picture(noise))) == 0


def test_tiles_cover_everything_and_overlap() -> None:
    for length in (1, 1536, 1537, 3000, 4321, 30_000):
        spans = multiscale._spans(length)
        assert spans[0][0] == 0 and spans[-1][1] == length
        assert all(end - start <= multiscale.TILE_PX for start, end in spans)
        assert all(a[1] - b[0] >= multiscale.TILE_OVERLAP_PX - 1 for a, b in pairwise(spans))


def test_a_network_that_is_no_yunet_is_refused() -> None:
    with pytest.raises(WeightsError):
        YuNetDetector(network="sface").detect(Picture(np.zeros((64, 64, 3), np.uint8)))


def test_a_yunet_file_by_path_is_the_same_detector(yunet: YuNetDetector, tmp_path: Path) -> None:
    from personae.faces import weights

    (tmp_path / "my.onnx").write_bytes(weights.find("yunet").data)
    assert YuNetDetector(network=tmp_path / "my.onnx").id == yunet.id


@pytest.mark.shared
def test_every_face_of_the_group_photos_is_found(yunet: YuNetDetector, shared_data: Path) -> None:
    import json

    groups = json.loads((shared_data / "bbt/groups.json").read_text())
    for name, people in groups.items():
        if name != "note":
            assert len(yunet.detect(photos.load(shared_data / "bbt" / name))) >= len(people), name


@pytest.mark.shared
@pytest.mark.parametrize("how", ["LANCZOS", "BICUBIC", "BILINEAR"])
def test_an_enlarged_photo_shows_its_four_faces_and_nothing_else(
    yunet: YuNetDetector, shared_data: Path, how: str
) -> None:
    photo = Image.open(shared_data / "bbt/bbt1.jpg").convert("RGB")
    original = yunet.detect(Picture(np.asarray(photo)))
    enlarged = photo.resize((6 * photo.width, 6 * photo.height), Image.Resampling[how])
    pixels = np.asarray(enlarged)
    assert multiscale.is_enlarged(pixels) and not multiscale.is_enlarged(np.asarray(photo))
    found = yunet.detect(Picture(pixels))
    assert len(original) == len(found) == 4
    assert (multiscale.overlaps(original.boxes_xyxy * np.float32(6), found.boxes_xyxy).max(axis=1) > 0.5).all()


@pytest.mark.shared
def test_every_single_photo_has_its_face(yunet: YuNetDetector, shared_data: Path) -> None:
    paths = [*photos.find(shared_data / "bbt/cast"), *photos.find(shared_data / "friends/cast")]
    paths += list(photos.find(shared_data / "lfw_dev"))[::5]
    assert len(paths) > 100
    assert [path for path in paths if not len(yunet.detect(photos.load(path)))] == []
