"""What the false-accept rate means for one film: how many of its unknown tracks would get a wrong name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personae.recognition.model import CharacterModel
from personae.timeline.identity import People
from personae.types import count_of


def far_in_film(people: People, model: CharacterModel, *, far: float | None, threshold: float | None) -> dict[str, Any]:
    """The facts as JSON types, for the timeline's `model`; see `describe`.

    `far`: the rate that the model's operating point stands for, None to read it from the curve at `threshold` (None:
    the model's own). A stranger's track gets a name `far` of the time, whichever name that is.
    """
    if far is None:
        far = model.calibration_.far_at(model.threshold_ if threshold is None else threshold)
    persons = people.person[people.person >= 0]
    unknown = sum(people.character[person] is None for person in persons.tolist())
    return {
        "far": round(far, 6),
        "tracks": len(persons),
        "unknown_tracks": unknown,
        "expected_wrong_names": round(far * unknown, 2),
        "strangers": round(people.strangers, 4),
    }


def describe(facts: Mapping[str, Any]) -> str:
    """The facts as a sentence for people."""
    wrong = float(facts["expected_wrong_names"])
    few = 0 < wrong < 0.05
    number = "less than 0.1" if few else f"about {wrong:.0f}" if wrong >= 10 else f"about {wrong:.1f}"
    return (
        f"At a false-accept rate of {float(facts['far']):.2%} {number} of "
        f"{count_of(int(facts['unknown_tracks']), 'unknown track')} would get a wrong name. Confidence reckons with "
        f"{float(facts['strangers']):.0%} of the tracks being strangers'."
    )
