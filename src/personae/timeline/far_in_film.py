"""What the false-accept rate means for one film: how many of its unknown tracks, and people, would get a wrong name.

A stranger who is like a character stays so in all his tracks: those of one unknown person are named together or not at
all, since they are weighed as one. So the rate holds for people too, and wrong names come by the person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from personae.recognition.model import CharacterModel
from personae.timeline.appearances import Label
from personae.types import count_of


def far_in_film(
    model: CharacterModel, *, far: float | None, threshold: float | None, strangers: float
) -> dict[str, Any]:
    """What a scan knows before anybody is counted, as JSON types, for the timeline's `model`; see `counted`.

    `far`: the rate that the model's operating point stands for, None to read it from the curve at `threshold` (None:
    the model's own). A stranger's track gets a name `far` of the time, whichever name that is.
    """
    if far is None:
        far = model.calibration_.far_at(model.threshold_ if threshold is None else threshold)
    return {"far": round(far, 6), "strangers": round(strangers, 4)}


def counted(facts: Mapping[str, Any], labels: Sequence[Label]) -> dict[str, Any]:
    """The facts of `far_in_film` with the tracks counted, a person's decisions applied.

    Of tracks that a person decided about none is at risk of a wrong name any more.
    """
    people = [label for label in labels if label.name]
    unknown = [label for label in people if label.character is None]
    undecided = [label for label in unknown if label.decided_by == "model"]
    at_risk = {label.name for label in undecided}
    return {
        "far": facts["far"],
        "tracks": len(people),
        "unknown_tracks": len(unknown),
        "expected_wrong_names": round(float(facts["far"]) * len(undecided), 2),
        "unknown_people": len({label.name for label in unknown}),
        "expected_wrong_people": round(float(facts["far"]) * len(at_risk), 2),
        "strangers": facts["strangers"],
    }


def describe(facts: Mapping[str, Any]) -> str:
    """The facts as a sentence for people; timelines of earlier versions count no people."""
    tracks = f"{_about(facts['expected_wrong_names'])} of {count_of(int(facts['unknown_tracks']), 'unknown track')}"
    people = ""
    if "unknown_people" in facts:
        wrong = _about(facts["expected_wrong_people"])
        people = f"; they come by the person, {wrong} of {int(facts['unknown_people'])}, each with all of their tracks"
    return (
        f"At a false-accept rate of {float(facts['far']):.2%} {tracks} would get a wrong name{people}. "
        f"Confidence reckons with {float(facts['strangers']):.0%} of the tracks being strangers'."
    )


def _about(count: float) -> str:
    """An expected number in words."""
    if 0 < float(count) < 0.05:
        return "less than 0.1"
    return f"about {float(count):.0f}" if float(count) >= 10 else f"about {float(count):.1f}"
