"""What was followed becomes time on screen beside visible face time, and is kept with its track."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from personae import archive
from personae.errors import DamagedFileError
from personae.exports.registry import exporters
from personae.settings import Settings
from personae.timeline import native, records
from personae.timeline.appearances import Label, build
from personae.timeline.records import TrackRecord
from personae.timeline.timeline import Shot, Timeline, Track
from personae.timeline.watching import Watched
from tests.timeline.test_deciding import VIDEO, track
from tests.timeline.test_tracking import record

THOR = Label("Thor", None, 0.6, 0.9)
Span = tuple[int, int]


def with_followed(one: TrackRecord, *starts: int) -> TrackRecord:
    pts = np.array([(start, start + 40) for start in starts], np.int64).reshape(-1, 2)
    return replace(
        one, followed_pts=pts, followed_boxes=np.tile(np.array([90, 50, 150, 110], np.float32), (len(pts), 1))
    )


def timeline(labels: list[Label], *followed: list[Span], settings: Settings | None = None) -> Timeline:
    tracks = (track(1, 10, 20), track(2, 30, 40))[: len(labels)]
    return build(
        VIDEO, [Shot(500, 100_500)], tracks, labels, settings or Settings(),
        seen=[[(one.start_pts, one.end_pts)] for one in tracks], followed=followed, model={}, facts={},
    )  # fmt: skip


def spans(found: Timeline) -> list[tuple[float, float, str]]:
    return [(VIDEO.seconds(one.start_pts), VIDEO.seconds(one.end_pts), one.seen) for one in found.appearances]


def at(start_s: float, end_s: float) -> Span:
    return VIDEO.start_pts + round(1000 * start_s), VIDEO.start_pts + round(1000 * end_s)


def test_followed_time_is_on_screen_and_never_visible_face_time() -> None:
    found = timeline([THOR, THOR], [at(20, 26)], [at(25, 30), at(40, 40.1)])
    assert spans(found) == [(10, 20, "face"), (20, 30, "followed"), (30, 40, "face")], "a tenth of a second is no news"
    [thor] = found.characters
    assert (thor.visible_face_time_s, thor.on_screen_s, thor.appearances) == (20, 30, 2)
    assert found.appearances[1].tracks == (1, 2)


def test_no_bridge_makes_followed_time_face_time() -> None:
    story = Settings(bridge_s=12)
    assert spans(timeline([THOR, THOR], [], [], settings=story)) == [(10, 40, "face")], "nothing is known of the gap"
    found = timeline([THOR, THOR], [at(20, 26)], [], settings=story)
    assert spans(found) == [(10, 20, "face"), (20, 30, "followed"), (30, 40, "face")], "as a gap between faces is"
    assert found.characters[0].visible_face_time_s == 20


def test_a_gap_beside_a_followed_head_is_bridged_as_one_between_faces_is() -> None:
    assert spans(timeline([THOR], [at(20.4, 26)])) == [(10, 20, "face"), (20, 26, "followed")]
    assert spans(timeline([THOR, THOR], [at(20, 29.6)], [])) == [
        (10, 20, "face"), (20, 30, "followed"), (30, 40, "face")
    ]  # fmt: skip
    assert spans(timeline([THOR], [at(21, 26)])) == [(10, 20, "face"), (21, 26, "followed")], "longer than a moment"


def test_pieces_of_one_presence_are_padded_and_left_out_as_one() -> None:
    pieces = [at(20, 26)]
    padded = timeline([THOR], pieces, settings=Settings(pad_s=1))
    assert spans(padded) == [(9, 20, "face"), (20, 27, "followed")]
    assert len(spans(timeline([THOR], pieces, settings=Settings(min_appearance_s=15)))) == 2
    assert not spans(timeline([THOR], pieces, settings=Settings(min_appearance_s=17)))


def test_a_followed_head_is_not_counted_as_one_more_appearance() -> None:
    found = timeline([THOR, THOR], [at(20, 26)], [])
    assert (len(found.appearances), found.times_shown) == (3, 2)
    assert "2 appearances" in exporters()["methods"].export(found).decode()


def test_where_the_face_is_nothing_is_followed() -> None:
    found = timeline([THOR, THOR], [at(8, 35)], [])
    assert spans(found) == [(8, 10, "followed"), (10, 20, "face"), (20, 30, "followed"), (30, 40, "face")]
    assert found.characters[0].scene_presence_s == 32


def test_pictures_in_the_picture_and_who_is_nobody_are_not_followed() -> None:
    assert spans(timeline([replace(THOR, depicted=True)], [at(20, 26)])) == [(10, 20, "face")]
    assert not timeline([Label()], [at(20, 26)]).appearances
    glimpse = Settings(min_unknown_s=11)
    tracks = (track(1, 10, 20),)
    found = build(
        VIDEO, [Shot(500, 100_500)], tracks, [Label(None, 1)], glimpse,
        seen=[[(tracks[0].start_pts, tracks[0].end_pts)]], followed=[[at(20, 28)]], model={}, facts={},
    )  # fmt: skip
    assert not found.appearances, "followed time makes nobody seen for longer"


def test_every_view_tells_followed_time_apart() -> None:
    found = timeline([THOR], [at(20, 26)])
    tables = {
        name: exporters()[name].export(found).decode("utf-8-sig") for name in ("appearances", "totals", "seconds")
    }
    assert [row.split(",")[-1] for row in tables["appearances"].split()] == ["seen", "face", "followed"]
    assert "on_screen_s" in tables["totals"] and ",16.000," in tables["totals"]
    assert sum(float(row.split(",")[-1]) for row in tables["seconds"].split()[1:]) == pytest.approx(10)
    page = exporters()["report"].export(found).decode()
    assert page.count('<i class="followed"') == 1 and "head followed without a face" in page
    assert "On screen" in page and "Hollow" in page


def test_the_native_format_keeps_followed_boxes_and_reads_files_without() -> None:
    found = timeline([THOR], [at(20, 26)])
    boxes = ((20_600, 1.0, 2.0, 3.0, 4.5), (21_000, 2.0, 2.0, 4.0, 4.5))
    found = replace(found, tracks=tuple(replace(one, followed=boxes) for one in found.tracks))
    assert native.loads(native.dumps(found)) == found
    document = native.to_json(found)
    del document["tracks"][0]["followed"], document["characters"][0]["on_screen_s"]
    old = native.from_json(document)
    assert old.tracks[0].followed == () and old.characters[0].on_screen_s == old.characters[0].visible_face_time_s
    for wrong in (
        [[20_600, 3, 2, 1, 4]],
        [[21_000, 1, 2, 3, 4], [20_600, 1, 2, 3, 4]],
        [[1, 2, 3, 4]],
        [[0, 1, 2, 3, 4]],
    ):
        with pytest.raises(DamagedFileError, match="followed"):
            native.from_json(document | {"tracks": [document["tracks"][0] | {"followed": wrong}]})


def test_spans_reach_from_face_to_face() -> None:
    # Looks every 0.2 s; a face in those from 1.0 to 1.8 s, followed to 1.4 s before and in two after.
    one = with_followed(record(0, 1000), 400, 600, 800, 2000, 2200)
    look_pts = np.arange(0, 3000, 200, dtype=np.int64)
    tiny = np.zeros((len(look_pts), 9, 16), np.uint8)
    watched = Watched(VIDEO, (Shot(0, 3000),), (one,), (), look_pts, tiny)
    assert watched.followed(one) == [(400, 1000), (2000, 2240)]
    assert watched.followed(with_followed(record(0, 1000), 400, 2200)) == [(400, 440), (2200, 2240)]
    assert watched.followed(record(0, 1000)) == [] and watched.seen(one) == [(1000, 2000)]


def test_followed_boxes_are_kept_cut_and_joined(tmp_path: Path) -> None:
    one, two = with_followed(record(0, 1000), 600, 800, 2000), record(1, 4000)
    path = tmp_path / "film.tracks"
    records.write(path, [one, two], {})
    again, _, arrays = records.read(path)
    assert [len(each.followed_pts) for each in again] == [3, 0]
    assert np.array_equal(again[0].followed_boxes, one.followed_boxes)
    assert records.followed_within(one, 700, 5000).followed_pts[:, 0].tolist() == [800, 2000]
    assert records.joined(one, with_followed(two, 5200)).followed_pts[:, 0].tolist() == [600, 800, 2000, 5200]
    bare = {name: array for name, array in arrays.items() if not name.startswith("followed")}
    archive.write(path, bare, {}, schema=records.SCHEMA)
    old, _, _ = records.read(path)
    assert [len(each.followed_pts) for each in old] == [0, 0], "files of before following"
    arrays["followed_pts"] = arrays["followed_pts"][::-1].copy()
    archive.write(path, arrays, {}, schema=records.SCHEMA)
    with pytest.raises(DamagedFileError, match="followed_pts: track 0 goes back"):
        records.read(path)


def test_a_track_without_followed_boxes_is_written_as_before() -> None:
    found = timeline([THOR], [])
    assert "followed" not in native.to_json(found)["tracks"][0]
    assert Track(1, 0, 0, 1, ()).followed == ()
