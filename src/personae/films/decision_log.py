"""What people decided about a film or a photo set, numbered, and each taken back by its number."""

from __future__ import annotations

from dataclasses import dataclass

from personae.errors import InputError
from personae.films import say
from personae.films.decidable import Decidable, Decided
from personae.timeline.decisions import Decision, Decisions


@dataclass(frozen=True)
class Entry:
    """A decision with its number, which it keeps. `undone_by`: the number of what took it back, None while it holds;
    `takes_back`: the numbers of what an undo took back.
    """

    number: int
    decision: Decision
    undone_by: int | None = None
    takes_back: tuple[int, ...] = ()

    def said(self) -> str:
        """What was decided, as half a sentence."""
        if self.decision.kind != "undo":
            return self.decision.said()
        return f"undo of {', '.join(map(str, self.takes_back)) or 'what is not here'}"


def entries_of(decisions: Decisions) -> list[Entry]:
    """Every decision, oldest first; undone ones and the undoings too."""
    numbers = {one.id: number for number, one in enumerate(decisions.entries, 1)}
    undone: dict[str, int] = {}
    for one in reversed(decisions.entries):
        if one.kind == "undo" and one.id not in undone:  # an undo that was itself undone takes nothing back
            undone |= dict.fromkeys(one.takes_back, numbers[one.id])
    return [
        Entry(numbers[one.id], one, undone.get(one.id), tuple(numbers[each] for each in one.takes_back
                                                              if each in numbers))
        for one in decisions.entries
    ]  # fmt: skip


def entry_of(decisions: Decisions, which: str) -> Entry:
    """The decision of that number or id; raises InputError where there is none."""
    entries = entries_of(decisions)
    found = next((one for one in entries if which in (str(one.number), one.decision.id)), None)
    if found is None:
        there = f"They go from 1 to {len(entries)}." if entries else "Nobody decided anything here."
        raise InputError(f"There is no decision {which} here. {there}")
    return found


def holding_again(decisions: Decisions, undo: str) -> tuple[Decision, ...]:
    """What holds again when the undo of that number or id is taken back; empty where it is no undo."""
    found = entry_of(decisions, undo)
    return tuple(one.decision for one in entries_of(decisions) if one.number in found.takes_back)


def take_back_one(medium: Decidable, which: str, *, by: str = "", anew: bool = True, request: str = "") -> Decided:
    """Take one decision back, also what it taught the cast; of an undo, what it took back holds again.

    What that had taught the cast is taught again by who calls it: that may take a while (`Decidable.taught_by`).
    `which`: its number, or its id; `anew`, `request`: as in `Decidable.undo`. Raises InputError where there is none, or
    it does not hold any more.
    """
    if before := medium.decisions.of_request(request):
        return Decided(medium.decisions.taken_back_by(before))
    found = entry_of(medium.decisions, which)
    if found.undone_by is not None:
        raise InputError(f"Decision {found.number} was taken back by {found.undone_by} already.")
    if found.decision.kind != "undo":
        return medium.undo(by=by, only=found.decision.id, anew=anew, request=request)
    medium.decide(say.undo([found.decision.id]), by=by, request=request)
    again = holding_again(medium.decisions, which)
    return Decided((found.decision,), tuple(f"It holds again: {one.said()}." for one in again))
