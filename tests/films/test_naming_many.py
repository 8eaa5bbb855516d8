"""Naming many people at once: from words and from tables, all of it or nothing; the log, and each taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from personae.errors import CastError, InputError
from personae.films.decision_log import entries_of, take_back_one
from personae.films.media import Media
from personae.films.names_table import Wanted, read_table
from personae.films.naming_many import Plan, plan, split_pair
from personae.films.photo_set import PhotoSet
from personae.project.session import Project
from tests.drawn_films import drawn_film, scene
from tests.films.test_naming import SETTINGS, draw

DAYS = {"beach": (("Thor", "Odin"), ("Odin",)), "party": (("Loki", "Hela"), ("Hela",))}
"""Two sets: Unknown 1 and 2 of each are Thor and Odin, Loki and Hela."""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.setattr("personae.recognition.calibration.STRANGERS", 2000, raising=False)
    with Project.open(tmp_path / "project", settings=SETTINGS) as opened:
        for day, photos in DAYS.items():
            for number, people in enumerate(photos):
                draw(tmp_path / day / f"{number}.png", people, number + 1)
            opened.photos.keep(tmp_path / day)
        yield opened


def planned(project: Project, *wanted: Wanted | str, only: tuple[str, ...] = ()) -> Plan:
    media = Media(project.films, project.photos)
    given = [Wanted(*split_pair(one), where=one) if isinstance(one, str) else one for one in wanted]
    return plan(project.people, media, [media.find(name) for name in only], given)


def names(project: Project, day: str) -> list[str]:
    return [face.name for photo in project.photos[day].photos for face in photo.faces]


def entries(project: Project) -> int:
    return sum(len(kept.decisions.entries) for kept in project.photos)


def number_of(project: Project, day: str, face: int) -> str:
    """How a face of an untouched set is called: sets may count their people on from each other."""
    return names(project, day)[face]


def test_people_of_several_sets_are_named_by_one_command_and_taken_back_by_one(project: Project) -> None:
    made = planned(
        project,
        f"{number_of(project, 'beach', 1)} of beach=Odin", f"{number_of(project, 'party', 1)} of Party=Hela",
        f"{number_of(project, 'party', 0)} of party=.s",
    )  # fmt: skip
    assert entries(project) == 0, "nothing is written down by checking"
    request, learnt = made.carry_out(by="Ada")
    assert names(project, "beach") == ["Unknown 1", "Odin", "Odin"] and names(project, "party")[1:] == ["Hela", "Hela"]
    assert learnt == 4 and project.cast.characters() == {"Hela": 2, "Odin": 2}
    assert {(one.request, one.by) for kept in project.photos for one in kept.decisions.entries} == {(request, "Ada")}
    assert project.photos["party"].faces[0].stranger
    project.people.undo()
    assert names(project, "beach")[1] == "Unknown 2" and project.cast.characters() == {}
    assert not project.photos["party"].faces[0].stranger


def test_where_one_cannot_be_named_nobody_is_and_each_is_told(project: Project) -> None:
    with pytest.raises(CastError) as error:
        planned(
            project, f"{number_of(project, 'beach', 0)} of beach=Thor", "Unknown 9 of beach=Odin", "Nobody=X",
            "Unknown 1 of sea=Thor", f"{number_of(project, 'beach', 1)} of beach=Unknown 77",
            f"{number_of(project, 'beach', 1)} of beach=.z",
        )  # fmt: skip
    told = error.value.lines
    assert len(told) == 6 and "Nothing was named" in told[0]
    for line, words in zip(
        told[1:],
        ("Unknown 9 of beach=Odin: ", "Nobody=X: ", "sea is none of", "Unknown 77", ".z says nothing"),
        strict=True,
    ):
        assert words in line
    assert entries(project) == 0


def test_one_person_gets_one_name(project: Project) -> None:
    who = f"{number_of(project, 'beach', 0)} of beach"
    with pytest.raises(CastError, match="cannot be Thor and Odin"):
        planned(project, f"{who}=Thor", f"{who.upper().replace('OF BEACH', 'of beach')}=Odin")
    planned(project, f"{who}=Thor", f"{who}=Thor").carry_out()
    assert names(project, "beach")[0] == "Thor"


def test_a_number_that_a_film_and_a_set_have_is_not_guessed(project: Project, tmp_path: Path) -> None:
    drawn_film(tmp_path / "ep1.mkv", lambda number: scene(1, [("Sif", 90, 120, 80)]), 30)
    with project.films.scan(tmp_path / "ep1.mkv"):
        pass
    with pytest.raises(CastError, match='Say which: "Unknown 1 of ep1" or "Unknown 1 of beach"'):
        planned(project, "Unknown 1=Thor")
    planned(project, "Unknown 1=Thor", only=("beach",)).carry_out(learn=False)
    assert names(project, "beach")[0] == "Thor"
    assert [one.name for one in project.films["ep1"].timeline.appearances] == ["Unknown 1"]


def test_somebody_with_a_name_is_meant_wherever_they_are(project: Project) -> None:
    planned(project, *(f"{number_of(project, day, 0)} of {day}=Thr" for day in DAYS)).carry_out(learn=False)
    planned(project, "Thr=Thor", "0.png#2=Odin", only=("beach",)).carry_out(learn=False)
    assert names(project, "beach") == ["Thor", "Odin", "Unknown 2"] and names(project, "party")[0] == "Thr"
    planned(project, "Thr=Loki").carry_out(learn=False)
    assert names(project, "party")[0] == "Loki"


def test_warnings_are_known_before_anything_is_written_down(project: Project) -> None:
    planned(project, f"{number_of(project, 'beach', 1)} of beach=Odin").carry_out(learn=False)
    before = entries(project)
    made = planned(project, f"{number_of(project, 'beach', 0)} of beach=Odin")
    assert "both would be Odin" in made.warnings[0] and entries(project) == before


@pytest.mark.parametrize(
    ("word", "pair"),
    [
        ("Unknown 1=Monica", ("Unknown 1", "Monica")),
        (" unknown 1 = Monica Geller ", ("unknown 1", "Monica Geller")),
        ("Unknown 1=E=mc2", ("Unknown 1", "E=mc2")),
    ],
)
def test_a_pair_parts_at_its_first_sign(word: str, pair: tuple[str, str]) -> None:
    assert split_pair(word) == pair


@pytest.mark.parametrize("word", ["=Monica", "Unknown 1=", "="])
def test_half_a_pair_is_none(word: str) -> None:
    with pytest.raises(InputError, match="Write WHO=NAME"):
        split_pair(word)


# Tables

ROWS = [Wanted("Unknown 1", "Monica", "ep1"), Wanted("Unknown 12", "Ross, Dr.", ""), Wanted("Chndler", "Chandler", "")]
TABLES = {
    "commas": "who,name,film\nUnknown 1,Monica,ep1\nUnknown 12,\"Ross, Dr.\",\nChndler,Chandler,\n",
    "semicolons": "Unknown;Name;Film\n1;Monica;ep1\n12;Ross, Dr.;\nChndler;Chandler;\n",
    "tabs": "who\tname\tfilm\nUnknown 1\tMonica\tep1\n12\tRoss, Dr.\nChndler\tChandler\n",
    "no heading": "1;Monica;ep1\n12;Ross, Dr.\nChndler;Chandler\n",
    "rows nobody filled in": "who;name;film\n;;\n1;Monica;ep1\n\n7;;ep1\n12;Ross, Dr.;\nChndler;Chandler;\n",
    "other columns": "faces;film;character;person\n7;ep1;Monica;1\n2;;Ross, Dr.;12\n1;;Chandler;Chndler\n",
    "as Excel is told": "sep=;\r\nwho;name;film\r\n1;Monica;ep1\r\n12;Ross, Dr.;\r\nChndler;Chandler;\r\n",
}  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("kind", TABLES)
def test_a_table_is_read_as_spreadsheets_save_it(tmp_path: Path, kind: str, encoding: str) -> None:
    path = tmp_path / "names.csv"
    path.write_bytes(TABLES[kind].encode(encoding))
    found = read_table(path)
    assert [(one.who, one.name, one.medium) for one in found] == [(one.who, one.name, one.medium) for one in ROWS]
    lines = TABLES[kind].splitlines()
    for one, name in zip(found, ("Monica", "Ross", "Chandler"), strict=True):
        assert name in lines[int(one.where.removeprefix("line ")) - 1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "gives nobody a name"),
        (b"who,name\n", "gives nobody a name"),
        (b"who,name\n,Monica\n", "line 2 does not say who is called Monica"),
        (b"who,name\nUnknown 1,M\xf6nica\n", "line 2 is not UTF-8"),
    ],
)
def test_a_table_that_says_nothing_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "names.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_table(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_table(tmp_path / "none.csv")


# The log of one film or set


def decided(project: Project) -> PhotoSet:
    """The set "beach" after one command that named two and taught both, and one that renamed one of them."""
    planned(project, "Unknown 1=Thor", "Unknown 2=Odin", only=("beach",)).carry_out()
    planned(project, "Odin=Wotan", only=("beach",)).carry_out(learn=False)
    return project.photos["beach"]


def test_decisions_are_numbered_and_keep_their_number(project: Project) -> None:
    kept = decided(project)
    found = entries_of(kept.decisions)
    assert [(one.number, one.said()) for one in found] == [
        (1, "Unknown 1 is Thor"), (2, "Unknown 2 is Odin"), (3, "Odin is Wotan"),
    ]  # fmt: skip
    take_back_one(kept, "2")
    found = entries_of(kept.decisions)
    assert found[1].undone_by == 4 and found[3].said() == "undo of 2" and found[3].takes_back == (2,)


@pytest.mark.parametrize("by_id", [False, True])
def test_one_decision_is_taken_back_with_what_it_taught_alone(project: Project, by_id: bool) -> None:
    kept = decided(project)
    assert project.cast.characters() == {"Odin": 2, "Thor": 1}
    undone = take_back_one(kept, kept.decisions.entries[0].id if by_id else "1", by="Ada")
    assert [one.said() for one in undone.decisions] == ["Unknown 1 is Thor"]
    assert project.cast.characters() == {"Odin": 2} and "1 face of Thor" in undone.warnings[0]
    assert names(project, "beach")[1] == "Wotan", "what others decided holds"
    assert kept.decisions.entries[-1].by == "Ada"


def test_an_undo_is_taken_back_too(project: Project) -> None:
    kept = decided(project)
    take_back_one(kept, "3")
    assert names(project, "beach")[1] == "Odin"
    assert "It holds again: Odin is Wotan." in take_back_one(kept, "4").warnings
    assert names(project, "beach")[1] == "Wotan"
    assert [one.undone_by for one in entries_of(kept.decisions)] == [None, None, None, 5, None]


@pytest.mark.parametrize("which", ["0", "4", "x", ""])
def test_there_is_no_such_decision(project: Project, which: str) -> None:
    with pytest.raises(InputError, match="They go from 1 to 3"):
        take_back_one(decided(project), which)


def test_what_was_taken_back_is_not_taken_back_again(project: Project) -> None:
    kept = decided(project)
    take_back_one(kept, "1")
    with pytest.raises(InputError, match="was taken back by 4 already"):
        take_back_one(kept, "1")
