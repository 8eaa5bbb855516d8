"""Suggestions of thousands of people: nobody waits for them, nobody who was named is asked about, no name outlives."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from personae.cast.trained import EMPTY, TrainedModel
from personae.films import kept_suggestions as module
from personae.films.kept_suggestions import KeptSuggestions
from personae.films.seen_people import Shown
from personae.films.unknown_person import Part, Suggestion, UnknownPerson


def shown(medium: str, unknown: Sequence[int], named: Sequence[str] = (), position: int = 0) -> Shown:
    keys = tuple((None, number) for number in unknown) + tuple((name, None) for name in named)
    parts = tuple(Part(medium, "film", number, 1, float(number), position=position) for number in unknown)
    none = frozenset[str]()
    whole = parts + (None,) * len(named)
    return Shown(medium, "film", keys, whole, None, "x", np.zeros((len(keys),) * 2, bool), (none,) * len(keys))


class Slow:
    """In place of `suggested`: everybody may be "Thor", and whoever has the same number in the other film."""

    def __init__(self) -> None:
        self.may_end = threading.Event()
        self.calls = 0

    def __call__(self, shown: Sequence[Shown], model: TrainedModel) -> list[UnknownPerson]:
        self.calls += 1
        if self.calls > 1:
            assert self.may_end.wait(10)
        names = [name for one in shown for name, _ in one.keys if name]
        parts = [part for one in shown for part in one.parts if part is not None]
        return [
            UnknownPerson(
                (part,),
                tuple(Suggestion(0.5, character=name) for name in names)
                + tuple(Suggestion(0.4, other=one) for one in parts if one.unknown == part.unknown and one != part),
            )
            for part in parts
        ]


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    found = Slow()
    monkeypatch.setattr(module, "suggested", found)
    monkeypatch.setattr(module, "MANY", 2)
    monkeypatch.setattr(module, "QUIET_S", 0.1)
    yield found
    found.may_end.set()
    for thread in threading.enumerate():
        if thread.name == "personae-suggestions":
            thread.join()


A = shown("a", (1, 2, 3), ("Thor",))
B = shown("b", (1, 4))


def whom(people: Sequence[UnknownPerson]) -> set[tuple[str, int]]:
    return {(part.medium, part.unknown) for one in people for part in one.parts}


def until_made(kept: KeptSuggestions, count: int) -> None:
    until = time.monotonic() + 10
    while kept.made < count:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_who_was_named_is_gone_at_once_and_the_others_are_the_very_same(slow: Slow) -> None:
    kept = KeptSuggestions()
    before = kept.now([A, B], EMPTY, exact=False)
    after = kept.now([A, shown("b", (4,), ("Loki",), position=1)], EMPTY, exact=False)
    assert slow.calls == 1, "nobody has waited"
    assert whom(after) == {("a", 1), ("a", 2), ("a", 3), ("b", 4)}
    of = {one.parts[0].unknown: one for one in after}
    assert of[2] is before[1] and of[3] is before[2]
    assert [one.name for one in of[1].suggestions] == ["Thor"], "who is open no more is suggested to nobody"
    assert of[4].parts[0].position == 1
    slow.may_end.set()
    until_made(kept, 1)
    found = kept.now([A, B], EMPTY, exact=False)  # others again than were found
    assert whom(found) == whom(before)


def test_what_is_found_meanwhile_is_told(slow: Slow) -> None:
    kept = KeptSuggestions()
    kept.now([A, B], EMPTY, exact=False)
    now = [A, shown("b", (4,), ("Loki",))]
    assert {one.name for each in kept.now(now, EMPTY, exact=False) for one in each.suggestions} == {"Thor"}
    slow.may_end.set()
    until_made(kept, 1)
    assert {one.name for each in kept.now(now, EMPTY, exact=False) for one in each.suggestions} == {"Thor", "Loki"}
    assert slow.calls == 2


def test_who_is_open_again_has_the_suggestions_of_before(slow: Slow) -> None:
    kept = KeptSuggestions()
    kept.now([A, B], EMPTY, exact=False)
    kept.now([A, shown("b", (4,))], EMPTY, exact=False)
    again = kept.now([A, shown("b", (1, 4), position=2)], EMPTY, exact=False)
    (one,) = [each for each in again if whom([each]) == {("b", 1)}]
    assert [each.name for each in one.suggestions] == ["Thor", "Unknown 1 of a"]


def test_a_name_that_nobody_has_any_more_is_suggested_to_nobody(slow: Slow) -> None:
    kept = KeptSuggestions()
    kept.now([A, B], EMPTY, exact=False)
    kept.now([A, shown("b", (4,))], EMPTY, exact=False)
    forgotten = kept.now([shown("a", (1, 2, 3)), shown("b", (1, 4))], EMPTY, exact=False)
    assert not any(one.character for each in forgotten for one in each.suggestions)
    back = kept.now([shown("a", (1, 2, 3), ("Odin",)), shown("b", (1, 4))], EMPTY, exact=False)
    assert not any(one.character for each in back for one in each.suggestions)


def test_few_people_and_who_asks_for_it_are_waited_for(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    slow.may_end.set()
    kept = KeptSuggestions()
    kept.now([A, B], EMPTY, exact=False)
    kept.now([A], EMPTY, exact=True)
    assert slow.calls == 2
    monkeypatch.setattr(module, "MANY", 1000)
    kept.now([B], replace(EMPTY), exact=False)
    assert slow.calls == 3 and kept.made == 0
