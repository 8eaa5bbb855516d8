"""Decisions as values, applied: each kind, the undo of each, the order of what is merged, and how fast."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import pytest

from personae.media.film import Video
from personae.names_of_today import NamesOfToday
from personae.settings import Settings
from personae.timeline.appearances import Label, build
from personae.timeline.deciding import Applied, apply
from personae.timeline.decision_rows import decision_of, row_of
from personae.timeline.decisions import KINDS, Decision, Decisions, Part, with_ids
from personae.timeline.person import Person, with_names
from personae.timeline.places import Finder, Place, place_of
from personae.timeline.timeline import Shot, Timeline, Track

SECOND = 1000
VIDEO = Video(
    path="/films/film.mov", content_id="sha256:1", stream=0, frame_rate=Fraction(25), time_base=Fraction(1, SECOND),
    variable_rate=False, start_pts=500, duration_pts=100 * SECOND, size_wh=(1000, 500), frames=2500,
    start_timecode=None, drop_frame=False, reel=None,
)  # fmt: skip
THOR, LOKI, HELA = Person("Thor", None, "c1"), Person("Loki", None, "c2"), Person("Hela")
ONE, TWO = Person(unknown=1), Person(unknown=2)


def track(number: int, start_s: float, end_s: float, x: float = 100) -> Track:
    """A face of 100 px at `x`, looked at every half second."""
    start, end = (VIDEO.start_pts + round(at * SECOND) for at in (start_s, end_s))
    looks = range(start, end, SECOND // 2)
    return Track(number, 0, start, end, tuple((pts, x, 100.0, x + 100, 200.0, 0.9) for pts in looks))


TRACKS = (
    track(1, 0, 10), track(2, 0, 10, 500), track(3, 20, 30), track(4, 20, 24, 500), track(5, 40, 50), track(6, 60, 61),
)  # fmt: skip
LABELS = (
    Label("Thor", None, 0.6, 0.9, character_id="c1"), Label(None, 1), Label("Loki", None, 0.6, 0.9, character_id="c2"),
    Label(None, 1), Label(None, 2), Label("Thor", None, 0.6, 0.9, True, character_id="c1"),
)  # fmt: skip


def at(*numbers: int, tracks: Sequence[Track] = TRACKS) -> tuple[Place, ...]:
    return tuple(place_of(one, VIDEO) for one in tracks if one.id in numbers)


def part(who: Person | None, *numbers: int) -> Part:
    return Part(who, at(*numbers))


def journal(*entries: Decision) -> Decisions:
    """Decisions made one after the other, each by a command of its own."""
    made: list[Decision] = []
    for number, one in enumerate(entries):
        stamp = replace(
            one, on=number, request=one.request or f"r{number}", at=one.at or f"2026-01-01T00:00:{number:02}Z"
        )
        made += with_ids([stamp])
    return Decisions(tuple(made), VIDEO.content_id)


def applied(decisions: Decisions, tracks: Sequence[Track] = TRACKS, labels: Sequence[Label] = LABELS) -> Applied:
    return apply(decisions, tracks, labels, VIDEO, [label.unknown for label in labels], 2)


def names(found: Applied) -> list[str]:
    """Per track who it is; an asterisk where a person said so."""
    return [one.name + "*" * (one.decided_by == "person") for one in found.labels]


def timeline(found: Applied, tracks: Sequence[Track] = TRACKS, **settings: float) -> Timeline:
    return build(
        VIDEO, [Shot(500, 100_500)], tracks, found.labels, Settings(**settings),  # type: ignore[arg-type]
        seen=[[(one.start_pts, one.end_pts)] for one in tracks], model={}, facts={}, stated=found.stated,
    )  # fmt: skip


def spans(found: Timeline, name: str) -> list[tuple[float, float, str]]:
    return [
        (VIDEO.seconds(one.start_pts), VIDEO.seconds(one.end_pts), one.seen)
        for one in found.appearances
        if one.name == name
    ]


BEFORE = ["Thor", "Unknown 1", "Loki", "Unknown 1", "Unknown 2", "Thor"]
SAID: dict[str, tuple[Decision, list[str]]] = {
    "a person gets a name wherever they are": (
        Decision("name", (part(ONE, 2),), HELA), ["Thor", "Hela*", "Loki", "Hela", "Unknown 2", "Thor"],
    ),
    "a face gets a name, and no other": (
        Decision("give", (part(ONE, 2),), HELA), ["Thor", "Hela*", "Loki", "Unknown 1", "Unknown 2", "Thor"],
    ),
    "a face is there, and has been found since": (
        Decision("face", (Part(None, part(ONE, 2).places),), HELA), ["Thor", "Hela*", *BEFORE[2:]],
    ),
    "right": (Decision("right", (part(THOR, 1),)), ["Thor*", "Unknown 1", "Loki", "Unknown 1", "Unknown 2", "Thor"]),
    "not": (
        Decision("not", (part(THOR, 1),), Person(unknown=3)),
        ["Unknown 3*", "Unknown 1", "Loki", "Unknown 1", "Unknown 2", "Thor"],
    ),
    "not, about somebody else by now": (Decision("not", (part(HELA, 1),), Person(unknown=3)), BEFORE),
    "not, of another copy": (
        Decision("not", (part(THOR, 1),)), ["Unknown 3*", "Unknown 1", "Loki", "Unknown 1", "Unknown 2", "Thor"],
    ),
    "depicted": (Decision("depicted", (part(THOR, 1),)), BEFORE),
    "alive": (Decision("alive", (part(THOR, 6),)), BEFORE),
    "a stranger": (Decision("stranger", (part(TWO, 5),)), [*BEFORE[:4], "Unknown 2*", "Thor"]),
    "a stranger who had a name": (
        Decision("stranger", (part(LOKI, 3),), Person(unknown=3)), [*BEFORE[:2], "Unknown 3*", *BEFORE[3:]],
    ),
    "no face": (Decision("no_face", (part(TWO, 5),)), [*BEFORE[:4], "*", "Thor"]),
    "merge": (
        Decision("merge", (part(ONE, 2, 4), part(TWO, 5)), ONE),
        ["Thor", "Unknown 1*", "Loki", "Unknown 1*", "Unknown 1*", "Thor"],
    ),
    "merge with a character": (
        Decision("merge", (part(LOKI, 3), part(TWO, 5)), LOKI), [*BEFORE[:2], "Loki*", "Unknown 1", "Loki*", "Thor"],
    ),
    "apart": (Decision("apart", (part(ONE, 2), part(ONE, 4))), [*BEFORE[:3], "Unknown 3*", "Unknown 2", "Thor"]),
    "apart, and they are": (Decision("apart", (part(ONE, 2), part(TWO, 5))), BEFORE),
    "split": (Decision("split", (part(ONE, 4),), Person(unknown=3)), [*BEFORE[:3], "Unknown 3*", "Unknown 2", "Thor"]),
    "trim": (
        Decision("trim", (part(THOR, 1),), span_s=(2.0, 12.0), was_s=(0.0, 10.0), seen_s=(0.0, 10.0)), BEFORE,
    ),
    "add": (Decision("add", (Part(HELA),), span_s=(70.0, 72.0)), BEFORE),
}  # fmt: skip


@pytest.mark.parametrize("said", SAID)
def test_each_kind_says_who_the_tracks_show_and_can_be_undone(said: str) -> None:
    decision, expected = SAID[said]
    made = journal(decision)
    found = applied(made)
    assert names(found) == expected and not found.notes
    undone = made.added(journal(decision, Decision("undo", takes_back=(made.entries[0].id,))).entries)
    assert timeline(applied(undone)) == timeline(applied(Decisions()))
    redone = undone.added(with_ids([Decision("undo", takes_back=(undone.entries[1].id,), request="again")]))
    assert timeline(applied(redone)) == timeline(found), "an undo can be undone"


def test_every_kind_is_tried_and_comes_back_from_its_row() -> None:
    from personae.checks import Fields

    kinds = {decision.kind for decision, _ in SAID.values()}
    assert kinds | {"undo"} == set(KINDS)
    for decision, _ in SAID.values():
        (one,) = journal(replace(decision, by="Ada", box=(1.0, 0.1, 0.1, 0.2, 0.2))).entries
        assert decision_of(Fields(row_of(one))) == one
        assert one.said()


def test_what_is_depicted_and_who_is_a_stranger_is_in_the_timeline() -> None:
    found = timeline(applied(journal(
        Decision("depicted", (part(THOR, 1),)), Decision("stranger", (part(ONE, 2),)),
        Decision("right", (part(THOR, 6),)),
    )))  # fmt: skip
    assert [(one.name, one.depicted) for one in found.appearances if one.character == "Thor"] == [
        ("Thor", True), ("Thor", False),
    ]  # fmt: skip
    assert {one.name for one in found.appearances if one.stranger} == {"Unknown 1"}, "of all their tracks"


def test_no_face_is_listed_nowhere() -> None:
    found = timeline(applied(journal(Decision("no_face", (part(TWO, 5),)))))
    assert all(one.unknown != 2 for one in found.appearances) and all(one.unknown != 2 for one in found.characters)
    assert len(found.tracks) == len(TRACKS)


def test_a_trim_is_exact_and_what_nobody_saw_is_presence_only() -> None:
    decision, _ = SAID["trim"]
    found = timeline(applied(journal(decision)), pad_s=0.5)
    assert spans(found, "Thor")[:2] == [(2.0, 10.0, "face"), (10.0, 12.0, "stated")]
    (totals,) = (one for one in found.characters if one.name == "Thor")
    assert (totals.visible_face_time_s, totals.scene_presence_s) == (8.0, 10.0)
    stated = next(one for one in found.appearances if one.seen == "stated")
    assert (stated.tracks, stated.decided_by, stated.character_id) == ((), "person", "c1")
    shorter = journal(decision, replace(decision, span_s=(3.0, 9.0), was_s=(2.0, 12.0)))
    assert spans(timeline(applied(shorter)), "Thor")[0] == (3.0, 9.0, "face")


def test_what_is_added_is_never_visible_face_time() -> None:
    box = (70.0, 0.1, 0.2, 0.3, 0.4)
    found = timeline(applied(journal(Decision("add", (Part(HELA),), span_s=(70.0, 72.0), box=box),
                                     Decision("add", (part(THOR, 1),), span_s=(8.0, 13.0)))))  # fmt: skip
    (hela,) = (one for one in found.characters if one.name == "Hela")
    assert (hela.visible_face_time_s, hela.scene_presence_s, hela.appearances) == (0.0, 2.0, 1)
    (one,) = (one for one in found.appearances if one.name == "Hela")
    assert one.best_picture is not None and one.best_picture.box == (100.0, 100.0, 300.0, 200.0)
    assert spans(found, "Thor")[:2] == [(0.0, 10.0, "face"), (10.0, 13.0, "stated")], "where the face is, it counts"


def rescanned(*, later_s: float) -> tuple[list[Track], list[Label]]:
    """Another scan: other numbers, tracks cut differently, Thor seen later, and 1 and 2 taken for one person."""
    tracks = [
        track(11, later_s, 10), track(12, 0, 5, 504), track(13, 5, 10, 504), track(14, 20, 30), track(15, 20, 24, 500),
        track(16, 40, 50, 102),
    ]  # fmt: skip
    thor, one = Label("Thor", None, 0.6, 0.9, character_id="c1"), Label(None, 1)
    return tracks, [thor, one, one, Label("Loki", character_id="c2"), one, one]


def test_decisions_are_laid_over_another_scan_and_differences_are_said() -> None:
    trim, _ = SAID["trim"]
    decisions = journal(trim, Decision("add", (part(LOKI, 3),), span_s=(30.0, 33.0)))
    tracks, labels = rescanned(later_s=0.25)
    same = applied(decisions, tracks, labels)
    assert not same.notes, "a quarter of a second is no difference"
    assert spans(timeline(same, tracks), "Thor") == [(2.0, 10.0, "face"), (10.0, 12.0, "stated")]
    assert spans(timeline(same, tracks), "Loki") == [(20.0, 30.0, "face"), (30.0, 33.0, "stated")]
    tracks, labels = rescanned(later_s=4)
    later = applied(decisions, tracks, labels)
    assert spans(timeline(later, tracks), "Thor") == [(2.0, 4.0, "stated"), (4.0, 10.0, "face"), (10.0, 12.0, "stated")]
    (note,) = later.notes
    assert "Thor is there from 2.00 s to 12.00 s" in note and "from 4.0 s to 10.0 s" in note
    gone = applied(decisions, tracks[1:], labels[1:])
    assert spans(timeline(gone, tracks[1:]), "Thor") == [(2.0, 12.0, "stated")]
    assert "no face of Thor" in gone.notes[0]
    found = applied(decisions, [*tracks, track(17, 30, 33)], [*labels, labels[3]])
    assert any("now finds the face" in note for note in found.notes)
    assert ("Loki", 13.0) in [(one.name, one.visible_face_time_s) for one in
                              timeline(found, [*tracks, track(17, 30, 33)]).characters]  # fmt: skip


def test_people_kept_apart_stay_apart_when_another_scan_takes_them_for_one() -> None:
    decisions = journal(Decision("apart", (part(ONE, 2, 4), part(TWO, 5))))
    assert names(applied(decisions)) == BEFORE
    tracks, labels = rescanned(later_s=0)
    found = applied(decisions, tracks, labels)
    assert found.labels[1].unknown == found.labels[4].unknown == 1 and found.labels[5].unknown == 2
    assert found.apart == [(frozenset({1, 4}), frozenset({5}))]
    merge = Decision("merge", (part(ONE, 2), part(TWO, 5)), ONE, request="merge")
    merged = decisions.added(with_ids([merge]))
    refused = applied(merged)
    assert refused.labels[4].unknown == 2 and "different people" in refused.notes[0]


def test_a_merge_can_be_taken_apart_after_the_person_got_a_name() -> None:
    merge, _ = SAID["merge"]
    made = journal(merge, Decision("name", (part(ONE, 2, 4, 5),), HELA))
    assert names(applied(made))[4] == "Hela*"
    apart = made.added(with_ids([Decision("apart", merge.parts, request="apart")]))
    assert names(applied(apart)) == ["Thor", "Hela*", "Loki", "Hela*", "Unknown 2*", "Thor"]


def test_a_statement_follows_the_person_it_is_about() -> None:
    decisions = journal(
        Decision("add", (part(TWO, 5),), span_s=(51.0, 53.0)), Decision("name", (part(TWO, 5),), HELA),
    )  # fmt: skip
    assert spans(timeline(applied(decisions)), "Hela") == [(40.0, 50.0, "face"), (51.0, 53.0, "stated")]


def test_a_statement_stays_with_who_still_has_a_face() -> None:
    added = Decision("add", (part(THOR, 1),), span_s=(80.0, 82.0))
    some = journal(added, Decision("merge", (part(LOKI, 3), part(THOR, 6)), LOKI))
    assert spans(timeline(applied(some)), "Thor") == [(0.0, 10.0, "face"), (80.0, 82.0, "stated")]
    every = journal(added, Decision("merge", (part(LOKI, 3), part(THOR, 1, 6)), LOKI))
    assert not spans(timeline(applied(every)), "Thor") and (80.0, 82.0, "stated") in spans(
        timeline(applied(every)), "Loki"
    )


def test_names_are_those_of_today() -> None:
    decisions = journal(Decision("name", (part(TWO, 5),), LOKI), Decision("not", (part(THOR, 1),), Person(unknown=3)))
    today = NamesOfToday({"c1": "Donner", "c2": "Loge"})
    found = apply(decisions, TRACKS, LABELS, VIDEO, names=today)
    assert [one.name for one in found.labels] == ["Unknown 3", "Unknown 1", "Loge", "Unknown 1", "Loge", "Donner"]
    shown = with_names(timeline(applied(Decisions())), today)
    assert {one.name for one in shown.appearances} >= {"Donner", "Loge"}
    assert [one.name for one in shown.characters][:2] == ["Donner", "Loge"]


def test_the_same_request_is_written_once_and_undone_as_one() -> None:
    both = with_ids([
        Decision("right", (part(THOR, 1),), request="q"), Decision("right", (part(LOKI, 3),), request="q"),
    ])  # fmt: skip
    once = Decisions().added(both)
    assert once.added(both) == once
    assert once.added(with_ids([Decision("right", (part(TWO, 5),), request="q")])) == once, "of a request, nothing more"
    assert once.last_command() == both
    more = once.added(journal(Decision("right", (part(TWO, 5),), request="z")).entries)
    assert [one.request for one in more.last_command()] == ["z"]


def test_what_is_imported_stands_where_it_was_decided() -> None:
    """Of two decisions the later one holds, in whichever file it is; what comes after the import outranks it."""
    ours = journal(
        Decision("name", (part(TWO, 5),), HELA, at="2026-01-01T10:00:00Z"),
        Decision("name", (part(ONE, 2),), HELA, at="2026-01-03T10:00:00Z"),
    )  # fmt: skip
    theirs = journal(
        Decision("name", (part(TWO, 5),), THOR, at="2026-01-02T10:00:00Z", request="a"),
        Decision("name", (part(ONE, 2),), THOR, at="2026-01-02T10:00:00Z", request="b"),
    )  # fmt: skip
    both = ours.added(ours.imported(theirs, request="import"))
    assert names(applied(both))[1] == "Hela*" and names(applied(both))[4] == "Thor*"
    assert both.imported(theirs, request="again") == () and both.imported(ours, request="own") == ()
    assert [one.imported for one in both.last_command()] == ["import"] * 2, "taken back as one"
    late = both.added(journal(Decision("give", (part(TWO, 5),), LOKI, at="2026-01-01T00:00:00Z", request="c")).entries)
    assert names(applied(late))[4] == "Loki*", "said after the import, whatever the clock says"


def test_a_number_of_another_copy_is_not_taken_for_one_of_here() -> None:
    theirs = replace(journal(Decision("split", (part(ONE, 4),), TWO)), content_id="sha256:other")
    both = Decisions(content_id=VIDEO.content_id).added(
        Decisions(content_id=VIDEO.content_id).imported(theirs, request="import")
    )
    assert names(applied(both))[3] == "Unknown 3*", "Unknown 2 is somebody else here"


@pytest.mark.parametrize("seed", range(12))
def test_importing_in_two_halves_is_importing_the_whole(seed: int) -> None:
    rng = random.Random(seed)
    entries: list[Decision] = []
    for number in range(30):
        decision, _ = SAID[rng.choice(sorted(SAID))]
        if entries and rng.random() < 0.2:
            decision = Decision("undo", takes_back=(rng.choice(entries).id,))
        second = number if seed % 2 else rng.randrange(60)  # also clocks that go back
        stamp = replace(decision, on=number, at=f"2026-01-01T00:00:{second:02}Z", request=f"q{number // 3}")
        entries += with_ids([stamp])
    whole = Decisions(tuple(entries), VIDEO.content_id)
    own = journal(*(SAID[rng.choice(sorted(SAID))][0] for _ in range(5)))
    at_once = own.added(own.imported(whole, request="i"))
    half = rng.randrange(30)
    first = own.added(own.imported(replace(whole, entries=whole.entries[:half]), request="i"))
    both = first.added(first.imported(whole, request="i"))
    assert both == at_once
    one, other = applied(both), applied(at_once)
    assert (one.labels, one.stated, one.notes) == (other.labels, other.stated, other.notes)
    start = Decisions(content_id=VIDEO.content_id)
    alone = applied(start.added(start.imported(whole, request="i")))
    assert alone.labels == applied(whole).labels, "an import alone keeps the order of its file"


def test_a_long_film_takes_milliseconds() -> None:
    """Two hours: 6,720 tracks and 500 decisions."""
    count = 6720
    tracks = [track(number, number * 0.014, number * 0.014 + 1, 100 * (number % 8)) for number in range(1, count)]
    labels = [Label(None, number % 40 + 1) for number in range(1, count)]
    rng = random.Random(0)
    places = [place_of(rng.choice(tracks), VIDEO) for _ in range(500)]
    made = journal(*(Decision("give", (Part(None, (place,)),), THOR) for place in places))
    best = min(_seconds(made, tracks, labels) for _ in range(3))
    assert best < 1.0, "far more than it takes, for slow machines; a scan of all tracks per place takes ten times that"


def _seconds(made: Decisions, tracks: Sequence[Track], labels: Sequence[Label]) -> float:
    start = time.process_time()
    found = apply(made, tracks, labels, VIDEO)
    assert sum(one.character == "Thor" for one in found.labels) > 400
    return time.process_time() - start


def test_the_finder_finds_what_looking_at_all_tracks_finds() -> None:
    rng = random.Random(1)
    tracks = [
        track(number, start := rng.uniform(0, 90), start + rng.choice((0.2, 1, 8)), rng.choice((0, 40, 300)))
        for number in range(200)
    ]
    finder = Finder(tracks, VIDEO)
    for one in tracks:
        found = finder.find(place_of(one, VIDEO))
        assert found is not None and tracks[found].boxes[0][1] == one.boxes[0][1]
    assert finder.find((95.0, 0.9, 0.9, 1.0, 1.0)) is None
