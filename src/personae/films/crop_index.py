"""Where each crop of a film lies in `film.crops`, by the digest of its bytes: for who shows many, one by one.

No picture is kept in memory: each is read out of the file, and is shown only while its digest is still the one that was
asked for. So whoever was forgotten is nowhere, and a page with a hundred crops does not read the file a hundred times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from personae import archive
from personae.checks import MisfitError, require
from personae.errors import DamagedFileError, ModelNotFoundError
from personae.files import open_input
from personae.films import crops_file
from personae.films.crops_file import BYTES, COUNT, JPEG, SCHEMA
from personae.timeline.native_boxes import FARTHEST_PX
from personae.timeline.records import LARGEST_WEIGHT, TrackRecord

_JPEG_BEGINS = b"\xff\xd8\xff"
_LARGEST = 2**24
"""Bytes of one crop."""
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class IndexedCrop:
    """A crop. `track`: the position of its track; `pts`, `box_xyxy`, `weight`: as of a `FacePicture`.

    `start`, `end`: where its JPEG lies in the file, in bytes; of an earlier version's film it is the `number`th of the
    track's own.
    """

    digest: str
    track: int
    pts: int
    box_xyxy: Box
    weight: float
    start: int = 0
    end: int = 0
    number: int = 0


class CropIndex:
    """The crops of one scan of a film. `of_tracks`: per track, the best first."""

    def __init__(self, path: Path, crops: Sequence[IndexedCrop], tracks: int) -> None:
        self._path = path
        self.by_digest = {one.digest: one for one in crops}
        self.of_tracks: list[list[IndexedCrop]] = [[] for _ in range(tracks)]
        for one in crops:
            self.of_tracks[one.track].append(one)

    def jpeg(self, digest: str, records: Sequence[TrackRecord], digest_of: Callable[[bytes], str]) -> bytes | None:
        """The bytes of a crop; None where it is not there, or not there any more. Raises OSError."""
        one = self.by_digest.get(digest)
        if one is None:
            return None
        if not one.end:
            own = crops_file.crops_of(records[one.track]) if one.track < len(records) else ()
            content = own[one.number].jpeg.tobytes() if one.number < len(own) else b""
        else:
            try:
                with open_input(self._path) as file:
                    file.seek(one.start)
                    content = file.read(one.end - one.start)
            except FileNotFoundError:
                return None
        return content if digest_of(content) == digest else None


def read(path: Path, records: Sequence[TrackRecord], digest_of: Callable[[bytes], str]) -> CropIndex:
    """The index of the crops of a film; empty where there are none, or those of another scan.

    One crop at a time is in memory. `digest_of`: of a JPEG's bytes. Raises a StoreError.
    """
    if any(record.picture.size for record in records):
        return CropIndex(path, _of_records(records, digest_of), len(records))
    try:
        return CropIndex(path, _of_file(path, records, digest_of), len(records))
    except ModelNotFoundError:
        return CropIndex(path, (), len(records))
    except MisfitError as error:
        raise DamagedFileError(path, f"this file is damaged: {error}. Delete it, and scan the film again.") from None


def _of_records(records: Sequence[TrackRecord], digest_of: Callable[[bytes], str]) -> list[IndexedCrop]:
    return [
        IndexedCrop(
            digest_of(crop.jpeg.tobytes()), track, crop.pts, _box(crop.box.tolist()), crop.weight, number=number
        )
        for track, record in enumerate(records)
        for number, crop in enumerate(crops_file.crops_of(record))
    ]  # fmt: skip


def _of_file(path: Path, records: Sequence[TrackRecord], digest_of: Callable[[bytes], str]) -> list[IndexedCrop]:
    arrays, facts, (start, end) = archive.read_but(path, JPEG, schema=SCHEMA)
    if facts.get("tracks") != crops_file.digest_of_tracks(records):
        return []
    count = archive.array(arrays, COUNT, "i", (len(records),), 0, 1 << 20)
    m = int(count.sum())
    pts = archive.array(arrays, "crop_pts", "i", (m,)).tolist()
    box = archive.array(arrays, "crop_box", "f", (m, 4), -FARTHEST_PX, FARTHEST_PX).tolist()
    weight = archive.array(arrays, "crop_weight", "f", (m,), 0, LARGEST_WEIGHT).tolist()
    sizes = archive.array(arrays, BYTES, "i", (m,), 0, _LARGEST).tolist()
    require(sum(sizes) == end - start, f"{BYTES} does not add up to the {end - start} of {JPEG}")
    found, at = [], start
    tracks = [track for track, own in enumerate(count.tolist()) for _ in range(own)]
    with open_input(path) as file:
        file.seek(start)
        for row, (track, size) in enumerate(zip(tracks, sizes, strict=True)):
            jpeg = file.read(size)
            require(len(jpeg) == size and jpeg.startswith(_JPEG_BEGINS), f"{JPEG}: a crop is no JPEG")
            found.append(IndexedCrop(digest_of(jpeg), track, pts[row], _box(box[row]), weight[row], at, at + size))
            at += size
    return found


def _box(sides: Sequence[float]) -> Box:
    x1, y1, x2, y2 = sides
    return x1, y1, x2, y2
