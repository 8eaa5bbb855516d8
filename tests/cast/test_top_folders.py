"""A folder of folders of different people is no cast; declared looks that share nothing are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from personae import Settings
from personae.cast.enrolment import EnrolmentReport, WantedPhoto, enrol
from personae.cast.folder import read_cast
from personae.cast.gallery import Gallery
from personae.cast.gallery_records import Enrolment
from personae.cast.top_folders import TopFolders, check_folder, top_folders
from personae.errors import CastError
from tests.people import EMBEDDER, people, sface_background
from tests.stub import StubAnalyzer

PEOPLE = people(12, 4, seed=20)


def found(cast: dict[str, dict[str | None, list[int]]]) -> TopFolders:
    """`cast`: folder -> look -> numbers of people, of each of whom all photos lie there."""
    rows, folders, looks = [], [], []
    for folder, own in cast.items():
        for look, numbers in own.items():
            for number in numbers:
                rows += list(PEOPLE[number])
                folders += [folder] * 4
                looks += [look] * 4
    n = len(rows)
    ones = np.full(n, 100, np.float32)
    enrolment = Enrolment(
        np.array(rows, np.float32), [*folders], looks, [str(i) for i in range(n)], [*range(n)], ones, ones,
        np.empty((n, 0, 128), np.float32),
    )  # fmt: skip
    return top_folders(enrolment, folders, sface_background())


def person(number: int) -> dict[str | None, list[int]]:
    """One person with two looks."""
    return {"old": [number], "young": [number]}


def several(*numbers: int) -> dict[str | None, list[int]]:
    return {f"p{number}": [number] for number in numbers}


@pytest.mark.parametrize(
    ("cast", "mixed", "is_no_cast"),
    [
        ({"family": several(0, 1, 2), "friends": several(3, 4)}, ["family", "friends"], True),
        ({"cast": several(0, 1, 2, 3)}, ["cast"], True),
        ({"a": person(0), "b": person(1)}, [], False),
        ({"a": person(0), "b": person(1), "Vader": several(2, 3)}, ["Vader"], False),  # a face and a mask
        ({"Vader": several(2, 3)}, ["Vader"], False),
        ({"a": {None: [0]}, "b": {None: [1]}, "c": {None: [2]}, "Lon": several(3, 4, 5)}, ["Lon"], False),
        ({"a": {None: [0]}, "Lon": several(3, 4, 5)}, ["Lon"], False),  # half is not most
        ({"a": {None: [0], "old": [1]}, "b": {None: [1]}}, [], False),  # one look is compared with nothing
        ({"family": several(0, 1, 2), "friends": several(3, 4), "a": person(5)}, ["family", "friends"], True),
        ({}, [], False),
    ],
)
def test_folders_are_compared(cast: dict[str, dict[str | None, list[int]]], mixed: list[str], is_no_cast: bool) -> None:
    result = found(cast)
    assert sorted(result.mixed) == mixed and result.is_no_cast == is_no_cast


def test_most_is_refused_with_the_folder_to_give_and_few_are_told() -> None:
    refused = found({"family": several(0, 1, 2), "friends": several(3, 4)})
    with pytest.raises(CastError, match=r"--force.*personae train '/root/family' or personae train '/root/friends'"):
        check_folder(refused, "/root", force=False)
    assert len(check_folder(refused, "/root", force=True)) == 2
    (note,) = check_folder(found({"a": person(0), "b": person(1), "Vader": several(2, 3)}), "/root", force=False)
    assert note.startswith("The sub-folders of Vader (p2, p3) show faces that do not look alike")


# Trained


class Home:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.analyzer: Any = StubAnalyzer(PEOPLE.reshape(-1, 128))

    def put(self, place: str, number: int) -> None:
        """All photos of a person in a folder."""
        (self.folder / place).mkdir(parents=True)
        for photo in range(4):
            (self.folder / place / f"{photo}.jpg").write_text(str(4 * number + photo))

    def train(self, root: str, *, force: bool = False) -> EnrolmentReport:
        wanted = [WantedPhoto(each.character, each.path, each.look) for each in read_cast(self.folder / root).photos]
        with Gallery.open(self.folder / "gallery.sqlite", embedder=EMBEDDER) as gallery:
            origin = str(self.folder / root)
            return enrol(gallery, wanted, self.analyzer, Settings(), origin=origin, force=force)

    def cast(self) -> dict[str, int]:
        with Gallery.open(self.folder / "gallery.sqlite", embedder=EMBEDDER) as gallery:
            return {each.name: each.photos for each in gallery.characters()}


def test_the_folder_above_is_refused_and_nothing_of_it_is_kept(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for number, name in enumerate(("Ada", "Eva", "Kim")):
        home.put(f"photos/family/{name}", number)
    home.put("photos/friends/Lou", 3)
    home.put("photos/friends/Max", 4)
    home.put("other/Zoe", 5)
    home.train("other")
    with pytest.raises(CastError, match=r"train .*photos/family"):
        home.train("photos")
    assert home.cast() == {"Zoe": 4}
    home.train("photos/family")
    assert home.cast() == {"Ada": 4, "Eva": 4, "Kim": 4, "Zoe": 4}
    report = home.train("photos", force=True)
    assert sum("do not look alike" in note for note in report.notes) == 2
    assert home.cast().keys() >= {"family", "friends"}


def test_a_second_folder_adds_and_says_so_once(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.put("a/Ada", 0)
    home.put("b/Eva", 1)
    assert home.train("a").notes == []
    (note,) = home.train("b").notes
    assert f"The photos of {tmp_path / 'b'} were added to those of {tmp_path / 'a'}" in note and "--fresh" in note
    assert home.train("b").notes == [] and home.train("a").notes == []
    assert home.cast() == {"Ada": 4, "Eva": 4}
    (tmp_path / "a").rename(tmp_path / "moved")  # the same cast elsewhere is no other one
    assert home.train("moved").notes == []
