"""What is said of several people, or of some of their faces, as what is said of each film and set."""

from __future__ import annotations

import pytest

from personae.errors import InputError
from personae.films.meant import Some
from personae.films.said_of_people import Whom, said_of
from personae.timeline.person import Person

THOR = Whom("film", "ep1", Person("Thor"))
ONE = Whom("film", "ep1", Person(unknown=1), position=3)
ELSEWHERE = Whom("film", "ep2", Person(unknown=2))


def test_it_is_said_film_by_film_with_the_place_in_each_journal() -> None:
    found = said_of([ONE, ELSEWHERE, THOR], "name", "Odin")
    assert [(one.medium, one.position, len(one.sayings)) for one in found] == [("ep1", 3, 2), ("ep2", None, 1)]


def test_people_in_different_films_become_one_by_a_name_alone() -> None:
    with pytest.raises(InputError, match="name they get"):
        said_of([ONE, ELSEWHERE], "merge")
    assert [one.medium for one in said_of([ONE, ELSEWHERE], "merge", "Odin")] == ["ep1", "ep2"]
    # Where only he is shown there is nothing to say.
    assert [one.medium for one in said_of([THOR, ELSEWHERE], "merge", "Thor")] == ["ep2"]


def test_what_cannot_be_said_is_told() -> None:
    with pytest.raises(InputError, match="'to'"):
        said_of([ONE], "name")
    with pytest.raises(InputError, match="one person already"):
        said_of([THOR], "merge", "Thor")
    with pytest.raises(InputError, match="which faces"):
        said_of([THOR], "own")


def test_wrong_faces_are_each_who_they_were_and_those_parted_are_one() -> None:
    some = Whom("film", "ep1", Person("Thor"), Some((1, 2, 3)))
    assert len(said_of([some], "not_them")[0].sayings) == 3
    assert len(said_of([some], "own")[0].sayings) == 1
    there, elsewhere = said_of([some, Whom("film", "ep2", Person("Thor"))], "not_them", others="confirm")
    assert (len(there.sayings), len(elsewhere.sayings)) == (4, 1)
