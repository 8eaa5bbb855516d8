"""What others decided since about the people whom a new decision is about."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence

from personae.timeline.decisions import Decision
from personae.timeline.person import Key
from personae.timeline.places import AnyPlace

FindAll = Callable[[Iterable[AnyPlace]], set[int]]
"""The positions of the faces at places."""
_OF_A_WHOLE_PERSON = ("name", "merge")


def touching(
    made: Iterable[Decision],
    entries: Sequence[Decision],
    position: int,
    find_all: FindAll,
    known: Container[str] = (),
) -> tuple[Decision, ...]:
    """Those of the journal's `entries` from `position` on that touch the people of decisions `made`, but commands that
    are `known` to who makes them.

    They touch where they are about the same faces (an undo is about those of what it takes back), and where they made
    somebody else of the person that `made` names somebody as.
    """
    by_id = {one.id: one for one in entries}
    places = [place for one in made for place in _places(one, by_id, set())]
    faces = find_all(places)
    called = {one.to.key for one in made if one.to is not None}
    return tuple(
        one
        for one in entries[position:]
        if one.request not in known
        if faces & find_all(_places(one, by_id, set())) or (one.kind in _OF_A_WHOLE_PERSON and called & _renamed(one))
    )


def _renamed(one: Decision) -> set[Key]:
    """The people who are somebody else by a decision."""
    return {part.who.key for part in one.parts if part.who is not None and part.who != one.to}


def _places(one: Decision, by_id: dict[str, Decision], seen: set[str]) -> list[AnyPlace]:
    """Where the faces are that a decision is about."""
    found = list(one.places)
    for id in one.takes_back:
        if id in by_id and id not in seen:
            seen.add(id)
            found += _places(by_id[id], by_id, seen)
    return found
