"""Unknown people in photos have one number space over all sets of a project, and numbers hold."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from personae import archive
from personae.films import faces_file, photo_people, say
from personae.films.photo_set import PhotoSet
from personae.project.session import Project
from personae.recognition import photo_grouping
from personae.recognition.photo_grouping import Grouped
from tests.films.test_photo_sets import SETTINGS, draw, who


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Project]:
    with Project.open(tmp_path / "project", settings=SETTINGS) as opened:
        yield opened


def keep(project: Project, folder: Path, photos: Sequence[Sequence[str]], take: int = 0) -> PhotoSet:
    for number, people in enumerate(photos):
        draw(folder / f"{number}.png", people, take + number)
    return project.photos.keep(folder)


def test_one_person_has_one_number_in_every_set(empty: Project, tmp_path: Path) -> None:
    one = keep(empty, tmp_path / "one", [["Thor", "Odin"], ["Odin"]])
    two = keep(empty, tmp_path / "two", [["Hela"], ["Odin", "Hela"]], take=5)
    assert who(one) == [["Unknown 1", "Unknown 2"], ["Unknown 2"]]
    assert who(two) == [["Unknown 3"], ["Unknown 2", "Unknown 3"]]
    three = keep(empty, tmp_path / "three", [["Sif", "Thor", "Hela"]], take=9)
    assert who(three) == [["Unknown 4", "Unknown 1", "Unknown 3"]]
    for kept in (one, two, three):
        before = who(kept)
        kept.relabel()
        assert who(kept) == before


def test_numbers_are_never_given_twice(empty: Project, tmp_path: Path) -> None:
    one = keep(empty, tmp_path / "one", [["Thor"], ["Odin"]])
    one.decide(say.split(("1.png", 1)))
    two = keep(empty, tmp_path / "two", [["Hela"]], take=5)
    assert who(one) == [["Unknown 1"], ["Unknown 3"]] and who(two) == [["Unknown 4"]]
    two.decide(say.split(("0.png", 1)))
    one.decide(say.split(("0.png", 1)))
    assert who(two) == [["Unknown 5"]] and who(one)[0] == ["Unknown 6"]
    shutil.rmtree(two.folder)
    (empty.folder / "photos" / ".numbers").unlink()
    three = keep(empty, tmp_path / "three", [["Sif"]], take=5)
    assert who(three) == [["Unknown 7"]], "counted anew from what is there"


def test_only_what_is_new_and_near_is_grouped(empty: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(empty, tmp_path / "one", [[f"Person {number}"] for number in range(12)])
    seen: list[Grouped] = []
    group = photo_grouping.group_faces

    def counting(*arguments: object, **named: object) -> Grouped:
        seen.append(group(*arguments, **named))  # type: ignore[arg-type]
        return seen[-1]

    monkeypatch.setattr(photo_people, "group_faces", counting)
    before = who(empty.photos["one"])
    draw(tmp_path / "one" / "new.png", ["Person 3"], 40)
    after = who(empty.photos.keep(tmp_path / "one"))
    assert after == [*before, ["Unknown 6"]], "0, 1, 10, 11, 2, 3"
    assert len(seen) == 1 and 1 <= seen[0].looked_at < 12
    empty.photos["one"].relabel()
    assert seen[1].looked_at == 0


def test_whom_people_named_in_one_set_is_named_in_later_sets(empty: Project, tmp_path: Path) -> None:
    one = keep(empty, tmp_path / "one", [["Thor", "Odin"], ["Odin"]])
    one.decide(say.name("Unknown 2", "Odin"))
    two = keep(empty, tmp_path / "two", [["Odin", "Thor"]], take=5)
    assert who(two) == [["Odin", "Unknown 1"]]
    one.undo()
    two.relabel()
    assert who(two) == [["Unknown 2", "Unknown 1"]]


def test_a_decision_is_about_every_set_that_has_them(empty: Project, tmp_path: Path) -> None:
    one = keep(empty, tmp_path / "one", [["Thor"], ["Odin"]])
    two = keep(empty, tmp_path / "two", [["Odin"]], take=5)
    made = empty.photos.decide(say.name("Unknown 2", "Odin"), by="Ada")
    assert who(one) == [["Unknown 1"], ["Odin"]] and who(two) == [["Odin"]]
    assert {entry.request for kept in (one, two) for entry in kept.decisions.entries} == {made.request}
    assert len(made.decisions) == 2


def test_sets_of_an_earlier_version_are_read_and_get_one_number_space(empty: Project, tmp_path: Path) -> None:
    one = keep(empty, tmp_path / "one", [["Thor"], ["Odin"]])
    two = keep(empty, tmp_path / "two", [["Odin"], ["Hela"]], take=5)
    for kept in (one, two):
        as_before(kept)
    (empty.folder / "photos" / ".numbers").unlink()
    assert who(empty.photos["one"]) == who(empty.photos["two"]) == [["Unknown 1"], ["Unknown 2"]], "each alone"
    three = keep(empty, tmp_path / "three", [["Thor", "Hela"]], take=9)
    assert who(empty.photos["one"]) == [["Unknown 1"], ["Unknown 2"]], "the first by name keeps its numbers"
    assert who(empty.photos["two"]) == [["Unknown 3"], ["Unknown 4"]]
    assert who(three) == [["Unknown 1", "Unknown 4"]]


def as_before(kept: PhotoSet) -> None:
    """Write a set as earlier versions did: groups and numbers of its own."""
    state = faces_file.read(kept.files.faces)
    order = {group: number for number, group in enumerate(dict.fromkeys(state.group.tolist()))}
    arrays, facts = archive.read(kept.files.faces, schema=faces_file.SCHEMA)
    plain = {name: array for name, array in arrays.items() if name != "project_group"}
    plain["group"] = np.array([order[group] for group in state.group.tolist()])
    numbers = [order[group] + 1 for group in state.group.tolist()]
    facts |= {"unknown": numbers, "unknowns_used": len(order)}
    facts["labels"] = [row | {"unknown": number} for row, number in zip(facts["labels"], numbers, strict=True)]
    archive.write(kept.files.faces, plain, facts, schema=faces_file.SCHEMA)


def test_an_empty_project_is_named_and_taught_from_photos(empty: Project, tmp_path: Path) -> None:
    one = keep(empty, tmp_path / "one", [["Thor", "Odin"], ["Odin"], ["Thor"]])
    assert empty.card is None
    one.decide(say.name("Unknown 2", "Odin"))
    assert one.learn("Odin") == 2
    assert sorted(empty.cast.characters()) == ["Odin"]
    draw(tmp_path / "cast" / "Thor" / "a.png", ["Thor"], 20)
    draw(tmp_path / "cast" / "Thor" / "b.png", ["Thor"], 21)
    empty.cast.train(tmp_path / "cast")
    assert sorted(empty.cast.characters()) == ["Odin", "Thor"]
    one.relabel()
    assert who(one) == [["Thor", "Odin"], ["Odin"], ["Thor"]]
    two = keep(empty, tmp_path / "two", [["Odin", "Thor", "Sif"]], take=30)
    assert who(two) == [["Odin", "Thor", "Unknown 3"]]


def test_what_is_said_in_films_can_be_said_in_a_project_that_began_empty(empty: Project, tmp_path: Path) -> None:
    kept = keep(empty, tmp_path / "one", [["Thor", "Odin"], ["Odin"], ["Thor"], ["Hela"]])
    kept.decide([say.stranger("Unknown 3"), say.no_face(("2.png", 1))])
    assert who(kept)[2:] == [[""], ["Unknown 3"]]
    kept.decide(say.merge(["Unknown 1", "Unknown 3"]))
    assert who(kept)[3] == ["Unknown 1"]
    kept.decide(say.split(("3.png", 1)))
    assert who(kept)[3] == ["Unknown 4"]
    kept.decide(say.name("Unknown 2", "Odin"))
    kept.decide(say.not_them(("1.png", 1)))
    assert who(kept)[1] == ["Unknown 2"]
    kept.decide(say.apart("Odin", "Unknown 2"))
    kept.relabel()
    assert who(kept) == [["Unknown 1", "Odin"], ["Unknown 2"], [""], ["Unknown 4"]]


def test_forgetting_takes_them_out_of_every_set_and_numbers_say_nothing(empty: Project, tmp_path: Path) -> None:
    one = keep(empty, tmp_path / "one", [["Thor", "Odin"], ["Odin"]])
    one.decide(say.name("Unknown 2", "Odin"))
    two = keep(empty, tmp_path / "two", [["Odin", "Thor"]], take=5)
    assert empty.forget("Odin").complete
    assert who(one) == [["Unknown 1"], []] and who(two) == [["Unknown 1"]]
    assert json.loads((empty.folder / "photos" / ".numbers").read_text()) == {"unknown": 2, "groups": 2}
    again = keep(empty, tmp_path / "three", [["Odin"]], take=8)
    assert who(again) == [["Unknown 3"]], "nobody knows them any more"
