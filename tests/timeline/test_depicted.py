"""Faces on pictures in the picture: decided by a person before all, over a whole thing, and said per name."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from personae.cli import cli
from personae.errors import TooNewError
from personae.exports.registry import exporters
from personae.films import journal
from personae.films.film_files import FilmFiles
from personae.media.film_file import CUT_SHORT
from personae.project.recognizer import CharacterRecognizer
from personae.settings import Settings
from personae.timeline import native
from personae.timeline.appearances import Label, build
from personae.timeline.deciding import apply
from personae.timeline.decision_rows import OLD_SCHEMA
from personae.timeline.decisions import Decision, Decisions, Part
from personae.timeline.depicted import left_out, of_one_kind
from personae.timeline.person import Person
from personae.timeline.places import place_of
from personae.timeline.selection import of_names, without_depicted, without_unknown
from personae.timeline.timeline import Depicted, Shot, Timeline, Track
from tests import naming
from tests.drawn_films import drawn_film, drawn_recognizer, held, scene
from tests.film_maker import Pixels
from tests.scanning import relabel, scan_film
from tests.timelines import film as timeline_of


def draw(n: int) -> Pixels:
    """Thor lives for two seconds, then a photo of him and one of a stranger are held there for three."""
    if n < 50:
        return scene(1, [("Thor", 80, 120, 64)], take=n // 4 % 7)
    return held(held(scene(2, []), "Thor", 230, 120, 64, n), "nobody", 80, 110, 64, n + 9)


@pytest.fixture(scope="module")
def recognizer(tmp_path_factory: pytest.TempPathFactory) -> CharacterRecognizer:
    return drawn_recognizer(tmp_path_factory.mktemp("drawn"))


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn_film(tmp_path_factory.mktemp("film") / "film.mp4", draw, 125)


@pytest.fixture
def files(recognizer: CharacterRecognizer, film: Path, tmp_path: Path) -> FilmFiles:
    return scan_film(film, recognizer, tmp_path).files


def pictures(timeline: Timeline) -> dict[str, list[bool]]:
    """Per name whether each of its appearances is depicted, in film order."""
    names = dict.fromkeys(one.name for one in timeline.appearances)
    return {name: [one.depicted for one in timeline.appearances if one.name == name] for name in names}


def visible(timeline: Timeline) -> dict[str, float]:
    return {one.name: round(one.visible_face_time_s, 2) for one in timeline.characters}


def number(timeline: Timeline, name: str, *, depicted: bool) -> str:
    return str(next(one.id for one in timeline.appearances if one.name == name and one.depicted == depicted))


def test_what_was_left_out_is_said_per_name(files: FilmFiles) -> None:
    timeline = native.read(files.timeline)
    assert pictures(timeline) == {"Thor": [False, True], "Unknown 1": [True]} and visible(timeline) == {"Thor": 2.0}
    lines = ["Thor: 3.0 s on pictures, not counted", "Unknown 1: 3.0 s on pictures, not counted"]
    assert left_out(timeline) == left_out(without_depicted(timeline)) == lines
    assert left_out(of_names(timeline, ["Unknown 1"])) == lines[1:] and left_out(without_unknown(timeline)) == lines[:1]
    for shown in (timeline, without_depicted(timeline)):
        report, methods = (exporters()[name].export(shown).decode() for name in ("report", "methods"))
        assert all(line in methods for line in lines)
        assert all(line.replace("3.0 s", "0:00:03.0") in report for line in lines), "in the one way of a page"
    many = replace(timeline, depicted=tuple(Depicted(None, n, 0.5, 1) for n in range(1, 6)))
    assert left_out(many) == ["5 unknown people: 2.5 s on pictures, not counted"]


def test_an_earlier_timeline_is_summed_up_too(files: FilmFiles) -> None:
    document = json.loads(files.timeline.read_text())
    summed = document.pop("depicted")
    assert [row["depicted_s"] for row in summed] == [3.0, 3.0]
    assert left_out(native.from_json(document)) == left_out(native.read(files.timeline))


def test_whom_a_person_names_or_confirms_is_alive(
    files: FilmFiles, recognizer: CharacterRecognizer, film: Path
) -> None:
    named = naming.name_person(files.timeline, "Unknown 1", "Hela")
    assert pictures(named) == {"Thor": [False, True], "Hela": [False]} and visible(named)["Hela"] == 3.0
    again = scan_film(film, recognizer, files.folder, fresh=True).timeline
    assert pictures(again) == pictures(named) == pictures(relabel(files.timeline, Settings()))
    wrong = naming.name_person(files.timeline, number(again, "Thor", depicted=True), None)
    assert not any(one.depicted for one in wrong.appearances), "a person looked at it, and did not say picture"
    naming.undo(files.timeline)
    undone, _ = naming.undo(files.timeline)
    assert list(pictures(undone).values()) == [[False, True], [True]]


def test_a_person_says_alive_or_depicted(
    files: FilmFiles, recognizer: CharacterRecognizer, film: Path, tmp_path: Path
) -> None:
    before = native.read(files.timeline)
    alive = naming.mark_depicted(files.timeline, number(before, "Thor", depicted=True), False, author="Ada")
    assert pictures(alive)["Thor"] in ([False], [False, False]) and visible(alive)["Thor"] == 5.0
    assert {one.decided_by for one in alive.appearances} == {"model"}, "nobody said who it is"
    row = json.loads(files.decisions.read_text().splitlines()[1])
    assert (row["kind"], row["parts"][0]["who"]["character"], row["by"]) == ("alive", "Thor", "Ada")
    assert pictures(scan_film(film, recognizer, files.folder, fresh=True).timeline) == pictures(alive)
    depicted = naming.mark_depicted(files.timeline, "Thor", True)
    assert set(pictures(depicted)["Thor"]) == {True} and "Thor" not in visible(depicted)
    other = scan_film(film, recognizer, tmp_path / "copy", edits=files.decisions).timeline
    assert pictures(other) == pictures(depicted)
    assert naming.undo(files.timeline)[0].appearances == alive.appearances
    back, last = naming.undo(files.timeline)
    assert [one.kind for one in last] == ["alive"] and pictures(back) == pictures(before)


def test_a_name_does_not_bring_to_life_what_a_person_called_a_picture(files: FilmFiles) -> None:
    naming.mark_depicted(files.timeline, "Unknown 1", True)
    named = naming.name_person(files.timeline, "Unknown 1", "Hela")
    assert pictures(named)["Hela"] == [True] and left_out(named)[0] == "Hela: 3.0 s on pictures, not counted"
    assert "depicted, decided by a person" in exporters()["sheet"].export(named).decode()


def test_a_short_part_that_a_person_decided_about_is_not_left_out(files: FilmFiles) -> None:
    strict = Settings(min_unknown_s=4.0)
    assert "Unknown 1" not in pictures(relabel(files.timeline, strict))
    relabel(files.timeline, Settings())
    naming.mark_depicted(files.timeline, "Unknown 1", False)
    assert pictures(relabel(files.timeline, strict))["Unknown 1"] == [False]


@pytest.mark.parametrize(("decision", "expected"), [("right", [False, False]), ("alive", [False, False]),
                                                    ("depicted", [True, True])])  # fmt: skip
def test_a_contact_sheets_decisions(
    decision: str, expected: list[bool], files: FilmFiles, recognizer: CharacterRecognizer, film: Path
) -> None:
    timeline = native.read(files.timeline)
    one = next(one for one in timeline.appearances if one.name == "Thor" and one.depicted == (decision != "depicted"))
    assert one.best_picture is not None
    row = {
        "appearance": one.id, "tracks": list(one.tracks), "character": "Thor", "unknown": None,
        "start_pts": one.start_pts, "end_pts": one.end_pts, "pts": one.best_picture.pts,
        "t_s": timeline.video.seconds(one.best_picture.pts), "box": list(one.best_picture.box), "decision": decision,
    }  # fmt: skip
    sheet = files.folder / "sheet.json"
    sheet.write_text(json.dumps({"schema": OLD_SCHEMA, "film": {"size": timeline.video.size_wh}, "edits": [row]}))
    found = scan_film(film, recognizer, files.folder / "copy", edits=sheet).timeline
    assert set(pictures(found)["Thor"]) == set(expected) and pictures(found)["Unknown 1"] == [True]
    copy = FilmFiles.of(files.folder / "copy" / "film.timeline.json")
    assert [one.kind for one in journal.read(copy, timeline.video).entries] == [decision]


def test_an_appearance_on_a_sheet_is_not_the_poster_beside_it(recognizer: CharacterRecognizer, tmp_path: Path) -> None:
    """Thor stands beside his poster: what is said of one does not hold for the other."""

    def beside(n: int) -> Pixels:
        return held(scene(1, [("Thor", 80, 120, 64)], take=n // 4 % 7), "Thor", 235, 120, 64, n)

    path = drawn_film(tmp_path / "film.mp4", beside, 75)
    timeline = scan_film(path, recognizer, tmp_path).timeline
    # Two faces of one person at once are named only where both are far above what is asked.
    assert sorted(kind for own in pictures(timeline).values() for kind in own) == [False, True]
    poster = next(one for one in timeline.appearances if one.depicted)
    place = place_of(timeline.tracks[poster.tracks[0] - 1], timeline.video)
    decisions = Decisions((Decision("right", (Part(Person("Thor"), (place,)),), span_s=(0.0, 3.0)),))
    labels = [Label("Thor", depicted=False), Label("Thor", depicted=True)]
    tracks = [replace(track, id=at) for at, track in enumerate(timeline.tracks, 1)]
    if tracks[0].id in poster.tracks:
        labels.reverse()
    final = apply(decisions, tracks, labels, timeline.video).labels
    assert sorted(label.decided_by for label in final) == ["model", "person"]


def test_an_unknown_decision_is_of_a_newer_version(files: FilmFiles) -> None:
    naming.mark_depicted(files.timeline, "Thor", True)
    header, row = map(json.loads, files.decisions.read_text().splitlines())
    assert header["schema"] == "personae/decisions/1"
    row["kind"] = "asleep"
    files.decisions.write_text(f"{json.dumps(header)}\n{json.dumps(row)}\n")
    kept = files.decisions.read_bytes()
    with pytest.raises(TooNewError, match="'asleep'"):
        naming.name_person(files.timeline, "Thor", "Loki")
    assert files.decisions.read_bytes() == kept


def test_the_commands_say_it(files: FilmFiles, film: Path, recognizer: CharacterRecognizer) -> None:
    def run(*arguments: str) -> str:
        done = CliRunner().invoke(cli, arguments)
        assert done.exit_code == 0, done.output
        return done.output

    where = ("--timeline", str(files.timeline))
    assert "Unknown 1 is alive: counted" in run("name", "Unknown 1", "--alive", *where)
    assert "taken back: Unknown 1 is alive" in run("name", "--undo", *where)
    said = run("name", "1", "--depicted", *where)
    assert "appearance 1 is on a picture: not counted" in said and "Thor: 5.0 s on pictures, not counted" in said
    fakes = ("--detector", "fake", "--embedder", "fake", "--project", str(recognizer.project.folder))
    shown = run("scan", str(film), "--out", str(files.folder), *fakes)
    assert "Thor: 5.0 s on pictures, not counted" in shown and "personae name WHO --alive" in shown
    for both in (("Thor", "Hela", "--alive"), ("Thor", "--alive", "--depicted"), ("--undo", "--alive"), ("Thor",)):
        assert CliRunner().invoke(cli, ["name", *both, *where]).exit_code == 2


BOX = (100.0, 100.0, 160.0, 160.0)


def track(at: int, start: int, end: int, box: tuple[float, float, float, float] = BOX) -> Track:
    return Track(at, 0, start, end, ((start, *box, 0.9), (end - 1, *box, 0.9)))


def test_parts_of_one_thing_are_of_one_kind() -> None:
    """Of a poster whose track was cut, the short part does not tell; the long one does, wherever it comes."""
    video = timeline_of().video
    second = round(1 / video.time_base)
    parts = [track(1, 0, second), track(2, second, 9 * second), track(3, 10 * second, 11 * second)]
    for flags in ([False, True, False], [True, False, True]):
        labels = [Label("Thor", depicted=flag) for flag in flags]
        assert [label.depicted for label in of_one_kind(labels, parts, video)] == [flags[1]] * 3
        timeline = build(
            video, [Shot(0, video.duration_pts)], parts, of_one_kind(labels, parts, video), Settings(),
            seen=[[(one.start_pts, one.end_pts)] for one in parts], model={}, facts={},
        )  # fmt: skip
        assert {one.depicted for one in timeline.appearances} == {flags[1]}
        assert visible(timeline) == ({} if flags[1] else {"Thor": 10.0})


def test_what_is_not_one_thing_stays_apart() -> None:
    video = timeline_of().video
    second = round(1 / video.time_base)
    elsewhere = (600.0, 100.0, 660.0, 160.0)
    living, poster = Label("Thor"), Label("Thor", depicted=True)
    for other in (track(2, second, 9 * second, elsewhere), track(2, 4 * second, 9 * second), track(2, 0, 9 * second)):
        found = of_one_kind([living, poster], [track(1, 0, second), other], video)
        assert [label.depicted for label in found] == [False, True]
    said = replace(living, depicted_by="person")
    assert of_one_kind([said, poster], [track(1, 0, second), track(2, second, 9 * second)], video)[0] == said


def test_a_film_that_is_cut_short_is_said_where_people_read() -> None:
    timeline = timeline_of()
    second = round(1 / timeline.video.time_base)
    cut = replace(timeline, gaps=((90 * second, 120 * second, CUT_SHORT),))
    told = "The film is cut short: {} are missing from {} on."
    lengths = {"report": ("0:00:30.0", "0:01:30.0"), "methods": ("30.0 s", "90.0 s")}
    for name in ("report", "methods"):
        sentence = told.format(*lengths[name])
        assert sentence in exporters()[name].export(cut).decode()
        assert "cut short" not in exporters()[name].export(replace(timeline, gaps=((0, second, "damaged"),))).decode()
