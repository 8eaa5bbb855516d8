"""What somebody says becomes decisions: by name, by number, of one appearance; and each can be written and undone."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from personae.errors import InputError, UnknownCharacterError
from personae.films import journal, say
from personae.films.film_files import FilmFiles
from personae.films.maker import NEW_UNKNOWN, Maker
from personae.films.tracks_file import load_tracks
from personae.names_of_today import NamesOfToday
from personae.settings import Settings
from personae.timeline import native
from personae.timeline.decisions import Decision
from personae.timeline.person import Person
from personae.timeline.timeline import Timeline
from tests import naming
from tests.scanning import relabel

SAMPLE = Path(__file__).parent.parent / "samples" / "film-1"
Make = Callable[[Maker], tuple[Decision, ...]]


@pytest.fixture
def files(tmp_path: Path) -> FilmFiles:
    """A film that version 1 scanned: Thor and Loki, each with the same stranger; nothing decided."""
    shutil.copytree(SAMPLE, tmp_path / "out")
    found = FilmFiles(tmp_path / "out", "film")
    found.edits.unlink()
    relabel(found.timeline, Settings())
    return found


def maker(files: FilmFiles, by: str = "Ada", request: str = "") -> Maker:
    timeline = native.read(files.timeline)
    return Maker(timeline, load_tracks(files.tracks), journal.read(files, timeline.video), by, request)


def who(timeline: Timeline) -> list[str]:
    return sorted(one.name + "*" * (one.decided_by == "person") for one in timeline.appearances)


MADE: dict[str, tuple[Make, str, list[str]]] = {
    "name": (lambda film: film.name("Unknown 1", "Hela"), "name", ["Hela*", "Loki", "Thor"]),
    "name, in other letters": (lambda film: film.name("unknown 1", "Hela"), "name", ["Hela*", "Loki", "Thor"]),
    "a character called new": (lambda film: film.name("Unknown 1", "new"), "name", ["Loki", "Thor", "new*"]),
    "a person": (lambda film: film.name(Person(unknown=1), Person("Hela")), "name", ["Hela*", "Loki", "Thor"]),
    "give": (lambda film: film.name(1, "Hela"), "give", ["Hela*", "Loki", "Unknown 1"]),
    "a new unknown": (lambda film: film.name("Thor", NEW_UNKNOWN), "name", ["Loki", "Unknown 1", "Unknown 3*"]),
    "confirm": (lambda film: film.confirm("Thor"), "right", ["Loki", "Thor*", "Unknown 1"]),
    "reject": (lambda film: film.reject("Thor"), "not", ["Loki", "Unknown 1", "Unknown 3*"]),
    "alive": (lambda film: film.mark("Thor", depicted=False), "alive", ["Loki", "Thor", "Unknown 1"]),
    "depicted": (lambda film: film.mark("Thor", depicted=True), "depicted", ["Loki", "Thor", "Unknown 1"]),
    "stranger": (lambda film: film.stranger("Unknown 1"), "stranger", ["Loki", "Thor", "Unknown 1*"]),
    "stranger with a name": (lambda film: film.stranger("Thor"), "stranger", ["Loki", "Unknown 1", "Unknown 3*"]),
    "no face": (lambda film: film.no_face("Unknown 1"), "no_face", ["Loki", "Thor"]),
    "merge": (lambda film: film.merge(["Unknown 1", "Loki"]), "merge", ["Loki*", "Thor"]),
    "merge by naming": (lambda film: film.name("Loki", "Unknown 1"), "merge", ["Thor", "Unknown 1*"]),
    "apart": (lambda film: film.keep_apart("Unknown 1", "Loki"), "apart", ["Loki", "Thor", "Unknown 1"]),
    "split": (lambda film: film.split(1), "split", ["Loki", "Unknown 1", "Unknown 3*"]),
    "trim": (lambda film: film.trim("Thor", end_s=0.8), "trim", ["Loki", "Thor", "Unknown 1"]),
    "add": (lambda film: film.add("Thor", 1.5, 2.0), "add", ["Loki", "Thor", "Thor*", "Unknown 1"]),
    "add whom nobody has seen": (
        lambda film: film.add("Odin", 1.5, 2.0), "add", ["Loki", "Odin*", "Thor", "Unknown 1"],
    ),
    "add in one picture": (
        lambda film: film.add("Thor", 1.5, box=(10, 10, 40, 40)), "add", ["Loki", "Thor", "Thor*", "Unknown 1"],
    ),
    "add a new unknown": (
        lambda film: film.add(NEW_UNKNOWN, 1.5, 2.0), "add", ["Loki", "Thor", "Unknown 1", "Unknown 3*"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("said", MADE)
def test_what_is_said_is_in_the_timeline_and_can_be_taken_back(files: FilmFiles, said: str) -> None:
    make, kind, expected = MADE[said]
    before = native.read(files.timeline)
    after = naming.decide(files.timeline, make, "Ada")
    (one,) = journal.read(files, before.video).entries
    assert (one.kind, one.by, one.on) == (kind, "Ada", 0) and one.at.endswith("Z") and one.request and one.id
    assert who(after) == expected
    assert native.read(files.timeline) == native.loads(native.dumps(after))
    back, last = naming.undo(files.timeline)
    assert native.loads(native.dumps(back)) == before
    assert [each.id for each in last] == [one.id]
    assert naming.undo(files.timeline)[1] == (), "nothing is left to take back"


def test_trims_and_additions_are_exact_and_of_the_films_time(files: FilmFiles) -> None:
    trimmed = naming.decide(files.timeline, lambda film: film.trim("Thor", 0.2, 0.84))
    video = trimmed.video
    (thor,) = (one for one in trimmed.appearances if one.name == "Thor")
    assert (video.seconds(thor.start_pts), video.seconds(thor.end_pts), thor.seen) == (0.2, 0.84, "face")
    longer = naming.decide(files.timeline, lambda film: film.trim("Thor", end_s=1.4))
    found = [(video.seconds(one.start_pts), video.seconds(one.end_pts), one.seen)
             for one in longer.appearances if one.name == "Thor"]  # fmt: skip
    assert found == [(0.2, 1.2, "face"), (1.2, 1.4, "stated")]
    (totals,) = (one for one in longer.characters if one.name == "Thor")
    assert totals.visible_face_time_s == pytest.approx(1.0) and totals.scene_presence_s == pytest.approx(1.2)


def test_one_undo_takes_back_all_that_one_command_did(files: FilmFiles) -> None:
    film = maker(files, request="both")
    before = native.read(files.timeline)
    first = film.reject("Thor")
    second = film.after(first).reject("Loki")
    journal.append(files, before.video, first + second)
    numbers = [one.to.unknown for one in (*first, *second) if one.to is not None]
    assert numbers == [3, 2], "each a person of their own; Loki was Unknown 2 before"
    assert film.after(first).split("Thor")[0].to == Person(unknown=4), "a number is given once"
    assert len(journal.append(files, before.video, maker(files, request="both").reject("Thor")).entries) == 2
    again = naming.decide(files.timeline, lambda film: film.undo())
    assert native.loads(native.dumps(again)) == before


def test_an_old_decision_can_be_taken_back_by_its_id(files: FilmFiles) -> None:
    naming.name_person(files.timeline, "Thor", "Donner")
    naming.name_person(files.timeline, "Loki", "Loge")
    first, _ = journal.read(files, native.read(files.timeline).video).entries
    assert who(naming.decide(files.timeline, lambda film: film.undo([first.id]))) == ["Loge*", "Thor", "Unknown 1"]
    undo = journal.read(files, native.read(files.timeline).video).entries[-1]
    assert who(naming.decide(files.timeline, lambda film: film.undo([undo.id])))[0] == "Donner*", "the undo is undone"
    with pytest.raises(InputError, match="no decision 'x'"):
        maker(files).undo(["x"])


def test_a_merge_is_taken_apart_and_its_parts_stay_so(files: FilmFiles) -> None:
    naming.decide(files.timeline, lambda film: film.merge(["Loki", "Unknown 1"]))
    merged = naming.name_person(files.timeline, "Loki", "Loge")
    assert who(merged) == ["Loge*", "Thor"]
    merge = journal.read(files, merged.video).entries[0].id
    apart = naming.decide(files.timeline, lambda film: film.take_apart(merge))
    assert who(apart) == ["Loge*", "Thor", "Unknown 1*"]
    with pytest.raises(InputError, match="different people"):
        maker(files).merge(["Loge", "Unknown 1"])
    with pytest.raises(InputError, match="no merge 'x'"):
        maker(files).take_apart("x")
    naming.undo(files.timeline)
    maker(files).confirm("Loge")


def test_a_rejected_face_gets_its_number_back(files: FilmFiles) -> None:
    naming.name_person(files.timeline, "Unknown 1", "Hela")
    (one,) = maker(files).reject("Hela")
    assert one.to == Person(unknown=1), "not a new one for whom we know"


def test_ids_of_characters_are_written_down(files: FilmFiles) -> None:
    today = NamesOfToday({"c7": "Hela"})
    (one,) = replace(maker(files), names=today).name("Unknown 1", "Hela")
    assert one.to == Person("Hela", None, "c7")
    timeline = naming.decide(files.timeline, lambda film: replace(film, names=today).name("Unknown 1", "Hela"))
    assert {one.character_id for one in timeline.appearances if one.name == "Hela"} == {"c7"}
    assert {one.character_id for one in native.read(files.timeline).characters if one.name == "Hela"} == {"c7"}
    (again,) = maker(files).name("Loki", "Hela")
    assert again.to == Person("Hela", None, "c7"), "known from the timeline"


WRONG: dict[str, tuple[Make, str]] = {
    "nobody": (lambda film: film.name("Odin", "Thor"), r"Nobody is called 'Odin'.*There are: Thor, Unknown 1, Loki\.$"),
    "nearly": (lambda film: film.name("Thro", "Thor"), r"Did you mean Thor\?"),
    "no such number": (lambda film: film.name("Unknown 9", "Thor"), "Nobody is called 'Unknown 9'"),
    "no such appearance": (lambda film: film.name(99, "Thor"), "Nobody is called '99'"),
    "into nobody": (lambda film: film.name("Thor", "Unknown 9"), "Nobody is called 'Unknown 9'"),
    "no name": (lambda film: film.name("Thor", " "), "no name for a character"),
    "one to merge": (lambda film: film.merge(["Thor"]), "two or more"),
    "two characters": (lambda film: film.merge(["Thor", "Loki"]), "two characters"),
    "backwards": (lambda film: film.trim("Thor", 1.0, 0.5), "nothing of the film"),
    "outside": (lambda film: film.add("Thor", 50, 60), "nothing of the film"),
    "no number": (lambda film: film.add("Thor", float("nan"), 1), "seconds"),
    "no end": (lambda film: film.add("Thor", 1), "box of one picture"),
    "no box": (lambda film: film.add("Thor", 1, box=(5, 5, 1, 9)), "no box"),
    "three sides": (lambda film: film.add("Thor", 0, 1, (1, 2, 3)), "no box"),  # type: ignore[arg-type]
    "far off the picture": (lambda film: film.add("Thor", 0, 1, (0, 0, 1e9, 10)), "no box"),
    "a text for seconds": (lambda film: film.add("Thor", "0", 1), "seconds"),  # type: ignore[arg-type]
    "an endless number": (lambda film: film.add("Thor", 0, 10**400), "seconds"),
    "less than one": (lambda film: film.name("Thor", Person(unknown=0)), "Nobody is called 'Unknown 0'"),
    "a number below": (lambda film: film.merge(["Thor", "Loki"], Person(unknown=-3)), "Nobody is called 'Unknown -3'"),
    "an empty id": (lambda film: film.name("Thor", Person("A", None, "")), "no character's id"),
    "an id of another kind": (lambda film: film.name("Thor", Person("A", None, 5)), "id"),  # type: ignore[arg-type]
    "add a person without a name": (lambda film: film.add(Person(""), 0, 1), "no name for a character"),
    "add a person of two lines": (lambda film: film.add(Person("a\0b\n"), 0, 1), "no name for a character"),
    "add one called unknown": (lambda film: film.add(Person("Unknown 4"), 0, 1), "no name for a character"),
    "none": (lambda film: film.confirm(None), "None says nobody"),  # type: ignore[arg-type]
    "true": (lambda film: film.confirm(True), "True says nobody"),
    "to none": (lambda film: film.name("Thor", None), "None is nobody's name"),  # type: ignore[arg-type]
    "add an unknown who is nobody": (lambda film: film.add("Unknown 7", 1, 2), "Nobody is called"),
}  # fmt: skip


@pytest.mark.parametrize("said", WRONG)
def test_what_cannot_be_said_is_refused_in_a_sentence(files: FilmFiles, said: str) -> None:
    make, message = WRONG[said]
    with pytest.raises(InputError, match=message) as caught:
        make(maker(files))
    assert isinstance(caught.value, UnknownCharacterError) == ("Nobody" in str(caught.value))
    assert not files.decisions.exists()


def test_a_span_may_be_longer_than_any_film(files: FilmFiles) -> None:
    video = native.read(files.timeline).video
    (one,) = maker(files).trim(1, -1e300, 1e308)
    assert one.span_s is not None and list(one.span_s) == pytest.approx([0.0, video.duration_s])


def test_a_number_that_was_made_up_is_not_counted_on(files: FilmFiles) -> None:
    (one,) = maker(files).name("Unknown 1", "Hela")
    journal.append(files, native.read(files.timeline).video, [replace(one, to=Person(unknown=999_999_999))])
    assert "Unknown 999999999*" in who(naming.decide(files.timeline, lambda film: film.name("Thor", NEW_UNKNOWN)))
    assert "Unknown 3*" in who(relabel(files.timeline, Settings()))


def test_a_request_of_any_text_is_written_once(files: FilmFiles) -> None:
    with naming.film_at(files.timeline) as film:
        first = film.decide(say.confirm("Thor"), request="a\udcff")
        again = film.decide(say.confirm("Loki"), request="a\udcff")
        assert again.decisions == first.decisions == film.decisions.entries


def test_a_film_of_version_1_opens_with_what_was_decided(tmp_path: Path) -> None:
    shutil.copytree(SAMPLE, tmp_path / "out")
    files = FilmFiles(tmp_path / "out", "film")
    before = native.read(files.timeline)
    assert who(before) == ["Hela*", "Thor", "Unknown 2*"]
    assert [one.unknown for one in before.appearances if one.character is None] == [2]
    scanned = load_tracks(files.tracks)
    assert scanned.unknown.count(2) == 1 and scanned.unknowns_used == 2 and scanned.labels[1].unknown == 1
    again = relabel(files.timeline, Settings())
    assert who(again) == who(before)
    assert files.timeline.read_text().startswith('{"schema": "personae/timeline/2"')
    assert load_tracks(files.tracks).unknown[1] == 1, "the person is remembered as whom the machine took them for"
    thor = naming.name_person(files.timeline, "Unknown 2", "Loki")
    assert who(thor) == ["Hela*", "Loki*", "Thor"] and not files.edits.exists()
    assert [one.kind for one in journal.read(files, thor.video).entries] == ["name", "not", "depicted", "name"]
    for _ in range(4):
        back, _ = naming.undo(files.timeline)
    assert who(back) == ["Loki", "Thor", "Unknown 1"], "also what version 1 wrote"
