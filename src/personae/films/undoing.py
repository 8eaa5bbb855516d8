"""Taking back what somebody said: in every film and set of photos that the same command spoke of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from personae.films.decidable import Decidable, Decided
from personae.films.decision_log import entry_of, holding_again, take_back_one
from personae.films.film import StoredFilm
from personae.films.photo_set import PhotoSet
from personae.hints import command, quoted
from personae.timeline.decisions import Decision

MOST = 3
"""So many decisions are told one by one."""


def take_back(
    medium: StoredFilm | PhotoSet, which: str, others: Iterable[StoredFilm | PhotoSet], *, by: str = ""
) -> tuple[str, ...]:
    """Take back the last command in `medium`, or one decision by its number or id (`which`); sentences that say so.

    A command that named somebody in several films and sets is taken back in the `others` too: all of it, or of one
    decision what the others hold of the same answer. What stays is told, with how to take it back. Empty where there is
    nothing to take back. What only knew the name by what was taught is named anew. Raises as `take_back_one` and
    `Decidable.undo`.
    """
    before, every = medium.decisions, tuple(others)
    if not which:
        undone = medium.undo(by=by, anew=False)
    elif entry_of(before, which).decision.kind == "undo":
        again = take_back_one(medium, which, by=by)
        held = [one for each in again.decisions for one in holding_again(medium.decisions, each.id)]
        for said in dict.fromkeys(each.command for each in held if medium.taught_by(each.command)):
            medium.learn_from(Decided(tuple(each for each in held if each.command == said)))
        return f"taken back: {summed(again.decisions)}", *again.warnings
    else:
        undone = take_back_one(medium, which, by=by, anew=False)
    if not undone.decisions:
        return ()
    first = undone.decisions[0]
    told = [f"taken back: {summed(undone.decisions)}", *undone.warnings]
    touched, taught = [medium], bool(undone.warnings)
    is_one = len(before.of_command(first.command)) == 1
    for other in every:
        own = other.decisions.of_command(first.command) if other.files != medium.files else ()
        same = [one for one in own if not which or (is_one and len(own) == 1) or _is_same_name(one, first)]
        notes = [note for one in same for note in other.undo(by=by, only=one.id, anew=False).warnings]
        told, taught = [*told, *notes], taught or bool(notes)
        if same:
            touched.append(other)
            told.append(f"Taken back in {other.name} too: {summed(same)}.")
        elif own and (first.to is None or first.to.character is None):
            option = "--timeline" if isinstance(other, StoredFilm) else "--photos"
            place = str(other.path) if isinstance(other, StoredFilm) else other.name
            told.append(f"In {other.name} the same command still holds: {summed(own)}. What it said there, by number: "
                        + command(f"log {option} {quoted(place)}"))  # fmt: skip
    if taught:
        names = {one.to.character for one in undone.decisions if one.to is not None}
        for one in (*touched, *(other for other in every if other not in touched and names & _characters_in(other))):
            one.relabel()
    return tuple(dict.fromkeys(told))


def undo_everywhere(media: Iterable[Decidable], command: str, *, by: str = "", request: str = "") -> list[Decided]:
    """Take back what a command decided in each of `media`, and what it taught; `request`: the client's id of this.

    Everybody is named anew when it holds nowhere any more: a name in one set of photos counts in the others. Raises as
    `Decidable.undo`.
    """
    each = [(one, one.undo(by=by, command=command, anew=False, request=request)) for one in media]
    if any(undone.warnings for _, undone in each):
        for one, _ in each:
            one.relabel()
    return [undone for _, undone in each]


def _characters_in(medium: StoredFilm | PhotoSet) -> set[str | None]:
    shown = medium.timeline.appearances if isinstance(medium, StoredFilm) else medium.faces
    return {one.character for one in shown} - {None}


def summed(decisions: Sequence[Decision]) -> str:
    """Several decisions in half a sentence: the first, and how many more where they are many."""
    told = "; ".join(one.said() for one in decisions[: MOST if len(decisions) <= MOST else 1])
    return told if len(decisions) <= MOST else f"{told}, and {len(decisions) - 1} more"


def _is_same_name(one: Decision, other: Decision) -> bool:
    return one.kind == other.kind and one.to is not None and one.to.character is not None and one.to == other.to
