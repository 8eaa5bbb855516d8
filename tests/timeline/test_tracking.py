"""Association, clustering and naming on plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from personae.recognition.model import CharacterModel, Matches
from personae.recognition.prototypes import unit
from personae.timeline import clustering, grouping, identity, records, setups
from personae.timeline import track_names as naming
from personae.timeline.evidence import compared, evidence_of
from personae.timeline.looking import CutOut, Look, all_have_partners, likeness
from personae.timeline.records import TrackRecord
from personae.timeline.tracking import FIRST_EMBEDDED, FaceTrack, FaceTracker, cheapest_pairs
from personae.types import Faces, FloatArray, PixelArray, Quality
from tests.people import EMBEDDER, people, sface_background

SECOND = 1000
NO_PAIRS = np.empty((0, 2), np.int64)
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
        tuple(CutOut.of(np.zeros((200, 400, 3), np.uint8), np.array(box, np.float32)) for box in boxes),
        np.random.default_rng(view).integers(0, 255, (9, 16)).astype(np.uint8),
    )


def tracked(looks: Sequence[Look]) -> list[FaceTrack]:
    with ThreadPoolExecutor(2) as pool:
        tracker = FaceTracker(embed, SECOND, pool)
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
        np.full(5, np.nan, np.float32),
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
    found = clustering.cluster(stack, np.ones(7), faces, clustering.no_ties(7))
    assert found.tolist() == [0, 1, 0, 2, 1, 0, 3]
    apart = replace(clustering.no_ties(7), apart=np.array([(0, 2)]))
    found = clustering.cluster(stack, np.ones(7), faces, apart)
    assert found[0] != found[2] and found[1] == found[4]
    assert clustering.cluster(stack[:0], np.ones(0), [], clustering.no_ties(0)).shape == (0,)


@pytest.mark.parametrize("at_once", [7, 20])
def test_a_long_film_is_clustered_in_parts_as_it_is_at_once(at_once: int) -> None:
    rng = np.random.default_rng(5)
    who = rng.integers(0, 6, 60)
    mean = PEOPLE.reshape(-1, PEOPLE.shape[-1]).mean(axis=0)
    faces = [unit(PEOPLE[person][rng.permutation(8)[:4]] - mean) for person in who]
    pooled = np.stack([unit(rows.mean(axis=0)) for rows in faces])
    # Two of one person on screen together, in different parts.
    same = np.flatnonzero(who == who[0])
    ties = replace(clustering.no_ties(60), apart=np.array([(same[0], same[-1])]))
    whole = clustering.cluster(pooled, np.ones(60), faces, ties)
    parts = clustering.cluster(pooled, np.ones(60), faces, ties, at_once=at_once)
    for found in (whole, parts):
        assert found[same[0]] != found[same[-1]]
        assert all(len(set(who[found == number])) == 1 for number in set(found))
    others = who != who[0]
    assert len(set(parts[others])) == len(set(whole[others])) == 5
    assert [parts.tolist().index(number) for number in range(max(parts) + 1)] == sorted(
        parts.tolist().index(number) for number in range(max(parts) + 1)
    )


def test_the_most_alike_faces_of_two_tracks() -> None:
    rng = np.random.default_rng(0)
    faces = [unit(rng.normal(size=(count, 8))).astype(np.float32) for count in (1, 4, 0, 2)]
    found = clustering.most_alike(faces)
    for i, one in enumerate(faces):
        for j, other in enumerate(faces):
            cosines = np.sort((one @ other.T).ravel())[::-1] if len(one) and len(other) else np.zeros(1)
            top = max(min(3, len(one), len(other)), 1)
            assert found[i, j] == pytest.approx(cosines[:top].mean(), abs=1e-5)


def test_ties_of_pairs_and_of_groups() -> None:
    ties = clustering.Ties(np.array([(0, 1), (3, 2)]), np.array([(1, 2), (2, 1)]), 0.2, np.array([0, 0.05, 0, 0.05]))
    extra = ties.extra
    assert (
        extra[1, 2] == extra[2, 1] == pytest.approx(0.15) and extra[0, 2] == 0 and extra[0, 3] == pytest.approx(-0.05)
    )
    assert all((ties.extra_of(at) == extra[at]).all() for at in range(4))
    groups = ties.of(np.arange(4), np.array([0, 1, 1, 0]))
    assert groups.apart.tolist() == [[0, 1]] and not len(groups.bonus) and groups.short.tolist() == [0, 0]


def test_who_is_on_screen_together() -> None:
    rows = [record(0, 3000), record(1, 0), record(2, 0, x=300), record(3, 90_000)]
    assert {tuple(sorted(pair)) for pair in grouping.on_screen_together(rows).tolist()} == {(1, 2)}


def test_of_two_on_screen_together_only_one_is_named_unless_both_are_far_above() -> None:
    asked = np.array([0.3, 0.3])
    together = np.array([[False, True], [True, False]])
    assert naming.name_clusters(np.array([[0.6, 0.1], [0.4, 0.35]]), asked, together) == [0, 1]
    assert naming.name_clusters(np.array([[0.6, 0.1], [0.4, 0.2]]), asked, together) == [0, None]
    assert naming.name_clusters(np.array([[0.6, 0.1], [0.5, 0.2]]), asked, together) == [0, 0]
    assert naming.name_clusters(np.array([[0.6, 0.1], [0.4, 0.2]]), asked, ~together & together) == [0, 0]
    assert naming.name_clusters(np.array([[0.29, 0.1]]), asked[:1], np.zeros((1, 1), bool)) == [None]


def cast_of(count: int, performers: dict[str, str] | None = None) -> CharacterModel:
    """A model of the first people, "0", "1", ..., by their last three photos; `record` shows the others."""
    rows = PEOPLE[:count, 5:].reshape(-1, PEOPLE.shape[2])
    return CharacterModel(background=sface_background()).fit(
        rows, np.repeat([str(i) for i in range(count)], 3), performers=performers
    )


def names_of(rows: Sequence[TrackRecord], model: CharacterModel) -> tuple[list[str | None], identity.People]:
    found = identity.identify(rows, grouping.group(rows, NO_PAIRS, EMBEDDER), model)
    return [None if who < 0 else found.character[who] for who in found.person], found


def test_tracks_of_the_cast_are_named_and_roles_of_one_performer_are_not_guessed() -> None:
    rows = [record(person, 3000 * person) for person in (0, 1, 2, 4)]
    assert names_of(rows, cast_of(3))[0] == ["0", "1", "2", None]
    names, found = names_of(rows, cast_of(3, {"0": "Kim", "2": "Kim"}))
    assert names == [None, "1", None, None]
    assert [set(found.either[person]) for person in found.person] == [{"0", "2"}, set(), {"0", "2"}, set()]


def test_what_is_not_told_from_another_is_not_guessed_also_when_its_first_name_is_taken() -> None:
    scores = np.array([[0.6, 0.1], [0.4, 0.39]])
    together = np.array([[False, True], [True, False]])
    assert naming.name_clusters(scores, np.array([0.3, np.inf]), together) == [0, None]


def test_a_track_without_faces_is_nobody_and_stops_nothing() -> None:
    empty = replace(record(0, 0), embeddings=np.empty((0, 128), np.float32), weights=np.empty(0, np.float32),
                    face_px=np.empty(0, np.float32), face_pts=np.empty(0, np.int64))  # fmt: skip
    names, found = names_of([empty, record(1, 3000)], cast_of(2))
    assert names == [None, "1"] and found.person[0] == -1
    assert names_of([empty], cast_of(2))[0] == [None] and names_of([], cast_of(2))[0] == []


def test_the_character_that_other_heads_chose_is_the_name() -> None:
    class Chooser(CharacterModel):
        def decide(self, *args: Any, **kwargs: Any) -> Matches:
            found = super().decide(*args, **kwargs)
            swap = np.array([1, 0, *range(2, found.characters.shape[1])])
            return replace(
                found, characters=found.characters[:, swap], similarity=found.similarity[:, swap],
                confidence=found.confidence[:, swap], evidence=found.evidence[:, swap],
            )  # fmt: skip

    model = Chooser(background=sface_background()).fit(PEOPLE[:2, 5:].reshape(-1, 128), np.repeat(["0", "1"], 3))
    assert names_of([record(0, 0), record(1, 3000)], model)[0] == ["1", "0"]


def test_small_faces_are_weighed_as_the_model_weighs_them() -> None:
    background = sface_background()
    assert background.small is not None
    photos = PEOPLE[:4, 5:].reshape(-1, 128)
    own = 0.6 * (PEOPLE[:4] - background.mean)
    small = unit(own + background.small.mean_at(np.full(1, 14.0))).astype(np.float32)
    copies = small[:, 5:].reshape(-1, 1, 128)
    y = np.repeat(list("0123"), 3)
    model = CharacterModel(background=background).fit(photos, y, copies=copies, copies_px=np.full((12, 1), 14.0))
    rows = [
        replace(record(person, 3000 * person), embeddings=small[person, :5], face_px=np.full(5, 14, np.float32))
        for person in range(4)
    ]
    evidence = evidence_of(rows, 128)
    weighed = naming.weigh(model, evidence.means, np.exp(evidence.log_px), evidence.quality, evidence.support)
    asked = model.decide(evidence.means, face_px=np.full(4, 14.0))
    np.testing.assert_allclose(weighed.evidence.max(axis=1), asked.evidence[:, 0], atol=1e-6)
    assert not np.allclose(weighed.evidence, weighed.similarity)
    assert names_of(rows, model)[0] == ["0", "1", "2", "3"]


def test_more_is_asked_of_sharp_faces_than_of_poor_ones() -> None:
    model = cast_of(2)
    own = unit(model.scaler_.transform(PEOPLE[0, 5:])).mean(axis=0)
    other = unit(model.scaler_.transform(PEOPLE[3, :5])).mean(axis=0)
    asked = model.threshold_
    for share in np.linspace(0, 1, 200):
        mixed = unit((share * own + (1 - share) * other)[None]) * model.scaler_.scale_ + model.scaler_.mean_
        near = model.decide(mixed).evidence[0, 0]
        if asked + 0.01 < near < asked + 0.02:
            break
    rows = [replace(record(0, 0), embeddings=np.repeat(mixed, 5, axis=0).astype(np.float32))]
    poor = [replace(rows[0], weights=np.full(5, 0.1, np.float32))]
    assert names_of(rows, model)[0] == [None] and names_of(poor, model)[0] == ["0"]


def test_the_share_of_strangers_is_read_from_the_film() -> None:
    model = cast_of(2)
    sure, unlike = np.full(30, 0.9), np.full(10, -0.1)
    one = np.ones(40, np.int64)
    assert naming.strangers_among(np.concatenate([sure, unlike]), one, model) == pytest.approx(0.25, abs=0.03)
    assert naming.strangers_among(sure, one[:30], model) == pytest.approx(1 / 32, abs=0.005)
    assert naming.strangers_among(sure[:0], one[:0], model) == pytest.approx(0.5)
    few = names_of([record(0, 0), record(1, 3000)], model)[1]
    many = names_of([record(0, 0), record(1, 3000), *(record(p, 9000 * p) for p in (2, 3, 4, 5))], model)[1]
    assert few.strangers < many.strangers
    assert (many.confidence[:2] <= few.confidence[:2]).all()


def test_the_same_place_in_the_same_set_up_counts_for_a_pair() -> None:
    rows = [record(0, 0), record(1, 3000), record(2, 3000, x=300), record(3, 90_000)]
    pts = np.arange(0, 92_000, 200, dtype=np.int64)
    views = np.random.default_rng(0).integers(0, 255, (2, 9, 16)).astype(np.uint8)
    tiny = views[((pts >= 1000) & (pts < 2900)).astype(int)]
    assert setups.in_same_place(rows, pts, tiny, SECOND).tolist() == [[0, 1]]
    other = views[(pts >= 1000).astype(int)]
    assert not len(setups.in_same_place(rows[:3], pts, other, SECOND))


def test_the_same_place_does_not_outweigh_two_names(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, model = [record(person, 3000 * person) for person in (0, 1, 4, 5)], cast_of(2)
    monkeypatch.setattr(grouping, "SAME_PLACE_BONUS", 1.0)
    groups = grouping.group(rows, np.array([(0, 1), (2, 3)]), EMBEDDER)
    assert groups.person.tolist() == [0, 0, 1, 1]
    found = identity.identify(rows, groups, model)
    assert [found.character[person] for person in found.person] == ["0", "1", None, None]
    assert found.person[2] == found.person[3]


def test_a_weak_track_with_a_name_of_its_own_joins_no_other() -> None:
    model, strong = cast_of(2), record(0, 0)
    mean = model.scaler_.mean_
    for share in np.linspace(0, 1, 200):
        mixed = mean + share * (PEOPLE[1, :5] - mean) + (1 - share) * (PEOPLE[0, :5] - mean)
        weak = replace(record(1, 3000), embeddings=unit(mixed).astype(np.float32), weights=np.full(5, 0.2, np.float32))
        seen = compared([strong, weak], EMBEDDER, 128)
        alike = (seen.pooled[0] @ seen.pooled[1] + clustering.most_alike(seen.faces)[0, 1]) / 2
        if grouping.JOIN_ALIKE < alike < clustering.ALIKE:
            break
    assert grouping.group([strong, weak], NO_PAIRS, EMBEDDER).person.tolist() == [0, 0]
    assert names_of([strong, weak], model)[0] == ["0", "1"]


def test_a_camera_that_moves_between_is_in_the_same_place_when_it_comes_back() -> None:
    rows = [record(0, 0), record(1, 6000)]
    pts = np.arange(0, 9000, 100, dtype=np.int64)
    views = np.random.default_rng(0).integers(0, 255, (3, 9, 16)).astype(np.uint8)
    left, came_back = rows[0].end_pts - 300, rows[1].start_pts + 300
    tiny = views[np.select([pts < left, pts < came_back], [0, 1], 2)]
    assert setups.in_same_place(rows, pts, tiny, SECOND).tolist() == [[0, 1]]


def test_a_dissolve_to_another_set_up_is_not_the_same_set_up() -> None:
    rows = [record(0, 0), record(1, int(record(0, 0).end_pts))]
    cut = rows[1].start_pts
    pts = np.arange(0, 3 * cut, 100, dtype=np.int64)
    views = np.random.default_rng(0).integers(0, 255, (3, 9, 16)).astype(np.uint8)
    mixed = abs(pts - cut) < 0.3 * SECOND
    tiny = views[np.where(mixed, 2, (pts >= cut).astype(int))]
    assert not len(setups.in_same_place(rows, pts, tiny, SECOND))
    same = views[np.where(mixed, 2, 0)]
    assert len(setups.in_same_place(rows, pts, same, SECOND))


def test_samples_are_embedded_sparingly_unless_they_are_at_odds() -> None:
    def samples(people: list[int]) -> int:
        ms = range(0, 200 * len(people), 200)
        (track, *others) = tracked([look(t, [(who, 100, 50)]) for t, who in zip(ms, people, strict=True)])
        return len(track.samples) + sum(len(other.samples) for other in others)

    assert samples([2] * 20) == FIRST_EMBEDDED
    assert samples([2] * 10 + [4] * 10) == 8
    # A dissolve that is found later cuts a long track, and each part needs a face that tells whose it is.
    assert samples([2] * 100) == 8
