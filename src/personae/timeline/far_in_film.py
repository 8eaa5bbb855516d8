"""What the false-accept rate means for one film: how many of its unknown tracks would get a wrong name."""

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
    undecided = sum(label.decided_by == "model" for label in unknown)
    return {
        "far": facts["far"],
        "tracks": len(people),
        "unknown_tracks": len(unknown),
        "expected_wrong_names": round(float(facts["far"]) * undecided, 2),
        "strangers": facts["strangers"],
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
