"""Association, clustering and naming on plain arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from personae.recognition.prototypes import unit
from personae.timeline import clustering, identity, records, setups
from personae.timeline.looking import Look, all_have_partners, likeness
from personae.timeline.records import TrackRecord
from personae.timeline.tracking import FaceTrack, FaceTracker, cheapest_pairs
from personae.types import Faces, FloatArray, PixelArray, Quality
from tests.people import people

SECOND = 1000
PEOPLE = people(6, 8, seed=3)


def embed(crops: PixelArray) -> FloatArray:
    """A crop's first pixel is the number of a person, its second of a photo of theirs."""
    return np.stack([PEOPLE[crop[0, 0, 0], crop[0, 1, 0]] for crop in crops])


def look(ms: int, faces: Sequence[tuple[int, float, float]], *, view: int = 0, scores: float = 0.9) -> Look:
    """`faces`: (person, x of the centre, size); the person 9 is not to be told from anybody."""
    n = len(faces)
    boxes = [(x - size / 2, 100 - size / 2, x + size / 2, 100 + size / 2) for _, x, size in faces]
    crops = np.zeros((n, 112, 112, 3), np.uint8)
    for at, (person, _, _) in enumerate(faces):
        crops[at, 0, 0], crops[at, 0, 1] = person, ms // 200 % 8
    half = np.full(n, 0.5, np.float32)
    size = np.array([size for _, _, size in faces], np.float32)
    return Look(
        ms,
        ms + 40,
        Faces(np.array(boxes, np.float32).reshape(n, 4), np.zeros((n, 5, 2), np.float32), half * 2 * scores),
        crops,
        Quality(size, half, half, half, half, tuple(() for _ in range(n))),
        np.zeros((n, 160, 160, 3), np.uint8),
        np.random.default_rng(view).integers(0, 255, (9, 16)).astype(np.uint8),
    )


def tracked(looks: Sequence[Look]) -> list[FaceTrack]:
    tracker = FaceTracker(embed, SECOND)
    for each in looks:
        tracker.see(each)
    return tracker.finish()


def people_of(track: FaceTrack) -> set[int]:
    return {int(sample.crop[0, 0, 0]) for sample in track.samples}


def test_one_face_is_one_track_however_it_moves() -> None:
    (track,) = tracked([look(ms, [(0, 100 + ms / 8, 50)]) for ms in range(0, 3000, 200)])
    assert (track.start_pts, track.end_pts) == (0, 2840)


def test_people_who_cross_are_not_swapped() -> None:
    looks = [look(ms, [(0, 100 + ms / 10, 50), (1, 300 - ms / 10, 50)]) for ms in range(0, 2001, 200)]
    tracks = tracked(looks)
    assert [people_of(track) for track in tracks] == [{0}, {1}]
    assert all(len(track.sightings) == len(looks) for track in tracks)


def test_a_short_occlusion_is_survived_and_another_face_does_not_take_over() -> None:
    gone = [0, 200, 400, 1000, 1200, 1400]
    (track,) = tracked([look(ms, [(0, 100, 50)] if ms in gone else []) for ms in range(0, 1500, 200)])
    assert len(track.sightings) == 6
    tracks = tracked([look(ms, [(0 if ms < 500 else 1, 100, 50)] if ms in gone else []) for ms in range(0, 1500, 200)])
    assert [people_of(track) for track in tracks] == [{0}, {1}]


def test_a_weak_detection_carries_a_track_on_but_begins_none() -> None:
    weak = [look(ms, [(0, 100, 50)], scores=0.5) for ms in range(600, 1200, 200)]
    (track,) = tracked([look(ms, [(0, 100, 50)]) for ms in range(0, 600, 200)] + weak)
    assert track.end_pts == 1040
    assert not tracked(weak)


def test_a_cut_ends_every_track() -> None:
    tracks = tracked([look(ms, [(0, 100, 50)], view=int(ms >= 400)) for ms in range(0, 800, 40)])
    assert [(track.start_pts, track.end_pts) for track in tracks] == [(0, 400), (400, 800)]


def test_a_track_that_jumped_is_split_by_identity() -> None:
    # The same place all the time: only the embeddings know.
    tracks = tracked([look(ms, [(2 if ms < 2000 else 4, 100, 50)]) for ms in range(0, 4000, 200)])
    assert [people_of(track) for track in tracks] == [{2}, {4}]
    assert tracks[0].end_pts <= 2040 + 500 and tracks[1].start_pts >= 1500


def test_looks_say_whether_something_was_missed_between_them() -> None:
    one = look(0, [(0, 100, 50), (1, 300, 60)])
    assert all_have_partners(one, look(200, [(1, 310, 60), (0, 110, 52)]))
    assert not all_have_partners(one, look(200, [(0, 100, 50)]))
    assert not all_have_partners(look(0, []), one)
    assert not all_have_partners(one, look(200, [(0, 180, 50), (1, 300, 60)]))
    assert likeness(one, look(200, [])) == pytest.approx(1) and likeness(one, look(0, [], view=1)) < 0.5


