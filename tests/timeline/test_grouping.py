"""Groups of unknown people are the film's own: no cast changes them, and every model weighs them anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from personae import archive
from personae.checks import MisfitError
from personae.films import tracks_file
from personae.films.forget_tracks import forget_in_tracks
from personae.recognition.model import CharacterModel
from personae.recognition.prototypes import unit
from personae.recognition.scaler import EmbeddingScaler
from personae.timeline import clustering, grouping, records
from personae.timeline.evidence import evidence_of, segment_sums
from personae.timeline.grouping import Groups, group
from personae.timeline.identity import identify
from personae.timeline.labelling import labels_of
from personae.timeline.records import TrackRecord
from tests.drawn_films import drawn_film, drawn_recognizer, scene
from tests.film_maker import Pixels
from tests.people import EMBEDDER, people, sface_background
from tests.scanning import scan_film

PEOPLE = people(8, 12, seed=5)
NO_PAIRS = np.empty((0, 2), np.int64)


def track(person: int, start: int, take: int = 0, *, weight: float = 0.5) -> TrackRecord:
    """A track of four faces of one person; `take`: which four of their photos."""
    times = start + 10 * np.arange(4, dtype=np.int64)
    return TrackRecord(
        np.stack([times, times + 10], axis=1),
        np.tile(np.array([[0, 0, 60, 60, 0.9]], np.float32), (4, 1)),
        PEOPLE[person, 4 * take : 4 * take + 4],
        np.full(4, weight, np.float32),
        np.full(4, 60, np.float32),
        times,
        start,
        np.array([0, 0, 60, 60], np.float32),
        np.empty(0, np.uint8),
        np.full(4, np.nan, np.float32),
    )


def cast_of(*numbers: int) -> CharacterModel:
    """A model of some of the people, by their last four photos."""
    rows = np.concatenate([PEOPLE[number, 8:] for number in numbers])
    names = np.repeat([f"Character {number}" for number in numbers], 4)
    return CharacterModel(background=sface_background()).fit(rows, names)


def film() -> list[TrackRecord]:
    """Two tracks each of eight people."""
    return [track(person, 1000 * at, at // 8) for at, person in enumerate([*range(8), *range(8)])]


def names(rows: Sequence[TrackRecord], groups: Groups, model: CharacterModel | None) -> list[str | None]:
    found = identify(rows, groups, model)
    return [found.character[person] for person in found.person]


def test_groups_are_of_people_and_stored_with_mean_weight_size_and_quality() -> None:
    rows = film()
    groups = group(rows, NO_PAIRS, EMBEDDER)
    assert groups.person.tolist() == [*range(8), *range(8)]
    assert groups.weight == pytest.approx(np.full(8, 4.0))
    assert groups.face_px == pytest.approx(np.full(8, 60.0)) and groups.quality == pytest.approx(np.full(8, 0.5))
    np.testing.assert_allclose(groups.mean, unit(PEOPLE[:, :8].mean(axis=1)), atol=0.02)
    assert (groups.belongs > 0.8).all()


def test_who_becomes_known_changes_no_unknown_person() -> None:
    rows = film()
    groups = group(rows, NO_PAIRS, EMBEDDER)
    found = [identify(rows, groups, model) for model in (None, cast_of(0, 1), cast_of(2, 3, 4))]
    for people_found, known in zip(found, ({}, {0, 1}, {2, 3, 4}), strict=True):
        assert people_found.person.tolist() == groups.person.tolist()
        assert people_found.character == tuple(f"Character {i}" if i in known else None for i in range(8))
    assert found[0].strangers == 1.0 and not found[0].confidence.any() and not found[0].similarity.any()


def test_without_a_cast_everybody_is_unknown_and_numbered() -> None:
    rows = film()
    nobody = identify(rows, group(rows, NO_PAIRS, EMBEDDER), None)
    assert len(set(nobody.person.tolist())) == 8 and set(nobody.character) == {None}
    lamp = replace(track(7, 20_000, weight=0.1), boxes=np.tile(np.array([[0, 0, 9, 9, 0.5]], np.float32), (4, 1)))
    rows = [*film()[:7], lamp]
    assert identify(rows, group(rows, NO_PAIRS, EMBEDDER), None).person[-1] == -1, "still no face"
    assert identify([], group([], NO_PAIRS, EMBEDDER), None).person.tolist() == []


def test_a_group_of_two_characters_is_taken_apart_by_who_knows_them() -> None:
    rows = [track(0, 0), track(1, 1000), track(0, 2000, 1), track(1, 3000, 1), track(5, 4000)]
    # As a set-up may have said: the first two are one person, and so all four.
    person = np.array([0, 0, 0, 0, 1])
    evidence = evidence_of(rows, 128)
    mixed = grouping.described(person, evidence, np.ones(5), np.array([(0, 1)]), EMBEDDER)
    assert names(rows, mixed, cast_of(0, 1)) == ["Character 0", "Character 1", "Character 0", "Character 1", None]
    whole = identify(rows, mixed, cast_of(2, 3))
    assert whole.person.tolist() == person.tolist() and set(whole.character) == {None}


def test_the_space_of_groups_is_the_background_s_alone() -> None:
    background = sface_background()
    scaler = EmbeddingScaler().of_background(background)
    np.testing.assert_array_equal(scaler.mean_, background.mean)
    deviation = np.sqrt(np.diag(background.covariance))
    np.testing.assert_allclose(scaler.scale_, deviation / deviation.mean())
    # As if nobody were in the cast.
    one = EmbeddingScaler(weight=1e12).fit(PEOPLE[0], np.zeros(12, np.int64), background)
    np.testing.assert_allclose(one.scale_, scaler.scale_, rtol=1e-6)


def test_sums_of_segments() -> None:
    rows = np.arange(10.0).reshape(5, 2)
    np.testing.assert_array_equal(
        segment_sums(rows, np.array([2, 0, 2, 2, 0]), 4), [[10, 12], [0, 0], [10, 13], [0, 0]]
    )
    np.testing.assert_array_equal(segment_sums(rows, np.array([0, 0, 1, 3, 3]), 4), [[2, 4], [4, 5], [0, 0], [14, 16]])
    assert segment_sums(rows[:0], np.empty(0, np.int64), 2).tolist() == [[0, 0], [0, 0]]


def test_groups_survive_their_file_and_wrong_ones_are_refused() -> None:
    rows = film()
    groups = group(rows, np.array([(0, 8)]), EMBEDDER)
    arrays = grouping.to_arrays(groups)
    again = grouping.from_arrays(arrays, len(rows), EMBEDDER)
    assert again is not None and again.embedder == EMBEDDER
    for name in arrays:
        field = name.removeprefix(grouping.PREFIX)
        np.testing.assert_array_equal(getattr(again, field), getattr(groups, field))
    assert grouping.from_arrays({}, 16, EMBEDDER) is None, "a file of an earlier version"
    for name, value in (
        ("person", np.zeros(3, np.int64)), ("person", groups.person + 1), ("mean", groups.mean[:3]),
        ("mean", groups.mean * np.nan), ("weight", -groups.weight), ("belongs", groups.belongs * 5),
        ("same_place", np.array([(0, 99)])), ("quality", groups.quality.astype(np.int64)),
    ):  # fmt: skip
        with pytest.raises(MisfitError, match=name):
            grouping.from_arrays(arrays | {grouping.PREFIX + name: value}, len(rows), EMBEDDER)


def draw(n: int) -> Pixels:
    """Thor and Loki; then Hela alone; then Loki alone: each turns a little every fifth of a second."""
    take = n // 4 % 7
    if n < 50:
        return scene(1, [("Thor", 100, 120, 80), ("Loki", 220, 120, 80)], take=take)
    return scene(2, [("Hela" if n < 100 else "Loki", 160, 120, 80)], take=take)


def test_two_casts_leave_one_film_the_same_groups_and_a_relabel_reads_them(tmp_path: Path) -> None:
    path = drawn_film(tmp_path / "film.mp4", draw, 150)
    found = {}
    for name, cast in (("one", ["Thor"]), ("other", ["Hela", "Loki"])):
        recognizer = drawn_recognizer(tmp_path / name, cast)
        scanned = scan_film(path, recognizer, tmp_path / name / "out")
        arrays, _ = archive.read(scanned.files.tracks, schema=records.SCHEMA)
        kept = {key: array for key, array in arrays.items() if key.startswith(grouping.PREFIX)}
        found[name] = kept, {one.name for one in scanned.timeline.appearances}
    assert len(found["one"][0]) == 7
    for key, array in found["one"][0].items():
        np.testing.assert_array_equal(array, found["other"][0][key])
    assert found["one"][1] == {"Thor", "Unknown 1", "Unknown 2"}
    assert found["other"][1] == {"Hela", "Loki", "Unknown 1"}


def test_a_changed_model_names_the_stored_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = drawn_film(tmp_path / "film.mp4", draw, 150)
    first = scan_film(path, drawn_recognizer(tmp_path / "one", ["Thor"]), tmp_path / "out")
    scanned = tracks_file.load_tracks(first.files.tracks)
    assert scanned.groups is not None
    rows, video = scanned.watched.records, scanned.watched.video
    monkeypatch.setattr(clustering, "cluster", None)  # nothing is grouped again
    for cast in (["Thor", "Loki"], ["Hela"]):
        model = drawn_recognizer(tmp_path / "-".join(cast), cast).face_model
        people_found = identify(rows, scanned.groups, model)
        labels = labels_of(people_found, rows, video, (rows, scanned.unknown), scanned.unknowns_used)
        before = {label.unknown for label in scanned.labels} - {None}
        after = {label.unknown for label in labels} - {None}
        assert {label.character for label in labels} - {None} == set(cast)
        assert len(after) == 3 - len(cast) and len(after & before) == 1
    # A file of an earlier version holds no groups; they are found when it is scanned again.
    monkeypatch.undo()
    tracks_file.write_tracks(first.files.tracks, replace(scanned, groups=None))
    assert tracks_file.load_tracks(first.files.tracks).groups is None
    assert scan_film(path, drawn_recognizer(tmp_path / "one"), tmp_path / "out").reused
    again = tracks_file.load_tracks(first.files.tracks).groups
    assert again is not None
    np.testing.assert_array_equal(again.mean, scanned.groups.mean)


def test_who_is_forgotten_is_in_no_mean() -> None:
    rows = film()
    groups = group(rows, NO_PAIRS, EMBEDDER)
    counts = np.full(16, 4)
    arrays = {"embeddings": np.concatenate([row.embeddings for row in rows]), "faces_count": counts}
    arrays |= grouping.to_arrays(groups)
    labels = {"labels": ["Thor", *[None] * 15]}
    cleaned, _, count = forget_in_tracks(arrays, labels, {"Thor"}, PEOPLE[0])
    assert count == 2 and not any(name.startswith(grouping.PREFIX) for name in cleaned)
    kept, _, none = forget_in_tracks(arrays, {"labels": [None] * 16}, {"Thor"}, np.empty((0, 128), np.float32))
    assert none == 0 and len([name for name in kept if name.startswith(grouping.PREFIX)]) == 7
