"""What a person decided about a film or photos, as values: it outranks the model and survives scanning again.

A decision knows the faces it is about by time and place (seconds, and box as shares of the picture; in a set of photos
by photo and box), not by a track's number: so it holds after a new scan, and for another copy of the film. Decisions
are only ever added. Later ones outrank earlier ones, and an undo is a decision too: it names those that it takes back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal, get_args

from personae.errors import InputError
from personae.names import highest, readable
from personae.names_of_today import NamesOfToday
from personae.timeline.person import Person
from personae.timeline.places import AnyPlace, PhotoPlace, Place

Kind = Literal[
    "name", "give", "right", "not", "alive", "depicted", "stranger", "no_face", "merge", "apart", "split", "trim",
    "add", "face", "undo",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
_ID_LENGTH = 16


@dataclass(frozen=True)
class Part:
    """Some faces of one person: who they were when it was decided, None where that is not known; and where they are."""

    who: Person | None
    places: tuple[AnyPlace, ...] = ()


@dataclass(frozen=True)
class Decision:
    """One decision. What it is about are the faces of its `parts`: one part, of "merge" and "apart" several.

    | kind | says |
    |---|---|
    | name | this person is `to`, wherever they are: also where a later scan finds them |
    | give | these faces are of `to`, and no others |
    | right | they are who it says |
    | not | they are not who it says, but the unknown person `to` |
    | alive, depicted | they are no picture in the picture, or are one |
    | stranger | this unknown person stays without a name and is not asked for again |
    | no_face | this is nobody's face |
    | merge | the parts are one person, `to` |
    | apart | the parts are different people for good: nothing merges or proposes them again |
    | split | these faces are somebody of their own, the unknown person `to` |
    | trim | the appearance that went over `was_s` goes over `span_s` |
    | add | the person is there during `span_s`, though no face was found; `box`: where in the picture |
    | face | there is a face of `to` in the photo, where a person drew its box and none was found |
    | undo | the decisions `takes_back` (their `id`s) do not hold |

    `to`: None where a number is still to be found (decisions from elsewhere count other unknown people); of "apart",
    who the second part is where both were one person. `span_s`: of the others, begin and end of the appearance that the
    places stand for, where they are not all there is. `seen_s`: of a trim, where the machine had seen the person then.
    `by`, `at` (UTC): who decided, when; `on`: how many decisions the journal held. `request`: the client's id of the
    command, the same for all that one command decided.
    `imported`: the id of the import that brought it; empty for what was decided here.
    """

    kind: Kind
    parts: tuple[Part, ...] = ()
    to: Person | None = None
    span_s: tuple[float, float] | None = None
    was_s: tuple[float, float] | None = None
    seen_s: tuple[float, float] | None = None
    box: Place | None = None
    depicted: bool = False
    takes_back: tuple[str, ...] = ()
    by: str = ""
    at: str = ""
    on: int = 0
    request: str = ""
    imported: str = ""
    id: str = ""

    @property
    def who(self) -> Person | None:
        """Who the faces were when it was decided: of the first part."""
        return self.parts[0].who if self.parts else None

    @property
    def places(self) -> tuple[AnyPlace, ...]:
        """Where the faces are, of all parts."""
        return tuple(place for part in self.parts for place in part.places)

    @property
    def command(self) -> str:
        """What it was a part of: the same for all that is taken back together."""
        return self.imported or self.request or self.id

    @property
    def numbers(self) -> list[int]:
        """The unknown people that it mentions."""
        people = (self.to, *(part.who for part in self.parts))
        return [person.unknown for person in people if person is not None and person.unknown is not None]

    def today(self, names: NamesOfToday) -> Decision:
        """With the ids and names that characters have today."""
        to = None if self.to is None else self.to.today(names, self.at)
        whos = [None if part.who is None else part.who.today(names, self.at) for part in self.parts]
        if to is self.to and all(who is part.who for who, part in zip(whos, self.parts, strict=True)):
            return self
        return replace(self, to=to, parts=tuple(map(Part, whos, (part.places for part in self.parts))))

    def said(self) -> str:
        """The decision as half a sentence: "Unknown 2 is Hela"."""
        who, to = ("somebody" if one is None else one.name for one in (self.who, self.to))
        start, end = self.span_s or (0.0, 0.0)
        photo = next((place.photo for place in self.places if isinstance(place, PhotoPlace)), "a photo")
        return {
            "name": f"{who} is {to}",
            "give": f"a face of {who} is {to}",
            "right": f"it is {who}",
            "not": f"it is not {who}",
            "alive": f"{who} is alive",
            "depicted": f"{who} is on a picture",
            "stranger": f"{who} stays without a name",
            "no_face": f"what was taken for {who} is no face",
            "merge": f"{_listed(self.parts)} are one person",
            "apart": f"{_listed(self.parts)} are different people",
            "split": f"a face of {who} is somebody of their own",
            "trim": f"{who} is there from {start:.2f} s to {end:.2f} s",
            "add": f"{who} is there unseen from {start:.2f} s to {end:.2f} s",
            "face": f"{to} is in {photo}, where no face was found",
            "undo": "what was decided before does not hold",
        }[self.kind]


def _listed(parts: Sequence[Part]) -> str:
    return " and ".join("somebody" if part.who is None else part.who.name for part in parts)


def with_ids(decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """Each with an id made of what it says: the same decision has the same id, wherever it is read."""
    result: list[Decision] = []
    seen: dict[str, int] = {}
    for one in decisions:
        content = json.dumps(asdict(replace(one, id="", imported="")), sort_keys=True)
        seen[content] = seen.get(content, 0) + 1
        digest = hashlib.sha256(f"{seen[content]}\n{content}".encode("utf-8", "surrogatepass")).hexdigest()
        result.append(one if one.id else replace(one, id=digest[:_ID_LENGTH]))
    return tuple(result)


@dataclass(frozen=True)
class Decisions:
    """All decisions about one film, in the order in which they were written down."""

    entries: tuple[Decision, ...] = ()
    content_id: str = ""
    path: str = ""

    def new(self, entries: Iterable[Decision]) -> tuple[Decision, ...]:
        """Those of `entries` that are not among these: neither themselves nor anything of the same request."""
        ids = {one.id for one in self.entries}
        requests = {one.request for one in self.entries} - {""}
        fresh = []
        for one in entries:
            if one.id not in ids and (one.imported or one.request not in requests):
                ids.add(one.id)
                fresh.append(one)
        return tuple(fresh)

    def added(self, entries: Iterable[Decision]) -> Decisions:
        """With those of `entries` that are new."""
        return replace(self, entries=(*self.entries, *self.new(entries)))

    def imported(self, other: Decisions, *, request: str) -> tuple[Decision, ...]:
        """What is new of the decisions in another file, to be added here. `request`: the id of this import.

        Another copy of the film counts its unknown people otherwise: numbers that only hold there are left open.
        """
        ids = {one.id for one in self.entries}
        elsewhere = bool(self.content_id and other.content_id and self.content_id != other.content_id)
        return tuple(
            replace(_without_numbers(one) if elsewhere else one, imported=request)
            for one in other.entries
            if one.id not in ids
        )

    def in_force(self) -> list[Decision]:
        """The decisions that hold, each after those it outranks; undone ones and the undoings are left out.

        What was imported stands where it was decided in time, but before what was decided here after the import.
        """
        ordered = _in_order(self.entries)
        undone: set[str] = set()
        for one in reversed(ordered):  # an undo that was itself undone takes nothing back
            if one.kind == "undo" and one.id not in undone:
                undone.update(one.takes_back)
        return [one for one in ordered if one.kind != "undo" and one.id not in undone]

    def last_command(self) -> tuple[Decision, ...]:
        """All that the last command decided which still holds anything; empty where there is nothing to take back."""
        holds = {one.id for one in self.in_force()}
        last = next((one.command for one in reversed(self.entries) if one.id in holds), None)
        return tuple(one for one in self.entries if one.id in holds and one.command == last)

    def of_command(self, command: str) -> tuple[Decision, ...]:
        """All that a command decided which still holds anything; empty where there is nothing to take back."""
        holds = {one.id for one in self.in_force()}
        return tuple(one for one in self.entries if one.id in holds and one.command == command)

    def of_request(self, request: str) -> tuple[Decision, ...]:
        """What a request decided; empty for one that is not known. Raises InputError where it is no text."""
        if not isinstance(request, str):
            raise InputError(f"A request's id is a text: {request!r} is none.")
        request = readable(request)
        return tuple(one for one in self.entries if request and one.request == request)

    def first(self, count: int | None) -> Decisions:
        """As they were when there were `count`; None: as they are."""
        return self if count is None else replace(self, entries=self.entries[:count])

    def taken_back_by(self, undoings: Iterable[Decision]) -> tuple[Decision, ...]:
        """The decisions that undoings name."""
        ids = {id for one in undoings for id in one.takes_back}
        return tuple(one for one in self.entries if one.id in ids)

    @property
    def highest_unknown(self) -> int:
        """The `highest` number of an unknown person in any decision, also in those that were taken back."""
        return highest(number for one in self.entries for number in one.numbers)


def _in_order(entries: Sequence[Decision]) -> list[Decision]:
    result: list[Decision] = []
    after, batch = 0, ""
    for one in entries:
        if not one.imported:
            result.append(one)
            continue
        if one.imported != batch:
            after, batch = 0, one.imported
        at = len(result)
        while at > after and result[at - 1].at > one.at:
            at -= 1
        result.insert(at, one)
        after = at + 1
    return result


def _without_numbers(one: Decision) -> Decision:
    """A decision from another copy of the film: which unknown person a face becomes is to be found here."""
    open_number = (
        one.kind in ("not", "split", "stranger", "apart", "face") and one.to is not None and one.to.unknown is not None
    )
    return replace(one, to=None) if open_number else one