def test_cheapest_pairs_never_share_and_never_cost_infinity() -> None:
    cost = np.array([[0.1, 0.2, np.inf], [0.15, np.inf, np.inf]])
    assert cheapest_pairs(cost) == [(0, 0)]
    assert cheapest_pairs(np.array([[0.1, 0.2], [0.3, 0.1]])) == [(0, 0), (1, 1)]


def record(person: int, start: int, *, x: float = 100) -> TrackRecord:
    """A track of one second, with a look and a face of that person every 0.2 s."""
    times = start + np.arange(5, dtype=np.int64) * 200
    return TrackRecord(
        np.stack([times, times + 200], axis=1),
        np.tile(np.array([[x, 50, x + 60, 110, 0.9]], np.float32), (5, 1)),
        PEOPLE[person, :5],
        np.full(5, 0.8, np.float32),
        np.full(5, 100, np.float32),
        times,
        int(times[0]),
        np.array([x, 50, x + 60, 110], np.float32),
        np.empty(0, np.uint8),
    )


def test_records_are_cut_and_joined_without_loss() -> None:
    whole = record(0, 0)
    first, second = records.cut(whole, 500)
    assert first is not None and second is not None
    assert len(first.boxes) + len(second.boxes) == 5 and first.end_pts == 500 <= second.start_pts == 600
    assert len(first.embeddings) + len(second.embeddings) == 5
    assert second.start_pts <= second.best_pts < second.end_pts
    again = records.joined(first, second)
    assert np.array_equal(again.boxes, whole.boxes) and np.array_equal(again.embeddings, whole.embeddings)
    assert records.cut(whole, 2000) == (whole, None) and records.cut(whole, 0) == (None, whole)


def test_clusters_are_people_and_never_join_who_is_on_screen_together() -> None:
    order = [0, 1, 0, 2, 1, 0, 3]
    pooled, faces = [], []
    for at, person in enumerate(order):
        rows = PEOPLE[person, (at % 2) * 4 : (at % 2) * 4 + 4]
        faces.append(rows)
        pooled.append(unit(rows.mean(axis=0)))
    mean = np.concatenate(faces).mean(axis=0)
    faces = [unit(rows - mean) for rows in faces]
    stack = np.stack([unit(rows.mean(axis=0)) for rows in faces])
    apart = np.zeros((7, 7), bool)
    found = clustering.cluster(stack, np.ones(7), faces, apart)
    assert found.tolist() == [0, 1, 0, 2, 1, 0, 3]
    apart[0, 2] = apart[2, 0] = True
    found = clustering.cluster(stack, np.ones(7), faces, apart)
    assert found[0] != found[2] and found[1] == found[4]
    assert clustering.cluster(stack[:0], np.ones(0), [], apart[:0, :0]).shape == (0,)


def test_of_two_on_screen_together_only_one_is_named_unless_both_are_far_above() -> None:
    asked = np.array([0.3, 0.3])
    together = np.array([[False, True], [True, False]])
    assert identity.name_clusters(np.array([[0.6, 0.1], [0.4, 0.35]]), asked, together) == [0, 1]
    assert identity.name_clusters(np.array([[0.6, 0.1], [0.4, 0.2]]), asked, together) == [0, None]
    assert identity.name_clusters(np.array([[0.6, 0.1], [0.5, 0.2]]), asked, together) == [0, 0]
    assert identity.name_clusters(np.array([[0.6, 0.1], [0.4, 0.2]]), asked, ~together & together) == [0, 0]
    assert identity.name_clusters(np.array([[0.29, 0.1]]), asked[:1], np.zeros((1, 1), bool)) == [None]


def test_more_is_asked_of_many_faces_and_of_small_ones() -> None:
    few, many, small = identity.asked_of(np.array([0.5, 9.0, 0.5]), np.array([60.0, 60.0, 20.0]), 0.25)
    assert 0.25 < few < many and few < small


def test_the_same_place_in_the_same_set_up_counts_for_a_pair() -> None:
    rows = [record(0, 0), record(1, 3000), record(2, 3000, x=300), record(3, 90_000)]
    pts = np.arange(0, 92_000, 200, dtype=np.int64)
    views = np.random.default_rng(0).integers(0, 255, (2, 9, 16)).astype(np.uint8)
    tiny = views[((pts >= 1000) & (pts < 2900)).astype(int)]
    bonus = setups.same_place_bonus(rows, pts, tiny, SECOND, 0.2)
    assert bonus[0, 1] == bonus[1, 0] == 0.2 and bonus.sum() == pytest.approx(0.4)
    other = views[(pts >= 1000).astype(int)]
    assert not setups.same_place_bonus(rows[:3], pts, other, SECOND, 0.2).any()


def test_samples_are_embedded_sparingly_unless_they_are_at_odds() -> None:
    def samples(people: list[int]) -> int:
        ms = range(0, 200 * len(people), 200)
        (track, *others) = tracked([look(t, [(who, 100, 50)]) for t, who in zip(ms, people, strict=True)])
        return len(track.samples) + sum(len(other.samples) for other in others)

    assert samples([2] * 20) == 4
    assert samples([2] * 10 + [4] * 10) == 8
